//! Finds containers in the output of `docker inspect`, whole or in parts, and reads their values.

use super::{
    Config, Container, Engine, Health, Healthcheck, HostConfig, LogConfig, Mount, ProbeResult, State,
};
use crate::model::fact::{Fact, Why};
use crate::source::{SourceId, Span, Spanned, TracedText};
use crate::syntax::json::{self, Kind, MAX_DEPTH, Member, Node};

/// Upper bound on the containers of a text. The rest is left out.
pub const MAX_CONTAINERS: usize = 2_000;

/// The containers of a text.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The containers, in order.
    pub containers: Vec<Container>,
    /// Objects that are inspected, but no containers: images, networks, volumes.
    pub others: Vec<Spanned<&'static str>>,
    /// There are more containers than [`MAX_CONTAINERS`], or more values than [`json::MAX_NODES`].
    pub is_truncated: bool,
}

/// Keys that are without braces around them, where people paste a part of an output.
const LOOSE: [&str; 34] = [
    "Id",
    "Name",
    "Path",
    "Args",
    "Image",
    "ImageName",
    "RestartCount",
    "State",
    "HostConfig",
    "Config",
    "Mounts",
    "Memory",
    "MemorySwap",
    "MemoryReservation",
    "MemorySwappiness",
    "OomKillDisable",
    "PidsLimit",
    "ShmSize",
    "NanoCpus",
    "RestartPolicy",
    "Ulimits",
    "Tmpfs",
    "Status",
    "Running",
    "OOMKilled",
    "ExitCode",
    "Error",
    "StartedAt",
    "FinishedAt",
    "Health",
    "Env",
    "Cmd",
    "Entrypoint",
    "Labels",
];

/// Reads the containers of a text: arrays, single objects, several of them one after the other, parts of any of these.
#[must_use]
pub fn read(file: SourceId, text: &str) -> Reading {
    let mut reading = Reading::default();
    let document = values(file, text);
    for node in &document.nodes {
        find(node, 0, &mut reading);
    }
    reading.is_truncated |= document.is_truncated;
    reading
}

/// Returns the values of a text.
pub(super) fn values(file: SourceId, text: &str) -> json::Document {
    json::read(file, text, &|key| LOOSE.contains(&key))
}

/// Adds the containers of a value: itself, the items of a list, and the values of an object that is none itself, as the facts of
/// Ansible are.
fn find(node: &Node, depth: usize, reading: &mut Reading) {
    if depth > MAX_DEPTH {
        return;
    }
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| find(item, depth + 1, reading)),
        Kind::Map(members) if !members.is_empty() => match kind(node) {
            Some("container") if reading.containers.len() >= MAX_CONTAINERS => reading.is_truncated = true,
            Some("container") => reading.containers.push(container(node)),
            Some(other) => reading.others.push(Spanned::new(other, node.span)),
            None => members.iter().for_each(|member| find(&member.value, depth + 1, reading)),
        },
        _ => {}
    }
}

/// Returns what an object is. `None` if it is nothing that is inspected.
fn kind(node: &Node) -> Option<&'static str> {
    let has = |key: &str| node.get(key).is_some();
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    let is_map = |key: &str| node.get(key).is_some_and(|member| matches!(member.value.kind, Kind::Map(_)));
    if is_map("State") || is_map("HostConfig") || any(&["CreateCommand", "RestartCount"]) {
        return Some("container");
    }
    if any(&["RepoTags", "RepoDigests"]) {
        return Some("image");
    }
    if any(&["IPAM", "EnableIPv6"]) {
        return Some("network");
    }
    if any(&["Mountpoint"]) && has("Driver") {
        return Some("volume");
    }
    // `docker info`, `docker compose ps`.
    if any(&["ServerVersion", "MemTotal", "Publishers"]) {
        return None;
    }
    // Parts: a state, a health, limits, a configuration.
    let of_state = has("OOMKilled")
        || has("ExitCode") && (node.is_cut || any(&["Running", "StartedAt", "FinishedAt"]))
        || has("FailingStreak") && has("Log");
    let of_limits = any(&["MemorySwap", "MemorySwappiness", "OomKillDisable", "PidsLimit", "RestartPolicy"])
        || any(&["Memory"]) && any(&["NanoCpus", "MemoryReservation"]);
    let of_config = any(&["Cmd", "Entrypoint"]) && any(&["Env", "Labels", "Image"]);
    let single = has("Id") && any(&["Path", "Config", "Mounts"]);
    (of_state || of_limits || of_config || single).then_some("container")
}

