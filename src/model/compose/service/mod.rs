//! One Compose service after merging: its keys as facts, short and long forms unified.

mod dependencies;
mod healthcheck;
mod logging;
mod mounts;
mod ports;
mod variables;

pub use self::dependencies::Dependency;
pub use self::healthcheck::{HealthcheckSection, Rejection, Suggestion};
pub use self::logging::Logging;
pub use self::mounts::{Mount, Tmpfs};
pub use self::ports::Ports;
pub use self::variables::EnvFile;

use std::path::{Path, PathBuf};

use self::dependencies::depends_on;
use self::logging::logging;
use self::mounts::{has_unknown_target, mounts, tmpfs};
use self::variables::env_files;
use super::convert::to_build;
use super::field::{Fields, integer};
use super::job::Element;
use super::memory::{Conflict, SizeKey, UnknownKey, conflicts, misspelled_limit, size_keys, unknown_keys};
use super::value::{Entry, Kind, TakenAway, Value};
use crate::hash::IndexMap;
use crate::model::fact::{Fact, Why};
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::size::ByteSize;

/// A key of a service.
#[derive(Clone, Debug)]
pub struct ServiceKey {
    /// Its name. Below `deploy` the path to it, as `deploy.resources.limits`.
    pub name: String,
    /// Span of the key.
    pub span: Span,
    /// Spans of the aliases, merge keys and extends that its value came through.
    pub via: Vec<Span>,
    /// A base file, an extended service or a merged mapping sets it too: that value would hold without this one.
    pub overrides: bool,
}

/// A service of the merged model, before its image and `env_file`s are resolved.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name. That of a step is the service's name and its place, `web pre_start[0]`.
    pub name: String,
    /// The element of its file that defines it: a service by default.
    pub element: Element,
    /// Span of the name. That of a step is its first key.
    pub key: Span,
    /// Spans of the includes and extends that it came through.
    pub via: Vec<Span>,
    /// `image`.
    pub image: Fact<TracedText>,
    /// `build`.
    pub build: Option<BuildSection>,
    /// `platform`.
    pub platform: Fact<String>,
    /// `container_name`.
    pub container_name: Fact<String>,
    /// `provider` is set: there is no container.
    pub provider: bool,
    /// Why a part of it could not be read, with the span: something that it extends, or a line that does not parse.
    pub incomplete: Option<Spanned<Why>>,
    /// `mem_limit`.
    pub mem_limit: Fact<ByteSize>,
    /// `memswap_limit`.
    pub memswap_limit: Fact<ByteSize>,
    /// `mem_reservation`.
    pub mem_reservation: Fact<ByteSize>,
    /// `shm_size`.
    pub shm_size: Fact<ByteSize>,
    /// Every size key that it sets.
    pub size_keys: Vec<SizeKey>,
    /// Settings for which it has two different values.
    pub conflicts: Vec<Conflict>,
    /// Misspelled resource keys.
    pub unknown_keys: Vec<UnknownKey>,
    /// The keys that `!reset` and `!override` take away: `mem_limit`, `deploy.resources`, `environment.JAVA_OPTS`. A value that is
    /// written there is taken away, too.
    pub taken_away: Vec<TakenAway>,
    /// `mem_swappiness`, 0 to 100.
    pub swappiness: Fact<i64>,
    /// `oom_kill_disable`.
    pub oom_kill_disable: Fact<bool>,
    /// `pids_limit`.
    pub pids_limit: Fact<i64>,
    /// `cpus`.
    pub cpus: Fact<f64>,
    /// `cpu_quota`, in microseconds.
    pub cpu_quota: Fact<i64>,
    /// `cpu_period`, in microseconds.
    pub cpu_period: Fact<i64>,
    /// `scale`.
    pub scale: Fact<i64>,
    /// `restart`.
    pub restart: Fact<String>,
    /// `init`.
    pub init: Fact<bool>,
    /// `stop_grace_period`, in nanoseconds.
    pub stop_grace_period: Fact<i64>,
    /// `deploy`.
    pub deploy: Deploy,
    /// `healthcheck`.
    pub healthcheck: Option<HealthcheckSection>,
    /// `entrypoint` as words.
    pub entrypoint: Fact<Vec<TracedText>>,
    /// `command` as words.
    pub command: Fact<Vec<TracedText>>,
    /// `entrypoint` and `command` with a [`crate::syntax::template::HOLE`] per variable without a value. None if every variable has
    /// one.
    pub partial: [Option<Vec<TracedText>>; 2],
    /// True for each of `entrypoint` and `command` that is a string, which Compose splits into words.
    pub split: [bool; 2],
    /// `environment`. A bare name takes its value from outside.
    pub environment: IndexMap<String, Fact<TracedText>>,
    /// Spans of the names in `environment`.
    pub environment_keys: IndexMap<String, Span>,
    /// `env_file`, in order.
    pub env_files: Vec<EnvFile>,
    /// `tmpfs` and `volumes` of type tmpfs.
    pub tmpfs: Vec<Tmpfs>,
    /// The mounts of `volumes`, `configs` and `secrets`.
    pub mounts: Vec<Mount>,
    /// `ports`, `expose` and labels of proxies.
    pub ports: Ports,
    /// The label for which another container restarts it while it is unhealthy, such as `autoheal`.
    pub restarted_by: Option<Spanned<String>>,
    /// `ipc`.
    pub ipc: Fact<String>,
    /// Rules and groups that `x-oomlint` suppresses for it.
    pub ignores: Vec<Spanned<String>>,
    /// The justification given in `x-oomlint`.
    pub ignore_reason: Option<String>,
    /// Its keys, in order.
    pub keys: Vec<ServiceKey>,
    /// `profiles`.
    pub profiles: Vec<Spanned<String>>,
    /// `depends_on`.
    pub depends_on: Vec<Dependency>,
    /// `logging`.
    pub logging: Fact<Logging>,
    /// `ulimits`: soft and hard.
    pub ulimits: IndexMap<String, Spanned<(i64, i64)>>,
    /// True if `ulimits` may have more: a name or a limit in it is not known.
    pub open_ulimits: bool,
    /// True if something may be mounted at a place that is not known.
    pub open_mounts: bool,
}

