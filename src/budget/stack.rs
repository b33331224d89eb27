//! One stack, service by service, beside the machine that runs it.

use std::collections::BTreeMap;

use indexmap::IndexSet;

use super::share::{is_started, replicas, sum};
use crate::model::size::ByteSize;
use crate::source::{SourceId, Span};
use crate::workload::{Beside, Fact, Kind, Pool, Project, SizedBy, Workload};

const MIB: i64 = 1 << 20;

/// The machine that runs it all.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// Its memory, in bytes.
    pub size: ByteSize,
    /// Who says so: an option, or a file.
    pub from: String,
    /// How often it may be promised.
    pub overcommit: f64,
}

/// What is too much for the host.
#[derive(Clone, Debug, PartialEq)]
pub enum Excess<'s> {
    /// One container may take more than there is.
    Limit(&'s Entry, ByteSize),
    /// What is reserved is more than there is.
    Reservations(ByteSize),
    /// All limits together are more than there is, times what it may be promised.
    Limits(ByteSize),
}

/// What one set of Compose files may take.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The Compose files that were asked for, in order; those that they lead to are not among them.
    pub files: Vec<SourceId>,
    /// It stands on the base of another stack, and is no stack beside that one.
    pub overlay: bool,
    /// The machine, where anybody says which.
    pub host: Option<Host>,
    /// The profiles that are started.
    pub active: Vec<String>,
    /// Every service that has containers, in the order of the files.
    pub services: Vec<Entry>,
    /// What could not be read, and why: services may be missing.
    pub gaps: Vec<(Span, String)>,
}

/// One service.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Where its key stands.
    pub anchor: Span,
    /// The profiles that start it; none means always.
    pub profiles: Vec<String>,
    /// How many containers; one where nobody can tell.
    pub replicas: i64,
    /// False where `replicas` hangs on a variable without a value.
    pub replicas_known: bool,
    /// The limit of one container; Absent also where it is 0.
    pub limit: Fact<ByteSize>,
    /// The reservation of one container.
    pub reservation: Fact<ByteSize>,
    /// The swap of one container beside its memory.
    pub swap: Swap,
    /// What its programs manage by settings or defaults, in one container.
    pub managed: Vec<Managed>,
    /// What those programs take beside it, an estimate: the least and the most, in bytes.
    pub beside: Option<(ByteSize, ByteSize)>,
    /// Runtimes whose heap follows a host that nobody names: `Java`.
    pub follows_host: Vec<&'static str>,
    /// What it does with all the memory that it sees, when nothing says otherwise.
    pub self_sizing: Option<String>,
}

/// A heap or a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Managed {
    /// `Java heap`, `Redis cache`.
    pub what: String,
    /// The most that it grows to, in bytes.
    pub size: ByteSize,
    /// What that follows from.
    pub by: SizedBy,
    /// The setting; for a default the program.
    pub span: Span,
}

/// The swap that a container may use beside its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// Without a limit there is none for swap either.
    Unlimited,
    /// In bytes; 0 is none.
    Bytes(ByteSize),
    /// A variable without a value decides.
    Unknown,
}

/// What several services come to. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many services.
    pub services: usize,
    /// How many containers.
    pub containers: i64,
    /// Their limits.
    pub limits: ByteSize,
    /// Their reservations.
    pub reservations: ByteSize,
    /// Swap on top of the limits, as far as it is limited.
    pub swap: ByteSize,
    /// The services without a limit: nothing of them is in the sum.
    pub unlimited: Vec<String>,
    /// The services whose limit nobody can tell: nothing of them is in the sum.
    pub unknown: Vec<String>,
}

impl Stack {
    /// The stack of a project, with `scale` containers where that names a service.
    #[must_use]
    pub fn of(
        project: &Project,
        host: Option<Host>,
        active: &[String],
        scale: &BTreeMap<String, i64>,
    ) -> Self {
        let size = host.as_ref().map(|host| host.size);
        let services = project.workloads.iter().filter(|workload| workload.kind == Kind::Service);
        let services = services.filter(|workload| !workload.role.fragment).filter_map(|workload| {
            let mut entry = Entry::of(workload, size);
            if let Some(count) = scale.get(&entry.name) {
                (entry.replicas, entry.replicas_known) = (*count, true);
            }
            (entry.replicas > 0).then_some(entry)
        });
        Self {
            files: project.asked.clone(),
            overlay: !project.within.is_empty(),
            services: services.collect(),
            gaps: gaps(project),
            active: active.to_vec(),
            host,
        }
    }

