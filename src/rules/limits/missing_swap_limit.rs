//! The rule `missing-swap-limit`.

use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::workload::Project;

rule! {
    name: "missing-swap-limit",
    summary: "a memory limit without `memswap_limit` allows as much swap on top",
    severity: Note,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()).filter(Offer::may_swap) {
        let workload = offer.workload;
        let memory = &workload.memory;
        let Some(limit) = memory.limit.known().filter(|limit| limit.value.0 > 0) else { continue };
        if !workload.service.memswap_limit.is_absent() || !workload.role.runs() {
            continue;
        }
        let (name, size) = (&workload.name, limit.value);
        let finding = sink
            .report(
                limit.span,
                format!("{size} of memory, and {size} of swap on top"),
                format!("`{name}` may swap {size} beyond its memory limit of {size}"),
            )
            .workload(workload)
            .via(&limit.via)
            .group_message("services may swap as much again as their memory limit")
            .note("without `memswap_limit`, Docker lets it use as much swap as memory, if the host has swap");
        let title = format!("allow `{name}` no swap: `memswap_limit` counts memory and swap together");
        offer.no_swap(finding, &title);
    }
}
