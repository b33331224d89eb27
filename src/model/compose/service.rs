//! One Compose service after everything is merged: its keys as facts, short and long forms made one.

use indexmap::IndexMap;

use super::field::{Fields, read_scalar, text_of};
use super::memory::{Conflict, SizeKey, UnknownKey, conflicts, size_keys, unknown_keys};
use super::merge::{to_build, to_depends_on, to_key_values};
use super::value::{Entry, Kind, Value};
use crate::model::fact::{Fact, Why};
use crate::model::size::ByteSize;
use crate::source::{Span, Spanned, Text};
use crate::syntax::{duration, yaml};

/// A service of the merged model, before its image and `env_file`s are looked at.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub key: Span,
    /// The sites that brought it here: include, extends.
    pub via: Vec<Span>,
    /// `image`.
    pub image: Fact<Text>,
    /// `build`.
    pub build: Option<BuildSection>,
    /// `provider` is set: no container.
    pub provider: bool,
    /// Something that it extends could not be read: what it is called, and where it is named.
    pub incomplete: Option<Spanned<String>>,
    /// `mem_limit`.
    pub mem_limit: Fact<ByteSize>,
    /// `memswap_limit`.
    pub memswap_limit: Fact<ByteSize>,
    /// `mem_reservation`.
    pub mem_reservation: Fact<ByteSize>,
    /// `shm_size`.
    pub shm_size: Fact<ByteSize>,
    /// Every size that it sets, as written.
    pub size_keys: Vec<SizeKey>,
    /// What it says twice and differently.
    pub conflicts: Vec<Conflict>,
    /// Keys that look like memory keys and are none.
    pub unknown_keys: Vec<UnknownKey>,
    /// `mem_swappiness`, 0 to 100.
    pub swappiness: Fact<i64>,
    /// `oom_kill_disable`.
    pub oom_kill_disable: Fact<bool>,
    /// `pids_limit`.
    pub pids_limit: Fact<i64>,
    /// `cpus`.
    pub cpus: Fact<f64>,
    /// `scale`.
    pub scale: Fact<i64>,
    /// `restart`.
    pub restart: Fact<String>,
    /// `init`.
    pub init: Fact<bool>,
    /// `deploy`.
    pub deploy: Deploy,
    /// `healthcheck`.
    pub healthcheck: Option<HealthcheckSection>,
    /// `entrypoint` as words.
    pub entrypoint: Fact<Vec<Text>>,
    /// `command` as words.
    pub command: Fact<Vec<Text>>,
    /// `entrypoint` and `command` where a variable in them has no value, with [`super::interpolate::HOLE`]s.
    pub partial: [Option<Vec<Text>>; 2],
    /// `environment`; a name without a value comes from outside.
    pub environment: IndexMap<String, Fact<Text>>,
    /// Where the names of `environment` stand.
    pub environment_keys: IndexMap<String, Span>,
    /// `env_file`, in order.
    pub env_files: Vec<EnvFile>,
    /// `tmpfs` and `volumes` of type tmpfs.
    pub tmpfs: Vec<Tmpfs>,
    /// What `volumes`, `configs` and `secrets` bring in.
    pub mounts: Vec<Mount>,
    /// `ipc`.
    pub ipc: Fact<String>,
    /// `x-oomlint`: rules that are not to speak of it, and why.
    pub ignores: (Vec<Spanned<String>>, Option<String>),
    /// The keys that it sets, in order.
    pub keys: Vec<Spanned<String>>,
    /// `profiles`.
    pub profiles: Vec<Spanned<String>>,
    /// `depends_on`.
    pub depends_on: Vec<Dependency>,
    /// `logging`.
    pub logging: Fact<Logging>,
    /// `ulimits`: soft and hard.
    pub ulimits: IndexMap<String, Spanned<(i64, i64)>>,
}

/// `build`.
#[derive(Clone, Debug)]
pub struct BuildSection {
    /// Where it is written.
    pub span: Span,
    /// `context`, relative to the project's directory; `.` when not set.
    pub context: Fact<Text>,
    /// `dockerfile`, relative to the context.
    pub dockerfile: Fact<Text>,
    /// `dockerfile_inline`.
    pub inline: Fact<Text>,
    /// `target`.
    pub target: Fact<Text>,
    /// `args`; a name without a value comes from outside.
    pub args: IndexMap<String, Fact<Text>>,
}

