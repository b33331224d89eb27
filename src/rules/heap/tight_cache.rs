//! The rule `tight-cache`.

use crate::diagnostic::Confidence;
use crate::rules::RuleContext;
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::offer::Offer;
use crate::workload::Workload;

rule! {
    name: "tight-cache",
    summary: "a server's cache leaves too little of the memory limit for what its settings allow",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let most = cx.policy().thresholds.cache_percent;
    let offer = Offer::of(workload, cx);
    for bounded in bounded_heaps(workload, &workload.pools.caches) {
        let BoundedHeap { heap, setting, size, limit } = &bounded;
        // A larger cache is the subject of `cache-exceeds-limit`.
        if size.0 as f64 / limit.value.0 as f64 * 100.0 > most {
            continue;
        }
        let Some(needs) = heap.server_needs() else { continue };
        let sum = needs.sum(*size);
        // Up to half of the limit a cache is small by any sizing guide: then only settings that somebody wrote count.
        let own = size.0.saturating_add(needs.raised().0);
        if sum <= limit.value || own <= limit.value.0 / 2 {
            continue;
        }
        let (name, server) = (&workload.name, heap.runtime.display_name());
        let message = format!(
            "`{name}` needs about {} with its settings, {size} of it as {server} cache; its limit is {}",
            sum.about(),
            limit.value
        );
        let mut finding = cx.report(setting.span, message);
        finding
            .label(format!("up to {size}"))
            .confidence(Confidence::Medium)
            .via(&setting.via)
            .related(limit.span, format!("the kernel kills `{name}` at {}", limit.value));
        for (place, text) in needs.raised_terms().flat_map(|term| &term.written) {
            finding.related(*place, format!("`{text}` adds to it"));
        }
        finding.note(bounded.arithmetic());
        offer.room(&mut finding, heap, &setting.value);
    }
}
