//! `ignored-heap-percentage`

use super::estimate::SHARES_COUNT_FROM;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::catalog::RuntimeName;
use crate::finding::{Applicability, Edit, Severity};
use crate::model::size::ByteSize;
use crate::workload::{Bound, Heap, Workload};

/// A share that the runtime does not take.
pub(super) struct IgnoredHeapPercentage;

static META: Meta = Meta {
    name: "ignored-heap-percentage",
    summary: "a heap percentage without effect",
    severity: Severity::Warning,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/ignored-heap-percentage.md"),
};

impl Rule for IgnoredHeapPercentage {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for heap in &workload.heaps {
            beside_a_number(workload, heap, sink);
            let Some(setting) = heap.bound.known() else { continue };
            let Bound::Percent(percent) = setting.value.bound else { continue };
            let (name, written) = (&workload.name, setting.value.written());
            let runtime = heap.runtime.display_name();
            if percent < 1.0 {
                // 0.29 * 100 is 28.999… in binary.
                let share = (percent * 1000.0).round() / 10.0;
                let finding = sink
                    .report(
                        setting.span,
                        format!("{percent} percent, not {share} percent"),
                        format!("`{written}` gives `{name}` less than a hundredth of its memory"),
                    )
                    .of(workload)
                    .note(format!("the value is a percentage: {runtime} falls back to its smallest heap"));
                if let Some(flag) = setting.value.with_percent(share) {
                    let text = &setting.value.flag;
                    let edit = Edit { span: text.span_of(0..text.as_str().len()), replacement: flag.clone() };
                    finding.fix(
                        format!("write `{flag}`"),
                        Applicability::Unsafe,
                        &["env", "start", "heaps"],
                        vec![edit],
                    );
                }
                continue;
            }
            let small =
                workload.memory.limit.known().filter(|limit| (1..SHARES_COUNT_FROM).contains(&limit.value.0));
            if let (RuntimeName::Java, Some(limit), Some(taken)) =
                (heap.runtime, small, small.and_then(|limit| heap.share_of(percent, limit.value)))
            {
                sink.report(
                    setting.span,
                    format!("the heap is {taken}, half of the limit"),
                    format!("`{written}` of `{name}` has no effect below a limit of 252 MiB"),
                )
                .of(workload)
                .related(limit.span, format!("a limit of {}", limit.value))
                .note(format!(
                    "the JVM takes half of a small limit: {} / 2 = {taken}, not {percent} % = {}",
                    limit.value,
                    ByteSize((limit.value.0 as f64 * percent / 100.0) as i64)
                ))
                .help(format!(
                    "a number of its own holds everywhere:\n  -Xmx{}m",
                    limit.value.percent_in_mebibytes(50)
                ));
            }
        }
    }
}

fn beside_a_number(workload: &Workload, heap: &Heap, sink: &mut Sink<'_>) {
    let (Some(share), Some(number)) = (&heap.overruled, heap.bound.known()) else { return };
    let (share_text, number_text) = (share.written(), number.value.written());
    sink.report(
        share.flag.span(),
        format!("`{number_text}` wins"),
        format!("`{share_text}` of `{}` has no effect beside `{number_text}`", workload.name),
    )
    .of(workload)
    .related(number.span, "a number of bytes beats a share, in any order")
    .help("keep the one that is meant");
}
