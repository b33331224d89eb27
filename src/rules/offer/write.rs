//! Fix operations that write a memory setting of a service: in place of the one that is there, else in the form of its files.

use super::{Offer, as_string, reservation_varies, surely_fits};
use crate::capacity::Need;
use crate::diagnostic::{FixOp, Step};
use crate::source::Span;
use crate::syntax::size::{ByteSize, SMALLEST_LIMIT};
use crate::workload::{Fact, SizeKey, Workload};

const LIMIT: [&[&str]; 2] = [&["mem_limit"], &["deploy", "resources", "limits", "memory"]];
const RESERVATION: [&[&str]; 2] = [&["mem_reservation"], &["deploy", "resources", "reservations", "memory"]];
const SWAP: &[&str] = &["memswap_limit"];

impl<'w> Offer<'w> {
    /// Sets `memswap_limit` to the text of the limit. `None` without a limit, and for Swarm, which has no such key.
    pub(in crate::rules) fn set_swap(&self) -> Option<Vec<FixOp>> {
        let workload = self.workload;
        let limit = workload.limit_key().filter(|_| self.may_swap() && !self.is_refused())?;
        let value = limit.template.clone();
        if let Some(swap) = self.key("memswap_limit") {
            return Some(vec![self.replace(swap, value)?]);
        }
        // Its steps inherit it, and the engine refuses it without a limit. That of `deploy` does not reach them.
        if self.unlimited_steps().next().is_some() {
            return None;
        }
        let of_others = !self.is_own_file(limit.key);
        if of_others || self.project.has_reader_without_limit(limit, workload) {
            // In an override file's base the key would also be there without the limit.
            let stays = of_others || workload.anchor.file == limit.key.file;
            let set = FixOp::Set { owner: workload.owner(), path: SWAP, value, after: "image" };
            return stays.then(|| vec![set]);
        }
        let below: &[&str] = match limit.name {
            "mem_limit" => &[],
            _ => &["deploy", "resources", "limits"],
        };
        Some(vec![FixOp::SetNear { leaf: limit.key, below, path: SWAP, value, owner: workload.owner() }])
    }

    /// Replaces the size of the `memswap_limit`. `None` if the limit is another in other files.
    pub(in crate::rules) fn set_swap_size(&self, both: ByteSize) -> Option<Vec<FixOp>> {
        self.settled_limit()?;
        self.resize(&[self.key("memswap_limit")?], both)
    }

    /// Sets a limit with the text of the `memswap_limit`, if that is enough for all that is known of the service.
    pub(in crate::rules) fn limit_like_swap(&self) -> Option<Vec<FixOp>> {
        let swap = self.key("memswap_limit").filter(|_| self.changed_elsewhere().is_none())?;
        let size = *swap.size.value()?;
        let reserved = self.workload.memory.reservation.value().is_none_or(|reserved| *reserved <= size);
        let fits =
            surely_fits(self.workload, size) && self.fits_host(size) && size >= SMALLEST_LIMIT && reserved;
        // Steps have the swap of the service, and its limit unless that is below `deploy`.
        let mut steps = self.unlimited_steps();
        let steps_fit = steps.all(|step| !self.in_deploy() && Need::fits_limit(step, size));
        let varies = reservation_varies(self.workload);
        if !fits || !steps_fit || varies || self.workload.memory.reservation.is_unknown() {
            return None;
        }
        let (value, owner) = (swap.template.clone(), self.workload.owner());
        Some(vec![match self.in_deploy() {
            true => {
                let value = as_string(&value);
                let set = || FixOp::Set { owner, path: LIMIT[1], value: value.clone(), after: "image" };
                self.new_block(LIMIT[1], &value).unwrap_or_else(set)
            }
            // Next to the swap that a step inherits, it would be a limit of the service; next to one that others read, theirs.
            false
                if self.is_shared(swap.size.span())
                    || self.workload.step().is_some_and(|step| !step.mapping.contains(swap.key)) =>
            {
                FixOp::Set { owner, path: LIMIT[0], value, after: "image" }
            }
            false => FixOp::SetNear { leaf: swap.key, below: &[], path: LIMIT[0], value, owner },
        }])
    }

    /// Replaces the reservation by the text of the limit, so that it follows the limit whatever that is.
    pub(in crate::rules) fn reservation_like_limit(&self) -> Option<Vec<FixOp>> {
        let limit = self.workload.limit_key().filter(|_| !self.is_refused())?;
        if self.limited_elsewhere().is_some() {
            return None;
        }
        let keys = self.keys(["deploy.resources.reservations.memory", "mem_reservation"]);
        let known = keys.iter().filter(|key| matches!(key.size, Fact::Known(_)));
        known.map(|key| self.replace(key, limit.template.clone())).collect()
    }

