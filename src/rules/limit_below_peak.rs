//! `limit-below-peak`

use super::measured::{Case, cases};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::sizing::Verdict;
use crate::workload::Project;

/// A limit that was exceeded where it did not hold.
pub(super) struct LimitBelowPeak;

static META: Meta = Meta {
    name: "limit-below-peak",
    summary: "a memory limit below what the container was seen to use",
    severity: Severity::Warning,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/limit-below-peak.md"),
};

impl Rule for LimitBelowPeak {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        let policy = sink.policy();
        for case in cases(project, Verdict::BelowPeak) {
            let Case { workload, measured, limit, .. } = &case;
            let (name, peak) = (&workload.name, measured.peak);
            let finding = sink.report(
                limit.span,
                format!("{peak} were seen: more than this"),
                format!("`{name}` was seen to use {peak}, its limit is {}", limit.value),
            );
            case.tell(finding, project, policy);
        }
    }
}
