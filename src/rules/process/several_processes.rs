//! The rule `several-processes`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
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
            "when one uses too much, the kernel chooses which to kill; unless that is PID 1, the container keeps running without it",
        )
        .help(format!("run each as a {}, with its own limit and healthcheck", Form::of(workload).noun()));
}
