//! The rule `budget-exceeded`.

use crate::capacity::{Room, shares, sum};
use crate::rules::RuleContext;
use crate::rules::shares::{report_sum, services};
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
    let room = Room::of(host, policy.reserve, policy.overcommit);
    let terms = shares(project, &policy.profiles, |workload| workload.memory.limit.known());
    let total = sum(terms.iter().map(|term| term.total));
    // A single container that the host cannot hold at all is left to `limit-exceeds-host`.
    let single = terms.len() == 1 && terms.iter().all(|term| term.total == term.size.value);
    if total <= room.left() || single && total > host {
        return;
    }
    let who = match terms.as_slice() {
        [only] if single => format!("`{}` may use {total}", only.workload.name),
        terms => format!("{} may use {total} together", services(terms)),
    };
    let message = format!("{who}; the host has {host}, {} of them for itself", room.reserve);
    if let Some(mut finding) = report_sum(&terms, total, message, cx) {
        finding.note(room.arithmetic(total));
    }
}
