//! Memory that a program manages by settings: the heaps of runtimes, the caches of servers, and what bounds them.
//!
//! Which variables and flags count, and in which order, stands in `rules/catalog/runtimes.yaml`.

mod beside;
mod command;
mod engine;
mod flags;
mod jvm;
mod misplaced;
mod problems;
mod refused;
mod unread;
mod unseen;

pub use beside::NativeOverhead;
pub(super) use beside::{BesideFacts, with_numbers};
pub(super) use engine::pools;
pub(super) use unread::strangers;

use crate::catalog::{DefaultHeap, Grammar, HotspotFlags, Pool, RuntimeName};
use crate::model::size::ByteSize;
use crate::source::{Span, Spanned, TracedText};

use super::Fact;

/// The memory that one program of the container manages.
#[derive(Clone, Debug)]
pub struct MemoryPool {
    /// Which runtime or server.
    pub runtime: RuntimeName,
    /// What kind of memory.
    pub pool: Pool,
    /// Its major version, where the image's tag tells.
    pub major: Option<u32>,
    /// What starts it, and where that is written.
    pub program: Spanned<String>,
    /// The strongest variable that carries flags for it.
    pub origin: Option<Spanned<String>>,
    /// What bounds it: the setting that wins.
    pub bound: Fact<HeapSetting>,
    /// The setting of its size at the start, where one is a number.
    pub initial: Option<HeapSetting>,
    /// A share of the limit that has no effect beside a number of bytes.
    pub overruled: Option<HeapSetting>,
    /// Settings that do not do what they were written for.
    pub problems: Vec<HeapProblem>,
    /// Nothing shows that the runtime starts; a variable that only it reads says so.
    pub assumed: bool,
    /// Nothing in sight bounds it, and the variables of the image are not known: one of them may.
    pub env_unseen: bool,
    /// It does not see the limit of the container on cgroup v2 hosts.
    pub limit_unseen: Option<LimitBlindness>,
    /// The same on hosts with a newer kernel alone.
    pub unseen_on_new_kernels: Option<LimitBlindness>,
    default: Option<DefaultHeap>,
    beside: BesideFacts,
    hotspot: HotspotFlags,
}

/// Why a runtime looks past the limit, and the way out. Both lower case, no full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitBlindness {
    /// A flag, or the version.
    pub why: String,
    /// What ends it.
    pub way_out: String,
}

/// A setting that bounds a heap or a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct HeapSetting {
    /// The flag, or the value of a variable that is a setting itself.
    pub flag: TracedText,
    /// The variable that carries it, or `command line`.
    pub carrier: String,
    /// The bound.
    pub bound: Bound,
    /// How its reader wants a size.
    grammar: Grammar,
}

/// Words that a flag can be moved over; a command line with more is not mended.
const MAX_AHEAD: usize = 100;

/// A setting that does not do what it was written for.
#[derive(Clone, Debug, PartialEq)]
pub struct HeapProblem {
    /// What is wrong with it.
    pub kind: HeapProblemKind,
    /// The flag, or the value of a variable that is a setting itself.
    pub flag: TracedText,
    /// As people write it: the flag, or `NAME=value`.
    pub written: String,
    /// The variable that carries it, or `command line`.
    pub carrier: String,
    /// What becomes of it: lower case, no full stop.
    pub effect: String,
    /// For a flag that stands too late: the words from the first that it belongs before, up to itself. None
    /// where these are more than [`MAX_AHEAD`].
    pub ahead: Vec<Span>,
    /// The same in the grammar of its reader, where it is clear what was meant.
    pub instead: Option<String>,
    /// What to do: lower case, no full stop, with something to paste where there is.
    pub help: Option<String>,
    /// Where the same would be read.
    pub way: Option<ReadVariable>,
    /// Programs of the image that are not in sight may read the variable.
    pub has_other_readers: bool,
}

/// A variable that is read, and what would stand in it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadVariable {
    /// The variable.
    pub variable: String,
    /// What is in it already; empty when it is not set.
    pub there: String,
    /// The whole value that nothing reads.
    pub value: String,
    /// The heap is to begin as large as it may get.
    pub begins: bool,
    /// The flag among it that bounds the heap.
    pub setting: HeapSetting,
}

