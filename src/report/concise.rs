//! A line a finding, as editors and `grep` like it. Paths are as they are shown, so that they open from where one stands;
//! columns count characters.

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
