//! `syntax-error`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::hash::HashMap;
use crate::source::SourceId;
use crate::workload::Project;

/// Errors that are shown of one file: a template has one a line.
const SHOWN: usize = 12;

/// A file that does not parse.
pub(super) struct SyntaxErrors;

static META: Meta = Meta {
    name: "syntax-error",
    summary: "a file does not parse; the rest of it is checked all the same",
    severity: Severity::Error,
    group: Group::Lint,
    preset: Preset::Recommended,
    page: include_str!("../../rules/syntax-error.md"),
};

impl Rule for SyntaxErrors {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        let mut totals: HashMap<SourceId, usize> = HashMap::default();
        for error in &project.syntax_errors {
            *totals.entry(error.span.file).or_default() += 1;
        }
        let mut seen: HashMap<SourceId, usize> = HashMap::default();
        for error in &project.syntax_errors {
            let count = seen.entry(error.span.file).or_default();
            *count += 1;
            // Where reading ended is never one of those that are only counted.
            if *count > SHOWN && !error.ends {
                continue;
            }
            let severity = if error.fatal { META.severity } else { Severity::Warning };
            let mut finding = sink.report(error.span, "", error.message.clone()).severity(severity);
            if let Some(first) = error.first {
                finding = finding.related(first, "first written here");
            }
            let total = totals.get(&error.span.file).copied().unwrap_or_default();
            if *count == SHOWN && total > SHOWN {
                finding.note(format!("and {} more in this file: is it a template?", total - SHOWN));
            }
        }
    }
}
