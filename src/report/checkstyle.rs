//! Checkstyle XML: `<error>` elements grouped by `<file>`. Columns count characters.

use std::io::{self, Write};

use super::place::Unit;
use super::xml::Xml;
use super::{Report, escape};
use crate::diagnostic::Severity;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    xml.open("checkstyle", &[("version", "4.3")])?;
    for findings in report.by_file() {
        let Some(first) = findings.first() else { continue };
        xml.open("file", &[("name", &report.path(&report.primary_location(first)))])?;
        for finding in findings {
            let at = report.primary_location(finding).first(Unit::Character);
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "info",
            };
            xml.empty(
                "error",
                &[
                    ("line", &at.line.to_string()),
                    ("column", &at.column.to_string()),
                    ("severity", severity),
                    ("message", &escape::line(&finding.message)),
                    ("source", &format!("oomlint.{}", finding.rule)),
                ],
            )?;
        }
        xml.close("file")?;
    }
    xml.close("checkstyle")?;
    xml.finish()
}
