//! Memory pools (runtime heaps and server caches) and the settings that bound them.
//!
//! The table `rules/catalog/runtimes.yaml` lists which variables and flags count, and their precedence.

mod assumed;
mod command;
mod filled_in;
mod flag_files;
mod flags;
mod jvm;
mod literal;
mod misplaced;
mod named;
mod off_heap;
mod problems;
mod product;
mod reader;
mod refused;
mod server;
mod setting;
mod unread;
mod unseen;

pub use filled_in::{FilledIn, UnquotedFlag};
pub(super) use filled_in::{filled_in, unquoted_flags};
pub use literal::{LiteralPlace, LiteralWord};
pub use named::SizeVariable;
pub(super) use named::{bounds_memory, promised_size, size_variables};
pub use off_heap::NativeOverhead;
pub(super) use off_heap::{OverheadInputs, with_numbers};
pub use problems::{HeapProblem, HeapProblemKind, MeantSize, ReadVariable};
pub(super) use product::{ProductPart, add_product_pools};
pub(super) use reader::pools;
pub use server::{MemoryTerm, ServerNeeds};
pub use setting::{Bound, HeapSetting};
pub(super) use unread::flags_of_other_runtimes;

use crate::catalog::{
    Certainty, DefaultHeap, HotspotFlags, MemoryPart, PartDefault, PartKind, Pool, RuntimeName,
};
use crate::source::{SourceId, Span, Spanned, TracedText};
use crate::syntax::size::{ByteSize, MIB};

use super::{Fact, ImageDefaultHeap};

/// The heaps and caches of a container's programs.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    /// The heaps of the runtimes that it starts, and their bounds.
    pub heaps: Vec<MemoryPool>,
    /// The caches of the servers that it starts, and their bounds.
    pub caches: Vec<MemoryPool>,
    /// Heap settings of runtimes that the image is known not to run.
    pub heap_flags_of_other_runtimes: Vec<HeapProblem>,
    /// The heap that the image's start script sets by default, if nothing in the files overrides it.
    pub image_default_heap: Option<ImageDefaultHeap>,
    /// Variables that bound memory by their names, of a program that the catalogue does not know.
    pub size_variables: Vec<SizeVariable>,
    /// Variables that would bound a heap, had the build not put the image's value in its place.
    pub filled_in: Vec<FilledIn>,
    /// Heap flags that missing quotes make variables of their own.
    pub unquoted_flags: Vec<UnquotedFlag>,
    /// Variables in a `.env` that bound memory by their names, and that no file hands to the container.
    pub unused_sizes: Vec<Spanned<String>>,
}

impl Pools {
    /// Drops what only the variables of a service show: they are meant for its own program, and its steps inherit them. `own` is
    /// a step's mapping.
    pub(super) fn drop_meant_for_others(&mut self, own: Span) {
        let is_own = |problem: &HeapProblem| own.contains(problem.flag.span());
        self.heap_flags_of_other_runtimes.retain(is_own);
        self.size_variables.retain(|variable| own.contains(variable.value.span()));
        self.filled_in.retain(|variable| own.contains(variable.value.span()));
        self.unquoted_flags.clear();
        for pools in [&mut self.heaps, &mut self.caches] {
            pools.retain(|pool| !pool.assumed || own.contains(pool.program.span));
            pools.iter_mut().for_each(|pool| pool.problems.retain(is_own));
        }
    }
}

