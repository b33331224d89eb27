//! The settings of Compose that the flags of a command line stand for.

use std::path::Path;

use super::names::SettingName;
use super::values::{has_hole, part, parts, text, unknown};
use crate::model::compose::{Service, ServiceBuilder, Setting, SizeProblem};
use crate::model::fact::{Fact, Why};
use crate::source::{Sources, Span, TracedText};
use crate::syntax::command_line::{Argument, Command, Flag, Mistake, Program, Verb};

/// Lowers the flags of one command.
pub(super) struct Lowering<'l> {
    pub(super) command: &'l Command,
    pub(super) builder: &'l mut ServiceBuilder,
    /// The directory that relative paths start at, and the files that were read.
    pub(super) files: (&'l Path, &'l Sources),
}

/// Settings with a size.
const SIZES: [SettingName; 4] =
    [SettingName::LIMIT, SettingName::SWAP_LIMIT, SettingName::RESERVATION, SettingName::SHM_SIZE];

/// Flags with a whole number, and their keys.
const INTEGERS: [(&str, &[&str]); 6] = [
    ("cpu-quota", &["cpu_quota"]),
    ("cpu-period", &["cpu_period"]),
    ("replicas", &["deploy", "replicas"]),
    ("restart-max-attempts", &["deploy", "restart_policy", "max_attempts"]),
    ("health-retries", &["healthcheck", "retries"]),
    ("healthcheck-retries", &["healthcheck", "retries"]),
];

/// Flags with a text that Compose writes in the same way, and their keys.
const TEXTS: [(&str, &[&str]); 16] = [
    ("platform", &["platform"]),
    ("name", &["container_name"]),
    ("restart", &["restart"]),
    ("ipc", &["ipc"]),
    ("log-driver", &["logging", "driver"]),
    ("restart-condition", &["deploy", "restart_policy", "condition"]),
    ("stop-grace-period", &["stop_grace_period"]),
    ("health-interval", &["healthcheck", "interval"]),
    ("health-timeout", &["healthcheck", "timeout"]),
    ("health-start-period", &["healthcheck", "start_period"]),
    ("health-start-interval", &["healthcheck", "start_interval"]),
    ("healthcheck-interval", &["healthcheck", "interval"]),
    ("healthcheck-timeout", &["healthcheck", "timeout"]),
    ("healthcheck-start-period", &["healthcheck", "start_period"]),
    ("cpuset-cpus", &["cpuset"]),
    ("cgroup-parent", &["cgroup_parent"]),
];

/// Flags that take nothing, and their keys.
const SWITCHES: [(&str, &[&str]); 3] = [
    ("init", &["init"]),
    ("oom-kill-disable", &["oom_kill_disable"]),
    ("no-healthcheck", &["healthcheck", "disable"]),
];

