//! `limit-oversized`

use super::measured::{Case, cases};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::sizing::Verdict;
use crate::workload::Project;

/// A limit that others could use.
pub(super) struct LimitOversized;

static META: Meta = Meta {
    name: "limit-oversized",
    summary: "a memory limit of more than twice what measurements ask for",
    severity: Severity::Note,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/limit-oversized.md"),
};

impl Rule for LimitOversized {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        let policy = sink.policy();
        for case in cases(project, Verdict::Oversized) {
            let Case { workload, measured, advice, limit } = &case;
            let (name, peak) = (&workload.name, measured.peak);
            let finding = sink.report(
                limit.span,
                format!("{} are enough", advice.limit),
                format!("`{name}` was seen to use {peak} of its limit of {}", limit.value),
            );
            case.tell(finding, project, policy);
        }
    }
}
