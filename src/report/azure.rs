//! Logging commands of Azure Pipelines: `##vso[task.logissue type=…;…]message`. Azure knows only errors and warnings, so
//! notes are written as warnings.

use std::io::{self, Write};

use super::place::Unit;
use super::{Report, escape, full_text};
use crate::diagnostic::Severity;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for finding in report.findings {
        let place = report.primary_location(finding);
        let at = place.first(Unit::Character);
        let kind = if finding.severity == Severity::Error { "error" } else { "warning" };
        let path = escape::command(&escape::line(&report.path(&place)), "%AZP25", &[';', ']']);
        let message = escape::command(&full_text(finding), "%AZP25", &[]);
        write!(out, "##vso[task.logissue type={kind};sourcepath={path};linenumber={};", at.line)?;
        writeln!(out, "columnnumber={};code={}]{message}", at.column, finding.rule)?;
    }
    Ok(())
}
