//! Flags that do not do what they seem to: behind the image, ignored, or taken for something else.

use crate::model::compose::{Service, UnknownKey};
use crate::source::{Span, Spanned};
use crate::syntax::command_line::{Argument, Command, Flag, Mistake, Program, Takes, Verb};
use crate::syntax::size::ByteSize;

/// A flag that does not do what it seems to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagMistake {
    /// What is wrong with it.
    pub kind: FlagMistakeKind,
    /// The bytes at fault.
    pub span: Span,
    /// The bytes that make it so: the image that it stands behind, the flag before it.
    pub because: Span,
}

impl FlagMistake {
    /// True for a memory limit behind the image, where it is none.
    #[must_use]
    pub fn is_limit_behind_image(&self) -> bool {
        let FlagMistakeKind::BehindImage { flag, .. } = &self.kind else { return false };
        ["-m", "--memory", "--limit-memory"].iter().any(|name| {
            flag.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(|c: char| !c.is_ascii_alphabetic() && c != '-'))
        })
    }
}

/// What is wrong with a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagMistakeKind {
    /// It stands behind the image, so that it belongs to the container's command.
    BehindImage {
        /// The flag with its value, as written.
        flag: String,
        /// The image, as written.
        image: String,
        /// True if no program but the client has a flag of this name.
        certain: bool,
    },
    /// `--rm true`: the flag takes no value, so that the word is the image.
    ValueIsImage {
        /// The flag.
        flag: String,
        /// The word.
        value: String,
    },
    /// `--entrypoint "java -Xmx1g"`: the name of a file, not split into words.
    EntrypointWithBlanks {
        /// The value.
        value: String,
    },
    /// A flag that is accepted and ignored.
    Ignored {
        /// The flag.
        flag: String,
    },
}

/// Returns the mistakes of a command.
pub(super) fn of(command: &Command) -> Vec<FlagMistake> {
    let mut found = Vec::new();
    if let Some(flag) = command.flag("kernel-memory") {
        found.push(FlagMistake {
            kind: FlagMistakeKind::Ignored { flag: flag.name.as_str().to_owned() },
            span: flag.span(),
            because: command.head,
        });
    }
    if let Some(flag) = command.flag("entrypoint")
        && command.verb != Verb::ServiceCreate
        && let Some(value) = flag.literal()
        && value.split_whitespace().nth(1).is_some()
        && !value.trim_start().starts_with('[')
    {
        found.push(FlagMistake {
            kind: FlagMistakeKind::EntrypointWithBlanks { value: value.to_owned() },
            span: flag.span(),
            because: command.head,
        });
    }
    let Some(image) = &command.image else { return found };
    if let Some(flag) = value_is_image(command) {
        let value = image.text.as_str();
        found.push(FlagMistake {
            kind: FlagMistakeKind::ValueIsImage { flag: long_name(flag), value: value.to_owned() },
            span: image.text.span(),
            because: flag.name.span(),
        });
        return found;
    }
    found.extend(behind_image(command, image));
    found
}

/// Returns the flag whose value, `true` or `false` as a word of its own, is taken for the image.
pub(super) fn value_is_image(command: &Command) -> Option<&Flag> {
    let flag =
        command.flags.last().filter(|flag| flag.row.takes == Takes::Nothing && flag.value.is_none())?;
    matches!(command.image.as_ref()?.literal()?, "true" | "false").then_some(flag)
}

fn long_name(flag: &Flag) -> String {
    format!("--{}", flag.row.name)
}

/// Flags that only the clients of containers have.
const CERTAIN: [&str; 10] = [
    "memory-swap",
    "memory-reservation",
    "memory-swappiness",
    "oom-kill-disable",
    "oom-score-adj",
    "shm-size",
    "pids-limit",
    "limit-memory",
    "reserve-memory",
    "kernel-memory",
];

