//! Counts of a run.

use std::time::Duration;

use super::{Finding, Severity};

/// Counts of a run, for the last line of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity note.
    pub notes: usize,
    /// Findings that comments or the configuration suppress.
    pub suppressed: usize,
    /// Findings in the baseline.
    pub baseline: usize,
    /// Errors that are left out, because something fills in their place before Docker reads it.
    pub filled_in: usize,
    /// Compose services that were checked.
    pub services: usize,
    /// Containers that no Compose file describes.
    pub containers: usize,
    /// Dockerfiles that no service builds.
    pub images: usize,
    /// Files that were read.
    pub files: usize,
    /// Images that services run and nobody knows, as they are written in the files, in order: their heaps and healthchecks are not checked.
    pub unknown_images: Vec<String>,
    /// The time from the first read to the last rule.
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

    /// Returns the severity of the worst finding; `None` without findings.
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