/// `deploy`, as far as it is about memory.
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
    /// `restart_policy` is there, and its `condition`.
    pub restart_policy: Option<(Span, Fact<String>)>,
    /// `restart_policy.max_attempts`.
    pub max_attempts: Fact<i64>,
}

/// `healthcheck`.
#[derive(Clone, Debug)]
pub struct HealthcheckSection {
    /// Where it is written.
    pub span: Span,
    /// The sites that brought it here.
    pub via: Vec<Span>,
    /// `disable`.
    pub disable: Fact<bool>,
    /// `test` as Compose hands it on: a string becomes `CMD-SHELL` and that string.
    pub test: Fact<Vec<Text>>,
    /// `interval`, nanoseconds.
    pub interval: Fact<i64>,
    /// `timeout`, nanoseconds.
    pub timeout: Fact<i64>,
    /// `start_period`, nanoseconds.
    pub start_period: Fact<i64>,
    /// `start_interval`, nanoseconds.
    pub start_interval: Fact<i64>,
    /// `retries`.
    pub retries: Fact<i64>,
    /// What Compose or the engine refuses in it: the place, and their words.
    pub refusals: Vec<(Span, String)>,
}

/// One `env_file`.
#[derive(Clone, Debug)]
pub struct EnvFile {
    /// Its path, relative to the project's directory.
    pub path: Fact<Text>,
    /// False with `required: false`.
    pub required: bool,
    /// `format: raw`: no quotes, no variables.
    pub raw: bool,
}

/// A tmpfs mount.
#[derive(Clone, Debug)]
pub struct Tmpfs {
    /// Where it is mounted.
    pub target: Text,
    /// Its size; Absent means half of the host's RAM.
    pub size: Fact<ByteSize>,
    /// The size is a mount option, which the kernel reads and not Compose.
    pub option: bool,
}

/// A file or directory of another place that is seen in the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is written.
    pub span: Span,
    /// Where it comes from: a path, or the name of a volume.
    pub source: String,
    /// Where it is seen.
    pub target: String,
}

/// One entry of `depends_on`.
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

impl Service {
    /// True when it can run without another file below it.
    #[must_use]
    pub fn stands_alone(&self) -> bool {
        !self.image.is_absent() || self.build.is_some() || self.provider || self.incomplete.is_some()
    }

    /// Reads a merged service.
    pub(super) fn read(name: &str, entry: &Entry) -> Self {
        let fields = Fields { value: &entry.value, anchor: entry.key };
        Self {
            name: name.to_owned(),
            key: entry.key,
            via: entry.value.via.clone(),
            image: fields.text(&["image"]),
            build: fields.get(&["build"]).map(build),
            provider: fields.get(&["provider"]).is_some(),
            incomplete: entry
                .value
                .missing
                .as_ref()
                .map(|missing| Spanned::new(missing.name.clone(), missing.at)),
            mem_limit: fields.size(&["mem_limit"]),
            memswap_limit: fields.size(&["memswap_limit"]),
            mem_reservation: fields.size(&["mem_reservation"]),
            shm_size: fields.size(&["shm_size"]),
            size_keys: size_keys(fields),
            conflicts: conflicts(fields),
            unknown_keys: unknown_keys(fields),
            swappiness: fields.integer(&["mem_swappiness"]),
            oom_kill_disable: fields.boolean(&["oom_kill_disable"]),
            pids_limit: fields.integer(&["pids_limit"]),
            cpus: fields.float(&["cpus"]),
            scale: fields.integer(&["scale"]),
            restart: fields.string(&["restart"]),
            init: fields.boolean(&["init"]),
            deploy: deploy(fields),
            healthcheck: fields.get(&["healthcheck"]).map(healthcheck),
            entrypoint: fields.words(&["entrypoint"]),
            command: fields.words(&["command"]),
            partial: [fields.partial_words(&["entrypoint"]), fields.partial_words(&["command"])],
            environment: fields.get(&["environment"]).map(key_values).unwrap_or_default(),
            environment_keys: fields.get(&["environment"]).map(key_places).unwrap_or_default(),
            env_files: env_files(fields),
            tmpfs: tmpfs(fields),
            mounts: mounts(fields),
            ipc: fields.string(&["ipc"]),
            ignores: ignores(fields),
            keys: keys(fields.value),
            profiles: profiles(fields),
            depends_on: depends_on(fields),
            logging: logging(fields),
            ulimits: ulimits(fields),
        }
    }
}

