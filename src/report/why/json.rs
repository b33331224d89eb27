//! The answers in JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::super::escape;
use super::super::place::{FileLocation, Unit};
use super::Report;
use crate::diagnostic::{Confidence, Finding, Severity};
use crate::postmortem::{Answer, Missing, Quote, Verdict};

const VERSION: u32 = 1;

/// The report of `oomlint why --format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Document<'r> {
    /// The version of this format: it changes when a field goes or changes its meaning, not when one comes.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    version: u32,
    /// One entry a container, the surest answer first.
    containers: Vec<Entry<'r>>,
}

/// The end of a container, explained.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Container"))]
struct Entry<'r> {
    /// Its name; that of its service or of the process where it is not known.
    name: Option<&'r str>,
    /// Its ID, as far as it is known.
    id: Option<&'r str>,
    /// Its image.
    image: Option<&'r str>,
    /// Its service in the project's files.
    service: Option<&'r str>,
    verdict: Verdict,
    confidence: Confidence,
    /// The verdict in full, with its numbers.
    answer: &'r str,
    /// The evidence for the verdict, the strongest first.
    evidence: Vec<Line>,
    /// Evidence against the verdict.
    against: &'r [String],
    /// Findings that explain it, the most telling first.
    explained_by: Vec<Explanation<'r>>,
    /// The changes that are advised.
    change: &'r [String],
    /// Commands that would decide it, or make it sure.
    missing: Vec<Open<'r>>,
}

/// A line of evidence.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Evidence"))]
struct Line {
    /// The file, with forward slashes; `-` is standard input.
    source: String,
    /// From 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    line: u32,
    /// The line, or what counts in it.
    text: String,
}

/// A finding of the linter on the container's service.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Finding"))]
struct Explanation<'r> {
    /// The rule's name, as `oomlint explain` takes it.
    rule: &'static str,
    severity: Severity,
    /// One fact, with the service's name and the number in it.
    message: &'r str,
    /// The path as it is shown, with forward slashes.
    file: String,
    /// From 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    line: u32,
    /// From 1, in bytes of UTF-8.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    column: usize,
    /// The arithmetic, and what follows from it.
    notes: &'r [String],
    /// Something to paste.
    help: Option<&'r str>,
}

/// A command that would decide an open question.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Missing"))]
struct Open<'r> {
    /// The fact that its output would show.
    what: &'r str,
    /// The command to run.
    command: &'r str,
}

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let containers = report.answers.iter().map(|answer| entry(answer, report)).collect();
    escape::json(out, &Document { version: VERSION, containers })?;
    writeln!(out)
}

/// Returns the JSON Schema of the report, draft 2020-12.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Document<'_>>();
    schema.insert("title".to_owned(), "oomlint why, version 1".into());
    schema.to_value()
}

fn entry<'r>(answer: &'r Answer, report: &Report<'_>) -> Entry<'r> {
    Entry {
        name: answer.name.as_deref(),
        id: answer.id.as_deref(),
        image: answer.image.as_deref(),
        service: answer.service.as_deref(),
        verdict: answer.verdict,
        confidence: answer.confidence,
        answer: &answer.answer,
        evidence: answer.evidence.iter().map(|quote| line(quote, report)).collect(),
        against: &answer.against,
        explained_by: answer.explained_by.iter().map(|finding| explanation(finding, report)).collect(),
        change: &answer.change,
        missing: answer.missing.iter().map(|Missing { what, command }| Open { what, command }).collect(),
    }
}

fn line(quote: &Quote, report: &Report<'_>) -> Line {
    let (source, line) = report.place(quote);
    Line { source, line, text: quote.text.clone() }
}

fn explanation<'r>(finding: &'r Finding, report: &Report<'_>) -> Explanation<'r> {
    let place = FileLocation::new(report.sources, finding.primary.span);
    let point = place.first(Unit::Byte);
    Explanation {
        rule: finding.rule,
        severity: finding.severity,
        message: &finding.message,
        file: place.path(),
        line: point.line,
        column: point.column,
        notes: &finding.notes,
        help: finding.help.as_deref(),
    }
}
