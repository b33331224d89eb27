//! The rule `disabled-healthcheck`.

use crate::rules::Sink;
use crate::workload::{Healthcheck, Workload};

rule! {
    name: "disabled-healthcheck",
    summary: "a healthcheck that is switched off",
    severity: Note,
    group: Health,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, sink: &mut Sink<'_>) {
    let Some(check) = workload.health.check.known() else { return };
    if check.value != Healthcheck::Disabled || !workload.role.serves() {
        return;
    }
    sink.report(check.span, "switched off", format!("`{}` has its healthcheck switched off", workload.name))
        .workload(workload)
        .via(&check.via)
        .note("nothing tells when it hangs, and `depends_on` with `service_healthy` cannot wait for it");
}
