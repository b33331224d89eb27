//! The memory of this machine.

use crate::syntax::size::ByteSize;

/// Returns the memory of this machine, as the Linux kernel counts it (`MemTotal` of `/proc/meminfo`, in KiB).
pub(super) fn memory() -> Option<ByteSize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(ByteSize(kibibytes.checked_mul(1024)?))
}
