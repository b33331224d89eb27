//! `runtime-ignores-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::catalog::RuntimeName;
use crate::finding::{Confidence, Severity};
use crate::model::size::ByteSize;
use crate::workload::{Bound, Fact, Heap, Kind, Workload};

/// A program that looks past its limit.
pub(super) struct RuntimeIgnoresLimit;

static META: Meta = Meta {
    name: "runtime-ignores-limit",
    summary: "a runtime or server that sizes itself to the host, limit or not",
    severity: Severity::Warning,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/runtime-ignores-limit.md"),
};

impl Rule for RuntimeIgnoresLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        // Without a limit everything looks at the host.
        let Some(limit) = workload.memory.limit.known().filter(|limit| limit.value.0 > 0) else { return };
        let name = &workload.name;
        for heap in workload.heaps.iter().filter(|heap| follows_memory(heap)) {
            let runtime = heap.runtime.display_name();
            let (unseen, message, severity) = match (&heap.limit_unseen, &heap.unseen_on_new_kernels) {
                (Some(unseen), _) => {
                    let message =
                        format!("the {runtime} heap of `{name}` follows the host's memory, not its limit");
                    (unseen, message, META.severity)
                }
                (None, Some(unseen)) => {
                    let message =
                        format!("the {runtime} heap of `{name}` may follow the host's memory, not its limit");
                    (unseen, message, Severity::Note)
                }
                (None, None) => continue,
            };
            let low = severity == Severity::Note;
            sink.report(workload.base.span(), unseen.why.as_str(), message)
                .of(workload)
                .severity(severity)
                .confidence(if low { Confidence::Low } else { Confidence::Medium })
                .related(limit.span, format!("the kernel kills it at {}", limit.value))
                .related(heap.program.span, format!("starts {runtime}"))
                .help(help(workload, heap, &unseen.way_out, limit.value));
        }
        if let Some((why, way_out)) = &workload.limit_unseen {
            let finding = sink.report(
                workload.base.span(),
                why.as_str(),
                format!("`{name}` follows the host's memory, not its limit"),
            );
            let finding = finding
                .of(workload)
                .confidence(Confidence::Medium)
                .related(limit.span, format!("the kernel kills it at {}", limit.value));
            if !way_out.is_empty() {
                finding.help(format!(
                    "what the limit allows, in `environment`:\n  {}",
                    way_out.replace('\n', "\n  ")
                ));
            }
        }
    }
}

/// Nothing bounds it, or a share of the memory that it sees does.
fn follows_memory(heap: &Heap) -> bool {
    heap.bound.is_absent()
        || heap.bound.value().is_some_and(|setting| matches!(setting.bound, Bound::Percent(_)))
}

/// The way out, and where that is not at hand a bound of the heap in the form of the file.
fn help(workload: &Workload, heap: &Heap, way_out: &str, limit: ByteSize) -> String {
    let Some(size) = heap.fits_in(limit).map(ByteSize::mebibytes) else { return way_out.to_owned() };
    let (variable, flag) = match heap.runtime {
        RuntimeName::Java => ("JAVA_TOOL_OPTIONS", format!("-Xmx{size}m")),
        RuntimeName::Node => ("NODE_OPTIONS", format!("--max-old-space-size={size}")),
        _ => return way_out.to_owned(),
    };
    // A share has no effect beside a number: it goes.
    let share = heap.bound.value();
    if let Some(share) = share.filter(|share| share.carrier != variable) {
        return format!("{way_out}, or in place of `{}`:\n  {flag}", share.written());
    }
    let text = match workload.variable(variable) {
        Fact::Known(there) => match share.map(|share| share.flag.as_str()) {
            Some(share) => there.value.as_str().replacen(share, &flag, 1),
            None => format!("{} {flag}", there.value.as_str()),
        },
        Fact::Absent { .. } => flag,
        Fact::Unknown { .. } => return way_out.to_owned(),
    };
    match workload.kind {
        Kind::Service => format!(
            "{way_out}, or in `environment` a bound that leaves room beside it:\n  {variable}: {text}"
        ),
        Kind::Image => way_out.to_owned(),
    }
}
