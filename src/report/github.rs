//! Workflow commands of GitHub Actions: `::error file=…,line=…::message`, shown as annotations of a pull request.
//!
//! Columns count characters, and are written only for locations within one line: GitHub accepts them nowhere else.

use std::io::{self, Write};

use super::place::Unit;
use super::{Report, escape, full_text};
use crate::diagnostic::Severity;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for finding in report.findings {
        let place = report.primary_location(finding);
        let (first, last) = (place.first(Unit::Character), place.last(Unit::Character));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        write!(out, "::{command} file={},line={}", property(&report.path(&place)), first.line)?;
        write!(out, ",endLine={}", last.line)?;
        if first.line == last.line {
            write!(out, ",col={},endColumn={}", first.column, last.column)?;
        }
        let title = property(&format!("oomlint ({})", finding.rule));
        writeln!(out, ",title={title}::{}", escape::command(&full_text(finding), "%25", &[]))?;
    }
    Ok(())
}

fn property(text: &str) -> String {
    // Line ends survive percent-encoded, which the runner decodes. Other control characters are replaced.
    let lines: Vec<_> = text.split('\n').map(escape::printable).collect();
    escape::command(&lines.join("\n"), "%25", &[':', ','])
}
