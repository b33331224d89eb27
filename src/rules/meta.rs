//! Static metadata of rules.

use crate::diagnostic::Severity;

/// A group of rules, for `--select`, `--ignore` and the index.
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
    /// The host's memory, and Swarm.
    Host,
    /// Files, references and suppressions that oomlint itself cannot use.
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

    /// Returns the name on the command line and in the index.
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
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Errors alone.
    Minimal,
    /// The rules that hold for most projects.
    #[default]
    Recommended,
    /// Everything.
    Strict,
}

impl Preset {
    /// Returns the name on the command line and in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Recommended => "recommended",
            Self::Strict => "strict",
        }
    }
}

/// Static metadata of a rule.
#[derive(Debug)]
pub struct Meta {
    /// The rule's identity: kebab-case, naming the problem.
    pub name: &'static str,
    /// One line: what it finds.
    pub summary: &'static str,
    /// The severity of most of its findings; one finding may be milder or graver.
    pub severity: Severity,
    /// The group that it belongs to.
    pub group: Group,
    /// The smallest preset that includes it.
    pub preset: Preset,
    /// The Markdown page, `rules/<name>.md`.
    pub page: &'static str,
}
