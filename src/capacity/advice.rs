//! Advises the memory limit and reservation of a service, from measurements or else from what its files declare. Rules of
//! thumb, with every term shown.

use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{Measured, MemoryPool, Pool, Workload};

/// A limit above this multiple of the advised one is oversized.
const OVERSIZED: i64 = 2;

/// The smallest saving for which a limit is called oversized, in bytes.
const WORTH_SAYING: i64 = 128 * MIB;

/// The advised memory settings of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The limit of one container: the largest term, rounded up.
    pub limit: ByteSize,
    /// The median use of one container, rounded up. At most the limit.
    pub reservation: ByteSize,
    /// The terms of which the largest decides the limit. Never empty.
    pub terms: Vec<Term>,
    /// The comparison of its current limit with the advice.
    pub verdict: Verdict,
    /// Heaps and caches that are set too large for the current limit.
    pub too_large: Vec<OversizedPool>,
    /// Limitations of the numbers: lower case, no full stop.
    pub caveats: Vec<String>,
}

/// One lower bound of the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The calculation: `310 MiB + (520 MiB - 310 MiB) x 1.2`.
    pub text: String,
    /// The result, in bytes.
    pub size: ByteSize,
}

/// A heap or cache that is set too large for the current limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OversizedPool {
    /// `Redis cache`.
    pub what: String,
    /// Its size, in bytes.
    pub size: ByteSize,
    /// The largest size that fits, in bytes, rounded down. None if hardly anything would be left of it.
    pub fits: Option<ByteSize>,
}

/// The comparison of a limit with the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is no limit.
    Missing,
    /// The files do not tell the limit.
    Unknown,
    /// The limit is below the measured peak.
    BelowPeak,
    /// The limit is at least the measured peak, and below the largest term.
    WithoutHeadroom,
    /// The limit is neither too small nor oversized.
    Right,
    /// The limit is far above the advised one.
    Oversized,
}

/// Returns advice for a measured service. None without measurements.
#[must_use]
pub fn advise(workload: &Workload) -> Option<Advice> {
    let measured = workload.measured.as_ref()?;
    let terms = terms(workload, measured);
    let needed = needed(&terms);
    let limit = needed.rounded_up();
    let reservation = measured.typical.rounded_up().min(limit);
    let current = workload.known_limit().map(|limit| limit.value);
    let verdict = match current {
        None if workload.memory.limit.is_unknown() => Verdict::Unknown,
        None => Verdict::Missing,
        Some(current) if current < measured.peak => Verdict::BelowPeak,
        Some(current) if current < needed => Verdict::WithoutHeadroom,
        Some(current)
            if current.0 > limit.0.saturating_mul(OVERSIZED) && current.0 - limit.0 >= WORTH_SAYING =>
        {
            Verdict::Oversized
        }
        Some(_) => Verdict::Right,
    };
    let too_large = current.map_or_else(Vec::new, |current| too_large(workload, current));
    Some(Advice { limit, reservation, terms, verdict, too_large, caveats: caveats(workload, measured) })
}

impl Advice {
    /// Returns the term that decides the limit.
    #[must_use]
    pub fn largest(&self) -> Option<&Term> {
        // The first of equals, since `max_by_key` returns the last.
        self.terms.iter().rev().max_by_key(|term| term.size)
    }

    /// Returns the calculation as text: all terms, then the rounded limit.
    #[must_use]
    pub fn arithmetic(&self) -> String {
        let terms: Vec<String> =
            self.terms.iter().map(|term| format!("{} = {}", term.text, term.size)).collect();
        let rounded = format!("rounded up to {}", self.limit);
        match terms.as_slice() {
            [term] => format!("{term}, {rounded}"),
            terms => format!("the largest of {}, {rounded}", terms.join(", ")),
        }
    }

    /// True if the current limit is to stay.
    #[must_use]
    pub fn keeps_limit(&self) -> bool {
        matches!(self.verdict, Verdict::Right | Verdict::Unknown)
    }
}

/// Returns the smallest limit that satisfies every term.
fn needed(terms: &[Term]) -> ByteSize {
    terms.iter().map(|term| term.size).max().unwrap_or(ByteSize(0))
}

/// Returns the terms from measurements: the use that was measured, with headroom.
fn measured_terms(measured: &Measured) -> Vec<Term> {
    let Measured { base, peak, .. } = *measured;
    if measured.samples == 1 {
        // One moment does not show how far the use swings.
        return vec![Term { text: format!("{peak} x 1.25"), size: times(peak, 1.25) }];
    }
    let growth = ByteSize(peak.0 - base.0);
    let grown = ByteSize(base.0.saturating_add(times(growth, 1.2).0));
    vec![
        Term { text: format!("{base} + ({peak} - {base}) x 1.2"), size: grown },
        Term { text: format!("{peak} x 1.15"), size: times(peak, 1.15) },
    ]
}

