//! The rule `heap-exceeds-limit`.

use crate::diagnostic::{Confidence, Severity};
use crate::rules::RuleContext;
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::offer::Offer;
use crate::workload::Workload;

rule! {
    name: "heap-exceeds-limit",
    summary: "a heap may grow to the memory limit or beyond: the kernel kills the container",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    for bounded in bounded_heaps(workload, &workload.pools.heaps) {
        exceeding(&offer, &bounded, cx);
    }
}

fn exceeding(offer: &Offer<'_>, bounded: &BoundedHeap<'_>, cx: &mut RuleContext<'_>) {
    let (BoundedHeap { heap, setting, size, limit }, workload) = (bounded, offer.workload);
    if *size < limit.value {
        return;
    }
    let runtime = heap.runtime.display_name();
    let mut finding = cx.report(
        limit.span,
        format!(
            "{} of `{}` {} {size}, its limit is {}",
            bounded.what(),
            workload.name,
            bounded.verb(),
            limit.value
        ),
    );
    finding
        .label(format!("the kernel kills `{}` at {}", workload.name, limit.value))
        .via(&limit.via)
        .related(setting.span, format!("heap up to {size}"))
        .note(bounded.arithmetic());
    if heap.assumed {
        finding.severity(Severity::Warning).confidence(Confidence::Medium).note(format!(
            "the image of `{}` is not known; `{}` suggests that it runs {runtime}",
            workload.name, setting.value.carrier
        ));
    }
    if let Some(restart) = workload.process.restart.known().filter(|restart| restart.value != "no") {
        finding
            .note(format!("with `restart: {}` it is killed and started again, over and over", restart.value));
    }
    offer.room(&mut finding, heap, &setting.value);
}
