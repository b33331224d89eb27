//! The memory that a product sizes by settings of its own: the field `memory` of a row of images.

use serde::Deserialize;

use super::Grammar;
use crate::syntax::size::{ByteSize, MIB};

/// A part of a program's memory with a size of its own: its heap, a cache, or all of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MemoryPart {
    /// Its name: `heap`, `page cache`, `InnoDB buffer pool`.
    pub part: String,
    /// The part of memory that the size bounds.
    pub kind: PartKind,
    /// Variables, options and keys of files that set its size, the strongest first.
    #[serde(default)]
    pub set_by: Vec<SetBy>,
    /// Its size if nothing sets it. Unknown if it is not there.
    #[serde(default)]
    pub default: Option<PartDefault>,
    /// True if it lowers a size that is larger than its default to that.
    #[serde(default)]
    pub capped: bool,
    /// The least size with which the program starts.
    #[serde(default)]
    pub least: Option<LeastSize>,
    /// The first version that has it; a tag without a number counts as the newest.
    #[serde(default)]
    pub since: Option<String>,
    /// The first version that no longer has it.
    #[serde(default)]
    pub before: Option<String>,
    /// `low` if nobody can check it.
    #[serde(default)]
    pub confidence: Certainty,
    /// The source of the facts.
    #[serde(default)]
    pub source: String,
}

/// The least size of a part, below which the program ends at its start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeastSize {
    /// In MiB, for each of what `times` counts.
    pub mib: i64,
    /// An option of the start command, up to its value, that says how many times; once if it is not there.
    #[serde(default)]
    pub times: Vec<String>,
    /// The things that it counts, in the plural: `threads`.
    #[serde(default)]
    pub of: String,
}

/// The part of memory that a size bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// Objects of the program.
    Heap,
    /// Data that it keeps in memory.
    Cache,
    /// Buffers outside of the heap.
    Direct,
    /// The whole process.
    All,
}

/// How sure a claim is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Read in its source.
    #[default]
    High,
    /// Reported, and not read in a source: it never leads to more than a note.
    Low,
}

/// A variable, an option or a key of a file that sets the size of a part. One of the three names is there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SetBy {
    /// A variable whose value is the size.
    #[serde(default)]
    pub variable: Option<String>,
    /// An option of the start command, up to its value: `--memory=`, `--memory ` with a blank if the value is the next word.
    #[serde(default)]
    pub flag: Option<String>,
    /// A key in one of `files`.
    #[serde(default)]
    pub key: Option<String>,
    /// Paths in the container of the files with the key, or of directories of them, the weakest first. A name without a directory
    /// is that of any mounted or copied file.
    #[serde(default)]
    pub files: Vec<String>,
    /// The syntax of the value.
    pub grammar: Grammar,
    /// The first version that reads it.
    #[serde(default)]
    pub since: Option<String>,
    /// The first version that no longer reads it.
    #[serde(default)]
    pub before: Option<String>,
}

/// The size of a part if nothing sets it: `mib`, or `percent` of the memory that the program sees.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PartDefault {
    /// A fixed size, in MiB.
    #[serde(default)]
    pub mib: Option<i64>,
    /// A share of the memory it sees, in percent.
    #[serde(default)]
    pub percent: Option<f64>,
    /// Memory that is taken away before the share is: MongoDB takes half of what is above 1024 MiB.
    #[serde(default)]
    pub less_mib: i64,
    /// The least of a share, in MiB.
    #[serde(default)]
    pub least_mib: Option<i64>,
    /// The most of a share, in MiB.
    #[serde(default)]
    pub most_mib: Option<i64>,
}

impl PartDefault {
    /// Returns the size for a program that sees `memory`. None if the row gives none.
    #[must_use]
    pub fn under(self, memory: ByteSize) -> Option<ByteSize> {
        let size = |mib: i64| mib.saturating_mul(MIB);
        if let Some(mib) = self.mib {
            return Some(ByteSize(size(mib)));
        }
        let shared = memory.0.saturating_sub(size(self.less_mib)).max(0);
        let share = (shared as f64 * self.percent? / 100.0) as i64;
        let share = share.max(self.least_mib.map_or(0, size)).min(self.most_mib.map_or(i64::MAX, size));
        Some(ByteSize(share))
    }
}

/// The time that a program needs to stop without losing work.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shutdown {
    /// The seconds that its documentation recommends.
    pub seconds: u32,
    /// Its work in that time: lower case, no full stop.
    pub why: String,
    /// A variable with another number of seconds.
    #[serde(default)]
    pub variable: Option<String>,
    /// `low` if nobody can check it.
    #[serde(default)]
    pub confidence: Certainty,
    /// The source of the fact.
    #[serde(default)]
    pub source: String,
}
