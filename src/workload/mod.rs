//! Workloads (the containers of Compose services, and images built by lone Dockerfiles) with the facts known about each.
//!
//! [`Project`] holds the [`Workload`]s of a set of files and [`Assembler`] builds them from the model.

mod assemble;
mod brought;
mod build;
mod configured;
mod distribution;
mod examples;
mod facts;
mod health;
mod heap;
mod idle;
mod image;
mod inspected;
mod installs;
mod jobs;
mod key_readers;
mod keys;
mod lingering;
mod listens;
mod locked;
mod measured;
mod memory;
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
mod setting_files;
mod settings;
mod start;
mod started;
mod surroundings;
mod toolchain;
mod tools;
mod unsupported;
mod unused;
mod windows;
mod workers;

pub use self::assemble::Assembler;
pub use self::build::{Build, BuildStage, Overridden};
pub use self::facts::{FactTable, FactValue};
pub use self::health::{Health, Healthcheck, MissingKind, ProbeLack};
pub use self::heap::{
    Bound, FilledIn, HeapProblem, HeapProblemKind, HeapSetting, HeapSize, LimitBlindness, LiteralPlace,
    LiteralWord, MeantSize, MemoryPool, MemoryTerm, NativeOverhead, Pools, ReadVariable, ServerNeeds,
    SizeVariable, SizedBy, SmallShare, UnquotedFlag, advised_heap,
};
pub use self::image::{ImageDefaultHeap, ImageFacts, LighterBase, LighterKind};
pub use self::lingering::{OuterShell, ShellAsPid1, Waited};
pub use self::locked::{Knowledge, KnownImage};
pub use self::measured::{Measured, Measurements};
pub use self::memory::{HostSized, Memory, Resources};
pub use self::packages::{CacheRemedy, PackageCache};
pub use self::probe::{NoProbe, Probe};
pub use self::process::{Process, ReplacedByCompose, Unexpanded};
pub use self::request::{HttpRequest, http, shell_quoted, tcp};
pub use self::role::Role;
pub use self::server::Starts;
pub use self::start::{ExecEntrypoint, Program, Start};
pub use self::unsupported::Unsupported;
pub use crate::catalog::{
    Certainty, Class, Classes, Minimum, Pool, Quotes, RuntimeName, SharedMemory, Shutdown, Upgrade,
};
pub use crate::model::Unresolved;
pub use crate::model::compose::{
    COMPOSE, ComposeLabels, Conflict, Dependency, Described, Description, Element, Logging, Mount, NewerKey,
    PreStart, Refusal, Rejection, Release, Service, ServiceKey, SizeKey, SizeProblem, Suggestion, Tmpfs,
    UnknownKey, service_of,
};
pub use crate::model::container::DEFAULT_SHM;
pub use crate::model::fact::{Fact, FactName, Why};
pub use crate::model::launch::{FlagMistake, FlagMistakeKind, Launch, SettingName, Stay};
pub use crate::model::stack::{StackMistake, StackRefusal};
pub(crate) use crate::syntax::duration;

use std::path::PathBuf;
use std::sync::OnceLock;

use self::key_readers::KeyReaders;
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
    /// The errors for which Docker Compose rejects the project and that no other rule reports.
    pub refusals: Vec<Refusal>,
    /// Keys that older releases of Docker Compose refuse.
    pub newer_keys: Vec<NewerKey>,
    /// References to files and names that could not be resolved.
    pub unresolved: Vec<Unresolved>,
    /// Sets of files that findings are restricted to: each finding has to touch every set. For an override file's project this
    /// drops what its base project reports already.
    pub report_only: Vec<Vec<SourceId>>,
    /// The project's own Compose files, in merge order; empty for a lone Dockerfile.
    pub compose_files: Vec<SourceId>,
    /// The files that an `include` of several merges over the first.
    pub included_overrides: Vec<SourceId>,
    /// The project name that Compose uses. `None` for a lone Dockerfile, and if a variable without a value is part of the name.
    pub name: Option<String>,
    /// True if the files or the environment set that name. Else it is that of the directory, which may have another one elsewhere.
    pub is_named: bool,
    /// The profiles of `COMPOSE_PROFILES`, in `.env` for example, which are active unless the command line names others.
    pub profiles: Vec<String>,
    /// The directory that relative paths in the project resolve against, as shown to users.
    pub directory: PathBuf,
    /// True if the files use a Swarm-only feature: a placed service, an overlay network or an external secret.
    pub for_swarm: bool,
    /// The parts of its own files that `docker stack deploy` refuses, besides keys of services that are in [`Service::keys`]. Empty
    /// unless Swarm is the target.
    pub stack_refusals: Vec<StackRefusal>,
    /// True if the files declare `version: "3…"`. Swarm reads that format, and it has no short keys for limits.
    pub is_version_3: bool,
    /// The number of services that set limits below `deploy`, and of those with short keys, such as `mem_limit`.
    pub limit_keys: LimitKeys,
    /// Changes to the project's services by files outside the project.
    pub elsewhere: Vec<ChangedElsewhere>,
    /// The file of locked images that holds for it.
    pub lock: Option<SourceId>,
    /// Inspected containers that its services were started as.
    pub running: Vec<Running>,
    /// The services that read each size key, found when first asked for.
    pub(crate) key_readers: OnceLock<KeyReaders>,
}