/// `build`.
#[derive(Clone, Debug)]
pub struct BuildSection {
    /// Span of the section.
    pub span: Span,
    /// `context`, relative to the project's directory; `.` when not set.
    pub context: Fact<TracedText>,
    /// `dockerfile`, relative to the context.
    pub dockerfile: Fact<TracedText>,
    /// `dockerfile_inline`.
    pub inline: Fact<TracedText>,
    /// `target`.
    pub target: Fact<TracedText>,
    /// `args`. A bare name takes its value from outside.
    pub args: IndexMap<String, Fact<TracedText>>,
}

impl BuildSection {
    /// Returns the paths that its Dockerfile may have, relative to the project's directory; none if they are not known.
    pub fn dockerfiles(&self) -> Vec<PathBuf> {
        if self.context.is_unknown() || self.dockerfile.is_unknown() || !self.inline.is_absent() {
            return Vec::new();
        }
        let context = Path::new(self.context.value().map_or(".", TracedText::as_str));
        let names = match self.dockerfile.value() {
            Some(name) => vec![name.as_str()],
            // BuildKit takes either (`frontend/dockerui/config.go`).
            None => vec!["Dockerfile", "dockerfile"],
        };
        names.into_iter().map(|name| context.join(name)).collect()
    }
}

/// `deploy`, reduced to resources, replicas and the restart policy.
#[derive(Clone, Debug)]
pub struct Deploy {
    /// `resources.limits.memory`.
    pub limit: Fact<ByteSize>,
    /// `resources.limits.cpus`.
    pub cpus: Fact<f64>,
    /// `resources.limits.pids`.
    pub pids: Fact<i64>,
    /// `resources.reservations.memory`.
    pub reservation: Fact<ByteSize>,
    /// `replicas`.
    pub replicas: Fact<i64>,
    /// The span of `restart_policy`, if set.
    pub restart_policy: Option<Span>,
    /// `restart_policy.condition`.
    pub condition: Fact<String>,
    /// `restart_policy.max_attempts`.
    pub max_attempts: Fact<i64>,
}

