//! `unresolved-reference`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Project;

/// A reference that cannot be followed.
pub(super) struct UnresolvedReference;

static META: Meta = Meta {
    name: "unresolved-reference",
    summary: "a file, service or stage that is named and not here: what depends on it is not checked",
    severity: Severity::Note,
    group: Group::Lint,
    preset: Preset::Recommended,
    page: include_str!("../../rules/unresolved-reference.md"),
};

impl Rule for UnresolvedReference {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        for reference in &project.unresolved {
            let finding = sink.report(reference.span, "cannot be resolved", reference.to_string());
            let finding =
                finding.note("what it may set is unknown, and nothing of that is reported as missing");
            if let Some(service) = &reference.service {
                finding.service(service);
            }
        }
    }
}
