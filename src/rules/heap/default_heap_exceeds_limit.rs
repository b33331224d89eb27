//! The rule `default-heap-exceeds-limit`.

use crate::capacity::Need;
use crate::diagnostic::{Applicability, Confidence, Severity};
use crate::rules::offer::{CHANGES, Offer, set_variables, set_words};
use crate::rules::{FindingBuilder, RuleContext};
use crate::source::Spanned;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{FactName, ImageDefaultHeap, MemoryPool, Workload};

rule! {
    name: "default-heap-exceeds-limit",
    summary: "the image's default heap does not fit the memory limit",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some(limit) = workload.known_limit() else {
        return;
    };
    for pool in workload.pools.heaps.iter().chain(&workload.pools.caches) {
        if let Some(size) = pool.fixed_default().filter(|size| pool.bound.is_absent() && *size >= limit.value)
        {
            part(&offer, pool, size, limit, cx);
        }
    }
    let Some(own) = &workload.pools.image_default_heap else { return };
    let heap = own.size();
    if heap < limit.value {
        return;
    }
    let (name, variable) = (&workload.name, &own.variable);
    let mut finding = cx.report(
        limit.span,
        format!("the heap of `{name}` is {heap} by default; its limit is {}", limit.value),
    );
    finding.label(format!("the kernel kills `{name}` at {}", limit.value)).via(&limit.via).related(
        workload.image.base.span(),
        format!("its start script sets {heap} when `{variable}` is not set"),
    );
    room(&offer, own, limit.value, &mut finding);
}

/// Reports a part of a product's memory whose default does not fit.
fn part(
    offer: &Offer<'_>,
    pool: &MemoryPool,
    size: ByteSize,
    limit: &Spanned<ByteSize>,
    cx: &mut RuleContext<'_>,
) {
    let workload = offer.workload;
    let (name, what) = (&workload.name, pool.display_name());
    let mut finding = cx.report(
        limit.span,
        format!("the {what} of `{name}` is {size} by default; its limit is {}", limit.value),
    );
    finding
        .label(format!("the kernel kills `{name}` at {}", limit.value))
        .via(&limit.via)
        .related(workload.image.base.span(), format!("the image's default for the {what} is {size}"));
    if pool.is_uncertain() {
        finding.severity(Severity::Note).confidence(Confidence::Low);
    }
    let half = ByteSize(limit.value.percent_in_mebibytes(50).saturating_mul(MIB));
    let variable = pool.own_variable(half).filter(|_| half.mebibytes() >= SMALLEST);
    if let Some((variable, value)) = variable {
        match set_variables(offer, &[(variable.clone(), value.clone())]) {
            Some(ops) => {
                let title = format!("use half of the limit for the {what}: set `{variable}` to `{value}`");
                let changes = &[FactName::Env, FactName::Heaps, FactName::Caches];
                finding.fix_ops(title, Applicability::Unsafe, changes, ops);
            }
            None => {
                finding.help(format!("set a smaller {what} in `{variable}`, or raise the limit"));
            }
        }
    }
    let need = Need::of(workload).ok().filter(|need| offer.fits_host(need.limit));
    if let Some((ops, need)) = need.and_then(|need| Some((offer.set_limit(need.limit, None)?, need))) {
        let title = format!("raise the limit to {}", need.limit.to_compose());
        finding.note(need.note(workload)).fix_ops(title, Applicability::Unsafe, CHANGES, ops);
    }
}

/// Adds fixes: a smaller heap, in the variable that the script reads, and a limit that holds the default.
fn room(offer: &Offer<'_>, own: &ImageDefaultHeap, limit: ByteSize, finding: &mut FindingBuilder<'_>) {
    let half = limit.percent_in_mebibytes(50);
    let size = own.largest_under(limit).map_or(half, |most| most.min(half));
    let value = own.written(size);
    if offer.settled_limit().is_some()
        && size >= SMALLEST
        && let Some((ops, edits)) = set_words(offer, &own.variable, &value)
    {
        let title = match size == half {
            true => format!("use half of the limit for the heap: set `{}` to `{value}`", own.variable),
            false => format!("lower the heap to {size} MiB: set `{}` to `{value}`", own.variable),
        };
        finding.fix_with_ops(title, Applicability::Unsafe, &[FactName::Env, FactName::Heaps], edits, ops);
    }
    let need = Need::of(offer.workload).ok().filter(|need| offer.fits_host(need.limit));
    match need.and_then(|need| Some((offer.set_limit(need.limit, None)?, need))) {
        Some((ops, need)) => {
            let title = format!("raise the limit to {}", need.limit.to_compose());
            finding.note(need.note(offer.workload)).fix_ops(title, Applicability::Unsafe, CHANGES, ops);
        }
        None => {
            finding.help(format!("set a smaller heap in `{}`, or raise the limit", own.variable));
        }
    }
}

/// The smallest heap that is offered, in MiB: none of these servers starts with less.
const SMALLEST: i64 = 128;
