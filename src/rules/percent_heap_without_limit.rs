//! `percent-heap-without-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::model::size::ByteSize;
use crate::workload::{Bound, Heap, HeapSetting, Workload};

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

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.memory.limit.is_absent() || !workload.role.runs() {
            return;
        }
        for heap in &workload.heaps {
            let Some(setting) = heap.bound.known() else { continue };
            let Bound::Percent(percent) = setting.value.bound else { continue };
            let (name, runtime) = (&workload.name, heap.runtime.display_name());
            sink.report(
                setting.span,
                format!("{percent} % of the host's memory"),
                format!("the {runtime} heap of `{name}` is {percent} % of a limit that does not exist"),
            )
            .of(workload)
            .via(&setting.via)
            .severity(workload.role.soften(META.severity))
            .related(workload.anchor, "no memory limit on this service")
            .note(format!(
                "on a host with 16 GiB that is {}",
                heap.share_of(percent, ByteSize(16 << 30)).unwrap_or(ByteSize(0))
            ))
            .help(advice(heap, &setting.value, percent));
        }
    }
}

/// A limit, and a share of it that leaves room where the one that is there does not.
fn advice(heap: &Heap, setting: &HeapSetting, percent: f64) -> String {
    const LIMIT: ByteSize = ByteSize(1 << 30);
    /// Leaves what a runtime takes beside its heap in a limit of 1 GiB.
    const MOST: f64 = 75.0;
    let size = |percent: f64| heap.share_of(percent, LIMIT).unwrap_or(ByteSize(0));
    if percent <= MOST {
        return format!("with a limit of 1 GiB the heap is {}:\n  mem_limit: 1g", size(percent));
    }
    let lower = setting.with_percent(70.0).map(|flag| format!("\n  {flag}"));
    format!(
        "with a limit of 1 GiB and a share of 70 % the heap is {}:\n  mem_limit: 1g{}",
        size(70.0),
        lower.unwrap_or_default()
    )
}
