//! Whether a container fits its limit, and a stack its host.

use super::entry::Entry;
use super::share::sum;
use super::stack::Stack;
use crate::syntax::size::ByteSize;
use crate::workload::Fact;

/// Whether what is known of a container fits its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Its heaps and caches, with the least that is outside of them, are within the limit.
    Fits,
    /// They may grow beyond the limit: the kernel kills the container there.
    ExceedsLimit,
    /// There is no limit.
    NoLimit,
    /// The limit, or what fills it, is not known.
    Unknown,
}

/// Whether a stack fits its host.
#[derive(Clone, Debug, PartialEq)]
pub enum HostFit<'s> {
    /// Every container has a limit and fits it, and all limits together fit the host.
    Fits,
    /// It exceeds the host ([`Stack::excesses`]), or these containers exceed their limits.
    DoesNotFit(Vec<&'s Entry>),
    /// The limits fit, and so much is left for these services, which have none.
    Open(ByteSize, Vec<&'s Entry>),
    /// The host, a limit or a file is not known.
    Unknown,
}

impl Entry {
    /// Tells whether its heaps and caches fit its limit.
    #[must_use]
    pub fn fit(&self) -> Fit {
        let limit = match &self.limit {
            Fact::Known(limit) => limit.value,
            Fact::Absent { .. } => return Fit::NoLimit,
            Fact::Unknown { .. } => return Fit::Unknown,
        };
        match self.needs() {
            Some(needs) if needs > limit => Fit::ExceedsLimit,
            Some(_) => Fit::Fits,
            None => Fit::Unknown,
        }
    }

    /// Returns the heaps and caches of one container, with the least that is outside of them, in bytes. None if nothing is known.
    #[must_use]
    pub fn needs(&self) -> Option<ByteSize> {
        let off_heap = self.off_heap.map_or(ByteSize(0), |(least, _)| least);
        self.heap().map(|heap| sum([heap, off_heap]))
    }

    /// Returns the least memory that all containers of a service without a limit may grow to, in bytes. 0 if nothing is known.
    #[must_use]
    pub fn expected(&self) -> ByteSize {
        match self.limit {
            Fact::Absent { .. } => self.times(self.needs().unwrap_or_default()),
            _ => ByteSize(0),
        }
    }
}

impl Stack {
    /// Tells whether it fits.
    #[must_use]
    pub fn host_fit(&self) -> HostFit<'_> {
        let too_large: Vec<&Entry> =
            self.started().filter(|entry| entry.fit() == Fit::ExceedsLimit).collect();
        if !too_large.is_empty() || !self.excesses().is_empty() {
            return HostFit::DoesNotFit(too_large);
        }
        let sum = self.sum();
        let Some(host) = &self.host else { return HostFit::Unknown };
        if !self.gaps.is_empty() || !sum.unknown.is_empty() {
            return HostFit::Unknown;
        }
        let open: Vec<&Entry> = self.started().filter(|entry| entry.limit.is_absent()).collect();
        if open.is_empty() {
            return HostFit::Fits;
        }
        HostFit::Open(ByteSize((host.room.left().0 - sum.limits.0).max(0)), open)
    }
}
