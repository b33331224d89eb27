//! `runtime-ignores-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::catalog::RuntimeName;
use crate::finding::{Confidence, Severity};
use crate::workload::{Bound, Heap, Workload};

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
        for heap in &workload.heaps {
            let Some(why) = heap.limit_unseen.as_ref().filter(|_| follows_memory(heap)) else { continue };
            let help = match heap.runtime {
                RuntimeName::Node => format!(
                    "a newer base image, or a bound:\n  NODE_OPTIONS: --max-old-space-size={}",
                    limit.value.percent_in_mebibytes(75)
                ),
                _ => format!(
                    "a newer base image, or a bound:\n  -Xmx{}m",
                    limit.value.percent_in_mebibytes(75)
                ),
            };
            sink.report(
                workload.base.span(),
                why.as_str(),
                format!(
                    "the {} heap of `{name}` follows the host's memory, not its limit",
                    heap.runtime.display_name()
                ),
            )
            .of(workload)
            .confidence(Confidence::Medium)
            .related(limit.span, format!("the kernel kills it at {}", limit.value))
            .related(heap.program.span, format!("starts {}", heap.runtime.display_name()))
            .help(help);
        }
        if let Some((why, way_out)) = &workload.limit_unseen {
            sink.report(
                workload.base.span(),
                why.as_str(),
                format!("`{name}` follows the host's memory, not its limit"),
            )
            .of(workload)
            .confidence(Confidence::Medium)
            .related(limit.span, format!("the kernel kills it at {}", limit.value))
            .help(format!(
                "set it to what the limit allows, in `environment`:\n  {}",
                way_out.replace('\n', "\n  ")
            ));
        }
    }
}

/// Nothing bounds it, or a share of the memory that it sees does.
fn follows_memory(heap: &Heap) -> bool {
    heap.bound.is_absent()
        || heap.bound.value().is_some_and(|setting| matches!(setting.bound, Bound::Percent(_)))
}
