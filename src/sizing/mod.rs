//! The limit and the reservation that fit a service: by what was measured, else by what its files declare. Rules of thumb, with
//! every term shown.

mod need;

pub use self::need::{Need, NoNumber};

use crate::model::size::ByteSize;
use crate::workload::{Measured, MemoryPool, Pool, SizedBy, Workload};

/// Bytes of one MiB.
pub const MIB: i64 = 1 << 20;

/// A limit this many times the advised one is more than it needs.
const OVERSIZED: i64 = 2;

/// What has to be won before a limit is called oversized, in bytes.
const WORTH_SAYING: i64 = 128 * MIB;

/// What fits a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The limit of one container: the largest term, rounded up.
    pub limit: ByteSize,
    /// What one container uses most of the time, rounded up.
    pub reservation: ByteSize,
    /// What the limit follows from; never empty.
    pub terms: Vec<Term>,
    /// How the limit that it has compares.
    pub verdict: Verdict,
    /// What the numbers do not tell: lower case, no full stop.
    pub caveats: Vec<String>,
}

/// One lower bound of the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it is calculated: `310 MiB + (520 MiB - 310 MiB) x 1.2`.
    pub text: String,
    /// What it comes to, in bytes.
    pub size: ByteSize,
}

/// How a limit compares with what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is none.
    Missing,
    /// Nobody can tell from the files what it is.
    Unknown,
    /// Less than was seen.
    BelowPeak,
    /// At least what was seen, and less than what is advised.
    WithoutHeadroom,
    /// It fits.
    Right,
    /// Far more than what is advised.
    Oversized,
}

/// What fits a service of which something was measured.
#[must_use]
pub fn advise(workload: &Workload) -> Option<Advice> {
    let measured = workload.measured.as_ref()?;
    let terms = terms(workload, measured);
    let needed = needed(&terms);
    let limit = needed.rounded_up();
    let reservation = measured.typical.rounded_up().min(limit);
    let current = workload.memory.limit.value().copied().filter(|limit| limit.0 > 0);
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
    Some(Advice { limit, reservation, terms, verdict, caveats: caveats(workload, measured) })
}

impl Advice {
    /// The term that decides.
    #[must_use]
    pub fn largest(&self) -> Option<&Term> {
        // The first of equals.
        self.terms.iter().rev().max_by_key(|term| term.size)
    }

    /// The sum of what is to be shown: term by term, the one that decides last.
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

    /// True when the limit that is there is to stay.
    #[must_use]
    pub fn keeps_limit(&self) -> bool {
        matches!(self.verdict, Verdict::Right | Verdict::Unknown)
    }
}

/// The least limit that satisfies every term.
fn needed(terms: &[Term]) -> ByteSize {
    terms.iter().map(|term| term.size).max().unwrap_or(ByteSize(0))
}

/// What was seen, and what is added to it.
fn measured_terms(measured: &Measured) -> Vec<Term> {
    let Measured { base, peak, .. } = *measured;
    if measured.samples == 1 {
        // One moment says nothing of how far it swings.
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
    // What is measured today is not all that a heap may grow to tomorrow.
    let declared = declared(workload).map(|(heap, size)| (heap.beside(size), size, heap.pool));
    let own = workload.image_default_heap.iter().map(|own| (own.beside(), own.size(), Pool::Heap));
    for (beside, size, pool) in declared.chain(own) {
        let what = match pool {
            Pool::Heap => "heap",
            Pool::Cache => "cache",
        };
        let share = ByteSize((size.0 as f64 / 0.75).ceil() as i64);
        let beside = beside.map_or(0, |beside| beside.least);
        let sum = ByteSize(size.0.saturating_add(beside * MIB));
        terms.push(if sum > share {
            Term { text: format!("{what} of {size} + {beside} MiB of overhead"), size: sum }
        } else {
            Term { text: format!("{what} of {size} / 0.75"), size: share }
        });
    }
    terms
}

/// The heaps and caches whose size is a number, in bytes.
fn declared(workload: &Workload) -> impl Iterator<Item = (&MemoryPool, ByteSize)> {
    workload.heaps.iter().chain(&workload.caches).filter_map(|heap| {
        let size = heap.size_under(None, None).filter(|heap| heap.by == SizedBy::Bytes)?;
        Some((heap, size.size))
    })
}

/// Rounded up to whole bytes.
fn times(size: ByteSize, factor: f64) -> ByteSize {
    ByteSize((size.0 as f64 * factor).ceil() as i64)
}

fn caveats(workload: &Workload, measured: &Measured) -> Vec<String> {
    let mut caveats = Vec::new();
    if measured.samples == 1 {
        caveats.push("one sample shows one moment: a quarter is added for what it does not show".to_owned());
    }
    let limit = workload.memory.limit.value().copied().filter(|limit| limit.0 > 0);
    if let Some(heap) = workload.heaps.iter().find(|heap| heap.follows()) {
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
        /// Whatever was measured: what is advised holds the peak, and is a number that people write.
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
