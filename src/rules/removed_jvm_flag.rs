//! `removed-jvm-flag`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Applicability, Edit, Severity};
use crate::workload::{FactName, HeapProblemKind, Workload};

/// A flag of the past.
pub(super) struct RemovedJvmFlag;

static META: Meta = Meta {
    name: "removed-jvm-flag",
    summary: "a flag that the Java version of the image no longer knows: it does not start",
    severity: Severity::Error,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/removed-jvm-flag.md"),
};

impl Rule for RemovedJvmFlag {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for heap in &workload.heaps {
            for problem in heap.problems.iter().filter(|problem| problem.kind == HeapProblemKind::Removed) {
                let mut finding = sink
                    .report(
                        problem.flag.span(),
                        problem.effect.as_str(),
                        format!(
                            "`{}` of `{}` is gone in {} {}",
                            problem.written,
                            workload.name,
                            heap.runtime.display_name(),
                            heap.major.unwrap_or_default()
                        ),
                    )
                    .of(workload)
                    .related(workload.base.span(), "this image has that version")
                    .help(problem.help.as_deref().unwrap_or("remove it"));
                if let Some(instead) = &problem.instead {
                    // Quotes around it stay.
                    let span = problem.flag.span_of(0..problem.flag.as_str().len());
                    let edit = Edit { span, replacement: instead.clone() };
                    finding = finding.fix(
                        format!("write `{instead}`"),
                        Applicability::Unsafe,
                        &[FactName::Env, FactName::Start, FactName::Heaps],
                        vec![edit],
                    );
                }
                drop(finding);
            }
        }
    }
}
