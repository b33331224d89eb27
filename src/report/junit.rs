//! JUnit XML: one suite per file, one test case per finding. Errors and warnings are failed tests. Notes, which do not fail
//! a run by default, are skipped tests. A report without findings has one passed test, since consumers take a report without
//! tests for a broken one.

use std::io::{self, Write};

use super::place::Unit;
use super::xml::Xml;
use super::{Report, escape, full_text, severity_name};
use crate::diagnostic::{Finding, Severity};

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut xml = Xml::new(out)?;
    let counts = Counts::of(report.findings);
    xml.open("testsuites", &attributes(env!("CARGO_PKG_NAME"), &counts))?;
    for findings in report.by_file() {
        let Some(first) = findings.first() else { continue };
        let path = report.path(&report.primary_location(first));
        xml.open("testsuite", &attributes(&path, &Counts::of(findings)))?;
        for finding in findings {
            case(&mut xml, finding, &path, report)?;
        }
        xml.close("testsuite")?;
    }
    if report.findings.is_empty() {
        xml.open("testsuite", &attributes(env!("CARGO_PKG_NAME"), &counts))?;
        xml.empty("testcase", &[("name", "nothing found"), ("classname", env!("CARGO_PKG_NAME"))])?;
        xml.close("testsuite")?;
    }
    xml.close("testsuites")?;
    xml.finish()
}

fn case(xml: &mut Xml<'_>, finding: &Finding, path: &str, report: &Report<'_>) -> io::Result<()> {
    let at = report.primary_location(finding).first(Unit::Character);
    let line = at.line.to_string();
    let name = format!("{} ({}:{})", finding.rule, at.line, at.column);
    xml.open("testcase", &[("name", &name), ("classname", path), ("file", path), ("line", &line)])?;
    let message = escape::line(&finding.message);
    if finding.severity == Severity::Note {
        xml.empty("skipped", &[("message", &message)])?;
    } else {
        let body = format!("{}:{}:{}: {}", escape::line(path), at.line, at.column, full_text(finding));
        xml.text("failure", &[("message", &message), ("type", severity_name(finding.severity))], &body)?;
    }
    xml.close("testcase")
}

/// Counts of a suite, formatted as attribute values.
struct Counts {
    tests: String,
    failures: String,
    skipped: String,
}

impl Counts {
    fn of(findings: &[Finding]) -> Self {
        let skipped = findings.iter().filter(|finding| finding.severity == Severity::Note).count();
        Self {
            tests: findings.len().max(1).to_string(),
            failures: (findings.len() - skipped).to_string(),
            skipped: skipped.to_string(),
        }
    }
}

fn attributes<'a>(name: &'a str, counts: &'a Counts) -> [(&'a str, &'a str); 5] {
    [
        ("name", name),
        ("tests", &counts.tests),
        ("failures", &counts.failures),
        ("errors", "0"),
        ("skipped", &counts.skipped),
    ]
}
