//! The rule `reservation-exceeds-limit`.

use crate::capacity::Need;
use crate::diagnostic::{Applicability, Severity};
use crate::rules::RuleContext;
use crate::rules::offer::{CHANGES, Offer};
use crate::workload::{FactName, Workload};

rule! {
    name: "reservation-exceeds-limit",
    summary: "a reservation above the memory limit: the engine rejects it",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let memory = &workload.memory;
    let (Some(limit), Some(reservation)) = (memory.limit.known(), memory.reservation.known()) else {
        return;
    };
    if limit.value.0 <= 0 || reservation.value <= limit.value {
        return;
    }
    let mut finding = cx.report(
        reservation.span,
        format!("`{}` reserves {}, more than its {} limit", workload.name, reservation.value, limit.value),
    );
    finding
        .label(format!("reserves {}", reservation.value))
        .via(&reservation.via)
        .related(limit.span, format!("may use {}", limit.value));
    if offer.is_for_swarm() {
        // Swarm hands no reservation to the engine (moby `daemon/cluster/executor/container/container.go`, `resources`).
        finding.severity(Severity::Warning).note(format!(
            "Swarm places it only on a node with {} left to reserve, and never lets it use that much",
            reservation.value
        ));
    } else {
        finding.daemon_says("Minimum memory limit can not be less than memory reservation limit, see usage");
    }
    match offer.reservation_like_limit() {
        Some(ops) => finding.fix_ops(
            format!("lower the reservation to the limit of {}", limit.value.to_compose()),
            Applicability::Unsafe,
            &[FactName::MemoryReservation],
            ops,
        ),
        None => finding.help(format!("lower the reservation to at most {}, the limit", limit.value)),
    };
    let raised = offer.set_limit(reservation.value, None);
    let raised = raised.filter(|_| Need::fits_limit(workload, reservation.value));
    if let Some(ops) = raised.filter(|_| offer.fits_host(reservation.value)) {
        let title = format!("raise the limit to {}", reservation.value.to_compose());
        finding.fix_ops(title, Applicability::Unsafe, CHANGES, ops);
    }
}