/// A heap or cache of one program in the container.
#[derive(Clone, Debug)]
pub struct MemoryPool {
    /// The runtime or server that owns it.
    pub runtime: RuntimeName,
    /// Heap or cache.
    pub pool: Pool,
    /// The runtime's major version, if the image's tag has it.
    pub major: Option<u32>,
    /// The program that starts it, with its place. For an inferred runtime, the variable that shows it.
    pub program: Spanned<String>,
    /// The variable with the highest precedence among those that carry its flags.
    pub origin: Option<Spanned<String>>,
    /// The effective bound: the setting that wins.
    pub bound: Fact<HeapSetting>,
    /// The effective setting of its initial size, if that is a size in bytes.
    pub initial: Option<HeapSetting>,
    /// A percentage that has no effect: a size in bytes, or `MinRAMPercentage` in a small container, takes precedence. While the bound
    /// is unknown, one that would have none next to a size.
    pub overruled: Option<HeapSetting>,
    /// `-XX:MinRAMPercentage`, if the JVM reads it. Its name promises a minimum.
    pub small_share: Option<SmallShare>,
    /// Settings with an error, or without the intended effect.
    pub problems: Vec<HeapProblem>,
    /// True if the runtime is inferred from a variable that only it reads. The start line does not show it.
    pub assumed: bool,
    /// True if nobody knows whether the program reads the variable, or the words of the command, that bound it.
    pub perhaps_unread: bool,
    /// True if no bound is known, and the image has unknown variables of which one may be a bound.
    pub env_unseen: bool,
    /// Set if it does not see the container's limit on cgroup v2 hosts.
    pub limit_unseen: Option<LimitBlindness>,
    /// Set if it does not see the container's limit on hosts with a newer kernel only.
    pub unseen_on_new_kernels: Option<LimitBlindness>,
    /// False for a JVM whose version is known to have no `-XX:MaxRAMPercentage`.
    pub takes_shares: bool,
    /// The product's row about it, if the product sizes it by settings of its own.
    pub part: Option<MemoryPart>,
    /// Its default size, if that is the product's and not the runtime's.
    own_default: Option<PartDefault>,
    default: Option<DefaultHeap>,
    off_heap: OverheadInputs,
    hotspot: HotspotFlags,
    /// The files with its settings that were read.
    pub(super) settings_files: Vec<SourceId>,
}

/// `-XX:MinRAMPercentage`: the share that bounds the heap of a small memory, and no minimum of any heap.
#[derive(Clone, Debug, PartialEq)]
pub struct SmallShare {
    /// The flag.
    pub flag: TracedText,
    /// Its share, in percent.
    pub percent: f64,
    /// The other setting of the largest heap: `-Xmx` or `-XX:MaxRAMPercentage`.
    pub maximum: Option<HeapSetting>,
}

/// The reason why a runtime does not see the container's limit, and a remedy. Both lower case, no full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitBlindness {
    /// The responsible flag or version.
    pub why: String,
    /// The remedy.
    pub way_out: String,
}

/// The maximum size of a heap or cache, and its source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeapSize {
    /// In bytes.
    pub size: ByteSize,
    /// The source of the size.
    pub by: SizedBy,
}

/// The source of a heap's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SizedBy {
    /// A setting with a size in bytes.
    Bytes,
    /// A setting with a percentage of the limit or the host's memory.
    Share,
    /// The runtime's default.
    Default,
}

/// The smallest heap that is advised: hardly a program starts with less.
const SMALLEST: ByteSize = ByteSize(64 * MIB);

/// Returns the heap to advise for a limit where nothing but the runtime is known.
#[must_use]
pub fn advised_heap(runtime: RuntimeName, limit: ByteSize) -> Option<ByteSize> {
    advised(runtime, &OverheadInputs::default(), limit)
}

fn advised(runtime: RuntimeName, off_heap: &OverheadInputs, limit: ByteSize) -> Option<ByteSize> {
    let share = |percent| ByteSize(limit.percent_in_mebibytes(percent).saturating_mul(MIB));
    let size = match runtime {
        RuntimeName::Java => off_heap.fits_in(runtime, limit)?,
        // Below a quarter it is not the cache that is too large.
        _ if off_heap.server.is_some() => {
            off_heap.fits_in(runtime, limit).filter(|size| size.0 >= limit.0 / 4)?
        }
        RuntimeName::Go => share(90),
        _ => share(75),
    };
    Some(size).filter(|size| *size >= SMALLEST)
}