impl ReadVariable {
    /// All of it, with another size or share for the heap where that is given.
    #[must_use]
    pub fn text(&self, flag: Option<&str>) -> String {
        let own = self.setting.flag.as_str();
        let flag = flag.unwrap_or(own);
        let begin = flag.strip_prefix("-Xmx").filter(|_| self.begins);
        let begin = begin.map(|size| format!("-Xms{size} ")).unwrap_or_default();
        let value = self.value.replacen(own, &format!("{begin}{flag}"), 1);
        let blank = if self.there.is_empty() { "" } else { " " };
        format!("{}{blank}{value}", self.there)
    }
}

/// Why a setting does nothing, or worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapProblemKind {
    /// It does not fit its grammar, or contradicts another one.
    Malformed,
    /// It is read, but hardly as it was meant.
    Misread,
    /// The version that starts here does not know it any more.
    Removed,
    /// It stands behind the program that the runtime runs, and is an argument of that one.
    Misplaced,
    /// Nothing here reads the variable.
    Unread,
    /// The variable is read, and is no place for the heap.
    WrongVariable,
    /// It is set while building, and is not there when the container runs.
    BuildOnly,
}

/// How large a heap may grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number of bytes.
    Bytes(ByteSize),
    /// Percent of the memory limit, or of the host's memory where there is none.
    Percent(f64),
}

/// The most that a heap or a cache grows to, and what says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeapSize {
    /// In bytes.
    pub size: ByteSize,
    /// What it follows from.
    pub by: SizedBy,
}

/// What the size of a heap follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SizedBy {
    /// A setting with a number of bytes.
    Bytes,
    /// A setting with a share of the limit, or of the host.
    Share,
    /// Nothing: the runtime's own default.
    Default,
}

impl MemoryPool {
    /// The most that it grows to under `limit`, or without one on a host with that much memory. None when that is not known,
    /// and for what is no sum: PHP's `memory_limit` holds for each request.
    #[must_use]
    pub fn size_under(&self, limit: Option<ByteSize>, host: Option<ByteSize>) -> Option<HeapSize> {
        if self.runtime == RuntimeName::Php {
            return None;
        }
        let seen = limit.filter(|_| self.limit_unseen.is_none()).or(host);
        let (size, by) = match &self.bound {
            Fact::Known(setting) => match setting.value.bound {
                Bound::Bytes(size) => (size, SizedBy::Bytes),
                Bound::Percent(percent) => (self.share_of(percent, seen?)?, SizedBy::Share),
            },
            Fact::Unknown { .. } => return None,
            Fact::Absent { .. } => (self.default_for(seen?)?, SizedBy::Default),
        };
        (size.0 > 0).then_some(HeapSize { size, by })
    }

    /// What the process takes beside a heap of this size: the product's own where the image is known, else the runtime's; with
    /// the bounds that flags set. None for what has not been measured.
    #[must_use]
    pub fn beside(&self, heap: ByteSize) -> Option<NativeOverhead> {
        self.beside.of(self.runtime, heap)
    }

    /// The largest heap of which three quarters of `limit` are more, and that leaves what stands beside it; none where hardly
    /// any is left.
    #[must_use]
    pub fn fits_in(&self, limit: ByteSize) -> Option<ByteSize> {
        self.beside.fits_in(self.runtime, limit)
    }

    /// True when the image or a flag says what stands beside it, and not the runtime alone.
    #[must_use]
    pub fn knows_beside(&self) -> bool {
        self.beside.is_own()
    }

    /// True when nobody set its size to a number: it follows the limit, or without one the host.
    #[must_use]
    pub fn follows(&self) -> bool {
        // Any size will do: the question is whether one is needed.
        let some_size = Some(ByteSize(16 << 30));
        self.size_under(some_size, some_size).is_some_and(|size| size.by != SizedBy::Bytes)
    }

    /// The heap that the runtime takes under `limit` when nothing bounds it; none when that is not known.
    #[must_use]
    pub fn default_for(&self, limit: ByteSize) -> Option<ByteSize> {
        let limit = u64::try_from(limit.0).ok().filter(|limit| *limit > 0)?;
        let bytes = match self.default? {
            DefaultHeap::Hotspot => self.hotspot.heap(limit),
            default => default.max(self.major, limit)?,
        };
        i64::try_from(bytes).ok().map(ByteSize)
    }

