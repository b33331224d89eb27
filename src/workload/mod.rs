//! Workloads (the containers of Compose services, and images built by lone Dockerfiles) with the facts known about each.
//!
//! [`Project`] holds the [`Workload`]s of a set of files and [`Assembler`] builds them from the model.

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
mod surroundings;
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
pub use self::request::{HttpRequest, http, shell_quoted, tcp};
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
use crate::source::{SourceId, Span, Spanned, TracedText};
use crate::syntax::SyntaxError;
use crate::syntax::size::ByteSize;

/// A Compose project, or a lone Dockerfile, and its workloads.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Every file that was read for it, the first requested Compose file or the lone Dockerfile first.
    pub files: Vec<SourceId>,
    /// The workloads, in the order of the files.
    pub workloads: Vec<Workload>,
    /// Syntax errors, and what Compose or BuildKit rejects, in any of the files.
    pub syntax_errors: Vec<SyntaxError>,
    /// References to files and names that could not be resolved.
    pub unresolved: Vec<Unresolved>,
    /// Sets of files that findings are restricted to: each finding has to touch every set. For an override file's project this
    /// drops what its base project reports already.
    pub report_only: Vec<Vec<SourceId>>,
    /// The project's own Compose files, in merge order; empty for a lone Dockerfile.
    pub compose_files: Vec<SourceId>,
    /// The project name that Compose uses. `None` for a lone Dockerfile, and if a variable without a value is part of the name.
    pub name: Option<String>,
    /// The directory that relative paths in the project resolve against, as shown to users.
    pub directory: PathBuf,
    /// True if the files use a Swarm-only feature: a placed service, an overlay network or an external secret.
    pub for_swarm: bool,
    /// True if the files declare `version: "3…"`. Swarm reads that format, and it has no short keys for limits.
    pub is_version_3: bool,
    /// Changes to the project's services by files outside the project.
    pub elsewhere: Vec<ChangedElsewhere>,
}

/// A file outside a project that changes one of its services: an override file, or one whose service extends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedElsewhere {
    /// The name of the changed service.
    pub service: String,
    /// The path of the file, as shown to users.
    pub file: PathBuf,
    /// The name of the extending service; `None` if the file is an override.
    pub by: Option<String>,
    /// True if it sets limits or reservations below `deploy.resources`.
    pub in_deploy: bool,
    /// True if it sets limits, reservations, swap or shared memory.
    pub memory: bool,
    /// True if it sets a memory limit.
    pub limit: bool,
    /// True if it has a `healthcheck` of its own.
    pub healthcheck: bool,
}

impl Project {
    /// Returns the changes made to one service.
    pub fn changed_elsewhere<'p>(&'p self, service: &'p str) -> impl Iterator<Item = &'p ChangedElsewhere> {
        self.elsewhere.iter().filter(move |change| change.service == service)
    }
}

impl Workload {
    /// Returns a variable of the effective environment: `Unknown` if a missing `env_file` may set it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Fact<TracedText> {
        match (self.env.get(name), &self.env_missing) {
            (Some(variable), _) => variable.value.clone(),
            (None, Some(file)) => Fact::Unknown { at: file.span, why: Why::File(file.value.clone()) },
            (None, None) => Fact::Absent { anchor: self.anchor },
        }
    }

    /// Returns the place of a key in the service itself; `None` if the key is absent or inherited from another service or file.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<Span> {
        self.keys.iter().find(|key| key.name == name).map(|key| key.span)
    }

    /// Returns the place of a key whose removal leaves the service without a value for it: no inherited value takes over.
    #[must_use]
    pub fn removable_key(&self, name: &str) -> Option<Span> {
        self.keys.iter().find(|key| key.name == name && !key.overrides).map(|key| key.span)
    }

    /// Returns the key that sets the effective memory limit: the service's own or the one below `deploy`.
    #[must_use]
    pub fn limit_key(&self) -> Option<&SizeKey> {
        self.size_key(&self.memory.limit, &["deploy.resources.limits.memory", "mem_limit"])
    }

    /// Returns the key that sets the effective memory reservation.
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

    /// True if the service has keys that only Swarm acts on.
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

    /// Returns the programs that the start line runs; empty if the start is not known.
    #[must_use]
    pub fn programs(&self) -> Vec<Program> {
        self.start.value().map(|start| start.programs(self.handover.as_ref())).unwrap_or_default()
    }

    /// Returns the words of the entrypoint and the command, in order.
    pub fn words(&self) -> impl Iterator<Item = &TracedText> {
        let start = self.start.value();
        start.into_iter().flat_map(|start| start.entrypoint.iter().chain(&start.command))
    }

    /// Returns the Dockerfile that the image is built from.
    #[must_use]
    pub fn dockerfile(&self) -> Option<SourceId> {
        self.build.as_ref()?.file
    }
}

