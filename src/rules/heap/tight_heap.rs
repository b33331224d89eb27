//! The rule `tight-heap`.

use crate::diagnostic::Confidence;
use crate::rules::Sink;
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::Project;

rule! {
    name: "tight-heap",
    summary: "a heap so near to the memory limit that what is no heap has no room",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    let thresholds = &sink.policy().thresholds;
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        for bounded in bounded_heaps(workload, &workload.pools.heaps) {
            let BoundedHeap { heap, setting, size, limit } = &bounded;
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
                .workload(workload)
                .confidence(Confidence::Medium)
                .related(limit.span, format!("`{name}` is killed at {}", limit.value))
                .note(bounded.arithmetic());
            offer.room(finding, heap, &setting.value);
        }
    }
}
