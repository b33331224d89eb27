//! The rule `tight-heap`.

use crate::diagnostic::Confidence;
use crate::rules::RuleContext;
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::Workload;

rule! {
    name: "tight-heap",
    summary: "a heap so close to the memory limit that too little is left outside it",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let thresholds = &cx.policy().thresholds;
    let offer = Offer::of(workload, cx);
    for bounded in bounded_heaps(workload, &workload.pools.heaps) {
        let BoundedHeap { heap, setting, size, limit } = &bounded;
        if *size >= limit.value || !bounded.is_tight(thresholds) {
            continue;
        }
        let (name, rest) = (&workload.name, ByteSize(limit.value.0 - size.0));
        let what = bounded.what();
        let mut finding = cx.report(
            setting.span,
            format!("{what} of `{name}` leaves {rest} of its {} limit for everything else", limit.value),
        );
        finding
            .label(format!("up to {size}"))
            .confidence(Confidence::Medium)
            .related(limit.span, format!("the kernel kills `{name}` at {}", limit.value))
            .note(bounded.arithmetic());
        if let Some(note) = bounded.perhaps_unread(workload) {
            finding.note(note);
        }
        offer.room(&mut finding, heap, &setting.value);
    }
}
