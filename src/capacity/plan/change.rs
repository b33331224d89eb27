//! The changes by which a stack would fit its host.

use super::share::rounded_down;
use super::{Basis, Demand, Plan, Room};
use crate::capacity::share::sum;
use crate::hash::IndexMap;
use crate::syntax::size::{ByteSize, MIB, SMALLEST_LIMIT};

/// The smallest heap that a cut leaves, in bytes, and the smallest part of the old one.
const LEFT: (i64, i64) = (64 * MIB, 4);

/// The largest number of changes that are named.
const NAMED: usize = 6;

/// One change that saves memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The change: lower case, an imperative, no full stop.
    pub text: String,
    /// The memory that it saves, in bytes. For a larger host, that which it adds.
    pub saves: ByteSize,
    /// True if it is enough on its own.
    pub enough: bool,
}

/// A change, and what it takes from services, by their index.
struct Saving {
    change: Change,
    takes: Vec<(usize, Take)>,
}

/// The memory that a change frees in one service.
#[derive(Clone, Copy)]
enum Take {
    /// This part of the limit of each container, in bytes.
    Limit(i64),
    /// This many containers.
    Containers(i64),
    /// The whole service.
    All,
}

/// Returns the changes that save `missing` bytes, and what they save together: those that are enough alone, the smallest first,
/// else the largest ones until they are enough together, if they ever are. A larger host comes last, and is not in the sum.
pub(super) fn changes_to_fit(demands: &[Demand], missing: ByteSize, room: Room) -> (Vec<Change>, ByteSize) {
    let mut changes: Vec<Saving> =
        demands.iter().enumerate().flat_map(|(index, demand)| of_service(index, demand, missing)).collect();
    changes.extend(of_profiles(demands, missing));
    changes.retain(|saving| saving.change.saves.0 >= 16 * MIB);
    let (mut alone, mut parts): (Vec<Saving>, Vec<Saving>) =
        changes.into_iter().partition(|saving| saving.change.enough);
    alone.sort_by_key(|saving| saving.change.saves);
    parts.sort_by_key(|saving| std::cmp::Reverse(saving.change.saves));
    let chosen = if alone.is_empty() {
        parts.truncate(NAMED);
        let enough = (1..parts.len()).find(|count| together(demands, parts.iter().take(*count)) >= missing);
        parts.truncate(enough.unwrap_or(parts.len()));
        parts
    } else {
        alone.truncate(NAMED);
        alone
    };
    let saved = together(demands, chosen.iter());
    let mut named: Vec<Change> = chosen.into_iter().map(|saving| saving.change).collect();
    let needed = Plan::smallest_host(demands, room);
    let text = format!("use a host with {needed}");
    named.push(Change { text, saves: ByteSize((needed.0 - room.host.0).max(0)), enough: true });
    (named, saved)
}

/// Returns what changes save together, which is less than their sum where they take from the same service.
fn together<'c>(demands: &[Demand], changes: impl Iterator<Item = &'c Saving>) -> ByteSize {
    let mut left: Vec<Demand> = demands.to_vec();
    for (index, take) in changes.flat_map(|saving| &saving.takes) {
        let Some(demand) = left.get_mut(*index) else { continue };
        match take {
            Take::Limit(bytes) => demand.least = ByteSize((demand.least.0 - bytes).max(0)),
            Take::Containers(count) => demand.replicas = (demand.replicas - count).max(0),
            Take::All => {
                demand.replicas = 0;
                demand.steps.clear();
            }
        }
    }
    let total = |demands: &[Demand]| sum(demands.iter().map(|demand| demand.total(demand.least))).0;
    ByteSize(total(demands).saturating_sub(total(&left)))
}

/// Returns the changes of one service, which has this index.
fn of_service(index: usize, demand: &Demand, missing: ByteSize) -> Vec<Saving> {
    let name = &demand.name;
    let mut changes = Vec::new();
    let mut add = |text: String, take: Take| {
        let mut saving =
            Saving { change: Change { text, saves: ByteSize(0), enough: false }, takes: vec![(0, take)] };
        let saves = together(std::slice::from_ref(demand), std::iter::once(&saving));
        saving.change = Change { saves, enough: saves >= missing, ..saving.change };
        saving.takes = vec![(index, take)];
        changes.push(saving);
    };
    if let Some((text, limit)) = smaller_pool(demand, missing).or_else(|| smaller_limit(demand)) {
        add(text, Take::Limit(demand.least.0 - limit.0));
    }
    if demand.replicas > 1 {
        // As many as fit, and at least one.
        let too_many = missing.0.saturating_add(demand.least.0 - 1) / demand.least.0.max(1);
        let fewer = too_many.clamp(1, demand.replicas - 1);
        let left = demand.replicas - fewer;
        add(
            format!("run {left} instead of {} containers of `{name}`", demand.replicas),
            Take::Containers(fewer),
        );
    }
    changes
}

/// Returns a smaller size for the largest heap or cache, and the limit that is then enough. Only that size shrinks: the other
/// memory of the service is taken to stay as it is.
fn smaller_pool(demand: &Demand, missing: ByteSize) -> Option<(String, ByteSize)> {
    let ((what, size, setting), needs) = (demand.largest.as_ref()?, demand.needs);
    let wanted = demand.least.0.saturating_sub(each(demand, missing));
    // The need is a round number afterwards, too.
    let cut = needs.0.saturating_sub(rounded_down(wanted.max(0)));
    let lowest = LEFT.0.max(size.0 / LEFT.1);
    let lower = size.0.saturating_sub(cut).max(lowest);
    let lower = ByteSize(lower / step(lower) * step(lower));
    if lower.0 < LEFT.0 || lower >= *size {
        return None;
    }
    let limit = demand.lowest(ByteSize(needs.0.saturating_sub(size.0 - lower.0)).rounded_up());
    let text = format!("lower the {what} of `{}` from {size} to {lower} (`{setting}`)", demand.name);
    (limit < demand.least).then_some((text, limit))
}

