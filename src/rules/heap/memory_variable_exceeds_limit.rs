//! The rule `memory-variable-exceeds-limit`.

use crate::diagnostic::Confidence;
use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "memory-variable-exceeds-limit",
    summary: "a variable gives the program more memory than the limit allows",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(limit) = workload.known_limit() else { return };
    for variable in &workload.pools.size_variables {
        // A variable that repeats the limit tells the program about it. A heap needs room outside it.
        let exceeds = variable.size > limit.value || variable.heap && variable.size == limit.value;
        if !exceeds {
            continue;
        }
        let (name, set, size) = (&workload.name, &variable.name, variable.size);
        cx.report(
            variable.value.span(),
            format!("`{set}` of `{name}` is {size}; its limit is {}", limit.value),
        )
        .label(size.to_string())
        .confidence(Confidence::Medium)
        .related(limit.span, format!("the kernel kills `{name}` at {}", limit.value))
        .note(
            "if the program reads it, the container is killed before it reaches that size; if not, the variable has \
             no effect",
        )
        .help(format!("set `{set}` below the limit, or raise the limit"));
    }
}
