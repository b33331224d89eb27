//! Memory settings that rules offer for a service, written in the form of its files.
//!
//! A number comes from [`Need`] or from what was measured, and is offered as a patch. Where no number can be argued the help
//! names the key and the reason, and shows nothing to paste.

mod heap;

use self::heap::lower;
pub(super) use self::heap::{bound_default, bound_in_bytes, set_variables, set_words};

use super::memory_limit_below_minimum::MINIMUM;
use super::{Builder, Policy, Target};
use crate::finding::Applicability;
use crate::finding::fix::{Request, Step, as_string};
use crate::model::size::ByteSize;
use crate::sizing::{Need, NoNumber};
use crate::source::Span;
use crate::workload::{ChangedElsewhere, Fact, Heap, HeapSetting, Kind, Project, SizeKey, Workload};

/// The facts that a fix of a limit may change.
pub(super) const CHANGES: &[&str] = &["memory_limit", "memory_reservation", "swap_limit"];

const LIMIT: [&[&str]; 2] = [&["mem_limit"], &["deploy", "resources", "limits", "memory"]];
const RESERVATION: [&[&str]; 2] = [&["mem_reservation"], &["deploy", "resources", "reservations", "memory"]];
const SWAP: &[&str] = &["memswap_limit"];

/// A service that is offered something.
#[derive(Clone, Copy)]
pub(super) struct Offer<'w> {
    pub(super) project: &'w Project,
    pub(super) workload: &'w Workload,
    pub(super) policy: &'w Policy,
}

impl<'w> Offer<'w> {
    /// One for each service of a project.
    pub(super) fn each(project: &'w Project, policy: &'w Policy) -> impl Iterator<Item = Self> {
        project.workloads.iter().map(move |workload| Self { project, workload, policy })
    }

    /// True unless Swarm runs it, which has no settings for swap.
    pub(super) fn may_swap(&self) -> bool {
        self.policy.target == Target::Compose && !self.project.for_swarm
    }

    /// True where limits are written below `deploy.resources`: for Swarm, and where the service, its overlays or its
    /// neighbours do so.
    pub(super) fn in_deploy(&self) -> bool {
        let Self { project, workload, policy } = self;
        let has = |workload: &Workload, name: &str| workload.key(name).is_some();
        if policy.target == Target::Swarm || has(workload, "deploy.resources") {
            return true;
        }
        let short = |workload: &Workload| {
            let keys = ["mem_limit", "mem_reservation", "memswap_limit", "cpus", "pids_limit"];
            keys.iter().any(|name| has(workload, name))
        };
        if short(workload) {
            return false;
        }
        let below = |workload: &Workload| {
            has(workload, "deploy.resources.limits") || has(workload, "deploy.resources.reservations")
        };
        let count = |uses: &dyn Fn(&Workload) -> bool| {
            project.workloads.iter().filter(|workload| uses(workload)).count()
        };
        let elsewhere = project.changed_elsewhere(&workload.name).any(|change| change.in_deploy);
        project.for_swarm || elsewhere || count(&below) > count(&short)
    }

