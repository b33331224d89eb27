//! `percent-heap-without-limit`

use super::offer::Offer;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::model::size::ByteSize;
use crate::workload::{Bound, Project};

/// A share of nothing.
pub(super) struct PercentHeapWithoutLimit;

static META: Meta = Meta {
    name: "percent-heap-without-limit",
    summary: "a heap as a share of a limit that does not exist: a share of the host",
    severity: Severity::Warning,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/percent-heap-without-limit.md"),
};

impl Rule for PercentHeapWithoutLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        for offer in Offer::each(project, sink.policy()) {
            let workload = offer.workload;
            if !workload.memory.limit.is_absent() || !workload.role.runs() {
                continue;
            }
            for heap in &workload.heaps {
                let Some(setting) = heap.bound.known() else { continue };
                let Bound::Percent(percent) = setting.value.bound else { continue };
                let (name, runtime) = (&workload.name, heap.runtime.display_name());
                let finding = sink
                    .report(
                        setting.span,
                        format!("{percent} % of the host's memory"),
                        format!(
                            "the {runtime} heap of `{name}` is {percent} % of a limit that does not exist"
                        ),
                    )
                    .of(workload)
                    .via(&setting.via)
                    .severity(workload.role.soften(META.severity))
                    .related(workload.anchor, "no memory limit on this service")
                    .note(format!(
                        "on a host with 16 GiB that is {}",
                        heap.share_of(percent, ByteSize(16 << 30)).unwrap_or_default()
                    ));
                offer.limit(finding);
            }
        }
    }
}
