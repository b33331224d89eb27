//! `heap-exceeds-limit`

use super::estimate::{Limited, limited};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Confidence, Severity};
use crate::workload::Workload;

/// A heap that does not fit.
pub(super) struct HeapExceedsLimit;

static META: Meta = Meta {
    name: "heap-exceeds-limit",
    summary: "a heap may grow to the memory limit or beyond: the kernel kills the container",
    severity: Severity::Error,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/heap-exceeds-limit.md"),
};

impl Rule for HeapExceedsLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for bounded in limited(workload, &workload.heaps) {
            let Limited { heap, setting, size, limit } = bounded;
            if size < limit.value {
                continue;
            }
            let runtime = heap.runtime.display_name();
            let finding = sink
                .report(
                    limit.span,
                    format!("the kernel kills `{}` at {}", workload.name, limit.value),
                    format!(
                        "{} of `{}` {} {size}, its limit is {}",
                        bounded.what(),
                        workload.name,
                        bounded.verb(),
                        limit.value
                    ),
                )
                .of(workload)
                .via(&limit.via)
                .related(setting.span, format!("heap up to {size}"))
                .note(bounded.arithmetic())
                .help(bounded.room());
            let finding = if heap.assumed {
                finding.severity(Severity::Warning).confidence(Confidence::Medium).note(format!(
                    "what `{}` starts is not known from here; `{}` speaks for {runtime}",
                    workload.name, setting.value.carrier
                ))
            } else {
                finding
            };
            if let Some(restart) = workload.restart.known().filter(|restart| restart.value != "no") {
                finding.note(format!(
                    "with `restart: {}` it is killed and started again, over and over",
                    restart.value
                ));
            }
        }
    }
}
