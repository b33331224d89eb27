//! The rule `runtime-ignores-limit`.

use crate::diagnostic::{Applicability, Confidence, Severity};
use crate::rules::RuleContext;
use crate::rules::offer::{Offer, bound_in_bytes, set_variables};
use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{Bound, FactName, MemoryPool, Workload};

rule! {
    name: "runtime-ignores-limit",
    summary: "a runtime or server that sizes itself to the host and ignores the limit",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    // Without a limit every runtime follows the host.
    if let Some(limit) = workload.known_limit() {
        heaps(&offer, limit, cx);
        server(&offer, limit, cx);
    }
}

fn heaps(offer: &Offer<'_>, limit: &Spanned<ByteSize>, cx: &mut RuleContext<'_>) {
    let (workload, name) = (offer.workload, &offer.workload.name);
    for heap in workload.pools.heaps.iter().filter(|heap| follows_memory(heap)) {
        let runtime = heap.runtime.display_name();
        let (unseen, word, severity) = match (&heap.limit_unseen, &heap.unseen_on_new_kernels) {
            (Some(unseen), _) => (unseen, "follows", RULE.meta().severity),
            (None, Some(unseen)) => (unseen, "may follow", Severity::Note),
            (None, None) => continue,
        };
        let low = severity == Severity::Note;
        let message = format!("the {runtime} heap of `{name}` {word} the host's memory, not its limit");
        let mut finding = cx.report(workload.image.base.span(), message);
        finding
            .label(unseen.why.as_str())
            .severity(severity)
            .confidence(if low { Confidence::Low } else { Confidence::Medium })
            .related(limit.span, format!("the kernel kills it at {}", limit.value))
            .related(heap.program.span, format!("starts {runtime}"))
            .help(unseen.way_out.as_str());
        bound_in_bytes(offer, heap, limit.value, &mut finding);
    }
}

/// Reports a server that sizes itself by the host, unless variables or an option set its size.
fn server(offer: &Offer<'_>, limit: &Spanned<ByteSize>, cx: &mut RuleContext<'_>) {
    let (workload, name) = (offer.workload, &offer.workload.name);
    let Some(sized) = workload.memory.ignores_cgroup_limit.as_ref().filter(|sized| sized.certain) else {
        return;
    };
    let message = format!("`{name}` sizes itself to the host's memory, not to its limit");
    if let Some(share) = &sized.share {
        cx.report(share.span, message)
            .label("a percentage of the host's memory")
            .confidence(Confidence::Medium)
            .related(limit.span, format!("the kernel kills it at {}", limit.value))
            .help(match limit.value.useful_percent(60) {
                Some(size) => format!("use a size instead: `vm_memory_high_watermark.absolute = {size}MiB`"),
                None => format!("raise the limit of {}: hardly anything fits in it", limit.value),
            });
        return;
    }
    let mut finding = cx.report(workload.image.base.span(), message);
    finding
        .label(sized.why.as_str())
        .confidence(Confidence::Medium)
        .related(limit.span, format!("the kernel kills it at {}", limit.value));
    let Some(names) = sized.names() else {
        if let Some(option) = &sized.option {
            finding.help(format!(
                "start it with `{option}`: the rest of the limit is for connections and queries"
            ));
        }
        return;
    };
    match set_variables(offer, &sized.variables) {
        Some(ops) => {
            let title = format!("set {names} to what the limit allows");
            finding.fix_ops(
                title,
                Applicability::Unsafe,
                &[FactName::Env, FactName::Heaps, FactName::Caches],
                ops,
            );
        }
        None => {
            finding.help(format!("set {names} to what the limit allows"));
        }
    }
}

/// True if it has no bound, or is bounded by a share of the memory it sees.
fn follows_memory(heap: &MemoryPool) -> bool {
    heap.bound.is_absent()
        || heap.bound.value().is_some_and(|setting| matches!(setting.bound, Bound::Percent(_)))
}
