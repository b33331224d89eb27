//! The rule `heap-exceeds-limit`.

use crate::diagnostic::{Confidence, Severity};
use crate::rules::Sink;
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::offer::Offer;
use crate::workload::Project;

rule! {
    name: "heap-exceeds-limit",
    summary: "a heap may grow to the memory limit or beyond: the kernel kills the container",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        for bounded in bounded_heaps(workload, &workload.pools.heaps) {
            exceeding(&offer, &bounded, sink);
        }
    }
}

fn exceeding(offer: &Offer<'_>, bounded: &BoundedHeap<'_>, sink: &mut Sink<'_>) {
    let (BoundedHeap { heap, setting, size, limit }, workload) = (bounded, offer.workload);
    if *size < limit.value {
        return;
    }
    let runtime = heap.runtime.display_name();
    let mut finding = sink
        .report(
            limit.span,
            format!("the kernel kills `{}` at {}", workload.name, limit.value),
            format!(
                "{} of `{}` {} {size}, its limit is {}",
                bounded.what(),
                workload.name,
                bounded.verb(),
                limit.value
            ),
        )
        .workload(workload)
        .via(&limit.via)
        .related(setting.span, format!("heap up to {size}"))
        .note(bounded.arithmetic());
    if heap.assumed {
        finding = finding.severity(Severity::Warning).confidence(Confidence::Medium).note(format!(
            "the image of `{}` is not known; `{}` suggests that it runs {runtime}",
            workload.name, setting.value.carrier
        ));
    }
    if let Some(restart) = workload.process.restart.known().filter(|restart| restart.value != "no") {
        finding = finding
            .note(format!("with `restart: {}` it is killed and started again, over and over", restart.value));
    }
    offer.room(finding, heap, &setting.value);
}