/// The kind of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A Compose service.
    Service,
    /// A Dockerfile that no service builds.
    Image,
}

/// A program that sizes itself by the host's memory instead of the container's limit.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSized {
    /// The reason: lower case, no full stop.
    pub why: String,
    /// Environment variables that set its size; empty if none is known.
    pub size_variables: Vec<String>,
    /// The command-line option that sets its size, filled in for the service's limit.
    pub option: Option<String>,
    /// The variables of `told_by` with values for the service's limit; empty if no heap fits it.
    pub variables: Vec<(String, String)>,
    /// True if that program is known to start, false if another may.
    pub certain: bool,
}

impl HostSized {
    /// Returns the variable names as a list for a message.
    #[must_use]
    pub fn names(&self) -> Option<String> {
        let names: Vec<String> = self.size_variables.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    }
}

/// A container that will run, or an image that will be built, with the facts known about it.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The service's name, or the path of the Dockerfile.
    pub name: String,
    /// Service or image.
    pub kind: Kind,
    /// The span that reports of missing settings point at: the service's key, or the `FROM` of the final stage.
    pub anchor: Span,
    /// The `extends`, `include` and override sites that contributed to the service.
    pub via: Vec<Span>,
    /// `container_name`.
    pub container_name: Fact<String>,
    /// The service's `image`; `Absent` if it has only `build`.
    pub image: Fact<TracedText>,
    /// The build of its image, if the service or the Dockerfile has one.
    pub build: Option<Build>,
    /// The image reference that the root file system comes from: `image`, or the outermost `FROM`.
    pub base: Fact<TracedText>,
    /// The memory settings.
    pub memory: Memory,
    /// `pids_limit`, `deploy.resources.limits.pids`.
    pub pids_limit: Fact<i64>,
    /// `cpus`, `deploy.resources.limits.cpus`.
    pub cpus: Fact<f64>,
    /// `cpu_quota` divided by `cpu_period`, in CPUs.
    pub cpu_quota: Fact<f64>,
    /// The number of containers: `scale` or `deploy.replicas`.
    pub replicas: Fact<i64>,
    /// The effective restart policy, from `restart` or `deploy.restart_policy`: `no`, `always`, `on-failure`, `unless-stopped`.
    pub restart: Fact<String>,
    /// `init`.
    pub init: Fact<bool>,
    /// The effective healthcheck.
    pub healthcheck: Fact<Healthcheck>,
    /// The span of the whole test: the value of `test`, or the `HEALTHCHECK` instruction.
    pub test_span: Option<Span>,
    /// True if `test` is a YAML block sequence. Its span then starts after the first dash.
    pub test_in_block: bool,
    /// Problems for which Compose or the engine rejects the service's healthcheck.
    pub healthcheck_refusals: Vec<Rejection>,
    /// Programs that the image is known to lack, of `curl`, `wget`, `bash` and `sh`.
    pub missing_tools: Vec<&'static str>,
    /// A `restart` that `deploy.restart_policy` overrides: the value as written, and the span of that block.
    pub shadowed_restart: Option<(Spanned<String>, Span)>,
    /// `deploy.restart_policy.condition` as written.
    pub restart_condition: Fact<String>,
    /// `deploy.restart_policy.max_attempts` as written.
    pub max_attempts: Fact<i64>,
    /// The command line that the container starts.
    pub start: Fact<Start>,
    /// The program that it starts: the image's server, or another.
    pub starts: Starts,
    /// A shell that stays PID 1 and does not pass signals on to the program.
    pub shell_as_pid1: Option<ShellAsPid1>,
    /// The span that shows that the container runs several processes.
    pub several_processes: Option<Span>,
    /// Variables of its command or healthcheck that Compose replaces by an empty string, though its own environment sets them.
    pub replaced_by_compose: Vec<ReplacedByCompose>,
    /// Arguments like `$NAME` that no shell expands before a runtime gets them, though the environment sets them.
    pub unexpanded: Vec<Unexpanded>,
    /// A program or shell feature that the healthcheck needs and the image lacks.
    pub probe_lack: Option<ProbeLack>,
    /// A JVM that the healthcheck starts: the runtime, and the program with its place.
    pub probe_runtime: Option<(RuntimeName, Spanned<String>)>,
    /// Package manager caches left in the image's layers.
    pub package_caches: Vec<PackageCache>,
    /// `ulimit` commands at the end of a `RUN`, which have no effect.
    pub build_ulimits: Vec<Spanned<String>>,
    /// The effective environment: the service's `environment` over `env_file` over the image's `ENV`.
    pub env: IndexMap<String, Variable>,
    /// A missing `env_file`, which may set any variable.
    pub env_missing: Option<Spanned<String>>,
    /// The heaps of the runtimes that it starts, and their bounds.
    pub heaps: Vec<MemoryPool>,
    /// The caches of the servers that it starts, and their bounds.
    pub caches: Vec<MemoryPool>,
    /// Heap settings of runtimes that the image is known not to run.
    pub heap_flags_of_other_runtimes: Vec<HeapProblem>,
    /// The heap that the image's start script sets by default, if nothing in the files overrides it.
    pub image_default_heap: Option<ImageDefaultHeap>,
    /// Set if the program sizes itself by the host's memory, whatever the limit.
    pub ignores_cgroup_limit: Option<HostSized>,
    /// The program's needs of `/dev/shm`.
    pub shared_memory: Option<SharedMemory>,
    /// Set if the base image is no longer maintained.
    pub unsupported: Option<Unsupported>,
    /// Its bind mounts, volumes, configs and secrets.
    pub mounts: Vec<Mount>,
    /// `ipc`.
    pub ipc: Fact<String>,
    /// The service's keys, in order. Those below `deploy` have dotted names, such as `deploy.resources`.
    pub keys: Vec<ServiceKey>,
    /// The image's entrypoint script, if it executes its arguments.
    pub handover: Option<ExecEntrypoint>,
    /// True if that script is the last word of the effective entrypoint.
    pub hands_over: bool,
    /// How the program sizes itself by the memory that it sees, if nothing in the files overrides it.
    pub self_sizing: Option<String>,
    /// The minimum memory of the program, as documented by its vendor.
    pub minimum: Option<Minimum>,
    /// A healthcheck that the container can run, or the reason why none is known.
    pub probe: Result<Probe, NoProbe>,
    /// Programs for probes that the image certainly has, by the name or path that calls them.
    pub tools: Vec<String>,
    /// The TCP ports that the image exposes.
    pub exposed: Vec<u16>,
    /// True if `ports`, `expose`, a label or the image names a port of it.
    pub names_port: bool,
    /// A lighter image to use instead of `base`, if the catalogue knows one.
    pub lighter_base: Option<LighterBase>,
    /// The profiles that enable it; empty if it is always enabled.
    pub profiles: Vec<Spanned<String>>,
    /// The services of its `depends_on`.
    pub depends_on: Vec<Dependency>,
    /// `logging`: driver and options.
    pub logging: Fact<Logging>,
    /// `ulimits`: soft and hard limit, -1 if unlimited.
    pub ulimits: IndexMap<String, Spanned<(i64, i64)>>,
    /// Rules and groups that `x-oomlint` suppresses for it.
    pub ignores: Vec<Spanned<String>>,
    /// The justification given in `x-oomlint`.
    pub ignore_reason: Option<String>,
    /// The measured memory use of its containers, if measurements were given.
    pub measured: Option<Measured>,
    /// The traits that silence or soften rules about missing settings.
    pub role: Role,
}