    /// True for what is started with the active profiles.
    #[must_use]
    pub fn starts(&self, entry: &Entry) -> bool {
        is_started(entry.profiles.iter().map(String::as_str), &self.active)
    }

    /// What is started.
    pub fn started(&self) -> impl Iterator<Item = &Entry> {
        self.services.iter().filter(|entry| self.starts(entry))
    }

    /// The sum of what is started.
    #[must_use]
    pub fn sum(&self) -> Sum {
        Sum::of(self.started())
    }

    /// What of that does not fit the host: what is certain first. Empty where no host is known.
    #[must_use]
    pub fn excesses(&self) -> Vec<Excess<'_>> {
        let Some(host) = &self.host else { return Vec::new() };
        let sum = self.sum();
        let limits = self.started().filter_map(|entry| {
            let limit = *entry.limit.value().filter(|limit| **limit > host.size)?;
            Some(Excess::Limit(entry, limit))
        });
        let mut out: Vec<Excess<'_>> = limits.collect();
        if sum.reservations > host.size {
            out.push(Excess::Reservations(sum.reservations));
        }
        if sum.limits.0 as f64 > host.size.0 as f64 * host.overcommit {
            out.push(Excess::Limits(sum.limits));
        }
        out
    }

    /// What each profile that is not active would add to that.
    #[must_use]
    pub fn by_profile(&self) -> Vec<(String, Sum)> {
        let names: IndexSet<&String> = self.services.iter().flat_map(|entry| &entry.profiles).collect();
        let adds = |name: &String| {
            let only = std::slice::from_ref(name);
            let added = self.services.iter().filter(|entry| {
                !self.starts(entry) && is_started(entry.profiles.iter().map(String::as_str), only)
            });
            Sum::of(added)
        };
        let sums = names.into_iter().map(|name| (name.clone(), adds(name)));
        sums.filter(|(_, sum)| sum.services > 0).collect()
    }
}

impl Entry {
    fn of(workload: &Workload, host: Option<ByteSize>) -> Self {
        let limit = match &workload.memory.limit {
            // Compose takes 0 for no limit.
            Fact::Known(known) if known.value.0 <= 0 => Fact::Absent { anchor: known.span },
            other => other.clone(),
        };
        let managed = managed(workload, &limit, host);
        Self {
            name: workload.name.clone(),
            anchor: workload.anchor,
            profiles: workload.profiles.iter().map(|profile| profile.value.clone()).collect(),
            replicas: replicas(workload),
            replicas_known: !workload.replicas.is_unknown(),
            swap: swap(workload, &limit),
            beside: if managed.is_empty() { None } else { beside(workload) },
            managed,
            follows_host: follows_host(workload, &limit, host),
            self_sizing: workload.self_sizing.clone(),
            reservation: workload.memory.reservation.clone(),
            limit,
        }
    }

    /// The limits of all containers; none without a limit.
    #[must_use]
    pub fn total(&self) -> Option<ByteSize> {
        self.limit.value().map(|limit| self.times(*limit))
    }

    /// The reservations of all containers; none without one.
    #[must_use]
    pub fn reserved(&self) -> Option<ByteSize> {
        self.reservation.value().filter(|size| size.0 > 0).map(|size| self.times(*size))
    }

    /// What all that its programs manage comes to in one container, in bytes; none where nothing is known of it.
    #[must_use]
    pub fn heap(&self) -> Option<ByteSize> {
        (!self.managed.is_empty()).then(|| sum(self.managed.iter().map(|managed| managed.size)))
    }

    /// True when a part of that is nobody's setting.
    #[must_use]
    pub fn heap_by_default(&self) -> bool {
        self.managed.iter().any(|managed| managed.by == SizedBy::Default)
    }

    /// One size for every container.
    #[must_use]
    pub fn times(&self, size: ByteSize) -> ByteSize {
        ByteSize(size.0.saturating_mul(self.replicas))
    }

    /// How the limit of all containers divides: what is managed, what is beside it at the most, and what is left. None
    /// without a limit. They add up to it.
    #[must_use]
    pub fn parts(&self) -> Option<[ByteSize; 3]> {
        let limit = self.limit.value()?.0;
        let heap = self.heap().map_or(0, |heap| heap.0).min(limit);
        let beside = self.beside.map_or(0, |(_, most)| most.0).min(limit - heap);
        Some([heap, beside, limit - heap - beside].map(|part| self.times(ByteSize(part))))
    }
}

