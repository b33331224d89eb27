//! Shares the memory of a host among the services of a stack.

use super::{Change, Demand, Room, changes_to_fit};
use crate::capacity::share::sum;
use crate::syntax::size::{ByteSize, MIB};

/// The steps from the least to what is usual, and from there to the most.
const STEPS: i64 = 1 << 16;

/// A plan for one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The host, and what is left of it for containers.
    pub room: Room,
    /// The limits of each service, in the order of the demands.
    pub grants: Vec<Grant>,
    /// The sum of the limits of all containers.
    pub total: ByteSize,
    /// The missing memory, if not even the least of all fits. The grants are the least then.
    pub missing: Option<ByteSize>,
    /// Changes with which the stack would fit, the smallest first, and a larger host last. Empty if it fits.
    pub changes: Vec<Change>,
    /// The memory that all those changes save together, without a larger host. Less than `missing`: only such a host is enough.
    pub saved_together: ByteSize,
}

/// The limit, reservation and swap limit that a plan has for each container of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The limit, in bytes.
    pub limit: ByteSize,
    /// The reservation; at most the limit. None for a job, which ends, and for a Windows container.
    pub reservation: Option<ByteSize>,
    /// The limits of the steps of its `pre_start`, which run before its containers, one after another.
    pub steps: Vec<ByteSize>,
}

impl Plan {
    /// Shares the room of a host among the demands.
    #[must_use]
    pub fn of(demands: &[Demand], room: Room) -> Self {
        let left = room.left();
        let fits = |step: i64| total(demands, step) <= left;
        let missing = (!fits(0)).then(|| ByteSize(total(demands, 0).0.saturating_sub(left.0)));
        let (mut least, mut most) = (0, 2 * STEPS);
        while missing.is_none() && least < most {
            let middle = most - (most - least) / 2;
            if fits(middle) {
                least = middle;
            } else {
                most = middle - 1;
            }
        }
        let grants: Vec<Grant> = demands.iter().map(|demand| demand.grant(least)).collect();
        let (changes, saved_together) =
            missing.map(|missing| changes_to_fit(demands, missing, room)).unwrap_or_default();
        let total = total(demands, least);
        Self { room, grants, total, missing, changes, saved_together }
    }

    /// Returns the memory that neither the host nor a service is given.
    #[must_use]
    pub fn spare(&self) -> ByteSize {
        ByteSize(self.room.left().0.saturating_sub(self.total.0).max(0))
    }

    /// Returns the smallest host, in whole GiB, on which the least of all demands fits by the rule of `room`.
    #[must_use]
    pub fn smallest_host(demands: &[Demand], room: Room) -> ByteSize {
        let needed = total(demands, 0);
        let mut gibibytes = ((needed.0 as f64 / room.overcommit.max(1.0)) as i64 / (1024 * MIB)).max(1);
        loop {
            let host = ByteSize(gibibytes.saturating_mul(1024 * MIB));
            // At most a quarter is kept, so this ends unless the size cannot be written.
            if room.on(host).left() >= needed || host.0 == i64::MAX {
                return host;
            }
            gibibytes = gibibytes.saturating_add(1 + gibibytes / 64);
        }
    }
}

/// Returns the sum of all containers' limits at a step of sharing.
fn total(demands: &[Demand], step: i64) -> ByteSize {
    sum(demands.iter().map(|demand| demand.total(demand.limit(step))))
}

impl Demand {
    /// Returns its limit at a step: from the least at 0 over what is usual to the most.
    fn limit(&self, step: i64) -> ByteSize {
        let (from, to, step) = match step {
            step if step <= STEPS => (self.least, self.usual, step),
            step => (self.usual, self.most, step - STEPS),
        };
        if step == STEPS {
            return to;
        }
        let part = i128::from(to.0 - from.0) * i128::from(step) / i128::from(STEPS);
        let exact = from.0.saturating_add(i64::try_from(part).unwrap_or(0));
        ByteSize(rounded_down(exact).max(from.0))
    }

