//! `unbounded-heap`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Confidence, Severity};
use crate::model::size::ByteSize;
use crate::source::Spanned;
use crate::workload::{Heap, RuntimeName, Workload};

/// A managed heap that nothing bounds.
pub(super) struct UnboundedHeap;

static META: Meta = Meta {
    name: "unbounded-heap",
    summary: "a Java or Node heap that neither a flag nor a memory limit bounds",
    severity: Severity::Warning,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/unbounded-heap.md"),
};

impl Rule for UnboundedHeap {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.role.runs() {
            return;
        }
        for heap in workload.heaps.iter().filter(|heap| heap.bound.is_absent()) {
            if workload.memory.limit.is_absent() {
                unlimited(workload, heap, sink);
            } else if let Some(limit) = workload.memory.limit.known()
                && let Some(default) = heap.default_for(limit.value)
            {
                limited(workload, heap, limit, default, sink);
            }
        }
    }
}

fn unlimited(workload: &Workload, heap: &Heap, sink: &mut Sink<'_>) {
    let (name, runtime) = (&workload.name, heap.runtime.display_name());
    let place = heap.carrier.as_ref().map_or(heap.program.span, |carrier| carrier.span);
    let label = match &heap.carrier {
        Some(carrier) => format!("`{}` sets flags, none of them bounds the heap", carrier.value),
        None => format!("{runtime} starts here without a bound for its heap"),
    };
    let mut finding = sink
        .report(place, label, format!("nothing bounds the {runtime} heap of `{name}`"))
        .of(workload)
        .severity(workload.role.soften(META.severity))
        .confidence(Confidence::Medium)
        .note(without_limit(heap.runtime))
        .help(advice(heap.runtime));
    if workload.anchor != place {
        finding = finding.related(workload.anchor, "no memory limit on this service");
    }
    if place != heap.program.span {
        finding.related(heap.program.span, format!("starts {runtime}"));
    }
}

fn limited(
    workload: &Workload,
    heap: &Heap,
    limit: &Spanned<ByteSize>,
    default: ByteSize,
    sink: &mut Sink<'_>,
) {
    let (name, runtime) = (&workload.name, heap.runtime.display_name());
    let percent = (default.0 as f64 / limit.value.0 as f64 * 100.0).round();
    sink.report(
        limit.span,
        format!("leaves {runtime} a heap of about {default}"),
        format!("`{name}` leaves its {runtime} heap at the default, about {default} of {}", limit.value),
    )
    .of(workload)
    .severity(Severity::Note)
    .confidence(Confidence::Medium)
    .via(&limit.via)
    .related(heap.program.span, format!("starts {runtime} without a bound for its heap"))
    .note(format!(
        "{runtime} takes about {percent} % of a limit of {} when no flag says otherwise",
        limit.value
    ))
    .help(advice(heap.runtime));
}

fn without_limit(runtime: RuntimeName) -> &'static str {
    match runtime {
        RuntimeName::Java => "without a limit the default is a quarter of the host's memory",
        _ => "without a limit the default follows the host's memory, up to about 4 GiB",
    }
}

fn advice(runtime: RuntimeName) -> &'static str {
    match runtime {
        RuntimeName::Java => {
            "with a memory limit on the service, let the heap follow it:\n  JAVA_TOOL_OPTIONS: -XX:MaxRAMPercentage=70.0"
        }
        _ => {
            "about three quarters of the service's memory limit, in MiB:\n  NODE_OPTIONS: --max-old-space-size=384"
        }
    }
}
