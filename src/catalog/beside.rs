//! Memory that a product takes beside its heap, as a row of `rules/catalog/images.yaml` says it.

use schemars::JsonSchema;
use serde::Deserialize;

/// Memory beside a heap: a fixed part, and a part that grows with the heap. Estimates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BesideHeap {
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
