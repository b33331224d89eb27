//! The rule `unlimited-swap`.

use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::workload::Project;

rule! {
    name: "unlimited-swap",
    summary: "`memswap_limit: -1` lets a limited container swap without end",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()).filter(Offer::may_swap) {
        let workload = offer.workload;
        let memory = &workload.memory;
        let (Some(limit), Some(swap)) = (memory.limit.known(), workload.service.memswap_limit.known()) else {
            continue;
        };
        if swap.value.0 != -1 || limit.value.0 <= 0 {
            continue;
        }
        let quoted = workload.service.size_keys.iter().any(|key| key.name == "memswap_limit" && !key.bare);
        let mut finding = sink
            .report(
                swap.span,
                "-1 is unlimited",
                format!(
                    "`{}` may use all swap of the host beyond its limit of {}",
                    workload.name, limit.value
                ),
            )
            .workload(workload)
            .via(&swap.via);
        if quoted {
            finding = finding.note("written as a string, Compose before 5.0 refuses it: invalid size: '-1'");
        }
        offer.no_swap(finding, "allow no swap: the same as the memory limit");
    }
}
