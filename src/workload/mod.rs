//! A container that will run, and the facts known about it.

mod assemble;
mod brought;
mod configured;
mod distribution;
mod examples;
mod facts;
mod health;
mod heap;
mod idle;
mod image;
mod installs;
mod jobs;
mod keys;
mod lingering;
mod listens;
mod measured;
mod opened;
mod own;
mod packages;
mod probe;
mod process;
mod quotes;
mod removal;
mod request;
mod role;
mod runs;
mod scripts;
mod server;
mod serves;
mod settings;
mod start;
mod started;
mod toolchain;
mod tools;
mod workers;

pub use self::assemble::Assembler;
pub use self::facts::{FactTable, FactValue};
pub use self::health::{MissingKind, ProbeLack};
pub use self::heap::{
    Bound, HeapProblem, HeapProblemKind, HeapSetting, HeapSize, LimitBlindness, MemoryPool, NativeOverhead,
    ReadVariable, SizedBy,
};
pub use self::image::{ImageDefaultHeap, LighterBase, LighterKind, Unsupported};
pub use self::measured::{Measured, Measurements};
pub use self::packages::PackageCache;
pub use self::probe::{NoProbe, Probe};
pub use self::process::{ReplacedByCompose, Unexpanded};
pub use self::request::{HttpRequest, http, quoted, tcp};
pub use self::role::Role;
pub use self::server::Starts;
pub use self::start::{ExecEntrypoint, Program};
pub use crate::catalog::{Minimum, Pool, Quotes, RuntimeName, SharedMemory, Upgrade};
pub use crate::model::Unresolved;
pub use crate::model::compose::{
    Conflict, Dependency, Logging, Mount, Rejection, ServiceKey, SizeKey, SizeProblem, Suggestion, Tmpfs,
    UnknownKey,
};
pub use crate::model::fact::{Fact, FactName, Why};
pub(crate) use crate::syntax::duration;

use std::path::PathBuf;

use crate::hash::IndexMap;
use crate::model::size::ByteSize;
use crate::source::{SourceId, Span, Spanned, TracedText};
use crate::syntax::SyntaxError;

/// Files that make one stack, and the containers that it runs.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Every file that was read for it, the one that names it first.
    pub files: Vec<SourceId>,
    /// Its containers, in the order of the files.
    pub workloads: Vec<Workload>,
    /// What does not parse, or what the reference implementation refuses, in any of its files.
    pub syntax_errors: Vec<SyntaxError>,
    /// Files and names that lead nowhere from here.
    pub unresolved: Vec<Unresolved>,
    /// Sets of files: only what has a place in each of them is to be spoken of. Of an overlay, say, what is said for its
    /// base already is not said again.
    pub report_only: Vec<Vec<SourceId>>,
    /// The Compose files that make it, in order; none for a lone image.
    pub compose_files: Vec<SourceId>,
    /// What Compose calls it; none for a lone image, and where a variable without a value decides.
    pub name: Option<String>,
    /// Where its relative paths start, as shown.
    pub directory: PathBuf,
    /// Something in its files is for Swarm alone: a service that is placed, an overlay network, an external secret.
    pub for_swarm: bool,
    /// Its files name version 3 of the format, which Swarm reads: without the short keys for limits.
    pub is_version_3: bool,
    /// Changes to its services in files that it does not read.
    pub elsewhere: Vec<ChangedElsewhere>,
}

/// A file outside of a project that changes what one of its services starts or may use: an overlay, or a service that extends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedElsewhere {
    /// The service.
    pub service: String,
    /// The file, as shown.
    pub file: PathBuf,
    /// The service that extends it; none where the file is an overlay.
    pub by: Option<String>,
    /// It sets limits or reservations below `deploy.resources`.
    pub in_deploy: bool,
    /// It sets limits, reservations, swap or shared memory.
    pub memory: bool,
    /// It sets a memory limit.
    pub limit: bool,
    /// It has a healthcheck of its own.
    pub healthcheck: bool,
}