impl Lowering<'_> {
    pub(super) fn lower(mut self) {
        let command = self.command;
        for setting in SIZES {
            self.named(setting, text);
        }
        for setting in [SettingName::SWAPPINESS, SettingName::PIDS_LIMIT] {
            self.named(setting, integer);
        }
        self.named(SettingName::CPUS, number);
        for (name, path) in INTEGERS {
            if let Some(flag) = command.flag(name) {
                self.set(path, flag, integer);
            }
        }
        for (name, path) in TEXTS {
            if let Some(flag) = command.flag(name) {
                self.set(path, flag, text);
            }
        }
        for (name, path) in SWITCHES {
            if let Some(flag) = command.flag(name) {
                self.builder.set(path, flag.name.span(), switch(flag));
            }
        }
        for flag in command.all("stop-timeout") {
            self.set(&["stop_grace_period"], flag, seconds);
        }
        self.mode();
        self.environment();
        self.health();
        self.mounts();
        self.maps();
        for flag in command.all("publish").chain(command.all("expose")) {
            if let Some(value) = &flag.value {
                self.builder.push("ports", flag.name.span(), text(value));
            }
        }
        self.start();
    }

    /// Sets the key that the flag of a setting stands for, unless its value is the default.
    fn named(&mut self, setting: SettingName, read: impl FnOnce(&Argument) -> Setting) {
        let in_swarm = self.command.verb == Verb::ServiceCreate;
        let default = match setting {
            SettingName::SWAP_LIMIT | SettingName::SHM_SIZE => Some("0"),
            SettingName::SWAPPINESS => Some("-1"),
            _ => None,
        };
        let flag = setting.flag_name(in_swarm).and_then(|name| self.command.flag(name));
        let flag = flag.filter(|flag| default.is_none() || flag.literal().map(str::trim) != default);
        if let Some(flag) = flag {
            let path: Vec<&str> = setting.path(in_swarm).split('.').collect();
            self.set(&path, flag, read);
        }
    }

    fn set(&mut self, path: &[&str], flag: &Flag, read: impl FnOnce(&Argument) -> Setting) {
        if let Some(value) = &flag.value {
            self.builder.set(path, flag.name.span(), read(value));
        }
    }

    /// Reads `--mode` of a Swarm service: a job ends.
    fn mode(&mut self) {
        let Some(flag) = self.command.flag("mode") else { return };
        self.set(&["deploy", "mode"], flag, text);
        let condition = match (flag.literal(), &flag.value) {
            (Some(mode), _) if mode.ends_with("-job") => {
                Setting::text(TracedText::derived("none", flag.span()))
            }
            (None, Some(mode)) => unknown(mode),
            _ => return,
        };
        self.builder.set(&["deploy", "restart_policy", "condition"], flag.name.span(), condition);
    }

    /// Reads `--env`, `--env-file` and what else may set variables.
    fn environment(&mut self) {
        let command = self.command;
        for flag in command.all("env-file") {
            let (at, directory, sources) = (flag.span(), self.files.0, self.files.1);
            let path = flag.value.as_ref().and_then(|value| Some((value, value.literal()?)));
            match path {
                Some((value, path)) if sources.exists(&directory.join(path)) => {
                    let raw = Setting::text(TracedText::derived("raw", at));
                    let entries = vec![
                        ("path".to_owned(), at, Setting::text(value.text.clone())),
                        ("format".to_owned(), at, raw),
                    ];
                    self.builder.push("env_file", flag.name.span(), Setting::map(entries, at));
                }
                Some((_, path)) => {
                    self.builder.open_environment(at, Why::File(path.to_owned()));
                }
                None => {
                    self.builder.open_environment(at, Why::Other("a file that is not known sets variables"));
                }
            }
        }
        let whole = ["env-host", "env-merge", "volumes-from", "rootfs"];
        if let Some(flag) =
            whole.iter().find_map(|name| command.flag(name)).filter(|flag| flag.row.name != "volumes-from")
        {
            self.builder.open_environment(flag.span(), Why::Other("more variables come from outside"));
        }
        let mut entries: Vec<(String, Span, Setting)> = Vec::new();
        let mut at = None;
        for flag in command.all("env") {
            let Some(value) = &flag.value else { continue };
            let written = value.text.as_str();
            let end = written.find('=').unwrap_or(written.len());
            let name = written.get(..end).unwrap_or_default();
            if name.is_empty() || name.contains(['$', '`', '<', '{']) {
                let why = Why::Other("the name of a variable is not known");
                self.builder.open_environment(value.text.span(), why);
                continue;
            }
            let span = value.text.span_of(0..end);
            let setting = match written.len() > end {
                true => {
                    let length = written.len();
                    let inner = value.text.slice(end + 1..length);
                    let inner_span = if end + 1 < length { inner.span() } else { value.text.span() };
                    part(&inner.with_span(inner_span), value.expands)
                }
                // Its value is that of the caller.
                false => Setting::unknown(Why::Variable(name.to_owned()), span),
            };
            at = Some(at.map_or(flag.span(), |so_far: Span| so_far.cover(flag.span())));
            entries.retain(|(other, ..)| other != name);
            entries.push((name.to_owned(), span, setting));
        }
        if let Some(at) = at {
            self.builder.set(&["environment"], at, Setting::map(entries, at));
        }
    }

    /// Reads `--health-cmd`: one text for a shell. Podman also takes a list in JSON, and `none`.
    fn health(&mut self) {
        let flag = self.command.flag("health-cmd").or_else(|| self.command.flag("healthcheck-command"));
        let Some(flag) = flag else { return };
        let Some(value) = &flag.value else { return };
        let podman = self.command.program == Program::Podman;
        let literal = value.literal().map(str::trim).unwrap_or_default();
        if podman && literal == "none" {
            self.builder.set(
                &["healthcheck", "disable"],
                flag.name.span(),
                Setting::boolean(true, flag.span()),
            );
            return;
        }
        if podman && value.expands {
            // It may be `none`.
            self.builder.set(&["healthcheck", "disable"], flag.name.span(), unknown(value));
        }
        let list = podman.then(|| serde_json::from_str::<Vec<String>>(literal).ok()).flatten();
        let setting = match list {
            Some(words) => {
                let at = value.text.span();
                let words = words.into_iter().map(|word| Setting::text(TracedText::derived(word, at)));
                Setting::list(words.collect(), at)
            }
            None => text(value),
        };
        self.builder.set(&["healthcheck", "test"], flag.name.span(), setting);
    }

    /// Reads `--volume`, `--mount` and `--tmpfs`.
    fn mounts(&mut self) {
        let command = self.command;
        for flag in command.all("tmpfs") {
            if let Some(value) = &flag.value {
                self.builder.push("tmpfs", flag.name.span(), text(value));
            }
        }
        for flag in command.all("volume") {
            let Some(value) = &flag.value else { continue };
            let parts = parts(value, ':');
            let setting = match parts.as_slice() {
                // It may be a source and a target.
                [one] if has_hole(one, value.expands) => unknown(value),
                [source, target, ..] => mapping(value, &[("source", source), ("target", target)]),
                [target] => mapping(value, &[("target", target)]),
                [] => continue,
            };
            self.builder.push("volumes", flag.name.span(), setting);
        }
        for flag in command.all("mount") {
            if let Some(value) = &flag.value {
                self.builder.push("volumes", flag.name.span(), mount(value));
            }
        }
    }

    /// Reads the flags that set one entry of a mapping each.
    fn maps(&mut self) {
        let command = self.command;
        for flag in command.all("ulimit") {
            let Some(value) = &flag.value else { continue };
            let at = flag.span();
            let Some((name, limits)) = self.entry(&["ulimits"], flag, value) else { continue };
            let written = limits.as_str();
            let (soft, hard) = written.split_once(':').unwrap_or((written, written));
            let setting = match (soft.parse::<i64>(), hard.parse::<i64>()) {
                _ if has_hole(&limits, value.expands) => unknown(value),
                (Ok(soft), Ok(hard)) => Setting::map(
                    vec![
                        ("soft".to_owned(), at, Setting::integer(soft, at)),
                        ("hard".to_owned(), at, Setting::integer(hard, at)),
                    ],
                    at,
                ),
                _ => Setting::unknown(REJECTED, at),
            };
            self.builder.set(&["ulimits", &name], flag.name.span(), setting);
        }
        for (flag_name, path) in [("log-opt", &["logging", "options"][..]), ("label", &["labels"])] {
            for flag in command.all(flag_name) {
                let Some(value) = &flag.value else { continue };
                let Some((name, inner)) = self.entry(path, flag, value) else { continue };
                let path: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                self.builder.set(&path, flag.name.span(), part(&inner, value.expands));
            }
        }
    }

    /// Returns the name and the value of `name=value`. Where the name is not known, any entry of the mapping may be set.
    fn entry(&mut self, path: &[&str], flag: &Flag, value: &Argument) -> Option<(String, TracedText)> {
        let written = value.text.as_str();
        let equals = written.find('=').unwrap_or(written.len());
        if has_hole(&value.text.slice(0..equals), value.expands) {
            self.builder.set(path, flag.name.span(), unknown(value));
            return None;
        }
        let name = written.get(..equals)?.to_owned();
        (equals < written.len()).then(|| (name, value.text.slice(equals + 1..written.len())))
    }

    /// Reads the image, `--entrypoint` and the command.
    fn start(&mut self) {
        let command = self.command;
        if let Some(image) = &command.image {
            self.builder.set(&["image"], image.text.span(), text(image));
        }
        if let Some(flag) = command.flag("entrypoint")
            && let Some(value) = &flag.value
        {
            let one = match value.literal() {
                Some("") => Vec::new(),
                _ => vec![text(value)],
            };
            let is_list = value.literal().is_some_and(|literal| literal.trim_start().starts_with('['));
            let setting = match (command.verb, command.program) {
                // A Swarm service splits it as a shell does.
                (Verb::ServiceCreate, _) => text(value),
                (_, Program::Podman | Program::Nerdctl) if is_list => {
                    Setting::unknown(Why::Other("an entrypoint in JSON"), flag.span())
                }
                _ => Setting::list(one, value.text.span()),
            };
            self.builder.set(&["entrypoint"], flag.name.span(), setting);
        }
        let words: Vec<Setting> = command.arguments.iter().map(text).collect();
        if let (Some(first), Some(last)) = (command.arguments.first(), command.arguments.last()) {
            let span = first.text.span().cover(last.text.span());
            self.builder.set(&["command"], span, Setting::list(words, span));
        }
    }
}

