//! The rule `swap-without-limit`.

use crate::diagnostic::Applicability;
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::{CHANGES, Offer};
use crate::workload::{SettingName, Workload};

rule! {
    name: "swap-without-limit",
    summary: "`memswap_limit` without a memory limit: the engine rejects it",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some(swap) = workload.service.memswap_limit.known().filter(|swap| swap.value.0 > 0) else {
        return;
    };
    if !workload.memory.limit.is_absent() || !workload.role.runs() || !offer.may_swap() {
        return;
    }
    let mut finding = cx.report(
        swap.span,
        format!(
            "`{}` has a `{}` of {} and no memory limit",
            workload.name,
            Form::of(workload).name(SettingName::SWAP_LIMIT),
            swap.value
        ),
    );
    finding
        .label("memory plus swap")
        .via(&swap.via)
        .daemon_says("You should always set the Memory limit when using Memoryswap limit, see usage");
    match offer.limit_like_swap() {
        Some(ops) => {
            let title =
                format!("set `{}` to the same value: all memory, no swap", offer.name_of(SettingName::LIMIT));
            finding.fix_ops(title, Applicability::Unsafe, CHANGES, ops);
        }
        None => offer.limit(&mut finding),
    }
}