/// The object of a section, or the container itself, if the members of a section are in it without their section.
#[derive(Clone, Copy)]
struct Section<'n> {
    node: Option<&'n Node>,
    /// Where a value is reported that is not there.
    anchor: Span,
    /// It is an output as an engine prints it: what it may leave out and does is not set.
    is_whole: bool,
}

const NOT_THERE: Why = Why::Other("this output does not have it");
const UNREADABLE: Why = Why::Other("its value is not one that an engine prints");

impl<'n> Section<'n> {
    /// Takes the section by this name. It is whole if all of `hallmarks` are in it and nothing is cut off.
    fn of(container: &'n Node, names: &[&str], hallmarks: &[&str], anchor: Span) -> Self {
        let own = names.iter().find_map(|name| container.get(name)).map(|member| &member.value);
        let own = own.filter(|node| matches!(node.kind, Kind::Map(_)));
        let is_whole =
            own.is_some_and(|node| !node.is_cut && hallmarks.iter().all(|key| node.get(key).is_some()));
        Self { node: own.or(Some(container)), anchor, is_whole }
    }

    fn member(&self, key: &str) -> Option<&'n Member> {
        self.node?.get(key)
    }

    /// Reads a value. `null` is Absent.
    fn fact<T>(&self, key: &str, read: impl FnOnce(&'n Node) -> Option<T>) -> Fact<T> {
        let Some(member) = self.member(key) else {
            return match self.is_whole {
                true => Fact::Absent { anchor: self.anchor },
                false => Fact::Unknown { at: self.anchor, why: NOT_THERE },
            };
        };
        let value = &member.value;
        if matches!(value.kind, Kind::Null) {
            return Fact::Absent { anchor: member.key.span() };
        }
        match read(value) {
            Some(read) => Fact::Known(Spanned::new(read, value.span)),
            None => Fact::Unknown { at: value.span, why: UNREADABLE },
        }
    }

    fn integer(&self, key: &str) -> Fact<i64> {
        self.fact(key, integer)
    }

    fn boolean(&self, key: &str) -> Fact<bool> {
        self.fact(key, |node| match node.kind {
            Kind::Boolean(value) => Some(value),
            _ => None,
        })
    }

    fn string(&self, key: &str) -> Fact<String> {
        self.fact(key, string)
    }

    /// Reads a text that is Absent if it is empty.
    fn non_empty(&self, key: &str) -> Fact<String> {
        match self.string(key) {
            Fact::Known(text) if text.value.is_empty() => Fact::Absent { anchor: text.span },
            other => other,
        }
    }

    fn text(&self, key: &str) -> Fact<TracedText> {
        self.fact(key, whole_text)
    }

    /// Reads a list of words, or one word, as Podman once printed it: with blanks in it.
    fn words(&self, key: &str) -> Fact<Vec<TracedText>> {
        self.fact(key, |node| match &node.kind {
            Kind::Text(_) => whole_text(node).map(|text| match text.as_str() {
                "" => Vec::new(),
                _ => vec![text],
            }),
            _ => words(node),
        })
    }

    fn pairs(&self, key: &str) -> Fact<Vec<(TracedText, TracedText)>> {
        self.fact(key, |node| {
            let is_map = matches!(node.kind, Kind::Map(_)) && !node.is_cut;
            let pair = |member: &Member| Some((member.key.clone(), whole_text(&member.value)?));
            is_map.then(|| node.members().iter().map(pair).collect())?
        })
    }

    /// Reads a time of which the year 1 stands for never.
    fn time(&self, key: &str) -> Fact<String> {
        match self.non_empty(key) {
            Fact::Known(time) if time.value.starts_with("0001-") => Fact::Absent { anchor: time.span },
            other => other,
        }
    }
}

