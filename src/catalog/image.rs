//! Facts about images: rows of `rules/catalog/images.yaml`.

use serde::Deserialize;

use super::claims::{Deprecated, IgnoresLimit, Minimum, SharedMemory, SizesItself, Upgrade};
use super::image_runtime::ImageRuntime;
use super::lighter::LighterRule;
use super::pattern::has_word;
use super::{HeapWhenUnset, MemoryPart, NoHeapIn, OffHeap, Shutdown};
use crate::model::reference::is_windows_tag;

/// The table of images, without its rows.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ImageTable {
    pub(super) mirrors: Vec<String>,
}

/// One family of images. Methods that take a tag expect it as in the reference, or `latest` if there is none.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImageEntry {
    /// Its repositories in their shortest form; a trailing `*` matches any ending.
    pub repositories: Vec<String>,
    /// Whether the image has a healthcheck.
    #[serde(default)]
    pub(super) healthcheck: Option<Healthcheck>,
    /// The runtime that it runs, and how its tags name the version.
    #[serde(default)]
    pub(super) runtime: Option<ImageRuntime>,
    /// Variables that its start script puts on the runtime's command line as flags, the weakest first.
    #[serde(default)]
    pub expands: Vec<String>,
    /// Variables of `expands` whose literal quotes reach the runtime, because the start script does not `eval` them.
    #[serde(default)]
    pub keeps_quotes: Vec<String>,
    /// Variables that its start script unsets or ignores.
    #[serde(default)]
    pub unsets: Vec<String>,
    /// Files of flags of the runtime, one in each line, which its start script reads before `expands`, the weakest first. Paths in
    /// the container; of a directory, those that end in `.options`.
    #[serde(default)]
    pub flag_files: Vec<String>,
    /// A variable of runtime flags in which heap flags do harm.
    #[serde(default)]
    pub no_heap_in: Option<NoHeapIn>,
    /// The heap that its start script sets if no variable does.
    #[serde(default)]
    pub heap_when_unset: Option<HeapWhenUnset>,
    /// The memory that it uses outside its heap, if it is more than other programs of its runtime use.
    #[serde(default)]
    pub off_heap: Vec<OffHeap>,
    /// The parts of its memory that it sizes by settings of its own.
    #[serde(default)]
    pub memory: Vec<MemoryPart>,
    /// The time that it needs to stop, if that is more than Docker's 10 seconds.
    #[serde(default)]
    pub shutdown: Option<Shutdown>,
    /// Set if its program sizes itself to the memory it sees.
    #[serde(default)]
    pub sizes_itself: Option<SizesItself>,
    /// The minimum memory that its documentation names.
    #[serde(default)]
    pub minimum: Option<Minimum>,
    /// The steps of an upgrade to a newer version, if changing the tag is not enough.
    #[serde(default)]
    pub upgrade: Option<Upgrade>,
    /// A healthcheck `test` that the image can run.
    #[serde(default)]
    pub probe: Vec<String>,
    /// Set if its program sizes itself to the host and ignores the container's limit.
    #[serde(default)]
    pub ignores_limit: Option<IgnoresLimit>,
    /// Set if its program needs a larger `/dev/shm` than the default.
    #[serde(default)]
    pub shared_memory: Option<SharedMemory>,
    /// Set if it is no longer maintained.
    #[serde(default)]
    pub(super) deprecated: Option<Deprecated>,
    /// Lighter images to use instead; the first that fits the tag counts.
    #[serde(default)]
    pub(super) lighter: Vec<LighterRule>,
    /// Its ENTRYPOINT and CMD.
    #[serde(default)]
    start: Option<Start>,
    /// Whether it has a shell at `/bin/sh`.
    #[serde(default)]
    shell: Option<bool>,
    /// True if its `/bin/sh` is dash in all but alpine tags.
    #[serde(default)]
    dash: bool,
    /// True if its `/bin/sh` is BusyBox in all tags.
    #[serde(default)]
    busybox: bool,
    /// Programs for healthchecks.
    #[serde(default)]
    tools: Tools,
    /// Facts of some tags, which replace those of all; the first that has a fact counts.
    #[serde(default)]
    variants: Vec<Variant>,
    /// The source of the facts. Optional in a configuration.
    #[serde(default)]
    pub source: String,
}

/// Whether an image has a healthcheck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Healthcheck {
    /// It is known to have none.
    None,
    /// It has one.
    Present,
    /// Not known, or it differs between tags.
    Unknown,
}

/// ENTRYPOINT and CMD of an image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Start {
    /// The words of ENTRYPOINT; empty if the image has none.
    pub entrypoint: Vec<String>,
    /// True if the entrypoint is a script that ends in `exec "$@"`: it runs CMD or the command.
    #[serde(default)]
    pub hands_over: bool,
    /// The words of CMD; empty if there is none, `null` if they are not known.
    #[serde(default)]
    pub cmd: Option<Vec<String>>,
    /// The program that the entrypoint runs if the first word of the command is an option.
    #[serde(default)]
    pub options_to: Option<String>,
}

