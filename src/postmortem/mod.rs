//! Answers why a container was killed: joins the evidence of each container, weighs it, and names the findings that explain it.
//!
//! `subject` decides which evidence belongs to one container, `service` which service that is, `verdict` what killed it, and `explain`
//! which finding of the linter and which change belong to that. A verdict is based on evidence that is named; what the evidence does
//! not decide is undecided.

mod change;
mod explain;
mod heap;
mod offered;
mod rules;
mod service;
mod shown;
mod subject;
mod verdict;

use crate::check::Outcome;
use crate::diagnostic::{Confidence, Finding};
use crate::evidence::Evidence;
use crate::source::{Sources, Span};

pub use explain::measurements;
pub use rules::RULES;
pub use subject::MAX_CONTAINERS;

/// The cause of the end of a container, or of a process in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The kernel, at the container's own limit.
    MemoryLimit,
    /// The kernel, at the limit of a cgroup above the container.
    ParentLimit,
    /// The kernel, systemd-oomd or earlyoom, because the host or the virtual machine was full.
    HostMemory,
    /// The program's own runtime gave up.
    Runtime,
    /// A stop that took longer than its grace period.
    StopTimeout,
    /// Somebody stopped or killed it on request.
    Stopped,
    /// It was restarted or replaced because its healthcheck failed.
    Healthcheck,
    /// `/dev/shm` was full.
    SharedMemory,
    /// It hangs at its limit, because the OOM killer is off.
    Hung,
    /// The limit that is written down does not apply.
    LimitNotApplied,
    /// The killed process runs in no container.
    NotAContainer,
    /// The evidence does not decide it.
    Undecided,
}

impl Verdict {
    /// Returns the name, as reports have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MemoryLimit => "memory-limit",
            Self::ParentLimit => "parent-limit",
            Self::HostMemory => "host-memory",
            Self::Runtime => "runtime",
            Self::StopTimeout => "stop-timeout",
            Self::Stopped => "stopped",
            Self::Healthcheck => "healthcheck",
            Self::SharedMemory => "shared-memory",
            Self::Hung => "hung",
            Self::LimitNotApplied => "limit-not-applied",
            Self::NotAContainer => "not-a-container",
            Self::Undecided => "undecided",
        }
    }

    /// Returns the verdict in a few words, for a headline.
    #[must_use]
    pub fn headline(self) -> &'static str {
        match self {
            Self::MemoryLimit => "killed at its own memory limit",
            Self::ParentLimit => "killed at the memory limit of a cgroup above it",
            Self::HostMemory => "killed because the host was out of memory",
            Self::Runtime => "its own runtime ran out of memory",
            Self::StopTimeout => "killed because it did not stop in time",
            Self::Stopped => "stopped on request",
            Self::Healthcheck => "ended for its healthcheck",
            Self::SharedMemory => "its shared memory is full",
            Self::Hung => "hangs at its memory limit",
            Self::LimitNotApplied => "runs without the limit that was written",
            Self::NotAContainer => "killed outside of any container",
            Self::Undecided => "undecided",
        }
    }
}

/// A line of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The line.
    pub span: Span,
    /// The line itself, shortened, or the value in it that matters.
    pub text: String,
}

/// A command that would decide an open question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The fact that its output would show: lower case, no full stop.
    pub what: String,
    /// The command to run.
    pub command: String,
}

/// The answer for one container.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The container's name; that of its service or of the process where it is not known.
    pub name: Option<String>,
    /// Its ID, as far as it is known.
    pub id: Option<String>,
    /// Its image.
    pub image: Option<String>,
    /// Its service in the project's files.
    pub service: Option<String>,
    /// The cause of its end.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Confidence,
    /// The verdict in full, with its numbers: sentences without capitals, joined by semicolons.
    pub answer: String,
    /// The evidence for the verdict, the strongest first.
    pub evidence: Vec<Quote>,
    /// Evidence against the verdict.
    pub against: Vec<String>,
    /// Findings that explain it, the most telling first.
    pub explained_by: Vec<Finding>,
    /// The changes that are advised.
    pub change: Vec<String>,
    /// Commands that would decide it, or make it sure.
    pub missing: Vec<Missing>,
}

/// The project's files and their findings.
#[derive(Clone, Copy, Debug)]
pub struct Files<'f> {
    /// The findings and workloads of a check with the rules of [`RULES`].
    pub outcome: &'f Outcome,
    /// All files and the evidence.
    pub sources: &'f Sources,
}

/// Answers for every container in the evidence, the surest answer first.
#[must_use]
pub fn answers(evidence: &Evidence, files: Files<'_>) -> Vec<Answer> {
    let mut subjects = subject::subjects(evidence, files.sources);
    service::tie(&mut subjects, files);
    let mut answers: Vec<Answer> =
        subjects.iter().map(|subject| explain::answer(subject, evidence, files)).collect();
    crate::order::by_key(&mut answers, |answer| {
        let open = answer.verdict == Verdict::Undecided;
        let nameless =
            answer.id.is_none() && answer.service.is_none() || answer.verdict == Verdict::NotAContainer;
        (open, nameless, std::cmp::Reverse(answer.confidence))
    });
    answers
}