    /// The key of a limit, as people say it.
    pub(super) fn limit_name(&self) -> &'static str {
        if self.in_deploy() { "deploy.resources.limits.memory" } else { "mem_limit" }
    }

    fn reservation_name(&self) -> &'static str {
        if self.in_deploy() { "deploy.resources.reservations.memory" } else { "mem_reservation" }
    }

    /// The reason not to write anything: another file changes what the service starts or may use.
    pub(super) fn changed_elsewhere(&self) -> Option<String> {
        let name = &self.workload.name;
        let change = self.project.changed_elsewhere(name).next()?;
        self.because(change)
    }

    /// The same of limits alone: for what repeats or follows one.
    fn limited_elsewhere(&self) -> Option<String> {
        let change = self.project.changed_elsewhere(&self.workload.name).find(|change| change.memory)?;
        self.because(change)
    }

    fn because(&self, change: &ChangedElsewhere) -> Option<String> {
        let name = &self.workload.name;
        let file = change.file.file_name().unwrap_or(change.file.as_os_str()).display();
        Some(match &change.by {
            Some(other) => {
                format!("`{other}` in `{file}` is based on `{name}`, so pick a size that fits both")
            }
            None => format!("`{file}` also sets `{name}`, so pick a size that holds with and without it"),
        })
    }

    /// Adds the limit that the service needs as a patch, or the reason why there is no number.
    pub(super) fn limit<'b>(&self, finding: Builder<'b>) -> Builder<'b> {
        if let Some(why) = self.changed_elsewhere() {
            return finding.help(format!("add `{}: <size>`: {why}", self.limit_name()));
        }
        let need = match Need::of(self.workload) {
            Ok(need) if self.fits_host(need.limit) => need,
            Ok(need) => {
                let host = self.policy.host_memory.unwrap_or_default();
                let text = format!("it needs {}, more than the host has: {host}", need.limit.to_compose());
                return finding.help(text);
            }
            Err(why) => return finding.help(self.without_number(&why)),
        };
        match self.set_limit(need.limit, None).filter(|_| self.workload.kind == Kind::Service) {
            Some(requests) => {
                let title = format!("set `{}` to {}", self.limit_name(), need.limit.to_compose());
                finding.note(need.sum).ask(title, Applicability::Unsafe, CHANGES, requests)
            }
            None => finding.help(format!(
                "a limit of {}: {}; a variable sets it, so change the variable",
                need.limit.to_compose(),
                need.sum
            )),
        }
    }

    /// True where the engine refuses the limit itself: nothing is to be written after it.
    fn is_refused(&self) -> bool {
        self.workload.memory.limit.value().is_some_and(|limit| *limit < MINIMUM)
    }

    /// True unless the host is known to have less.
    pub(super) fn fits_host(&self, limit: ByteSize) -> bool {
        self.policy.host_memory.is_none_or(|host| limit <= host)
    }

    /// The key, and why nobody can tell its value from the files.
    fn without_number(&self, why: &NoNumber) -> String {
        let key = self.limit_name();
        match why {
            NoNumber::Unknown => format!(
                "add `{key}: <size>`, above what it uses at its peak: `docker stats` shows it, `oomlint size` works out the number"
            ),
            NoNumber::Follows { runtime } => format!(
                "add `{key}: <size>`: the {runtime} heap then follows it; `oomlint size` works out the number from `docker stats`"
            ),
            NoNumber::HostSized { why, first } => match first {
                Some(first) => {
                    format!("`{key}` alone is not enough, {why}: set {first} first, then a limit above it")
                }
                None => {
                    format!("`{key}` alone is not enough, {why}: bound that first, then add a limit above it")
                }
            },
            NoNumber::Varies { setting, limit } => format!(
                "add `{key}: <size>`: {} is enough for `{setting}`, the value that its variable has here",
                limit.to_compose()
            ),
            NoNumber::Capped { key: other, limit } => format!(
                "it needs a limit of {}, more than its `{other}`: change the two together",
                limit.to_compose()
            ),
        }
    }

    /// Adds a reservation below the limit as a patch where the heap or cache tells it, else the key and the reason.
    pub(super) fn reservation<'b>(&self, finding: Builder<'b>, limit: ByteSize) -> Builder<'b> {
        let key = self.reservation_name();
        if let Some(why) = self.changed_elsewhere() {
            return finding.help(format!("add `{key}: <size>`, below the limit of {limit}: {why}"));
        }
        let varies = self.workload.limit_key().is_none_or(|key| key.text.varies());
        let steady = Need::of(self.workload).ok().and_then(|need| need.steady);
        match steady.map(ByteSize::rounded_up).filter(|steady| *steady < limit && !varies && !self.is_refused()) {
            Some(steady) => finding.ask(
                format!("reserve {}, what its heap or cache takes", steady.to_compose()),
                Applicability::Unsafe,
                &["memory_reservation"],
                self.set_reservation(steady),
            ),
            None => finding.help(format!(
                "add `{key}: <size>`, below the limit of {limit}: what it uses most of the time, as `docker stats` shows"
            )),
        }
    }

    /// Adds `memswap_limit` with the text of the limit, which allows no swap.
    pub(super) fn no_swap<'b>(&self, finding: Builder<'b>, title: &str) -> Builder<'b> {
        match self.set_swap().filter(|_| self.limited_elsewhere().is_none()) {
            Some(requests) => finding.ask(title, Applicability::Unsafe, &["swap_limit"], requests),
            None => finding.help("`memswap_limit` equal to the memory limit allows no swap"),
        }
    }

    /// `memswap_limit` equal to the limit, where the limit is set; none for Swarm, which does not take it.
    pub(super) fn set_swap(&self) -> Option<Vec<Request>> {
        let workload = self.workload;
        let limit = workload.limit_key().filter(|_| self.may_swap() && !self.is_refused())?;
        let value = limit.template.clone();
        if let Some(swap) = self.key("memswap_limit") {
            return Some(vec![self.replace(swap, value)?]);
        }
        // One that has the limit, too, and is offered nothing.
        let without = |other: &&Workload| {
            other.name != workload.name
                && other.limit_key().is_some_and(|key| key.key == limit.key)
                && self.project.changed_elsewhere(&other.name).any(|change| change.memory)
        };
        if self.project.workloads.iter().any(|other| without(&other)) {
            return Some(vec![Request::Set { owner: workload.anchor, path: SWAP, value, after: "image" }]);
        }
        let below: &[&str] = match limit.name {
            "mem_limit" => &[],
            _ => &["deploy", "resources", "limits"],
        };
        Some(vec![Request::SetNear { leaf: limit.key, below, path: SWAP, value, owner: workload.anchor }])
    }

    /// Another size for the `memswap_limit` that is there. None where the limit is another in other files.
    pub(super) fn set_swap_size(&self, both: ByteSize) -> Option<Vec<Request>> {
        if self.changed_elsewhere().is_some() {
            return None;
        }
        let varies = self.workload.limit_key().is_none_or(|key| key.text.varies());
        self.resize(&[self.key("memswap_limit").filter(|_| !varies)?], both)
    }

    /// A limit with the text of the `memswap_limit`, where that is enough for all that is known of the service.
    pub(super) fn limit_like_swap(&self) -> Option<Vec<Request>> {
        let swap = self.key("memswap_limit").filter(|_| self.changed_elsewhere().is_none())?;
        let size = *swap.size.value()?;
        let reserved = self.workload.memory.reservation.value().is_none_or(|reserved| *reserved <= size);
        let fits = Need::is_held_by(self.workload, size) && self.fits_host(size) && reserved;
        if !fits || self.workload.memory.reservation.is_unknown() {
            return None;
        }
        let (value, owner) = (swap.template.clone(), self.workload.anchor);
        Some(vec![match self.in_deploy() {
            true => Request::Set { owner, path: LIMIT[1], value: as_string(&value), after: "image" },
            false => Request::SetNear { leaf: swap.key, below: &[], path: LIMIT[0], value, owner },
        }])
    }

    /// A reservation with the text of the limit, which follows it whatever it is.
    pub(super) fn reservation_like_limit(&self) -> Option<Vec<Request>> {
        let limit = self.workload.limit_key().filter(|_| !self.is_refused())?;
        if self.limited_elsewhere().is_some() {
            return None;
        }
        let keys = self.keys(["deploy.resources.reservations.memory", "mem_reservation"]);
        let known = keys.iter().filter(|key| matches!(key.size, Fact::Known(_)));
        known.map(|key| self.replace(key, limit.template.clone())).collect()
    }

    /// True where a size that a key gets stands against nothing that is known of the services that read it.
    pub(super) fn takes(&self, key: &SizeKey, size: ByteSize) -> bool {
        let reads = |workload: &&Workload| {
            let own = workload.memory.keys.iter().filter(|own| own.name == key.name);
            own.clone().any(|own| own.size.span() == key.size.span())
        };
        self.changed_elsewhere().is_none()
            && self.project.workloads.iter().filter(reads).all(|workload| takes(workload, key.name, size))
    }

    /// Adds two ways to make room for a heap or cache that does not fit its limit: a higher limit, a smaller size.
    pub(super) fn room<'b>(
        &self,
        mut finding: Builder<'b>,
        heap: &Heap,
        setting: &HeapSetting,
    ) -> Builder<'b> {
        let Some(limit) = self.workload.memory.limit.known() else { return finding };
        if let Some(why) = self.changed_elsewhere() {
            return finding.help(format!("raise the limit or lower the size: {why}"));
        }
        let need = match Need::of(self.workload) {
            Ok(need) => Some(need.limit),
            Err(NoNumber::Varies { limit, .. } | NoNumber::Capped { limit, .. }) => Some(limit),
            Err(_) => None,
        };
        let raised = need.filter(|need| *need > limit.value && self.fits_host(*need));
        match raised.map(|need| (need, self.set_limit(need, None))) {
            Some((need, Some(requests))) => {
                let title = format!("raise the limit to {}", need.to_compose());
                finding = finding.ask(title, Applicability::Unsafe, CHANGES, requests);
            }
            Some((need, None)) => {
                finding = finding.help(format!(
                    "raise the limit to {}, or lower the size; a variable sets the limit",
                    need.to_compose()
                ));
            }
            None => {}
        }
        let alone = raised.is_none();
        lower(heap, setting, (limit.value, alone), finding)
    }

    /// Writes a limit, and what has to go with it: swap that would be below it, a reservation above it.
    pub(super) fn set_limit(&self, limit: ByteSize, reservation: Option<ByteSize>) -> Option<Vec<Request>> {
        let memory = &self.workload.memory;
        let mut requests = match self.keys(["deploy.resources.limits.memory", "mem_limit"]) {
            keys if keys.is_empty() => vec![self.set(LIMIT, limit)],
            keys => self.resize(&keys, limit)?,
        };
        let too_much = memory.reservation.value().is_some_and(|reserved| *reserved > limit);
        if let Some(size) = reservation.filter(|_| memory.reservation.is_absent() || too_much) {
            requests.extend(self.set_reservation(size));
        } else if too_much {
            return None;
        }
        // The engine refuses less for both than for memory alone; who allowed no swap goes on to allow none.
        if let (Some(both), old) = (memory.swap.value().filter(|both| both.0 > 0), memory.limit.value())
            && (*both < limit || Some(both) == old)
        {
            requests.extend(self.resize(&self.keys(["memswap_limit"]), limit)?);
        }
        Some(requests)
    }

    /// Writes a reservation, in the place of the one that is there.
    pub(super) fn set_reservation(&self, size: ByteSize) -> Vec<Request> {
        let keys = self.keys(["deploy.resources.reservations.memory", "mem_reservation"]);
        if keys.is_empty() {
            return vec![self.beside_limit(size)];
        }
        self.resize(&keys, size).unwrap_or_default()
    }

    /// A reservation where the limit is written, else in the service: also where others share that limit.
    fn beside_limit(&self, size: ByteSize) -> Request {
        let value = size.to_compose();
        let owner = self.workload.anchor;
        match self.workload.limit_key().filter(|key| !self.is_shared(key.size.span())) {
            Some(SizeKey { name: "mem_limit", key, .. }) if !self.in_deploy() => {
                Request::SetNear { leaf: *key, below: &[], path: RESERVATION[0], value, owner }
            }
            Some(SizeKey { name: "deploy.resources.limits.memory", key, .. }) => Request::SetNear {
                leaf: *key,
                below: &["limits"],
                path: &["reservations", "memory"],
                value,
                owner,
            },
            _ => self.set(RESERVATION, size),
        }
    }

    /// A new block of limits, where the service has other limits outside: these go along. None where it has not.
    fn new_block(&self, path: &'static [&'static str], size: ByteSize) -> Option<Request> {
        let workload = self.workload;
        if path != LIMIT[1] || !self.in_deploy() || workload.key("deploy.resources.limits").is_some() {
            return None;
        }
        let moved = LIMITS.iter().filter_map(|(name, path)| {
            workload.key(name)?;
            let value = match *name {
                "cpus" => workload.cpus.known().map(|cpus| format!("\"{}\"", cpus.value)),
                _ => workload.pids_limit.known().map(|pids| pids.value.to_string()),
            };
            Some(Step { from: Some(name), path, value: value? })
        });
        let mut steps: Vec<Step> = moved.collect();
        if steps.is_empty() {
            return None;
        }
        steps.push(Step { from: None, path, value: size.to_compose() });
        Some(Request::Steps { owner: workload.anchor, steps })
    }

    fn keys<const N: usize>(&self, names: [&str; N]) -> Vec<&'w SizeKey> {
        self.workload.memory.keys.iter().filter(|key| names.contains(&key.name)).collect()
    }

    fn key(&self, name: &str) -> Option<&'w SizeKey> {
        self.workload.memory.keys.iter().find(|key| key.name == name)
    }

    /// Each of these keys gets this size, in its own unit; none where a variable sets one.
    fn resize(&self, keys: &[&SizeKey], size: ByteSize) -> Option<Vec<Request>> {
        let known = keys.iter().filter(|key| matches!(key.size, Fact::Known(_)));
        known.map(|key| self.replace(key, like(key.text.as_str(), size))).collect()
    }

    /// Another value for a key: in its place, else in the service where others read the same bytes. None where a variable
    /// sets it and no default stands in the file.
    pub(super) fn replace(&self, key: &SizeKey, text: String) -> Option<Request> {
        let value = key.size.known()?;
        if key.text.varies() && key.text.verbatim_span().is_none() {
            return None;
        }
        if self.is_shared(value.span) {
            let path = path(key.name)?;
            let value = if key.name.starts_with("deploy.") { as_string(&text) } else { text };
            return Some(Request::Set { owner: self.workload.anchor, path, value, after: "image" });
        }
        // A template in the place of a default would stand within the one that is there.
        if key.text.varies() && text.contains('$') {
            return None;
        }
        let inner = key.text.verbatim_span().unwrap_or(value.span);
        // Digits are a string below `deploy`, and a variable's braces are none of a flow mapping's: quotes that are there stay.
        let text = match inner == value.span {
            true if text.contains('$') => format!("\"{text}\""),
            true if key.name.starts_with("deploy.") => as_string(&text),
            _ => text,
        };
        Some(Request::Replace { value: inner, text })
    }

    fn is_shared(&self, value: Span) -> bool {
        let reads = |workload: &&Workload| {
            workload.memory.keys.iter().any(|key| key.size.known().is_some_and(|size| size.span == value))
        };
        self.project.workloads.iter().filter(reads).count() > 1
    }

    /// A new key in the service.
    fn set(&self, [short, long]: [&'static [&'static str]; 2], size: ByteSize) -> Request {
        if let Some(request) = self.new_block(long, size) {
            return request;
        }
        let path = if self.in_deploy() { long } else { short };
        let neighbours = ["mem_limit", "mem_reservation", "image"];
        let after = neighbours.into_iter().find(|key| self.workload.key(key).is_some()).unwrap_or_default();
        Request::Set { owner: self.workload.anchor, path, value: size.to_compose(), after }
    }
}

