//! What is said of a rule before it runs.

use crate::finding::Severity;

/// A family of rules, for `--select`, `--ignore` and the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Limits, reservations and swap.
    Limits,
    /// Heaps and caches inside the container.
    Heap,
    /// Healthchecks.
    Health,
    /// Memory-backed file systems.
    MemoryFs,
    /// Base images and builds.
    Image,
    /// Processes, restarts, signals.
    Process,
    /// The machine that runs it all.
    Host,
    /// The lint itself.
    Lint,
}

impl Group {
    /// Every group, in the order of the index.
    pub const ALL: [Self; 8] = [
        Self::Limits,
        Self::Heap,
        Self::Health,
        Self::MemoryFs,
        Self::Image,
        Self::Process,
        Self::Host,
        Self::Lint,
    ];

    /// The name on the command line and in the index.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Limits => "limits",
            Self::Heap => "heap",
            Self::Health => "health",
            Self::MemoryFs => "memory-fs",
            Self::Image => "image",
            Self::Process => "process",
            Self::Host => "host",
            Self::Lint => "lint",
        }
    }
}

/// Which rules are on; each preset has the ones before it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Errors alone.
    Minimal,
    /// What holds for most projects.
    #[default]
    Recommended,
    /// Everything.
    Strict,
}

impl Preset {
    /// The name on the command line and in the config.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Recommended => "recommended",
            Self::Strict => "strict",
        }
    }
}

/// A rule's name, severity and page.
#[derive(Debug)]
pub struct Meta {
    /// Kebab-case, naming the problem: the rule's identity.
    pub name: &'static str,
    /// One line: what it finds.
    pub summary: &'static str,
    /// The severity of most of its findings; one finding may be milder.
    pub severity: Severity,
    /// Its family.
    pub group: Group,
    /// From which preset on it is on.
    pub preset: Preset,
    /// The Markdown page, `rules/<name>.md`.
    pub page: &'static str,
}
