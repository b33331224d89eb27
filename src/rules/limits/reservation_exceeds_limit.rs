//! The rule `reservation-exceeds-limit`.

use crate::capacity::Need;
use crate::diagnostic::Applicability;
use crate::rules::Sink;
use crate::rules::offer::{CHANGES, Offer};
use crate::workload::{FactName, Project};

rule! {
    name: "reservation-exceeds-limit",
    summary: "more is reserved than the container may use: the engine refuses it",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        let memory = &workload.memory;
        let (Some(limit), Some(reservation)) = (memory.limit.known(), memory.reservation.known()) else {
            continue;
        };
        if limit.value.0 <= 0 || reservation.value <= limit.value {
            continue;
        }
        let finding = sink
            .report(
                reservation.span,
                format!("reserves {}", reservation.value),
                format!("`{}` reserves {} of a limit of {}", workload.name, reservation.value, limit.value),
            )
            .workload(workload)
            .via(&reservation.via)
            .related(limit.span, format!("may use {}", limit.value))
            .note("Error response from daemon: Minimum memory limit can not be less than memory reservation limit, see usage");
        let finding = match offer.reservation_like_limit() {
            Some(requests) => finding.fix_model(
                format!("reserve no more than the limit of {}", limit.value.to_compose()),
                Applicability::Unsafe,
                &[FactName::MemoryReservation],
                requests,
            ),
            None => finding.help(format!("a reservation of at most {}, the limit", limit.value)),
        };
        let raised = offer.set_limit(reservation.value, None);
        let raised = raised.filter(|_| Need::fits_limit(workload, reservation.value));
        if let Some(requests) = raised.filter(|_| offer.fits_host(reservation.value)) {
            let title = format!("or raise the limit to {}", reservation.value.to_compose());
            finding.fix_model(title, Applicability::Unsafe, CHANGES, requests);
        }
    }
}
