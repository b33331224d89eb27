//! `reservation-exceeds-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A reservation that does not fit.
pub(super) struct ReservationExceedsLimit;

static META: Meta = Meta {
    name: "reservation-exceeds-limit",
    summary: "more is reserved than the container may use: the engine refuses it",
    severity: Severity::Error,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/reservation-exceeds-limit.md"),
};

impl Rule for ReservationExceedsLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let memory = &workload.memory;
        let (Some(limit), Some(reservation)) = (memory.limit.known(), memory.reservation.known()) else {
            return;
        };
        if limit.value.0 <= 0 || reservation.value <= limit.value {
            return;
        }
        sink.report(
            reservation.span,
            format!("reserves {}", reservation.value),
            format!("`{}` reserves {} of a limit of {}", workload.name, reservation.value, limit.value),
        )
        .of(workload)
        .via(&reservation.via)
        .related(limit.span, format!("may use {}", limit.value))
        .note("Error response from daemon: Minimum memory limit can not be less than memory reservation limit, see usage");
    }
}
