//! JSON report, version 1, and the same findings as JSON Lines (`jsonl`).
//!
//! ```json
//! {"version": 1, "tool": {"name", "version"},
//!  "findings": [{"rule", "severity", "confidence", "message", "file", "range", "label",
//!                "related": [{"file", "range", "label"}], "notes": [TEXT], "help": TEXT | null,
//!                "service": NAME | null, "image": REFERENCE | null,
//!                "fix": {"title", "applicability", "edits": [{"file", "range", "replacement"}]} | null,
//!                "alternatives": [as "fix"], if there is more than one fix, "fingerprint"}],
//!  "suppressed": [as "findings", with "suppression": {"kind", "justification"}], only with --show-suppressed,
//!  "summary": {"errors", "warnings", "notes", "suppressed", "baseline", "filled_in", "services", "images", "files", "unknown_images"}}
//! ```
//!
//! [`schema`] returns the JSON Schema. A range is `{"start": {"line", "column", "column_utf16", "byte"}, "end": {…}}` with an
//! exclusive end. Lines and columns count from 1, `column` in bytes of UTF-8, `column_utf16` in UTF-16 code units. `byte` is
//! the offset in the file, from 0. Paths have forward slashes. The report does not contain the elapsed time, so the same input
//! gives the same bytes.

use std::io::{self, Write};

#[cfg(feature = "schema")]
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::place::{FileLocation, Unit};
use super::{Report, escape};
use crate::check::Fingerprint;
use crate::diagnostic::{Applicability, Confidence, Finding, Fix, Label, Severity, SuppressionKind};
use crate::source::Sources;

const VERSION: u32 = 1;

/// The report of `oomlint --format json`.
#[cfg(feature = "schema")]
#[derive(Serialize, schemars::JsonSchema)]
struct Document<'s, F> {
    /// The version of this format: it changes when a field goes or changes its meaning, not when one comes.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    tool: Tool,
    findings: F,
    /// Findings that the baseline or a comment keeps from being reported; only on request.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<F>,
    summary: Counts<'s>,
}

/// The tool that wrote the report.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// One problem in one place; a line of `oomlint --format jsonl`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Finding"))]
struct Entry<'f> {
    /// The rule's name, as `oomlint explain` takes it.
    rule: &'static str,
    severity: Severity,
    confidence: Confidence,
    /// One fact, with the service's name and the number in it.
    message: &'f str,
    #[serde(flatten)]
    primary: Site<'f>,
    /// The other ends, in any file.
    related: Vec<Site<'f>>,
    /// The arithmetic, and what follows from it.
    notes: &'f [String],
    /// Something to paste.
    help: Option<&'f str>,
    /// The Compose service that it is about.
    service: Option<&'f str>,
    /// The image reference that it is about.
    image: Option<&'f str>,
    /// A patch.
    fix: Option<Patch<'f>>,
    /// Other patches, each in the place of the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<Patch<'f>>,
    /// Names the finding across edits elsewhere; no two findings of a report have the same.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{16}$")))]
    fingerprint: String,
    /// Why it is not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<Suppression<'f>>,
}

/// A place and what is true there.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Site<'f> {
    /// The path as it is shown, with forward slashes.
    file: String,
    range: Range,
    /// The fact at this place; may be empty.
    label: &'f str,
}

/// From the first byte to the first that is no longer part of it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Range {
    start: Position,
    end: Position,
}

/// A place between two bytes.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Position {
    /// From 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    line: u32,
    /// From 1, in bytes of UTF-8.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    column: usize,
    /// From 1, in UTF-16 code units.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    column_utf16: usize,
    /// From 0, from the beginning of the file.
    byte: usize,
}

/// A way to make the finding go away.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Fix"))]
struct Patch<'f> {
    /// The change in words.
    title: &'f str,
    applicability: Applicability,
    edits: Vec<Replacement<'f>>,
}

/// Text in place of other text.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Edit"))]
struct Replacement<'f> {
    /// The path as it is shown, with forward slashes.
    file: String,
    range: Range,
    replacement: &'f str,
}

