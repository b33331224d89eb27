//! Compares limits with measured use: notes of the findings, and the values to set instead.

use super::offer::{CHANGES, Offer};
use super::{Builder, Policy};
use crate::capacity::{Advice, Verdict, advise};
use crate::diagnostic::{Applicability, Confidence};
use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, Measured, Project, Workload};

/// A measured service with a memory limit.
pub(super) struct MeasuredService<'w> {
    pub(super) workload: &'w Workload,
    pub(super) measured: &'w Measured,
    pub(super) advice: Advice,
    pub(super) limit: &'w Spanned<ByteSize>,
}

/// Returns the measured services with this verdict.
pub(super) fn measured_services(
    project: &Project,
    verdict: Verdict,
) -> impl Iterator<Item = MeasuredService<'_>> {
    project.workloads.iter().filter_map(move |workload| {
        let measured = workload.measured.as_ref()?;
        let advice = advise(workload).filter(|advice| advice.verdict == verdict)?;
        Some(MeasuredService { workload, measured, advice, limit: workload.memory.limit.known()? })
    })
}

impl MeasuredService<'_> {
    /// Adds what every finding on a measured limit has: the measurement, its arithmetic, the limit to set.
    pub(super) fn describe<'b>(
        &self,
        finding: Builder<'b>,
        project: &Project,
        policy: &Policy,
    ) -> Builder<'b> {
        let Self { workload, measured, advice, limit } = self;
        let finding = finding.workload(workload).confidence(Confidence::Medium).via(&limit.via);
        MeasuredLimit { offer: Offer { project, workload, policy }, measured, advice }.ask(finding)
    }
}

/// A fix that sets the limit and reservation of one service as measured.
pub(super) struct MeasuredLimit<'w> {
    pub(super) offer: Offer<'w>,
    pub(super) measured: &'w Measured,
    pub(super) advice: &'w Advice,
}

impl MeasuredLimit<'_> {
    /// Adds the measurement, its arithmetic, and a fix that sets the limit and what has to go with it.
    pub(super) fn ask<'b>(&self, finding: Builder<'b>) -> Builder<'b> {
        let measured = format!("measured: {}", self.measured.describe());
        let finding = finding.note(measured).note(self.advice.arithmetic());
        let finding = self.advice.caveats.iter().fold(finding, |finding, caveat| finding.note(caveat));
        let limit = self.advice.limit.to_compose();
        match self.offer.set_limit(self.advice.limit, Some(self.advice.reservation)) {
            Some(requests) => {
                let title = format!("a limit of {limit} for `{}`, as measured", self.offer.workload.name);
                finding.fix_model(title, Applicability::Unsafe, CHANGES, requests)
            }
            None => {
                finding.help(format!("a limit of {limit} fits; a variable sets it, so change the variable"))
            }
        }
    }

    /// Adds the measurement, and a fix that sets the reservation.
    pub(super) fn ask_reservation<'b>(&self, finding: Builder<'b>) -> Builder<'b> {
        let size = self.advice.reservation;
        let title =
            format!("a reservation of {} for `{}`, as measured", size.to_compose(), self.offer.workload.name);
        let finding = finding.note(format!("measured: {}", self.measured.describe()));
        finding.fix_model(
            title,
            Applicability::Unsafe,
            &[FactName::MemoryReservation],
            self.offer.set_reservation(size),
        )
    }
}
