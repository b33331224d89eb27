//! The words for settings: keys of a Compose file, or flags for a container that a command line starts.
//!
//! Rules speak of Compose's keys. What they say of a container that a command line starts is put into flags: those of `docker run`,
//! or those of `docker service create`.

use std::borrow::Cow;

use crate::diagnostic::FixOp;
use crate::source::Span;
use crate::workload::{Workload, flag_of, shell_quoted};

/// The form in which the settings of a workload are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// Keys of a Compose file.
    #[default]
    Compose,
    /// Flags of `docker run` and the like.
    Run,
    /// Flags of `docker service create`.
    ServiceCreate,
}

/// Words for a service, and for a container. What comes first is looked for first.
const WORDS: [(&str, &str); 7] = [
    ("in the service:\n  logging:\n    options:\n      max-size: 10m", "add `--log-opt max-size=10m`"),
    ("in the service:\n  logging:\n    driver: local", "add `--log-driver local`"),
    ("in every service that reads it", "in every container that reads it"),
    (", in Compose or in the image", ", of their own or of the image"),
    ("services", "containers"),
    ("service", "container"),
    ("merged in here", "from here"),
];

impl Form {
    /// Returns the form for a workload.
    pub(super) fn of(workload: &Workload) -> Self {
        match workload.launch() {
            Some(launch) if launch.swarm => Self::ServiceCreate,
            Some(_) => Self::Run,
            None => Self::Compose,
        }
    }

    /// Returns the flag of a key, given by its dotted path. None for a key of Compose, and where there is no such flag.
    pub(super) fn flag(self, key: &str) -> Option<&'static str> {
        match self {
            Self::Compose => None,
            Self::Run => flag_of(key, false),
            Self::ServiceCreate => flag_of(key, true),
        }
    }

    /// Returns a flag with its value, or the key with its value in Compose's form.
    pub(super) fn setting(self, key: &str, value: &str) -> String {
        let Some(flag) = self.flag(key) else { return format!("{key}: {value}") };
        let bare = value.trim_matches('"');
        match (flag, bare) {
            ("--restart-condition", "always" | "unless-stopped") => format!("{flag} any"),
            ("--restart-condition", "no") => format!("{flag} none"),
            ("--init" | "--oom-kill-disable", "true") => flag.to_owned(),
            ("--init" | "--oom-kill-disable", _) => format!("{flag}={bare}"),
            // `docker run` takes seconds.
            ("--stop-timeout", _) => format!("{flag} {}", bare.strip_suffix('s').unwrap_or(bare)),
            _ => format!("{flag} {}", quoted(bare)),
        }
    }

    /// Puts a text that names keys of Compose into this form. `command` is the command that rejects what Compose would reject. What is in
    /// `own`, the names of the container and its image, is no key.
    pub(super) fn text<'t>(self, text: Cow<'t, str>, command: &str, own: &[String]) -> Cow<'t, str> {
        if self == Self::Compose {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        let mut rest: &str = &text;
        while let Some(open) = rest.find('`') {
            let (before, behind) =
                (rest.get(..open).unwrap_or_default(), rest.get(open + 1..).unwrap_or_default());
            let Some(close) = behind.find('`') else { break };
            let code = behind.get(..close).unwrap_or_default();
            self.prose(before, command, &mut out);
            rest = behind.get(close + 1..).unwrap_or_default();
            // "`init` of `init`": the key comes first.
            let is_name = own.iter().any(|name| name == code) && !rest.starts_with(" of `");
            match self.code(code).filter(|_| !is_name) {
                Some(flag) => out.push_str(&format!("`{flag}`")),
                None => out.push_str(&format!("`{code}`")),
            }
        }
        self.prose(rest, command, &mut out);
        let out = out.replace("to `command`", "behind the image").replace("in `command`", "behind the image");
        Cow::Owned(out)
    }

    /// Adds text outside of backticks.
    fn prose(self, text: &str, command: &str, out: &mut String) {
        let words = match self {
            Self::ServiceCreate => WORDS.get(..2).unwrap_or_default(),
            _ => &WORDS,
        };
        // What an engine or a program says stands in double quotes, and stays as it is.
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                out.push('"');
            }
            if at % 2 == 1 {
                out.push_str(part);
                continue;
            }
            let mut part = part.replace("Compose rejects", &format!("`{command}` rejects"));
            for (of_service, of_container) in words {
                part = with_word(&part, of_service, of_container);
            }
            out.push_str(&part);
        }
    }

    /// Puts `mem_limit` and `mem_limit: 512m` into this form. None if it is no key.
    fn code(self, code: &str) -> Option<String> {
        match code.split_once(": ") {
            Some((key, value)) if self.flag(key).is_some() => Some(self.setting(key, value)),
            Some(_) => None,
            None => self.flag(code).map(str::to_owned),
        }
    }

    /// Returns the flags that a fix of a Compose file stands for, to paste. None if it is more than settings.
    pub(super) fn flags(
        self,
        ops: &[FixOp],
        workload_keys: &dyn Fn(Span) -> Option<&'static str>,
    ) -> Option<String> {
        let mut flags: Vec<String> = Vec::new();
        for op in ops {
            match op {
                FixOp::Set { path: ["ulimits", name], value, .. } => {
                    flags.push(format!("--ulimit {}", quoted(&format!("{name}={value}"))));
                }
                FixOp::Set { path, value, .. } | FixOp::Move { path, value, .. } => {
                    let key = path.join(".");
                    self.flag(&key)?;
                    flags.push(self.setting(&key, value));
                }
                FixOp::SetNear { path, value, below, .. } => {
                    let key = below.iter().chain(*path).copied().collect::<Vec<_>>().join(".");
                    self.flag(&key)?;
                    flags.push(self.setting(&key, value));
                }
                FixOp::Replace { value, text } => {
                    let key = workload_keys(*value)?;
                    self.flag(key)?;
                    flags.push(self.setting(key, text));
                }
                FixOp::SetVariables { variables, .. } => {
                    let set = variables
                        .iter()
                        .map(|(name, value)| format!("--env {}", quoted(&format!("{name}={value}"))));
                    flags.extend(set);
                }
                _ => return None,
            }
        }
        (!flags.is_empty()).then(|| flags.join(" "))
    }
}

