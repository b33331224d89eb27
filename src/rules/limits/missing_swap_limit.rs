//! The rule `missing-swap-limit`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::workload::{SettingName, Workload};

rule! {
    name: "missing-swap-limit",
    summary: "a memory limit without `memswap_limit` allows as much swap on top",
    severity: Note,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some(limit) = workload.known_limit() else { return };
    if !workload.service.memswap_limit.is_absent() || !workload.role.lasts() || !offer.may_swap() {
        return;
    }
    let (name, size, key) = (&workload.name, limit.value, Form::of(workload).name(SettingName::SWAP_LIMIT));
    let mut finding =
        cx.report(limit.span, format!("`{name}` may use {size} of swap on top of its {size} memory limit"));
    finding
        .label(format!("{size} of memory, and {size} of swap on top"))
        .via(&limit.via)
        .group_message("may use as much swap as memory")
        .note(format!("without `{key}`, Docker allows as much swap as memory, if the host has swap"));
    let title = format!("disable swap for `{name}` (`{key}` is memory plus swap)");
    offer.no_swap(&mut finding, &title);
}
