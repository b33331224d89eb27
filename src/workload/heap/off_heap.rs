//! Estimates of the memory that a process uses outside its heap, by product and flags.

use std::borrow::Cow;

use super::ServerNeeds;
use crate::catalog::{OffHeap, RuntimeName};
use crate::syntax::size::{ByteSize, MIB};

/// The metaspace included in [`NativeOverhead::most`] of a plain JVM, in MiB.
const METASPACE: i64 = 100;

/// An estimated range of off-heap memory: from a program that does little to one with many classes and threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeOverhead {
    /// The lower end, in MiB.
    pub least: i64,
    /// The upper end, in MiB.
    pub most: i64,
    /// The uses of that memory.
    pub what: Cow<'static, str>,
}

impl NativeOverhead {
    /// Returns a runtime's plain range, measured on JDK 8 to 25 and Node 18 to 26; `None` for others.
    #[must_use]
    pub fn of(runtime: RuntimeName) -> Option<Self> {
        let (least, most, what) = match runtime {
            RuntimeName::Java => (130, 250, "metaspace, code cache, threads"),
            RuntimeName::Node => (60, 120, "code, buffers, stacks"),
            _ => return None,
        };
        Some(Self { least, most, what: what.into() })
    }
}

/// Inputs of the off-heap estimate besides the heap's size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::workload) struct OverheadInputs {
    /// The product's row of the catalogue, if the image is known.
    pub(in crate::workload) product: Option<OffHeap>,
    /// `-XX:MaxDirectMemorySize`.
    pub(in crate::workload) direct: Option<ByteSize>,
    /// `-XX:MaxMetaspaceSize`.
    pub(in crate::workload) metaspace: Option<ByteSize>,
    /// The memory that a server needs outside its cache.
    pub(in crate::workload) server: Option<ServerNeeds>,
}

impl OverheadInputs {
    /// Returns the estimate for a heap of this size.
    pub(in crate::workload) fn of(&self, runtime: RuntimeName, heap: ByteSize) -> Option<NativeOverhead> {
        if let Some(server) = &self.server {
            return Some(server.outside_cache(heap));
        }
        let plain = NativeOverhead::of(runtime)?;
        let product = self.product.as_ref();
        let least = product.and_then(|row| row.least).unwrap_or(plain.least);
        let fixed = product.and_then(|row| row.most).unwrap_or(plain.most);
        let what = product.and_then(|row| row.what.clone()).map_or(plain.what, Cow::from);
        // `MaxMetaspaceSize` replaces the metaspace share, which may lower the estimate or raise it.
        let classes = self.metaspace.map_or(0, |most| mebibytes_up(most) - METASPACE);
        let fixed = (fixed + classes).max(least);
        let growing = match (self.direct, product) {
            (Some(direct), _) => Some((mebibytes_up(direct), "direct memory")),
            (None, Some(row)) if row.of_heap_percent > 0 => {
                let share = i128::from(heap.0) * i128::from(row.of_heap_percent) / 100;
                let share = mebibytes_up(ByteSize(i64::try_from(share).unwrap_or(i64::MAX)));
                let most = row.of_heap_most.unwrap_or(i64::MAX);
                Some((share.min(most), row.of_heap_what.as_deref().unwrap_or("direct memory")))
            }
            _ => None,
        };
        let Some((growing, name)) = growing else { return Some(NativeOverhead { least, most: fixed, what }) };
        let what = format!("{what}, up to {} of {name}", ByteSize(growing.saturating_mul(MIB)));
        Some(NativeOverhead { least, most: fixed.saturating_add(growing), what: what.into() })
    }

    /// Returns the largest heap that leaves room, in whole MiB and at most three quarters of the limit; `None` below 64 MiB.
    pub(in crate::workload) fn fits_in(&self, runtime: RuntimeName, limit: ByteSize) -> Option<ByteSize> {
        const LEAST: i64 = 64;
        let limit = limit.mebibytes();
        let fits = |heap: i64| {
            let off_heap = self.of(runtime, ByteSize(heap.saturating_mul(MIB)));
            heap.saturating_add(off_heap.map_or(0, |off_heap| off_heap.most)) <= limit
        };
        // The off-heap memory grows with the heap, so this bisects.
        let (mut least, mut most) = (0, limit / 4 * 3);
        while least < most {
            let middle = most - (most - least) / 2;
            if fits(middle) {
                least = middle;
            } else {
                most = middle - 1;
            }
        }
        // Round numbers.
        let heap = if least >= 256 { least / 16 * 16 } else { least / 8 * 8 };
        (heap >= LEAST && fits(heap)).then_some(ByteSize(heap.saturating_mul(MIB)))
    }

