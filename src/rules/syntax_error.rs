//! `syntax-error`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Project;

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
        for error in &project.syntax_errors {
            let severity = if error.fatal { META.severity } else { Severity::Warning };
            sink.report(error.span, "", error.message.clone()).severity(severity);
        }
    }
}
