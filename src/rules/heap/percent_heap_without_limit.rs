//! The rule `percent-heap-without-limit`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::{Bound, Workload};

rule! {
    name: "percent-heap-without-limit",
    summary: "a heap as a percentage of a limit that does not exist: a percentage of the host's memory",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    if !workload.memory.limit.is_absent() || !workload.role.lasts() {
        return;
    }
    for heap in &workload.pools.heaps {
        let Some(setting) = heap.bound.known() else { continue };
        let Bound::Percent(percent) = setting.value.bound else { continue };
        let (name, runtime) = (&workload.name, heap.runtime.display_name());
        let mut finding = cx.report(
            setting.span,
            format!("the {runtime} heap of `{name}` is {percent} % of the host's memory: it has no limit"),
        );
        finding
            .label(format!("{percent} % of the host's memory"))
            .via(&setting.via)
            .severity(workload.role.soften(RULE.meta().severity))
            .related(workload.anchor, format!("this {} has no memory limit", Form::of(workload).noun()))
            .note(format!(
                "on a host with 16 GiB that is {}",
                heap.share_of(percent, ByteSize(16 << 30)).unwrap_or_default()
            ));
        offer.limit(&mut finding);
    }
}
