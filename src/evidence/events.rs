//! Reads `docker events` and `podman events`: JSON of all API versions, and text.

use serde_json::Value;

use super::cgroup::ContainerId;
use super::name::Name;
use crate::source::Span;

/// The kind of an event of a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The kind of event.
    pub action: Action,
    /// The container.
    pub name: Name,
    /// The exit code, of [`Action::Die`].
    pub exit_code: Option<i64>,
    /// Unix time in seconds, if the event has it.
    pub at: Option<f64>,
    /// Whether Podman says that it was killed for memory.
    pub oom_killed: Option<bool>,
    /// The line.
    pub span: Span,
}

/// The kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was started.
    Start,
    /// The engine was told that the kernel's OOM killer ran in its cgroup.
    Oom,
    /// Its main process ended.
    Die,
    /// The engine sent a signal, if its number is known.
    Kill(Option<i64>),
    /// It was stopped on request.
    Stop,
    /// It was restarted on request.
    Restart,
    /// A program of `docker exec` or a probe ended.
    ExecDie,
    /// A probe failed often enough.
    Unhealthy,
    /// A probe succeeded again, or for the first time.
    Healthy,
    /// Another event.
    Other,
}

impl Action {
    fn parse(text: &str, attribute: &dyn Fn(&str) -> Option<String>) -> Self {
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        match word.trim() {
            "start" | "restarted" => Self::Start,
            "oom" => Self::Oom,
            "die" | "died" => Self::Die,
            "kill" => Self::Kill(attribute("signal").and_then(|signal| signal_number(&signal))),
            "stop" => Self::Stop,
            "restart" => Self::Restart,
            "exec_die" | "exec_died" => Self::ExecDie,
            "health_status" => {
                let status = attribute("health_status").unwrap_or_else(|| rest.trim().to_owned());
                match status.as_str() {
                    "unhealthy" => Self::Unhealthy,
                    "healthy" => Self::Healthy,
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }

    /// Returns the word that `docker events` has for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Oom => "oom",
            Self::Die => "die",
            Self::Kill(_) => "kill",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::ExecDie => "exec_die",
            Self::Unhealthy => "health_status: unhealthy",
            Self::Healthy => "health_status: healthy",
            Self::Other => "event",
        }
    }
}

/// The names of the signals of Linux, the first of which has the number 1.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The number of SIGRTMIN in containers.
const FIRST_REAL_TIME: i64 = 34;

/// Returns the number of a signal: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`.
pub(super) fn signal_number(text: &str) -> Option<i64> {
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    if let Some(more) = name.strip_prefix("RTMIN") {
        let more = if more.is_empty() { 0 } else { more.strip_prefix('+')?.parse::<i64>().ok()? };
        return FIRST_REAL_TIME.checked_add(more);
    }
    let known = SIGNALS.iter().zip(1..).find(|(known, _)| **known == name).map(|(_, number)| number);
    known.or_else(|| name.parse().ok())
}

/// Words of events, by which lines of other logs are told from them.
const WORDS: [&str; 33] = [
    "attach",
    "cleanup",
    "commit",
    "connect",
    "copy",
    "create",
    "destroy",
    "detach",
    "die",
    "died",
    "disconnect",
    "exec_create",
    "exec_detach",
    "exec_die",
    "exec_died",
    "exec_start",
    "export",
    "health_status",
    "init",
    "kill",
    "mount",
    "oom",
    "pause",
    "prune",
    "remove",
    "rename",
    "resize",
    "restart",
    "start",
    "stop",
    "top",
    "unpause",
    "update",
];

/// Reads an event in JSON. `None` if the object is something else.
pub(super) fn of_json(value: &Value, span: Span) -> Option<Event> {
    let text = |names: &[&str]| {
        names.iter().find_map(|name| value.get(*name)?.as_str()).filter(|text| !text.is_empty())
    };
    let action = text(&["Action", "action", "status", "Status"])?;
    let kind = text(&["Type", "type"]);
    let actor = value.get("Actor").or_else(|| value.get("actor"));
    let timed = ["time", "timeNano", "Time"].iter().any(|name| value.get(*name).is_some());
    let word = action.split([':', ' ']).next().unwrap_or_default();
    if !WORDS.contains(&word) || !(actor.is_some() || timed) || kind.is_some_and(|kind| kind != "container") {
        return None;
    }
    let attributes = actor.and_then(|actor| actor.get("Attributes").or_else(|| actor.get("attributes")));
    let attributes = attributes.or_else(|| value.get("Attributes"));
    let attribute = |name: &str| match attributes?.get(name)? {
        Value::String(text) => Some(text.clone()),
        number @ Value::Number(_) => Some(number.to_string()),
        _ => None,
    };
    let id = actor.and_then(|actor| actor.get("ID").or_else(|| actor.get("id"))?.as_str());
    let id = id.or_else(|| text(&["id", "ID"]));
    let seconds = |value: &Value| value.as_f64().or_else(|| crate::stats::time_of(value.as_str()?));
    let nano = value.get("timeNano").and_then(Value::as_f64).map(|nano| nano / 1e9);
    let code = value.get("ContainerExitCode").and_then(Value::as_i64);
    Some(Event {
        action: Action::parse(action, &attribute),
        name: Name {
            id: id.and_then(ContainerId::parse),
            name: attribute("name").or_else(|| text(&["Name"]).map(str::to_owned)),
            image: attribute("image").or_else(|| text(&["from", "Image"]).map(str::to_owned)),
            project: attribute("com.docker.compose.project"),
            service: attribute("com.docker.compose.service"),
            ..Name::default()
        }
        .tidy(),
        exit_code: code.or_else(|| attribute("exitCode")?.parse().ok()),
        at: nano.or_else(|| ["time", "Time"].iter().find_map(|name| seconds(value.get(*name)?))),
        oom_killed: value.get("OOMKilled").and_then(Value::as_bool),
        span,
    })
}

/// Reads an event in text: `TIME container ACTION ID (name=value, …)`, `TIME ID: (from IMAGE) ACTION` of Docker before 1.10, and what
/// people print with a template: `TIME ACTION NAME exitCode=137`.
pub(super) fn of_text(text: &str, span: Span) -> Option<Event> {
    if let Some(id) = task_oom(text) {
        return Some(event("oom", Some(id), &|_| None, None, span));
    }
    let head = text.split(" (").next().unwrap_or(text);
    let words: Vec<&str> = head.split_whitespace().take(12).collect();
    let at = words.first().and_then(|word| time(word));
    if let Some(place) = words.iter().position(|word| *word == "container") {
        // `container exec_create: /bin/sh -c … ID (…)`: the ID is the last word.
        let action = *words.get(place + 1)?;
        let word = action.trim_end_matches(':');
        let id = head.split_whitespace().next_back().and_then(ContainerId::parse)?;
        if !WORDS.contains(&word) {
            return None;
        }
        let attributes = text.get(head.len()..).unwrap_or_default().trim().trim_start_matches('(');
        let attribute = |name: &str| attribute_of(attributes, name);
        let action = if word == "health_status" {
            words.get(place + 2).map(|status| format!("{word}: {status}"))
        } else {
            None
        };
        return Some(event(action.as_deref().unwrap_or(word), Some(id), &attribute, at, span));
    }
    let at = at?;
    let second = *words.get(1)?;
    if let Some(id) = second.strip_suffix(':').and_then(ContainerId::parse) {
        let image = text.split_once("(from ")?.1;
        let (image, action) = image.split_once(')')?;
        let action = action.trim();
        let attribute = |name: &str| (name == "image").then(|| image.to_owned());
        return WORDS.contains(&action).then(|| event(action, Some(id), &attribute, Some(at), span));
    }
    if WORDS.contains(&second) && words.len() <= 4 {
        let name = words.get(2).filter(|name| !name.contains('='))?;
        let code = words.iter().find_map(|word| word.strip_prefix("exitCode="));
        let id = ContainerId::parse(name).filter(|id| id.digits() >= 12);
        let attribute = |key: &str| match key {
            "name" if id.is_none() => Some((*name).to_owned()),
            "exitCode" => code.map(str::to_owned),
            _ => None,
        };
        return Some(event(second, id.clone(), &attribute, Some(at), span));
    }
    None
}

/// Returns the container that containerd reports: `TaskOOM{ContainerID:43e21b8b51a9,…}`, `topic=/tasks/oom container=43e21b8b51a9`.
fn task_oom(text: &str) -> Option<ContainerId> {
    let rest = match text.split_once("TaskOOM{ContainerID:") {
        Some((_, rest)) => rest,
        None if text.contains("topic=/tasks/oom") => text.split_once("container=")?.1,
        None => return None,
    };
    ContainerId::parse(rest.split([',', '}', ' ', '"']).next()?)
}

fn event(
    action: &str,
    id: Option<ContainerId>,
    attribute: &dyn Fn(&str) -> Option<String>,
    at: Option<f64>,
    span: Span,
) -> Event {
    Event {
        action: Action::parse(action, attribute),
        name: Name {
            id,
            name: attribute("name"),
            image: attribute("image"),
            project: attribute("com.docker.compose.project"),
            service: attribute("com.docker.compose.service"),
            ..Name::default()
        }
        .tidy(),
        exit_code: attribute("exitCode").and_then(|code| code.parse().ok()),
        at,
        oom_killed: None,
        span,
    }
}

/// Returns the value of an attribute. Values hold commas and equals signs themselves, so an attribute begins the list or follows a
/// comma.
fn attribute_of(attributes: &str, name: &str) -> Option<String> {
    let mut from = 0;
    while let Some(found) = attributes.get(from..)?.find(name) {
        let at = from + found;
        let rest = attributes.get(at + name.len()..)?;
        let before = attributes.get(..at)?;
        if rest.starts_with('=') && (before.is_empty() || before.ends_with(", ") || before.ends_with(',')) {
            let value = rest.get(1..)?;
            let end = value.find([',', ')']).unwrap_or(value.len());
            return Some(value.get(..end)?.trim().to_owned());
        }
        from = at + name.len();
    }
    None
}

/// Parses the first word of an event: RFC 3339, or seconds since 1970.
fn time(word: &str) -> Option<f64> {
    let stamp = word.len() >= 10
        && (word.contains('T') || word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    stamp.then(|| crate::stats::time_of(word))?
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Event {
        let sources = Sources::new();
        let span = sources.get(sources.add(Path::new("a"), text)).span();
        let json = serde_json::from_str(text).ok().and_then(|value| of_json(&value, span));
        json.or_else(|| of_text(text, span)).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn events_of_all_versions_are_read() {
        let (b, nobody) = (Some("b"), None);
        let json_1_52 = "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"43e21b8b51a9\",\"Attributes\":\
                         {\"exitCode\":\"137\",\"name\":\"b\"}},\"time\":1}";
        let podman = "{\"ContainerExitCode\":137,\"OOMKilled\":true,\"ID\":\"43e21b8b51a9\",\"Name\":\"b\",\"Status\":\"died\",\
                      \"Time\":\"2026-04-28T13:43:38-04:00\",\"Type\":\"container\"}";
        let at = "2017-01-05T00:42:11+08:00";
        for (text, action, name, code) in [
            (
                "{\"status\":\"oom\",\"id\":\"43e21b8b51a9\",\"from\":\"a\",\"time\":1}".to_owned(),
                Action::Oom,
                nobody,
                None,
            ),
            (json_1_52.to_owned(), Action::Die, b, Some(137)),
            (podman.to_owned(), Action::Die, b, Some(137)),
            (
                format!("{at} container kill d9cd...4d70 (image=a, name=b, signal=9)"),
                Action::Kill(Some(9)),
                b,
                None,
            ),
            (
                format!("{at} container exec_create: /bin/sh -c true 43e21b8b51a9 (image=a, name=b)"),
                Action::Other,
                b,
                None,
            ),
            (
                format!("{at} container health_status: unhealthy 43e21b8b51a9 (image=a, name=b)"),
                Action::Unhealthy,
                b,
                None,
            ),
            (
                "2015-09-03T16:20:42-07:00 2424...a892: (from ubuntu) oom".to_owned(),
                Action::Oom,
                nobody,
                None,
            ),
            ("1785619122 die b exitCode=137".to_owned(), Action::Die, b, Some(137)),
            (
                "2019-03-02 10:33:50.8 -0600 CST container died 43e21b8b51a9 (image=a, name=b)".to_owned(),
                Action::Die,
                b,
                None,
            ),
            (
                "level=info msg=\"TaskOOM event &TaskOOM{ContainerID:43e21b8b51a9,}\"".to_owned(),
                Action::Oom,
                nobody,
                None,
            ),
        ] {
            let event = read(&text);
            assert_eq!(
                (event.action, event.name.name.as_deref(), event.exit_code),
                (action, name, code),
                "{text}"
            );
        }
    }

    #[test]
    fn objects_of_another_kind_are_no_events() {
        for text in [
            "{\"Type\":\"network\",\"Action\":\"disconnect\",\"Actor\":{\"ID\":\"43e21b8b51a9\"},\"time\":1}",
            "{\"Type\":\"container\",\"Action\":\"dance\",\"Actor\":{\"ID\":\"43e21b8b51a9\"},\"time\":1}",
            "{\"status\":\"oom\",\"id\":\"43e21b8b51a9\"}",
        ] {
            let sources = Sources::new();
            let span = sources.get(sources.add(Path::new("a"), text)).span();
            assert_eq!(of_json(&serde_json::from_str(text).unwrap(), span), None, "{text}");
        }
    }

    #[test]
    fn the_time_of_an_event_is_the_same_in_every_form() {
        for (time, at) in [
            ("\"time\":1785619122", 1_785_619_122.0),
            ("\"timeNano\":1785619122500000000", 1_785_619_122.5),
            ("\"time\":1785619122,\"timeNano\":1785619122500000000", 1_785_619_122.5),
            ("\"Time\":\"2026-08-01T21:18:42Z\"", 1_785_619_122.0),
        ] {
            let text = format!("{{\"status\":\"die\",\"id\":\"43e21b8b51a9\",{time}}}");
            assert_eq!(read(&text).at, Some(at), "{text}");
        }
        assert_eq!(read("1785619122 die b exitCode=137").at, Some(1_785_619_122.0));
    }

    #[test]
    fn labels_with_commas_and_brackets_do_not_hide_the_name() {
        let text = "2019-05-04T18:05:45-05:00 container oom 43e21b8b51a9 (a=[{\"b\":1,\"c\":\"name=x\"}], image=i, name=web_1)";
        assert_eq!(read(text).name.name.as_deref(), Some("web_1"));
    }
}
