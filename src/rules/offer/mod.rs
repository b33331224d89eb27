//! Memory settings that rules offer for a service, in the form of its files.
//!
//! A number comes from [`Need`] or from measurements, and is offered as a fix. Where no number can be derived, the help names
//! the key and the reason, and shows nothing to paste.

mod form;
mod heap;
mod steps;
mod write;

pub(super) use self::form::Instead;
use self::heap::lower;
pub(super) use self::heap::{bound_default, bound_in_bytes, set_variables, set_words, usual};

use super::form::Form;
use super::{FindingBuilder, Policy, RuleContext, Target};
use crate::capacity::{Need, NoNumber};
use crate::diagnostic::Applicability;
use crate::source::{Spanned, path_text};
use crate::syntax::size::{ByteSize, SMALLEST_LIMIT};
use crate::syntax::yaml::is_plain_string;
use crate::workload::{
    ChangedElsewhere, Fact, FactName, HeapSetting, Kind, LimitKeys, MemoryPool, Project, SettingName,
    SizeKey, Why, Workload,
};

/// The facts that a fix of a limit may change.
pub(super) const CHANGES: &[FactName] =
    &[FactName::MemoryLimit, FactName::MemoryReservation, FactName::SwapLimit];

/// The keys that set memory, swap and reservation of a service.
const MEMORY_KEYS: [&str; 5] = [
    "mem_limit",
    "mem_reservation",
    "memswap_limit",
    "deploy.resources.limits.memory",
    "deploy.resources.reservations.memory",
];

/// A service to offer settings for, with its project and the settings of the rules.
#[derive(Clone, Copy)]
pub(super) struct Offer<'w> {
    pub(super) project: &'w Project,
    pub(super) workload: &'w Workload,
    pub(super) policy: &'w Policy,
    /// True to write new limits below `deploy` even where the service's neighbours have short keys.
    pub(super) prefer_deploy: bool,
}

impl<'w> Offer<'w> {
    /// Returns the offer for a workload of the context's project.
    pub(super) fn of(workload: &'w Workload, cx: &RuleContext<'w>) -> Self {
        Self { project: cx.project(), workload, policy: cx.policy(), prefer_deploy: false }
    }

    /// True if Swarm runs the service: it reads the reservation only to place it.
    pub(super) fn is_for_swarm(&self) -> bool {
        match self.workload.launch() {
            Some(launch) => launch.swarm,
            None => self.policy.target == Target::Swarm || self.project.for_swarm,
        }
    }

    /// True unless the project is for Swarm, which has no settings for swap, or the container for Windows, which has no swap.
    pub(super) fn may_swap(&self) -> bool {
        !self.workload.windows && self.policy.target == Target::Compose && !self.project.for_swarm
    }

    /// Returns the memory limit and `memswap_limit`, if both are known and count.
    pub(super) fn limit_and_swap(&self) -> Option<(&'w Spanned<ByteSize>, &'w Spanned<ByteSize>)> {
        let swap = self.workload.service.memswap_limit.known().filter(|_| self.may_swap())?;
        Some((self.workload.known_limit()?, swap))
    }

    /// True if limits belong below `deploy.resources`: for Swarm, where the service, its override files or its neighbours have a
    /// `deploy` or limits there, or where the file is of version 3. Swarm rejects a file with the short keys, docker-compose 1
    /// rejects them in version 3, and Compose reads both.
    pub(super) fn in_deploy(&self) -> bool {
        let Self { project, workload, policy, prefer_deploy } = self;
        let has = |workload: &Workload, name: &str| workload.key(name).is_some();
        // A job and a step have no `deploy`.
        if workload.kind != Kind::Service {
            return false;
        }
        if policy.target == Target::Swarm || has(workload, "deploy.resources") {
            return true;
        }
        if workload.has_short_limits() {
            return false;
        }
        if has(workload, "deploy") || *prefer_deploy {
            return true;
        }
        let elsewhere = project.changed_elsewhere(&workload.name).any(|change| change.in_deploy);
        let LimitKeys { deploy, short } = project.limit_keys;
        project.for_swarm || elsewhere || deploy > short || project.is_version_3 && short == 0
    }

