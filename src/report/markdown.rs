//! Markdown tables, for pages such as GitHub's job summary: one row per finding, by severity.
//!
//! GitHub discards a job summary of more than 1 MiB, so the tables end before that and count the missing findings.

use std::io::{self, Write};

use super::place::Unit;
use super::{Report, human, page};
use crate::diagnostic::{Finding, Severity};

/// Maximum size of all rows, in bytes.
const MAX_BYTES: usize = 900 * 1024;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    writeln!(out, "## oomlint\n\n{}", human::summary_line(report.summary, false))?;
    if let Some(line) = human::unknown_images(report.summary) {
        writeln!(out, "\n{}", text(&line))?;
    }
    let mut left = MAX_BYTES;
    let mut missing = 0;
    for (severity, title) in
        [(Severity::Error, "Errors"), (Severity::Warning, "Warnings"), (Severity::Note, "Notes")]
    {
        let mut begun = false;
        for finding in report.findings.iter().filter(|finding| finding.severity == severity) {
            let row = row(finding, report);
            // One more for the line end.
            let length = row.len() + 1;
            if missing > 0 || length > left {
                missing += 1;
                continue;
            }
            left -= length;
            if !std::mem::replace(&mut begun, true) {
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

fn row(finding: &Finding, report: &Report<'_>) -> String {
    let place = report.primary_location(finding);
    let at = place.first(Unit::Character);
    let message = with_code(&finding.message);
    let path = text(&report.path(&place));
    let rule = match page::of(finding.rule) {
        Some(address) => format!("[{}]({address})", finding.rule),
        None => finding.rule.to_owned(),
    };
    format!("| {message} | <code>{path}:{}:{}</code> | {rule} |", at.line, at.column)
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
