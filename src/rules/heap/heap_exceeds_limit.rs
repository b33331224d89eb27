//! The rule `heap-exceeds-limit`.

use crate::diagnostic::{Confidence, Severity};
use crate::rules::RuleContext;
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::{MemoryPool, SettingName, SizedBy, Workload};

rule! {
    name: "heap-exceeds-limit",
    summary: "a heap may grow up to the memory limit or beyond: the kernel kills the container",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    for bounded in bounded_heaps(workload, &workload.pools.heaps) {
        exceeding(&offer, &bounded, cx);
    }
    together(&offer, cx);
}

/// Reports the parts of a product's memory that fit the limit each, but not together.
fn together(offer: &Offer<'_>, cx: &mut RuleContext<'_>) {
    let workload = offer.workload;
    let Some(limit) = workload.known_limit() else { return };
    let pools = workload.pools.heaps.iter().chain(&workload.pools.caches);
    let parts: Vec<(&MemoryPool, ByteSize, SizedBy)> = pools
        .filter(|pool| pool.part.is_some() && !pool.is_whole_process() && !pool.is_uncertain())
        .filter_map(|pool| pool.size_under(Some(limit.value), None).map(|size| (pool, size.size, size.by)))
        .collect();
    let total = parts.iter().fold(0_i64, |sum, (_, size, _)| sum.saturating_add(size.0));
    let set = || parts.iter().filter(|(_, _, by)| *by != SizedBy::Default);
    let Some((largest, ..)) = set().max_by_key(|(_, size, _)| *size) else { return };
    let alone = parts.iter().any(|(_, size, _)| *size >= limit.value);
    let Some(setting) = largest.bound.known().filter(|_| !alone && parts.len() > 1 && total >= limit.value.0)
    else {
        return;
    };
    let name = &workload.name;
    let terms: Vec<String> = parts
        .iter()
        .map(|(pool, size, by)| match by {
            SizedBy::Default => format!("{} of {size} (default)", pool.display_name()),
            _ => format!("{} of {size}", pool.display_name()),
        })
        .collect();
    let total = ByteSize(total);
    let mut finding =
        cx.report(limit.span, format!("`{name}` may use {total}; its limit is {}", limit.value));
    finding
        .label(format!("the kernel kills `{name}` at {}", limit.value))
        .via(&limit.via)
        .note(format!("{} = {total}", terms.join(" + ")));
    for (pool, size, _) in set() {
        if let Some(setting) = pool.bound.known() {
            finding.related(setting.span, format!("{} up to {size}", pool.display_name()));
        }
    }
    if set().count() < parts.len() {
        finding.severity(Severity::Warning).confidence(Confidence::Medium);
    }
    offer.room(&mut finding, largest, &setting.value);
}

fn exceeding(offer: &Offer<'_>, bounded: &BoundedHeap<'_>, cx: &mut RuleContext<'_>) {
    let (BoundedHeap { heap, setting, size, limit }, workload) = (bounded, offer.workload);
    if *size < limit.value {
        return;
    }
    let runtime = heap.runtime.display_name();
    let mut finding = cx.report(
        limit.span,
        format!(
            "{} of `{}` {} {size}; its limit is {}",
            bounded.what(),
            workload.name,
            bounded.verb(),
            limit.value
        ),
    );
    let part = heap.part.as_ref().map_or("heap", |part| part.part.as_str());
    finding
        .label(format!("the kernel kills `{}` at {}", workload.name, limit.value))
        .via(&limit.via)
        .related(setting.span, format!("{part} up to {size}"))
        .note(bounded.arithmetic());
    if heap.is_uncertain() {
        finding.severity(Severity::Note).confidence(Confidence::Low);
    }
    if let Some(note) = bounded.perhaps_unread(workload) {
        finding.severity(Severity::Warning).confidence(Confidence::Medium).note(note);
    } else if heap.assumed {
        let sign = match setting.value.variable() {
            None => "its command".to_owned(),
            Some(variable) => format!("`{variable}`"),
        };
        let name = &workload.name;
        let note = match workload.image_has(heap.runtime) {
            true => {
                format!("what starts {runtime} in `{name}` is not known: it may set another heap than {sign}")
            }
            false => format!("what `{name}` starts is not known; {sign} suggests that it runs {runtime}"),
        };
        finding.severity(Severity::Warning).confidence(Confidence::Medium).note(note);
    }
    if let Some(restart) = workload.process.restart.known().filter(|restart| restart.value != "no") {
        let restart = Form::of(workload).setting(SettingName::RESTART, &restart.value);
        finding.note(format!("with `{restart}` it is killed and restarted in a loop"));
    }
    offer.room(&mut finding, heap, &setting.value);
}