    /// Returns the reason not to write anything: another file changes what the service starts or may use.
    pub(super) fn changed_elsewhere(&self) -> Option<String> {
        let name = &self.workload.name;
        if let Some(why) = self.reset() {
            return Some(why);
        }
        let change = self.project.changed_elsewhere(name).next()?;
        self.because(change)
    }

    /// Returns the reason not to write a memory setting: `!reset` takes one away that another file may have.
    fn reset(&self) -> Option<String> {
        let is_reset = MEMORY_KEYS.iter().any(|key| self.workload.is_reset(key));
        is_reset.then(|| format!("`!reset` takes memory settings of `{}` away", self.workload.name))
    }

    /// Returns the limit that other settings are computed from. `None` if a variable sets it, or another file changes the
    /// service: settings are written into its first file, which is also read without the limit of an override file.
    pub(super) fn settled_limit(&self) -> Option<ByteSize> {
        let key = self.workload.limit_key().filter(|key| !key.text.varies() && !self.is_of_override(key))?;
        let limit = key.size.value().copied().filter(|limit| limit.0 > 0)?;
        self.changed_elsewhere().is_none().then_some(limit)
    }

    /// True for a key in an override file of the service's own.
    fn is_of_override(&self, key: &SizeKey) -> bool {
        let file = key.key.file;
        file != self.workload.anchor.file && self.project.merges(file)
    }

    /// True if an override file sets the limit: what is written into the service's first file cannot follow it.
    pub(super) fn is_limited_by_override(&self) -> bool {
        self.workload.limit_key().is_some_and(|limit| self.is_of_override(limit))
    }

    /// Like [`Self::changed_elsewhere`] for memory settings alone: for fixes that repeat or follow a limit.
    pub(super) fn limited_elsewhere(&self) -> Option<String> {
        if let Some(why) = self.reset() {
            return Some(why);
        }
        let change = self.project.changed_elsewhere(&self.workload.name).find(|change| change.memory)?;
        self.because(change)
    }

    fn because(&self, change: &ChangedElsewhere) -> Option<String> {
        let name = &self.workload.name;
        let file = path_text(change.file.strip_prefix(&self.project.directory).unwrap_or(&change.file));
        Some(match &change.by {
            Some(other) if change.limit => {
                format!("`{other}` in `{file}` {} and has its own limit", change.takes())
            }
            Some(other) => {
                format!("`{other}` in `{file}` {}: pick a size that fits both", change.takes())
            }
            None if change.limit => format!("`{file}` has its own limit for `{name}`"),
            None => format!("`{file}` also sets `{name}`: pick a size that fits with and without it"),
        })
    }

    /// Adds a fix that sets the limit that the service needs, or help with the reason why there is no number.
    pub(super) fn limit(&self, finding: &mut FindingBuilder<'_>) {
        if let Some(why) = self.changed_elsewhere() {
            let help = match Need::of(self.workload) {
                Err(without) => self.without_number(&without),
                Ok(need) => format!(
                    "{}: {} holds the heaps and caches that are set here",
                    self.add(SettingName::LIMIT, "<size>"),
                    need.limit.to_compose()
                ),
            };
            finding.help(format!("{help}; {why}"));
            return;
        }
        let need = match Need::of(self.workload) {
            Ok(need) if self.fits_host(need.limit) => need,
            Ok(need) => {
                let host = self.policy.host_memory.unwrap_or_default();
                let text = format!("it needs {}, more than the host has: {host}", need.limit.to_compose());
                finding.help(text);
                return;
            }
            Err(why) => {
                finding.help(self.without_number(&why));
                return;
            }
        };
        if let Some(step) = self.step_beyond(need.limit) {
            let (key, size) = (self.name_of(SettingName::LIMIT), need.limit.to_compose());
            finding.help(format!(
                "{size} is enough for `{}`, not for `{}`, which inherits `{key}`: give both a `{key}`",
                self.workload.name, step.name
            ));
            return;
        }
        match self.set_limit(need.limit, None).filter(|_| self.workload.kind != Kind::Image) {
            Some(ops) => {
                let (key, name) = (self.name_of(SettingName::LIMIT), &self.workload.name);
                let title = format!("set `{key}` of `{name}` to {}", need.limit.to_compose());
                finding.note(need.note(self.workload)).fix_ops(title, Applicability::Unsafe, CHANGES, ops);
            }
            None => {
                finding.help(format!(
                    "a limit of {}: {}; change the variable that sets it",
                    need.limit.to_compose(),
                    need.note(self.workload)
                ));
            }
        }
    }

