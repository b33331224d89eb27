//! The memory of one service on its host: what it may take, and what is known to fill it.

use super::share::{replicas, sum};
use crate::source::Span;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{Fact, NativeOverhead, Pool, SizedBy, Workload};

/// A service in a budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Span of its key.
    pub anchor: Span,
    /// The profiles that start it. Empty means always.
    pub profiles: Vec<String>,
    /// The number of containers, or 1 if unknown.
    pub replicas: i64,
    /// False if `replicas` depends on a variable without a value.
    pub replicas_known: bool,
    /// The limit of one container. Also Absent for 0.
    pub limit: Fact<ByteSize>,
    /// The limits of the steps of its `pre_start`, by name. They run before its containers, one after another.
    pub steps: Vec<(String, Fact<ByteSize>)>,
    /// The reservation of one container.
    pub reservation: Fact<ByteSize>,
    /// The swap of one container on top of its memory.
    pub swap: Swap,
    /// The heaps and caches of one container, by setting or default.
    pub managed: Vec<ManagedMemory>,
    /// The estimated memory of their runtimes on top of that, in bytes: the least and the most.
    pub off_heap: Option<(ByteSize, ByteSize)>,
    /// Runtimes whose heap follows the size of an unknown host: `Java`.
    pub follows_host: Vec<&'static str>,
    /// Its use of the memory it sees, unless configured otherwise.
    pub self_sizing: Option<String>,
}

/// A heap or a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedMemory {
    /// `Java heap`, `Redis cache`.
    pub what: String,
    /// The most that it grows to, in bytes.
    pub size: ByteSize,
    /// Whether it is a heap or a cache.
    pub pool: Pool,
    /// The origin of the size.
    pub by: SizedBy,
    /// Span of the setting, or of the program for a default.
    pub span: Span,
}

/// The swap that a container may use on top of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// No bound: there is no memory limit, or `memswap_limit` is -1.
    Unlimited,
    /// A number of bytes. 0 for none.
    Bytes(ByteSize),
    /// Depends on a variable without a value.
    Unknown,
}

impl Entry {
    /// Creates the entry of a service, on a host with that much memory.
    pub(super) fn of(workload: &Workload, host: Option<ByteSize>) -> Self {
        let limit = limit(workload);
        let (managed, overheads) = managed(workload, &limit, host);
        Self {
            name: workload.name.clone(),
            anchor: workload.anchor,
            profiles: workload.service.profiles.iter().map(|profile| profile.value.clone()).collect(),
            replicas: replicas(workload),
            replicas_known: !workload.resources.replicas.is_unknown(),
            swap: swap(workload, &limit),
            off_heap: off_heap(&overheads),
            managed,
            follows_host: follows_host(workload, &limit, host),
            self_sizing: workload.memory.self_sizing.clone(),
            reservation: workload.memory.reservation.clone(),
            steps: Vec::new(),
            limit,
        }
    }

    /// Adds a step of its `pre_start`.
    pub(super) fn add_step(&mut self, step: &Workload) {
        self.steps.push((step.name.clone(), limit(step)));
    }

    /// Returns its steps without a limit, if its own containers have one.
    pub fn unlimited_steps(&self) -> impl Iterator<Item = &str> {
        let open = self.steps.iter().filter(|(_, limit)| self.total().is_some() && limit.is_absent());
        open.map(|(name, _)| name.as_str())
    }

    /// Returns the limits of all containers together, or that of a step that may take more before they run. None without a
    /// limit.
    #[must_use]
    pub fn total(&self) -> Option<ByteSize> {
        let limit = self.times(*self.limit.value()?);
        let steps = self.steps.iter().filter_map(|(_, limit)| limit.value().copied());
        Some(steps.fold(limit, ByteSize::max))
    }

    /// Returns the reservations of all containers together. None without one.
    #[must_use]
    pub fn reserved(&self) -> Option<ByteSize> {
        self.reservation.value().filter(|size| size.0 > 0).map(|size| self.times(*size))
    }

    /// Returns the sum of [`Entry::managed`] in one container, in bytes. None if nothing is known.
    #[must_use]
    pub fn heap(&self) -> Option<ByteSize> {
        (!self.managed.is_empty()).then(|| sum(self.managed.iter().map(|managed| managed.size)))
    }

    /// True if part of that is a runtime's default and not a setting.
    #[must_use]
    pub fn heap_by_default(&self) -> bool {
        self.managed.iter().any(|managed| managed.by == SizedBy::Default)
    }

