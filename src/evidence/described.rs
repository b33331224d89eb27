//! What `docker inspect` says of a container's life and death. People paste parts of it: of a part the lines are read one by one.

use std::ops::Range;

use serde_json::Value;

use super::cgroup::ContainerId;
use super::json::line_of;
use super::name::Name;
use crate::source::{SourceId, Span, Spanned};

/// The state and limits of a container, each value with its line.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// The container.
    pub name: Name,
    /// The program that it starts, with its arguments: for comparisons, never for output.
    pub program: Vec<String>,
    /// `exited`, `running`, `restarting`.
    pub status: Option<Spanned<String>>,
    /// Whether it runs.
    pub running: Option<bool>,
    /// Whether the kernel's OOM killer ran in its cgroup since its last start.
    pub oom_killed: Option<Spanned<bool>>,
    /// The exit code of the last end.
    pub exit_code: Option<Spanned<i64>>,
    /// The last error of a start, stop or network.
    pub error: Option<Spanned<String>>,
    /// When it was started, as it is written.
    pub started: Option<String>,
    /// When it ended, as it is written.
    pub finished: Option<String>,
    /// How often the restart policy restarted it.
    pub restarts: Option<Spanned<i64>>,
    /// The memory limit in bytes; 0 is none.
    pub memory: Option<Spanned<i64>>,
    /// The limit of memory and swap together; -1 is none.
    pub memory_swap: Option<Spanned<i64>>,
    /// Whether the kernel's OOM killer is off for it.
    pub oom_kill_disable: Option<Spanned<bool>>,
    /// The size of `/dev/shm` in bytes.
    pub shm_size: Option<i64>,
    /// The status of its healthcheck.
    pub health: Option<Spanned<String>>,
    /// How many probes failed in a row.
    pub streak: Option<i64>,
    /// How many of the last probes ran into their timeout.
    pub timeouts: usize,
    /// Whether a JVM flag ends it when the heap is full.
    pub exits_on_oom: bool,
    /// The path of its cgroup, of Podman.
    pub cgroup: Option<String>,
}

