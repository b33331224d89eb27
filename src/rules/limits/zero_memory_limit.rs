//! The rule `zero-memory-limit`.

use crate::rules::RuleContext;
use crate::rules::offer::Offer;
use crate::workload::Workload;

rule! {
    name: "zero-memory-limit",
    summary: "a limit of 0 means no limit",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some(limit) = workload.memory.limit.known().filter(|limit| limit.value.0 == 0) else {
        return;
    };
    let mut finding =
        cx.report(limit.span, format!("the memory limit of `{}` is 0, which means unlimited", workload.name));
    finding.label("0 is unlimited").via(&limit.via);
    offer.limit(&mut finding);
}
