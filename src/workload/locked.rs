//! Knowledge about images and its source; facts about an image from the lock file.

use super::start::ExecEntrypoint;
use super::{Fact, Healthcheck, ImageFacts, Origin, Project, RuntimeName, Service, Variable, Why, Workload};
use crate::catalog::{Catalog, MemoryPart, PartKind, in_versions};
use crate::hash::HashSet;
use crate::lock::{Lock, Locked, LockedHealthcheck, runtime_version};
use crate::model::ImageReference;
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::duration;
use crate::syntax::shell::base_name;
use crate::syntax::size::{ByteSize, MIB};

/// Who knows an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Knowledge {
    /// A Dockerfile of this repository, which builds it.
    Dockerfile,
    /// `.oomlint-images.json`.
    Lock,
    /// A row of the configuration.
    Configuration,
    /// A row of the built-in catalogue.
    Catalogue,
    /// Nobody.
    #[default]
    Nothing,
}

impl Knowledge {
    /// Returns who knows an image that is neither built here nor locked.
    pub(super) fn of(reference: &ImageReference, catalog: &Catalog) -> Self {
        match catalog.image(reference) {
            Some(row) if catalog.is_own(row) => Self::Configuration,
            Some(_) => Self::Catalogue,
            None if catalog.probes(reference).is_some() || catalog.is_official(reference) => Self::Catalogue,
            None => Self::Nothing,
        }
    }
}

/// An image, with what is known of it before a service changes it.
#[derive(Clone, Debug)]
pub struct KnownImage {
    /// Who knows it.
    pub knowledge: Knowledge,
    /// Its entrypoint.
    pub entrypoint: Fact<Vec<TracedText>>,
    /// Its command.
    pub command: Fact<Vec<TracedText>>,
    /// Its healthcheck.
    pub healthcheck: Fact<Healthcheck>,
    /// Its runtime, and the major version of that.
    pub runtime: Option<(RuntimeName, Option<u32>)>,
    /// The memory that its program takes by default: lower case, no full stop.
    pub memory: Vec<String>,
    /// The least memory that it needs.
    pub minimum: Option<ByteSize>,
    /// Why it is no longer maintained, if it is not.
    pub unsupported: Option<String>,
}

impl KnownImage {
    /// Looks an image up, by the reference that is written in a file.
    #[must_use]
    pub fn of(reference: &TracedText, catalog: &Catalog, lock: Option<&Lock>) -> Self {
        let image = Fact::Known(Spanned::new(reference.clone(), reference.span()));
        let facts = ImageFacts::of_reference(&image, reference.span(), (catalog, lock));
        let parsed = ImageReference::parse(reference.as_str());
        let row = parsed.as_ref().and_then(|parsed| catalog.image(parsed));
        let tag = parsed.as_ref().and_then(ImageReference::effective_tag).unwrap_or_default();
        let parts = row.into_iter().flat_map(|row| &row.memory);
        let parts = parts.filter(|part| in_versions(tag, part.since.as_deref(), part.before.as_deref()));
        Self::with_parts(&facts, parts.filter_map(by_default).collect())
    }

    /// Returns what is known of the image that a workload builds.
    #[must_use]
    pub fn built(workload: &Workload) -> Self {
        let known = Self::with_parts(&workload.image, Vec::new());
        Self { knowledge: Knowledge::Dockerfile, ..known }
    }

    fn with_parts(facts: &ImageFacts, mut memory: Vec<String>) -> Self {
        let heap = facts.heap_when_unset.as_ref();
        memory
            .extend(heap.map(|heap| format!("a heap of {}, unless `{}` is set", heap.size(), heap.variable)));
        memory.extend(facts.sizes_itself.as_ref().map(|own| own.what.clone()));
        memory.extend(facts.ignores_limit.as_ref().map(|own| own.why.clone()));
        let mebibytes = |mib: i64| ByteSize(mib.saturating_mul(MIB));
        Self {
            knowledge: facts.knowledge,
            entrypoint: facts.entrypoint.clone(),
            command: facts.command.clone(),
            healthcheck: facts.healthcheck.clone(),
            runtime: facts.runtime.map(|runtime| (runtime, facts.major)),
            memory,
            minimum: facts.minimum.as_ref().map(|least| mebibytes(least.mib)),
            unsupported: facts.unsupported.as_ref().map(|end| match (&end.why, &end.replacement) {
                (Some(why), Some(instead)) => format!("{why}; use `{instead}`"),
                (Some(why), None) => why.clone(),
                (None, Some(instead)) => format!("no longer updated; use `{instead}`"),
                (None, None) => "this version is no longer updated".to_owned(),
            }),
        }
    }
}

