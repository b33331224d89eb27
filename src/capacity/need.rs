//! The memory limit that a service needs by its files and its image: the one number that all rules suggest.

use super::advice::declared;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{Bound, MemoryPool, NativeOverhead, Pool, RuntimeName, SettingName, SizedBy, Workload};

/// A memory limit that holds all declared memory of a service, with its calculation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The limit, in bytes, rounded up to a round number.
    pub limit: ByteSize,
    /// The part that is in use all the time: heaps and caches, in bytes. None if nothing declares one.
    pub steady: Option<ByteSize>,
    /// The calculation, as in `heap of 1024 MiB + 250 MiB of overhead = 1274 MiB`, or the figure of the image's maker. Lower case, no full
    /// stop.
    pub sum: String,
}

/// The reason no limit can be suggested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// Neither the files nor the catalog tell how much it needs.
    Unknown,
    /// Its heap is a share of the limit: any limit bounds it.
    Follows {
        /// The runtime's display name.
        runtime: &'static str,
    },
    /// It takes a share of the limit, or all of it: its measured use does not show what it needs.
    Grows {
        /// Its use of the memory it sees: lower case, no full stop.
        what: String,
    },
    /// It sizes itself to the host whatever the limit, until it is configured otherwise.
    HostSized {
        /// Why: lower case, no full stop.
        why: String,
        /// The variables that configure it. None if that takes a newer image.
        first: Option<String>,
    },
    /// As [`NoNumber::HostSized`], if what starts is the server of its image, which is not known.
    MayBeHostSized {
        /// Why: lower case, no full stop.
        why: String,
        /// The variables that configure it.
        first: Option<String>,
    },
    /// A Compose variable decides the size.
    Varies {
        /// The setting with its current value.
        setting: String,
        /// The limit for the current value.
        limit: ByteSize,
    },
    /// Another setting of the service allows less.
    Capped {
        /// That setting.
        by: SettingName,
        /// The limit that it needs.
        limit: ByteSize,
    },
}

impl Need {
    /// Calculates the limit that `workload` needs.
    ///
    /// # Errors
    /// The reason no number can be given.
    pub fn of(workload: &Workload) -> Result<Self, NoNumber> {
        if let Some(sized) = workload.memory.ignores_cgroup_limit.as_ref().filter(|sized| sized.certain) {
            return Err(NoNumber::HostSized { why: sized.why.clone(), first: sized.names() });
        }
        if let Some(why) = host_sized(workload) {
            return Err(NoNumber::HostSized { why, first: None });
        }
        let pools: Vec<Declared> = pools(workload);
        if pools.is_empty() {
            return minimum(workload);
        }
        let files = memory_files(workload);
        let mut total = files;
        let mut terms = Vec::new();
        for pool in &pools {
            let overhead = pool.overhead();
            total = total.saturating_add(pool.size.0).saturating_add(overhead.0);
            terms.push(format!(
                "{} of {} + {} of overhead",
                pool.what,
                in_mebibytes(pool.size),
                in_mebibytes(overhead)
            ));
        }
        if files > 0 {
            terms.push(format!("{} of files in memory", in_mebibytes(ByteSize(files))));
        }
        let limit = ByteSize(total).rounded_up();
        if let Some(setting) = pools.iter().find_map(|pool| pool.varies.clone()) {
            return Err(NoNumber::Varies { setting, limit });
        }
        let mut steady = pools.iter().fold(0_i64, |sum, pool| sum.saturating_add(pool.size.0));
        let mut limit = limit;
        for shared in shares(workload, total)? {
            let size = in_mebibytes(shared.size);
            terms.push(format!("{} of {size} ({} % of the limit)", shared.what, shared.percent));
            if shared.overhead.0 > 0 {
                terms.push(format!("{} of overhead", in_mebibytes(shared.overhead)));
            }
            steady = steady.saturating_add(shared.size.0);
            total = total.saturating_add(shared.size.0).saturating_add(shared.overhead.0);
            limit = ByteSize(total).rounded_up();
        }
        let sum = format!("{} = {}", terms.join(" + "), in_mebibytes(ByteSize(total)));
        let need = Self { limit, steady: Some(ByteSize(steady)), sum };
        need.checked(workload)
    }

