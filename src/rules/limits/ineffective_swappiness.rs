//! The rule `ineffective-swappiness`.

use crate::diagnostic::{Applicability, FixOp, Severity};
use crate::rules::RuleContext;
use crate::workload::{FactName, SizeKey, Workload};

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
    let (value, name) = (swappiness.value, &workload.name);
    let (severity, label, message) = match value {
        0 => (
            Severity::Warning,
            "0 counts as not set",
            format!("`mem_swappiness: 0` of `{name}` does not disable swap"),
        ),
        1..=100 => (
            Severity::Warning,
            "ignored on cgroup v2",
            format!("`mem_swappiness: {value}` of `{name}` has no effect on a host with cgroup v2"),
        ),
        _ => (
            Severity::Error,
            "out of range",
            format!("the engine rejects `mem_swappiness: {value}` of `{name}`: it takes 0 to 100"),
        ),
    };
    let mut finding = cx.report(swappiness.span, message);
    finding.label(label).severity(severity).via(&swappiness.via);
    if let Some(key) = workload.removable_key("mem_swappiness").filter(|_| value <= 100) {
        // On a host with cgroup v1, values from 1 to 100 have an effect.
        let applicability = if value == 0 { Applicability::Safe } else { Applicability::Unsafe };
        let remove = vec![FixOp::Remove { key }];
        finding.fix_ops(
            "remove the line of `mem_swappiness`",
            applicability,
            &[FactName::MemSwappiness],
            remove,
        );
    }
    finding.help(if workload.memory.limit.is_absent() {
        "to disable swap, set `mem_limit` first, and `memswap_limit` to the same value"
    } else {
        "a `memswap_limit` equal to the memory limit disables swap"
    });
}
