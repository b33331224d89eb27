//! The rule `redundant-swap-limit`.

use crate::diagnostic::Applicability;
use crate::diagnostic::FixOp;
use crate::rules::RuleContext;
use crate::rules::offer::Offer;
use crate::workload::{FactName, SizeKey, Workload};

rule! {
    name: "redundant-swap-limit",
    summary: "memswap_limit repeats the engine's default",
    severity: Note,
    group: Limits,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    if !offer.may_swap() {
        return;
    }
    let memory = &workload.memory;
    let (Some(swap), Some(limit)) = (workload.service.memswap_limit.known(), memory.limit.known()) else {
        return;
    };
    if limit.value.0 <= 0 || (swap.value.0 != 0 && Some(swap.value.0) != limit.value.0.checked_mul(2)) {
        return;
    }
    let name = &workload.name;
    let mut finding = cx.report(
        swap.span,
        format!(
            "`memswap_limit` of `{name}` is the default: {} of swap on top of {}",
            limit.value, limit.value
        ),
    );
    finding
        .label("the same as no line at all")
        .via(&swap.via)
        .related(limit.span, format!("a limit of {}", limit.value));
    // If a variable sets one of them, the two may differ elsewhere.
    let varies = |key: &SizeKey| key.name == "memswap_limit" && key.text.varies();
    let varies = workload.service.size_keys.iter().any(varies)
        || workload.limit_key().is_none_or(|key| key.text.varies());
    let removable = workload.removable_key("memswap_limit");
    if let Some(key) = removable.filter(|key| !varies && !offer.is_limited_elsewhere(*key)) {
        finding.fix_model(
            "remove the line",
            Applicability::Safe,
            &[FactName::SwapLimit],
            vec![FixOp::Remove { key }],
        );
    }
    offer.no_swap(&mut finding, "or allow no swap: the same as the memory limit");
}