fn build(value: &Value) -> BuildSection {
    let mut value = value.clone();
    to_build(&mut value);
    let fields = Fields { value: &value, anchor: value.span };
    BuildSection {
        span: value.span,
        context: fields.text(&["context"]),
        dockerfile: fields.text(&["dockerfile"]),
        inline: fields.text(&["dockerfile_inline"]),
        target: fields.text(&["target"]),
        args: fields.get(&["args"]).map(key_values).unwrap_or_default(),
    }
}

fn deploy(fields: Fields<'_>) -> Deploy {
    let policy = fields.get(&["deploy", "restart_policy"]);
    Deploy {
        limit: fields.size(&["deploy", "resources", "limits", "memory"]),
        cpus: fields.float(&["deploy", "resources", "limits", "cpus"]),
        pids: fields.integer(&["deploy", "resources", "limits", "pids"]),
        reservation: fields.size(&["deploy", "resources", "reservations", "memory"]),
        replicas: fields.integer(&["deploy", "replicas"]),
        max_attempts: fields.integer(&["deploy", "restart_policy", "max_attempts"]),
        restart_policy: policy
            .map(|policy| (policy.span, fields.string(&["deploy", "restart_policy", "condition"]))),
    }
}

fn healthcheck(value: &Value) -> HealthcheckSection {
    let fields = Fields { value, anchor: value.span };
    let test = match fields.get(&["test"]) {
        Some(test) if test.as_scalar().is_some() => {
            fields.text(&["test"]).map(|text| vec![Text::derived("CMD-SHELL", text.span()), text])
        }
        _ => fields.words(&["test"]),
    };
    HealthcheckSection {
        span: value.span,
        via: value.via.clone(),
        disable: fields.boolean(&["disable"]),
        test,
        interval: fields.duration(&["interval"]),
        timeout: fields.duration(&["timeout"]),
        start_period: fields.duration(&["start_period"]),
        start_interval: fields.duration(&["start_interval"]),
        retries: fields.integer(&["retries"]),
        refusals: refusals(fields),
    }
}

/// What Compose refuses when it loads the file, and what the engine refuses of the rest.
fn refusals(fields: Fields<'_>) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    if let Some(Kind::Seq(items)) = fields.get(&["test"]).map(|test| &test.kind)
        && let Some(first) = items.first()
        && let Some(word) = first.as_scalar().filter(|scalar| scalar.unset.is_none())
        && !["CMD", "CMD-SHELL", "NONE"].contains(&word.text.as_str())
    {
        let message = "healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"";
        found.push((first.span, message.to_owned()));
    }
    for key in ["interval", "timeout", "start_period", "start_interval"] {
        let Some(value) = fields.get(&[key]) else { continue };
        let Some(scalar) = value.as_scalar().filter(|scalar| scalar.unset.is_none()) else { continue };
        if !matches!(scalar.typed, yaml::Value::Str) {
            found.push((value.span, format!("healthcheck.{key} must be a string")));
        } else {
            match duration::parse(scalar.text.as_str()) {
                Err(message) => found.push((value.span, format!("healthcheck.{key}: {message}"))),
                // moby `daemon/container.go`, `validateHealthCheck`; 0 is the default.
                Ok(1..1_000_000) => {
                    found.push((value.span, format!("{key} in Healthcheck cannot be less than 1ms")));
                }
                Ok(_) => {}
            }
        }
    }
    if let Some(entry) = fields.entry(&["start_interval"])
        && fields.entry(&["start_period"]).is_none()
        && fields.value.missing.is_none()
    {
        found.push((
            entry.key,
            "healthcheck.start_interval requires healthcheck.start_period to be set".to_owned(),
        ));
    }
    found
}

/// `environment` and `args`, list or mapping. A name alone is Unknown: its value comes from where Compose runs.
fn key_values(value: &Value) -> IndexMap<String, Fact<Text>> {
    let mut value = value.clone();
    to_key_values(&mut value);
    let Kind::Map(map) = value.kind else { return IndexMap::new() };
    map.into_iter()
        .map(|(name, entry)| {
            let fact = match entry.value.kind {
                Kind::Null => Fact::Unknown { at: entry.key, why: Why::Variable(name.clone()) },
                _ => read_scalar(&entry.value, |scalar| Some(text_of(scalar))),
            };
            (name, fact)
        })
        .collect()
}

