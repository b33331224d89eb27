//! Findings as people and programs read them: one file a format.
//!
//! Lines and columns are made here and nowhere earlier, and text that stands inside another file (`dockerfile_inline`) is
//! traced back to that file before anything is printed.

pub mod human;
pub mod inspect;
pub mod json;
mod patch;
mod snippet;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::finding::{Finding, Severity};
use crate::source::{Source, Sources, Span};

pub use snippet::draw_failure;

/// What was looked at and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity note.
    pub notes: usize,
    /// Findings that comments, the configuration or the baseline hold back.
    pub suppressed: usize,
    /// Compose services that were checked.
    pub services: usize,
    /// Dockerfiles that no service builds.
    pub images: usize,
    /// Files that were read.
    pub files: usize,
    /// From the first look at the disk to the last rule.
    pub elapsed: Duration,
}

impl Summary {
    /// Counts the findings.
    pub fn count(&mut self, findings: &[Finding]) {
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        self.errors = of(Severity::Error);
        self.warnings = of(Severity::Warning);
        self.notes = of(Severity::Note);
    }

    /// The severity of the worst finding; none when there are no findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let all = [
            (self.errors, Severity::Error),
            (self.warnings, Severity::Warning),
            (self.notes, Severity::Note),
        ];
        all.into_iter().find(|(count, _)| *count > 0).map(|(_, severity)| severity)
    }
}

/// A span with its file, as it is printed.
struct Place {
    source: Arc<Source>,
    /// Within the file, on character boundaries.
    start: usize,
    end: usize,
}

impl Place {
    fn new(sources: &Sources, span: Span) -> Self {
        let span = sources.locate(span);
        let source = sources.get(span.file);
        let text = source.text();
        let start = floor(text, span.start as usize);
        let end = ceil(text, span.end as usize).max(start);
        Self { source, start, end }
    }

    fn text(&self) -> &str {
        self.source.text().get(self.start..self.end).unwrap_or_default()
    }

    fn path(&self) -> String {
        path_text(self.source.path())
    }
}

/// A path with forward slashes, whatever the system writes.
fn path_text(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The nearest character boundary at or after `at`.
fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