/// Finds the first memory flag behind the image, if nothing but flags of the client stands between them.
fn behind_image(command: &Command, image: &Argument) -> Option<FlagMistake> {
    let name = image.literal()?;
    // These have `-m` of their own.
    let own = ["memcached", "docker", "podman", "dind", "buildah", "nerdctl", "kind", "minikube", "qemu"];
    if own.iter().any(|program| name.contains(program)) || command.flag("entrypoint").is_some() {
        return None;
    }
    let mut words = command.arguments.iter().peekable();
    while let Some(word) = words.next() {
        let text = word.literal()?;
        let row = command.row_of(text).filter(|_| text.len() > 1)?;
        let (written, joined) = match text.split_once('=') {
            Some((_, value)) => (None, Some(value.to_owned())),
            None if !text.starts_with("--") && text.len() > 2 => (None, text.get(2..).map(str::to_owned)),
            None if row.takes == Takes::Nothing => (None, None),
            None => (words.next(), None),
        };
        let value = written.map(|word| word.text.as_str().to_owned()).or(joined).unwrap_or_default();
        let is_size = ByteSize::parse_compose(&value).is_ok_and(|size| size.0 > 0);
        let with_unit = is_size && value.ends_with(|c: char| c.is_ascii_alphabetic());
        let certain = CERTAIN.contains(&row.name);
        let meant = match row.name {
            "memory" => with_unit,
            "memory-swap" => is_size || value == "-1",
            "env" => sets_memory(&value),
            "oom-kill-disable" => true,
            _ => certain && value.starts_with(|c: char| c.is_ascii_digit() || c == '-'),
        };
        if meant {
            let end = written.map_or(word.text.span(), |value| value.text.span());
            let shown = if written.is_some() { format!("{text} {value}") } else { text.to_owned() };
            return Some(FlagMistake {
                kind: FlagMistakeKind::BehindImage { flag: shown, image: name.to_owned(), certain },
                span: word.text.span().cover(end),
                because: image.text.span(),
            });
        }
    }
    None
}

/// True for `JAVA_OPTS=-Xmx512m`, `NODE_OPTIONS=…`: the name of a variable that sets memory, in capitals.
fn sets_memory(value: &str) -> bool {
    let Some((name, _)) = value.split_once('=') else { return false };
    let capitals = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    capitals && ["OPTS", "OPTIONS", "HEAP", "MEMORY", "XMX"].iter().any(|part| name.contains(part))
}

/// Memory flags by the names that people give them.
const MEANT: [(&str, &str, &str); 14] = [
    ("mem", "memory", "limit-memory"),
    ("mem-limit", "memory", "limit-memory"),
    ("memory-limit", "memory", "limit-memory"),
    ("memory_limit", "memory", "limit-memory"),
    ("mem_limit", "memory", "limit-memory"),
    ("limit-memory", "memory", "limit-memory"),
    ("limit-mem", "memory", "limit-memory"),
    ("memory", "memory", "limit-memory"),
    ("memory_swap", "memory-swap", "memory-swap"),
    ("memswap-limit", "memory-swap", "memory-swap"),
    ("memory-swap-limit", "memory-swap", "memory-swap"),
    ("reserve-memory", "memory-reservation", "reserve-memory"),
    ("memory-reservation", "memory-reservation", "reserve-memory"),
    ("shm_size", "shm-size", "mount"),
];

/// Adds the flags that the client does not know and that were meant for memory.
pub(super) fn unknown_flags(service: &mut Service, command: &Command) {
    for refusal in &command.refusals {
        let Mistake::UnknownFlag(flag) = &refusal.kind else { continue };
        if command.program != Program::Docker {
            continue;
        }
        let in_service = command.verb == Verb::ServiceCreate;
        let name = flag.trim_start_matches('-');
        let meant = match name {
            "m" | "M" => Some(("memory", "limit-memory")),
            _ => MEANT.iter().find(|(wrong, ..)| *wrong == name).map(|(_, run, create)| (*run, *create)),
        };
        let Some((run, create)) = meant else { continue };
        let meant = if in_service { create } else { run };
        let key = Spanned::new(flag.clone(), refusal.span);
        service.unknown_keys.push(UnknownKey { place: "", key, meant });
    }
}
