//! Fields of `rules/catalog/images.yaml` about a product's heap and its memory beside the heap.

use serde::Deserialize;

/// Memory beside a heap: a fixed part, and a part that grows with the heap. Estimates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BesideHeap {
    /// The first version that it holds for; none where it holds from the first one on.
    #[serde(default)]
    pub since: Option<String>,
    /// The first version that it holds for no more.
    #[serde(default)]
    pub before: Option<String>,
    /// The least of the fixed part, in MiB; the runtime's own when it is not there.
    #[serde(default)]
    pub least: Option<i64>,
    /// The most of the fixed part, in MiB; the runtime's own when it is not there.
    #[serde(default)]
    pub most: Option<i64>,
    /// What the fixed part is made of: lower case, no full stop.
    #[serde(default)]
    pub what: Option<String>,
    /// The part that grows with the heap, in percent of it. `-XX:MaxDirectMemorySize` takes its place.
    #[serde(default)]
    pub of_heap_percent: i64,
    /// The most of that part, in MiB.
    #[serde(default)]
    pub of_heap_most: Option<i64>,
    /// What that part is: lower case, as in "direct memory".
    #[serde(default)]
    pub of_heap_what: Option<String>,
    /// Where it was measured or read.
    pub source: String,
}

/// A heap that a start script sets by itself.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HeapWhenUnset {
    /// The variable that replaces it.
    pub variable: String,
    /// The heap, in MiB.
    pub mib: u64,
    /// The same is the heap at the start, and stays so when only the bound is changed.
    #[serde(default)]
    pub initial_too: bool,
    /// The variable takes the place of all of it, the heap at the start included.
    #[serde(default)]
    pub replaced: bool,
    /// The first version that does so; a tag without a number is the newest.
    #[serde(default)]
    pub since: Option<String>,
    /// The first version that does not.
    #[serde(default)]
    pub before: Option<String>,
    /// Files that may say otherwise, as parts of paths that are mounted or copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// The script.
    pub source: String,
}

/// A variable in which flags of the heap do harm.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NoHeapIn {
    /// The variable.
    pub variable: String,
    /// What becomes of them: lower case, no full stop.
    pub why: String,
    /// Where that is reported or read.
    pub source: String,
}
