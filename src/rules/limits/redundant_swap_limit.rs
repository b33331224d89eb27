//! The rule `redundant-swap-limit`.

use crate::diagnostic::{Applicability, FixOp};
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, SettingName, Workload};

rule! {
    name: "redundant-swap-limit",
    summary: "`memswap_limit` repeats the engine's default",
    severity: Note,
    group: Limits,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some((limit, swap)) = redundant(&offer) else { return };
    let project = cx.project();
    let (name, key) = (&workload.name, Form::of(workload).name(SettingName::SWAP_LIMIT));
    let mut finding = cx.report(
        swap.span,
        format!("`{key}` of `{name}` is the default: {} of swap on top of {}", limit.value, limit.value),
    );
    finding
        .label("same as without this line")
        .via(&swap.via)
        .related(limit.span, format!("a limit of {}", limit.value));
    // If a variable sets one of them, the two may differ elsewhere.
    let varies = offer.key("memswap_limit").is_some_and(|key| key.text.varies())
        || workload.limit_key().is_none_or(|key| key.text.varies());
    let removable = workload.removable_key("memswap_limit").filter(|span| {
        let mut readers = project.readers_of(swap.span);
        let in_all = readers.all(|workload| redundant(&Offer { workload, ..offer }).is_some());
        in_all && !varies && !offer.is_limited_elsewhere(*span) && !offer.is_limited_by_override()
    });
    if let Some(span) = removable {
        finding.fix_ops(
            format!("remove the line of `{key}`"),
            Applicability::Safe,
            &[FactName::SwapLimit],
            vec![FixOp::Remove { key: span }],
        );
    }
    offer.no_swap(&mut finding, "disable swap: the same value as the memory limit");
}

/// Returns the memory limit and `memswap_limit`, if that is the engine's default for the limit.
fn redundant<'w>(offer: &Offer<'w>) -> Option<(&'w Spanned<ByteSize>, &'w Spanned<ByteSize>)> {
    let (limit, swap) = offer.limit_and_swap()?;
    let is_default = swap.value.0 == 0 || Some(swap.value.0) == limit.value.0.checked_mul(2);
    is_default.then_some((limit, swap))
}
