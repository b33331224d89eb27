//! The rule `disabled-healthcheck`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::workload::{Healthcheck, SettingName, Workload};

rule! {
    name: "disabled-healthcheck",
    summary: "a disabled healthcheck",
    severity: Note,
    group: Health,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(check) = workload.health.check.known() else { return };
    if check.value != Healthcheck::Disabled || !workload.role.serves() {
        return;
    }
    let note = match workload.launch() {
        Some(_) => "a hang goes unnoticed",
        None => "a hang goes unnoticed, and `depends_on` with `service_healthy` cannot wait for this service",
    };
    cx.report(check.span, format!("the healthcheck of `{}` is disabled", workload.name))
        .label("disabled here")
        .via(&check.via)
        .note(note)
        .help(format!(
            "remove what disables it, or write a `{}` that works",
            Form::of(workload).name(SettingName::HEALTH_TEST)
        ));
}