    /// True if the product or a flag contributes to the estimate.
    pub(in crate::workload) fn is_own(&self) -> bool {
        self.direct.is_some() || self.product.is_some()
    }
}

/// Fills in the placeholders of `text` for a limit. Returns an empty string if a part of it is too small to be of use.
pub(in crate::workload) fn with_numbers(
    text: &str,
    runtime: Option<RuntimeName>,
    facts: &OverheadInputs,
    limit: ByteSize,
) -> String {
    let mut text = text.to_owned();
    for share in [60, 70, 80, 90] {
        let mark = format!("{{{share}%}}");
        if text.contains(&mark) {
            let Some(part) = limit.useful_percent(share) else { return String::new() };
            text = text.replace(&mark, &part.to_string());
        }
    }
    // GiB with two decimals, rounded down.
    let hundredths = limit.percent_in_mebibytes(50) * 100 / 1024;
    text = text.replace("{50%GiB}", &format!("{}.{:02}", hundredths / 100, hundredths % 100));
    if text.contains("{heap") {
        let Some(heap) = runtime.and_then(|runtime| facts.fits_in(runtime, limit)) else {
            return String::new();
        };
        text = text.replace("{heap}", &heap.mebibytes().to_string());
        text = text.replace("{heap/4}", &(heap.mebibytes() / 4).to_string());
    }
    text
}

/// Converts to MiB, rounded up.
fn mebibytes_up(size: ByteSize) -> i64 {
    size.0 / MIB + i64::from(size.0 % MIB > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elasticsearch() -> OffHeap {
        OffHeap {
            since: None,
            before: None,
            least: None,
            most: None,
            what: None,
            of_heap_percent: 50,
            of_heap_most: None,
            of_heap_what: None,
            confidence: crate::catalog::Certainty::High,
            source: String::new(),
        }
    }

    #[test]
    fn a_way_out_names_shares_of_the_limit() {
        let limit = ByteSize(1000 * MIB);
        let text = with_numbers("A: {80%}\nB: {90%}MiB", None, &OverheadInputs::default(), limit);
        assert_eq!(text, "A: 800\nB: 900MiB");
    }

    #[test]
    fn it_is_the_product_s_and_its_flags() {
        let size = |mebibytes: i64| ByteSize(mebibytes * MIB);
        let product = Some(elasticsearch());
        let capped = Some(OffHeap { of_heap_most: Some(640), ..elasticsearch() });
        let own = Some(OffHeap { least: Some(300), most: Some(200), of_heap_percent: 0, ..elasticsearch() });
        for (product, direct, metaspace, heap, expected) in [
            (None, None, None, 1024, (130, 250)),
            (product.clone(), None, None, 1024, (130, 250 + 512)),
            (product.clone(), Some(64), None, 1024, (130, 250 + 64)),
            (capped, None, None, 8192, (130, 250 + 640)),
            // An upper end below the lower one is raised to it.
            (own, None, None, 1024, (300, 300)),
            (None, Some(4096), None, 2048, (130, 250 + 4096)),
            (None, None, Some(64), 1024, (130, 214)),
            (None, None, Some(1), 1024, (130, 151)),
            (None, None, Some(256), 1024, (130, 406)),
        ] {
            let facts = OverheadInputs {
                product,
                direct: direct.map(size),
                metaspace: metaspace.map(size),
                server: None,
            };
            let off_heap =
                facts.of(RuntimeName::Java, size(heap)).map(|off_heap| (off_heap.least, off_heap.most));
            assert_eq!(off_heap, Some(expected), "{facts:?} {heap}");
        }
        assert_eq!(OverheadInputs::default().of(RuntimeName::Go, size(512)), None);
    }

    #[test]
    fn the_largest_heap_leaves_room_for_off_heap_memory() {
        let size = |mebibytes: i64| ByteSize(mebibytes * MIB);
        let plain = OverheadInputs::default();
        let product = OverheadInputs { product: Some(elasticsearch()), ..OverheadInputs::default() };
        for (facts, runtime, limit, heap) in [
            (&plain, RuntimeName::Java, 256, None),
            (&plain, RuntimeName::Java, 400, Some(144)),
            (&plain, RuntimeName::Java, 1024, Some(768)),
            (&plain, RuntimeName::Node, 256, Some(136)),
            (&plain, RuntimeName::Node, 2048, Some(1536)),
            (&product, RuntimeName::Java, 1024, Some(512)),
            (&product, RuntimeName::Java, 2048, Some(1184)),
        ] {
            assert_eq!(facts.fits_in(runtime, size(limit)), heap.map(size), "{runtime:?} {limit}");
        }
        assert!(plain.fits_in(RuntimeName::Java, ByteSize(i64::MAX)).is_some());
    }
}
