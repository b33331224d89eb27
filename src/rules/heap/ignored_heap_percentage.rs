//! The rule `ignored-heap-percentage`.

use crate::catalog::RuntimeName;
use crate::diagnostic::{Applicability, Edit};
use crate::rules::RuleContext;
use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{Bound, FactName, HeapSetting, MemoryPool, Workload};

rule! {
    name: "ignored-heap-percentage",
    summary: "a heap percentage without effect",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for heap in &workload.pools.heaps {
        overridden_by_size(workload, heap, cx);
        let Some(setting) = heap.bound.known() else { continue };
        let Bound::Percent(percent) = setting.value.bound else { continue };
        let (name, written) = (&workload.name, setting.value.written());
        let runtime = heap.runtime.display_name();
        if percent < 1.0 && heap.runtime == RuntimeName::Java {
            // 0.29 * 100 is 28.999… in binary.
            let share = (percent * 1000.0).round() / 10.0;
            let label = match share > 0.0 {
                true => format!("{percent} percent, not {share} percent"),
                false => "the smallest possible heap".to_owned(),
            };
            let mut finding = cx.report(
                setting.span,
                format!("`{written}` gives the heap of `{name}` less than 1 % of its memory"),
            );
            finding
                .label(label)
                .note(format!("the value is a percentage; {runtime} falls back to its smallest heap"));
            let flag = heap.with_percent(&setting.value, share);
            if let Some(flag) = flag.filter(|flag| share > 0.0 && flag.starts_with('-')) {
                let text = &setting.value.flag;
                let edit = Edit { span: text.span_of(0..text.as_str().len()), replacement: flag.clone() };
                finding.fix(
                    format!("write `{flag}`"),
                    Applicability::Unsafe,
                    &[FactName::Env, FactName::Start, FactName::Heaps],
                    vec![edit],
                );
            }
            continue;
        }
        small_limit(workload, heap, setting, percent, cx);
    }
}

/// Reports a share that does not count: under a small limit the JVM takes half, whatever the share.
fn small_limit(
    workload: &Workload,
    heap: &MemoryPool,
    setting: &Spanned<HeapSetting>,
    percent: f64,
    cx: &mut RuleContext<'_>,
) {
    let Some(limit) = workload.known_limit() else { return };
    if heap.max_percentage_applies(limit.value) || heap.limit_unseen.is_some() {
        return;
    }
    let Some(taken) = heap.share_of(percent, limit.value) else { return };
    let meant = ByteSize((limit.value.0 as f64 * percent / 100.0) as i64);
    // The share may come to about half as well, and `-Xms` may raise the heap above half.
    if (meant.0 - taken.0).abs() < 1 << 20 || taken.0 > limit.value.0 / 2 {
        return;
    }
    let mut finding = cx.report(
        setting.span,
        format!(
            "`{}` of `{}` has no effect below a limit of 252 MiB",
            setting.value.written(),
            workload.name
        ),
    );
    finding
        .label(format!("the heap is {taken}, half of the limit"))
        .via(&setting.via)
        .related(limit.span, format!("a limit of {}", limit.value))
        .note(format!(
            "the JVM takes half of a small limit: {} / 2 = {taken}, not {percent} % = {meant}",
            limit.value
        ));
    match roomy_limit(percent) {
        Some(roomy) => finding.help(format!(
            "with a limit of {roomy} the percentage applies, and leaves room outside the heap"
        )),
        None => finding.help("half of the limit fits: remove the flag"),
    };
}

/// Returns the smallest limit under which a share counts and leaves what a small JVM takes outside its heap. `None` for shares
/// above 75 %.
fn roomy_limit(percent: f64) -> Option<ByteSize> {
    const OFF_HEAP: f64 = 130.0;
    let rest = 1.0 - percent / 100.0;
    let mebibytes = (OFF_HEAP / rest).max(256.0);
    (percent <= 75.0).then(|| ByteSize((mebibytes.ceil() as i64) << 20).rounded_up())
}

/// Reports a share that a size overrides.
fn overridden_by_size(workload: &Workload, heap: &MemoryPool, cx: &mut RuleContext<'_>) {
    let (Some(share), Some(number)) = (&heap.overruled, heap.bound.known()) else { return };
    let (share_text, number_text) = (share.written(), number.value.written());
    // `min-ram-percentage` reports that one.
    if heap.is_bound_by_small_share() {
        return;
    }
    let begins = heap.initial.as_ref().is_some_and(|initial| initial.flag.span() == number.span);
    let mut finding = cx.report(
        share.flag.span(),
        format!("`{share_text}` of `{}` has no effect: `{number_text}` overrides it", workload.name),
    );
    finding
        .label(format!("`{number_text}` wins"))
        .related(
            number.span,
            match begins {
                true => "the largest heap is no smaller than the initial one",
                false => "a size overrides a percentage, in any order",
            },
        )
        .help("keep the one you want");
}