fn integer(node: &Node) -> Option<i64> {
    match node.kind {
        Kind::Integer(number) => Some(number),
        _ => None,
    }
}

fn string(node: &Node) -> Option<String> {
    whole_text(node).map(|text| text.as_str().to_owned())
}

/// Returns a text, unless its end is cut off.
fn whole_text(node: &Node) -> Option<TracedText> {
    node.text().filter(|_| !node.is_cut).cloned()
}

fn words(node: &Node) -> Option<Vec<TracedText>> {
    let is_list = matches!(node.kind, Kind::List(_)) && !node.is_cut;
    is_list.then(|| node.items().iter().map(whole_text).collect())?
}

fn container(node: &Node) -> Container {
    let named = ["Name", "Id"].into_iter().find_map(|key| node.get(key));
    let first = named.map(|member| member.value.span).or_else(|| Some(node.members().first()?.key.span()));
    let anchor = first.unwrap_or(node.span);
    let own = Section { node: Some(node), anchor, is_whole: false };
    let state = Section::of(node, &["State"], &["Running", "StartedAt"], anchor);
    let host = Section::of(node, &["HostConfig"], &["Memory", "NetworkMode", "ShmSize"], anchor);
    let config = Section::of(node, &["Config"], &["Env", "Cmd", "Image", "Hostname"], anchor);
    let is_podman = state.member("OciVersion").is_some()
        || ["ImageName", "ConmonPidFile", "OCIRuntime"].iter().any(|key| node.get(key).is_some())
        || config.member("CreateCommand").is_some();
    Container {
        span: node.span,
        anchor,
        engine: if is_podman { Engine::Podman } else { Engine::Docker },
        id: identifier(own.text("Id")),
        name: name(own.text("Name")),
        image: image(node, config),
        command_line: command_line(own),
        restart_count: own.integer("RestartCount"),
        state: self::state(state),
        host: host_config(host),
        config: self::config(config),
        mounts: node.get("Mounts").map(|member| mounts(&member.value, host)).unwrap_or_default(),
    }
}

/// Takes an identifier only if it is one: people write dots in its place.
fn identifier(id: Fact<TracedText>) -> Fact<TracedText> {
    match id {
        Fact::Known(id)
            if !id.value.as_str().bytes().all(|byte| byte.is_ascii_hexdigit())
                || id.value.as_str().is_empty() =>
        {
            Fact::Unknown { at: id.span, why: UNREADABLE }
        }
        other => other,
    }
}

fn name(name: Fact<TracedText>) -> Fact<TracedText> {
    match name {
        Fact::Known(name) if matches!(name.value.as_str(), "" | "/") => Fact::Absent { anchor: name.span },
        other => other.map(|text| match text.as_str().starts_with('/') {
            true => text.slice(1..text.as_str().len()),
            false => text,
        }),
    }
}

/// Returns the name of the image. An identifier in its place names none.
fn image(node: &Node, config: Section<'_>) -> Fact<TracedText> {
    let of_podman = node
        .get("ImageName")
        .and_then(|member| Some(Spanned::new(whole_text(&member.value)?, member.value.span)));
    let of_config = || match config.node.is_some_and(|own| std::ptr::eq(own, node)) {
        // Next to the sections, `Image` is the identifier.
        true => Fact::Unknown { at: config.anchor, why: NOT_THERE },
        false => config.text("Image"),
    };
    match of_podman.filter(|name| !name.value.as_str().is_empty()).map_or_else(of_config, Fact::Known) {
        Fact::Known(name) if is_identifier(name.value.as_str()) => {
            Fact::Unknown { at: name.span, why: Why::Other("the image is named by its identifier") }
        }
        other => other,
    }
}