/// Memory settings of a container, sizes in bytes.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `mem_limit`, `deploy.resources.limits.memory`. 0 is kept as a set value.
    pub limit: Fact<ByteSize>,
    /// `mem_reservation`, `deploy.resources.reservations.memory`.
    pub reservation: Fact<ByteSize>,
    /// `memswap_limit`: memory plus swap, -1 if unlimited.
    pub swap: Fact<ByteSize>,
    /// `shm_size`.
    pub shm: Fact<ByteSize>,
    /// tmpfs mounts.
    pub tmpfs: Vec<Tmpfs>,
    /// `mem_swappiness`, 0 to 100.
    pub swappiness: Fact<i64>,
    /// `oom_kill_disable`.
    pub oom_kill_disable: Fact<bool>,
    /// Every key of the service that sets a size, as written.
    pub keys: Vec<SizeKey>,
    /// Settings given twice with different values, which Compose rejects.
    pub conflicts: Vec<Conflict>,
    /// Keys that resemble memory keys and are unknown to Compose.
    pub unknown_keys: Vec<UnknownKey>,
}

/// The build of an image.
#[derive(Clone, Debug)]
pub struct Build {
    /// The span of `build`; for a lone Dockerfile, that of its `FROM`.
    pub span: Span,
    /// The build context as written.
    pub context: String,
    /// The path of the Dockerfile as written, or the default.
    pub dockerfile: String,
    /// The target stage as written.
    pub target: Option<String>,
    /// The Dockerfile that was read; `None` if it could not be.
    pub file: Option<SourceId>,
    /// True if the context has a `.dockerignore`; `None` if the context is not known.
    pub dockerignore: Option<bool>,
    /// The source word of a `COPY` or `ADD` that copies the whole context.
    pub whole_context: Option<Span>,
    /// True if the Dockerfile has a `CMD`, `ENTRYPOINT` or `EXPOSE` of its own.
    pub starts: bool,
    /// The stage that is built; `None` if the Dockerfile could not be resolved.
    pub from: Option<BuildStage>,
}

