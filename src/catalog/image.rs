//! Facts about images: rows of `rules/catalog/images.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::lighter::LighterRule;
use super::pattern::{fit, has_word};
use super::{BesideHeap, DefaultHeap, HeapWhenUnset, NoHeapIn};

/// The table of images as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Images {
    pub(super) mirrors: Vec<String>,
    pub(super) images: Vec<ImageEntry>,
}

/// One family of images. Questions about a tag take it as the reference has it, `latest` filled in.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImageEntry {
    /// The names it goes by, the shortest form; a trailing `*` stands for any ending.
    pub repositories: Vec<String>,
    /// Whether it brings a healthcheck of its own.
    #[serde(default)]
    pub(super) healthcheck: Option<Healthcheck>,
    /// What it runs, and how the tag tells the version.
    #[serde(default)]
    pub(super) runtime: Option<ImageRuntime>,
    /// Variables that its start script turns into flags on the runtime's command line, the weakest first.
    #[serde(default)]
    pub expands: Vec<String>,
    /// Those that it hands on with quotes that are part of their value: no `eval` is between.
    #[serde(default)]
    pub keeps_quotes: Vec<String>,
    /// Variables that it takes away before it starts anything, or does not look at.
    #[serde(default)]
    pub unsets: Vec<String>,
    /// A variable that carries flags, and is no place for those of the heap.
    #[serde(default)]
    pub no_heap_in: Option<NoHeapIn>,
    /// The heap that the start script sets when nothing else is said.
    #[serde(default)]
    pub heap_when_unset: Option<HeapWhenUnset>,
    /// What it takes beside its heap, where that is more than any program of its runtime does.
    #[serde(default)]
    pub beside_heap: Vec<BesideHeap>,
    /// Set when what it runs sizes itself to the memory that it sees.
    #[serde(default)]
    pub sizes_itself: Option<SizesItself>,
    /// The least memory that it needs, as its maker says.
    #[serde(default)]
    pub minimum: Option<Minimum>,
    /// How data of an older version gets to a newer one, where taking its tag is not enough.
    #[serde(default)]
    pub upgrade: Option<Upgrade>,
    /// A `test` for a healthcheck that the image can run.
    #[serde(default)]
    pub probe: Vec<String>,
    /// Set when what it runs sizes itself to the host, limit or not.
    #[serde(default)]
    pub ignores_limit: Option<IgnoresLimit>,
    /// Set when what it runs needs more of `/dev/shm` than the default.
    #[serde(default)]
    pub shared_memory: Option<SharedMemory>,
    /// Set when its makers have given it up.
    #[serde(default)]
    pub(super) deprecated: Option<Deprecated>,
    /// Ways to a lighter image, in order; the first that fits the tag decides.
    #[serde(default)]
    pub(super) lighter: Vec<LighterRule>,
    // Facts of all tags, then facts of some.
    /// Its ENTRYPOINT and CMD.
    #[serde(default)]
    start: Option<Start>,
    /// Whether it has a shell at `/bin/sh`.
    #[serde(default)]
    shell: Option<bool>,
    /// Its `/bin/sh` is dash, save in alpine tags.
    #[serde(default)]
    dash: bool,
    /// Its `/bin/sh` is BusyBox, as in alpine tags.
    #[serde(default)]
    busybox: bool,
    /// Programs for healthchecks.
    #[serde(default)]
    tools: Tools,
    /// What holds for some tags alone; the first that speaks of a thing decides.
    #[serde(default)]
    variants: Vec<Variant>,
    /// Where the claims can be checked. In a row of a configuration it need not be said.
    #[serde(default)]
    pub source: String,
}

/// What an image brings for a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Healthcheck {
    /// It is known to have none.
    None,
    /// It has one of its own.
    Present,
    /// Nobody looked, or it depends.
    Unknown,
}

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
}

/// What an image runs.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ImageRuntime {
    /// The runtime or server.
    pub(super) name: RuntimeName,
    /// Patterns for the tag; the version is what `{n}` takes.
    #[serde(default)]
    major: Vec<String>,
    /// Release names and their versions.
    #[serde(default)]
    names: BTreeMap<String, u32>,
    /// The version of every tag.
    #[serde(default)]
    fixed: Option<u32>,
    /// Another default heap than the runtime's usual one.
    #[serde(default)]
    default_heap: Option<DefaultHeap>,
}

