//! The rule `swap-below-limit`.

use crate::diagnostic::Applicability;
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, SettingName, Workload};

rule! {
    name: "swap-below-limit",
    summary: "`memswap_limit` (memory plus swap) below the memory limit: the engine rejects it",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some((limit, swap)) = offer.limit_and_swap() else { return };
    if swap.value.0 <= 0 || swap.value >= limit.value {
        return;
    }
    let both = ByteSize(limit.value.0.saturating_add(swap.value.0));
    let mut finding = cx.report(
        swap.span,
        format!(
            "`{}` of `{}` is {}, less than its memory limit of {}",
            Form::of(workload).name(SettingName::SWAP_LIMIT),
            workload.name,
            swap.value,
            limit.value
        ),
    );
    finding
        .label(format!("memory plus swap: {}", swap.value))
        .via(&swap.via)
        .related(limit.span, format!("memory alone: {}", limit.value))
        .daemon_says("Minimum memoryswap limit should be larger than memory limit, see usage");
    offer.no_swap(&mut finding, "disable swap: the same value as the memory limit");
    if let Some(ops) = offer.set_swap_size(both) {
        let title = format!("allow {} of swap: {} in all", swap.value, both.to_compose());
        finding.fix_ops(title, Applicability::Unsafe, &[FactName::SwapLimit], ops);
    }
}
