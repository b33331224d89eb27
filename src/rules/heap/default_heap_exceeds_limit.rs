//! The rule `default-heap-exceeds-limit`.

use crate::capacity::Need;
use crate::diagnostic::Applicability;
use crate::rules::offer::{CHANGES, Offer, set_words};
use crate::rules::{Builder, Sink};
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, ImageDefaultHeap, Project};

rule! {
    name: "default-heap-exceeds-limit",
    summary: "the heap that the image sets by itself does not fit the limit",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        let Some(own) = &workload.pools.image_default_heap else { continue };
        let Some(limit) = workload.memory.limit.known().filter(|limit| limit.value.0 > 0) else {
            continue;
        };
        let heap = own.size();
        if heap < limit.value {
            continue;
        }
        let (name, variable) = (&workload.name, &own.variable);
        let finding = sink
            .report(
                limit.span,
                format!("the kernel kills `{name}` at {}", limit.value),
                format!("the heap of `{name}` is {heap} by default, its limit is {}", limit.value),
            )
            .workload(workload)
            .via(&limit.via)
            .related(
                workload.image.base.span(),
                format!("its start script sets {heap} when `{variable}` is not set"),
            );
        room(&offer, own, limit.value, finding);
    }
}

/// Adds fixes: a smaller heap, in the variable that the script reads, and a limit that holds the default.
fn room(offer: &Offer<'_>, own: &ImageDefaultHeap, limit: ByteSize, mut finding: Builder<'_>) {
    let half = limit.percent_in_mebibytes(50);
    let value = own.written(half);
    if offer.settled_limit().is_some()
        && half >= SMALLEST
        && let Some((requests, edits)) = set_words(offer, &own.variable, &value)
    {
        let title = format!("half of the limit for the heap: `{}` set to `{value}`", own.variable);
        finding = finding.fix_with_ops(
            title,
            Applicability::Unsafe,
            &[FactName::Env, FactName::Heaps],
            edits,
            requests,
        );
    }
    let need = Need::of(offer.workload).ok().filter(|need| offer.fits_host(need.limit));
    match need.and_then(|need| Some((offer.set_limit(need.limit, None)?, need))) {
        Some((requests, need)) => {
            let title = format!("or raise the limit to {}", need.limit.to_compose());
            finding.note(need.sum).fix_model(title, Applicability::Unsafe, CHANGES, requests);
        }
        None => _ = finding.help(format!("a smaller heap in `{}`, or a higher limit", own.variable)),
    }
}

/// The smallest heap that is offered, in MiB: none of these servers starts with less.
const SMALLEST: i64 = 128;
