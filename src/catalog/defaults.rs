//! The heap that a runtime allows itself when no setting bounds it, as a function of the container's limit.
//!
//! All sizes are in bytes and bound the heap, not the process.

use serde::Deserialize;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// Which function tells the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Returns the largest heap under a container limit of `limit` bytes. `major` is the runtime's version, if known. None if
    /// it has not been measured or depends on more than the limit.
    #[must_use]
    pub fn max(self, major: Option<u32>, limit: u64) -> Option<u64> {
        match self {
            Self::Hotspot => Some(HotspotFlags::default().heap(limit)),
            Self::Openj9 => Some(openj9(limit)),
            Self::Node => node(major?, limit),
            // A hard limit of 75 %, and never below 20 MB (learn.microsoft.com runtime-config/garbage-collector).
            Self::Dotnet => Some((limit / 4 * 3).max(20_000_000)),
        }
    }
}

/// The flags besides `-Xmx` from which `HotSpot` calculates its largest heap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HotspotFlags {
    /// `-XX:MaxRAM`: percentages are of it, not of the limit.
    pub memory: Option<u64>,
    /// `-XX:MaxRAMPercentage`, 25 when it is not set.
    pub most: Option<f64>,
    /// `-XX:MinRAMPercentage`, 50 when it is not set.
    pub small: Option<f64>,
    /// `-Xms`, a lower bound of the largest heap.
    pub initial: Option<u64>,
}

/// Upper bound of heaps of small memories, lower bound of all others: `-XX:MinRAMPercentage` decides if its share is less.
///
/// `HotSpot`'s own default for `MaxHeapSize`, on 64 bits (`gc/shared/gc_globals.hpp`, aligned up).
const SMALLEST_ROOMY_HEAP: u64 = 126 * MIB;

impl HotspotFlags {
    /// Returns the largest heap under a limit, as `Arguments::set_heap_size` of `runtime/arguments.cpp` does.
    ///
    /// Measured on 8u504, 11, 17, 21 and 25, which agree.
    #[must_use]
    pub fn heap(&self, limit: u64) -> u64 {
        let memory = self.memory.unwrap_or(limit);
        let heap = match self.small_heap(limit) {
            Some(small) => small,
            None => share(memory, self.most.unwrap_or(25.0)).max(SMALLEST_ROOMY_HEAP),
        };
        heap.max(self.initial.unwrap_or(0))
    }

    /// Returns the heap of a small memory, where `MaxRAMPercentage` does not count. None if the memory is not small.
    #[must_use]
    pub fn small_heap(&self, limit: u64) -> Option<u64> {
        let small = share(self.memory.unwrap_or(limit), self.small.unwrap_or(50.0));
        (small < SMALLEST_ROOMY_HEAP).then_some(small)
    }
}

fn share(memory: u64, percent: f64) -> u64 {
    // Only percentages of 0 to 100 start a JVM (8 also takes more). The cast saturates for NaN and for what is too large.
    (memory as f64 * percent.max(0.0) / 100.0) as u64
}

/// Returns OpenJ9's heap: half of a limit below 1 GiB, then all but 512 MiB, from 2 GiB on three quarters, at most 25 GiB
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

/// Returns V8's heap: half of the limit for the old generation, between 256 MiB and 2 GiB (4 GiB from 16 GiB on), and three
/// semi-spaces whose share of it differs by release.
///
/// Fitted to measurements of Node 20 to 26 under limits of 128 MiB to 8 GiB and of 16 GiB and more. Older ones do not see a
/// cgroup v2 limit, newer ones are not measured, and the cap doubles somewhere between 8 and 16 GiB.
fn node(major: u32, limit: u64) -> Option<u64> {
    const SMALLEST: u64 = 256 * MIB;
    // Bytes of old space per byte of semi-space, and the largest and the smallest semi-space.
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
    fn hotspot_takes_its_flags_in() {
        let none = HotspotFlags::default();
        let most = |percent| HotspotFlags { most: Some(percent), ..none };
        let both = |small, percent| HotspotFlags { small: Some(small), ..most(percent) };
        let memory = |mebibytes: u64| Some(mebibytes * MIB);
        for (flags, limit, heap) in [
            (most(75.0), 128, 64),
            (most(75.0), 192, 96),
            (most(75.0), 256, 192),
            (most(75.0), 512, 384),
            (most(75.0), 1024, 768),
            (most(100.0), 1024, 1024),
            (most(0.0), 1024, 126),
            // A fraction in place of a percentage.
            (most(0.75), 1024, 126),
            (both(20.0, 90.0), 400, 80),
            (both(5.0, 75.0), 1024, 51),
            (both(5.0, 75.0), 2048, 102),
            (both(30.0, 75.0), 300, 90),
            (both(80.0, 25.0), 200, 126),
            (both(80.0, 75.0), 200, 150),
            (HotspotFlags { small: Some(90.0), ..none }, 128, 115),
            (HotspotFlags { small: Some(100.0), ..none }, 1024, 256),
            (HotspotFlags { memory: memory(4096), ..none }, 512, 1024),
            (HotspotFlags { memory: memory(4096), ..most(75.0) }, 512, 3072),
            (HotspotFlags { memory: memory(128), ..most(75.0) }, 4096, 64),
            (HotspotFlags { initial: memory(400), ..none }, 1024, 400),
            (HotspotFlags { initial: memory(400), ..most(30.0) }, 1024, 400),
            (HotspotFlags { initial: memory(100), ..most(30.0) }, 1024, 307),
        ] {
            // HotSpot rounds up to heap regions of some MiB.
            assert_eq!(flags.heap(limit * MIB) / MIB, heap, "{flags:?} {limit} MiB");
        }
        assert_eq!(most(1e300).heap(u64::MAX), u64::MAX);
        assert_eq!(most(f64::NAN).heap(GIB), SMALLEST_ROOMY_HEAP);
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