/// Reads an object: a container, its state alone, or its health alone. `None` for other objects.
pub(super) fn of_json(value: &Value, text: &str, range: &Range<usize>, file: SourceId) -> Option<Described> {
    let state = value.get("State").filter(|state| state.is_object());
    let limits = value.get("HostConfig").filter(|limits| limits.is_object());
    let health = |value: &Value| value.get("FailingStreak").is_some() && value.get("Status").is_some();
    let alone = value.get("OOMKilled").is_some() && value.get("ExitCode").is_some();
    let state = match (state, limits) {
        (None, None) if alone => Some(value),
        (None, None) if health(value) => None,
        (None, None) => return None,
        (state, _) => state,
    };
    let span = |needle: &str| {
        let line = line_of(text, range, needle);
        Span::new(file, line.start, line.end)
    };
    let whole = |object: Option<&Value>, key: &str| {
        let number = object?.get(key)?.as_i64()?;
        Some(Spanned::new(number, span(&format!("\"{key}\""))))
    };
    let flag = |object: Option<&Value>, key: &str| {
        Some(Spanned::new(object?.get(key)?.as_bool()?, span(&format!("\"{key}\""))))
    };
    let word = |object: Option<&Value>, key: &str| {
        let word = object?.get(key)?.as_str().filter(|word| !word.is_empty())?;
        Some(word.to_owned())
    };
    let spanned = |object: Option<&Value>, key: &str| {
        Some(Spanned::new(word(object, key)?, span(&format!("\"{key}\""))))
    };
    let config = value.get("Config");
    let labels = config.and_then(|config| config.get("Labels"));
    let own_health = state.and_then(|state| state.get("Health")).filter(|own| health(own));
    let own_health = own_health.or_else(|| health(value).then_some(value));
    let probes = own_health.and_then(|health| health.get("Log")).and_then(Value::as_array);
    let timed_out = |probe: &&Value| {
        let exceeded =
            probe.get("Output").and_then(Value::as_str).is_some_and(|text| text.contains("exceeded timeout"));
        exceeded || probe.get("ExitCode").and_then(Value::as_i64) == Some(-1)
    };
    let strings = |value: Option<&Value>| -> Vec<String> {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut program: Vec<String> =
        value.get("Path").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    program.extend(strings(value.get("Args")));
    let environment = strings(config.and_then(|config| config.get("Env")));
    let flags = program.iter().chain(&environment);
    let exits_on_oom = flags.clone().any(|word| word.contains("+ExitOnOutOfMemoryError"));
    let id = value.get("Id").or_else(|| value.get("ID")).and_then(Value::as_str);
    Some(Described {
        name: Name {
            id: id.and_then(ContainerId::parse),
            name: word(Some(value), "Name"),
            image: word(config, "Image").or_else(|| word(Some(value), "ImageName")),
            project: word(labels, "com.docker.compose.project")
                .or_else(|| word(labels, "io.podman.compose.project")),
            service: word(labels, "com.docker.compose.service")
                .or_else(|| word(labels, "io.podman.compose.service")),
        }
        .tidy(),
        program,
        status: spanned(state, "Status"),
        running: state.and_then(|state| state.get("Running")).and_then(Value::as_bool),
        oom_killed: flag(state, "OOMKilled"),
        exit_code: whole(state, "ExitCode"),
        error: spanned(state, "Error"),
        started: word(state, "StartedAt"),
        finished: word(state, "FinishedAt"),
        restarts: whole(Some(value), "RestartCount"),
        memory: whole(limits, "Memory"),
        memory_swap: whole(limits, "MemorySwap"),
        oom_kill_disable: flag(limits, "OomKillDisable"),
        shm_size: limits.and_then(|limits| limits.get("ShmSize")).and_then(Value::as_i64),
        health: own_health.and_then(|health| {
            Some(Spanned::new(health.get("Status")?.as_str()?.to_owned(), span("\"FailingStreak\"")))
        }),
        streak: own_health.and_then(|health| health.get("FailingStreak")).and_then(Value::as_i64),
        timeouts: probes.into_iter().flatten().filter(timed_out).count(),
        exits_on_oom,
        cgroup: word(state, "CgroupPath"),
    })
}

/// Reads values out of single lines: parts of an object, `docker inspect | grep`, templates such as `OOMKilled=true ExitCode=137`.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    open: Option<Described>,
}

/// Keys whose values are read out of lines.
const KEYS: [&str; 18] = [
    "OOMKilled",
    "ExitCode",
    "MemorySwap",
    "Memory",
    "MemLimit",
    "RestartCount",
    "OomKillDisable",
    "FailingStreak",
    "Status",
    "Error",
    "StartedAt",
    "FinishedAt",
    "Running",
    "ContainerID",
    "Id",
    "Name",
    "com.docker.compose.service",
    "com.docker.compose.project",
];

/// The most bytes of a line that are looked at.
const LONGEST: usize = 2048;

impl Fragments {
    /// Reads one line. Returns the part that ended with it.
    pub(super) fn line(&mut self, text: &str, span: Span) -> Option<Described> {
        let text = text.get(..LONGEST).unwrap_or(text);
        let mut ended = None;
        for key in KEYS {
            let Some(value) = value_of(text, key) else { continue };
            let open = self.open.get_or_insert_default();
            let again = match key {
                "OOMKilled" => open.oom_killed.is_some(),
                "Id" => {
                    open.name.id.is_some()
                        && ContainerId::parse(value).is_some_and(|id| open.name.id.as_ref() != Some(&id))
                }
                _ => false,
            };
            if again {
                ended = self.finish();
            }
            set(self.open.get_or_insert_default(), key, value, span);
        }
        ended
    }

    /// Returns what was read, if it says anything of a container's state or limits.
    pub(super) fn finish(&mut self) -> Option<Described> {
        let read = self.open.take()?;
        let state = read.oom_killed.is_some() || read.exit_code.is_some();
        let limits = read.memory.is_some() && (read.memory_swap.is_some() || read.name.id.is_some());
        (state || limits || read.streak.is_some()).then_some(read)
    }
}

