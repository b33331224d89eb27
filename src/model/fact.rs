//! Three-valued facts (known, unknown, absent), each with its span.

use crate::source::{Span, Spanned};

/// The reason a fact cannot be determined from the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A variable without a value, by name.
    Variable(String),
    /// A missing or unreadable file: its path as written.
    File(String),
    /// An image of which nothing is known: its reference.
    Image(String),
    /// An image of which something is known, but not this: its reference.
    ImageFact(String),
    /// A value that its key's grammar rejects, as written. Another rule reports it.
    Malformed(String),
    /// Any other reason, as a phrase.
    Other(&'static str),
}

/// The state of one property of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// Set, at this span.
    Known(Spanned<T>),
    /// Set or inherited, but the files do not tell the value.
    Unknown {
        /// The nearest span that shows it.
        at: Span,
        /// The reason.
        why: Why,
    },
    /// Not set anywhere.
    Absent {
        /// Span of the place to set it: the service's key or the `FROM` line.
        anchor: Span,
    },
}

impl<T> Fact<T> {
    /// Returns the value with its span, if known.
    pub fn known(&self) -> Option<&Spanned<T>> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the bare value, if known.
    pub fn value(&self) -> Option<&T> {
        self.known().map(|spanned| &spanned.value)
    }

    /// True if it is certain that nothing sets it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }

    /// True if something sets it to a value that the files do not tell.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// Returns the span of the value, of the unknown, or of where it would be set.
    pub fn span(&self) -> Span {
        match self {
            Self::Known(value) => value.span,
            Self::Unknown { at, .. } => *at,
            Self::Absent { anchor } => *anchor,
        }
    }

    /// Applies `f` to a known value. Unknown and Absent stay as they are.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(value.map(f)),
            Self::Unknown { at, why } => Fact::Unknown { at, why },
            Self::Absent { anchor } => Fact::Absent { anchor },
        }
    }
}

/// The name of a workload fact, as `oomlint inspect` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`summary` describes each")]
pub enum FactName {
    MemoryLimit,
    MemoryReservation,
    SwapLimit,
    MemSwappiness,
    OomKillDisable,
    ShmSize,
    Tmpfs,
    PidsLimit,
    Cpus,
    Replicas,
    Restart,
    Init,
    StopGracePeriod,
    BaseImage,
    Healthcheck,
    Start,
    Env,
    Heaps,
    Caches,
    Logging,
    DependsOn,
    Ulimits,
}

impl FactName {
    /// All facts, in the order of reports.
    pub const ALL: [Self; 22] = [
        Self::MemoryLimit,
        Self::MemoryReservation,
        Self::SwapLimit,
        Self::MemSwappiness,
        Self::OomKillDisable,
        Self::ShmSize,
        Self::Tmpfs,
        Self::PidsLimit,
        Self::Cpus,
        Self::Replicas,
        Self::Restart,
        Self::Init,
        Self::StopGracePeriod,
        Self::BaseImage,
        Self::Healthcheck,
        Self::Start,
        Self::Env,
        Self::Heaps,
        Self::Caches,
        Self::Logging,
        Self::DependsOn,
        Self::Ulimits,
    ];

    /// Returns the name as in JSON: `memory_limit`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Returns one line about the fact: lower case, no full stop.
    #[must_use]
    pub fn summary(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::MemoryLimit => ("memory_limit", "the most memory that it may use, in bytes"),
            Self::MemoryReservation => {
                ("memory_reservation", "memory that is left to it under pressure, in bytes")
            }
            Self::SwapLimit => ("swap_limit", "memory and swap together, in bytes; -1 for unlimited"),
            Self::MemSwappiness => ("mem_swappiness", "how readily the kernel swaps it out, from 0 to 100"),
            Self::OomKillDisable => ("oom_kill_disable", "the kernel does not kill it at its limit"),
            Self::ShmSize => ("shm_size", "the size of `/dev/shm`, in bytes"),
            Self::Tmpfs => ("tmpfs", "file systems in memory, each with its size in bytes"),
            Self::PidsLimit => ("pids_limit", "the most processes and threads that it may have"),
            Self::Cpus => ("cpus", "the processor time that it may use, in cores"),
            Self::Replicas => ("replicas", "how many containers of the service run"),
            Self::Restart => ("restart", "when it is started again"),
            Self::Init => ("init", "an init process runs as PID 1"),
            Self::StopGracePeriod => {
                ("stop_grace_period", "how long it has to stop before it is killed; 10 seconds by default")
            }
            Self::BaseImage => ("base_image", "the image that it runs, or that its Dockerfile starts from"),
            Self::Healthcheck => ("healthcheck", "the probe that tells whether it works"),
            Self::Start => ("start", "`ENTRYPOINT` and `CMD`, after the service's own"),
            Self::Env => ("env", "the environment, each variable with who sets it"),
            Self::Heaps => ("heaps", "what limits the heap of each runtime"),
            Self::Caches => ("caches", "what limits the cache of each server"),
            Self::Logging => ("logging", "the logging driver and its options"),
            Self::DependsOn => ("depends_on", "the services that it waits for, and for what"),
            Self::Ulimits => ("ulimits", "the limits of its processes, soft and hard"),
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "`${{{name}}}` has no value here"),
            Self::File(path) => write!(f, "`{path}` is not here"),
            Self::Image(reference) => write!(f, "`{reference}` is an unknown image"),
            Self::ImageFact(reference) => write!(f, "not known for `{reference}`"),
            Self::Malformed(text) => write!(f, "`{text}` cannot be parsed"),
            Self::Other(text) => f.write_str(text),
        }
    }
}
