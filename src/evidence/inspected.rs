//! The state of a container in the output of `docker inspect`: its exit code, its limit, how it ended. Read by `model::container`.

use super::cgroup::ContainerId;
use super::events::signal_number;
use super::name::Name;
use crate::model::container::{Container, ProbeResult};
use crate::model::fact::Fact;
use crate::source::{Span, Spanned, TracedText};

/// The state and limits of a container, each value with its place.
#[derive(Clone, Debug, Default)]
pub struct Inspected {
    /// The container.
    pub name: Name,
    /// The place by which its workload is known.
    pub anchor: Option<Span>,
    /// The program that it starts, with its arguments: for comparisons, never for output.
    pub program: Vec<String>,
    /// `exited`, `running`, `restarting`.
    pub status: Option<Spanned<String>>,
    /// Whether it runs.
    pub running: Option<bool>,
    /// Whether the kernel's OOM killer ran in its cgroup since its last start.
    pub oom_killed: Option<Spanned<bool>>,
    /// The exit code of the last end.
    pub exit_code: Option<Spanned<i64>>,
    /// The last error of a start, stop or network.
    pub error: Option<Spanned<String>>,
    /// When it was started, as it is written.
    pub started: Option<String>,
    /// When it ended, as it is written.
    pub finished: Option<String>,
    /// How often the restart policy restarted it.
    pub restarts: Option<Spanned<i64>>,
    /// The memory limit in bytes; 0 is none.
    pub memory: Option<Spanned<i64>>,
    /// The limit of memory and swap together; -1 is none.
    pub memory_swap: Option<Spanned<i64>>,
    /// Whether the kernel's OOM killer is off for it.
    pub oom_kill_disable: Option<Spanned<bool>>,
    /// The number of the signal that asks it to stop, if it is not SIGTERM.
    pub stop_signal: Option<i64>,
    /// The size of `/dev/shm` in bytes.
    pub shm_size: Option<i64>,
    /// The status of its healthcheck.
    pub health: Option<Spanned<String>>,
    /// How many probes have to fail in a row for `unhealthy`.
    pub retries: Option<i64>,
    /// How many probes failed in a row.
    pub streak: Option<i64>,
    /// How many of the last probes ran into their timeout.
    pub timeouts: usize,
    /// Whether a JVM flag ends it when the heap is full.
    pub exits_on_oom: bool,
}

/// How many probes have to fail in a row where a healthcheck does not say it.
const RETRIES: i64 = 3;

impl Inspected {
    /// Takes what matters of a container.
    pub(super) fn of(container: &Container) -> Self {
        let text = |fact: &Fact<TracedText>| fact.value().map(|text| text.as_str().to_owned());
        let (state, host) = (&container.state, &container.host);
        let words = container.command_line.value().into_iter().flatten();
        let program: Vec<String> = words.map(|word| word.as_str().to_owned()).collect();
        let labels = container.compose_labels().unwrap_or_default();
        let variables = container.config.env.value().into_iter().flatten().map(|(_, value)| value.as_str());
        let exits = |word: &str| word.contains("+ExitOnOutOfMemoryError");
        let health = state.health.value();
        let check = container.config.healthcheck.value();
        Self {
            name: Name {
                id: container.id.value().and_then(|id| ContainerId::parse(id.as_str())),
                name: text(&container.name),
                image: text(&container.image),
                project: labels.project,
                service: labels.service,
                ..Name::default()
            }
            .tidy(),
            anchor: Some(container.anchor),
            exits_on_oom: program.iter().map(String::as_str).chain(variables).any(exits),
            program,
            status: state.status.known().cloned(),
            running: state.running.value().copied(),
            oom_killed: state.oom_killed.known().cloned(),
            exit_code: state.exit_code.known().cloned(),
            error: state.error.known().cloned(),
            started: state.started_at.value().cloned(),
            finished: state.finished_at.value().cloned(),
            restarts: container.restart_count.known().cloned(),
            memory: host.memory.known().cloned(),
            memory_swap: host.memory_swap.known().cloned(),
            oom_kill_disable: host.oom_kill_disable.known().cloned(),
            stop_signal: container.config.stop_signal.value().and_then(|signal| signal_number(signal)),
            shm_size: host.shm_size.value().copied(),
            health: health.and_then(|health| health.status.clone()),
            retries: check.and_then(|check| Some(check.retries.as_ref()?.value)).filter(|count| *count > 0),
            streak: health.and_then(|health| Some(health.failing_streak.as_ref()?.value)),
            timeouts: health.map_or(0, |health| health.log.iter().filter(|probe| timed_out(probe)).count()),
        }
    }

    /// True if its healthcheck failed often enough. The engine also sets `unhealthy` when it stops to watch a container that ends.
    #[must_use]
    pub fn is_unhealthy(&self) -> bool {
        let is = self.health.as_ref().is_some_and(|health| health.value == "unhealthy");
        let often = self.streak.is_some_and(|streak| streak >= self.retries.unwrap_or(RETRIES));
        is && (often || self.running == Some(true))
    }

    /// True if it says anything of a container's state or limits.
    pub(super) fn tells(&self) -> bool {
        let state = self.oom_killed.is_some() || self.exit_code.is_some() || self.status.is_some();
        state || self.memory.is_some() || self.restarts.is_some() || self.streak.is_some()
    }
}

fn timed_out(probe: &ProbeResult) -> bool {
    let exceeded = probe.output.as_ref().is_some_and(|text| text.as_str().contains("exceeded timeout"));
    exceeded || probe.exit_code == Some(-1)
}
