//! One line per finding, in the `path:line:column:` form of compilers and `grep`. Paths are those that were searched, not
//! relative to the repository root, so that they open from the current directory. Columns count characters.

use std::io::{self, Write};

use super::place::Unit;
use super::{Report, escape, severity_name};

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for finding in report.findings {
        let place = report.primary_location(finding);
        let at = place.first(Unit::Character);
        let severity = severity_name(finding.severity);
        let head = escape::line(&format!("{}:{}:{}", place.path(), at.line, at.column));
        writeln!(out, "{head}: {severity}[{}] {}", finding.rule, escape::line(&finding.message))?;
    }
    Ok(())
}