    /// Returns the calculation as a note of a finding: with the service's name.
    #[must_use]
    pub fn note(&self, workload: &Workload) -> String {
        match self.steady {
            Some(_) => format!("`{}`: {}", workload.name, self.sum),
            None => self.sum.clone(),
        }
    }

    /// Returns the need unless another key of the service contradicts the limit.
    fn checked(self, workload: &Workload) -> Result<Self, NoNumber> {
        let memory = &workload.memory;
        let limit = self.limit;
        // The engine rejects a limit above `memswap_limit`, memory and swap together. Unlimited swap (-1) with a limit is a
        // finding of its own.
        let swap = workload.service.memswap_limit.value().is_some_and(|swap| swap.0 != 0 && *swap < limit);
        if workload.service.memswap_limit.is_unknown() || swap {
            return Err(NoNumber::Capped { by: SettingName::SWAP_LIMIT, limit });
        }
        let reserved = memory.reservation.value().is_some_and(|reserved| *reserved > limit);
        if memory.reservation.is_unknown() || reserved {
            return Err(NoNumber::Capped { by: SettingName::RESERVATION, limit });
        }
        Ok(self)
    }

    /// True if a limit of this size holds all that is known of the service: no heap, cache or file system outgrows it.
    #[must_use]
    pub fn fits_limit(workload: &Workload, limit: ByteSize) -> bool {
        match Self::of(workload) {
            Ok(need) => need.limit <= limit,
            // The other key is its own finding.
            Err(NoNumber::Capped { limit: need, .. }) => need <= limit,
            Err(
                NoNumber::Unknown
                | NoNumber::MayBeHostSized { .. }
                | NoNumber::Follows { .. }
                | NoNumber::Grows { .. },
            ) => memory_files(workload) < limit.0 && defaults_fit(workload, limit),
            Err(_) => false,
        }
    }
}

/// Formats a term of a sum: all terms have one unit, so that they can be added in the head.
fn in_mebibytes(size: ByteSize) -> String {
    format!("{} MiB", size.0.saturating_add(MIB / 2) / MIB)
}

/// Rounds after which shares of a limit have settled, or never will.
const ROUNDS: usize = 64;

/// A heap or cache with a fixed size.
struct Declared {
    /// Its name: `heap`, `page cache`.
    what: String,
    /// True if the size is that of the whole process.
    whole: bool,
    runtime: RuntimeName,
    size: ByteSize,
    off_heap: Option<NativeOverhead>,
    /// The setting, if a Compose variable is part of it.
    varies: Option<String>,
}

impl Declared {
    /// Returns the memory on top of the size: the estimate for its runtime, and at least a quarter of the whole. For Go and
    /// for whole processes a tenth, since their own limit counts nearly all of it.
    fn overhead(&self) -> ByteSize {
        if self.runtime == RuntimeName::Go || self.whole {
            return ByteSize(self.size.0 / 9);
        }
        let off_heap = self.off_heap.as_ref().map_or(0, |off_heap| off_heap.most.saturating_mul(MIB));
        ByteSize(off_heap.max(self.size.0 / 3))
    }
}

/// A part of a product's memory that takes a share of the limit, next to parts with a fixed size.
struct Shared {
    /// Its name: `heap`.
    what: String,
    percent: f64,
    size: ByteSize,
    overhead: ByteSize,
}

/// Returns the parts that take a share of the smallest limit that holds them and `fixed` bytes.
///
/// # Errors
/// The shares leave no room: no limit holds everything.
fn shares(workload: &Workload, fixed: i64) -> Result<Vec<Shared>, NoNumber> {
    let parts: Vec<(&MemoryPool, f64)> = workload
        .pools
        .heaps
        .iter()
        .chain(&workload.pools.caches)
        .filter(|pool| pool.part.is_some() && pool.bound.is_absent() && !pool.is_whole_process())
        .filter_map(|pool| Some((pool, pool.default_percent()?)))
        .collect();
    let sized = |limit: i64| {
        parts.iter().map(move |(pool, percent)| {
            let size = ByteSize((limit as f64 * percent / 100.0) as i64);
            let off_heap = pool.off_heap(size).map_or(0, |off_heap| off_heap.most.saturating_mul(MIB));
            Shared { what: pool.display_name(), percent: *percent, size, overhead: ByteSize(off_heap) }
        })
    };
    // Each round leaves room for the shares of the round before; the sizes grow by less each time.
    let mut limit = fixed;
    for _ in 0..ROUNDS {
        let next = sized(limit)
            .fold(fixed, |sum, shared| sum.saturating_add(shared.size.0).saturating_add(shared.overhead.0));
        if next.saturating_sub(limit) < MIB {
            return Ok(sized(next).collect());
        }
        limit = next;
    }
    let what = workload.memory.self_sizing.clone().unwrap_or_default();
    Err(NoNumber::Grows { what })
}

