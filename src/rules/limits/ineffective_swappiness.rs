//! The rule `ineffective-swappiness`.

use crate::diagnostic::{Applicability, FixOp, Severity};
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::workload::{FactName, SettingName, SizeKey, Workload};

rule! {
    name: "ineffective-swappiness",
    summary: "`mem_swappiness` that changes nothing",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(swappiness) = workload.service.swappiness.known() else { return };
    let is_refused = |key: &SizeKey| key.name == "mem_swappiness" && key.problem.is_some();
    if workload.service.size_keys.iter().any(is_refused) {
        return;
    }
    let (value, name, form) = (swappiness.value, &workload.name, Form::of(workload));
    let (key, swap) = (form.name(SettingName::SWAPPINESS), form.name(SettingName::SWAP_LIMIT));
    let setting = form.setting(SettingName::SWAPPINESS, &value.to_string());
    let (severity, label, message) = match value {
        0 => (
            Severity::Warning,
            "0 counts as not set",
            format!("`{setting}` of `{name}` does not disable swap"),
        ),
        1..=100 => (
            Severity::Warning,
            "ignored on cgroup v2",
            format!("`{setting}` of `{name}` has no effect on a host with cgroup v2"),
        ),
        _ => (
            Severity::Error,
            "out of range",
            format!("the engine rejects `{setting}` of `{name}`: it takes 0 to 100"),
        ),
    };
    let mut finding = cx.report(swappiness.span, message);
    finding.label(label).severity(severity).via(&swappiness.via);
    if let Some(span) = workload.removable_key("mem_swappiness").filter(|_| value <= 100) {
        // On a host with cgroup v1, values from 1 to 100 have an effect.
        let applicability = if value == 0 { Applicability::Safe } else { Applicability::Unsafe };
        let remove = vec![FixOp::Remove { key: span }];
        finding.fix_ops(
            format!("remove the line of `{key}`"),
            applicability,
            &[FactName::MemSwappiness],
            remove,
        );
    }
    finding.help(if workload.memory.limit.is_absent() {
        format!(
            "to disable swap, set `{}` first, and `{swap}` to the same value",
            form.name(SettingName::LIMIT)
        )
    } else {
        format!("a `{swap}` equal to the memory limit disables swap")
    });
}
