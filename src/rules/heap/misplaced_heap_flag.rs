//! The rule `misplaced-heap-flag`.

use crate::diagnostic::{Applicability, FixOp};
use crate::rules::RuleContext;
use crate::workload::{FactName, HeapProblemKind, Workload};

rule! {
    name: "misplaced-heap-flag",
    summary: "a heap flag after the main class: passed to the program, not of the runtime",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for heap in &workload.pools.heaps {
        let runtime = heap.runtime.display_name();
        for problem in heap.problems.iter().filter(|problem| problem.kind == HeapProblemKind::Misplaced) {
            let (flag, name) = (&problem.written, &workload.name);
            let mut finding = cx.report(
                problem.flag.span(),
                format!("`{flag}` comes after the program in `{name}`, so {runtime} does not read it"),
            );
            finding.label("passed to the program").related(
                heap.program.span,
                format!("{runtime} reads its flags only before the program's name"),
            );
            if problem.ahead.is_empty() {
                finding.help(
                    "remove it, or write it before the program's name, with a value that fits the limit and the other flags",
                );
            } else {
                finding.fix_ops(
                    "move it before `-jar`, the main class or the script",
                    Applicability::Unsafe,
                    &[FactName::Start, FactName::Heaps],
                    vec![FixOp::MoveLastToFirst { words: problem.ahead.clone() }],
                );
            }
        }
    }
}