/// ENTRYPOINT and CMD of an image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Start {
    /// The words of ENTRYPOINT; empty when the image has none.
    pub entrypoint: Vec<String>,
    /// True when the entrypoint prepares something and then runs the words that follow it.
    #[serde(default)]
    pub hands_over: bool,
    /// The words of CMD, empty when there is none; None when they are not known.
    #[serde(default)]
    pub cmd: Option<Vec<String>>,
    /// The program that the entrypoint runs when the words begin with an option.
    #[serde(default)]
    pub options_to: Option<String>,
}

/// The least memory that a program needs to start and do little.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Minimum {
    /// In MiB.
    pub mib: i64,
    /// The limit that its maker's sizing guide comes to for normal use, in MiB, where there is one.
    #[serde(default)]
    pub usual: Option<i64>,
    /// Where its maker says so.
    pub source: String,
}

/// How a server's data gets from one version to the next.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Upgrade {
    /// Lower case, no full stop.
    pub how: String,
    /// Options of older versions with which the newer ones do not start, with `-` between words: `--query-cache-size`.
    #[serde(default)]
    pub refuses: Vec<String>,
    /// Where its maker says so.
    pub source: String,
}

/// What a program does with the memory that it sees.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SizesItself {
    /// Lower case, no full stop, as in "its cache takes half of the memory that it sees".
    pub what: String,
    /// The first version that does so; a tag without a number is the newest.
    #[serde(default)]
    pub since: Option<String>,
    /// Variables that say otherwise.
    #[serde(default)]
    pub unless_set: Vec<String>,
    /// Words of the start that say otherwise, up to their value.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// Files that may say otherwise, as parts of paths that are mounted or copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// Where it was measured or read.
    pub source: String,
}

/// What a program needs of `/dev/shm`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SharedMemory {
    /// A size that is known to do, as Compose writes it.
    pub enough: String,
    /// What happens with less: lower case, no full stop.
    pub why: String,
    /// Words of the start that do without it.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// It needs it only with one of these words in its start.
    #[serde(default)]
    pub only_flags: Vec<String>,
    /// Where it was measured or read.
    pub source: String,
}

/// Why an image's program does not see the container's limit.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IgnoresLimit {
    /// The runtime's major versions that it is true of; empty for all.
    #[serde(default)]
    pub majors: Vec<u32>,
    /// The first version of which it is not true any more.
    #[serde(default)]
    pub before: Option<String>,
    /// Variables that make up for it.
    #[serde(default)]
    pub unless_set: Vec<String>,
    /// Words of the start that make up for it, up to their value.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// Files that may make up for it, as parts of paths that are mounted or copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// Something to paste: a line of `environment`, or an option of the command line.
    pub way_out: String,
    /// Lower case, no full stop.
    pub why: String,
    /// Where it can be checked.
    pub source: String,
}

/// An image that its makers have given up.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deprecated {
    /// The tags of which it is true, with all that begin so and a dot; empty for every tag.
    #[serde(default)]
    only: Vec<String>,
    /// The image that takes its place.
    #[serde(default)]
    pub replacement: Option<String>,
    /// Lower case, no full stop.
    pub why: String,
    /// Where it is announced.
    pub source: String,
}

/// Programs for healthchecks that an image has or lacks.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Tools {
    /// It is certain to have these: `curl`, `wget`, `bash`.
    #[serde(default)]
    has: Vec<String>,
    /// It is certain to have none of these.
    #[serde(default)]
    lacks: Vec<String>,
}

