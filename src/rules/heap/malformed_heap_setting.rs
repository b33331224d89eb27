//! The rule `malformed-heap-setting`.

use crate::catalog::RuntimeName;
use crate::diagnostic::{Applicability, Edit, Severity};
use crate::rules::estimate::is_tight;
use crate::rules::offer::largest;
use crate::rules::{RuleContext, Thresholds};
use crate::workload::{FactName, HeapProblem, HeapProblemKind, MemoryPool, Workload};

rule! {
    name: "malformed-heap-setting",
    summary: "a heap setting that the runtime rejects: it does not start",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let thresholds = &cx.policy().thresholds;
    for heap in workload.pools.heaps.iter().chain(&workload.pools.caches) {
        let runtime = heap.runtime.display_name();
        for problem in &heap.problems {
            if !matches!(problem.kind, HeapProblemKind::Malformed | HeapProblemKind::Misread) {
                continue;
            }
            let (written, name) = (&problem.written, &workload.name);
            let message = match &problem.read_as {
                Some(read_as) => format!("{runtime} reads `{written}` of `{name}` as {read_as}"),
                None if heap.runtime == RuntimeName::Other => {
                    format!("`{name}` does not start with `{written}`")
                }
                None => format!("{runtime} rejects `{written}` of `{name}`"),
            };
            let mut finding = cx.report(problem.flag.span(), message);
            finding.label(problem.effect.as_str());
            if problem.kind == HeapProblemKind::Misread {
                finding.severity(Severity::Warning);
            }
            if !heap.assumed && heap.runtime != RuntimeName::Other {
                finding.related(heap.program.span, format!("starts {runtime}"));
            }
            if let Some(help) = &problem.help {
                finding.help(help.as_str());
            }
            // The edit leaves quotes around the setting, and a word before its value, as they are.
            if let Some((instead, why)) = repaired(workload, heap, problem, thresholds)
                && let Some((span, replacement)) = problem.flag.change_to(&instead)
            {
                let edit = Edit { span, replacement };
                finding.fix(
                    format!("write `{instead}`{why}"),
                    Applicability::Unsafe,
                    &[FactName::Env, FactName::Start, FactName::Heaps, FactName::Caches],
                    vec![edit],
                );
            }
        }
    }
}

/// Returns the corrected setting, and the reason if it is another size than was meant: that would not fit the limit.
fn repaired(
    workload: &Workload,
    pool: &MemoryPool,
    problem: &HeapProblem,
    thresholds: &Thresholds,
) -> Option<(String, String)> {
    let instead = problem.instead.clone()?;
    let Some((meant, limit)) = problem.meant.as_ref().zip(workload.known_limit()) else {
        return Some((instead, String::new()));
    };
    let (size, limit) = (meant.size, limit.value);
    if size < limit && !is_tight(pool, size, limit, thresholds) {
        return Some((instead, String::new()));
    }
    let fits = largest(pool, limit).and_then(|most| meant.written(most));
    let why = format!(": {size} leaves too little room in the limit of {limit}");
    Some(fits.map_or((instead, String::new()), |fits| (fits, why)))
}
