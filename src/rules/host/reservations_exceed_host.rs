//! The rule `reservations-exceed-host`.

use crate::capacity::{shares, sum};
use crate::rules::RuleContext;
use crate::rules::shares::{SHOWN, arithmetic, label, services};
use crate::workload::Project;

rule! {
    name: "reservations-exceed-host",
    summary: "the sum of reservations is more than the host has",
    severity: Error,
    group: Host,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, cx: &mut RuleContext<'_>) {
    let policy = cx.policy();
    let Some(host) = policy.host_memory else { return };
    let terms = shares(project, &policy.profiles, |workload| workload.memory.reservation.known());
    let total = sum(terms.iter().map(|term| term.total));
    let Some(largest) = terms.iter().max_by_key(|term| term.total).filter(|_| total > host) else {
        return;
    };
    let message = format!("{} reserve {total} together, the host has {host}", services(&terms));
    let mut finding = cx.report(largest.size.span, message);
    finding.label(label(largest)).workload(largest.workload);
    for term in terms.iter().filter(|term| term.size.span != largest.size.span).take(SHOWN) {
        finding.related(term.size.span, label(term));
    }
    finding.note(arithmetic(&terms, total));
}
