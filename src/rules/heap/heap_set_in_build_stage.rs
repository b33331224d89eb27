//! The rule `heap-set-in-build-stage`.

use crate::rules::RuleContext;
use crate::workload::{Bound, HeapProblem, HeapProblemKind, MemoryPool, ReadVariable, Workload};

rule! {
    name: "heap-set-in-build-stage",
    summary: "a heap setting in a build stage: the final image does not have it",
    severity: Note,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for heap in &workload.pools.heaps {
        for problem in heap.problems.iter().filter(|problem| problem.kind == HeapProblemKind::BuildOnly) {
            let (name, carrier) = (&workload.name, &problem.carrier);
            let mut finding = cx.report(
                problem.flag.span(),
                format!("`{carrier}` with `{}` is not in the final image of `{name}`", problem.written),
            );
            finding.label(problem.effect.as_str()).related(
                heap.program.span,
                format!("starts {} without a heap limit", heap.runtime.display_name()),
            );
            if let Some(help) =
                problem.read_variable.as_ref().and_then(|way| help(workload, heap, problem, way))
            {
                finding.help(help);
            }
        }
    }
}

/// Returns the line for the final stage, with a number for the container: that of the build is for the builder's memory.
fn help(workload: &Workload, heap: &MemoryPool, problem: &HeapProblem, way: &ReadVariable) -> Option<String> {
    let limit = workload.known_limit();
    let flag = match (way.setting.bound, limit) {
        (Bound::Percent(percent), _) => heap.with_percent(&way.setting, percent.min(70.0))?,
        (Bound::Bytes(size), Some(limit)) => {
            way.setting.with_size(heap.largest_heap_under(limit.value)?.min(size))?
        }
        (Bound::Bytes(_), None) if problem.instead.is_some() => problem.instead.clone()?,
        (Bound::Bytes(_), None) => {
            return Some("set the heap in the final stage, below the memory limit".to_owned());
        }
    };
    Some(format!("if the container needs it, add it to the last stage:\n  ENV {}={flag}", way.variable))
}