/// Keys of a service that Compose wants in the block of limits where there is one.
const LIMITS: [(&str, &[&str]); 2] = [
    ("cpus", &["deploy", "resources", "limits", "cpus"]),
    ("pids_limit", &["deploy", "resources", "limits", "pids"]),
];

/// True where a service may have this size for one of its keys.
fn takes(workload: &Workload, name: &str, size: ByteSize) -> bool {
    let memory = &workload.memory;
    let known = |fact: &Fact<ByteSize>, fits: &dyn Fn(ByteSize) -> bool| {
        fact.is_absent() || fact.value().is_some_and(|value| fits(*value))
    };
    let other = match name {
        "mem_limit" => "deploy.resources.limits",
        "mem_reservation" => "deploy.resources.reservations",
        _ => "",
    };
    let limit = memory.limit.value().copied().filter(|limit| limit.0 > 0);
    match name {
        // Where Compose refuses the two already, a size that it reads makes nothing worse.
        _ if workload.key(other).is_some()
            && !memory.conflicts.iter().any(|conflict| conflict.short == name) =>
        {
            false
        }
        "mem_limit" | "deploy.resources.limits.memory" => {
            Need::is_held_by(workload, size)
                && known(&memory.reservation, &|reserved| reserved <= size)
                && known(&memory.swap, &|swap| swap.0 == 0 || swap >= size)
        }
        "mem_reservation" | "deploy.resources.reservations.memory" => limit.is_none_or(|limit| size <= limit),
        "memswap_limit" => limit.is_some_and(|limit| size >= limit),
        _ => limit.is_none_or(|limit| size < limit),
    }
}

