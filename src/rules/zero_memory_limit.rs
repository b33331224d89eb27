//! `zero-memory-limit`

use super::offer::Offer;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Project;

/// A limit that limits nothing.
pub(super) struct ZeroMemoryLimit;

static META: Meta = Meta {
    name: "zero-memory-limit",
    summary: "a limit of 0 means no limit",
    severity: Severity::Warning,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/zero-memory-limit.md"),
};

impl Rule for ZeroMemoryLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        for offer in Offer::each(project, sink.policy()) {
            let workload = offer.workload;
            let Some(limit) = workload.memory.limit.known().filter(|limit| limit.value.0 == 0) else {
                continue;
            };
            let finding = sink
                .report(
                    limit.span,
                    "0 is unlimited",
                    format!("the memory limit of `{}` is 0, which limits nothing", workload.name),
                )
                .of(workload)
                .via(&limit.via);
            offer.limit(finding);
        }
    }
}
