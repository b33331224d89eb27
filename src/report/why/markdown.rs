//! The answers in Markdown, for an issue or a job's summary.

use std::io::{self, Write};

use super::super::markdown::with_code;
use super::super::place::Unit;
use super::super::{FileLocation, severity_name};
use super::{Report, title};
use crate::postmortem::Answer;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    writeln!(out, "## oomlint why")?;
    for answer in report.answers {
        let (title, headline, verdict) = (title(answer), answer.verdict.headline(), answer.verdict.name());
        writeln!(
            out,
            "\n### {}: {headline} ({verdict})\n\n{}",
            with_code(&title),
            with_code(&answer.answer)
        )?;
        lists(out, report, answer)?;
    }
    Ok(())
}

fn lists(out: &mut dyn Write, report: &Report<'_>, answer: &Answer) -> io::Result<()> {
    let evidence = answer.evidence.iter().map(|quote| {
        let (path, line) = report.place(quote);
        format!("{}: {}", with_code(&format!("{path}:{line}")), with_code(&Report::text(quote)))
    });
    list(out, "evidence", evidence)?;
    list(out, "speaks against", answer.against.iter().map(|text| with_code(text)))?;
    let explained = answer.explained_by.iter().map(|finding| {
        let place = FileLocation::new(report.sources, finding.primary.span);
        let line = place.first(Unit::Byte).line;
        let head = format!(
            "{}:{line}: {}[{}]: {}",
            place.path(),
            severity_name(finding.severity),
            finding.rule,
            finding.message
        );
        let notes: String = finding.notes.iter().map(|note| format!("<br>{}", with_code(note))).collect();
        format!("{}{notes}", with_code(&head))
    });
    list(out, "explained by", explained)?;
    list(out, "change", answer.change.iter().map(|text| with_lines(text)))?;
    let missing = answer.missing.iter().map(|missing| {
        format!(
            "{}: {}",
            with_code(&missing.what),
            with_code(&format!("`{}`", Report::command(missing).replace('`', "'")))
        )
    });
    list(out, "would decide", missing)
}

fn list(out: &mut dyn Write, name: &str, items: impl Iterator<Item = String>) -> io::Result<()> {
    let mut items = items.peekable();
    if items.peek().is_some() {
        writeln!(out, "\n{name}:\n")?;
    }
    items.try_for_each(|item| writeln!(out, "- {item}"))
}

/// Escapes a text of several lines, and keeps its indentation.
fn with_lines(text: &str) -> String {
    let line = |line: &str| {
        let blank = line.len() - line.trim_start().len();
        format!("{}{}", "&nbsp;".repeat(blank), with_code(line.trim_start()))
    };
    text.lines().map(line).collect::<Vec<_>>().join("<br>")
}
