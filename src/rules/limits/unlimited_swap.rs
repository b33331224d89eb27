//! The rule `unlimited-swap`.

use crate::rules::RuleContext;
use crate::rules::offer::Offer;
use crate::workload::Workload;

rule! {
    name: "unlimited-swap",
    summary: "`memswap_limit: -1` gives a limited container unlimited swap",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some((limit, swap)) = offer.limit_and_swap() else { return };
    if swap.value.0 != -1 {
        return;
    }
    let quoted = offer.key("memswap_limit").is_some_and(|key| !key.bare);
    let mut finding = cx.report(
        swap.span,
        format!("`{}` has unlimited swap on top of its {} limit", workload.name, limit.value),
    );
    finding.label("-1 is unlimited").via(&swap.via);
    if quoted && workload.described().is_none() {
        finding.note("as a string, Compose before 5.0 rejects it: invalid size: '-1'");
    }
    offer.no_swap(&mut finding, "disable swap: the same value as the memory limit");
}
