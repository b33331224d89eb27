//! Findings as people and programs read them: one file a format.
//!
//! Lines and columns are made here and nowhere earlier, and text that stands inside another file (`dockerfile_inline`) is
//! traced back to that file before anything is printed. Every format writes finding by finding; none builds the whole text.

mod azure;
pub mod budget;
mod checkstyle;
mod concise;
pub mod escape;
mod github;
mod gitlab;
pub mod human;
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
mod secret;
pub mod size;
mod snippet;
mod statistics;
pub mod unified;
mod xml;

use std::io::{self, Write};
use std::sync::OnceLock;

use serde::{Serialize, Serializer};

use crate::discover::RepositoryRoot;
use crate::finding::{Finding, Fingerprint, Severity, Summary, Suppressed, fingerprints};
use crate::source::{Sources, Span};
use place::{FileLocation, Point, floor, path_text};

pub use snippet::draw_failure;

/// How a report is written. The names are those of the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
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

/// What a report is made of.
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
    /// The findings in the order in which they are to be written.
    #[must_use]
    pub fn new(
        findings: &'r [Finding],
        summary: &'r Summary,
        sources: &'r Sources,
        root: &'r RepositoryRoot,
    ) -> Self {
        Self { findings, summary, sources, root, fingerprints: OnceLock::new(), suppressed: &[] }
    }

    /// The same with the findings that are known and not reported, in the formats that can tell them from the others:
    /// json and sarif.
    #[must_use]
    pub fn with_suppressed(self, suppressed: &'r [Suppressed]) -> Self {
        Self { suppressed, ..self }
    }

    /// Writes it in one format; `options` are for the human one.
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

    /// Writes how often each rule found something.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_statistics(&self, out: &mut dyn Write) -> io::Result<()> {
        statistics::write(out, self)
    }

    /// Made when the first format asks for them.
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

    /// Where it stands, as it is shown.
    fn place(&self, span: Span) -> FileLocation {
        FileLocation::new(self.sources, span)
    }

    /// Where a finding stands, without the white space behind it.
    fn primary_location(&self, finding: &Finding) -> FileLocation {
        self.place(finding.primary.span).trimmed()
    }

    /// The path from the repository's root, for readers on other machines; an absolute one outside of it.
    fn path(&self, place: &FileLocation) -> String {
        let path = place.source.path();
        path_text(&self.root.relative(path).unwrap_or_else(|| self.root.absolute(path)))
    }

    /// The findings by file, in runs as they come: the engine sorts them by path.
    fn by_file(&self) -> impl Iterator<Item = &'r [Finding]> {
        let file = |finding: &Finding| self.sources.to_outer_span(finding.primary.span).file;
        self.findings.chunk_by(move |a, b| file(a) == file(b))
    }
}

/// Serialises as a sequence, item by item.
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

/// Where people read a rule's page; none without a home.
#[must_use]
pub fn rule_page(rule: &str) -> Option<String> {
    page::of(rule)
}

/// The fact and what follows from it, a line each.
fn full_text(finding: &Finding) -> String {
    let mut text = escape::line(&finding.message);
    for note in &finding.notes {
        text.push('\n');
        text.push_str(&escape::lines(note));
    }
    text
}

/// The severity in a word.
fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
