//! The rule `swap-below-limit`.

use crate::diagnostic::Applicability;
use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, Project};

rule! {
    name: "swap-below-limit",
    summary: "memory and swap together are less than the memory alone: the engine refuses it",
    severity: Error,
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
        if swap.value.0 <= 0 || limit.value.0 <= 0 || swap.value >= limit.value {
            continue;
        }
        let both = ByteSize(limit.value.0.saturating_add(swap.value.0));
        let finding = sink
            .report(
                swap.span,
                format!("memory and swap together: {}", swap.value),
                format!(
                    "`memswap_limit` of `{}` is {}, less than its memory limit of {}",
                    workload.name, swap.value, limit.value
                ),
            )
            .workload(workload)
            .via(&swap.via)
            .related(limit.span, format!("memory alone: {}", limit.value))
            .note("Error response from daemon: Minimum memoryswap limit should be larger than memory limit, see usage");
        let finding = offer.no_swap(finding, "allow no swap: the same as the memory limit");
        if let Some(requests) = offer.set_swap_size(both) {
            let title = format!("or allow {} of swap: {} together", swap.value, both.to_compose());
            finding.fix_model(title, Applicability::Unsafe, &[FactName::SwapLimit], requests);
        }
    }
}