impl Project {
    /// The changes of one service.
    pub fn changed_elsewhere<'p>(&'p self, service: &'p str) -> impl Iterator<Item = &'p ChangedElsewhere> {
        self.elsewhere.iter().filter(move |change| change.service == service)
    }
}

impl Workload {
    /// A variable of the effective environment, as the files say. Unknown where a file that is not here may set it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Fact<TracedText> {
        match (self.env.get(name), &self.env_missing) {
            (Some(variable), _) => variable.value.clone(),
            (None, Some(file)) => Fact::Unknown { at: file.span, why: Why::File(file.value.clone()) },
            (None, None) => Fact::Absent { anchor: self.anchor },
        }
    }

    /// Where the service has this key; none when it comes from another service or file by a way that is not its own.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<Span> {
        self.keys.iter().find(|key| key.name == name).map(|key| key.span)
    }

    /// Where the service has this key, if the service has no value for it once this one is removed.
    #[must_use]
    pub fn removable_key(&self, name: &str) -> Option<Span> {
        self.keys.iter().find(|key| key.name == name && !key.overrides).map(|key| key.span)
    }

    /// Where its effective limit is written: the key of the service, or the one below `deploy`.
    #[must_use]
    pub fn limit_key(&self) -> Option<&SizeKey> {
        self.size_key(&self.memory.limit, &["deploy.resources.limits.memory", "mem_limit"])
    }

    /// Where its effective reservation is written.
    #[must_use]
    pub fn reservation_key(&self) -> Option<&SizeKey> {
        let names = ["deploy.resources.reservations.memory", "mem_reservation"];
        self.size_key(&self.memory.reservation, &names)
    }

    fn size_key(&self, fact: &Fact<ByteSize>, names: &[&str]) -> Option<&SizeKey> {
        let size = fact.known()?;
        let stands = |key: &&SizeKey| key.size.known().is_some_and(|known| known.span == size.span);
        names.iter().find_map(|name| self.memory.keys.iter().filter(stands).find(|key| key.name == *name))
    }

    /// True for a service with keys that only Swarm acts on.
    #[must_use]
    pub fn is_for_swarm(&self) -> bool {
        const SWARM: [&str; 6] = [
            "deploy.mode",
            "deploy.placement",
            "deploy.update_config",
            "deploy.rollback_config",
            "deploy.endpoint_mode",
            "deploy.labels",
        ];
        SWARM.iter().any(|key| self.key(key).is_some())
    }

    /// The programs that its start line runs itself; none when that is not known.
    #[must_use]
    pub fn programs(&self) -> Vec<Program> {
        self.start.value().map(|start| start.programs(self.handover.as_ref())).unwrap_or_default()
    }

    /// The words of its start, in order.
    pub fn words(&self) -> impl Iterator<Item = &TracedText> {
        let start = self.start.value();
        start.into_iter().flat_map(|start| start.entrypoint.iter().chain(&start.command))
    }

    /// The Dockerfile that its image is built from.
    #[must_use]
    pub fn dockerfile(&self) -> Option<SourceId> {
        self.build.as_ref()?.file
    }
}

/// Who starts the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A Compose service.
    Service,
    /// A Dockerfile that no service builds.
    Image,
}

/// A program that sizes itself by the host's memory.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSized {
    /// Why it does so: lower case, no full stop.
    pub why: String,
    /// The names of the variables that tell it the limit; empty where none is known to do.
    pub told_by: Vec<String>,
    /// The option of its command line that does, with a value for the limit of the service.
    pub option: Option<String>,
    /// The same with values for the limit of the service, where it has one that leaves some.
    pub variables: Vec<(String, String)>,
    /// It is known that the program starts; else it may be another one.
    pub certain: bool,
}

impl HostSized {
    /// The names of the variables, for a sentence.
    #[must_use]
    pub fn names(&self) -> Option<String> {
        let names: Vec<String> = self.told_by.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    }
}

