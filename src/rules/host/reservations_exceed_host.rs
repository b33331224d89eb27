//! The rule `reservations-exceed-host`.

use crate::capacity::{shares, sum};
use crate::rules::RuleContext;
use crate::rules::shares::{report_sum, services};
use crate::workload::{Kind, Project, Workload};

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
    // A job runs on demand: it is not certain that it runs together with all others.
    let certain = |workload: &&Workload| workload.kind != Kind::Job;
    let reservation = |workload| Some(workload).filter(certain)?.memory.reservation.known();
    let terms = shares(project, &policy.profiles, reservation);
    let total = sum(terms.iter().map(|term| term.total));
    if total > host {
        let message = format!("{} reserve {total} together; the host has {host}", services(&terms));
        report_sum(&terms, total, message, cx);
    }
}
