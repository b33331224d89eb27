//! The rule `cache-exceeds-limit`.

use crate::diagnostic::{Confidence, Severity};
use crate::rules::RuleContext;
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::{MemoryPool, Workload};

rule! {
    name: "cache-exceeds-limit",
    summary: "a server's cache may grow up to the memory limit or beyond",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let most = cx.policy().thresholds.cache_percent;
    let offer = Offer::of(workload, cx);
    for bounded in bounded_heaps(workload, &workload.pools.caches) {
        let BoundedHeap { heap, setting, size, limit } = &bounded;
        let percent = size.0 as f64 / limit.value.0 as f64 * 100.0;
        let exceeds = *size >= limit.value;
        if !exceeds && (percent <= most || heap.is_whole_process()) {
            continue;
        }
        let (name, what) = (&workload.name, cache_name(heap));
        let message = match exceeds {
            true => {
                format!("{what} of `{name}` may grow to {size}; its limit is {}", limit.value)
            }
            false => format!(
                "{what} of `{name}` leaves {} of its {} limit for everything else",
                ByteSize(limit.value.0 - size.0),
                limit.value
            ),
        };
        let mut finding = cx.report(setting.span, message);
        finding
            .label(format!("up to {size}"))
            .via(&setting.via)
            .related(limit.span, format!("the kernel kills `{name}` at {}", limit.value))
            .note(bounded.arithmetic());
        if !exceeds {
            finding.severity(Severity::Warning).confidence(Confidence::Medium);
        }
        if heap.is_uncertain() {
            finding.severity(Severity::Note).confidence(Confidence::Low);
        }
        offer.room(&mut finding, heap, &setting.value);
    }
}

/// Returns the name of a cache in messages, with its article.
fn cache_name(heap: &MemoryPool) -> String {
    match heap.part {
        Some(_) => format!("the {}", heap.display_name()),
        None => format!("the {} cache", heap.runtime.display_name()),
    }
}
