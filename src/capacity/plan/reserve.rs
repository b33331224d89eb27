//! The memory that a host keeps for itself, and what is left for containers.

use crate::syntax::size::{ByteSize, MIB};

const GIB: i64 = 1024 * MIB;

/// The rule of [`reserve`], for reports. It is the one by which Google's Kubernetes Engine keeps memory on a node for the system,
/// the container runtime and its agents (`cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes`, read on 2026-11-30).
pub const RESERVE_RULE: &str =
    "25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % of the rest";

/// Bands of memory, in bytes, and the share of each that is kept, in percent.
const BANDS: [(i64, i64); 5] = [(4 * GIB, 25), (4 * GIB, 20), (8 * GIB, 10), (112 * GIB, 6), (i64::MAX, 2)];

/// Returns the memory that a host of this size keeps for its kernel, Docker, and the programs outside of containers.
#[must_use]
pub fn reserve(host: ByteSize) -> ByteSize {
    let mut rest = host.0.max(0);
    let mut kept = 0;
    for (band, percent) in BANDS {
        let part = rest.min(band);
        kept += i64::try_from(i128::from(part) * i128::from(percent) / 100).unwrap_or(0);
        rest -= part;
    }
    // A machine with less than 1 GiB keeps 255 MiB.
    ByteSize(kept.max(255 * MIB).min(host.0.max(0)))
}

/// The memory of a host that the limits of containers may fill. Rules, budgets and plans compare their sums with the same one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// The memory of the host, in bytes.
    pub host: ByteSize,
    /// The part that the host keeps for itself.
    pub reserve: ByteSize,
    /// True if that part was given, by an option or a configuration.
    pub reserve_given: bool,
    /// The factor by which limits, with that part, may exceed the host's memory.
    pub overcommit: f64,
}

impl Room {
    /// Returns the room on a host. `kept` replaces its usual reserve.
    #[must_use]
    pub fn of(host: ByteSize, kept: Option<ByteSize>, overcommit: f64) -> Self {
        let reserve = kept.unwrap_or_else(|| reserve(host));
        Self { host, reserve, reserve_given: kept.is_some(), overcommit }
    }

    /// Returns the room on a host of another size, by the same rule.
    #[must_use]
    pub fn on(self, host: ByteSize) -> Self {
        Self::of(host, self.reserve_given.then_some(self.reserve), self.overcommit)
    }

    /// Returns the most that limits may add up to.
    #[must_use]
    pub fn left(self) -> ByteSize {
        ByteSize(self.most().0.saturating_sub(self.reserve.0).max(0))
    }

    /// Returns the memory that limits and the host's own part may add up to.
    fn most(self) -> ByteSize {
        match self.overcommit {
            1.0 => self.host,
            factor => ByteSize((self.host.0 as f64 * factor) as i64),
        }
    }

    /// Writes the comparison out: `limits of 5 GiB + 1.8 GiB for the host = 6.8 GiB of 8 GiB`.
    #[must_use]
    pub fn arithmetic(self, limits: ByteSize) -> String {
        let Self { host, reserve, overcommit, .. } = self;
        let both = ByteSize(limits.0.saturating_add(reserve.0));
        let most = match overcommit {
            1.0 => host.to_string(),
            factor => format!("{host} x {factor} = {}", self.most()),
        };
        format!("limits of {limits} + {reserve} for the host = {both} of {most}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_page() {
        let mebibytes = |gib: f64| reserve(ByteSize((gib * GIB as f64) as i64)).0 / MIB;
        for (host, kept) in
            [(0.1, 102), (0.5, 255), (2.0, 512), (4.0, 1024), (8.0, 1843), (16.0, 2662), (128.0, 9543)]
        {
            assert!((mebibytes(host) - kept).abs() <= 1, "{host}: {}", mebibytes(host));
        }
    }

    #[test]
    fn room_is_what_the_host_does_not_keep() {
        let host = ByteSize(8 * GIB);
        let usual = Room::of(host, None, 1.0);
        assert_eq!(usual.left(), ByteSize(host.0 - reserve(host).0));
        let text = "limits of 8 GiB + 1.8 GiB for the host = 9.8 GiB of 8 GiB";
        assert_eq!(usual.arithmetic(host), text);
        let given = Room::of(host, Some(ByteSize(GIB)), 1.5);
        assert_eq!(given.left(), ByteSize(11 * GIB));
        let text = "limits of 8 GiB + 1 GiB for the host = 9 GiB of 8 GiB x 1.5 = 12 GiB";
        assert_eq!(given.arithmetic(host), text);
        assert_eq!(given.on(ByteSize(4 * GIB)).left(), ByteSize(5 * GIB));
        assert_eq!(Room::of(ByteSize(0), None, 1.0).left(), ByteSize(0));
    }

    proptest::proptest! {
        /// More memory never leaves less for the stack.
        #[test]
        fn what_is_left_grows_with_the_host(host in 0_i64..1 << 42, more in 0_i64..1 << 34) {
            let left = |host: i64| host - reserve(ByteSize(host)).0;
            assert!(left(host) <= left(host + more) && left(host) >= 0);
        }
    }
}