/// The reason why a setting is not known whose flag has a value that the client does not take.
const REJECTED: Why = Why::Other("the client rejects the command");

/// Returns the value of a flag that takes none, or `=true` and the like.
fn switch(flag: &Flag) -> Setting {
    match (flag.truth(), &flag.value) {
        (Some(set), _) => Setting::boolean(set, flag.span()),
        (None, Some(value)) if value.expands => unknown(value),
        (None, _) => Setting::unknown(REJECTED, flag.span()),
    }
}

fn integer(value: &Argument) -> Setting {
    match value.literal().map(str::parse::<i64>) {
        Some(Ok(number)) => Setting::integer(number, value.text.span()),
        _ => text(value),
    }
}

fn number(value: &Argument) -> Setting {
    match value.literal().map(str::parse::<f64>) {
        Some(Ok(number)) if number.is_finite() => Setting::number(number, value.text.span()),
        _ => text(value),
    }
}

fn seconds(value: &Argument) -> Setting {
    match value.literal().map(str::parse::<i64>) {
        Some(Ok(seconds)) if seconds >= 0 => {
            Setting::text(TracedText::derived(format!("{seconds}s"), value.text.span()))
        }
        _ if value.expands => unknown(value),
        _ => Setting::unknown(Why::Other("not a number of seconds"), value.text.span()),
    }
}