impl MemoryPool {
    /// Returns its maximum size under `limit`, or without a limit on a host with `host` memory. `None` if unknown, and for PHP,
    /// whose `memory_limit` is per request.
    #[must_use]
    pub fn size_under(&self, limit: Option<ByteSize>, host: Option<ByteSize>) -> Option<HeapSize> {
        if self.runtime == RuntimeName::Php {
            return None;
        }
        let limit = limit.filter(|_| self.limit_unseen.is_none());
        let seen = limit.or(host);
        let (size, by) = match &self.bound {
            Fact::Known(setting) => match setting.value.bound {
                Bound::Bytes(size) => match seen.and_then(|seen| self.lowered_to(seen)) {
                    Some(most) if most < size => (most, SizedBy::Default),
                    _ => (size, SizedBy::Bytes),
                },
                Bound::Percent(percent) => (self.share_of(percent, seen?)?, SizedBy::Share),
            },
            Fact::Unknown { .. } => return None,
            Fact::Absent { .. } => match self.fixed_default() {
                Some(size) => (size, SizedBy::Default),
                // Without a limit, .NET sets its heap none either (learn.microsoft.com runtime-config/garbage-collector).
                None if self.default == Some(DefaultHeap::Dotnet) && self.own_default.is_none() => {
                    (self.default_for(limit?)?, SizedBy::Default)
                }
                None => (self.default_for(seen?)?, SizedBy::Default),
            },
        };
        (size.0 > 0).then_some(HeapSize { size, by })
    }

    /// Returns the process's off-heap memory with a heap of this size: the product's if the image is known, else the
    /// runtime's, adjusted by flags. `None` if it was never measured.
    #[must_use]
    pub fn off_heap(&self, heap: ByteSize) -> Option<NativeOverhead> {
        self.off_heap.of(self.runtime, heap)
    }

    /// Returns what the server needs outside its cache, term by term. `None` for runtimes, and servers without an estimate.
    #[must_use]
    pub fn server_needs(&self) -> Option<&ServerNeeds> {
        self.off_heap.server.as_ref()
    }

    /// Returns the largest heap of at most three quarters of `limit` that leaves room for the off-heap memory. `None` if less
    /// than 64 MiB fits.
    #[must_use]
    pub fn largest_heap_under(&self, limit: ByteSize) -> Option<ByteSize> {
        self.off_heap.fits_in(self.runtime, limit)
    }

    /// Returns the heap to advise for a limit: the largest that leaves room for the rest, in whole MiB. `None` if the limit is too
    /// small for any.
    #[must_use]
    pub fn advised_under(&self, limit: ByteSize) -> Option<ByteSize> {
        advised(self.runtime, &self.off_heap, limit)
    }

    /// True if the off-heap estimate comes from the product or a flag, not only from the runtime.
    #[must_use]
    pub fn has_specific_overhead(&self) -> bool {
        self.off_heap.is_own()
    }

    /// True if its size follows the limit or the host's memory, because no setting gives it in bytes.
    #[must_use]
    pub fn follows(&self) -> bool {
        // Any size works here, since only the source of the result counts.
        let some_size = Some(ByteSize(16 << 30));
        let open = self.bound.known().is_some() || self.fixed_default().is_none();
        open && self.size_under(some_size, some_size).is_some_and(|size| size.by != SizedBy::Bytes)
    }

    /// Returns the product's default size, if that is the same under any limit.
    #[must_use]
    pub fn fixed_default(&self) -> Option<ByteSize> {
        self.own_default?.mib.map(|mib| ByteSize(mib.saturating_mul(MIB)))
    }

    /// Returns the most that the product takes of the memory it sees, if it lowers larger sizes to that.
    #[must_use]
    pub fn lowered_to(&self, seen: ByteSize) -> Option<ByteSize> {
        self.part.as_ref().filter(|part| part.capped)?.default?.under(seen)
    }

    /// Returns the share of the memory it sees that the product takes by default, in percent.
    #[must_use]
    pub fn default_percent(&self) -> Option<f64> {
        self.own_default?.percent
    }

    /// Returns its name in messages: `Java heap`, `Redis cache`, or the product's name for it: `page cache`.
    #[must_use]
    pub fn display_name(&self) -> String {
        let kind = match self.pool {
            Pool::Heap => "heap",
            Pool::Cache => "cache",
        };
        match &self.part {
            Some(part) => part.part.clone(),
            None => format!("{} {kind}", self.runtime.display_name()),
        }
    }

    /// Returns the product's own variable for its size, and the value for `size`, if that is a variable with a size.
    #[must_use]
    pub fn own_variable(&self, size: ByteSize) -> Option<(String, String)> {
        let by = self.part.as_ref()?.set_by.iter().find(|by| by.variable.is_some())?;
        Some((by.variable.clone()?, flags::spelled(by.grammar, size)?))
    }