    /// Returns the limits of all its containers, or that of a step that takes more before they run.
    pub(super) fn total(&self, limit: ByteSize) -> ByteSize {
        let own = limit.0.saturating_mul(self.replicas);
        let steps = self.steps.iter().map(|step| step.limit_with(limit).0);
        ByteSize(steps.fold(own, i64::max))
    }

    fn grant(&self, step: i64) -> Grant {
        let limit = self.limit(step);
        let reservation = (!self.job && !self.windows).then(|| {
            let half = match rounded_down(limit.0 / 2) {
                // Of a small limit, whole MiB.
                half if half < 64 * MIB => limit.0 / 2 / MIB * MIB,
                half => half,
            };
            let half = ByteSize(half.max(6 * MIB));
            self.reserved.or(self.steady).unwrap_or(half).min(limit)
        });
        Grant { limit, reservation, steps: self.steps.iter().map(|step| step.limit_with(limit)).collect() }
    }
}

/// Rounds a size down to a round number, as [`ByteSize::rounded_up`] rounds up.
pub(super) fn rounded_down(bytes: i64) -> i64 {
    let step = match bytes / MIB {
        ..=256 => 16,
        257..=4096 => 64,
        _ => 256,
    } * MIB;
    bytes / step * step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn demands() -> impl Strategy<Value = Vec<Demand>> {
        let size = 6_i64..6000;
        let one = (size.clone(), size.clone(), size.clone(), 1_i64..4, any::<bool>(), size).prop_map(
            |(a, b, c, replicas, job, steady)| {
                let mut sizes = [a, b, c].map(|mebibytes| ByteSize(mebibytes * MIB));
                sizes.sort_unstable();
                let [least, usual, most] = sizes;
                let steady = (steady % 2 == 0).then_some(ByteSize(steady * MIB));
                Demand { replicas, job, least, usual, most, steady, ..Demand::default() }
            },
        );
        proptest::collection::vec(one, 0..12)
    }

    proptest! {
        #[test]
        fn the_sum_never_exceeds_what_the_host_has_left(demands in demands(), host in 0_i64..64_000) {
            let host = ByteSize(host * MIB);
            let room = Room::of(host, None, 1.0);
            let plan = Plan::of(&demands, room);
            let limits = plan.grants.iter().zip(&demands).map(|(grant, demand)| grant.limit.0 * demand.replicas);
            prop_assert_eq!(limits.sum::<i64>(), plan.total.0);
            if plan.missing.is_none() {
                prop_assert!(plan.total.0 + room.reserve.0 <= host.0);
            } else {
                prop_assert!(plan.total.0 + room.reserve.0 > host.0);
                let smallest = Plan::smallest_host(&demands, room);
                prop_assert!(smallest > host && Plan::of(&demands, room.on(smallest)).missing.is_none());
            }
            for (grant, demand) in plan.grants.iter().zip(&demands) {
                prop_assert!(grant.reservation.is_none_or(|size| size <= grant.limit && size.0 > 0));
                prop_assert!(demand.least <= grant.limit && grant.limit <= demand.most);
            }
        }

        #[test]
        fn more_memory_gives_no_service_less(demands in demands(), host in 0_i64..64_000, more in 0_i64..8_000) {
            let on = |host: i64| Plan::of(&demands, Room::of(ByteSize(host * MIB), None, 1.0));
            let (small, large) = (on(host), on(host + more));
            prop_assert!(small.missing.is_some() || large.missing.is_none());
            for (small, large) in small.grants.iter().zip(&large.grants) {
                prop_assert!(small.limit <= large.limit);
            }
        }
    }

    #[test]
    fn a_current_limit_is_kept_to_the_byte() {
        let current = ByteSize(700_000_000);
        let demand =
            Demand { least: current, usual: current, most: current, replicas: 2, ..Demand::default() };
        let plan = Plan::of(&[demand], Room::of(ByteSize(8 << 30), None, 1.0));
        assert_eq!((plan.grants[0].limit, plan.total), (current, ByteSize(1_400_000_000)));
    }
}
