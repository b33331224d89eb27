//! Reviewdog Diagnostic Format. Columns count bytes of UTF-8, and an end position is exclusive.

use std::io::{self, Write};

use serde::Serialize;

use super::place::{FileLocation, Unit};
use super::{Each, Report, escape, full_text, page};
use crate::diagnostic::{Applicability, Finding, Fix, Label, Severity};
use crate::order;

#[derive(Serialize)]
struct Document<D> {
    source: Source,
    diagnostics: D,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'static str,
}

#[derive(Serialize)]
struct Diagnostic {
    message: String,
    location: Location,
    severity: &'static str,
    code: Code,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related>,
}

#[derive(Serialize)]
struct Code {
    value: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: usize,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

#[derive(Serialize)]
struct Related {
    message: String,
    location: Location,
}

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let diagnostics = || report.findings.iter().map(|finding| diagnostic(finding, report));
    let source = Source { name: env!("CARGO_PKG_NAME"), url: page::HOME };
    escape::json(out, &Document { source, diagnostics: Each(diagnostics) })?;
    writeln!(out)
}

fn diagnostic(finding: &Finding, report: &Report<'_>) -> Diagnostic {
    let related = |label: &Label| Related {
        message: escape::line(&label.text),
        location: location(&report.place(label.span).trimmed(), report),
    };
    let spot = report.primary_location(finding);
    Diagnostic {
        message: full_text(finding),
        severity: match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        },
        code: Code { value: finding.rule, url: page::of(finding.rule) },
        suggestions: finding.fixes.iter().filter_map(|fix| suggestion(fix, &spot, report)).collect(),
        related_locations: finding.related.iter().map(related).collect(),
        location: location(&spot, report),
    }
}

/// Returns a fix as one replacement in the finding's own file, the only form that the format has. `None` for display-only
/// fixes, for edits in other files, and for edits that span more than `FAR` bytes.
fn suggestion(fix: &Fix, spot: &FileLocation, report: &Report<'_>) -> Option<Suggestion> {
    const FAR: usize = 2_000;
    let mut edits: Vec<_> =
        fix.edits.iter().map(|edit| (report.place(edit.span), &edit.replacement)).collect();
    order::by_key(&mut edits, |(place, _)| (place.start, place.end));
    let start = edits.first()?.0.start;
    let end = edits.last()?.0.end;
    let here = edits.iter().all(|(place, _)| place.source.id() == spot.source.id());
    if fix.applicability == Applicability::DisplayOnly || !here || end.saturating_sub(start) > FAR {
        return None;
    }
    let (mut text, mut done) = (String::new(), start);
    for (place, replacement) in edits {
        text.push_str(spot.source.text().get(done..place.start)?);
        text.push_str(replacement);
        done = place.end;
    }
    let place = FileLocation { source: spot.source.clone(), start, end };
    Some(Suggestion { range: range(&place), text })
}

fn location(place: &FileLocation, report: &Report<'_>) -> Location {
    Location { path: report.path(place), range: range(place) }
}

fn range(place: &FileLocation) -> Range {
    let (first, last) = (place.first(Unit::Byte), place.last(Unit::Byte));
    Range {
        start: Position { line: first.line, column: first.column },
        end: Position { line: last.line, column: last.column },
    }
}