/// Programs for healthchecks that an image has or lacks.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Tools {
    /// Programs that it is certain to have: `curl`, `wget`, `bash`.
    #[serde(default)]
    has: Vec<String>,
    /// Programs that it is certain to lack.
    #[serde(default)]
    lacks: Vec<String>,
}

/// Facts of the tags that fit every condition.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Variant {
    /// Words of which the tag has one.
    #[serde(default)]
    when: Vec<String>,
    /// Words of which the tag has none.
    #[serde(default)]
    unless: Vec<String>,
    /// Major versions of which the tag has one.
    #[serde(default)]
    majors: Vec<u32>,
    /// The first major version.
    #[serde(default)]
    since: Option<u32>,
    /// The first version of the image; a tag without a number counts as the newest.
    #[serde(default)]
    from: Option<String>,
    /// The first version of the image that is no longer meant.
    #[serde(default)]
    before: Option<String>,
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

impl ImageEntry {
    /// Returns the deprecation of this tag, if it is no longer maintained.
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
        if is_windows_tag(tag) {
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
        if is_windows_tag(tag) {
            return None;
        }
        let own = self.variants(tag).find_map(|variant| variant.shell);
        own.or_else(|| is_bare(tag).then_some(false)).or(self.shell)
    }

    /// True if its `/bin/sh` is known to be dash: Debian and Ubuntu.
    #[must_use]
    pub fn sh_is_dash(&self, tag: &str) -> bool {
        self.dash && !is_windows_tag(tag) && !has_word(tag, "alpine")
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
        if is_windows_tag(tag) {
            return None;
        }
        if tool == "sh" {
            return self.shell(tag);
        }
        self.variants(tag)
            .find_map(|variant| variant.tools.has_tool_entry(tool))
            .or_else(|| is_bare(tag).then_some(false))
            .or_else(|| self.tools.has_tool_entry(tool))
    }

    /// Returns why the program of this tag sizes itself to the host whatever the limit, if it does.
    #[must_use]
    pub fn ignores_limit(&self, tag: &str) -> Option<&IgnoresLimit> {
        self.ignores_limit.as_ref().filter(|ignores| {
            super::in_versions(tag, None, ignores.before.as_deref())
                && !super::probes::is_fixed(tag, &ignores.fixed_in)
                && (ignores.majors.is_empty()
                    || self.runtime_major(tag).is_some_and(|(_, major)| ignores.majors.contains(&major)))
        })
    }

    /// Returns the parts of memory of this tag's version, each with the settings that this version reads.
    pub fn memory_of(&self, tag: &str) -> impl Iterator<Item = MemoryPart> {
        let parts = self
            .memory
            .iter()
            .filter(move |part| super::in_versions(tag, part.since.as_deref(), part.before.as_deref()));
        parts.map(move |part| {
            let mut part = part.clone();
            part.set_by.retain(|by| super::in_versions(tag, by.since.as_deref(), by.before.as_deref()));
            part
        })
    }

    /// Returns the variables that this tag's start script does not read: it unsets or ignores them, or only other versions do
    /// read them.
    #[must_use]
    pub fn unset_variables(&self, tag: &str) -> Vec<String> {
        let variables =
            |part: &MemoryPart| part.set_by.iter().filter_map(|by| by.variable.clone()).collect::<Vec<_>>();
        let read: Vec<String> = self.memory_of(tag).flat_map(|part| variables(&part)).collect();
        let mut unset = self.unsets.clone();
        for name in self.memory.iter().flat_map(variables) {
            if !read.contains(&name) && !self.expands.contains(&name) && !unset.contains(&name) {
                unset.push(name);
            }
        }
        unset
    }

    fn variants(&self, tag: &str) -> impl Iterator<Item = &Variant> {
        let major = self.runtime_major(tag).map(|(_, major)| major);
        self.variants.iter().filter(move |variant| {
            (variant.when.is_empty() || variant.when.iter().any(|word| has_word(tag, word)))
                && !variant.unless.iter().any(|word| has_word(tag, word))
                && (variant.majors.is_empty() || major.is_some_and(|major| variant.majors.contains(&major)))
                // A tag without a version moves, and is newer than any bound here.
                && variant.since.is_none_or(|since| major.is_none_or(|major| major >= since))
                && super::in_versions(tag, variant.from.as_deref(), variant.before.as_deref())
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

/// True for tags that name themselves distroless: such a variant has neither a shell nor tools, whatever the others have.
fn is_bare(tag: &str) -> bool {
    has_word(tag, "distroless") && !has_word(tag, "debug") && !has_word(tag, "busybox")
}