/// One container that will run.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The service's name; for an image, its Dockerfile's path.
    pub name: String,
    /// Who starts it.
    pub kind: Kind,
    /// Where an absence is shown: the service's key, or the `FROM` of the stage that runs.
    pub anchor: Span,
    /// The sites (extends, include, override) that shaped it.
    pub via: Vec<Span>,
    /// `container_name`.
    pub container_name: Fact<String>,
    /// The service's `image`; Absent when it has only `build`.
    pub image: Fact<TracedText>,
    /// What builds it, when something here does.
    pub build: Option<Build>,
    /// The image reference that the container's file system starts from: `image`, or the outermost `FROM`.
    pub base: Fact<TracedText>,
    /// Limits of the container.
    pub memory: Memory,
    /// `pids_limit`, `deploy.resources.limits.pids`.
    pub pids_limit: Fact<i64>,
    /// `cpus`, `deploy.resources.limits.cpus`.
    pub cpus: Fact<f64>,
    /// `cpu_quota`, a share of `cpu_period`, as processors.
    pub cpu_quota: Fact<f64>,
    /// How many containers: `scale`, `deploy.replicas`.
    pub replicas: Fact<i64>,
    /// `restart`, or what `deploy.restart_policy` makes of it: `no`, `always`, `on-failure`, `unless-stopped`.
    pub restart: Fact<String>,
    /// `init`.
    pub init: Fact<bool>,
    /// The effective healthcheck.
    pub healthcheck: Fact<Healthcheck>,
    /// Where its test is written as a whole: the value of `test`, or the instruction.
    pub test_place: Option<Span>,
    /// The value of `test` is a list of items below each other; its place begins behind the first dash.
    pub test_in_block: bool,
    /// What Compose or the engine refuses in the service's healthcheck.
    pub healthcheck_refusals: Vec<Rejection>,
    /// Programs that the image is known to lack: `curl`, `wget`, `sh`, `bash`.
    pub missing_tools: Vec<&'static str>,
    /// `restart` where a `deploy.restart_policy` takes its place: what was written, and the block.
    pub shadowed_restart: Option<(Spanned<String>, Span)>,
    /// `deploy.restart_policy.condition` as written.
    pub restart_condition: Fact<String>,
    /// `deploy.restart_policy.max_attempts`, and whether the engine takes it with its condition.
    pub max_attempts: Fact<i64>,
    /// What the container starts.
    pub start: Fact<Start>,
    /// Whether that is the server of its image.
    pub starts: Starts,
    /// A shell that stays process 1 and keeps signals from the program.
    pub shell_as_pid1: Option<ShellAsPid1>,
    /// What shows that it starts several processes.
    pub several_processes: Option<Span>,
    /// Variables in its command or healthcheck that Compose replaces by nothing, though its own environment has them.
    pub replaced_by_compose: Vec<ReplacedByCompose>,
    /// Words like `$NAME` that reach a runtime as they stand, though the environment has them: no shell is between.
    pub unexpanded: Vec<Unexpanded>,
    /// The thing for the lack of which its healthcheck can not pass.
    pub probe_lack: Option<ProbeLack>,
    /// A managed runtime that its healthcheck starts, and the program.
    pub probe_runtime: Option<(RuntimeName, Spanned<String>)>,
    /// Caches of package managers in the layers of its image.
    pub package_caches: Vec<PackageCache>,
    /// `ulimit`s at the end of a `RUN`.
    pub build_ulimits: Vec<Spanned<String>>,
    /// The effective environment: service over `env_file` over image.
    pub env: IndexMap<String, Variable>,
    /// A file with variables that is not here: any name may be set in it.
    pub env_missing: Option<Spanned<String>>,
    /// The managed heaps of the programs that it starts, and what bounds them.
    pub heaps: Vec<MemoryPool>,
    /// The same of the caches of servers.
    pub caches: Vec<MemoryPool>,
    /// Heap settings of runtimes that its image is known not to run.
    pub heap_flags_of_other_runtimes: Vec<HeapProblem>,
    /// The heap that the image's start script sets, when nothing here says otherwise.
    pub image_default_heap: Option<ImageDefaultHeap>,
    /// Its program sizes itself by the host's memory, whatever the limit.
    pub ignores_cgroup_limit: Option<HostSized>,
    /// What its program needs of `/dev/shm`.
    pub shared_memory: Option<SharedMemory>,
    /// The image that its file system starts from has been given up.
    pub unsupported: Option<Unsupported>,
    /// What is mounted into it.
    pub mounts: Vec<Mount>,
    /// `ipc`.
    pub ipc: Fact<String>,
    /// The keys of the service, in order; those of `deploy` as `deploy.resources`.
    pub keys: Vec<ServiceKey>,
    /// The script of its image that runs the words behind it.
    pub handover: Option<ExecEntrypoint>,
    /// That script is its entrypoint.
    pub hands_over: bool,
    /// What its program does with the memory that it sees, when nothing here says otherwise.
    pub self_sizing: Option<String>,
    /// The least memory that its program needs, as its maker says.
    pub minimum: Option<Minimum>,
    /// A healthcheck that it can run, or why none is known.
    pub probe: Result<Probe, NoProbe>,
    /// Programs for probes that its image is certain to have, as they are called.
    pub tools: Vec<String>,
    /// The TCP ports that its image shows.
    pub exposed: Vec<u16>,
    /// A lighter image than `base`, when the catalogue knows one.
    pub lighter_base: Option<LighterBase>,
    /// The profiles that start it; none means always.
    pub profiles: Vec<Spanned<String>>,
    /// Services that it waits for.
    pub depends_on: Vec<Dependency>,
    /// `logging`: driver and options.
    pub logging: Fact<Logging>,
    /// `ulimits`: soft and hard, -1 for unlimited.
    pub ulimits: IndexMap<String, Spanned<(i64, i64)>>,
    /// Rules and groups that are not to speak of it: `x-oomlint`.
    pub ignores: Vec<Spanned<String>>,
    /// Why, in people's words.
    pub ignore_reason: Option<String>,
    /// What its containers were seen to use, where somebody measured.
    pub measured: Option<Measured>,
    /// Why rules about absence are to be silent or softer.
    pub role: Role,
}

