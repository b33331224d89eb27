//! The rule `percent-heap-without-limit`.

use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::{Bound, Project};

rule! {
    name: "percent-heap-without-limit",
    summary: "a heap as a share of a limit that does not exist: a share of the host",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        if !workload.memory.limit.is_absent() || !workload.role.runs() {
            continue;
        }
        for heap in &workload.pools.heaps {
            let Some(setting) = heap.bound.known() else { continue };
            let Bound::Percent(percent) = setting.value.bound else { continue };
            let (name, runtime) = (&workload.name, heap.runtime.display_name());
            let finding = sink
                .report(
                    setting.span,
                    format!("{percent} % of the host's memory"),
                    format!("the {runtime} heap of `{name}` is {percent} % of a limit that does not exist"),
                )
                .workload(workload)
                .via(&setting.via)
                .severity(workload.role.soften(RULE.meta().severity))
                .related(workload.anchor, "no memory limit on this service")
                .note(format!(
                    "on a host with 16 GiB that is {}",
                    heap.share_of(percent, ByteSize(16 << 30)).unwrap_or_default()
                ));
            offer.limit(finding);
        }
    }
}
