//! The services of one stack, compared with the memory of its host.

use std::collections::BTreeMap;

use super::entry::{Entry, Swap};
use super::plan::Room;
use super::share::{active, is_started, sum};
use crate::hash::{IndexMap, IndexSet};
use crate::source::{SourceId, Span};
use crate::syntax::size::ByteSize;
use crate::workload::{Fact, Kind, Project};

/// The machine that runs a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// Its memory, in bytes.
    pub size: ByteSize,
    /// The origin of that size: an option, or a file.
    pub from: String,
    /// The part of it that is left for containers.
    pub room: Room,
}

/// Memory that exceeds the host's.
#[derive(Clone, Debug, PartialEq)]
pub enum Overrun<'s> {
    /// The limit of one container exceeds the host's memory.
    Limit(&'s Entry, ByteSize),
    /// All reservations together exceed the host's memory.
    Reservations(ByteSize),
    /// All limits together exceed what is left for containers, [`Room::left`].
    Limits(ByteSize),
    /// The limits do not, but they do with what the services without a limit may take: both sizes, in bytes.
    Expected(ByteSize, ByteSize),
}

/// The memory that one set of Compose files may take.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The requested Compose files, in order, without those that they include or extend.
    pub files: Vec<SourceId>,
    /// An override file on the base of another stack: it does not run next to that one.
    pub is_override_file: bool,
    /// The host, if known.
    pub host: Option<Host>,
    /// The active profiles.
    pub active: Vec<String>,
    /// Every service that has containers, in the order of the files, then the jobs, which may run at the same time.
    pub services: Vec<Entry>,
    /// Parts of the files that could not be read, and why: services may be missing.
    pub gaps: Vec<(Span, String)>,
}

/// Totals of several services. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The number of services.
    pub services: usize,
    /// The number of containers.
    pub containers: i64,
    /// Their limits.
    pub limits: ByteSize,
    /// Their reservations.
    pub reservations: ByteSize,
    /// Swap on top of the limits, as far as it is limited.
    pub swap: ByteSize,
    /// The least memory that the services without a limit may grow to, by their heaps and caches. Not in `limits`.
    pub expected: ByteSize,
    /// The services with a limit and unlimited swap, which is not in `swap`.
    pub unlimited_swap: Vec<String>,
    /// The services without a limit: they add nothing to `limits` and `swap`.
    pub unlimited: Vec<String>,
    /// The services with an unknown limit: they add nothing to `limits` and `swap`.
    pub unknown: Vec<String>,
}

impl Stack {
    /// Creates the stack of a project. `named` are the profiles of the command line; `scale` replaces the number of containers of the services that it names.
    #[must_use]
    pub fn of(
        project: &Project,
        host: Option<Host>,
        named: &[String],
        scale: &BTreeMap<String, i64>,
    ) -> Self {
        let size = host.as_ref().map(|host| host.size);
        let mut services: Vec<Entry> = Vec::new();
        for workload in project.workloads.iter().filter(|workload| !workload.role.fragment) {
            match workload.step() {
                None if workload.kind == Kind::Image => {}
                None => services.push(Entry::of(workload, size)),
                // A step comes right after its service.
                Some(step) => {
                    let own = services.last_mut().filter(|entry| entry.name == step.service);
                    if let Some(entry) = own {
                        entry.add_step(workload);
                    }
                }
            }
        }
        for entry in &mut services {
            if let Some(count) = scale.get(&entry.name) {
                (entry.replicas, entry.replicas_known) = (*count, true);
            }
        }
        services.retain(|entry| entry.replicas > 0);
        Self {
            // Inspected containers have no Compose file.
            files: match project.compose_files.as_slice() {
                [] => project.files.clone(),
                files => files.to_vec(),
            },
            is_override_file: !project.report_only.is_empty(),
            services,
            gaps: gaps(project),
            active: active(project, named).to_vec(),
            host,
        }
    }

    /// True if a service starts with the active profiles.
    #[must_use]
    pub fn starts(&self, entry: &Entry) -> bool {
        is_started(entry.profiles.iter().map(String::as_str), &self.active)
    }

    /// Returns the services that start.
    pub fn started(&self) -> impl Iterator<Item = &Entry> {
        self.services.iter().filter(|entry| self.starts(entry))
    }

