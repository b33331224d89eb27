//! The rule `removed-jvm-flag`.

use crate::diagnostic::{Applicability, Edit};
use crate::rules::RuleContext;
use crate::workload::{FactName, HeapProblemKind, Workload};

rule! {
    name: "removed-jvm-flag",
    summary: "a flag that the image's Java version no longer accepts: it does not start",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for heap in &workload.pools.heaps {
        for problem in heap.problems.iter().filter(|problem| problem.kind == HeapProblemKind::Removed) {
            let mut finding = cx.report(
                problem.flag.span(),
                format!(
                    "`{}` of `{}` was removed in {} {}",
                    problem.written,
                    workload.name,
                    heap.runtime.display_name(),
                    heap.major.unwrap_or_default()
                ),
            );
            finding
                .label(problem.effect.as_str())
                .related(workload.image.base.span(), "this image has that version")
                .help(problem.help.as_deref().unwrap_or("remove it"));
            if let Some(instead) = &problem.instead {
                // The edit leaves quotes around the flag as they are.
                let span = problem.flag.span_of(0..problem.flag.as_str().len());
                let edit = Edit { span, replacement: instead.clone() };
                finding.fix(
                    format!("write `{instead}`"),
                    Applicability::Unsafe,
                    &[FactName::Env, FactName::Start, FactName::Heaps],
                    vec![edit],
                );
            }
        }
    }
}
