//! Compares limits with measured use: notes of the findings, and the values to set instead.

use super::FindingBuilder;
use super::offer::{CHANGES, Offer};
use crate::capacity::{Advice, Verdict, advise};
use crate::diagnostic::{Applicability, Confidence};
use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, Measured};

/// A measured service with a memory limit.
pub(super) struct MeasuredService<'w> {
    pub(super) offer: Offer<'w>,
    pub(super) measured: &'w Measured,
    pub(super) advice: Advice,
    pub(super) limit: &'w Spanned<ByteSize>,
}

impl<'w> MeasuredService<'w> {
    /// Returns the measurement and the advice for a service with this verdict.
    pub(super) fn of(offer: Offer<'w>, verdict: Verdict) -> Option<Self> {
        let measured = offer.workload.measured.as_ref()?;
        let advice = advise(offer.workload).filter(|advice| advice.verdict == verdict)?;
        Some(Self { offer, measured, advice, limit: offer.workload.memory.limit.known()? })
    }

    /// Adds what every finding on a measured limit has: the measurement, its arithmetic, the limit to set.
    pub(super) fn describe(&self, finding: &mut FindingBuilder<'_>) {
        let Self { offer, measured, advice, limit } = self;
        finding.confidence(Confidence::Medium).via(&limit.via);
        MeasuredLimit { offer: *offer, measured, advice }.offer_limit(finding);
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
    pub(super) fn offer_limit(&self, finding: &mut FindingBuilder<'_>) {
        let measured = format!("measured: {}", self.measured.describe());
        finding.note(measured).note(self.advice.arithmetic());
        for caveat in &self.advice.caveats {
            finding.note(caveat);
        }
        let limit = self.advice.limit.to_compose();
        match self.offer.set_limit(self.advice.limit, Some(self.advice.reservation)) {
            Some(ops) => {
                let title = format!("a limit of {limit} for `{}`, as measured", self.offer.workload.name);
                finding.fix_ops(title, Applicability::Unsafe, CHANGES, ops);
            }
            None => {
                finding.help(format!("a limit of {limit} fits; change the variable that sets it"));
            }
        }
    }

    /// Adds the measurement, and a fix that sets the reservation.
    pub(super) fn offer_reservation(&self, finding: &mut FindingBuilder<'_>) {
        let size = self.advice.reservation;
        let title =
            format!("a reservation of {} for `{}`, as measured", size.to_compose(), self.offer.workload.name);
        finding.note(format!("measured: {}", self.measured.describe()));
        finding.fix_ops(
            title,
            Applicability::Unsafe,
            &[FactName::MemoryReservation],
            self.offer.set_reservation(size),
        );
    }
}
