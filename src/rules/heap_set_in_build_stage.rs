//! `heap-set-in-build-stage`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{HeapProblemKind, Workload};

/// A bound that stays behind.
pub(super) struct HeapSetInBuildStage;

static META: Meta = Meta {
    name: "heap-set-in-build-stage",
    summary: "a heap setting that only the build has",
    severity: Severity::Note,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/heap-set-in-build-stage.md"),
};

impl Rule for HeapSetInBuildStage {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for heap in &workload.heaps {
            for problem in heap.problems.iter().filter(|problem| problem.kind == HeapProblemKind::BuildOnly) {
                let (name, carrier) = (&workload.name, &problem.carrier);
                sink.report(
                    problem.flag.span(),
                    problem.effect.as_str(),
                    format!("`{carrier}` with `{}` is not there when `{name}` runs", problem.written),
                )
                .of(workload)
                .related(heap.program.span, format!("starts {} without a bound", heap.runtime.display_name()))
                .help(format!(
                    "if it is meant for what runs, in the last stage:\n  ENV {carrier}={}",
                    problem.written
                ));
            }
        }
    }
}