    /// Multiplies the size of one container by their number.
    #[must_use]
    pub fn times(&self, size: ByteSize) -> ByteSize {
        ByteSize(size.0.saturating_mul(self.replicas))
    }

    /// Splits the limit of all containers: managed memory, the most that is on top of it, and what is left. They add up to
    /// [`Entry::total`]. None without a limit.
    #[must_use]
    pub fn parts(&self) -> Option<[ByteSize; 3]> {
        let limit = self.limit.value()?.0;
        let heap = self.heap().map_or(0, |heap| heap.0).min(limit);
        let off_heap = self.off_heap.map_or(0, |(_, most)| most.0).min(limit - heap);
        let [heap, off_heap] = [heap, off_heap].map(|part| self.times(ByteSize(part)));
        let rest = self.total()?.0.saturating_sub(heap.0).saturating_sub(off_heap.0);
        Some([heap, off_heap, ByteSize(rest)])
    }
}

/// Returns the limit of one container. Compose accepts 0 for no limit.
fn limit(workload: &Workload) -> Fact<ByteSize> {
    match &workload.memory.limit {
        Fact::Known(known) if known.value.0 <= 0 => Fact::Absent { anchor: known.span },
        other => other.clone(),
    }
}

/// Returns the swap: as much again as the limit, unless `memswap_limit` is set (moby `daemon/daemon_unix.go`).
fn swap(workload: &Workload, limit: &Fact<ByteSize>) -> Swap {
    let limit = match limit {
        Fact::Known(_) if workload.windows => return Swap::Bytes(ByteSize(0)),
        Fact::Known(limit) => limit.value,
        Fact::Absent { .. } => return Swap::Unlimited,
        Fact::Unknown { .. } => return Swap::Unknown,
    };
    match &workload.service.memswap_limit {
        Fact::Unknown { .. } => Swap::Unknown,
        Fact::Known(both) if both.value.0 < 0 => Swap::Unlimited,
        Fact::Known(both) if both.value.0 > 0 => Swap::Bytes(ByteSize((both.value.0 - limit.0).max(0))),
        _ => Swap::Bytes(limit),
    }
}

/// Returns the heaps and caches of known size, and the off-heap memory of their processes where it was measured.
fn managed(
    workload: &Workload,
    limit: &Fact<ByteSize>,
    host: Option<ByteSize>,
) -> (Vec<ManagedMemory>, Vec<NativeOverhead>) {
    // A limit of unknown value still bounds the heap: the host does not.
    let host = host.filter(|_| !limit.is_unknown());
    let mut overheads = Vec::new();
    let pools = workload.pools.heaps.iter().chain(&workload.pools.caches).filter_map(|heap| {
        let size = heap.size_under(limit.value().copied(), host)?;
        overheads.extend(heap.off_heap(size.size));
        let what = heap.display_name();
        let span = heap.bound.known().map_or(heap.program.span, |setting| setting.span);
        Some(ManagedMemory { what, size: size.size, pool: heap.pool, by: size.by, span })
    });
    let mut managed: Vec<ManagedMemory> = pools.collect();
    if let Some(own) = workload.pools.image_default_heap.as_ref().filter(|_| managed.is_empty()) {
        overheads.extend(own.off_heap());
        let what = format!("{} heap", own.of.display_name());
        managed.push(ManagedMemory {
            what,
            size: own.size(),
            pool: Pool::Heap,
            by: SizedBy::Default,
            span: workload.anchor,
        });
    }
    (managed, overheads)
}

/// Returns the runtimes whose heap has no size until the host's is known.
fn follows_host(workload: &Workload, limit: &Fact<ByteSize>, host: Option<ByteSize>) -> Vec<&'static str> {
    if !limit.is_absent() || host.is_some() {
        return Vec::new();
    }
    let open = workload.pools.heaps.iter().chain(&workload.pools.caches).filter(|heap| heap.follows());
    open.map(|heap| heap.runtime.display_name()).collect()
}

/// Returns the sum of the least and of the most off-heap memory. None if nothing was measured.
fn off_heap(overheads: &[NativeOverhead]) -> Option<(ByteSize, ByteSize)> {
    let size = |mebibytes: i64| ByteSize(mebibytes.saturating_mul(MIB));
    let least = sum(overheads.iter().map(|off_heap| size(off_heap.least)));
    let most = sum(overheads.iter().map(|off_heap| size(off_heap.most)));
    (most.0 > 0).then_some((least, most))
}
