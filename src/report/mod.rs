//! Output formats of the findings, one file per format.
//!
//! Byte offsets become lines and columns only here. Spans in text embedded in another file (`dockerfile_inline`) are mapped
//! to that file before anything is printed. Every format streams finding by finding, none builds the whole text in memory.

pub mod alerts;
mod azure;
pub mod budget;
mod checkstyle;
mod concise;
mod digest;
pub mod escape;
pub mod fit;
mod fold;
mod github;
mod gitlab;
pub mod human;
pub mod images;
pub mod inspect;
pub mod json;
mod junit;
mod line_hash;
mod markdown;
mod page;
mod patch;
mod place;
mod rdjson;
mod sarif;
pub mod size;
mod snippet;
mod statistics;
pub mod unified;
pub mod why;
mod wrap;
mod xml;

use std::io::{self, Write};
use std::sync::OnceLock;

use serde::{Serialize, Serializer};

use crate::check::{Fingerprint, fingerprints};
use crate::diagnostic::{Finding, Severity, Summary, Suppressed};
use crate::discover::RepositoryRoot;
use crate::source::{Sources, Span, path_text};
use place::{FileLocation, Point, floor};

pub use snippet::draw_failure;

/// Returns a place as `compose.yaml:4:4`.
#[must_use]
pub fn place_text(sources: &Sources, span: Span) -> String {
    let place = FileLocation::new(sources, span);
    let Point { line, column } = place.first(place::Unit::Character);
    format!("{}:{line}:{column}", place.path())
}

/// Output format of a report. The variants have the names that the command line takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For people: the lines at fault, drawn, with notes and patches
    #[default]
    Human,
    /// A line a finding: path:line:column: severity[rule] message
    Concise,
    /// One JSON object, for programs
    Json,
    /// A JSON object a line, one for each finding
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands: annotations in GitHub Actions
    Github,
    /// Code Quality report of GitLab
    Gitlab,
    /// JUnit XML: each finding a failed test, notes skipped ones
    Junit,
    /// Checkstyle XML
    Checkstyle,
    /// Reviewdog's diagnostic format
    Rdjson,
    /// Logging commands of Azure Pipelines
    Azure,
    /// Tables for a job's summary page
    Markdown,
}

/// Findings of a run with what the formats need to render them.
#[derive(Debug)]
pub struct Report<'r> {
    findings: &'r [Finding],
    summary: &'r Summary,
    sources: &'r Sources,
    root: &'r RepositoryRoot,
    fingerprints: OnceLock<Vec<Fingerprint>>,
    suppressed: &'r [Suppressed],
}

impl<'r> Report<'r> {
    /// Creates a report of `findings`, which are written in the given order.
    #[must_use]
    pub fn new(
        findings: &'r [Finding],
        summary: &'r Summary,
        sources: &'r Sources,
        root: &'r RepositoryRoot,
    ) -> Self {
        Self { findings, summary, sources, root, fingerprints: OnceLock::new(), suppressed: &[] }
    }

    /// Adds suppressed findings. Only json and sarif write them, marked as suppressed.
    #[must_use]
    pub fn with_suppressed(self, suppressed: &'r [Suppressed]) -> Self {
        Self { suppressed, ..self }
    }

    /// Writes the report in `format`. `options` apply to [`Format::Human`] only.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write(&self, out: &mut dyn Write, format: Format, options: human::Options) -> io::Result<()> {
        match format {
            Format::Human => human::write(out, self.findings, self.summary, self.sources, options),
            Format::Concise => concise::write(out, self),
            Format::Json => json::write(out, self),
            Format::Jsonl => json::write_lines(out, self),
            Format::Sarif => sarif::write(out, self),
            Format::Github => github::write(out, self),
            Format::Gitlab => gitlab::write(out, self),
            Format::Junit => junit::write(out, self),
            Format::Checkstyle => checkstyle::write(out, self),
            Format::Rdjson => rdjson::write(out, self),
            Format::Azure => azure::write(out, self),
            Format::Markdown => markdown::write(out, self),
        }
    }

    /// Writes the number of findings per rule.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_statistics(&self, out: &mut dyn Write) -> io::Result<()> {
        statistics::write(out, self)
    }

    /// Returns the indices of the findings in the order of the human report: the most harmful first.
    #[must_use]
    pub fn most_harmful_first(&self) -> Vec<usize> {
        fold::most_harmful_first(self.findings, self.sources)
    }

    /// Returns the fingerprints of the findings, computed on first use.
    fn fingerprints(&self) -> &[Fingerprint] {
        self.fingerprints.get_or_init(|| fingerprints(self.findings, self.sources, self.root))
    }

    fn with_fingerprints(&self) -> impl Iterator<Item = (&'r Finding, Fingerprint)> {
        self.findings.iter().zip(self.fingerprints().iter().copied())
    }

    fn suppressed(&self) -> impl Iterator<Item = (&'r Suppressed, Fingerprint)> {
        let findings: Vec<Finding> = self.suppressed.iter().map(|known| known.finding.clone()).collect();
        let prints = fingerprints(&findings, self.sources, self.root);
        self.suppressed.iter().zip(prints)
    }

    /// Returns the location of a span in its outermost file.
    fn place(&self, span: Span) -> FileLocation {
        FileLocation::new(self.sources, span)
    }

    /// Returns the location of a finding, without trailing white space.
    fn primary_location(&self, finding: &Finding) -> FileLocation {
        self.place(finding.primary.span).trimmed()
    }

    /// Returns the path relative to the repository root, or an absolute one outside of the repository.
    fn path(&self, place: &FileLocation) -> String {
        let path = place.source.path();
        path_text(&self.root.relative(path).unwrap_or_else(|| self.root.absolute(path)))
    }

    /// Groups consecutive findings of one file. `check` sorts by path, so each file is one group.
    fn by_file(&self) -> impl Iterator<Item = &'r [Finding]> {
        let file = |finding: &Finding| self.sources.to_outer_span(finding.primary.span).file;
        self.findings.chunk_by(move |a, b| file(a) == file(b))
    }
}

/// Serializes an iterator as a sequence without collecting it.
struct Each<F>(F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Returns the URL of a rule's page, or `None` if Cargo.toml has no `repository` or no rule has that name.
#[must_use]
pub fn rule_page(rule: &str) -> Option<String> {
    page::of(rule)
}

/// Returns the message and the notes of a finding, one per line.
fn full_text(finding: &Finding) -> String {
    let mut text = escape::line(&finding.message);
    for note in &finding.notes {
        text.push('\n');
        text.push_str(&escape::lines(note));
    }
    text
}

/// Returns the name of a severity.
fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