    /// What a share comes to under `limit`; none for what has not been measured.
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

    /// `MinRAMPercentage`, where it is what bounds the heap under the limit that is there.
    #[must_use]
    pub fn small_share(&self) -> Option<f64> {
        let setting = self.bound.value()?;
        let decides = setting.flag.as_str().starts_with("-XX:MinRAM");
        self.hotspot.small.filter(|_| decides)
    }

    /// True when a share counts under `limit`: a JVM in little memory takes another one.
    #[must_use]
    pub fn takes_shares(&self, limit: ByteSize) -> bool {
        let small = u64::try_from(limit.0).ok().and_then(|limit| self.hotspot.small_heap(limit));
        self.default != Some(DefaultHeap::Hotspot) || small.is_none()
    }
}

impl HeapSetting {
    /// The same setting with another size, as people write it: `-Xmx384m`, `MEMORY: 384m`. None for shares.
    #[must_use]
    pub fn with_size(&self, size: ByteSize) -> Option<String> {
        let spelled = flags::spelled(self.grammar, size)?;
        let flag = self.flag.as_str();
        if !flag.starts_with('-') {
            return Some(format!("{}: {spelled}", self.carrier));
        }
        Some(format!("{}{spelled}", flag.get(..self.value_at()?)?))
    }

    /// The bytes of its value in the file, and another size as its reader wants it. None for shares, and where these bytes are
    /// not the value itself.
    #[must_use]
    pub fn resized(&self, size: ByteSize) -> Option<(Span, String)> {
        let spelled = flags::spelled(self.grammar, size)?;
        let end = self.flag.as_str().len();
        let at = if self.flag.as_str().starts_with('-') { self.value_at()? } else { 0 };
        Some((self.flag.slice(at..end).verbatim_span()?, spelled))
    }

    /// The bytes of its value in the file, and another share of the limit as its reader wants it. None for sizes and fractions.
    #[must_use]
    pub fn reshared(&self, percent: i64) -> Option<(Span, String)> {
        let spelled = match self.grammar {
            Grammar::JvmPercent => format!("{percent}.0"),
            Grammar::PercentInteger => percent.to_string(),
            Grammar::HexPercent => format!("0x{percent:X}"),
            Grammar::JvmSizeOrPercent => format!("{percent}%"),
            _ => return None,
        };
        let end = self.flag.as_str().len();
        let at = if self.flag.as_str().starts_with('-') { self.value_at()? } else { 0 };
        Some((self.flag.slice(at..end).verbatim_span()?, spelled))
    }

    /// Where the value of a flag begins.
    fn value_at(&self) -> Option<usize> {
        let flag = self.flag.as_str();
        let behind = flag.rfind(['=', ' ']).map(|at| at + 1);
        behind.or_else(|| flag.find(|c: char| c.is_ascii_digit()))
    }

    /// The same setting with another share, as people write it: `-XX:MaxRAMPercentage=70.0`, `MEMORY: 70%`. None for what is
    /// a size.
    #[must_use]
    pub fn with_percent(&self, percent: f64) -> Option<String> {
        let flag = self.flag.as_str();
        let front = || flag.rfind('=').filter(|_| flag.starts_with('-')).and_then(|at| flag.get(..=at));
        match self.grammar {
            Grammar::JvmPercent => Some(format!("{}{percent:.1}", front()?)),
            Grammar::PercentInteger => Some(format!("{}{percent:.0}", front()?)),
            // A share took the place of the fraction.
            Grammar::JvmInteger => Some(format!("-XX:MaxRAMPercentage={percent:.1}")),
            Grammar::JvmSizeOrPercent if flag.ends_with('%') => {
                Some(format!("{}: {percent:.0}%", self.carrier))
            }
            Grammar::HexPercent => Some(format!("{}: 0x{:X}", self.carrier, percent as u8)),
            _ => None,
        }
    }

    /// As people write it: the flag, or `NAME=value` where the variable is the setting.
    #[must_use]
    pub fn written(&self) -> String {
        let flag = self.flag.as_str();
        if flag.starts_with('-') { flag.to_owned() } else { format!("{}={flag}", self.carrier) }
    }
}