    /// True if the engine rejects the limit itself, so that no other setting can follow it.
    fn is_refused(&self) -> bool {
        self.workload.memory.limit.value().is_some_and(|limit| *limit < SMALLEST_LIMIT)
    }

    /// True unless the host is known to have less memory.
    pub(super) fn fits_host(&self, limit: ByteSize) -> bool {
        self.policy.host_memory.is_none_or(|host| limit <= host)
    }

    /// Returns help that names the key, and why its value does not follow from the files.
    fn without_number(&self, why: &NoNumber) -> String {
        let (key, add) = (self.name_of(SettingName::LIMIT), self.add(SettingName::LIMIT, "<size>"));
        let host = self.policy.host_memory.map_or_else(|| "8g".to_owned(), ByteSize::to_compose);
        // A plan is made of Compose files.
        let (fit, or) = match self.workload.described() {
            Some(_) => {
                (String::new(), "`oomlint size` suggests one from samples of `docker stats`".to_owned())
            }
            None => {
                let fit = format!("`oomlint fit --host-memory {host}` suggests a start");
                (format!("; {fit}"), format!("{fit}, `oomlint size` one from samples of `docker stats`"))
            }
        };
        match why {
            NoNumber::Unknown if self.workload.role.is_job() => {
                format!("{add}, above its peak memory use while it runs; {or}")
            }
            NoNumber::Unknown => {
                format!("{add}, above the {}'s peak memory use; {or}", Form::of(self.workload).noun())
            }
            NoNumber::Follows { runtime: runtime @ "Java" } => format!(
                "{add}: the {runtime} heap is then a quarter of it, or as much as `-XX:MaxRAMPercentage` in `JAVA_TOOL_OPTIONS` says; {or}"
            ),
            NoNumber::Follows { runtime } => format!("{add}: the {runtime} heap then follows it; {or}"),
            NoNumber::Grows { what } => {
                format!("{add}, as much as you want to give it: {what}, so its current use is no guide{fit}")
            }
            NoNumber::HostSized { why, first } => match first {
                Some(first) => {
                    format!(
                        "`{key}` alone is not enough, {why}: add it and run oomlint again, which then suggests the {first}"
                    )
                }
                None => {
                    format!(
                        "`{key}` alone is not enough, {why}: limit its heap or cache first, then add a limit \
                         above it"
                    )
                }
            },
            NoNumber::MayBeHostSized { why, first } => match first {
                Some(first) => format!(
                    "`{key}` alone may not be enough: if it starts the server of its image, {why}; add it and run oomlint again, which then suggests the {first}"
                ),
                None => {
                    format!("`{key}` alone may not be enough: if it starts the server of its image, {why}")
                }
            },
            NoNumber::Varies { setting, limit } => {
                format!("{add}: {} is enough for `{setting}`, its value here", limit.to_compose())
            }
            NoNumber::Capped { by, limit } => format!(
                "it needs a limit of {}, more than its `{}`: change the two together",
                limit.to_compose(),
                Form::of(self.workload).name(*by)
            ),
        }
    }

    /// Adds a fix that reserves the steady use of the heap or cache, if it is known and below the limit; else help with the key
    /// and the reason.
    pub(super) fn reservation(&self, finding: &mut FindingBuilder<'_>, limit: ByteSize) {
        let add = self.add(SettingName::RESERVATION, "<size>");
        if let Some(why) = self.changed_elsewhere() {
            finding.help(format!(
                "{add}, below the limit of {limit}: its usual use, as `docker stats` shows; {why}"
            ));
            return;
        }
        let varies = self.workload.limit_key().is_none_or(|key| key.text.varies());
        let steady = Need::of(self.workload).ok().and_then(|need| need.steady);
        match steady
            .map(ByteSize::rounded_up)
            .filter(|steady| *steady < limit && !varies && !self.is_refused())
        {
            Some(steady) => {
                finding.fix_ops(
                    format!(
                        "reserve {} for `{}`: its heap or cache, rounded up",
                        steady.to_compose(),
                        self.workload.name
                    ),
                    Applicability::Unsafe,
                    &[FactName::MemoryReservation],
                    self.set_reservation(steady),
                );
            }
            None => {
                finding.help(format!(
                    "{add}, below the limit of {limit}: its usual use, as `docker stats` shows"
                ));
            }
        }
    }