fn key_places(value: &Value) -> IndexMap<String, Span> {
    let mut value = value.clone();
    to_key_values(&mut value);
    let Kind::Map(map) = value.kind else { return IndexMap::new() };
    map.into_iter().map(|(name, entry)| (name, entry.key)).collect()
}

fn items(value: &Value) -> Vec<&Value> {
    match &value.kind {
        Kind::Seq(items) => items.iter().collect(),
        Kind::Null => Vec::new(),
        _ => vec![value],
    }
}

fn env_files(fields: Fields<'_>) -> Vec<EnvFile> {
    let Some(value) = fields.get(&["env_file"]) else { return Vec::new() };
    items(value)
        .into_iter()
        .map(|item| {
            let long = Fields { value: item, anchor: item.span };
            let path = match item.kind {
                Kind::Map(_) => long.text(&["path"]),
                _ => read_scalar(item, |scalar| Some(scalar.text.clone())),
            };
            EnvFile {
                path,
                required: long.boolean(&["required"]).value() != Some(&false),
                raw: long.string(&["format"]).value().is_some_and(|format| format == "raw"),
            }
        })
        .collect()
}

/// `tmpfs: /run:size=64m` (moby reads the options as mount(8) does) and `volumes` of type tmpfs.
fn tmpfs(fields: Fields<'_>) -> Vec<Tmpfs> {
    let mut mounts = Vec::new();
    for item in fields.get(&["tmpfs"]).map(items).unwrap_or_default() {
        let Some(scalar) = item.as_scalar() else { continue };
        let text = scalar.text.as_str();
        let end = text.find(':').unwrap_or(text.len());
        let mut size = match &scalar.unset {
            Some(unset) => Fact::Unknown { at: unset.at, why: Why::Variable(unset.name.clone()) },
            None => Fact::Absent { anchor: item.span },
        };
        let mut at = end + 1;
        for option in text.get(at..).unwrap_or_default().split(',') {
            if let Some(value) = option.strip_prefix("size=") {
                let start = at + "size=".len();
                let span = scalar.text.span_of(start..start + value.len());
                // `size=50%` is a share of the host's memory.
                let share = value.strip_suffix('%').is_some_and(|share| share.parse::<u32>().is_ok());
                size = match ByteSize::parse_mount(value) {
                    Some(bytes) => Fact::Known(Spanned::through(bytes, span, item.via.clone())),
                    None if share => {
                        Fact::Unknown { at: span, why: Why::Other("a share of the host's memory") }
                    }
                    None => Fact::Unknown { at: span, why: Why::Malformed(value.to_owned()) },
                };
            }
            at += option.len() + 1;
        }
        mounts.push(Tmpfs { target: scalar.text.slice(0..end), size, option: true });
    }
    for item in fields.get(&["volumes"]).map(items).unwrap_or_default() {
        let long = Fields { value: item, anchor: item.span };
        if long.string(&["type"]).value().is_some_and(|kind| kind == "tmpfs")
            && let Fact::Known(target) = long.text(&["target"])
        {
            let size = long.size(&["tmpfs", "size"]);
            mounts.push(Tmpfs { target: target.value, size, option: false });
        }
    }
    mounts
}

/// `./conf:/etc/conf:ro` and the long forms, `configs` and `secrets` too. What has a variable without a value in it counts
/// as written: it may be anything.
fn mounts(fields: Fields<'_>) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for key in ["volumes", "configs", "secrets"] {
        for item in fields.get(&[key]).map(items).unwrap_or_default() {
            let part = |name: &str| match item.get(name).and_then(|entry| entry.value.as_scalar()) {
                Some(scalar) => scalar.text.as_str().to_owned(),
                None => String::new(),
            };
            let (source, target) = match item.as_scalar() {
                Some(scalar) => {
                    let mut parts = scalar.text.as_str().split(':');
                    let source = parts.next().unwrap_or_default();
                    (source.to_owned(), parts.next().unwrap_or(source).to_owned())
                }
                None => (part("source"), part("target")),
            };
            mounts.push(Mount { span: item.span, source, target });
        }
    }
    mounts
}

