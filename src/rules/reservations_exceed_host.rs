//! `reservations-exceed-host`

use super::host::{Term, sum, terms};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Project;

/// More reserved than there is.
pub(super) struct ReservationsExceedHost;

static META: Meta = Meta {
    name: "reservations-exceed-host",
    summary: "the sum of reservations is more than the host has",
    severity: Severity::Error,
    group: Group::Host,
    preset: Preset::Recommended,
    page: include_str!("../../rules/reservations-exceed-host.md"),
};

impl Rule for ReservationsExceedHost {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        let Some(host) = sink.policy().host_memory else { return };
        let terms = terms(project, |workload| workload.memory.reservation.known());
        let total = sum(&terms);
        let Some(largest) = terms.iter().max_by_key(|term| term.total).filter(|_| total > host) else {
            return;
        };
        let message =
            format!("{} reserve {total} together, the host has {host}", super::host::services(&terms));
        let mut finding = sink.report(largest.size.span, largest.label(), message).of(largest.workload);
        for term in terms.iter().filter(|term| term.size.span != largest.size.span).take(Term::SHOWN) {
            finding = finding.related(term.size.span, term.label());
        }
        finding.note(super::host::arithmetic(&terms, total));
    }
}