    /// Adds a fix that sets `memswap_limit` to the text of the limit, which allows no swap.
    pub(super) fn no_swap(&self, finding: &mut FindingBuilder<'_>, title: &str) {
        // Swarm rejects a file of version 3 that has the key.
        let swarm_reads = self.project.is_version_3 && self.in_deploy();
        match self.set_swap().filter(|_| !swarm_reads && self.limited_elsewhere().is_none()) {
            Some(ops) => {
                finding.fix_ops(title, Applicability::Unsafe, &[FactName::SwapLimit], ops);
            }
            None if swarm_reads => {
                finding.help(
                    "`memswap_limit` equal to the memory limit disables swap; `docker stack deploy` \
                     refuses a file with that key",
                );
            }
            None => {
                let swap = Form::of(self.workload).name(SettingName::SWAP_LIMIT);
                let help = format!("`{swap}` equal to the memory limit disables swap");
                finding.help(match self.unlimited_steps().next() {
                    Some(step) => format!(
                        "{help}; `{}` inherits it without a limit: give it a `mem_limit` first",
                        step.name
                    ),
                    None => help,
                });
            }
        }
    }

    /// True if a new size for a key contradicts nothing that is known of the services that read the key.
    pub(super) fn accepts(&self, key: &SizeKey, size: ByteSize) -> bool {
        let reads = |workload: &&Workload| {
            let own = workload.service.size_keys.iter().filter(|own| own.name == key.name);
            own.clone().any(|own| own.size.span() == key.size.span())
        };
        self.changed_elsewhere().is_none()
            && self.project.workloads.iter().filter(reads).all(|workload| takes(workload, key.name, size))
    }

    /// Adds fixes that make room for a heap or cache that does not fit its limit: a higher limit, and a smaller size.
    pub(super) fn room(&self, finding: &mut FindingBuilder<'_>, heap: &MemoryPool, setting: &HeapSetting) {
        let Some(limit) = self.workload.memory.limit.known() else { return };
        if let Some(why) = self.changed_elsewhere() {
            finding.help(format!("raise the limit or lower the size: {why}"));
            return;
        }
        let need = match Need::of(self.workload) {
            Ok(need) => Some(need.limit),
            Err(NoNumber::Varies { limit, .. } | NoNumber::Capped { limit, .. }) => Some(limit),
            Err(_) => None,
        };
        let raised = need.filter(|need| *need > limit.value && self.fits_host(*need));
        match raised.map(|need| (need, self.set_limit(need, None))) {
            Some((need, Some(ops))) => {
                let title = format!("raise the limit to {}", need.to_compose());
                finding.fix_ops(title, Applicability::Unsafe, CHANGES, ops);
            }
            Some((need, None)) => {
                finding.help(format!(
                    "raise the limit to {}, or lower the size; a variable sets the limit",
                    need.to_compose()
                ));
            }
            None => {}
        }
        let alone = raised.is_none();
        match self.smallest_limit(setting) {
            Some(smallest) => {
                let alone = alone && smallest >= limit.value;
                lower(heap, setting, (smallest.min(limit.value), alone), finding);
            }
            None if alone => {
                let noun = Form::of(self.workload).noun();
                finding.help(format!("lower the size, in every {noun} that reads it"));
            }
            None => {}
        }
    }