/// Returns a mount in the long form, of parts of a value.
fn mapping(value: &Argument, parts: &[(&str, &TracedText)]) -> Setting {
    let at = value.text.span();
    let entries = parts.iter().map(|(name, text)| ((*name).to_owned(), at, part(text, value.expands)));
    Setting::map(entries.collect(), at)
}

/// Reads `type=tmpfs,target=/run,tmpfs-size=64m` (docker/cli `opts/mount.go`).
fn mount(value: &Argument) -> Setting {
    let at = value.text.span();
    let mut entries: Vec<(String, Span, Setting)> = Vec::new();
    for field in parts(value, ',') {
        let written = field.as_str();
        let equals = written.find('=').unwrap_or(written.len());
        if has_hole(&field.slice(0..equals), value.expands) {
            return unknown(value);
        }
        let (Some(key), true) = (written.get(..equals), equals < written.len()) else { continue };
        let setting = part(&field.slice(equals + 1..written.len()), value.expands);
        let name = match key.trim().to_ascii_lowercase().as_str() {
            "type" => "type",
            "source" | "src" => "source",
            "target" | "dst" | "destination" => "target",
            "tmpfs-size" => {
                let size = vec![("size".to_owned(), field.span_of(0..equals), setting)];
                entries.push(("tmpfs".to_owned(), at, Setting::map(size, at)));
                continue;
            }
            _ => continue,
        };
        entries.push((name.to_owned(), at, setting));
    }
    Setting::map(entries, at)
}

/// Replaces what Compose would say about values by what the client says.
pub(super) fn refuse(service: &mut Service, command: &Command) {
    // Compose wants a start period together with a start interval, the clients do not.
    if let Some(section) = &mut service.healthcheck {
        section.refusals.retain(|refusal| !refusal.of_compose);
    }
    service.conflicts.clear();
    for key in &mut service.size_keys {
        let setting = SettingName::of_key(key.name);
        let name = setting.and_then(|setting| setting.flag_name(command.verb == Verb::ServiceCreate));
        let Some(name) = name else { continue };
        let refusal = command.refusals.iter().find(|refusal| {
            refusal.kind == Mistake::Value(name)
                && command.flag(name).is_some_and(|flag| flag.span().contains(refusal.span))
        });
        let problem = refusal.map(|refusal| SizeProblem::Refused(refusal.message.clone()));
        if problem.is_some() {
            let why = Why::Malformed(key.text.as_str().to_owned());
            key.size = Fact::Unknown { at: key.size.span(), why: why.clone() };
            if let Some(fact) = match name {
                "memory" => Some(&mut service.mem_limit),
                "memory-swap" => Some(&mut service.memswap_limit),
                "memory-reservation" => Some(&mut service.mem_reservation),
                "shm-size" => Some(&mut service.shm_size),
                "limit-memory" => Some(&mut service.deploy.limit),
                "reserve-memory" => Some(&mut service.deploy.reservation),
                _ => None,
            } {
                *fact = Fact::Unknown { at: key.size.span(), why };
            }
        }
        key.problem = problem;
    }
}