/// A container that runs for a service, or has run.
#[derive(Clone, Debug)]
pub struct Running {
    /// The name of the service.
    pub service: String,
    /// The container, with its facts.
    pub container: Box<Workload>,
}

/// How many services of a project set limits in which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitKeys {
    /// Services with a `deploy`.
    pub deploy: usize,
    /// Services with `mem_limit`, `cpus` or another short key.
    pub short: usize,
}

impl LimitKeys {
    fn of(workloads: &[Workload]) -> Self {
        let count = |uses: &dyn Fn(&Workload) -> bool| workloads.iter().filter(|own| uses(own)).count();
        Self { deploy: count(&|own| own.key("deploy").is_some()), short: count(&Workload::has_short_limits) }
    }
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
    /// True if that service takes its keys by `<<`, and not by `extends`.
    pub merges: bool,
    /// True if it sets limits or reservations below `deploy.resources`.
    pub in_deploy: bool,
    /// True if it sets limits, reservations, swap or shared memory.
    pub memory: bool,
    /// True if it sets a memory limit.
    pub limit: bool,
    /// True if it sets a key that Swarm reads below `deploy` instead, or `deploy` itself.
    pub deployed: bool,
    /// True if it has a `healthcheck` of its own.
    pub healthcheck: bool,
    /// True if it sets nothing that matters for memory.
    pub plain: bool,
}

impl ChangedElsewhere {
    /// Says what the other service does with the changed one: `` extends `web` ``.
    #[must_use]
    pub fn takes(&self) -> String {
        let name = &self.service;
        if self.merges { format!("takes the keys of `{name}` by `<<`") } else { format!("extends `{name}`") }
    }
}

impl Project {
    /// True for Compose files that start containers on their own, and do not only change others.
    #[must_use]
    pub fn is_stack(&self) -> bool {
        !self.compose_files.is_empty() && self.report_only.is_empty()
    }

    /// True if a file is one of those that are merged, and not one whose services are extended.
    #[must_use]
    pub fn merges(&self, file: SourceId) -> bool {
        self.compose_files.contains(&file) || self.included_overrides.contains(&file)
    }

    /// Returns the changes made to one service, or to that of a step, that matter for memory.
    pub fn changed_elsewhere<'p>(&'p self, service: &'p str) -> impl Iterator<Item = &'p ChangedElsewhere> {
        self.elsewhere.iter().filter(move |change| change.service == service_of(service) && !change.plain)
    }

    /// True if a file that is not part of this project sets a key of the service that Swarm reads below `deploy` instead, or
    /// `deploy` itself.
    #[must_use]
    pub fn is_deployed_elsewhere(&self, service: &str) -> bool {
        let mut changes = self.elsewhere.iter().filter(|change| change.service == service_of(service));
        changes.any(|change| change.deployed)
    }

    /// True if an override file that is not part of this project gives the service a healthcheck.
    #[must_use]
    pub fn has_healthcheck_elsewhere(&self, service: &str) -> bool {
        let overrides = self.elsewhere.iter().filter(|change| change.by.is_none());
        overrides.filter(|change| change.healthcheck).any(|change| change.service == service)
    }
}

impl Workload {
    /// Returns the step that it is, if it is one of a service's `pre_start`.
    #[must_use]
    pub fn step(&self) -> Option<&PreStart> {
        match &self.service.element {
            Element::PreStart(step) => Some(step),
            Element::Service | Element::Job | Element::Described(_) => None,
        }
    }

    /// Returns what describes it, if no Compose file does.
    #[must_use]
    pub fn described(&self) -> Option<&Described> {
        match &self.service.element {
            Element::Described(described) => Some(described),
            Element::Service | Element::Job | Element::PreStart(_) => None,
        }
    }

    /// Returns the command line that starts it, if one describes it.
    #[must_use]
    pub fn launch(&self) -> Option<&Launch> {
        self.described()?.launch.as_deref()
    }

