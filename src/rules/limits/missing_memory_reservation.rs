//! The rule `missing-memory-reservation`.

use crate::capacity::advise;
use crate::rules::RuleContext;
use crate::rules::measured::MeasuredLimit;
use crate::rules::offer::Offer;
use crate::workload::Workload;

rule! {
    name: "missing-memory-reservation",
    summary: "a memory limit without a reservation: the kernel may take its memory first when the host runs short",
    severity: Note,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some(limit) = workload.known_limit() else { return };
    if !workload.memory.reservation.is_absent() || !workload.role.lasts() || workload.role.is_job() {
        return;
    }
    let name = &workload.name;
    let mut finding =
        cx.report(limit.span, format!("`{name}` has a memory limit of {} and no reservation", limit.value));
    finding
        .label("no reservation")
        .via(&limit.via)
        .group_message("have a memory limit and no reservation")
        .note(if offer.is_for_swarm() {
            "Swarm does not count its memory when it looks for a node, so more services may land on one than fit"
        } else {
            "when the host runs short, the kernel spares memory within a reservation; on cgroup v2 only if the parent cgroup has one, too"
        });
    // If the limit has to change, the finding on the limit offers both.
    let advice = advise(workload);
    match (&workload.measured, &advice) {
        (Some(measured), Some(advice)) if advice.keeps_limit() => {
            MeasuredLimit { offer, measured, advice }.offer_reservation(&mut finding);
        }
        (Some(_), Some(_)) => {}
        _ => offer.reservation(&mut finding, limit.value),
    }
}
