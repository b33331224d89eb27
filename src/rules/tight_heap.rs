//! `tight-heap`

use super::estimate::{Limited, limited};
use super::offer::Offer;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Confidence, Severity};
use crate::model::size::ByteSize;
use crate::workload::Project;

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

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        let thresholds = &sink.policy().thresholds;
        for offer in Offer::each(project, sink.policy()) {
            let workload = offer.workload;
            for bounded in limited(workload, &workload.heaps) {
                let Limited { heap, setting, size, limit } = &bounded;
                if *size >= limit.value || !bounded.is_tight(thresholds) {
                    continue;
                }
                let (name, rest) = (&workload.name, ByteSize(limit.value.0 - size.0));
                let what = bounded.what();
                let finding = sink
                    .report(
                        setting.span,
                        format!("up to {size}"),
                        format!("{what} of `{name}` leaves {rest} of {} for everything else", limit.value),
                    )
                    .of(workload)
                    .confidence(Confidence::Medium)
                    .related(limit.span, format!("`{name}` is killed at {}", limit.value))
                    .note(bounded.arithmetic());
                offer.room(finding, heap, &setting.value);
            }
        }
    }
}
