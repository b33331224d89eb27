//! Requests of the page.

use std::collections::BTreeMap;
use std::path::PathBuf;

use oomlint::rules::{Preset, Target};
use oomlint::source::Overlay;
use serde::Deserialize;

/// The most bytes of all files together.
pub(crate) const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A question of the page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) ask: Question,
    /// The texts by path, relative to the top.
    #[serde(default)]
    pub(crate) files: Overlay,
    /// The files that are named, as on a command line, and what each is. The others are found as in a directory.
    #[serde(default)]
    pub(crate) kinds: BTreeMap<PathBuf, Named>,
    /// How they are checked.
    #[serde(default)]
    pub(crate) options: Options,
    /// Of `fix`: the fingerprint of the finding to fix. Without it all are fixed.
    pub(crate) finding: Option<String>,
    /// Of `fix`: the fix of that finding. 0 is the best one.
    #[serde(default)]
    pub(crate) choice: usize,
    /// Of `fit`: also the override file.
    #[serde(default)]
    pub(crate) overlay: bool,
    /// Of `rule`: its name.
    #[serde(default)]
    pub(crate) name: String,
}

/// The kind of a named file.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Named {
    /// The kind that its name and content show.
    Auto,
    /// A Compose file.
    Compose,
    /// A Dockerfile.
    Dockerfile,
    /// Command lines that start containers.
    Run,
    /// Output of `docker inspect`.
    Inspect,
    /// A text that is not checked by itself.
    Text,
}

/// The operation that the page requests.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Question {
    /// The findings, the budget of each stack, and what each file is.
    Check,
    /// The facts about each container.
    Inspect,
    /// The files as a fix leaves them.
    Fix,
    /// The limits with which the stacks fit the host, and what they change in the files.
    Fit,
    /// The kind of a text without a name: the only one of `files`.
    Kind,
    /// The name, summary and severity of every rule.
    Rules,
    /// The page of a rule.
    Rule,
}

/// Options, each as on the command line.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) preset: Option<Preset>,
    pub(crate) target: Option<Target>,
    /// A size, as in 16g; empty for none.
    pub(crate) host_memory: String,
    /// Profiles that are active.
    pub(crate) profiles: Vec<String>,
    pub(crate) select: Vec<String>,
    pub(crate) ignore: Vec<String>,
    /// True if all fixes include those that change how a container behaves.
    pub(crate) r#unsafe: bool,
    /// The day, as in 2026-12-31: the module has no clock. Without it no exception of a configuration is over.
    pub(crate) today: Option<String>,
}
