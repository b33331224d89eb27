//! `limit-without-headroom`

use super::measured::{Case, cases};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::model::size::ByteSize;
use crate::sizing::Verdict;
use crate::workload::Project;

/// A limit that holds until the next peak.
pub(super) struct LimitWithoutHeadroom;

static META: Meta = Meta {
    name: "limit-without-headroom",
    summary: "a memory limit with little room above what the container was seen to use",
    severity: Severity::Warning,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/limit-without-headroom.md"),
};

impl Rule for LimitWithoutHeadroom {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        let policy = sink.policy();
        for case in cases(project, Verdict::WithoutHeadroom) {
            let Case { workload, measured, limit, .. } = &case;
            let (name, peak) = (&workload.name, measured.peak);
            let room = ByteSize(limit.value.0 - peak.0);
            let finding = sink
                .report(
                    limit.span,
                    format!("{room} above the peak of {peak}"),
                    format!("the limit of `{name}` leaves {room} above the {peak} that it was seen to use"),
                )
                .severity(if measured.samples == 1 { Severity::Note } else { META.severity });
            case.tell(finding, project, policy);
        }
    }
}