/// Memory settings in bytes.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `mem_limit`, `deploy.resources.limits.memory`. 0 counts as set.
    pub limit: Fact<ByteSize>,
    /// `mem_reservation`, `deploy.resources.reservations.memory`.
    pub reservation: Fact<ByteSize>,
    /// `memswap_limit`: RAM and swap together; -1 is unlimited.
    pub swap: Fact<ByteSize>,
    /// `shm_size`.
    pub shm: Fact<ByteSize>,
    /// Memory-backed mounts.
    pub tmpfs: Vec<Tmpfs>,
    /// `mem_swappiness`, 0 to 100.
    pub swappiness: Fact<i64>,
    /// `oom_kill_disable`.
    pub oom_kill_disable: Fact<bool>,
    /// Every size that the service sets, as written.
    pub keys: Vec<SizeKey>,
    /// What it says twice and differently: Compose refuses it.
    pub conflicts: Vec<Conflict>,
    /// Keys that look like memory keys and are none.
    pub unknown_keys: Vec<UnknownKey>,
}

/// What builds a service's image.
#[derive(Clone, Debug)]
pub struct Build {
    /// Where `build` is written.
    pub span: Span,
    /// The context as written.
    pub context: String,
    /// The Dockerfile as written, or the default.
    pub dockerfile: String,
    /// The target stage as written.
    pub target: Option<String>,
    /// The Dockerfile that was read; none when it is not here.
    pub file: Option<SourceId>,
    /// The context has a `.dockerignore`; none when the context is not known.
    pub dockerignore: Option<bool>,
    /// The word of a `COPY` or `ADD` that brings in the whole context.
    pub whole_context: Option<Span>,
    /// The Dockerfile itself says what it starts or shows: CMD, ENTRYPOINT or EXPOSE.
    pub starts: bool,
    /// The `FROM` of the stage that runs, and the `FROM` that names the outermost base.
    pub from: Option<BuildStage>,
}