/// Returns what a part of a program's memory takes if nothing sets it.
fn by_default(part: &MemoryPart) -> Option<String> {
    let default = part.default.as_ref()?;
    let name = match part.kind {
        PartKind::All => "all of it",
        _ => part.part.as_str(),
    };
    let size = |mib: i64| ByteSize(mib.saturating_mul(MIB));
    match (default.mib, default.percent) {
        (Some(mib), _) => Some(format!("{name}: {}", size(mib))),
        (None, Some(percent)) => {
            let most = default.most_mib.map(|most| format!(", at most {}", size(most))).unwrap_or_default();
            Some(format!("{name}: {percent} % of the memory it sees{most}"))
        }
        (None, None) => None,
    }
}

impl Project {
    /// Returns the references of images that its services run and nobody knows, as they are written in the files, each once: what they
    /// start, which heaps that has and whether they have a healthcheck is not known.
    #[must_use]
    pub fn unknown_images(&self) -> Vec<&str> {
        let mut seen = HashSet::default();
        let unknown = self.workloads.iter().filter(|workload| workload.runs_unknown_image());
        let names = unknown.filter_map(|workload| Some(workload.service.image.value()?.as_str()));
        // Longer ones are no names of images.
        let names = names.filter(|name| name.len() <= 512 && ImageReference::parse(name).is_some());
        names.filter(|name| seen.insert(*name)).collect()
    }
}

impl Workload {
    /// True if it runs an image that nobody knows: no row, no lock file, no Dockerfile that could be read. Its own keys may still
    /// say all there is to know.
    fn runs_unknown_image(&self) -> bool {
        let open = self.health.check.is_unknown() || self.process.start.is_unknown();
        self.role.runs() && open && self.dockerfile().is_none() && self.image.knowledge == Knowledge::Nothing
    }
}

impl ImageFacts {
    /// Replaces what the lock file says about the image. The catalogue still tells what its start script does.
    pub(super) fn apply_lock(&mut self, locked: &Locked<'_>, at: Span) {
        let entry = locked.entry();
        let words = |way: &str, words: &[String]| Spanned::new(locked.words(way, words), locked.span(way));
        let (entrypoint, command) =
            (words("entrypoint", &entry.entrypoint), words("command", &entry.command));
        self.keep_script(&entrypoint.value);
        if self.servers.is_empty() {
            let program = match entrypoint.value.is_empty() {
                true => command.value.first(),
                false => entrypoint.value.iter().rfind(|word| !word.as_str().starts_with('-')),
            };
            self.servers.extend(program.map(|word| word.as_str().to_owned()));
        }
        self.shipped = entrypoint.value.iter().chain(&command.value).cloned().collect();
        self.entrypoint = Fact::Known(entrypoint);
        self.command = Fact::Known(command);
        self.healthcheck = match &entry.healthcheck {
            None => Fact::Absent { anchor: at },
            Some(health) => {
                Fact::Known(Spanned::new(healthcheck(health, locked), locked.span("healthcheck")))
            }
        };
        self.locked_env = environment(locked);
        self.locked_ports = Some(tcp_ports(&entry.ports));
        self.is_server |= self.locked_ports.as_ref().is_some_and(|ports| !ports.is_empty());
        self.env_known = true;
        self.knowledge = Knowledge::Lock;
        let variables = entry.environment.iter();
        self.take_version(variables.filter_map(|(name, value)| runtime_version(name, value.as_ref()?)));
    }

