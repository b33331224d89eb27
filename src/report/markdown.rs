//! Markdown tables, for pages such as GitHub's job summary: one row per finding or group of findings, by severity, in the order of
//! the human report.
//!
//! GitHub discards a job summary of more than 1 MiB, so the tables end before that and count the missing findings.

use std::io::{self, Write};

use super::fold::{Fold, by_rule};
use super::place::Unit;
use super::{Report, human, page};
use crate::diagnostic::{Severity, plural};

/// Maximum size of all rows, in bytes.
const MAX_BYTES: usize = 900 * 1024;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    writeln!(out, "## oomlint\n\n{}", human::summary_line(report.summary, false))?;
    for line in
        [human::filled_in(report.summary), human::unknown_images(report.summary)].into_iter().flatten()
    {
        writeln!(out, "\n{}", with_code(&line))?;
    }
    let folds = Fold::all(report.findings, report.sources, false);
    let mut left = MAX_BYTES;
    let mut missing = 0;
    for of_severity in folds.chunk_by(|a, b| a.severity() == b.severity()) {
        let Some(severity) = of_severity.first().map(Fold::severity) else { continue };
        // Notes take one row a rule, as in the human report.
        let rows: Vec<&[Fold<'_>]> = match severity {
            Severity::Note => by_rule(of_severity).collect(),
            _ => of_severity.chunks(1).collect(),
        };
        let mut begun = false;
        for folds in rows {
            let row = row(folds, report);
            // One more for the line end.
            let length = row.len() + 1;
            if missing > 0 || length > left {
                missing += folds.iter().map(Fold::count).sum::<usize>();
                continue;
            }
            left -= length;
            if !std::mem::replace(&mut begun, true) {
                let title = title(severity);
                writeln!(out, "\n### {title}\n\n| finding | place | rule |\n|---|---|---|")?;
            }
            writeln!(out, "{row}")?;
        }
    }
    if missing > 0 {
        writeln!(out, "\n{missing} more did not fit on this page")?;
    }
    Ok(())
}

fn title(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Errors",
        Severity::Warning => "Warnings",
        Severity::Note => "Notes",
    }
}

/// Renders the first of several folds of a rule, and how many findings the others have.
fn row(folds: &[Fold<'_>], report: &Report<'_>) -> String {
    let Some((first, others)) = folds.split_first() else { return String::new() };
    let place = report.primary_location(first.first());
    let at = place.first(Unit::Character);
    let mut message = with_code(&first.message());
    for consequence in first.consequences() {
        message.push_str("<br>");
        message.push_str(&with_code(&consequence));
    }
    let path = text(&report.path(&place));
    let rule = match page::of(first.rule()) {
        Some(address) => format!("[{}]({address})", first.rule()),
        None => first.rule().to_owned(),
    };
    let others: usize = others.iter().map(Fold::count).sum();
    let more = match (first.files(), others) {
        (1, 0) => String::new(),
        (files, 0) => format!(" and {}", plural(files - 1, "more file")),
        (_, others) => format!(" and {others} more"),
    };
    format!("| {message} | <code>{path}:{}:{}</code>{more} | {rule} |", at.line, at.column)
}

/// Escapes text, and turns what is between backticks into `<code>`. Backticks that do not pair up are escaped, too.
pub(super) fn with_code(message: &str) -> String {
    let parts: Vec<String> = message.split('`').map(text).collect();
    if parts.len().is_multiple_of(2) {
        return parts.join("&#96;");
    }
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push_str(if index % 2 == 1 { "<code>" } else { "</code>" });
        }
        out.push_str(part);
    }
    out
}

/// Escapes text for Markdown, HTML and table cells. It uses character references, which are never part of a link, an emphasis,
/// a tag or a column border.
fn text(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for c in super::escape::printable(text).chars() {
        match c {
            // The comment prevents mentions and automatic links of mail addresses.
            '@' => out.push_str("&#64;<!-- -->"),
            ' ' | '.' | ',' | '/' | '-' | '\'' | '"' | '%' | '?' | ';' => out.push(c),
            c if c.is_ascii_punctuation() => _ = write!(out, "&#{};", u32::from(c)),
            c => out.push(c),
        }
    }
    // `www.` becomes a link without any other markup.
    out.replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_code_and_nothing_else() {
        assert_eq!(with_code("`api` has no limit"), "<code>api</code> has no limit");
        assert_eq!(with_code("a|b <c>"), "a&#124;b &#60;c&#62;");
        assert_eq!(with_code("`a`b`"), "&#96;a&#96;b&#96;");
        assert_eq!(
            text("[x](http://y) *z* @w #1\nq"),
            "&#91;x&#93;&#40;http&#58;//y&#41; &#42;z&#42; &#64;<!-- -->w &#35;1␊q"
        );
    }
}
