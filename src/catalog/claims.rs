//! Facts about the memory and the maintenance of an image: parts of a row of `rules/catalog/images.yaml`.

use serde::Deserialize;

use super::Certainty;

/// The least memory that a program needs to start and do little.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Minimum {
    /// In MiB.
    pub mib: i64,
    /// The limit for normal use that its sizing guide recommends, in MiB, if there is one.
    #[serde(default)]
    pub usual: Option<i64>,
    /// `low` if nobody can check it: it never leads to more than a note.
    #[serde(default)]
    pub confidence: Certainty,
    /// The documentation page.
    #[serde(default)]
    pub source: String,
}

/// The upgrade of a server to a newer version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Upgrade {
    /// The steps: lower case, no full stop.
    pub how: String,
    /// Options of older versions with which the newer ones do not start, with `-` between words: `--query-cache-size`.
    #[serde(default)]
    pub refuses: Vec<String>,
    /// The documentation page.
    #[serde(default)]
    pub source: String,
}

/// A program that sizes itself to the memory it sees.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SizesItself {
    /// The effect, lower case, no full stop: "its cache takes half of the memory it sees".
    pub what: String,
    /// The first version that does so; a tag without a number counts as the newest.
    #[serde(default)]
    pub since: Option<String>,
    /// Variables that set another size.
    #[serde(default)]
    pub unless_set: Vec<String>,
    /// Command-line options that set another size, up to their value.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// Files that may set another size, as parts of paths that are mounted or copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// `low` if nobody can check it: it never leads to more than a note.
    #[serde(default)]
    pub confidence: Certainty,
    /// The source of the fact.
    #[serde(default)]
    pub source: String,
}

/// The size of `/dev/shm` that a program needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SharedMemory {
    /// A size that is known to be enough, as Compose writes it.
    pub enough: String,
    /// The effect of less: lower case, no full stop.
    pub why: String,
    /// The first version that needs it; a tag without a number counts as the newest.
    #[serde(default)]
    pub since: Option<String>,
    /// Command-line options with which it needs no more than the default.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// Command-line options without any of which it needs no more than the default.
    #[serde(default)]
    pub only_flags: Vec<String>,
    /// Variables of which any value may set it otherwise.
    #[serde(default)]
    pub unless_set: Vec<String>,
    /// Files that may set it otherwise, as parts of paths that are mounted or copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// True if only some of its work needs that much: it never leads to more than a note.
    #[serde(default)]
    pub at_times: bool,
    /// Last parts of the names of other images that run the same program.
    #[serde(default)]
    pub also: Vec<String>,
    /// `low` if nobody can check it: it never leads to more than a note.
    #[serde(default)]
    pub confidence: Certainty,
    /// The source of the fact.
    #[serde(default)]
    pub source: String,
}

/// Why an image's program does not see the container's limit.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IgnoresLimit {
    /// The runtime's major versions that ignore the limit; empty for all.
    #[serde(default)]
    pub majors: Vec<u32>,
    /// The first version of the image that sees the limit.
    #[serde(default)]
    pub before: Option<String>,
    /// The first versions of older lines that see the limit too, as `4.2.20` of the line `4.2`.
    #[serde(default)]
    pub fixed_in: Vec<String>,
    /// Variables that set a size instead.
    #[serde(default)]
    pub unless_set: Vec<String>,
    /// Command-line options that set a size instead, up to their value.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// Files that may set a size instead, as parts of paths that are mounted or copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// Paths in the container of files and directories whose settings are read, the weakest first.
    #[serde(default)]
    pub files: Vec<String>,
    /// Names of settings in `files` that set a size instead.
    #[serde(default)]
    pub unless_keys: Vec<String>,
    /// Names of settings in `files` that set another share of the same memory.
    #[serde(default)]
    pub share_keys: Vec<String>,
    /// The remedy to paste: a line of `environment`, or an option of the command line.
    pub way_out: String,
    /// The reason: lower case, no full stop.
    pub why: String,
    /// `low` if nobody can check it: it never leads to more than a note.
    #[serde(default)]
    pub confidence: Certainty,
    /// The source of the fact.
    #[serde(default)]
    pub source: String,
}

/// An image that is no longer maintained.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deprecated {
    /// The abandoned tags, with those that continue one after a dot: `8` covers `8.1`. Empty for every tag.
    #[serde(default)]
    pub(super) only: Vec<String>,
    /// The image that takes its place.
    #[serde(default)]
    pub replacement: Option<String>,
    /// The reason: lower case, no full stop.
    pub why: String,
    /// The announcement.
    #[serde(default)]
    pub source: String,
}
