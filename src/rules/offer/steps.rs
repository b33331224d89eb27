//! The effect of a service's settings on the steps of its `pre_start`, which inherit them.

use super::Offer;
use crate::capacity::Need;
use crate::syntax::size::ByteSize;
use crate::workload::Workload;

impl<'w> Offer<'w> {
    /// Returns the steps of the service that have no limit, or one of 0.
    pub(super) fn unlimited_steps(&self) -> impl Iterator<Item = &'w Workload> {
        let workload = self.workload;
        let all = workload.key("pre_start").map(|_| self.project.workloads.as_slice()).unwrap_or_default();
        all.iter().filter(move |other| {
            let is_step = other.step().is_some_and(|step| step.service == workload.name);
            is_step && !other.memory.limit.is_unknown() && other.known_limit().is_none()
        })
    }

    /// Returns a step that would inherit this limit and needs more.
    pub(super) fn step_beyond(&self, limit: ByteSize) -> Option<&'w Workload> {
        let inherits = !self.in_deploy() || self.workload.key("mem_limit").is_some();
        let mut steps = self.unlimited_steps().filter(|_| inherits);
        steps.find(|step| !Need::fits_limit(step, limit))
    }
}
