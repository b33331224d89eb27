//! The rule `debug-allocator`.

use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "debug-allocator",
    summary: "a debugging allocator in production",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for name in ["PYTHONMALLOC", "PYTHONDEVMODE"] {
        let variable = workload.variable(name);
        let Some(value) = variable.known() else { continue };
        let text = value.value.as_str();
        // Any value turns the development mode on. The names of the debugging allocators end in `debug`.
        let on = if name == "PYTHONMALLOC" { text.ends_with("debug") } else { !text.is_empty() };
        if !on {
            continue;
        }
        cx.report(value.span, format!("`{}` runs Python with a debugging allocator", workload.name))
            .label("finds memory bugs; not meant for production")
            .via(&value.via)
            .severity(workload.role.soften(RULE.meta().severity))
            .note(
                "measured: about a third more memory (220 MiB became 295 MiB), and slower; it does not find leaks",
            )
            .help("remove the line; use `tracemalloc` to find leaks");
    }
}
