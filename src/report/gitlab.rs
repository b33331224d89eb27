//! GitLab Code Quality report: a JSON array of issues in the Code Climate format. Columns count characters.

use std::io::{self, Write};

use serde::Serialize;

use super::place::Unit;
use super::{Each, FileLocation, Report, escape};
use crate::check::Fingerprint;
use crate::diagnostic::{Finding, Severity};

#[derive(Serialize)]
struct Issue {
    r#type: &'static str,
    check_name: &'static str,
    description: String,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: String,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: usize,
}

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let issues = || report.with_fingerprints().map(|(finding, print)| issue(finding, print, report));
    escape::json(out, &Each(issues))?;
    writeln!(out)
}

fn issue(finding: &Finding, fingerprint: Fingerprint, report: &Report<'_>) -> Issue {
    let place = report.primary_location(finding);
    Issue {
        r#type: "issue",
        check_name: finding.rule,
        description: escape::line(&finding.message),
        categories: ["Performance"],
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        fingerprint: fingerprint.to_string(),
        location: Location { path: report.path(&place), positions: positions(&place) },
    }
}

fn positions(place: &FileLocation) -> Positions {
    let (first, last) = (place.first(Unit::Character), place.last(Unit::Character));
    Positions {
        begin: Position { line: first.line, column: first.column },
        end: Position { line: last.line, column: last.column },
    }
}