    /// Returns the smallest limit, in bytes, of the services that read a size. `None` if another file changes one of them.
    fn smallest_limit(&self, setting: &HeapSetting) -> Option<ByteSize> {
        let span = setting.flag.verbatim_span();
        let reads = |workload: &&Workload| {
            let pools = workload.pools.heaps.iter().chain(&workload.pools.caches);
            let sizes = pools.filter_map(|heap| heap.bound.value());
            span.is_some() && sizes.into_iter().any(|size| size.flag.verbatim_span() == span)
        };
        let mut smallest = ByteSize(i64::MAX);
        for workload in self.project.workloads.iter().filter(reads) {
            // Without the file that has the limit, the other one may have a smaller limit.
            let apart = workload
                .limit_key()
                .zip(span)
                .is_some_and(|(limit, flag)| limit.key.file != flag.file && self.project.merges(flag.file));
            if apart || self.project.changed_elsewhere(&workload.name).next().is_some() {
                return None;
            }
            let limit = workload.known_limit().map(|limit| limit.value);
            smallest = limit.map_or(smallest, |limit| limit.min(smallest));
        }
        Some(smallest)
    }
}

/// True if a service may have this size for one of its keys.
pub(super) fn takes(workload: &Workload, name: &str, size: ByteSize) -> bool {
    let memory = &workload.memory;
    let known = |fact: &Fact<ByteSize>, fits: &dyn Fn(ByteSize) -> bool| {
        fact.is_absent() || fact.value().is_some_and(|value| fits(*value))
    };
    let other = match name {
        "mem_limit" => "deploy.resources.limits",
        "mem_reservation" => "deploy.resources.reservations",
        "deploy.resources.limits.memory" => "mem_limit",
        "deploy.resources.reservations.memory" => "mem_reservation",
        _ => "",
    };
    let limit = workload.known_limit().map(|limit| limit.value);
    match name {
        // With both spellings set and equal, a new size for one would be a conflict. Where they conflict already, it makes
        // nothing worse.
        _ if workload.key(other).is_some()
            && !workload
                .service
                .conflicts
                .iter()
                .any(|conflict| [conflict.short, conflict.long].contains(&name)) =>
        {
            false
        }
        "mem_limit" | "deploy.resources.limits.memory" => {
            surely_fits(workload, size)
                && !reservation_varies(workload)
                && known(&memory.reservation, &|reserved| reserved <= size)
                // -1 is unlimited swap.
                && known(&workload.service.memswap_limit, &|swap| swap.0 <= 0 || swap >= size)
        }
        // A limit that a variable sets may be another one elsewhere.
        "mem_reservation" | "deploy.resources.reservations.memory" => {
            !limit_varies(workload) && limit.is_none_or(|limit| size <= limit)
        }
        "memswap_limit" => !limit_varies(workload) && limit.is_some_and(|limit| size >= limit),
        _ => !limit_varies(workload) && limit.is_none_or(|limit| size < limit),
    }
}

/// True if a variable sets the limit, which may be smaller elsewhere.
fn limit_varies(workload: &Workload) -> bool {
    let is_limit = |key: &&SizeKey| matches!(key.name, "mem_limit" | "deploy.resources.limits.memory");
    let mut limits = workload.service.size_keys.iter().filter(is_limit);
    // A misspelled key is no variable.
    let is_misspelt = matches!(workload.memory.limit, Fact::Unknown { why: Why::Malformed(_), .. });
    workload.memory.limit.is_unknown() && !is_misspelt || limits.any(|key| key.text.varies())
}

/// True if all that is known of a service fits a limit of this size, and no heap or cache has an unknown one, as of a variable without
/// a value.
fn surely_fits(workload: &Workload, limit: ByteSize) -> bool {
    let mut pools = workload.pools.heaps.iter().chain(&workload.pools.caches);
    Need::fits_limit(workload, limit) && !pools.any(|pool| pool.bound.is_unknown())
}

/// True if a variable sets the reservation, which may be larger elsewhere.
fn reservation_varies(workload: &Workload) -> bool {
    workload.reservation_key().is_some_and(|key| key.text.varies())
}

/// Returns the facts that a size key may set.
pub(super) fn facts_of_size(key: &SizeKey) -> &'static [FactName] {
    match key.name {
        "mem_swappiness" => &[FactName::MemSwappiness],
        "volumes.tmpfs.size" => &[FactName::Tmpfs],
        "build.shm_size" => &[],
        _ => &[FactName::MemoryLimit, FactName::MemoryReservation, FactName::SwapLimit, FactName::ShmSize],
    }
}

/// Quotes a value that YAML would not read as a string, for a key that takes strings only.
pub(super) fn as_string(value: &str) -> String {
    if is_plain_string(value) { value.to_owned() } else { format!("\"{value}\"") }
}
