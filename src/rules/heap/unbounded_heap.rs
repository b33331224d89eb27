//! The rule `unbounded-heap`.

use crate::diagnostic::{Confidence, Severity};
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::{Offer, bound_default, usual};
use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{Kind, MemoryPool, RuntimeName, Workload};

rule! {
    name: "unbounded-heap",
    summary: "a Java or Node heap that neither a flag nor a memory limit caps",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    if !workload.role.lasts() {
        return;
    }
    let offer = Offer::of(workload, cx);
    let grows = |heap: &&MemoryPool| matches!(heap.runtime, RuntimeName::Java | RuntimeName::Node);
    for heap in workload.pools.heaps.iter().filter(grows).filter(|heap| heap.bound.is_absent()) {
        // That setting is what to repair. A second one would hide it.
        if heap.has_setting_without_effect() {
            continue;
        }
        if workload.kind == Kind::Image {
            tuned(workload, heap, cx);
        } else if heap.part.is_some() && (heap.is_uncertain() || !is_small(heap)) {
            // Its maker chose the share or the size.
        } else if workload.memory.limit.is_absent() && heap.part.is_some() {
            // `missing-memory-limit` reports the share of the host.
        } else if workload.memory.limit.is_absent() {
            unlimited(&offer, heap, cx);
        } else if heap.limit_unseen.is_some() {
            // Its default does not follow the limit: `runtime-ignores-limit` reports it.
        } else if let Some(limit) = workload.memory.limit.known()
            && let Some(default) = heap.default_for(limit.value)
        {
            limited(&offer, heap, limit, default, cx);
        }
    }
}

/// True if the share that the product's heap takes by default leaves most of the limit unused.
fn is_small(heap: &MemoryPool) -> bool {
    heap.default_percent().is_some_and(|percent| percent < 50.0)
}

/// Reports an image whose flags tune the runtime but do not bound its heap.
fn tuned(workload: &Workload, heap: &MemoryPool, cx: &mut RuleContext<'_>) {
    let Some(carrier) = &heap.origin else { return };
    let (name, runtime) = (&workload.name, heap.runtime.display_name());
    let default = match heap.runtime {
        RuntimeName::Java => "a quarter of the container's memory limit, or of the host's memory",
        _ => "about half of the container's memory limit; without one it depends on the host's memory",
    };
    cx.report(carrier.span, format!("no setting limits the {runtime} heap of `{name}`"))
        .label(format!("none of the flags in `{}` limits the heap", carrier.value))
        .severity(Severity::Note)
        .confidence(Confidence::Low)
        .note(format!("the default is {default}"))
        .help(format!("limit it with `{}` in `{}`", share(heap), carrier.value));
}

fn unlimited(offer: &Offer<'_>, heap: &MemoryPool, cx: &mut RuleContext<'_>) {
    let workload = offer.workload;
    let (name, runtime) = (&workload.name, heap.runtime.display_name());
    let place = heap.origin.as_ref().map_or(heap.program.span, |carrier| carrier.span);
    let label = match &heap.origin {
        Some(carrier) => format!("none of the flags in `{}` limits the heap", carrier.value),
        None => format!("{runtime} starts here without a heap limit"),
    };
    let mut finding =
        cx.report(place, format!("no setting limits the {runtime} heap of `{name}`{}", unless(heap)));
    finding
        .label(label)
        .severity(if heap.assumed || heap.env_unseen {
            Severity::Note
        } else {
            workload.role.soften(RULE.meta().severity)
        })
        .confidence(if heap.assumed || heap.env_unseen { Confidence::Low } else { Confidence::Medium })
        .consequence_of("missing-memory-limit", "heap sized from the host's memory")
        .note(without_limit(heap.runtime));
    if workload.anchor != place {
        let noun = Form::of(workload).noun();
        finding.related(workload.anchor, format!("this {noun} has no memory limit"));
    }
    if place != heap.program.span {
        finding.related(heap.program.span, format!("starts {runtime}"));
    }
    bound_default(offer, heap, None, &mut finding);
}

fn limited(
    offer: &Offer<'_>,
    heap: &MemoryPool,
    limit: &Spanned<ByteSize>,
    default: ByteSize,
    cx: &mut RuleContext<'_>,
) {
    let workload = offer.workload;
    let (name, runtime, size) = (&workload.name, heap.runtime.display_name(), limit.value);
    let percent = (default.0 as f64 / size.0 as f64 * 100.0).round();
    let fits = default < size;
    let (label, message) = if fits {
        (
            format!("gives {runtime} a default heap of about {default}"),
            format!("`{name}` uses the default {runtime} heap, about {default} of its {size} limit"),
        )
    } else {
        (
            format!("the heap may grow to about {default}"),
            format!(
                "the default {runtime} heap of `{name}` does not fit its limit: about {default} of {size}"
            ),
        )
    };
    let mut finding = cx.report(limit.span, format!("{message}{}", unless(heap)));
    finding
        .label(label)
        .severity(if fits || heap.env_unseen {
            Severity::Note
        } else {
            workload.role.soften(RULE.meta().severity)
        })
        .confidence(if heap.env_unseen { Confidence::Low } else { Confidence::Medium })
        .via(&limit.via)
        .related(heap.program.span, format!("starts {runtime} without a heap limit"))
        .note(format!("without a flag, {runtime} uses about {percent} % of a {size} limit"));
    bound_default(offer, heap, Some(size), &mut finding);
}

/// Returns the condition under which an image with unknown variables bounds the heap after all.
fn unless(heap: &MemoryPool) -> String {
    if heap.env_unseen { format!(", unless its image sets `{}`", usual(heap.runtime)) } else { String::new() }
}

fn without_limit(runtime: RuntimeName) -> &'static str {
    match runtime {
        RuntimeName::Java => {
            "without a memory limit, the JVM sizes the heap to a quarter of the host's memory"
        }
        _ => "without a memory limit, Node sizes the heap from the host's memory, up to about 4 GiB",
    }
}

/// Returns the flag that bounds the heap: by a share of the limit, where the runtime has such a flag.
fn share(heap: &MemoryPool) -> &'static str {
    match heap.runtime {
        RuntimeName::Java if heap.takes_shares => "-XX:MaxRAMPercentage=70.0",
        RuntimeName::Java => "-Xmx<MiB>m",
        _ => "--max-old-space-size=<MiB>",
    }
}
