//! What a runtime needs beside its heap: estimates, and said to be estimates.

use crate::catalog::RuntimeName;
use crate::model::size::ByteSize;

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
        "a quarter of the limit beside the heap: either the limit\n  {}\nor the heap\n  {flag}",
        roomy.to_compose()
    )
}