fn terms(workload: &Workload, measured: &Measured) -> Vec<Term> {
    let mut terms = measured_terms(measured);
    // A heap may grow beyond what has been measured.
    let declared = declared(workload).map(|(heap, size)| (heap.off_heap(size), size, heap.pool));
    let own = workload.pools.image_default_heap.iter().map(|own| (own.off_heap(), own.size(), Pool::Heap));
    for (off_heap, size, pool) in declared.chain(own) {
        terms.push(pool_term(pool, size, off_heap.map_or(0, |off_heap| off_heap.least)));
    }
    terms
}

/// Returns the limit that a heap or cache of a fixed size needs, with `outside` MiB of other memory.
fn pool_term(pool: Pool, size: ByteSize, outside: i64) -> Term {
    let what = match pool {
        Pool::Heap => "heap",
        Pool::Cache => "cache",
    };
    let share = times(size, 1.0 / 0.75);
    let sum = ByteSize(size.0.saturating_add(outside.saturating_mul(MIB)));
    if sum > share {
        Term { text: format!("{what} of {size} + {outside} MiB of overhead"), size: sum }
    } else {
        Term { text: format!("{what} of {size} / 0.75"), size: share }
    }
}

/// Returns the heaps and caches that are set to a size for which the limit is too small.
fn too_large(workload: &Workload, limit: ByteSize) -> Vec<OversizedPool> {
    /// Sizes are rounded down to a multiple of this many bytes.
    const STEP: i64 = 16 * MIB;
    /// The smallest size that is worth naming, in bytes.
    const SMALLEST: i64 = 64 * MIB;
    declared(workload)
        .filter_map(|(pool, size)| {
            let outside = |size| pool.off_heap(size).map_or(0, |off_heap| off_heap.least);
            // What is outside may grow with the size, so it is that of the largest candidate.
            let most = limit.0 - limit.0 / 4;
            let largest = most.min(limit.0 - outside(ByteSize(most)).saturating_mul(MIB));
            (pool_term(pool.pool, size, outside(size)).size > limit).then(|| OversizedPool {
                what: pool.display_name(),
                size,
                fits: Some(ByteSize(largest / STEP * STEP)).filter(|fits| fits.0 >= SMALLEST),
            })
        })
        .collect()
}

/// Returns the heaps and caches with a fixed size, in bytes.
pub(super) fn declared(workload: &Workload) -> impl Iterator<Item = (&MemoryPool, ByteSize)> {
    workload.pools.heaps.iter().chain(&workload.pools.caches).filter_map(|heap| {
        // Without a limit and a host, only fixed sizes are known.
        Some((heap, heap.size_under(None, None)?.size))
    })
}

/// Multiplies a size, rounded up to whole bytes.
fn times(size: ByteSize, factor: f64) -> ByteSize {
    ByteSize((size.0 as f64 * factor).ceil() as i64)
}

fn caveats(workload: &Workload, measured: &Measured) -> Vec<String> {
    let mut caveats = Vec::new();
    if measured.samples == 1 {
        caveats.push("one sample shows one moment: a quarter is added for what it does not show".to_owned());
    }
    let limit = workload.known_limit().map(|limit| limit.value);
    if let Some(heap) = workload.pools.heaps.iter().find(|heap| heap.follows()) {
        let of = if limit.is_some() { "limit" } else { "host" };
        caveats.push(format!(
            "the {} heap follows the {of}: with another limit it grows to another size",
            heap.runtime.display_name()
        ));
    }
    caveats
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// For all measurements: the advised limit holds the peak, and is a round number.
        #[test]
        fn never_below_the_peak(base in 1_i64..1 << 42, growth in 0_i64..1 << 42, samples in 1_usize..9) {
            let (base, peak) = (ByteSize(base), ByteSize(base + growth));
            let measured = Measured {
                containers: Vec::new(), samples, seconds: None, base, typical: base, peak, together: peak,
            };
            let needed = needed(&measured_terms(&measured));
            let limit = needed.rounded_up();
            assert!(limit >= measured.peak && limit >= needed && limit.0 % (16 * MIB) == 0);
            assert!(limit.0 - needed.0 < (256 * MIB).max(needed.0 / 4));
        }
    }
}