/// The stage that runs.
#[derive(Clone, Debug)]
pub struct BuildStage {
    /// Its `FROM` instruction.
    pub from: Span,
    /// The reference in the `FROM` that names the external base.
    pub reference: Span,
    /// Its name, when it has one.
    pub name: Option<String>,
    /// True when the Dockerfile has other stages than those that this one stands on.
    pub multi_stage: bool,
}

/// A probe, or the word that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Healthcheck {
    /// `disable: true`, `HEALTHCHECK NONE`, `test: ["NONE"]`.
    Disabled,
    /// The image brings one that the files do not show.
    OfImage,
    /// A probe runs.
    Probe {
        /// As Docker keeps it: `CMD` or `CMD-SHELL`, then the words. None when it is the image's.
        test: Option<Vec<TracedText>>,
        /// Nanoseconds.
        interval: Option<i64>,
        /// Nanoseconds.
        timeout: Option<i64>,
        /// Nanoseconds.
        start_period: Option<i64>,
        /// Nanoseconds.
        start_interval: Option<i64>,
        /// Failures in a row that make it unhealthy.
        retries: Option<i64>,
    },
}

/// What the container starts: the words that the engine executes.
#[derive(Clone, Debug)]
pub struct Start {
    /// `ENTRYPOINT`, after the service's `entrypoint`.
    pub entrypoint: Vec<TracedText>,
    /// `CMD`, after the service's `command`.
    pub command: Vec<TracedText>,
    /// True when a shell expands variables in it: shell form, `sh -c`, or a start script known to do so.
    pub shell: bool,
}

/// A shell that stays process 1 and keeps signals from the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellAsPid1 {
    /// The script behind `-c`, or the word that names the script's file.
    pub span: Span,
    /// The shell, or the script's file name.
    pub shell: String,
    /// The command that it waits for.
    pub command: Waited,
    /// The place of that command in the script's file.
    pub inside: Option<Span>,
    /// The shell whose line starts the script without `exec`.
    pub outer: OuterShell,
    /// The words of the key, with `exec` in the shell's script. Only where the key is a string that Compose splits, so that a
    /// word put in front of the script is an argument of its own.
    pub list: Option<(&'static str, Vec<String>)>,
}

/// The command that a shell waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Its first word behind the variables.
    pub first: String,
    /// It as its file has it, with `exec` put in. None where it is longer than a line, or is not in the file as it stands.
    pub with_exec: Option<String>,
    /// The interpreter that it runs, where that leaves SIGTERM to the kernel, which ignores it for process 1.
    pub deaf: Option<String>,
}

/// A shell around a script that is started without `exec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OuterShell {
    /// There is none.
    None,
    /// It stays process 1.
    Stays,
    /// It stays process 1 or puts the script in its own place: which shell it is decides.
    MayStay,
}

/// One variable of the effective environment.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its value; Unknown when it comes from outside.
    pub value: Fact<TracedText>,
    /// Who sets it.
    pub origin: Origin,
    /// Where its name is written; none for a name of an `env_file`.
    pub name: Option<Span>,
    /// The quotes around the value are part of it, as in `- NAME="value"` of a list, and what that does to who reads it. None
    /// where it does nothing, or nobody knows.
    pub quotes: Option<Quotes>,
}

/// Who sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The service's `environment`.
    Environment,
    /// A file that `env_file` names.
    EnvFile,
    /// An `ENV` of the Dockerfile.
    Image,
}
