//! The rule `limit-exceeds-host`.

use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "limit-exceeds-host",
    summary: "a memory limit above the memory of the host",
    severity: Error,
    group: Host,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let (Some(host), Some(limit)) = (cx.policy().host_memory, workload.memory.limit.known()) else {
        return;
    };
    if limit.value <= host || !workload.role.runs() {
        return;
    }
    cx.report(
        limit.span,
        format!("the limit of `{}` is {}, more than the host has", workload.name, limit.value),
    )
    .label(format!("the host has {host}"))
    .via(&limit.via)
    .note("such a limit never applies: the host runs out of memory first");
}
