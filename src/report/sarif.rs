//! SARIF 2.1.0, for code scanning: GitHub, Azure DevOps, editors.
//!
//! The driver lists every rule with its page, also those without results. Paths are relative to the repository root,
//! `%SRCROOT%`. Columns count UTF-16 code units. A result has two partial fingerprints: GitHub's hash of its line, and
//! [`Fingerprint`].

use std::io::{self, Write};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::place::{FileLocation, Unit};
use super::{Each, Report, escape, full_text, line_hash, page, severity_name};
use crate::check::Fingerprint;
use crate::diagnostic::{
    Applicability, Confidence, Edit, Finding, Fix, Label, Severity, Suppressed, SuppressionKind,
};
use crate::order;
use crate::rules::{self, Group, Meta, Preset, RULES};
use crate::source::Source;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// `uriBaseId` that GitHub resolves to the checkout.
const BASE: &str = "%SRCROOT%";

/// Maximum length of a description on GitHub, in characters.
const LONGEST: usize = 1024;

/// Related locations written per result. GitHub accepts 1000.
const MAX_RELATED: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R> {
    tool: Tool,
    automation_details: Automation,
    original_uri_base_ids: Bases,
    column_kind: &'static str,
    results: R,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    information_uri: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: [Group; 1],
    /// Severity by which GitHub sorts.
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
struct Automation {
    id: &'static str,
}

#[derive(Serialize)]
struct Bases {
    #[serde(rename = "%SRCROOT%")]
    root: Base,
}

#[derive(Serialize)]
struct Base {
    description: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: Properties,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: usize,
    end_line: u32,
    end_column: usize,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "primaryLocationLineHash")]
    line: String,
    #[serde(rename = "oomlint/v1")]
    own: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix {
    description: Text,
    artifact_changes: Vec<Change>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    artifact_location: Artifact,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

#[derive(Serialize)]
struct Suppression {
    kind: SuppressionKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
}

#[derive(Serialize)]
struct Properties {
    confidence: Confidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let results = || {
        let mut lines = Lines::default();
        let reported = report.with_fingerprints().map(|(finding, print)| (finding, print, None));
        let known = report.suppressed().map(|(known, print)| (&known.finding, print, Some(known)));
        reported.chain(known).map(move |(finding, print, known)| SarifResult {
            suppressions: known.into_iter().map(suppression).collect(),
            ..result(finding, print, report, &mut lines)
        })
    };
    let driver = Driver {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: page::HOME,
        rules: RULES.iter().map(|rule| descriptor(rule.meta())).collect(),
    };
    let base = Base { description: Text { text: "The root of the repository.".to_owned() } };
    let run = Run {
        tool: Tool { driver },
        automation_details: Automation { id: "oomlint/" },
        original_uri_base_ids: Bases { root: base },
        column_kind: "utf16CodeUnits",
        results: Each(results),
    };
    escape::json(out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })?;
    writeln!(out)
}

fn descriptor(meta: &'static Meta) -> Descriptor {
    Descriptor {
        id: meta.name,
        name: pascal_case(meta.name),
        short_description: Text { text: sentence(meta.summary) },
        full_description: Text { text: introduction(meta) },
        help: Help {
            text: format!("{} More: oomlint explain {}", introduction(meta), meta.name),
            markdown: meta.page,
        },
        help_uri: page::of(meta.name),
        default_configuration: Configuration {
            enabled: meta.preset <= Preset::Recommended,
            level: severity_name(meta.severity),
        },
        properties: RuleProperties {
            tags: [meta.group],
            severity: match meta.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "recommendation",
            },
        },
    }
}

/// Converts `tight-heap` to `TightHeap`.
fn pascal_case(name: &str) -> String {
    let words = name.split('-').flat_map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
    });
    words.collect()
}

/// Capitalizes a text and adds a full stop, since SARIF texts are sentences.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// Returns the introduction of a rule page, before the first `##`, cut after the last sentence within [`LONGEST`].
fn introduction(meta: &Meta) -> String {
    let body = meta.page.split_once('\n').map_or("", |(_, body)| body);
    let body = body.split("\n## ").next().unwrap_or_default();
    let text = body.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= LONGEST {
        return if text.is_empty() { sentence(meta.summary) } else { text };
    }
    let cut: String = text.chars().take(LONGEST).collect();
    let end = cut.rfind(". ").map_or(cut.len(), |at| at + 1);
    cut[..end].to_owned()
}

