//! The rule `zero-memory-limit`.

use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::workload::Project;

rule! {
    name: "zero-memory-limit",
    summary: "a limit of 0 means no limit",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        let Some(limit) = workload.memory.limit.known().filter(|limit| limit.value.0 == 0) else {
            continue;
        };
        let finding = sink
            .report(
                limit.span,
                "0 is unlimited",
                format!("the memory limit of `{}` is 0, which limits nothing", workload.name),
            )
            .workload(workload)
            .via(&limit.via);
        offer.limit(finding);
    }
}
