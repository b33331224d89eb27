//! The rule `budget-exceeded`.

use crate::capacity::{shares, sum};
use crate::rules::RuleContext;
use crate::rules::shares::{report_sum, services};
use crate::syntax::size::ByteSize;
use crate::workload::Project;

rule! {
    name: "budget-exceeded",
    summary: "the sum of limits is more than the host has",
    severity: Warning,
    group: Host,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, cx: &mut RuleContext<'_>) {
    let policy = cx.policy();
    let Some(host) = policy.host_memory else { return };
    let budget = ByteSize((host.0 as f64 * policy.overcommit) as i64);
    let terms = shares(project, &policy.profiles, |workload| workload.memory.limit.known());
    // A single container is left to `limit-exceeds-host`.
    if terms.len() == 1 && terms.iter().all(|term| term.total == term.size.value) {
        return;
    }
    let total = sum(terms.iter().map(|term| term.total));
    if total <= budget {
        return;
    }
    let message = format!("{} may use {total} together; the host has {host}", services(&terms));
    let finding = report_sum(&terms, total, message, cx);
    if let Some(mut finding) = finding.filter(|_| policy.overcommit != 1.0) {
        finding.note(format!("{host} x {} = {budget}", policy.overcommit));
    }
}