    /// Returns the totals of the services that start.
    #[must_use]
    pub fn sum(&self) -> Sum {
        Sum::of(self.started())
    }

    /// Returns what exceeds the host, the certain first. Empty if no host is known.
    #[must_use]
    pub fn excesses(&self) -> Vec<Overrun<'_>> {
        let Some(host) = &self.host else { return Vec::new() };
        let sum = self.sum();
        let limits = self.started().filter_map(|entry| {
            let limit = *entry.limit.value().filter(|limit| **limit > host.size)?;
            Some(Overrun::Limit(entry, limit))
        });
        let mut out: Vec<Overrun<'_>> = limits.collect();
        if sum.reservations > host.size {
            out.push(Overrun::Reservations(sum.reservations));
        }
        let most = host.room.left();
        if sum.limits > most {
            out.push(Overrun::Limits(sum.limits));
        } else if sum.expected.0 > 0 && sum.limits.0.saturating_add(sum.expected.0) > most.0 {
            out.push(Overrun::Expected(sum.limits, sum.expected));
        }
        out
    }

    /// Returns the totals that each inactive profile would add.
    #[must_use]
    pub fn by_profile(&self) -> Vec<(String, Sum)> {
        let mut of_names: IndexMap<&String, Vec<&Entry>> = IndexMap::default();
        for entry in &self.services {
            let names: IndexSet<&String> = entry.profiles.iter().collect();
            for name in names {
                of_names.entry(name).or_default().extend((!self.starts(entry)).then_some(entry));
            }
        }
        let sums = of_names.into_iter().map(|(name, added)| (name.clone(), Sum::of(added)));
        sums.filter(|(_, sum)| sum.services > 0).collect()
    }
}

impl Sum {
    /// Returns the totals of these services.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut out = Self::default();
        for entry in entries {
            out.services += 1;
            out.containers = out.containers.saturating_add(entry.replicas);
            out.limits = sum([out.limits].into_iter().chain(entry.total()));
            out.expected = sum([out.expected, entry.expected()]);
            out.reservations = sum([out.reservations].into_iter().chain(entry.reserved()));
            match entry.swap {
                Swap::Bytes(swap) if entry.total().is_some() => out.swap = sum([out.swap, entry.times(swap)]),
                Swap::Unlimited if entry.total().is_some() => out.unlimited_swap.push(entry.name.clone()),
                _ => {}
            }
            match entry.limit {
                Fact::Known(_) => {}
                Fact::Absent { .. } => out.unlimited.push(entry.name.clone()),
                Fact::Unknown { .. } => out.unknown.push(entry.name.clone()),
            }
            for (name, limit) in entry.steps.iter().filter(|_| entry.total().is_some()) {
                match limit {
                    Fact::Known(_) => {}
                    Fact::Absent { .. } => out.unlimited.push(name.clone()),
                    Fact::Unknown { .. } => out.unknown.push(name.clone()),
                }
            }
        }
        out
    }

    /// Adds the totals of other services.
    pub fn add(&mut self, other: Self) {
        let numbers = self.numbers_with(&other);
        let Self { mut unlimited_swap, mut unlimited, mut unknown, .. } = std::mem::take(self);
        unlimited_swap.extend(other.unlimited_swap);
        unlimited.extend(other.unlimited);
        unknown.extend(other.unknown);
        *self = Self { unlimited_swap, unlimited, unknown, ..numbers };
    }

    /// Returns the numbers of both without the names, which would be repeated for every profile.
    #[must_use]
    pub fn numbers_with(&self, other: &Self) -> Self {
        Self {
            services: self.services + other.services,
            containers: self.containers.saturating_add(other.containers),
            limits: sum([self.limits, other.limits]),
            reservations: sum([self.reservations, other.reservations]),
            swap: sum([self.swap, other.swap]),
            expected: sum([self.expected, other.expected]),
            ..Self::default()
        }
    }
}

/// Returns unresolved includes and extends, and text that does not parse: services may be missing there.
fn gaps(project: &Project) -> Vec<(Span, String)> {
    let unresolved = project.unresolved.iter().filter(|gap| matches!(gap.what, "include" | "extends"));
    let unresolved = unresolved.map(|gap| (gap.span, gap.to_string()));
    let broken = project.syntax_errors.iter().filter(|error| error.fatal);
    unresolved.chain(broken.map(|error| (error.span, error.message.clone()))).collect()
}
