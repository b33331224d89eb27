//! The rule `disabled-oom-killer`.

use crate::diagnostic::{Applicability, FixOp, Severity};
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::workload::{FactName, SettingName, Workload};

rule! {
    name: "disabled-oom-killer",
    summary: "`oom_kill_disable` without a limit lets the host run out of memory; on cgroup v2 it does nothing",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let memory = &workload.memory;
    let Some(disabled) = workload.service.oom_kill_disable.known().filter(|disabled| disabled.value) else {
        return;
    };
    let (name, key) = (&workload.name, Form::of(workload).name(SettingName::OOM_KILL_DISABLE));
    let (severity, message, note) = if memory.limit.is_absent() {
        (
            RULE.meta().severity,
            format!("`{name}` may use all of the host's memory, and the kernel may not kill it"),
            "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out \
             of resources; on cgroup v2 the setting is discarded",
        )
    } else {
        (
            Severity::Warning,
            format!("`{key}` of `{name}` has no effect on a host with cgroup v2"),
            "on cgroup v1 a container at its limit freezes instead of being killed",
        )
    };
    let mut finding = cx.report(disabled.span, message);
    finding.label("keeps the kernel from killing it").severity(severity).via(&disabled.via).note(note);
    if let Some(span) = workload.removable_key("oom_kill_disable") {
        finding.fix_ops(
            format!("remove the line of `{key}`"),
            Applicability::Unsafe,
            &[FactName::OomKillDisable],
            vec![FixOp::Remove { key: span }],
        );
    }
}