impl Service {
    /// True if it can run without a base file.
    #[must_use]
    pub fn runs_without_base(&self) -> bool {
        !self.image.is_absent() || self.build.is_some() || self.provider || self.incomplete.is_some()
    }

    /// True if the healthcheck's `test` is a YAML block sequence. Its span then starts after the first dash.
    #[must_use]
    pub fn has_block_test(&self) -> bool {
        self.healthcheck.as_ref().is_some_and(|section| section.block)
    }

    /// Returns the settings of an image that no service runs: `docker run` sets them, so they are unknown.
    #[must_use]
    pub fn unknown(name: String, anchor: Span) -> Self {
        fn unknown<T>(at: Span) -> Fact<T> {
            Fact::Unknown { at, why: Why::Other("set when the container is started") }
        }
        Self {
            name,
            element: Element::Service,
            key: anchor,
            via: Vec::new(),
            image: Fact::Absent { anchor },
            build: None,
            platform: unknown(anchor),
            container_name: Fact::Absent { anchor },
            provider: false,
            incomplete: None,
            mem_limit: unknown(anchor),
            memswap_limit: unknown(anchor),
            mem_reservation: unknown(anchor),
            shm_size: unknown(anchor),
            size_keys: Vec::new(),
            conflicts: Vec::new(),
            unknown_keys: Vec::new(),
            taken_away: Vec::new(),
            swappiness: unknown(anchor),
            oom_kill_disable: unknown(anchor),
            pids_limit: unknown(anchor),
            cpus: unknown(anchor),
            cpu_quota: unknown(anchor),
            cpu_period: unknown(anchor),
            scale: unknown(anchor),
            restart: unknown(anchor),
            init: unknown(anchor),
            stop_grace_period: unknown(anchor),
            deploy: Deploy {
                limit: unknown(anchor),
                cpus: unknown(anchor),
                pids: unknown(anchor),
                reservation: unknown(anchor),
                replicas: unknown(anchor),
                restart_policy: None,
                condition: unknown(anchor),
                max_attempts: unknown(anchor),
            },
            healthcheck: None,
            entrypoint: Fact::Absent { anchor },
            command: Fact::Absent { anchor },
            partial: [None, None],
            split: [false; 2],
            environment: IndexMap::default(),
            environment_keys: IndexMap::default(),
            env_files: Vec::new(),
            tmpfs: Vec::new(),
            mounts: Vec::new(),
            ports: Ports::default(),
            restarted_by: None,
            ipc: unknown(anchor),
            ignores: Vec::new(),
            ignore_reason: None,
            keys: Vec::new(),
            profiles: Vec::new(),
            depends_on: Vec::new(),
            logging: unknown(anchor),
            ulimits: IndexMap::default(),
            open_ulimits: true,
            open_mounts: true,
        }
    }

