//! Requests of the page.

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
    /// How they are checked.
    #[serde(default)]
    pub(crate) options: Options,
    /// Of `fix`: the fingerprint of the finding to fix. Without it all are fixed.
    pub(crate) finding: Option<String>,
    /// Of `fix`: the fix of that finding. 0 is the best one.
    #[serde(default)]
    pub(crate) choice: usize,
    /// Of `rule`: its name.
    #[serde(default)]
    pub(crate) name: String,
}

/// What is asked.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Question {
    /// The findings, the budget of each stack, and what each file is.
    Check,
    /// The facts about each container.
    Inspect,
    /// The files as a fix leaves them.
    Fix,
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