    /// Sets a limit, and what has to go with it: swap that would be below it, a reservation above it.
    pub(in crate::rules) fn set_limit(
        &self,
        limit: ByteSize,
        reservation: Option<ByteSize>,
    ) -> Option<Vec<FixOp>> {
        let memory = &self.workload.memory;
        // The engine for Windows refuses a reservation.
        let reservation = reservation.filter(|_| !self.workload.windows);
        let keys = self.keys(["deploy.resources.limits.memory", "mem_limit"]);
        let reserves = self.keys(["deploy.resources.reservations.memory", "mem_reservation"]);
        let mut ops = match reservation {
            _ if !keys.is_empty() => self.resize(&keys, limit)?,
            // Both may need the same new blocks.
            Some(size) if self.in_deploy() && reserves.is_empty() => {
                return Some(vec![self.new_blocks(limit, Some(size))]);
            }
            None if self.in_deploy() => vec![self.new_blocks(limit, None)],
            _ => vec![self.set(LIMIT, limit)],
        };
        // A higher limit than before holds what the old one did.
        let lowers = memory.limit.value().is_none_or(|old| old.0 == 0 || limit < *old);
        if lowers && reservation_varies(self.workload) {
            return None;
        }
        let too_much = memory.reservation.value().is_some_and(|reserved| *reserved > limit);
        if let Some(size) = reservation.filter(|_| memory.reservation.is_absent() || too_much) {
            ops.extend(self.set_reservation(size));
        } else if too_much {
            return None;
        }
        // The engine rejects a `memswap_limit` below the limit. One equal to the old limit, which allows no swap, stays equal.
        if let (Some(both), old) =
            (self.workload.service.memswap_limit.value().filter(|both| both.0 > 0), memory.limit.value())
            && (*both < limit || Some(both) == old)
        {
            ops.extend(self.resize(&self.keys(["memswap_limit"]), limit)?);
        }
        Some(ops)
    }

    /// Sets a reservation, in place of the one that is there.
    pub(in crate::rules) fn set_reservation(&self, size: ByteSize) -> Vec<FixOp> {
        let keys = self.keys(["deploy.resources.reservations.memory", "mem_reservation"]);
        if keys.is_empty() {
            return vec![self.next_to_limit(size)];
        }
        self.resize(&keys, size).unwrap_or_default()
    }

    /// Sets a reservation next to the limit, or in the service itself if others share that limit.
    fn next_to_limit(&self, size: ByteSize) -> FixOp {
        let value = size.to_compose();
        let owner = self.workload.owner();
        match self.workload.limit_key().filter(|key| !self.is_shared(key.size.span())) {
            Some(SizeKey { name: "mem_limit", key, .. }) if !self.in_deploy() => {
                FixOp::SetNear { leaf: *key, below: &[], path: RESERVATION[0], value, owner }
            }
            Some(SizeKey { name: "deploy.resources.limits.memory", key, .. }) => FixOp::SetNear {
                leaf: *key,
                below: &["limits"],
                path: &["reservations", "memory"],
                value,
                owner,
            },
            _ => self.set(RESERVATION, size),
        }
    }

    /// Adds a limit and a reservation below `deploy`, one after the other.
    fn new_blocks(&self, limit: ByteSize, reservation: Option<ByteSize>) -> FixOp {
        let mut steps = match self.new_block(LIMIT[1], &limit.to_compose()) {
            Some(FixOp::Steps { steps, .. }) => steps,
            _ => vec![Step { from: None, path: LIMIT[1], value: limit.to_compose() }],
        };
        let reserve = |size: ByteSize| Step { from: None, path: RESERVATION[1], value: size.to_compose() };
        steps.extend(reservation.map(reserve));
        FixOp::Steps { owner: self.workload.owner(), steps }
    }