    /// Reads a merged service.
    pub(super) fn read(name: &str, entry: &Entry) -> Self {
        let fields = Fields { value: &entry.value, anchor: entry.key };
        let environment = fields.get(&["environment"]).map(variables::pairs).unwrap_or_default();
        let unknown_keys = unknown_keys(fields);
        let mem_limit = match (fields.size(&["mem_limit"]), misspelled_limit(&unknown_keys)) {
            // It was meant to have one, and Compose refuses the file until the key is corrected.
            (Fact::Absent { .. }, Some(meant)) => {
                Fact::Unknown { at: meant.key.span, why: Why::Malformed(meant.key.value.clone()) }
            }
            (limit, _) => limit,
        };
        Self {
            name: name.to_owned(),
            element: Element::Service,
            key: entry.key,
            via: entry.value.via.clone(),
            image: fields.text(&["image"]),
            build: fields.get(&["build"]).map(build),
            platform: fields.string(&["platform"]),
            container_name: fields.string(&["container_name"]),
            provider: fields.get(&["provider"]).is_some(),
            incomplete: entry
                .value
                .missing
                .as_ref()
                .map(|missing| Spanned::new(missing.why.clone(), missing.at)),
            mem_limit,
            memswap_limit: fields.size(&["memswap_limit"]),
            mem_reservation: fields.size(&["mem_reservation"]),
            shm_size: fields.size(&["shm_size"]),
            size_keys: size_keys(fields),
            conflicts: conflicts(fields),
            unknown_keys,
            taken_away: taken_away(&entry.value),
            swappiness: fields.size(&["mem_swappiness"]).map(|size| size.0),
            oom_kill_disable: fields.boolean(&["oom_kill_disable"]),
            pids_limit: fields.integer(&["pids_limit"]),
            cpus: fields.float(&["cpus"]),
            cpu_quota: fields.integer(&["cpu_quota"]),
            cpu_period: fields.integer(&["cpu_period"]),
            scale: fields.integer(&["scale"]),
            restart: fields.string(&["restart"]),
            init: fields.boolean(&["init"]),
            stop_grace_period: fields.duration(&["stop_grace_period"]),
            deploy: deploy(fields),
            healthcheck: fields.get(&["healthcheck"]).map(healthcheck::read),
            entrypoint: fields.words(&["entrypoint"]),
            command: fields.words(&["command"]),
            partial: [fields.partial_words(&["entrypoint"]), fields.partial_words(&["command"])],
            split: ["entrypoint", "command"].map(|key| fields.is_string(&[key])),
            environment: variables::values(&environment),
            environment_keys: variables::places(&environment),
            env_files: env_files(fields),
            tmpfs: tmpfs(fields),
            mounts: mounts(fields),
            ports: ports::read(fields),
            restarted_by: fields.get(&["labels"]).and_then(restarted_by),
            ipc: fields.string(&["ipc"]),
            ignores: ignores(fields),
            ignore_reason: fields.string(&["x-oomlint", "reason"]).value().cloned(),
            keys: keys(fields.value),
            profiles: profiles(fields),
            depends_on: depends_on(fields),
            logging: logging(fields),
            ulimits: ulimits(fields),
            open_ulimits: fields.get(&["ulimits"]).is_some_and(has_unknown),
            open_mounts: has_unknown_target(fields),
        }
    }
}

/// Takes an empty text as not set, as Compose does.
fn non_empty(text: Fact<TracedText>) -> Fact<TracedText> {
    match text {
        Fact::Known(text) if text.value.as_str().is_empty() => Fact::Absent { anchor: text.span },
        other => other,
    }
}

fn build(value: &Value) -> BuildSection {
    let mut value = value.clone();
    to_build(&mut value);
    let fields = Fields { value: &value, anchor: value.span };
    BuildSection {
        span: value.span,
        context: non_empty(fields.text(&["context"])),
        dockerfile: non_empty(fields.text(&["dockerfile"])),
        inline: non_empty(fields.text(&["dockerfile_inline"])),
        target: non_empty(fields.text(&["target"])),
        args: fields
            .get(&["args"])
            .map(|args| variables::values(&variables::pairs(args)))
            .unwrap_or_default(),
    }
}

fn deploy(fields: Fields<'_>) -> Deploy {
    Deploy {
        limit: fields.size(&["deploy", "resources", "limits", "memory"]),
        cpus: fields.float(&["deploy", "resources", "limits", "cpus"]),
        pids: fields.integer(&["deploy", "resources", "limits", "pids"]),
        reservation: fields.size(&["deploy", "resources", "reservations", "memory"]),
        replicas: fields.integer(&["deploy", "replicas"]),
        max_attempts: fields.integer(&["deploy", "restart_policy", "max_attempts"]),
        restart_policy: fields.get(&["deploy", "restart_policy"]).map(|policy| policy.span),
        condition: fields.string(&["deploy", "restart_policy", "condition"]),
    }
}

pub(super) fn items(value: &Value) -> Vec<&Value> {
    match &value.kind {
        Kind::Seq(items) => items.iter().collect(),
        Kind::Null => Vec::new(),
        _ => vec![value],
    }
}