    /// Returns the percentage that sets its size, or that would without a size: next to one it has no effect.
    #[must_use]
    pub fn percentage(&self) -> Option<&HeapSetting> {
        self.overruled.as_ref().or_else(|| self.bound.value().filter(|bound| bound.is_relative()))
    }

    /// True if nobody can check what the catalogue knows of it.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.confidence == Certainty::Low)
    }

    /// True if its size is that of the whole process.
    #[must_use]
    pub fn is_whole_process(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.kind == PartKind::All)
    }

    /// Returns the runtime's default heap under `limit`; `None` if it is not known.
    #[must_use]
    pub fn default_for(&self, limit: ByteSize) -> Option<ByteSize> {
        // A quarter is the JVM's own default, which is more in small containers.
        let jvm = |own: &PartDefault| self.runtime == RuntimeName::Java && own.percent == Some(25.0);
        if let Some(own) = self.own_default.filter(|own| !jvm(own)) {
            return own.under(limit);
        }
        let limit = u64::try_from(limit.0).ok().filter(|limit| *limit > 0)?;
        let bytes = match self.default? {
            DefaultHeap::Hotspot => self.hotspot.heap(limit),
            default => default.max(self.major, limit)?,
        };
        i64::try_from(bytes).ok().map(ByteSize)
    }

    /// Returns a percentage of `limit` as the runtime computes it; `None` if that was never measured.
    #[must_use]
    pub fn share_of(&self, percent: f64, limit: ByteSize) -> Option<ByteSize> {
        let bytes = u64::try_from(limit.0).ok().filter(|limit| *limit > 0)?;
        match self.default {
            Some(DefaultHeap::Hotspot) => {
                let flags = HotspotFlags { most: Some(percent), ..self.hotspot };
                i64::try_from(flags.heap(bytes)).ok().map(ByteSize)
            }
            Some(DefaultHeap::Openj9) => None,
            _ => Some(ByteSize((limit.0 as f64 * percent / 100.0) as i64)),
        }
    }

    /// Formats a setting with another percentage, if there is a form that the runtime takes.
    #[must_use]
    pub fn with_percent(&self, setting: &HeapSetting, percent: f64) -> Option<String> {
        setting.with_percent(percent).filter(|flag| self.takes_shares || !flag.contains("RAMPercentage"))
    }

    /// True if `MinRAMPercentage` is what bounds the heap under the current limit.
    #[must_use]
    pub fn is_bound_by_small_share(&self) -> bool {
        self.bound.value().is_some_and(|setting| setting.flag.as_str().starts_with("-XX:MinRAM"))
    }

    /// Returns the heap under `limit` by the flags of the virtual machine, and what it would be without `MinRAMPercentage`.
    #[must_use]
    pub fn with_and_without_small_share(&self, limit: ByteSize) -> Option<(ByteSize, ByteSize)> {
        let limit = u64::try_from(limit.0).ok().filter(|limit| *limit > 0)?;
        let size = |flags: HotspotFlags| i64::try_from(flags.heap(limit)).ok().map(ByteSize);
        Some((size(self.hotspot)?, size(HotspotFlags { small: None, ..self.hotspot })?))
    }

    /// Returns the heap under `limit` if `MinRAMPercentage` were this share.
    #[must_use]
    pub fn with_small_share(&self, percent: f64, limit: ByteSize) -> Option<ByteSize> {
        let limit = u64::try_from(limit.0).ok().filter(|limit| *limit > 0)?;
        let flags = HotspotFlags { small: Some(percent), ..self.hotspot };
        i64::try_from(flags.heap(limit)).ok().map(ByteSize)
    }

    /// True if the heap is that of a machine with `-XX:MaxRAM`, whatever its limit.
    #[must_use]
    pub fn has_fixed_memory(&self) -> bool {
        self.hotspot.memory.is_some()
    }

    /// True if `MaxRAMPercentage` has an effect under `limit`: a JVM with little memory uses `MinRAMPercentage` instead.
    #[must_use]
    pub fn max_percentage_applies(&self, limit: ByteSize) -> bool {
        let small = u64::try_from(limit.0).ok().and_then(|limit| self.hotspot.small_heap(limit));
        self.default != Some(DefaultHeap::Hotspot) || small.is_none()
    }
}
