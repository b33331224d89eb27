//! The rule `min-ram-percentage`.

use crate::diagnostic::{Applicability, FixOp, Severity};
use crate::rules::estimate::is_tight;
use crate::rules::{FindingBuilder, RuleContext};
use crate::source::Spanned;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{Bound, Fact, FactName, HeapSetting, MemoryPool, SmallShare, Workload};

rule! {
    name: "min-ram-percentage",
    summary: "`-XX:MinRAMPercentage` is not a minimum: it is the maximum heap where memory is small",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

const CHANGES: &[FactName] = &[FactName::Env, FactName::Start, FactName::Heaps];

/// The share is the heap where it comes to less than this (`gc_globals.hpp`, `MaxHeapSize`).
const SMALL: ByteSize = ByteSize(126 * MIB);

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for heap in &workload.pools.heaps {
        let Some(small) = &heap.small_share else { continue };
        if heap.limit_unseen.is_some() || heap.has_fixed_memory() || small.percent <= 0.0 {
            continue;
        }
        match (Maximum::of(small), workload.known_limit(), &workload.memory.limit) {
            (Maximum::Number(number), ..) => overridden_by_size(workload, small, number, cx),
            (maximum, Some(limit), _) => under_limit(workload, (heap, small, maximum), limit, cx),
            (Maximum::Share(most, _), None, _) if most == small.percent => {}
            (_, None, Fact::Absent { .. }) => without_limit(workload, small, cx),
            _ => {}
        }
    }
}