    /// Leaves to an inspected container what its image would bring: its settings are in those of the container.
    pub(super) fn take_container(&mut self, service: &Service) {
        if let Fact::Known(entrypoint) = &service.entrypoint {
            self.keep_script(&entrypoint.value);
        }
        self.healthcheck = Fact::Absent { anchor: service.key };
        self.locked_env = Vec::new();
        self.env_known |= service.env_files.is_empty();
        let variables = service.environment.iter();
        let versions = variables.filter_map(|(name, value)| runtime_version(name, value.value()?.as_str()));
        self.take_version(versions);
    }

    /// Keeps the facts of the start script if the image starts the one that the row knows.
    fn keep_script(&mut self, entrypoint: &[TracedText]) {
        fn script<'w>(mut words: impl DoubleEndedIterator<Item = &'w str>) -> Option<&'w str> {
            words.rfind(|word| !word.starts_with('-')).map(base_name)
        }
        let known = self.entrypoint.value().map(|words| script(words.iter().map(TracedText::as_str)));
        let own = script(entrypoint.iter().map(TracedText::as_str));
        if known.is_some_and(|known| known != own) {
            self.drop_script_facts();
            self.handover = None;
            self.servers = Vec::new();
        }
        if let Some(ExecEntrypoint { entrypoint, .. }) = &self.handover
            && Some(entrypoint.as_str()) != own
        {
            self.handover = None;
        }
    }

    /// Takes the runtime and its version from the variables of official images, unless they name several runtimes.
    fn take_version(&mut self, versions: impl Iterator<Item = (RuntimeName, Vec<u32>)>) {
        let mut found: Option<(RuntimeName, Vec<u32>)> = None;
        for (runtime, numbers) in versions {
            match &found {
                Some((other, _)) if *other != runtime => return,
                Some(_) => {}
                None => found = Some((runtime, numbers)),
            }
        }
        let Some((runtime, numbers)) = found else { return };
        if self.runtime.is_some_and(|own| own != runtime) {
            return;
        }
        self.runtime = Some(runtime);
        self.major = numbers.first().copied().or(self.major);
        if let [major, 0, patch, ..] | [major @ 8, patch] = numbers.as_slice() {
            self.patch = Some((*major, *patch));
        }
    }
}

fn healthcheck(health: &LockedHealthcheck, locked: &Locked<'_>) -> Healthcheck {
    if health.test.first().is_some_and(|word| word == "NONE") {
        return Healthcheck::Disabled;
    }
    let anchor = locked.span("healthcheck");
    let time = |name: &str, time: &Option<String>| {
        let way = format!("healthcheck/{name}");
        match time.as_deref().and_then(|time| duration::parse(time).ok()) {
            Some(time) => Fact::Known(Spanned::new(time, locked.span(&way))),
            None => Fact::Absent { anchor },
        }
    };
    Healthcheck::Probe {
        test: Some(locked.words("healthcheck/test", &health.test)),
        interval: time("interval", &health.interval),
        timeout: time("timeout", &health.timeout),
        start_period: time("start_period", &health.start_period),
        start_interval: time("start_interval", &health.start_interval),
        retries: match health.retries {
            Some(retries) => Fact::Known(Spanned::new(retries, locked.span("healthcheck/retries"))),
            None => Fact::Absent { anchor },
        },
    }
}

fn environment(locked: &Locked<'_>) -> Vec<(String, Variable)> {
    let variables = locked.entry().environment.iter().map(|(name, value)| {
        let way = format!("environment/{name}");
        let value = match value {
            Some(value) => {
                let text = locked.text(&way, value);
                Fact::Known(Spanned::new(text, locked.span(&way)))
            }
            None => Fact::Unknown { at: locked.span(&way), why: Why::Other("its value is not kept") },
        };
        (name.clone(), Variable::new(value, Origin::LockedImage, None))
    });
    variables.collect()
}

/// Returns the TCP ports of `8080/tcp`, `53/udp`, `9000`.
fn tcp_ports(ports: &[String]) -> Vec<u16> {
    let tcp = ports.iter().filter_map(|port| {
        let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        number.parse().ok().filter(|_| protocol.eq_ignore_ascii_case("tcp"))
    });
    tcp.collect()
}