/// Reads `x-oomlint: {ignore: [missing-memory-limit], reason: …}`.
fn ignores(fields: Fields<'_>) -> Vec<Spanned<String>> {
    let names = fields.get(&["x-oomlint", "ignore"]).map(items).unwrap_or_default();
    let names = names.into_iter().filter_map(|item| {
        let name = item.as_scalar()?.text.as_str().to_owned();
        Some(Spanned::with_provenance(name, item.span, item.via.clone()))
    });
    names.collect()
}

/// Returns the keys of a service, and those below its `deploy` as `deploy.resources.limits`.
fn keys(value: &Value) -> Vec<ServiceKey> {
    fn below(value: &Value, prefix: &str, depth: usize, found: &mut Vec<ServiceKey>) {
        for (name, entry) in value.as_map().into_iter().flatten() {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            found.push(ServiceKey {
                name: path.clone(),
                span: entry.key,
                via: entry.value.via.clone(),
                overrides: entry.overrides,
            });
            if depth > 0 && path.starts_with("deploy") {
                below(&entry.value, &path, depth - 1, found);
            }
        }
    }
    let mut found = Vec::new();
    below(value, "", 3, &mut found);
    found
}

fn profiles(fields: Fields<'_>) -> Vec<Spanned<String>> {
    let Some(value) = fields.get(&["profiles"]) else { return Vec::new() };
    let names = items(value).into_iter().filter_map(|item| {
        let name = item.as_scalar()?.text.as_str().to_owned();
        Some(Spanned::with_provenance(name, item.span, item.via.clone()))
    });
    names.collect()
}

/// Reads `nofile: 1024` or `{soft: 1024, hard: 2048}`.
fn ulimits(fields: Fields<'_>) -> IndexMap<String, Spanned<(i64, i64)>> {
    let Some(map) = fields.get(&["ulimits"]).and_then(Value::as_map) else { return IndexMap::default() };
    let limits = map.iter().filter_map(|(name, entry)| {
        let section = Fields { value: &entry.value, anchor: entry.key };
        let both = match &entry.value.kind {
            Kind::Scalar(scalar) => integer(scalar).map(|limit| (limit, limit)),
            _ => Some((*section.integer(&["soft"]).value()?, *section.integer(&["hard"]).value()?)),
        };
        let limit = Spanned::with_provenance(both?, entry.value.span, entry.value.via.clone());
        Some((name.clone(), limit))
    });
    limits.collect()
}

/// True if a value has a variable without a value in it.
fn has_unknown(value: &Value) -> bool {
    match &value.kind {
        Kind::Map(map) => map.values().any(|entry| has_unknown(&entry.value)),
        Kind::Scalar(scalar) => scalar.unset.is_some(),
        _ => false,
    }
}

/// Labels of containers that another one restarts while they are unhealthy (willfarrell/docker-autoheal `docker-entrypoint`,
/// qdm12/deunhealth).
const RESTARTED: [&str; 2] = ["autoheal", "deunhealth.restart.on.unhealthy"];

/// Returns the label `autoheal: "true"` or one like it.
fn restarted_by(labels: &Value) -> Option<Spanned<String>> {
    variables::pairs(labels).iter().find_map(|(name, entry)| {
        let scalar = entry.value.as_scalar().filter(|scalar| scalar.text.as_str() == "true")?;
        RESTARTED.contains(&name.as_str()).then(|| Spanned::new(name.as_str().to_owned(), scalar.text.span()))
    })
}

/// Returns the keys that `!reset` and `!override` take away, of the service and of what decides on its memory below it.
fn taken_away(service: &Value) -> Vec<TakenAway> {
    const BELOW: [&[&str]; 6] = [
        &[],
        &["deploy"],
        &["deploy", "resources"],
        &["deploy", "resources", "limits"],
        &["deploy", "resources", "reservations"],
        &["environment"],
    ];
    let values = BELOW.iter().filter_map(|path| Some((path.join("."), service.at(path)?)));
    let keys =
        values.flat_map(|(path, value)| value.taken_away.iter().map(move |taken| (path.clone(), taken)));
    keys.map(|(path, TakenAway { key, by })| {
        let key = format!("{path}.{key}").trim_matches('.').to_owned();
        TakenAway { key, by: *by }
    })
    .collect()
}

#[cfg(test)]
mod tests;
