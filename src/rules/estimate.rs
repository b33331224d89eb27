//! Compares heaps with the limit. What a runtime needs outside its heap is an estimate, and is called one.

use super::Thresholds;
use crate::catalog::RuntimeName;
use crate::source::Spanned;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{Bound, HeapSetting, MemoryPool, NativeOverhead, Workload};

/// A bounded heap or cache in a container with a limit.
pub(super) struct BoundedHeap<'w> {
    pub(super) heap: &'w MemoryPool,
    pub(super) setting: &'w Spanned<HeapSetting>,
    /// The largest size of the heap.
    pub(super) size: ByteSize,
    pub(super) limit: &'w Spanned<ByteSize>,
}

/// Returns the pools whose size can be compared with the limit.
pub(super) fn bounded_heaps<'w>(workload: &'w Workload, pools: &'w [MemoryPool]) -> Vec<BoundedHeap<'w>> {
    let Some(limit) = workload.known_limit() else {
        return Vec::new();
    };
    let pools = pools.iter().filter_map(|heap| {
        let setting = heap.bound.known()?;
        let size = match setting.value.bound {
            Bound::Bytes(size) => heap.lowered_to(limit.value).map_or(size, |most| size.min(most)),
            // A share that has no effect is the subject of `ignored-heap-percentage`.
            Bound::Percent(_) if !heap.max_percentage_applies(limit.value) => None?,
            Bound::Percent(_) if heap.limit_unseen.is_some() => None?,
            Bound::Percent(percent) => heap.share_of(percent, limit.value)?,
        };
        Some(BoundedHeap { heap, setting, size, limit })
    });
    pools.collect()
}

impl BoundedHeap<'_> {
    /// True if it leaves less of the limit than the thresholds ask for.
    pub(super) fn is_tight(&self, thresholds: &Thresholds) -> bool {
        is_tight(self.heap, self.size, self.limit.value, thresholds)
    }

    /// Returns its name in messages: the heap of a runtime, or the limit that Go and PHP have instead.
    pub(super) fn what(&self) -> String {
        match self.heap.runtime {
            _ if self.heap.part.is_some() => format!("the {}", self.heap.display_name()),
            RuntimeName::Go => "`GOMEMLIMIT`".to_owned(),
            RuntimeName::Php => "PHP's `memory_limit`".to_owned(),
            runtime => format!("the {} heap", runtime.display_name()),
        }
    }

    /// Returns the verb for its bound in messages: a heap may grow to it, `GOMEMLIMIT` is it.
    pub(super) fn verb(&self) -> &'static str {
        if self.heap.runtime == RuntimeName::Go { "is" } else { "may grow to" }
    }

    /// Returns the share in percent, if the setting is one.
    fn percent(&self) -> Option<f64> {
        match self.setting.value.bound {
            Bound::Percent(percent) => Some(percent),
            Bound::Bytes(_) => None,
        }
    }

    /// Returns the note for a setting that the program may not read.
    pub(super) fn perhaps_unread(&self, workload: &Workload) -> Option<String> {
        let reads = match self.setting.value.variable() {
            None => "passes these words to Java as options".to_owned(),
            Some(name) => format!("reads `{name}`"),
        };
        self.heap.perhaps_unread.then(|| {
            format!(
                "what `{}` starts is not known: if it {reads}, the heap may grow this far; if not, the setting has no effect",
                workload.name
            )
        })
    }

    /// Formats the sum, term by term.
    pub(super) fn arithmetic(&self) -> String {
        let (heap, limit) = (self.size, self.limit.value);
        if let Some(needs) = self.heap.server_needs() {
            let sum = needs.sum(heap);
            let verdict = match sum.0 - limit.0 {
                over if over > 0 => format!("about {} MiB too much", in_mebibytes(over)),
                over => format!("about {} MiB to spare", in_mebibytes(-over)),
            };
            let share = self.percent().map(|percent| format!(", {percent} % of the limit"));
            let cache = (heap, format!("of cache{}", share.unwrap_or_default()));
            let parts = std::iter::once(cache).chain(needs.parts(heap));
            let parts = parts.map(|(size, text)| format!("\n  {:>6} MiB {text}", in_mebibytes(size.0)));
            return format!(
                "about {} MiB in a limit of {} MiB, {verdict}:{}",
                in_mebibytes(sum.0),
                in_mebibytes(limit.0),
                parts.collect::<String>()
            );
        }
        let share = self.percent().map(|percent| format!("{percent} % of {limit} = ")).unwrap_or_default();
        let Some(NativeOverhead { least: low, most: high, what }) = self.heap.off_heap(heap) else {
            let rest = ByteSize((limit.0 - heap.0).max(0));
            let top = on_top(self.heap.runtime);
            return format!("{share}{heap} of a limit of {limit} leave {rest} for {top}");
        };
        let least = heap.mebibytes() + low;
        let most = heap.mebibytes() + high;
        let over = |sum: i64| sum - limit.mebibytes();
        let verdict = match (over(least), over(most)) {
            (least, most) if least > 0 => format!("{least} to {most} MiB too much"),
            (_, most) if most > 0 => format!("up to {most} MiB too much"),
            (_, most) => format!("{} MiB to spare", -most),
        };
        format!(
            "{share}{heap} of heap + about {low} to {high} MiB outside it ({what}) = {least} to \
             {most} MiB, in a limit of {limit}: {verdict}"
        )
    }
}

/// Rounds a number of bytes to whole MiB.
fn in_mebibytes(bytes: i64) -> i64 {
    bytes.saturating_add(MIB / 2) / MIB
}

/// True if a heap of this size leaves less of a limit than the thresholds ask for: Java by its share, by what is left, or where
/// the image or a flag gives the off-heap memory; the others by their share.
pub(super) fn is_tight(heap: &MemoryPool, size: ByteSize, limit: ByteSize, thresholds: &Thresholds) -> bool {
    let percent = size.0 as f64 / limit.0 as f64 * 100.0;
    match heap.runtime {
        RuntimeName::Java => {
            let rest = limit.0.saturating_sub(size.0);
            percent > thresholds.java_heap_percent
                || rest < thresholds.java_rest.0
                || lacks_room_of_its_own(heap, size, limit)
        }
        RuntimeName::Node => percent > thresholds.node_heap_percent,
        RuntimeName::Go => percent > thresholds.go_limit_percent,
        _ => percent > thresholds.heap_percent,
    }
}

/// True if the heap does not fit the limit together with its off-heap memory, as the image or flags give it.
fn lacks_room_of_its_own(heap: &MemoryPool, size: ByteSize, limit: ByteSize) -> bool {
    let off_heap = heap.off_heap(size).filter(|_| heap.has_specific_overhead());
    let sum = off_heap.map(|off_heap| size.mebibytes().saturating_add(off_heap.most));
    sum.is_some_and(|sum| sum > limit.mebibytes())
}

/// Returns what the bound does not count. For servers with an estimate that is computed.
fn on_top(runtime: RuntimeName) -> &'static str {
    match runtime {
        RuntimeName::Go => "cgo, mapped files and kernel buffers, which GOMEMLIMIT does not count",
        RuntimeName::Php => "other requests: memory_limit applies to each one",
        RuntimeName::Memcached => "connections and the hash table",
        _ => "native memory, stacks and buffers",
    }
}