/// The stage that the image is built from.
#[derive(Clone, Debug)]
pub struct BuildStage {
    /// The span of its `FROM` instruction.
    pub from: Span,
    /// The image reference in the `FROM` of the outermost stage that it builds on.
    pub reference: Span,
    /// The name of the stage, if it has one.
    pub name: Option<String>,
    /// True if the Dockerfile has stages that this one does not build on.
    pub multi_stage: bool,
}

/// The effective healthcheck of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a workload has one, and nearly all have a probe")]
pub enum Healthcheck {
    /// `disable: true`, `HEALTHCHECK NONE`, `test: ["NONE"]`.
    Disabled,
    /// The image defines one, and its details are not known.
    OfImage,
    /// A probe with these settings.
    Probe {
        /// The test as Docker stores it: `CMD` or `CMD-SHELL`, then the words. `None` if it is the image's and not known.
        test: Option<Vec<TracedText>>,
        /// In nanoseconds.
        interval: Fact<i64>,
        /// In nanoseconds.
        timeout: Fact<i64>,
        /// In nanoseconds.
        start_period: Fact<i64>,
        /// In nanoseconds.
        start_interval: Fact<i64>,
        /// Consecutive failures that make the container unhealthy.
        retries: Fact<i64>,
    },
}

/// The entrypoint and command that the engine executes.
#[derive(Clone, Debug)]
pub struct Start {
    /// The effective `ENTRYPOINT`, after the service's `entrypoint` is applied.
    pub entrypoint: Vec<TracedText>,
    /// The effective `CMD`, after the service's `command` is applied.
    pub command: Vec<TracedText>,
    /// True if one of the words is `-c`, `-lc` or `-ec`, as in shell form and `sh -c`.
    pub shell: bool,
}

/// A shell that stays PID 1 and does not pass signals on to the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellAsPid1 {
    /// The script after `-c`, or the word that names the script file.
    pub span: Span,
    /// The name of the shell or of the script file.
    pub shell: String,
    /// The command that it waits for.
    pub command: Waited,
    /// The place of that command in the script file.
    pub inside: Option<Span>,
    /// The shell whose `-c` line starts the script file without `exec`.
    pub outer: OuterShell,
    /// The key and its words with `exec` added to the script. Set only if the key is a string that Compose splits, since `exec`
    /// put before the script there would be a separate argument.
    pub list: Option<(&'static str, Vec<String>)>,
}

/// The command that a shell waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Its first word after the variable assignments.
    pub first: String,
    /// The command with `exec` inserted. `None` if it is not one line, is too long, or differs from the file's text.
    pub with_exec: Option<String>,
    /// The interpreter that it runs, if that installs no SIGTERM handler: the kernel then drops the signal for PID 1.
    pub deaf: Option<String>,
}

/// A shell around a script that its `-c` line starts without `exec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OuterShell {
    /// There is no such shell.
    None,
    /// It stays PID 1.
    Stays,
    /// Depends on the shell: it stays PID 1, or replaces itself with the script.
    MayStay,
}

/// A variable of the effective environment.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its value; `Unknown` if that comes from outside the files.
    pub value: Fact<TracedText>,
    /// The source that sets it.
    pub origin: Origin,
    /// The span of its name; `None` in an `env_file`.
    pub name: Option<Span>,
    /// The effect of quotes that are part of the value, as in the list item `- NAME="value"`. `None` if they have no known
    /// effect.
    pub quotes: Option<Quotes>,
}

/// The source of an environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The service's `environment`.
    Environment,
    /// A file listed in `env_file`.
    EnvFile,
    /// An `ENV` instruction of the Dockerfile.
    Image,
}
