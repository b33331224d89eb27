//! The rule `swap-without-limit`.

use crate::diagnostic::Applicability;
use crate::rules::Sink;
use crate::rules::offer::{CHANGES, Offer};
use crate::workload::Project;

rule! {
    name: "swap-without-limit",
    summary: "`memswap_limit` without a memory limit: the engine refuses it",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()).filter(Offer::may_swap) {
        let workload = offer.workload;
        let memory = &workload.memory;
        let Some(swap) = workload.service.memswap_limit.known().filter(|swap| swap.value.0 > 0) else {
            continue;
        };
        if !memory.limit.is_absent() || !workload.role.runs() {
            continue;
        }
        let finding = sink
            .report(
                swap.span,
                "counts memory and swap together",
                format!("`{}` has a `memswap_limit` of {} and no memory limit", workload.name, swap.value),
            )
            .workload(workload)
            .via(&swap.via)
            .note("Error response from daemon: You should always set the Memory limit when using Memoryswap limit, see usage");
        match offer.limit_like_swap() {
            Some(requests) => {
                let title = format!("set `{}` to the same: all of it memory, no swap", offer.limit_name());
                finding.fix_model(title, Applicability::Unsafe, CHANGES, requests);
            }
            None => _ = offer.limit(finding),
        }
    }
}
