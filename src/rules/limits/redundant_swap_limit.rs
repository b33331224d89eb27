//! The rule `redundant-swap-limit`.

use crate::diagnostic::Applicability;
use crate::diagnostic::FixOp;
use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::workload::{FactName, Project, SizeKey};

rule! {
    name: "redundant-swap-limit",
    summary: "memswap_limit repeats the engine's default",
    severity: Note,
    group: Limits,
    preset: Strict,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()).filter(Offer::may_swap) {
        let workload = offer.workload;
        let memory = &workload.memory;
        let (Some(swap), Some(limit)) = (workload.service.memswap_limit.known(), memory.limit.known()) else {
            continue;
        };
        if limit.value.0 <= 0 || (swap.value.0 != 0 && Some(swap.value.0) != limit.value.0.checked_mul(2)) {
            continue;
        }
        let name = &workload.name;
        let mut finding = sink
            .report(
                swap.span,
                "the same as no line at all",
                format!(
                    "`memswap_limit` of `{name}` is the default: {} of swap on top of {}",
                    limit.value, limit.value
                ),
            )
            .workload(workload)
            .via(&swap.via)
            .related(limit.span, format!("a limit of {}", limit.value));
        // If a variable sets one of them, the two may differ elsewhere.
        let varies = |key: &SizeKey| key.name == "memswap_limit" && key.text.varies();
        let varies = workload.service.size_keys.iter().any(varies)
            || workload.limit_key().is_none_or(|key| key.text.varies());
        let removable = workload.removable_key("memswap_limit");
        if let Some(key) = removable.filter(|key| !varies && !offer.is_limited_elsewhere(*key)) {
            finding = finding.fix_model(
                "remove the line",
                Applicability::Safe,
                &[FactName::SwapLimit],
                vec![FixOp::Remove { key }],
            );
        }
        offer.no_swap(finding, "or allow no swap: the same as the memory limit");
    }
}