fn set(read: &mut Described, key: &str, value: &str, span: Span) {
    let number = || value.parse::<i64>().ok();
    let flag = || match value {
        "true" | "True" => Some(true),
        "false" | "False" => Some(false),
        _ => None,
    };
    let word = || Some(value.to_owned()).filter(|word| !word.is_empty());
    match key {
        "OOMKilled" => read.oom_killed = flag().map(|flag| Spanned::new(flag, span)),
        // Probes have exit codes, too, further down.
        "ExitCode" if read.exit_code.is_none() => {
            read.exit_code = number().map(|code| Spanned::new(code, span));
        }
        "Memory" | "MemLimit" => read.memory = number().map(|bytes| Spanned::new(bytes, span)),
        "MemorySwap" => read.memory_swap = number().map(|bytes| Spanned::new(bytes, span)),
        "RestartCount" => read.restarts = number().map(|count| Spanned::new(count, span)),
        "OomKillDisable" => read.oom_kill_disable = flag().map(|flag| Spanned::new(flag, span)),
        "FailingStreak" => read.streak = number(),
        "Status" if ["healthy", "unhealthy", "starting"].contains(&value) => {
            read.health = Some(Spanned::new(value.to_owned(), span));
        }
        "Status" if ["exited", "running", "restarting", "dead", "created", "paused"].contains(&value) => {
            read.status = Some(Spanned::new(value.to_owned(), span));
        }
        "Error" => read.error = word().map(|word| Spanned::new(word, span)),
        "StartedAt" => read.started = word(),
        "FinishedAt" => read.finished = word(),
        "Running" => read.running = flag(),
        "Id" | "ContainerID" => read.name.id = ContainerId::parse(value).or(read.name.id.take()),
        "Name" if value.starts_with('/') => read.name.name = Some(value.trim_start_matches('/').to_owned()),
        "com.docker.compose.service" => read.name.service = word(),
        "com.docker.compose.project" => read.name.project = word(),
        _ => {}
    }
}

/// Returns the value of `"key": value`, `key:value` or `key=value`, without quotes.
fn value_of<'l>(text: &'l str, key: &str) -> Option<&'l str> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(key)?;
        let rest = text.get(at + key.len()..)?;
        from = at + key.len();
        let before = text.get(..at)?.chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '{')) && before != Some('{')
        {
            continue;
        }
        let rest = rest.strip_prefix('"').unwrap_or(rest).trim_start();
        let Some(rest) = rest.strip_prefix([':', '=']) else { continue };
        let rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            return quoted.split('"').next();
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ')' | '"'))
            .unwrap_or(rest.len());
        return rest.get(..end).filter(|value| !value.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Described {
        let sources = Sources::new();
        let id = sources.add(Path::new("a"), text);
        let span = sources.get(id).span();
        let mut fragments = Fragments::default();
        for line in text.lines() {
            assert!(fragments.line(line, span).is_none());
        }
        fragments.finish().unwrap()
    }

    #[test]
    fn parts_of_an_object_are_read_in_every_form() {
        for text in [
            "> \"Status\": \"exited\",> \n> \"OOMKilled\": false,> \n> \"ExitCode\": 137,> ",
            "State:{\nDead:false,\nExitCode:137,\nOOMKilled:false,\nStatus:\"exited\"\n}",
            "            \"Status\": \"exited\",  <-----\n \"OOMKilled\": false,   <-----\n \"ExitCode\": 137,     <----",
        ] {
            let read = read(text);
            assert_eq!(read.oom_killed.map(|own| own.value), Some(false), "{text}");
            assert_eq!(read.exit_code.map(|own| own.value), Some(137), "{text}");
            assert_eq!(read.status.map(|own| own.value).as_deref(), Some("exited"), "{text}");
        }
        let read = read("OOMKilled=True ExitCode=137 MemLimit=1073741824");
        assert_eq!(read.oom_killed.map(|own| own.value), Some(true));
        assert_eq!(read.memory.map(|own| own.value), Some(1 << 30));
    }

    #[test]
    fn a_template_is_no_value() {
        assert_eq!(value_of("docker inspect -f 'OOMKilled={{.State.OOMKilled}}'", "Memory"), None);
        assert_eq!(value_of("\"KernelMemory\": 5", "Memory"), None);
        assert_eq!(value_of("\"Memory\": 0,", "Memory"), Some("0"));
    }
}