/// Returns the step of sizes that a text shows without rounding.
fn step(bytes: i64) -> i64 {
    if bytes < 10 << 30 { 16 * MIB } else { 512 * MIB }
}

/// Returns half of a limit of which nothing says that it is needed.
fn smaller_limit(demand: &Demand) -> Option<(String, ByteSize)> {
    let current =
        demand.current.filter(|current| demand.basis == Basis::Current && *current == demand.least)?;
    let half = current.0 / 2;
    let half = ByteSize((half / step(half) + i64::from(half % step(half) > 0)) * step(half)).rounded_up();
    let limit = half.max(demand.needs).max(demand.reserved.unwrap_or_default()).max(SMALLEST_LIMIT);
    let text = format!(
        "lower the limit of `{}` from {current} to {limit}, if it needs no more: measure it",
        demand.name
    );
    (limit < current).then_some((text, limit))
}

/// Returns the part of the missing memory that each container of a service saves if this service alone saves all of it.
fn each(demand: &Demand, missing: ByteSize) -> i64 {
    let containers = demand.replicas.max(1);
    missing.0 / containers + i64::from(missing.0 % containers > 0)
}

impl Demand {
    /// Returns the limit that it gets where this one is needed: what is reserved, and the limit that a variable sets, stay.
    fn lowest(&self, needed: ByteSize) -> ByteSize {
        let set = self.current.filter(|_| self.variable.is_some()).unwrap_or_default();
        needed.max(self.reserved.unwrap_or_default()).max(set).max(SMALLEST_LIMIT)
    }
}

/// Returns what each profile would save that is left out.
fn of_profiles(demands: &[Demand], missing: ByteSize) -> Vec<Saving> {
    let mut profiles: IndexMap<&String, Vec<(usize, &Demand)>> = IndexMap::default();
    for (index, demand) in demands.iter().enumerate() {
        if let [profile] = demand.profiles.as_slice() {
            profiles.entry(profile).or_default().push((index, demand));
        }
    }
    let change = |(profile, demands): (&String, Vec<(usize, &Demand)>)| {
        let saves = sum(demands.iter().map(|(_, demand)| demand.total(demand.least)));
        let names: Vec<String> =
            demands.iter().take(5).map(|(_, demand)| format!("`{}`", demand.name)).collect();
        let more = demands.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!("leave out the profile `{profile}`: {}{more}", names.join(", "));
        Saving {
            change: Change { text, saves, enough: saves >= missing },
            takes: demands.iter().map(|(index, _)| (*index, Take::All)).collect(),
        }
    };
    profiles.into_iter().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(name: &str, mebibytes: i64) -> Demand {
        let size = ByteSize(mebibytes * MIB);
        Demand {
            name: name.to_owned(),
            least: size,
            usual: size,
            most: size,
            replicas: 1,
            basis: Basis::Settings,
            needs: size,
            ..Demand::default()
        }
    }

    #[test]
    fn the_smallest_change_that_is_enough_comes_first() {
        let heap = |mebibytes: i64| {
            Some(("Java heap".to_owned(), ByteSize(mebibytes * MIB), format!("-Xmx{mebibytes}m")))
        };
        let demands = [
            Demand { largest: heap(4096), ..demand("search", 5504) },
            Demand { profiles: vec!["tools".to_owned()], ..demand("admin", 1024) },
            Demand { replicas: 3, ..demand("web", 512) },
        ];
        let plan = Plan::of(&demands, Room::of(ByteSize(8 << 30), None, 1.0));
        assert_eq!(plan.missing.map(ByteSize::mebibytes), Some(1715));
        let texts: Vec<&str> = plan.changes.iter().map(|change| change.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "lower the Java heap of `search` from 4 GiB to 2368 MiB (`-Xmx4096m`)",
                "use a host with 10 GiB"
            ]
        );
        let mut smaller = demands;
        smaller[0].largest = None;
        let plan = Plan::of(&smaller, Room::of(ByteSize(8 << 30), None, 1.0));
        let texts: Vec<&str> = plan.changes.iter().map(|change| change.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "run 1 instead of 3 containers of `web`",
                "leave out the profile `tools`: `admin`",
                "use a host with 10 GiB"
            ]
        );
        assert_eq!(plan.saved_together, ByteSize(2048 * MIB));
    }

    #[test]
    fn as_many_containers_run_as_fit() {
        let many = [Demand { replicas: 1000, ..demand("web", 256) }];
        let plan = Plan::of(&many, Room::of(ByteSize(8 << 30), None, 1.0));
        assert_eq!(plan.changes[0].text, "run 24 instead of 1000 containers of `web`");
        assert!(plan.changes[0].enough && plan.missing.is_some_and(|missing| plan.saved_together >= missing));
    }

    #[test]
    fn what_is_taken_twice_is_saved_once() {
        let profiles = vec!["tools".to_owned()];
        let heap = Some(("Java heap".to_owned(), ByteSize(1024 * MIB), "-Xmx1g".to_owned()));
        let few =
            [Demand { replicas: 2, profiles, largest: heap, ..demand("web", 2048) }, demand("db", 9000)];
        let plan = Plan::of(&few, Room::of(ByteSize(2 << 30), None, 1.0));
        let saves: i64 = plan.changes.iter().rev().skip(1).map(|change| change.saves.0).sum();
        assert_eq!(plan.saved_together, ByteSize(4096 * MIB));
        assert!(
            saves > plan.saved_together.0
                && plan.missing.is_some_and(|missing| plan.saved_together < missing)
        );
    }
}