/// The other setting of the largest heap, which applies where memory is not small.
#[derive(Clone, Copy)]
enum Maximum<'h> {
    Default,
    Share(f64, &'h HeapSetting),
    Number(&'h HeapSetting),
}

impl<'h> Maximum<'h> {
    fn of(small: &'h SmallShare) -> Self {
        match small.maximum.as_ref().map(|setting| (setting, setting.bound)) {
            None => Self::Default,
            Some((setting, Bound::Percent(percent))) => Self::Share(percent, setting),
            Some((setting, Bound::Bytes(_))) => Self::Number(setting),
        }
    }
}

fn overridden_by_size(
    workload: &Workload,
    small: &SmallShare,
    number: &HeapSetting,
    cx: &mut RuleContext<'_>,
) {
    let (flag, number_text) = (small.flag.as_str(), number.written());
    let mut finding = cx.report(
        small.flag.span(),
        format!("`{flag}` of `{}` has no effect together with `{number_text}`", workload.name),
    );
    finding
        .label("not a minimum, and not used here")
        .severity(Severity::Note)
        .related(number.flag.span(), "a size overrides a percentage, in any order")
        .note("it is the maximum heap where memory is small; the initial heap is `-Xms`");
    take_out(small, &mut finding);
}

fn without_limit(workload: &Workload, small: &SmallShare, cx: &mut RuleContext<'_>) {
    let threshold = threshold(small);
    // A host of that size would be possible.
    if threshold.0 > 1024 * MIB {
        return;
    }
    let mut finding = no_effect(workload, small, &format!("memory is above {threshold}"), cx);
    take_out(small, &mut finding);
}

fn under_limit(
    workload: &Workload,
    (heap, small, maximum): (&MemoryPool, &SmallShare, Maximum<'_>),
    limit: &Spanned<ByteSize>,
    cx: &mut RuleContext<'_>,
) {
    let Some((with, without)) = heap.with_and_without_small_share(limit.value) else { return };
    let decides = heap.is_bound_by_small_share();
    let most = match maximum {
        Maximum::Share(most, setting) => Some((most, setting)),
        Maximum::Default | Maximum::Number(_) => None,
    };
    // Both the same: one share under every limit.
    if most.is_some_and(|(most, _)| most == small.percent) {
        return;
    }
    let beats = most.filter(|_| decides);
    if beats.is_none() && with > without {
        // It raises the heap of a small memory, which is what it is for.
        return;
    }
    if beats.is_none() && with == without {
        let mut finding = no_effect(workload, small, &format!("under a limit of {}", limit.value), cx);
        finding.related(limit.span, format!("the heap is {with} with and without it"));
        take_out(small, &mut finding);
        return;
    }
    let (name, flag, percent) = (&workload.name, small.flag.as_str(), small.percent);
    let thresholds = &cx.policy().thresholds;
    let fits = |size: ByteSize| !is_tight(heap, size, limit.value, thresholds);
    let mut finding = cx.report(
        small.flag.span(),
        format!("`{flag}` is the maximum heap of `{name}`, not a minimum: {with}"),
    );
    finding
        .label(format!("{percent} % of {} is the heap", limit.value))
        .related(limit.span, format!("a limit of {}", limit.value))
        .note(format!(
            "{percent} % of {} = {}, less than {SMALL}: then only this flag counts",
            limit.value,
            share(percent, limit.value)
        ));
    let Some((most, setting)) = beats else {
        finding.note(format!("without it the heap is {without}"));
        if fits(without) {
            take_out(small, &mut finding);
        } else {
            finding.help(format!("remove it: the heap is then {without}, so raise the limit as well"));
        }
        return;
    };
    let meant = share(most, limit.value);
    finding.related(
        setting.flag.span(),
        format!("`{}` would be {meant}, and is not used here", setting.written()),
    );
    same_share(small, setting, most, heap, limit.value, &fits, &mut finding);
}

/// Offers the share of `MaxRAMPercentage` for both, which then holds under every limit.
fn same_share(
    small: &SmallShare,
    setting: &HeapSetting,
    most: f64,
    heap: &MemoryPool,
    limit: ByteSize,
    fits: &dyn Fn(ByteSize) -> bool,
    finding: &mut FindingBuilder<'_>,
) {
    let text = setting.flag.as_str().replacen("MaxRAM", "MinRAM", 1);
    let size = heap.with_small_share(most, limit).filter(|size| fits(*size));
    let place = small.flag.verbatim_span();
    match (size, place) {
        (Some(size), Some(value)) if text.contains("MinRAMPercentage=") => {
            let title = format!("write `{text}`: the same percentage with every limit, {size} here");
            let set = FixOp::Replace { value, text };
            finding.fix_ops(title, Applicability::Unsafe, CHANGES, vec![set]);
        }
        (Some(size), _) => {
            finding.help(format!("write the same percentage in both: the heap is then {size}"));
        }
        (None, _) => {
            finding.help(format!(
                "write the same percentage in both, with a limit that leaves room outside {most} % of it"
            ));
        }
    }
}

fn no_effect<'c>(
    workload: &Workload,
    small: &SmallShare,
    place: &str,
    cx: &'c mut RuleContext<'_>,
) -> FindingBuilder<'c> {
    let (flag, name) = (small.flag.as_str(), &workload.name);
    let mut finding = cx.report(small.flag.span(), format!("`{flag}` of `{name}` has no effect {place}"));
    finding.label("not a minimum of the heap").severity(Severity::Note).note(format!(
        "it is the maximum heap where {} % of the memory is less than {SMALL}: below {}; the initial heap is `-XX:InitialRAMPercentage`",
        small.percent,
        threshold(small)
    ));
    finding
}

fn take_out(small: &SmallShare, finding: &mut FindingBuilder<'_>) {
    let title = "remove it".to_owned();
    match small.flag.verbatim_span() {
        Some(word) => {
            finding.fix_ops(title, Applicability::Unsafe, CHANGES, vec![FixOp::RemoveWord { word }]);
        }
        None => {
            finding.help(title);
        }
    }
}

/// Returns the memory below which the share is less than [`SMALL`].
fn threshold(small: &SmallShare) -> ByteSize {
    ByteSize((SMALL.0 as f64 * 100.0 / small.percent) as i64)
}

fn share(percent: f64, of: ByteSize) -> ByteSize {
    ByteSize((of.0 as f64 * percent / 100.0) as i64)
}