/// Facts of the tags that fit every condition.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Variant {
    /// One of these words is in the tag.
    #[serde(default)]
    when: Vec<String>,
    /// None of these is.
    #[serde(default)]
    unless: Vec<String>,
    /// It is one of these major versions.
    #[serde(default)]
    majors: Vec<u32>,
    /// It is this major version or a later one.
    #[serde(default)]
    since: Option<u32>,
    /// Its ENTRYPOINT and CMD.
    #[serde(default)]
    start: Option<Start>,
    /// Whether it has a shell at `/bin/sh`.
    #[serde(default)]
    shell: Option<bool>,
    /// Programs for healthchecks.
    #[serde(default)]
    tools: Tools,
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
            named.or_else(|| leading_major(&self.version(tag)?, runtime.name))
        })?;
        Some((runtime.name, major))
    }

    /// Returns the major version and the update of a tag that names both: `21.0.5_11-jre` is 21 and 5.
    pub fn runtime_patch(&self, tag: &str) -> Option<(u32, u32)> {
        let version = self.version(tag)?;
        let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        match (numbers.next()?, numbers.next()?, numbers.next()?) {
            (Ok(major), Ok(0), Ok(patch)) => Some((major, patch)),
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

    /// Returns the deprecation of this tag, if its makers have abandoned it.
    #[must_use]
    pub fn deprecated(&self, tag: &str) -> Option<&Deprecated> {
        self.deprecated.as_ref().filter(|deprecated| {
            let fits = |only: &String| {
                tag.strip_prefix(only.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            deprecated.only.is_empty() || deprecated.only.iter().any(fits)
        })
    }

    /// Returns ENTRYPOINT and CMD. None if they are not known.
    #[must_use]
    pub fn start(&self, tag: &str) -> Option<&Start> {
        if is_windows(tag) {
            return None;
        }
        self.variants(tag).find_map(|variant| variant.start.as_ref()).or(self.start.as_ref())
    }

    /// Returns the programs that are its server, according to its ENTRYPOINT and CMD.
    pub fn servers(&self, tag: &str) -> Vec<&str> {
        let Some(start) = self.start(tag) else { return Vec::new() };
        let given = start.hands_over || start.entrypoint.is_empty();
        let program = match given {
            true => start.cmd.as_ref().and_then(|cmd| cmd.first()),
            false => start.entrypoint.iter().rfind(|word| !word.starts_with('-')),
        };
        program.into_iter().chain(&start.options_to).map(String::as_str).collect()
    }

    /// True if it has a shell. None if that is not known.
    #[must_use]
    pub fn shell(&self, tag: &str) -> Option<bool> {
        if is_windows(tag) {
            return None;
        }
        self.variants(tag).find_map(|variant| variant.shell).or(self.shell)
    }

    /// True if its `/bin/sh` is known to be dash: Debian and Ubuntu.
    #[must_use]
    pub fn sh_is_dash(&self, tag: &str) -> bool {
        self.dash && !is_windows(tag) && !has_word(tag, "alpine")
    }

    /// Returns the name of its `/bin/sh`, if that is known to be another shell than bash.
    #[must_use]
    pub fn sh(&self, tag: &str) -> Option<&'static str> {
        if self.sh_is_dash(tag) {
            return Some("dash");
        }
        let alpine = self.busybox || has_word(tag, "alpine");
        (alpine && self.shell(tag) == Some(true)).then_some("BusyBox")
    }

    /// True if it has a program such as `curl`, before anything is installed. None if that is not known.
    #[must_use]
    pub fn has_tool(&self, tag: &str, tool: &str) -> Option<bool> {
        if is_windows(tag) {
            return None;
        }
        if tool == "sh" {
            return self.shell(tag);
        }
        self.variants(tag)
            .find_map(|variant| variant.tools.has_tool_entry(tool))
            .or_else(|| self.tools.has_tool_entry(tool))
    }

    /// Returns why the program of this tag sizes itself to the host whatever the limit, if it does.
    #[must_use]
    pub fn ignores_limit(&self, tag: &str) -> Option<&IgnoresLimit> {
        self.ignores_limit.as_ref().filter(|ignores| {
            super::in_versions(tag, None, ignores.before.as_deref())
                && (ignores.majors.is_empty()
                    || self.runtime_major(tag).is_some_and(|(_, major)| ignores.majors.contains(&major)))
        })
    }

    fn variants(&self, tag: &str) -> impl Iterator<Item = &Variant> {
        let major = self.runtime_major(tag).map(|(_, major)| major);
        self.variants.iter().filter(move |variant| {
            (variant.when.is_empty() || variant.when.iter().any(|word| has_word(tag, word)))
                && !variant.unless.iter().any(|word| has_word(tag, word))
                && (variant.majors.is_empty() || major.is_some_and(|major| variant.majors.contains(&major)))
                // A tag without a version moves, and is newer than any bound here.
                && variant.since.is_none_or(|since| major.is_none_or(|major| major >= since))
        })
    }
}

impl Tools {
    fn has_tool_entry(&self, tool: &str) -> Option<bool> {
        if self.has.iter().any(|name| name == tool) {
            return Some(true);
        }
        self.lacks.iter().any(|name| name == tool).then_some(false)
    }
}

/// True for tags of Windows images, to which no fact here applies.
pub(super) fn is_windows(tag: &str) -> bool {
    ["windowsservercore", "nanoserver", "windows"].iter().any(|word| has_word(tag, word))
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