/// The keys on the way to one that is known by its dotted name.
fn path(name: &str) -> Option<&'static [&'static str]> {
    [LIMIT, RESERVATION, [SWAP, &[]]]
        .into_iter()
        .flatten()
        .find(|path| !path.is_empty() && path.join(".") == name)
}

/// A size with the unit that people wrote before, where it is whole in it: `768M` for `512M`.
fn like(old: &str, size: ByteSize) -> String {
    let unit = old.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_'));
    let shift = match unit.chars().next().map(|c| c.to_ascii_lowercase()) {
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        _ => return size.to_compose(),
    };
    let whole = size.0 >> shift;
    if whole << shift == size.0 && !unit.starts_with(' ') {
        format!("{whole}{unit}")
    } else {
        size.to_compose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_before() {
        let size = ByteSize(768 << 20);
        for (old, new) in [
            ("512M", "768M"),
            ("512MB", "768MB"),
            ("0.5GiB", "768m"),
            ("536870912", "768m"),
            ("524288k", "786432k"),
            ("512 m", "768m"),
            ("", "768m"),
        ] {
            assert_eq!(like(old, size), new, "{old}");
        }
        assert_eq!(like("1g", ByteSize(2 << 30)), "2g");
    }

    #[test]
    fn every_key_has_its_path() {
        for path in LIMIT.into_iter().chain(RESERVATION).chain([SWAP]) {
            assert_eq!(self::path(&path.join(".")), Some(path));
        }
    }
}
