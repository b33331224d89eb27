//! What would have to give where a stack does not fit its host.

use super::{Demand, Ground, Plan};
use crate::capacity::share::sum;
use crate::hash::IndexMap;
use crate::syntax::size::{ByteSize, MIB};

/// The smallest heap that a cut leaves, in bytes, and the smallest part of the old one.
const LEFT: (i64, i64) = (64 * MIB, 4);

/// The largest number of changes that are named.
const NAMED: usize = 6;

/// One change that saves memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Give {
    /// The change: lower case, an imperative, no full stop.
    pub text: String,
    /// The memory that it saves, in bytes. For a larger host, that which it adds.
    pub saves: ByteSize,
    /// True if it is enough on its own.
    pub enough: bool,
}

/// Returns the changes that save `missing` bytes: those that are enough alone, the smallest first, else the largest ones that
/// are enough together. A larger host comes last.
pub(super) fn giving(
    demands: &[Demand],
    missing: ByteSize,
    (host, kept): (ByteSize, Option<ByteSize>),
) -> Vec<Give> {
    let mut gives: Vec<Give> = demands.iter().flat_map(|demand| of_service(demand, missing)).collect();
    gives.extend(of_profiles(demands, missing));
    gives.retain(|give| give.saves.0 >= 16 * MIB);
    let (mut alone, mut parts): (Vec<Give>, Vec<Give>) = gives.into_iter().partition(|give| give.enough);
    alone.sort_by_key(|give| give.saves);
    parts.sort_by_key(|give| std::cmp::Reverse(give.saves));
    let mut chosen = if alone.is_empty() { parts } else { alone };
    chosen.truncate(NAMED);
    let needed = Plan::smallest_host(demands, kept);
    let text = format!("use a host with {needed}");
    chosen.push(Give { text, saves: ByteSize((needed.0 - host.0).max(0)), enough: true });
    chosen
}

/// Returns the changes of one service.
fn of_service(demand: &Demand, missing: ByteSize) -> Vec<Give> {
    let name = &demand.name;
    let mut gives = Vec::new();
    let mut add = |text: String, saves: i64| {
        gives.push(Give { text, saves: ByteSize(saves), enough: saves >= missing.0 });
    };
    if let Some((what, size, setting)) = &demand.largest
        && demand.ground <= Ground::Stands
    {
        // What stands beside a heap shrinks with it: a third of what the heap loses.
        let cut = (missing.0 / demand.replicas.max(1)).saturating_mul(3) / 4;
        let lowest = LEFT.0.max(size.0 / LEFT.1);
        let lower = size.0.saturating_sub(cut).max(lowest) / (16 * MIB) * (16 * MIB);
        if lower >= LEFT.0 && lower < size.0 {
            let saves = (size.0 - lower).saturating_mul(demand.replicas);
            let saves = saves.saturating_add(saves / 3).min(demand.total(demand.least).0);
            let lower = ByteSize(lower);
            add(format!("lower the {what} of `{name}` from {size} to {lower} (`{setting}`)"), saves);
        }
    } else if demand.ground == Ground::Stands {
        let half = ByteSize((demand.least.0 / 2).max(6 * MIB)).rounded_up();
        let saves = (demand.least.0 - half.0).saturating_mul(demand.replicas);
        add(
            format!(
                "lower the limit of `{name}` from {} to {half}, if it needs no more: measure it",
                demand.least
            ),
            saves,
        );
    }
    if demand.replicas > 1 {
        let fewer = demand.replicas - 1;
        add(format!("run {fewer} instead of {} containers of `{name}`", demand.replicas), demand.least.0);
    }
    gives
}

/// Returns what each profile would save that is left out.
fn of_profiles(demands: &[Demand], missing: ByteSize) -> Vec<Give> {
    let mut profiles: IndexMap<&String, Vec<&Demand>> = IndexMap::default();
    for demand in demands {
        if let [profile] = demand.profiles.as_slice() {
            profiles.entry(profile).or_default().push(demand);
        }
    }
    let give = |(profile, demands): (&String, Vec<&Demand>)| {
        let saves = sum(demands.iter().map(|demand| demand.total(demand.least)));
        let names: Vec<String> = demands.iter().take(5).map(|demand| format!("`{}`", demand.name)).collect();
        let more = demands.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Give {
            text: format!("leave out the profile `{profile}`: {}{more}", names.join(", ")),
            saves,
            enough: saves >= missing,
        }
    };
    profiles.into_iter().map(give).collect()
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
            ground: Ground::Declared,
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
        let plan = Plan::of(&demands, ByteSize(8 << 30), None);
        assert_eq!(plan.missing.map(ByteSize::mebibytes), Some(1715));
        let texts: Vec<&str> = plan.gives.iter().map(|give| give.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "lower the Java heap of `search` from 4 GiB to 2800 MiB (`-Xmx4096m`)",
                "use a host with 10 GiB"
            ]
        );
        let mut smaller = demands;
        smaller[0].largest = None;
        let plan = Plan::of(&smaller, ByteSize(8 << 30), None);
        let texts: Vec<&str> = plan.gives.iter().map(|give| give.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "leave out the profile `tools`: `admin`",
                "run 2 instead of 3 containers of `web`",
                "use a host with 10 GiB"
            ]
        );
    }
}