fn pools(workload: &Workload) -> Vec<Declared> {
    let declared = declared(workload).map(|(heap, size)| Declared {
        what: match (&heap.part, heap.pool) {
            (Some(part), _) => part.part.clone(),
            (None, Pool::Heap) => "heap".to_owned(),
            (None, Pool::Cache) => "cache".to_owned(),
        },
        whole: heap.is_whole_process(),
        runtime: heap.runtime,
        size,
        off_heap: heap.off_heap(size),
        varies: heap.bound.value().filter(|setting| setting.flag.varies()).map(|setting| setting.written()),
    });
    let own = workload.pools.image_default_heap.iter().map(|own| {
        let size = own.size();
        Declared {
            what: "heap".to_owned(),
            whole: false,
            runtime: own.of,
            size,
            off_heap: own.off_heap(),
            varies: None,
        }
    });
    declared.chain(own).collect()
}

/// Returns the need by the sizing guide of the image's maker, else by the minimum that the maker states.
fn minimum(workload: &Workload) -> Result<Need, NoNumber> {
    let mut heaps = workload.pools.heaps.iter();
    let follows = heaps.find(|heap| heap.follows() && !heap.env_unseen && heap.takes_shares);
    let Some(minimum) = &workload.memory.minimum else {
        let grows = workload.memory.self_sizing.as_ref();
        return Err(match (follows, &workload.memory.ignores_cgroup_limit) {
            (_, Some(sized)) => NoNumber::MayBeHostSized { why: sized.why.clone(), first: sized.names() },
            (Some(heap), None) => NoNumber::Follows { runtime: heap.runtime.display_name() },
            (None, None) => grows.map_or(NoNumber::Unknown, |what| NoNumber::Grows { what: what.clone() }),
        });
    };
    let size = ByteSize(minimum.usual.unwrap_or(minimum.mib).saturating_mul(MIB));
    let total = ByteSize(size.0.saturating_add(memory_files(workload)));
    let image = workload.image.base.value().map_or("its image", |base| base.as_str());
    let sum = match minimum.usual {
        Some(_) => format!("the sizing guide of `{image}` recommends {size}"),
        None => format!("`{image}` needs at least {size}, as its documentation says"),
    };
    Need { limit: total.rounded_up(), steady: None, sum }.checked(workload)
}

/// Returns the most that sized tmpfs mounts and `shm_size` take, in bytes: their files count against the limit.
pub(super) fn memory_files(workload: &Workload) -> i64 {
    let sized = workload.service.tmpfs.iter().filter_map(|mount| mount.size.value());
    let sizes = workload.service.shm_size.value().into_iter().chain(sized).filter(|size| size.0 > 0);
    sizes.fold(0, |sum: i64, size| sum.saturating_add(size.0))
}

/// Returns why a runtime follows the host's memory whatever the limit, if one does.
fn host_sized(workload: &Workload) -> Option<String> {
    let follows = |heap: &&MemoryPool| match heap.bound.value() {
        Some(setting) => matches!(setting.bound, Bound::Percent(_)),
        None => heap.bound.is_absent(),
    };
    workload.pools.heaps.iter().filter(follows).find_map(|heap| Some(heap.limit_unseen.as_ref()?.why.clone()))
}

/// True if no default or relative heap takes 85 % of the limit or more.
fn defaults_fit(workload: &Workload, limit: ByteSize) -> bool {
    let mut heaps = workload.pools.heaps.iter().filter_map(|heap| heap.size_under(Some(limit), None));
    heaps.all(|heap| heap.by == SizedBy::Bytes || heap.size.0 < limit.0 / 100 * 85)
}