    /// Adds a `limits` block, and moves the service's other limits into it. `None` if the service has none.
    fn new_block(&self, path: &'static [&'static str], size: &str) -> Option<FixOp> {
        let workload = self.workload;
        if path != LIMIT[1] || !self.in_deploy() || workload.key("deploy.resources.limits").is_some() {
            return None;
        }
        let moved = LIMITS.iter().filter_map(|(name, path)| {
            workload.key(name)?;
            let value = match *name {
                "cpus" => workload.resources.cpus.known().map(|cpus| format!("\"{}\"", cpus.value)),
                _ => workload.resources.pids_limit.known().map(|pids| pids.value.to_string()),
            };
            Some(Step { from: Some(name), path, value: value? })
        });
        let mut steps: Vec<Step> = moved.collect();
        if steps.is_empty() {
            return None;
        }
        steps.push(Step { from: None, path, value: size.to_owned() });
        Some(FixOp::Steps { owner: workload.owner(), steps })
    }

    fn keys<const N: usize>(&self, names: [&str; N]) -> Vec<&'w SizeKey> {
        self.workload.service.size_keys.iter().filter(|key| names.contains(&key.name)).collect()
    }

    pub(in crate::rules) fn key(&self, name: &str) -> Option<&'w SizeKey> {
        self.workload.service.size_keys.iter().find(|key| key.name == name)
    }

    /// Sets each of these keys to this size, in its own unit. `None` where a variable sets one.
    fn resize(&self, keys: &[&SizeKey], size: ByteSize) -> Option<Vec<FixOp>> {
        let known = keys.iter().filter(|key| matches!(key.size, Fact::Known(_)));
        known.map(|key| self.replace(key, in_unit_of(key.text.as_str(), size))).collect()
    }

    /// Replaces the value of a key: in place, or in the service itself if others read the same bytes. `None` where a variable
    /// sets it and its default is not in the file.
    pub(in crate::rules) fn replace(&self, key: &SizeKey, text: String) -> Option<FixOp> {
        let value = key.size.known()?;
        if key.text.varies() && key.text.verbatim_span().is_none() {
            return None;
        }
        let of_others = !self.is_own_file(value.span);
        if self.is_shared(value.span) || of_others {
            // Where the service should have no such key, it cannot override the one that it inherits.
            if of_others && self.in_deploy() && !key.name.starts_with("deploy.") {
                return None;
            }
            // A number in the service would override what the variable sets.
            if key.text.varies() && !text.contains('$') {
                return None;
            }
            let path = path(key.name)?;
            let value = if key.name.starts_with("deploy.") { as_string(&text) } else { text };
            return Some(FixOp::Set { owner: self.workload.owner(), path, value, after: "image" });
        }
        // A template in place of a default would be nested in the template that is there.
        if key.text.varies() && text.contains('$') {
            return None;
        }
        let inner = key.text.verbatim_span().unwrap_or(value.span);
        // Below `deploy` digits have to be quoted, as have a variable's braces, which look like a flow mapping. Existing quotes
        // stay.
        let text = match inner == value.span {
            true if text.contains('$') => format!("\"{text}\""),
            true if key.name.starts_with("deploy.") => as_string(&text),
            _ => text,
        };
        Some(FixOp::Replace { value: inner, text })
    }

    /// True if another file changes the memory settings of a service that has this very key.
    pub(in crate::rules) fn is_limited_elsewhere(&self, key: Span) -> bool {
        self.project.is_changed_elsewhere_for_reader(key)
    }

    /// True if a place is in a file of this project, and not in one that its services extend: another project may have that, with
    /// services and steps that this one does not show.
    fn is_own_file(&self, place: Span) -> bool {
        place.file == self.workload.anchor.file || self.project.merges(place.file)
    }

    fn is_shared(&self, value: Span) -> bool {
        // A step takes what its service has: that is no other reader.
        let is_own = |other: &&Workload| other.step().is_some_and(|step| step.service == self.workload.name);
        self.project.readers_of(value).filter(|other| !is_own(other)).nth(1).is_some()
    }

    /// Sets a new key in the service.
    fn set(&self, [short, long]: [&'static [&'static str]; 2], size: ByteSize) -> FixOp {
        if let Some(request) = self.new_block(long, &size.to_compose()) {
            return request;
        }
        let path = if self.in_deploy() { long } else { short };
        let neighbours = ["mem_limit", "mem_reservation", "image"];
        let after = neighbours.into_iter().find(|key| self.workload.key(key).is_some()).unwrap_or_default();
        FixOp::Set { owner: self.workload.owner(), path, value: size.to_compose(), after }
    }
}

/// Keys of a service that Compose wants in the `limits` block if there is one, and their paths in it.
const LIMITS: [(&str, &[&str]); 2] = [
    ("cpus", &["deploy", "resources", "limits", "cpus"]),
    ("pids_limit", &["deploy", "resources", "limits", "pids"]),
];

/// Returns the path of a key that is given by its dotted name.
fn path(name: &str) -> Option<&'static [&'static str]> {
    [LIMIT, RESERVATION, [SWAP, &[]]]
        .into_iter()
        .flatten()
        .find(|path| !path.is_empty() && path.join(".") == name)
}

/// Formats a size in the unit of the old one, if it is whole in that: `768M` for `512M`.
fn in_unit_of(old: &str, size: ByteSize) -> String {
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
            assert_eq!(in_unit_of(old, size), new, "{old}");
        }
        assert_eq!(in_unit_of("1g", ByteSize(2 << 30)), "2g");
    }

    #[test]
    fn every_key_has_its_path() {
        for path in LIMIT.into_iter().chain(RESERVATION).chain([SWAP]) {
            assert_eq!(self::path(&path.join(".")), Some(path));
        }
    }
}
