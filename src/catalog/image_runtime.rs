//! The runtime of an image, and its version by the tag.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::fit;
use super::{DefaultHeap, ImageEntry};

/// A language runtime, or a server with a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RuntimeName {
    Java,
    Node,
    Python,
    Go,
    Dotnet,
    Php,
    Ruby,
    Rust,
    Erlang,
    Redis,
    Memcached,
    Postgres,
    Mysql,
    Mongo,
    /// A server without a row in `runtimes.yaml`.
    #[serde(skip)]
    Other,
}

/// The runtime of an image.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ImageRuntime {
    /// The runtime or server.
    pub(super) name: RuntimeName,
    /// Patterns of tags, in which `{n}` stands for the version.
    #[serde(default)]
    major: Vec<String>,
    /// Release names and their versions.
    #[serde(default)]
    names: BTreeMap<String, u32>,
    /// The version of every tag.
    #[serde(default)]
    fixed: Option<u32>,
    /// The versions in the image's own versions, for tags that no pattern fits.
    #[serde(default)]
    inside: Vec<RuntimeInside>,
    /// The default heap, if it is another than the runtime's usual one.
    #[serde(default)]
    default_heap: Option<DefaultHeap>,
}

/// The runtime's version in some versions of an image.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RuntimeInside {
    /// The runtime's major version.
    major: u32,
    /// The first version of the image with it.
    #[serde(default)]
    since: Option<String>,
    /// The first version of the image with a newer one.
    before: String,
}

impl RuntimeName {
    /// Returns the name as programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Node => "node",
            Self::Python => "python",
            Self::Go => "go",
            Self::Dotnet => "dotnet",
            Self::Php => "php",
            Self::Ruby => "ruby",
            Self::Rust => "rust",
            Self::Erlang => "erlang",
            Self::Redis => "redis",
            Self::Memcached => "memcached",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mongo => "mongo",
            Self::Other => "server",
        }
    }

    /// Returns the name as reports show it.
    #[must_use]
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Java => "Java",
            Self::Node => "Node",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Dotnet => ".NET",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::Rust => "Rust",
            Self::Erlang => "Erlang",
            Self::Redis => "Redis",
            Self::Memcached => "memcached",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mongo => "MongoDB",
            Self::Other => "server",
        }
    }
}

impl ImageEntry {
    /// Returns the runtime of its programs.
    #[must_use]
    pub fn runtime(&self) -> Option<RuntimeName> {
        self.runtime.as_ref().map(|runtime| runtime.name)
    }

    /// Returns the runtime and its major version, if the tag tells. Moving tags (`latest`, `lts`) do not.
    #[must_use]
    pub fn runtime_major(&self, tag: &str) -> Option<(RuntimeName, u32)> {
        let runtime = self.runtime.as_ref()?;
        let major = runtime.fixed.or_else(|| {
            let named = tag.split('-').find_map(|word| runtime.names.get(word).copied());
            named.or_else(|| leading_major(&self.version(tag)?, runtime.name)).or_else(|| {
                let fits =
                    |row: &&RuntimeInside| super::in_versions(tag, row.since.as_deref(), Some(&row.before));
                runtime.inside.iter().find(fits).map(|row| row.major)
            })
        })?;
        Some((runtime.name, major))
    }

    /// Returns the major version and the update of a tag of the form `N.0.P` or `8uP`: `21.0.5_11-jre` is 21 and 5.
    #[must_use]
    pub fn runtime_patch(&self, tag: &str) -> Option<(u32, u32)> {
        let version = self.version(tag)?;
        let numbers: Option<Vec<u32>> =
            version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok()).collect();
        match (self.runtime()?, numbers?.as_slice()) {
            (RuntimeName::Java, [8, update] | [1, 8, 0, update]) => Some((8, *update)),
            (_, [major, 0, patch, ..]) => Some((*major, *patch)),
            _ => None,
        }
    }

    /// Returns the part of a tag that is the runtime's version.
    fn version(&self, tag: &str) -> Option<String> {
        let patterns = &self.runtime.as_ref()?.major;
        patterns.iter().find_map(|pattern| Some((*fit(pattern, tag)?.get("n")?).to_owned()))
    }

    /// Returns the default heap, if this image's virtual machine has another than its runtime's usual one.
    #[must_use]
    pub fn default_heap(&self) -> Option<DefaultHeap> {
        self.runtime.as_ref().and_then(|runtime| runtime.default_heap)
    }
}

/// Parses the major version: `22.5.0` is 22, `8u372` is 8, and for Java `1.8.0` is 8.
fn leading_major(version: &str, runtime: RuntimeName) -> Option<u32> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    let first = numbers.next()?.parse().ok()?;
    if runtime == RuntimeName::Java && first == 1 {
        return numbers.next()?.parse().ok();
    }
    Some(first)
}
