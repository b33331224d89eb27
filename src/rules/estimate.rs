//! What a runtime needs beside its heap: estimates, and said to be estimates.

use crate::catalog::RuntimeName;
use crate::model::size::ByteSize;
use crate::source::Spanned;
use crate::workload::{Bound, Heap, HeapSetting, Workload};

/// A heap with a number for a bound, in a container with a limit.
pub(super) struct Limited<'w> {
    pub(super) heap: &'w Heap,
    pub(super) setting: &'w Spanned<HeapSetting>,
    /// The largest heap.
    pub(super) size: ByteSize,
    pub(super) limit: &'w Spanned<ByteSize>,
}

/// The heaps that can be held against the limit.
pub(super) fn limited_heaps(workload: &Workload) -> Vec<Limited<'_>> {
    let Some(limit) = workload.memory.limit.known().filter(|limit| limit.value.0 > 0) else {
        return Vec::new();
    };
    let heaps = workload.heaps.iter().filter_map(|heap| {
        let setting = heap.bound.known()?;
        match setting.value.bound {
            Bound::Bytes(size) => Some(Limited { heap, setting, size, limit }),
            Bound::Percent(_) => None,
        }
    });
    heaps.collect()
}

const MIB: i64 = 1 << 20;

/// Memory beside the heap in MiB, from a program that does little to one with many classes and threads. Measured on JDK 8
/// to 25 and Node 18 to 26: metaspace, code cache, threads and buffers; code and buffers.
fn beside(runtime: RuntimeName) -> (i64, i64) {
    match runtime {
        RuntimeName::Java => (130, 250),
        _ => (60, 120),
    }
}

/// The sum, term by term.
pub(super) fn arithmetic(runtime: RuntimeName, heap: ByteSize, limit: ByteSize) -> String {
    let (low, high) = beside(runtime);
    let least = heap.0 / MIB + low;
    let most = heap.0 / MIB + high;
    let over = |sum: i64| sum - limit.0 / MIB;
    let verdict = match (over(least), over(most)) {
        (least, most) if least > 0 => format!("{least} to {most} MiB too much"),
        (_, most) if most > 0 => format!("up to {most} MiB too much"),
        (_, most) => format!("{} MiB to spare", -most),
    };
    let what = match runtime {
        RuntimeName::Java => "metaspace, code cache, threads",
        _ => "code, buffers, stacks",
    };
    format!(
        "{heap} of heap + about {low} to {high} MiB beside it ({what}) = {least} to {most} MiB, in a limit of {limit}: {verdict}"
    )
}

/// Two ways to make room.
pub(super) fn room(runtime: RuntimeName, heap: ByteSize, limit: ByteSize) -> String {
    let roomy = ByteSize((heap.0 / 3 * 4 + MIB - 1) / MIB * MIB);
    let smaller = limit.0 / 4 * 3 / MIB;
    let flag = match runtime {
        RuntimeName::Java => format!("-Xmx{smaller}m"),
        _ => format!("--max-old-space-size={smaller}"),
    };
    format!(
        "to leave a quarter of the limit beside the heap, either the limit\n  {}\nor the heap\n  {flag}",
        roomy.to_compose()
    )
}