/// Replaces a word or words, but no part of a longer word.
fn with_word(text: &str, word: &str, other: &str) -> String {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, found) = rest.split_at(at);
        let behind = found.get(word.len()..).unwrap_or_default();
        let so_far = before.chars().next_back().or(out.chars().next_back());
        // A full stop and a hyphen may also end a sentence or a part of one.
        let is_word =
            !is_part(so_far) && !behind.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
        out.push_str(before);
        out.push_str(if is_word { other } else { word });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Quotes a value for a shell, but not a placeholder such as `<size>`.
fn quoted(value: &str) -> String {
    let is_placeholder = value.starts_with('<') && value.ends_with('>');
    if is_placeholder { value.to_owned() } else { shell_quoted(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> String {
        Form::Run.text(Cow::Borrowed(text), "docker run", &["init".to_owned()]).into_owned()
    }

    #[test]
    fn keys_become_flags_and_other_code_stays() {
        for (text, expected) in [
            ("`memswap_limit` of `web` is 1 GiB", "`--memory-swap` of `web` is 1 GiB"),
            (
                "add `mem_limit: <size>`, above the service's peak",
                "add `--memory <size>`, above the container's peak",
            ),
            ("Compose rejects `mem_limit: 512Mi` of `x`", "`docker run` rejects `--memory 512Mi` of `x`"),
            ("add `restart: unless-stopped`", "add `--restart unless-stopped`"),
            ("`-Xmx1g` in `JAVA_OPTS`", "`-Xmx1g` in `JAVA_OPTS`"),
            ("`init: true`", "`--init`"),
            ("`stop_grace_period: 90s` or more", "`--stop-timeout 90` or more"),
            ("an open ` backtick", "an open ` backtick"),
            ("`init` of `init` needs `init: true`", "`--init` of `init` needs `--init`"),
            ("exec: \"service nginx start\": no service", "exec: \"service nginx start\": no container"),
            ("microservices, a service-mesh, services", "microservices, a container-mesh, containers"),
        ] {
            assert_eq!(run(text), expected);
        }
        let swarm = Form::ServiceCreate;
        assert_eq!(swarm.setting("deploy.resources.limits.memory", "1g"), "--limit-memory 1g");
        assert_eq!(swarm.flag("shm_size"), None);
        assert_eq!(swarm.setting("restart", "unless-stopped"), "--restart-condition any");
        assert_eq!(Form::Compose.setting("mem_limit", "1g"), "mem_limit: 1g");
    }
}
