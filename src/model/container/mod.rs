//! A container as `docker inspect` and `podman inspect` print it: its limits, state, command and labels, each with its bytes.

mod lower;
mod mask;
mod read;

pub use self::lower::{DEFAULT_SHM, Keep};
pub use self::mask::masked;
pub use self::read::{MAX_CONTAINERS, Reading, read};

use super::fact::Fact;
use crate::hash::IndexMap;
use crate::source::{Span, Spanned, TracedText, head};

/// A container, as inspected.
///
/// A field that an output lacks is Unknown: the output may be cut. Absent is a field that an engine leaves out, or writes as `null`, if
/// nothing sets it. Numbers are those of the engine: 0 for none, sizes in bytes, times in nanoseconds.
#[derive(Clone, Debug)]
pub struct Container {
    /// Span of everything about it.
    pub span: Span,
    /// The bytes that name it, else those of its first key: where it is reported what it lacks.
    pub anchor: Span,
    /// The engine that printed it.
    pub engine: Engine,
    /// `Id`.
    pub id: Fact<TracedText>,
    /// `Name`, without the slash before it.
    pub name: Fact<TracedText>,
    /// The image by the name that it was started with.
    pub image: Fact<TracedText>,
    /// `Path` and `Args`: the command line of process 1.
    pub command_line: Fact<Vec<TracedText>>,
    /// `RestartCount`.
    pub restart_count: Fact<i64>,
    /// `State`.
    pub state: State,
    /// `HostConfig`.
    pub host: HostConfig,
    /// `Config`.
    pub config: Config,
    /// `Mounts`.
    pub mounts: Vec<Mount>,
}

/// A container engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Docker, or one that prints the same.
    Docker,
    /// Podman.
    Podman,
}

/// The state of a container.
#[derive(Clone, Debug)]
pub struct State {
    /// `Status`: `running`, `exited`, `restarting`.
    pub status: Fact<String>,
    /// `Running`.
    pub running: Fact<bool>,
    /// `OOMKilled`.
    pub oom_killed: Fact<bool>,
    /// `ExitCode`.
    pub exit_code: Fact<i64>,
    /// `Error`. Absent if it is empty.
    pub error: Fact<String>,
    /// `StartedAt`. Absent for the year 1: never.
    pub started_at: Fact<String>,
    /// `FinishedAt`. Absent for the year 1: never.
    pub finished_at: Fact<String>,
    /// `Health`. Absent without a healthcheck.
    pub health: Fact<Health>,
}

/// The result of a container's healthcheck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `Status`: `healthy`, `unhealthy`, `starting`.
    pub status: Option<Spanned<String>>,
    /// `FailingStreak`.
    pub failing_streak: Option<Spanned<i64>>,
    /// The last probes, the oldest first.
    pub log: Vec<ProbeResult>,
}

/// One run of a healthcheck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// `ExitCode`; -1 for one that was killed or could not be started.
    pub exit_code: Option<i64>,
    /// `Output`.
    pub output: Option<TracedText>,
}

/// The limits of a container.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// `Memory`; 0 for no limit.
    pub memory: Fact<i64>,
    /// `MemorySwap`: memory and swap; -1 for no limit.
    pub memory_swap: Fact<i64>,
    /// `MemoryReservation`; 0 for none.
    pub memory_reservation: Fact<i64>,
    /// `MemorySwappiness`.
    pub swappiness: Fact<i64>,
    /// `OomKillDisable`. Absent with cgroup v2, which has no such setting.
    pub oom_kill_disable: Fact<bool>,
    /// `PidsLimit`; 0 and -1 for none.
    pub pids_limit: Fact<i64>,
    /// `ShmSize`.
    pub shm_size: Fact<i64>,
    /// `NanoCpus`; 0 for no limit.
    pub nano_cpus: Fact<i64>,
    /// `CpuQuota`; 0 for none.
    pub cpu_quota: Fact<i64>,
    /// `CpuPeriod`; 0 for the default.
    pub cpu_period: Fact<i64>,
    /// `Tmpfs`: options by path.
    pub tmpfs: Fact<Vec<(TracedText, TracedText)>>,
    /// `RestartPolicy`: its name, and the number of attempts.
    pub restart: Fact<(String, i64)>,
    /// `Ulimits`: soft and hard limit by name, as `nofile`.
    pub ulimits: Fact<IndexMap<String, Spanned<(i64, i64)>>>,
    /// `Init`.
    pub init: Fact<bool>,
    /// `IpcMode`.
    pub ipc_mode: Fact<String>,
    /// `LogConfig`.
    pub log: Fact<LogConfig>,
}

/// The logging of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `Type`: the driver.
    pub driver: String,
    /// `Config`: its options.
    pub options: Vec<(String, Spanned<String>)>,
}

/// The configuration of a container: what the image says, with what overrides it.
#[derive(Clone, Debug)]
pub struct Config {
    /// `Env`: each variable with the span of its name.
    pub env: Fact<Vec<(TracedText, TracedText)>>,
    /// `Entrypoint`.
    pub entrypoint: Fact<Vec<TracedText>>,
    /// `Cmd`.
    pub command: Fact<Vec<TracedText>>,
    /// `Healthcheck`.
    pub healthcheck: Fact<Healthcheck>,
    /// `StopSignal`: a name or a number.
    pub stop_signal: Fact<String>,
    /// `StopTimeout`, in seconds.
    pub stop_timeout: Fact<i64>,
    /// `ExposedPorts`: `80/tcp`.
    pub exposed: Fact<Vec<TracedText>>,
    /// `Labels`.
    pub labels: Fact<Vec<(TracedText, TracedText)>>,
}

/// The healthcheck of a container. Times are in nanoseconds, 0 for the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Healthcheck {
    /// `Test`.
    pub test: Vec<TracedText>,
    /// `Interval`.
    pub interval: Option<Spanned<i64>>,
    /// `Timeout`.
    pub timeout: Option<Spanned<i64>>,
    /// `StartPeriod`.
    pub start_period: Option<Spanned<i64>>,
    /// `StartInterval`.
    pub start_interval: Option<Spanned<i64>>,
    /// `Retries`.
    pub retries: Option<Spanned<i64>>,
}

/// A mount of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Span of the entry.
    pub span: Span,
    /// `Type`: `bind`, `volume`, `tmpfs`.
    pub kind: String,
    /// `Destination`.
    pub target: TracedText,
    /// `TmpfsOptions.SizeBytes`.
    pub size: Option<Spanned<i64>>,
}

impl Container {
    /// Returns a label by its name.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&TracedText> {
        let labels = self.config.labels.value().into_iter().flatten();
        labels.clone().find(|(key, _)| key.as_str() == name).map(|(_, value)| value)
    }

    /// Returns the name that it is shown by: its own, else the beginning of its identifier.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        let id = || self.id.value().map(|id| head(id.as_str(), 12));
        self.name.value().map(TracedText::as_str).or_else(id)
    }
}

#[cfg(test)]
mod tests;