impl Sum {
    /// The sum of these services.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut out = Self::default();
        for entry in entries {
            out.services += 1;
            out.containers = out.containers.saturating_add(entry.replicas);
            out.limits = sum([out.limits].into_iter().chain(entry.total()));
            out.reservations = sum([out.reservations].into_iter().chain(entry.reserved()));
            if let (Swap::Bytes(swap), Some(_)) = (entry.swap, entry.total()) {
                out.swap = sum([out.swap, entry.times(swap)]);
            }
            match entry.limit {
                Fact::Known(_) => {}
                Fact::Absent { .. } => out.unlimited.push(entry.name.clone()),
                Fact::Unknown { .. } => out.unknown.push(entry.name.clone()),
            }
        }
        out
    }

    /// Both together; the services of `other` are others.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let all = |a: &[String], b: &[String]| a.iter().chain(b).cloned().collect();
        Self {
            services: self.services + other.services,
            containers: self.containers.saturating_add(other.containers),
            limits: sum([self.limits, other.limits]),
            reservations: sum([self.reservations, other.reservations]),
            swap: sum([self.swap, other.swap]),
            unlimited: all(&self.unlimited, &other.unlimited),
            unknown: all(&self.unknown, &other.unknown),
        }
    }
}

/// Parts of the files from which nothing is known of services: references that lead nowhere, text that does not parse.
fn gaps(project: &Project) -> Vec<(Span, String)> {
    let unresolved = project.unresolved.iter().filter(|gap| matches!(gap.what, "include" | "extends"));
    let unresolved = unresolved.map(|gap| (gap.span, format!("{} `{}`: {}", gap.what, gap.name, gap.reason)));
    let broken = project.syntax_errors.iter().filter(|error| error.fatal);
    unresolved.chain(broken.map(|error| (error.span, error.message.clone()))).collect()
}

/// As much again as the limit unless `memswap_limit` says otherwise (moby `daemon/daemon_unix.go`).
fn swap(workload: &Workload, limit: &Fact<ByteSize>) -> Swap {
    let limit = match limit {
        Fact::Known(limit) => limit.value,
        Fact::Absent { .. } => return Swap::Unlimited,
        Fact::Unknown { .. } => return Swap::Unknown,
    };
    match &workload.memory.swap {
        Fact::Unknown { .. } => Swap::Unknown,
        Fact::Known(both) if both.value.0 < 0 => Swap::Unlimited,
        Fact::Known(both) if both.value.0 > 0 => Swap::Bytes(ByteSize((both.value.0 - limit.0).max(0))),
        _ => Swap::Bytes(limit),
    }
}

fn managed(workload: &Workload, limit: &Fact<ByteSize>, host: Option<ByteSize>) -> Vec<Managed> {
    // A limit that nobody can tell is none, and is not the host either.
    let host = host.filter(|_| !limit.is_unknown());
    let pools = workload.heaps.iter().chain(&workload.caches).filter_map(|heap| {
        let size = heap.size_under(limit.value().copied(), host)?;
        let kind = match heap.pool {
            Pool::Heap => "heap",
            Pool::Cache => "cache",
        };
        let what = format!("{} {kind}", heap.runtime.display_name());
        let span = heap.bound.known().map_or(heap.program.span, |setting| setting.span);
        Some(Managed { what, size: size.size, by: size.by, span })
    });
    let mut managed: Vec<Managed> = pools.collect();
    if let Some(own) = workload.own_heap.as_ref().filter(|_| managed.is_empty())
        && let Some(bytes) = i64::try_from(own.mib).ok().and_then(|mib| mib.checked_mul(MIB))
    {
        let what = format!("{} heap", own.of.display_name());
        managed.push(Managed { what, size: ByteSize(bytes), by: SizedBy::Default, span: workload.anchor });
    }
    managed
}

/// Heaps without a size until somebody says how large the host is.
fn follows_host(workload: &Workload, limit: &Fact<ByteSize>, host: Option<ByteSize>) -> Vec<&'static str> {
    if !limit.is_absent() || host.is_some() {
        return Vec::new();
    }
    let open = workload.heaps.iter().chain(&workload.caches).filter(|heap| heap.follows());
    open.map(|heap| heap.runtime.display_name()).collect()
}

fn beside(workload: &Workload) -> Option<(ByteSize, ByteSize)> {
    let own = workload.own_heap.iter().map(|own| own.of);
    let mut runtimes: Vec<_> = workload.heaps.iter().map(|heap| heap.runtime).chain(own).collect();
    runtimes.dedup();
    let (least, most) = runtimes
        .into_iter()
        .filter_map(Beside::of)
        .fold((0, 0), |(least, most), beside| (least + beside.least, most + beside.most));
    (most > 0).then_some((ByteSize(least * MIB), ByteSize(most * MIB)))
}
