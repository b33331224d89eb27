//! The rule `unbounded-logs`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::workload::{Described, Fact, SettingName, Workload};

rule! {
    name: "unbounded-logs",
    summary: "a container log without a size limit fills the host's disk",
    severity: Note,
    group: Process,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    if !workload.role.lasts() {
        return;
    }
    let form = Form::of(workload);
    let label = match &workload.service.logging {
        // Podman hands its logs to journald, which has limits of its own, and has no driver `local`.
        Fact::Absent { .. } if workload.described().is_some_and(Described::is_podman) => return,
        Fact::Absent { .. } => format!("no `{}`", form.name(SettingName::LOGGING)),
        Fact::Known(logging) => {
            let default = logging.value.driver.as_deref().is_none_or(|driver| driver == "json-file");
            if !default || logging.value.options.contains_key("max-size") {
                return;
            }
            "no `max-size`".to_owned()
        }
        Fact::Unknown { .. } => return,
    };
    let place = workload.service.logging.known().map_or(workload.anchor, |logging| logging.span);
    cx.report(place, format!("the log of `{}` has no size limit", workload.name))
        .label(label)
        .group_message("have a log without a size limit")
        .note("the default driver, `json-file`, keeps every line until the container is removed, unless the daemon is configured otherwise")
        .help(match (form, &workload.service.logging) {
            // The engine for Windows has no driver `local`.
            (Form::Compose, Fact::Absent { .. }) if workload.windows => {
                "in the service:\n  logging:\n    driver: json-file\n    options:\n      max-size: 10m"
            }
            (_, Fact::Absent { .. }) if workload.windows => {
                "add `--log-driver json-file --log-opt max-size=10m`"
            }
            (Form::Compose, Fact::Known(_)) => "in the service:\n  logging:\n    options:\n      max-size: 10m",
            (Form::Compose, _) => "in the service:\n  logging:\n    driver: local",
            (_, Fact::Known(_)) => "add `--log-opt max-size=10m`",
            _ => "add `--log-driver local`",
        });
}