/// How much was found in how much.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Summary"))]
struct Counts<'s> {
    errors: usize,
    warnings: usize,
    notes: usize,
    /// Findings that comments or the configuration hold back.
    suppressed: usize,
    /// Findings that the baseline knows.
    baseline: usize,
    /// Errors that are left out, because something fills in their place before Docker reads it.
    filled_in: usize,
    /// Compose services that were checked.
    services: usize,
    /// Containers that no Compose file describes.
    containers: usize,
    /// Dockerfiles that no service builds.
    images: usize,
    /// Files that were read.
    files: usize,
    /// Images that services run and nobody knows: their heaps and healthchecks are not checked.
    unknown_images: &'s [String],
}

/// Who holds a finding back, and the reason that people gave.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Suppression<'f> {
    kind: SuppressionKind,
    justification: Option<&'f str>,
}

/// Writes the report as one JSON object on one line: its findings are written on all cores.
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let summary = report.summary;
    write!(out, "{{\"version\":{VERSION},\"tool\":")?;
    escape::json(out, &Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") })?;
    out.write_all(b",\"findings\":[")?;
    escape::json_each(out, report.with_fingerprints(), ",", reported(report))?;
    if !report.suppressed.is_empty() {
        out.write_all(b"],\"suppressed\":[")?;
        escape::json_each(out, report.suppressed(), ",", |(known, print)| Entry {
            suppression: Some(Suppression {
                kind: known.kind,
                justification: known.justification.as_deref(),
            }),
            ..entry(&known.finding, print, report.sources)
        })?;
    }
    out.write_all(b"],\"summary\":")?;
    let summary = Counts {
        errors: summary.errors,
        warnings: summary.warnings,
        notes: summary.notes,
        suppressed: summary.suppressed,
        baseline: summary.baseline,
        filled_in: summary.filled_in,
        services: summary.services,
        containers: summary.containers,
        images: summary.images,
        files: summary.files,
        unknown_images: &summary.unknown_images,
    };
    escape::json(out, &summary)?;
    writeln!(out, "}}")
}

/// Writes one JSON object per line and finding.
pub(super) fn write_lines(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    escape::json_each(out, report.with_fingerprints(), "\n", reported(report))?;
    if report.findings.is_empty() { Ok(()) } else { writeln!(out) }
}

/// Returns the JSON Schema of the report, draft 2020-12. `#/$defs/Finding` is the schema of a line of `jsonl`.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Document<'_, Vec<Entry<'_>>>>();
    schema.insert("title".to_owned(), "oomlint report, version 1".into());
    schema.to_value()
}

fn reported<'r>(report: &Report<'r>) -> impl Fn((&'r Finding, Fingerprint)) -> Entry<'r> + use<'r> {
    let sources = report.sources;
    move |(finding, print)| entry(finding, print, sources)
}

fn entry<'f>(finding: &'f Finding, print: Fingerprint, sources: &Sources) -> Entry<'f> {
    Entry {
        rule: finding.rule,
        severity: finding.severity,
        confidence: finding.confidence,
        message: &finding.message,
        primary: site(&finding.primary, sources),
        related: finding.related.iter().map(|label| site(label, sources)).collect(),
        notes: &finding.notes,
        help: finding.help.as_deref(),
        service: finding.service.as_deref(),
        image: finding.image.as_deref(),
        fix: finding.fix().map(|fix| patch(fix, sources)),
        alternatives: finding.fixes.iter().skip(1).map(|fix| patch(fix, sources)).collect(),
        fingerprint: print.to_string(),
        suppression: None,
    }
}

fn patch<'f>(fix: &'f Fix, sources: &Sources) -> Patch<'f> {
    let edits = fix.edits.iter().map(|edit| {
        let place = FileLocation::new(sources, edit.span);
        Replacement { file: place.path(), range: range(&place), replacement: &edit.replacement }
    });
    Patch { title: &fix.title, applicability: fix.applicability, edits: edits.collect() }
}

fn site<'f>(label: &'f Label, sources: &Sources) -> Site<'f> {
    let place = FileLocation::new(sources, label.span);
    Site { file: place.path(), range: range(&place), label: &label.text }
}

fn range(place: &FileLocation) -> Range {
    let position = |byte: usize| {
        let [super::Point { line, column }, utf16] = place.points(byte, [Unit::Byte, Unit::Utf16]);
        Position { line, column, column_utf16: utf16.column, byte }
    };
    Range { start: position(place.start), end: position(place.end) }
}
