//! The report that programs read, version 1.
//!
//! ```json
//! {"version": 1, "tool": {"name", "version"},
//!  "findings": [{"rule", "severity", "confidence", "message", "file", "range", "label",
//!                "related": [{"file", "range", "label"}], "notes": [TEXT], "help": TEXT | null,
//!                "service": NAME | null, "image": REFERENCE | null,
//!                "fix": {"title", "applicability", "edits": [{"file", "range", "replacement"}]} | null,
//!                "fingerprint"}],
//!  "summary": {"errors", "warnings", "notes", "suppressed", "services", "images", "files"}}
//! ```
//!
//! A range is `{"start": {"line", "column", "column_utf16", "byte"}, "end": {…}}`: lines and columns count from 1, `column` in
//! bytes of UTF-8, `column_utf16` in UTF-16 code units, `byte` from 0 from the beginning of the file; the end is the first
//! place that is no longer part of it. Paths have forward slashes. The same input gives the same bytes: the time that it took
//! is not in it.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Place, Summary};
use crate::finding::{Applicability, Confidence, Finding, Label, Severity};
use crate::source::Sources;

#[derive(Serialize)]
struct Report<'f> {
    version: u32,
    tool: Tool,
    findings: Vec<Entry<'f>>,
    summary: Counts,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Entry<'f> {
    rule: &'static str,
    severity: Severity,
    confidence: Confidence,
    message: &'f str,
    #[serde(flatten)]
    primary: Site<'f>,
    related: Vec<Site<'f>>,
    notes: &'f [String],
    help: Option<&'f str>,
    service: Option<&'f str>,
    image: Option<&'f str>,
    fix: Option<Patch<'f>>,
    fingerprint: String,
}

#[derive(Serialize)]
struct Site<'f> {
    file: String,
    range: Range,
    label: &'f str,
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
    column_utf16: usize,
    byte: usize,
}

#[derive(Serialize)]
struct Patch<'f> {
    title: &'f str,
    applicability: Applicability,
    edits: Vec<Replacement<'f>>,
}

#[derive(Serialize)]
struct Replacement<'f> {
    file: String,
    range: Range,
    replacement: &'f str,
}

#[derive(Serialize)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    services: usize,
    images: usize,
    files: usize,
}

/// Writes the findings in the order given, on one line.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(
    out: &mut dyn Write,
    findings: &[Finding],
    summary: &Summary,
    sources: &Sources,
) -> io::Result<()> {
    let mut seen = HashMap::new();
    let entries = findings.iter().map(|finding| entry(finding, sources, &mut seen)).collect();
    let report = Report {
        version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        findings: entries,
        summary: Counts {
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
            suppressed: summary.suppressed,
            services: summary.services,
            images: summary.images,
            files: summary.files,
        },
    };
    serde_json::to_writer(&mut *out, &report)?;
    writeln!(out)
}

fn entry<'f>(finding: &'f Finding, sources: &Sources, seen: &mut HashMap<u64, u32>) -> Entry<'f> {
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
        fix: finding.fix.as_ref().map(|fix| Patch {
            title: &fix.title,
            applicability: fix.applicability,
            edits: fix
                .edits
                .iter()
                .map(|edit| {
                    let place = Place::new(sources, edit.span);
                    Replacement { file: place.path(), range: range(&place), replacement: &edit.replacement }
                })
                .collect(),
        }),
        fingerprint: fingerprint(finding, sources, seen),
    }
}

fn site<'f>(label: &'f Label, sources: &Sources) -> Site<'f> {
    let place = Place::new(sources, label.span);
    Site { file: place.path(), range: range(&place), label: &label.text }
}

fn range(place: &Place) -> Range {
    Range { start: position(place, place.start), end: position(place, place.end) }
}

fn position(place: &Place, byte: usize) -> Position {
    let line = place.source.line_at(byte as u32);
    let before = place.source.text().get(line.start as usize..byte).unwrap_or_default();
    let column_utf16 = before.chars().map(char::len_utf16).sum::<usize>() + 1;
    Position { line: line.number, column: before.len() + 1, column_utf16, byte }
}

/// Names a finding across edits elsewhere in the file: rule, file, service and the text at fault, without line numbers and
/// without the message. Where several findings agree in all of these, each has its number among them.
fn fingerprint(finding: &Finding, sources: &Sources, seen: &mut HashMap<u64, u32>) -> String {
    let place = Place::new(sources, finding.primary.span);
    let path = place.path();
    let path = path.strip_prefix("./").unwrap_or(&path);
    let service = finding.service.as_deref().unwrap_or_default();
    let mut hash = Fnv::new();
    for part in [finding.rule, path, service, place.text()] {
        hash.part(part.as_bytes());
    }
    let number = seen.entry(hash.0).or_default();
    *number += 1;
    if *number > 1 {
        hash.part(&number.to_le_bytes());
    }
    format!("{:016x}", hash.0)
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same on every system and in every version, which the standard library's hashers
/// do not promise.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// The part and a byte that no text holds, so that `a`, `bc` differs from `ab`, `c`.
    fn part(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
