//! The memory that a host keeps for itself.

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

    proptest::proptest! {
        /// More memory never leaves less for the stack.
        #[test]
        fn what_is_left_grows_with_the_host(host in 0_i64..1 << 42, more in 0_i64..1 << 34) {
            let left = |host: i64| host - reserve(ByteSize(host)).0;
            assert!(left(host) <= left(host + more) && left(host) >= 0);
        }
    }
}
