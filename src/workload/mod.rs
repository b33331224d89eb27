//! A container that will run, and the facts known about it.

mod fact;

pub use fact::{Fact, Why};

use indexmap::IndexMap;

use crate::model::size::ByteSize;
use crate::source::{SourceId, Span, Spanned, Text};
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
}

/// A reference that could not be followed: what hangs on it is Unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Where it is written.
    pub span: Span,
    /// Which kind of reference: `include`, `extends`, `env_file`, `dockerfile`, `build context`, `build target`.
    pub what: &'static str,
    /// What it names, as written.
    pub name: String,
    /// Why it leads nowhere: lower case, no full stop.
    pub reason: String,
    /// The service that needs it.
    pub service: Option<String>,
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
    /// The service's `image`; Absent when it has only `build`.
    pub image: Fact<Text>,
    /// What builds it, when something here does.
    pub build: Option<Build>,
    /// The image reference that the container's file system starts from: `image`, or the outermost `FROM`.
    pub base: Fact<Text>,
    /// Limits of the container.
    pub memory: Memory,
    /// `pids_limit`, `deploy.resources.limits.pids`.
    pub pids_limit: Fact<i64>,
    /// `cpus`, `deploy.resources.limits.cpus`.
    pub cpus: Fact<f64>,
    /// How many containers: `scale`, `deploy.replicas`.
    pub replicas: Fact<i64>,
    /// `restart`, or what `deploy.restart_policy` makes of it: `no`, `always`, `on-failure`, `unless-stopped`.
    pub restart: Fact<String>,
    /// `init`.
    pub init: Fact<bool>,
    /// The effective healthcheck.
    pub healthcheck: Fact<Healthcheck>,
    /// What the container starts.
    pub start: Fact<Start>,
    /// The effective environment: service over `env_file` over image.
    pub env: IndexMap<String, Variable>,
    /// What bounds or leaves open the heaps of its runtimes.
    pub heaps: Vec<Heap>,
    /// Heaps of programs that nothing sized, and which program it is.
    pub profiles: Vec<Spanned<String>>,
    /// Services that it waits for.
    pub depends_on: Vec<Dependency>,
    /// `logging`: driver and options.
    pub logging: Fact<Logging>,
    /// `ulimits`: soft and hard, -1 for unlimited.
    pub ulimits: IndexMap<String, Spanned<(i64, i64)>>,
    /// Why rules about absence are to be silent or softer.
    pub role: Role,
}

/// What kind of member of the stack it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// No container of its own: a `provider:` service, or a fragment without image and build.
    pub fragment: bool,
    /// `scale: 0` or `replicas: 0`.
    pub never_runs: bool,
    /// `restart: "no"` written out, or something waits for its successful end.
    pub one_shot: bool,
    /// Only in profiles named dev, test, debug and the like.
    pub development: bool,
    /// Not the stage or service that production runs: a Dockerfile that nothing here builds.
    pub standalone_image: bool,
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
}

/// A tmpfs mount.
#[derive(Clone, Debug)]
pub struct Tmpfs {
    /// Where it is mounted.
    pub target: Text,
    /// Its size; Absent means half of the host's RAM.
    pub size: Fact<ByteSize>,
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
    /// A probe runs.
    Probe {
        /// As Docker keeps it: `CMD`, `CMD-SHELL`, then the words. Empty when inherited from the image.
        test: Vec<String>,
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
    pub entrypoint: Vec<Text>,
    /// `CMD`, after the service's `command`.
    pub command: Vec<Text>,
    /// True when a shell expands variables in it: shell form, `sh -c`, or a start script known to do so.
    pub shell: bool,
}

/// One variable of the effective environment.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its value; Unknown when it comes from outside.
    pub value: Fact<Text>,
    /// Who sets it.
    pub origin: Origin,
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

/// One setting that bounds a heap, or one place that could and does not.
#[derive(Clone, Debug)]
pub struct Heap {
    /// `java` or `node`.
    pub runtime: &'static str,
    /// The variable or program that carries it.
    pub carrier: String,
    /// The flag as written; none when flags are set but no bound is among them.
    pub setting: Option<Text>,
    /// The bound.
    pub bound: Option<Bound>,
    /// Where the carrier stands.
    pub span: Span,
}

/// How large a heap may grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number of bytes.
    Bytes(ByteSize),
    /// Percent of the memory limit, or of the host's memory where there is none.
    Percent(f64),
}

/// `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The other service.
    pub service: Spanned<String>,
    /// `service_started`, `service_healthy`, `service_completed_successfully`.
    pub condition: String,
}

/// `logging`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// The driver; none means the daemon's default.
    pub driver: Option<String>,
    /// Its options.
    pub options: IndexMap<String, String>,
}
