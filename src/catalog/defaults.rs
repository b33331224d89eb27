//! The heap that a runtime gives itself when nothing bounds it, as a function of the container's limit.
//!
//! Everything is in bytes. Each function gives the bound of the heap, not of the process.

use schemars::JsonSchema;
use serde::Deserialize;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// Which function tells the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DefaultHeap {
    /// OpenJDK's own virtual machine.
    Hotspot,
    /// Eclipse OpenJ9 (Semeru, Liberty).
    Openj9,
    /// V8 as Node configures it.
    Node,
    /// The .NET garbage collector.
    Dotnet,
}

impl DefaultHeap {
    /// The largest heap under a container limit of `limit` bytes. `major` is the runtime's version where it is
    /// known. None when it has not been measured or hangs on more than the limit.
    pub fn max(self, major: Option<u32>, limit: u64) -> Option<u64> {
        match self {
            Self::Hotspot => Some(hotspot(limit, 25.0)),
            Self::Openj9 => Some(openj9(limit)),
            Self::Node => node(major?, limit),
            // A hard limit of 75 %, and never below 20 MB (learn.microsoft.com runtime-config/garbage-collector).
            Self::Dotnet => Some((limit / 4 * 3).max(20_000_000)),
        }
    }
}

/// HotSpot's largest heap for a limit and `MaxRAMPercentage` (25 when it is not set).
///
/// Below about 252 MiB the JVM takes half of the limit, whatever the percentage; above, never less than 126 MiB.
/// Measured on 8u504, 11, 17, 21 and 25, which agree.
pub fn hotspot(limit: u64, max_ram_percentage: f64) -> u64 {
    const FLOOR: u64 = 126 * MIB;
    let half = limit / 2;
    if half < FLOOR {
        return half;
    }
    // Only percentages of 0 to 100 start a JVM at all (8 also takes more), so the product stays in range.
    let share = limit as f64 * max_ram_percentage.max(0.0) / 100.0;
    (share as u64).max(FLOOR)
}

/// OpenJ9's: half of a limit below 1 GiB, then all but 512 MiB, from 2 GiB on three quarters, at most 25 GiB
/// (eclipse-openj9/openj9-docs xmx.md).
fn openj9(limit: u64) -> u64 {
    if limit < GIB {
        limit / 2
    } else if limit <= 2 * GIB {
        limit - 512 * MIB
    } else {
        (limit / 4 * 3).min(25 * GIB)
    }
}

/// V8's: half of the limit for the old generation, between 256 MiB and 2 GiB (4 GiB from 16 GiB on), and three
/// semi-spaces whose share of it differs by release.
///
/// Fitted to measurements of Node 20 to 26 under limits of 128 MiB to 8 GiB and of 16 GiB and more. Older ones do
/// not see a cgroup v2 limit, newer ones are not measured, and somewhere between 8 and 16 GiB the cap doubles.
fn node(major: u32, limit: u64) -> Option<u64> {
    const SMALLEST: u64 = 256 * MIB;
    // How many old-space bytes go to one byte of semi-space, and how large a semi-space gets.
    let (ratio, largest, smallest) = match major {
        20..=23 => (128, 16 * MIB, MIB),
        24..=25 => (32, 64 * MIB, MIB),
        26 => (64, 32 * MIB, 2 * MIB),
        _ => return None,
    };
    let cap = if limit <= 8 * GIB {
        2 * GIB
    } else if limit >= 16 * GIB {
        4 * GIB
    } else {
        return None;
    };
    let old = (limit / 2).clamp(SMALLEST, cap);
    let semi = if old == SMALLEST { smallest } else { (old / ratio).min(largest) };
    Some(old + 3 * semi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hotspot_agrees_with_the_measured_table() {
        for (limit, heap) in [
            (64, 32),
            (128, 64),
            (192, 96),
            (256, 126),
            (384, 126),
            (512, 128),
            (1024, 256),
            (2048, 512),
            (4096, 1024),
        ] {
            assert_eq!(DefaultHeap::Hotspot.max(Some(17), limit * MIB), Some(heap * MIB), "{limit} MiB");
            assert_eq!(DefaultHeap::Hotspot.max(None, limit * MIB), Some(heap * MIB), "{limit} MiB");
        }
    }

    #[test]
    fn hotspot_ignores_the_percentage_below_252_mib() {
        for (limit, heap) in [(128, 64), (192, 96), (256, 192), (512, 384), (1024, 768)] {
            assert_eq!(hotspot(limit * MIB, 75.0), heap * MIB, "{limit} MiB");
        }
        // A fraction where a percentage belongs.
        assert_eq!(hotspot(GIB, 0.75), 126 * MIB);
        assert_eq!(hotspot(u64::MAX, 1e300), u64::MAX);
        assert_eq!(hotspot(GIB, f64::NAN), 126 * MIB);
    }

    #[test]
    fn openj9_has_its_own_steps() {
        for (limit, heap) in
            [(512, 256), (1024, 512), (1536, 1024), (2048, 1536), (4096, 3072), (65_536, 25_600)]
        {
            assert_eq!(DefaultHeap::Openj9.max(None, limit * MIB), Some(heap * MIB), "{limit} MiB");
        }
    }

    #[test]
    fn node_agrees_with_the_measured_table() {
        let sizes = [128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 24_576];
        for (majors, heaps) in [
            ([20, 22, 23], [259, 259, 259, 524, 1048, 2096, 2096, 4144, 4144]),
            ([24, 25, 25], [259, 259, 259, 560, 1120, 2240, 2240, 4288, 4288]),
            // Node 26 gives 262 to 268 for the small ones.
            ([26, 26, 26], [262, 262, 262, 536, 1072, 2144, 2144, 4192, 4192]),
        ] {
            for major in majors {
                for (limit, heap) in sizes.into_iter().zip(heaps) {
                    assert_eq!(
                        DefaultHeap::Node.max(Some(major), limit * MIB),
                        Some(heap * MIB),
                        "node {major} under {limit} MiB"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_not_measured_is_not_known() {
        assert_eq!(DefaultHeap::Node.max(None, GIB), None);
        for major in [10, 18, 27] {
            assert_eq!(DefaultHeap::Node.max(Some(major), GIB), None, "node {major}");
        }
        assert_eq!(DefaultHeap::Node.max(Some(22), 12 * GIB), None);
    }
}
