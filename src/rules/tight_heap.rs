//! `tight-heap`

use super::estimate::{Limited, arithmetic, limited_heaps, room};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::catalog::RuntimeName;
use crate::finding::{Confidence, Severity};
use crate::model::size::ByteSize;
use crate::workload::Workload;

/// A heap that fits by a hair.
pub(super) struct TightHeap;

static META: Meta = Meta {
    name: "tight-heap",
    summary: "a heap so near to the memory limit that what is no heap has no room",
    severity: Severity::Warning,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/tight-heap.md"),
};

impl Rule for TightHeap {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for Limited { heap, setting, size, limit } in limited_heaps(workload) {
            if size >= limit.value || !is_tight(heap.runtime, size, limit.value) {
                continue;
            }
            let (name, runtime, rest) =
                (&workload.name, heap.runtime.display_name(), ByteSize(limit.value.0 - size.0));
            sink.report(
                setting.span,
                format!("heap up to {size}"),
                format!(
                    "the {runtime} heap of `{name}` leaves {rest} of {} for everything else",
                    limit.value
                ),
            )
            .of(workload)
            .confidence(Confidence::Medium)
            .related(limit.span, format!("`{name}` is killed at {}", limit.value))
            .note(arithmetic(heap.runtime, size, limit.value))
            .help(room(heap.runtime, size, limit.value));
        }
    }
}

/// Rules of thumb, measured on programs that do little: Java at more than 80 % or with less than 128 MiB beside the heap,
/// Node at more than 85 %.
fn is_tight(runtime: RuntimeName, heap: ByteSize, limit: ByteSize) -> bool {
    let share = heap.0 as f64 / limit.0 as f64;
    match runtime {
        RuntimeName::Java => share > 0.8 || limit.0 - heap.0 < 128 << 20,
        _ => share > 0.85,
    }
}
