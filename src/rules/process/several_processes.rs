//! The rule `several-processes`.

use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "several-processes",
    summary: "a container that starts several programs: one limit for all of them",
    severity: Note,
    group: Process,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(span) = workload.process.several_processes else { return };
    let name = &workload.name;
    cx.report(span, format!("`{name}` runs several programs under one limit"))
        .label("more than one program starts here")
        .note(
            "when one of them takes too much, the kernel picks which to kill; \
             the container runs on without it",
        )
        .help("a service for each, with a limit and a healthcheck of its own");
}
