//! Fields of `rules/catalog/images.yaml` about a product's heap and its off-heap memory.

use serde::Deserialize;

use super::Certainty;

/// Off-heap memory, which a program uses outside its heap: a fixed part, and a part that grows with the heap. Estimates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OffHeap {
    /// The first version that needs this; all older ones too if it is not set.
    #[serde(default)]
    pub since: Option<String>,
    /// The first version that needs this no longer.
    #[serde(default)]
    pub before: Option<String>,
    /// The least of the fixed part, in MiB; the runtime's usual one if it is not set.
    #[serde(default)]
    pub least: Option<i64>,
    /// The most of the fixed part, in MiB; the runtime's usual one if it is not set.
    #[serde(default)]
    pub most: Option<i64>,
    /// The name of the fixed part: lower case, no full stop.
    #[serde(default)]
    pub what: Option<String>,
    /// The part that grows with the heap, in percent of it. `-XX:MaxDirectMemorySize` replaces it.
    #[serde(default)]
    pub of_heap_percent: i64,
    /// The most of that part, in MiB.
    #[serde(default)]
    pub of_heap_most: Option<i64>,
    /// The name of that part: lower case, as in "direct memory".
    #[serde(default)]
    pub of_heap_what: Option<String>,
    /// `low` if nobody can check it: it never leads to more than a note.
    #[serde(default)]
    pub confidence: Certainty,
    /// The source of the fact.
    #[serde(default)]
    pub source: String,
}

/// A heap that a start script sets by itself.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HeapWhenUnset {
    /// The variable that sets another heap.
    pub variable: String,
    /// The heap, in MiB.
    pub mib: u64,
    /// True if the script sets the initial heap to the same size, also when a flag changes the largest one.
    #[serde(default)]
    pub initial_too: bool,
    /// True if the variable also replaces the initial heap.
    #[serde(default)]
    pub replaced: bool,
    /// The first version that sets it; a tag without a number counts as the newest.
    #[serde(default)]
    pub since: Option<String>,
    /// The first version that no longer sets it.
    #[serde(default)]
    pub before: Option<String>,
    /// The direct memory that the script allows along with that heap, in MiB.
    #[serde(default)]
    pub direct_mib: Option<i64>,
    /// Files that may set another heap, as parts of paths that are mounted or copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// `low` if nobody can check it: it never leads to more than a note.
    #[serde(default)]
    pub confidence: Certainty,
    /// The script.
    #[serde(default)]
    pub source: String,
}

/// A variable of runtime flags in which heap flags do harm.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NoHeapIn {
    /// The variable.
    pub variable: String,
    /// The harm: lower case, no full stop.
    pub why: String,
    /// The source of the fact.
    #[serde(default)]
    pub source: String,
}