/// True for `sha256:…`, and for twelve hexadecimal digits or more.
fn is_identifier(name: &str) -> bool {
    let digits = name.strip_prefix("sha256:").unwrap_or(name);
    digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn command_line(own: Section<'_>) -> Fact<Vec<TracedText>> {
    match (own.text("Path"), own.words("Args")) {
        (Fact::Known(path), Fact::Known(arguments)) => Fact::Known(Spanned::new(
            std::iter::once(path.value).chain(arguments.value).collect(),
            path.span.cover(arguments.span),
        )),
        (path, _) => Fact::Unknown { at: path.span(), why: NOT_THERE },
    }
}

fn state(state: Section<'_>) -> State {
    // A part of an output may be the health alone.
    let health = match state.node.filter(|node| node.get("FailingStreak").is_some()) {
        Some(node) => Fact::Known(Spanned::new(health(node), node.span)),
        None => match ["Health", "Healthcheck"].into_iter().find(|key| state.member(key).is_some()) {
            Some(key) => state.fact(key, |node| Some(health(node))),
            None => state.fact("Health", |_| None),
        },
    };
    let has_none = |health: &Health| {
        health.status.as_ref().is_none_or(|status| matches!(status.value.as_str(), "" | "none"))
    };
    State {
        status: state.non_empty("Status"),
        running: state.boolean("Running"),
        oom_killed: state.boolean("OOMKilled"),
        exit_code: state.integer("ExitCode"),
        error: state.non_empty("Error"),
        started_at: state.time("StartedAt"),
        finished_at: state.time("FinishedAt"),
        health: match health {
            // Podman prints an empty one where there is no healthcheck.
            Fact::Known(health) if has_none(&health.value) && health.value.log.is_empty() => {
                Fact::Absent { anchor: health.span }
            }
            other => other,
        },
    }
}

fn spanned<T>(node: &Node, key: &str, read: impl Fn(&Node) -> Option<T>) -> Option<Spanned<T>> {
    let value = &node.get(key)?.value;
    Some(Spanned::new(read(value)?, value.span))
}

fn health(node: &Node) -> Health {
    let log = node.get("Log").map(|log| log.value.items()).unwrap_or_default();
    let probe = |entry: &Node| ProbeResult {
        exit_code: spanned(entry, "ExitCode", integer).map(|code| code.value),
        output: entry.get("Output").and_then(|output| output.value.text().cloned()),
    };
    Health {
        status: spanned(node, "Status", string),
        failing_streak: spanned(node, "FailingStreak", integer),
        log: log.iter().map(probe).collect(),
    }
}

fn host_config(host: Section<'_>) -> HostConfig {
    HostConfig {
        memory: host.integer("Memory"),
        memory_swap: host.integer("MemorySwap"),
        memory_reservation: host.integer("MemoryReservation"),
        swappiness: host.integer("MemorySwappiness"),
        oom_kill_disable: host.boolean("OomKillDisable"),
        pids_limit: host.integer("PidsLimit"),
        shm_size: host.integer("ShmSize"),
        nano_cpus: host.integer("NanoCpus"),
        cpu_quota: host.integer("CpuQuota"),
        cpu_period: host.integer("CpuPeriod"),
        tmpfs: host.pairs("Tmpfs"),
        restart: restart(host),
        ulimits: host.fact("Ulimits", |node| {
            let limit = |entry: &Node| {
                let name = spanned(entry, "Name", string)?.value.to_ascii_lowercase();
                let name = name.strip_prefix("rlimit_").unwrap_or(&name).to_owned();
                let soft = spanned(entry, "Soft", integer)?.value;
                Some((name, Spanned::new((soft, spanned(entry, "Hard", integer)?.value), entry.span)))
            };
            let is_list = matches!(node.kind, Kind::List(_)) && !node.is_cut;
            is_list.then(|| node.items().iter().map(limit).collect())?
        }),
        init: host.boolean("Init"),
        ipc_mode: host.non_empty("IpcMode"),
        log: host.fact("LogConfig", |node| {
            let options = node.get("Config").map(|options| options.value.members()).unwrap_or_default();
            let option = |member: &Member| {
                Some((
                    member.key.as_str().to_owned(),
                    Spanned::new(string(&member.value)?, member.value.span),
                ))
            };
            let driver = spanned(node, "Type", string)?.value;
            Some(LogConfig { driver, options: options.iter().filter_map(option).collect() })
        }),
    }
}

/// Reads the restart policy, with the place of its name.
fn restart(host: Section<'_>) -> Fact<(String, i64)> {
    let policy = host.fact("RestartPolicy", |node| {
        let attempts = spanned(node, "MaximumRetryCount", integer).map_or(0, |attempts| attempts.value);
        Some(spanned(node, "Name", string)?.map(|name| (name, attempts)))
    });
    match policy {
        Fact::Known(policy) => Fact::Known(policy.value),
        Fact::Unknown { at, why } => Fact::Unknown { at, why },
        Fact::Absent { anchor } => Fact::Absent { anchor },
    }
}

fn config(config: Section<'_>) -> Config {
    let healthcheck = |node: &Node| {
        Some(Healthcheck {
            test: node.get("Test").map_or(Some(Vec::new()), |test| match test.value.kind {
                Kind::Null => Some(Vec::new()),
                _ => words(&test.value),
            })?,
            interval: spanned(node, "Interval", integer),
            timeout: spanned(node, "Timeout", integer),
            start_period: spanned(node, "StartPeriod", integer),
            start_interval: spanned(node, "StartInterval", integer),
            retries: spanned(node, "Retries", integer),
        })
    };
    Config {
        env: config.fact("Env", |node| {
            let variable = |text: TracedText| {
                let end = text.as_str().find('=').unwrap_or(text.as_str().len());
                let length = text.as_str().len();
                (text.slice(0..end), text.slice((end + 1).min(length)..length))
            };
            words(node).map(|words| words.into_iter().map(variable).collect())
        }),
        entrypoint: config.words("Entrypoint"),
        command: config.words("Cmd"),
        healthcheck: config.fact("Healthcheck", healthcheck),
        // Podman once printed a number.
        stop_signal: config.fact("StopSignal", |node| match node.kind {
            Kind::Integer(number) => Some(number.to_string()),
            _ => string(node),
        }),
        stop_timeout: config.integer("StopTimeout"),
        exposed: config.fact("ExposedPorts", |node| {
            Some(node.members().iter().map(|member| member.key.clone()).collect())
        }),
        labels: config.pairs("Labels"),
    }
}

fn mounts(node: &Node, host: Section<'_>) -> Vec<Mount> {
    // The size of a tmpfs is where it was asked for.
    let asked = host.member("Mounts").map(|member| member.value.items()).unwrap_or_default();
    let mount = |entry: &Node| {
        let target = ["Destination", "Target"].into_iter().find_map(|key| entry.get(key))?;
        let target = whole_text(&target.value)?;
        let same = |other: &&Node| {
            other.get("Target").and_then(|own| own.value.text()).is_some_and(|own| own == &target)
        };
        let options = asked.iter().find(same).and_then(|other| other.get("TmpfsOptions"));
        Some(Mount {
            span: entry.span,
            kind: spanned(entry, "Type", string).map(|kind| kind.value).unwrap_or_default(),
            size: options.and_then(|options| spanned(&options.value, "SizeBytes", integer)),
            target,
        })
    };
    node.items().iter().filter_map(mount).collect()
}