fn result(finding: &Finding, print: Fingerprint, report: &Report<'_>, lines: &mut Lines) -> SarifResult {
    let spot = report.primary_location(finding);
    let index = rules::position(finding.rule);
    let related = finding.related.iter().take(MAX_RELATED).enumerate();
    SarifResult {
        rule_id: finding.rule,
        rule_index: (index < RULES.len()).then_some(index),
        level: severity_name(finding.severity),
        message: message(&full_text(finding)),
        partial_fingerprints: Fingerprints { line: lines.hash(&spot), own: print.to_string() },
        locations: [Location {
            id: None,
            physical_location: physical(&spot, report),
            message: label(&finding.primary),
        }],
        related_locations: related
            .map(|(index, other)| Location {
                id: Some(index + 1),
                physical_location: physical(&report.place(other.span).trimmed(), report),
                message: label(other),
            })
            .collect(),
        fixes: finding.fixes.iter().filter_map(|fix| sarif_fix(fix, report)).collect(),
        suppressions: Vec::new(),
        properties: Properties {
            confidence: finding.confidence,
            service: finding.service.clone(),
            image: finding.image.clone(),
        },
    }
}

fn suppression(known: &Suppressed) -> Suppression {
    let justification = known.justification.as_ref().map(|reason| escape::line(reason));
    Suppression { kind: known.kind, justification }
}

/// Builds a text without links: SARIF takes `[text](address)` for one even in plain text.
fn message(text: &str) -> Text {
    Text { text: text.replace("](", "] (") }
}

fn label(label: &Label) -> Option<Text> {
    (!label.text.is_empty()).then(|| message(&escape::line(&label.text)))
}

fn physical(place: &FileLocation, report: &Report<'_>) -> Physical {
    Physical { artifact_location: artifact(place, report), region: region(place) }
}

fn region(place: &FileLocation) -> Region {
    let (first, last) = (place.first(Unit::Utf16), place.last(Unit::Utf16));
    Region {
        start_line: first.line,
        start_column: first.column,
        end_line: last.line,
        end_column: last.column,
    }
}

fn artifact(place: &FileLocation, report: &Report<'_>) -> Artifact {
    /// Characters to percent-encode: all that RFC 3986 does not leave unreserved, except `/`.
    const PATH: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let path = report.path(place);
    let encoded = utf8_percent_encode(&path, PATH).to_string();
    if report.root.relative(place.source.path()).is_some() {
        return Artifact { uri: encoded, uri_base_id: Some(BASE) };
    }
    Artifact { uri: format!("file:///{}", encoded.trim_start_matches('/')), uri_base_id: None }
}

/// Converts a fix. Display-only fixes are left out, since SARIF viewers apply what they find.
fn sarif_fix(fix: &Fix, report: &Report<'_>) -> Option<SarifFix> {
    if fix.applicability == Applicability::DisplayOnly || fix.edits.is_empty() {
        return None;
    }
    let mut edits: Vec<(FileLocation, &Edit)> =
        fix.edits.iter().map(|edit| (report.place(edit.span), edit)).collect();
    order::by_key(&mut edits, |(place, _)| (place.source.id(), place.start, place.end));
    let files = edits.chunk_by(|(a, _), (b, _)| a.source.id() == b.source.id());
    let changes = files.filter_map(|edits| {
        let (place, _) = edits.first()?;
        let replacements = edits.iter().map(|(place, edit)| Replacement {
            deleted_region: region(place),
            inserted_content: Text { text: edit.replacement.clone() },
        });
        Some(Change { artifact_location: artifact(place, report), replacements: replacements.collect() })
    });
    Some(SarifFix { description: message(&escape::line(&fix.title)), artifact_changes: changes.collect() })
}

/// Line hashes of the last file asked for. One file is enough, since findings are sorted by file.
#[derive(Default)]
struct Lines {
    of: Option<Arc<Source>>,
    hashes: Vec<String>,
}

impl Lines {
    fn hash(&mut self, place: &FileLocation) -> String {
        if self.of.as_ref().is_none_or(|source| source.id() != place.source.id()) {
            self.hashes = line_hash::of_lines(place.source.text());
            self.of = Some(Arc::clone(&place.source));
        }
        let line = place.first(Unit::Byte).line as usize;
        self.hashes.get(line - 1).cloned().unwrap_or_default()
    }
}
