//! The heaps of a container's runtime: the one that it says is full, and one of default size that a kill does not explain.

use super::Verdict;
use super::subject::Subject;
use crate::evidence::{LogLine, Sign};
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{MemoryPool, RuntimeName};

/// Returns the runtime that says that its heap is full.
pub(super) fn full_heap_runtime(log: &LogLine) -> Option<RuntimeName> {
    let heaps = [RuntimeName::Java, RuntimeName::Node, RuntimeName::Dotnet];
    log.runtime.filter(|runtime| log.sign == Sign::OwnLimit && heaps.contains(runtime))
}

/// Returns the heap that the program says is full. Without a log it is that of a JVM which ended itself.
pub(super) fn full_heap<'e>(subject: &Subject<'e>) -> Option<&'e MemoryPool> {
    let runtime = subject.failed().map_or(Some(RuntimeName::Java), full_heap_runtime)?;
    heap_of(subject, runtime)
}

/// Returns the heap of a runtime: that of the service, whose files can be changed, else that of the container.
fn heap_of<'e>(subject: &Subject<'e>, runtime: RuntimeName) -> Option<&'e MemoryPool> {
    let workloads = [subject.workload, subject.container].into_iter().flatten();
    let mut heaps = workloads.flat_map(|own| &own.pools.heaps).filter(|heap| heap.runtime == runtime);
    heaps.clone().find(|heap| heap.bound.known().is_some()).or_else(|| heaps.next())
}

/// A heap of default size in a container that was killed or got no memory, of which a larger one is no remedy.
pub(super) struct SmallHeap {
    runtime: RuntimeName,
    /// Its largest size, by default.
    size: ByteSize,
    /// The most memory that the program may use outside it.
    off_heap: ByteSize,
    /// The memory in use when it was killed.
    used: ByteSize,
}

/// Returns the default heap of a container that was killed or got no memory, if the heap that fits its limit would be a larger one.
pub(super) fn small_heap(subject: &Subject<'_>, verdict: Verdict) -> Option<SmallHeap> {
    let refused = || subject.failed().is_some_and(|log| log.sign == Sign::Refused);
    match verdict {
        Verdict::MemoryLimit | Verdict::HostMemory => {}
        Verdict::Runtime if refused() => {}
        _ => return None,
    }
    let limit = subject.limit().filter(|limit| limit.0 > 0)?;
    let process = subject.kills.iter().filter_map(|own| own.kill.used()).max();
    let used = if verdict == Verdict::HostMemory { process } else { process.or(Some(limit)) }?;
    [RuntimeName::Java, RuntimeName::Node].into_iter().find_map(|runtime| {
        let heap = heap_of(subject, runtime).filter(|heap| heap.bound.is_absent())?;
        let size = heap.size_under(Some(limit), None)?.size;
        let larger = heap.largest_heap_under(limit).is_none_or(|largest| largest > size);
        let off_heap = heap.off_heap(size).map_or(0, |off_heap| off_heap.most.saturating_mul(MIB));
        larger.then_some(SmallHeap { runtime, size, off_heap: ByteSize(off_heap), used })
    })
}

impl SmallHeap {
    /// Returns what to change instead of the heap.
    pub(super) fn change(&self, subject: &Subject<'_>) -> String {
        let Self { runtime, size, off_heap, used } = self;
        let measure = match runtime {
            RuntimeName::Java => "`-XX:NativeMemoryTracking=summary`, then `jcmd 1 VM.native_memory`",
            _ => "`process.memoryUsage()`, its `external` and `arrayBuffers`",
        };
        let needs = ByteSize(size.0.saturating_add(off_heap.0));
        let name = runtime.display_name();
        if used.0 > needs.0 {
            let outside = ByteSize((used.0 - size.0) / MIB * MIB);
            return format!(
                "the {name} heap is at most {size} by default, so that about {outside} of {used} are outside of it: raise the limit, or find out what that is: {measure}"
            );
        }
        let limit = subject.limit().filter(|limit| limit.0 < needs.0);
        let than = limit.map(|limit| format!(" above {limit}")).unwrap_or_default();
        format!(
            "the {name} heap of at most {size} by default and what is outside it may need {needs}: raise the limit{than}, or find out what is outside it: {measure}"
        )
    }
}