    /// Returns the span by which fixes find its mapping: the service's key, or a step's mapping.
    #[must_use]
    pub fn owner(&self) -> Span {
        self.step().map_or(self.anchor, |step| step.mapping)
    }

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
        self.service.keys.iter().find(|key| key.name == name).map(|key| key.span)
    }

    /// Returns the place of a key whose removal leaves the service without a value for it: no inherited value takes over.
    #[must_use]
    pub fn removable_key(&self, name: &str) -> Option<Span> {
        // A step has keys of its service.
        let is_own = |key: Span| self.step().is_none_or(|step| step.mapping.contains(key));
        let key = self.service.keys.iter().find(|key| key.name == name && !key.overrides);
        key.map(|key| key.span).filter(|key| is_own(*key))
    }

    /// True if it sets limits with keys of its own instead of `deploy.resources`.
    #[must_use]
    pub fn has_short_limits(&self) -> bool {
        let keys = ["mem_limit", "mem_reservation", "memswap_limit", "cpus", "pids_limit"];
        keys.iter().any(|name| self.key(name).is_some())
    }

    /// Returns the memory limit if it is known and limits anything: 0 does not.
    #[must_use]
    pub fn known_limit(&self) -> Option<&Spanned<ByteSize>> {
        self.memory.limit.known().filter(|limit| limit.value.0 > 0)
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
        let is_of_size = |key: &&SizeKey| key.size.known().is_some_and(|known| known.span == size.span);
        names
            .iter()
            .find_map(|name| self.service.size_keys.iter().filter(is_of_size).find(|key| key.name == *name))
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
        self.process
            .start
            .value()
            .map(|start| start.programs(self.image.handover.as_ref()))
            .unwrap_or_default()
    }

    /// Returns the words of the entrypoint and the command, in order.
    pub fn words(&self) -> impl Iterator<Item = &TracedText> {
        let start = self.process.start.value();
        start.into_iter().flat_map(|start| start.entrypoint.iter().chain(&start.command))
    }

    /// Returns the runtimes of its programs, and that of its image.
    #[must_use]
    pub fn runtimes(&self) -> Vec<RuntimeName> {
        let pools = self.pools.heaps.iter().chain(&self.pools.caches).map(|pool| pool.runtime);
        pools.chain(self.image.runtime).collect()
    }

    /// True if its image is known to have this runtime.
    #[must_use]
    pub fn image_has(&self, runtime: RuntimeName) -> bool {
        self.image.runtime == Some(runtime)
    }

    /// Returns the largest size that a variable promises by its name, with that name, and whether it is of a heap. Nobody may
    /// read the variable.
    #[must_use]
    pub fn promised_size(&self) -> Option<(&str, ByteSize, bool)> {
        heap::promised_size(self)
    }

    /// Returns the Dockerfile that the image is built from.
    #[must_use]
    pub fn dockerfile(&self) -> Option<SourceId> {
        self.build.as_ref()?.file
    }
}

/// The kind of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Compose service.
    Service,
    /// An entry of `jobs`.
    Job,
    /// A step of a service's `pre_start`.
    PreStart,
    /// A container that no Compose file describes.
    Container,
    /// A Dockerfile that no service builds.
    Image,
}

impl Kind {
    fn of(element: &Element) -> Self {
        match element {
            Element::Service => Self::Service,
            Element::Job => Self::Job,
            Element::PreStart(_) => Self::PreStart,
            Element::Described(_) => Self::Container,
        }
    }

    /// Returns the name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Job => "job",
            Self::PreStart => "pre_start step",
            Self::Container => "container",
            Self::Image => "image",
        }
    }
}

/// A container that will run, or an image that will be built, with the facts known about it.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The name of the service or job, that of a step (`web pre_start[0]`), or the path of the Dockerfile.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The span that reports of missing settings point at: the service's key, or the `FROM` of the final stage.
    pub anchor: Span,
    /// The Compose service, merged. All settings are Unknown for an image that no service runs.
    pub service: Box<Service>,
    /// The build of its image, if the service or the Dockerfile has one.
    pub build: Option<Build>,
    /// True if it is a Windows container: it has neither cgroups nor swap of its own, and its engine refuses their settings.
    pub windows: bool,
    /// The facts that come with its image.
    pub image: Box<ImageFacts>,
    /// The effective environment: the service's `environment` over `env_file` over the image's `ENV`.
    pub env: IndexMap<String, Variable>,
    /// A missing `env_file`, which may set any variable.
    pub env_missing: Option<Spanned<String>>,
    /// Its memory limits, and what its program needs.
    pub memory: Memory,
    /// The effective limits of other resources.
    pub resources: Resources,
    /// The program that it starts, and when it is restarted.
    pub process: Process,
    /// Its healthcheck, and what one can use.
    pub health: Health,
    /// The heaps and caches of its programs.
    pub pools: Pools,
    /// The measured memory use of its containers, if measurements were given.
    pub measured: Option<Measured>,
    /// The traits that silence or soften rules about missing settings.
    pub role: Role,
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
    /// The heaps and caches of the container if the value had no quotes. Empty if `quotes` is.
    pub pools_without_quotes: Vec<MemoryPool>,
}

impl Variable {
    /// Creates a variable without quotes in its value.
    fn new(value: Fact<TracedText>, origin: Origin, name: Option<Span>) -> Self {
        Self { value, origin, name, quotes: None, pools_without_quotes: Vec::new() }
    }
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
    /// The image that is run or built on, by the lock file.
    #[serde(rename = "image")]
    LockedImage,
}

impl Origin {
    /// True if the image sets it, and no file of the service.
    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(self, Self::Image | Self::LockedImage)
    }
}