/// `x-oomlint: {ignore: [missing-memory-limit], reason: …}`.
fn ignores(fields: Fields<'_>) -> (Vec<Spanned<String>>, Option<String>) {
    let names = fields.get(&["x-oomlint", "ignore"]).map(items).unwrap_or_default();
    let names = names.into_iter().filter_map(|item| {
        let name = item.as_scalar()?.text.as_str().to_owned();
        Some(Spanned::through(name, item.span, item.via.clone()))
    });
    (names.collect(), fields.string(&["x-oomlint", "reason"]).value().cloned())
}

/// The keys of a service, and those of its `deploy`, `build` and the like as `deploy.resources.limits`.
fn keys(value: &Value) -> Vec<Spanned<String>> {
    fn below(value: &Value, prefix: &str, depth: usize, found: &mut Vec<Spanned<String>>) {
        for (name, entry) in value.as_map().into_iter().flatten() {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            found.push(Spanned::through(path.clone(), entry.key, entry.value.via.clone()));
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
        Some(Spanned::through(name, item.span, item.via.clone()))
    });
    names.collect()
}

fn depends_on(fields: Fields<'_>) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    if let Some(value) = fields.get(&["depends_on"]) {
        let mut value = value.clone();
        to_depends_on(&mut value);
        for (name, entry) in value.as_map().into_iter().flatten() {
            let condition = Fields { value: &entry.value, anchor: entry.key }.string(&["condition"]);
            dependencies.push(Dependency {
                service: Spanned::through(name.clone(), entry.key, entry.value.via.clone()),
                condition: condition.value().cloned().unwrap_or_else(|| "service_started".to_owned()),
            });
        }
    }
    // Services whose network, volumes or names it uses have to be there first (compose-go `loader/normalize.go`).
    let shared = ["network_mode", "ipc", "pid"].into_iter().filter_map(|key| fields.get(&[key]));
    let shared =
        shared.filter_map(|value| Some((value, value.as_scalar()?.text.as_str().strip_prefix("service:")?)));
    let lists = ["links", "volumes_from"].into_iter().filter_map(|key| fields.get(&[key])).flat_map(items);
    let listed = lists.filter_map(|item| {
        let text = item.as_scalar()?.text.as_str();
        (!text.starts_with("container:")).then(|| (item, text.split(':').next().unwrap_or(text)))
    });
    for (value, name) in shared.chain(listed) {
        if !dependencies.iter().any(|known| known.service.value == name) {
            let service = Spanned::through(name.to_owned(), value.span, value.via.clone());
            dependencies.push(Dependency { service, condition: "service_started".to_owned() });
        }
    }
    dependencies
}

fn logging(fields: Fields<'_>) -> Fact<Logging> {
    let Some(value) = fields.get(&["logging"]) else { return fields.missing() };
    let section = Fields { value, anchor: value.span };
    let options = section.get(&["options"]).and_then(Value::as_map).map(|map| {
        let texts = map.iter().filter_map(|(name, entry)| {
            Some((name.clone(), entry.value.as_scalar()?.text.as_str().to_owned()))
        });
        texts.collect()
    });
    let logging = Logging {
        driver: section.string(&["driver"]).value().cloned(),
        options: options.unwrap_or_default(),
    };
    Fact::Known(Spanned::through(logging, value.span, value.via.clone()))
}

/// `nofile: 1024` or `{soft: 1024, hard: 2048}`.
fn ulimits(fields: Fields<'_>) -> IndexMap<String, Spanned<(i64, i64)>> {
    let Some(map) = fields.get(&["ulimits"]).and_then(Value::as_map) else { return IndexMap::new() };
    let limits = map.iter().filter_map(|(name, entry)| {
        let section = Fields { value: &entry.value, anchor: entry.key };
        let both = match &entry.value.kind {
            Kind::Scalar(scalar) => super::field::integer(scalar).map(|limit| (limit, limit)),
            _ => Some((*section.integer(&["soft"]).value()?, *section.integer(&["hard"]).value()?)),
        };
        let limit = Spanned::through(both?, entry.value.span, entry.value.via.clone());
        Some((name.clone(), limit))
    });
    limits.collect()
}
