//! Flags that do not do what they seem to: behind the image, ignored, or taken for something else.

use super::names::SettingName;
use crate::model::compose::{Service, UnknownKey, meant_key};
use crate::source::{Span, Spanned};
use crate::syntax::command_line::{Argument, Command, Flag, Mistake, Program, Refusal, Takes, Verb};
use crate::syntax::size::ByteSize;

/// A flag that does not do what it seems to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagMistake {
    /// The kind of the mistake.
    pub kind: FlagMistakeKind,
    /// The bytes at fault.
    pub span: Span,
    /// The bytes that make it so: the image that it comes after, the flag before it.
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

/// The kind of a mistake in a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagMistakeKind {
    /// It comes after the image, so that it belongs to the container's command.
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
    /// `-memory 512m`: a long name behind one dash, which the client takes for letters.
    OneDash {
        /// The word as written.
        word: String,
        /// The flag as the client reads it, `-m emory`. None if it does not know a letter.
        read: Option<String>,
        /// The flag that is meant.
        meant: String,
    },
    /// `—memory 512m`: another sign in the place of two hyphens, so that the word is the image.
    OtherDash {
        /// The word as written.
        word: String,
        /// The flag that is meant.
        meant: String,
    },
    /// Something else for which the client rejects the command.
    Refused {
        /// The rejected text, as written.
        what: String,
        /// The client's message.
        message: String,
        /// The kind of the mistake.
        kind: Mistake,
        /// A value that the flag takes.
        sample: Option<&'static str>,
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
    if let Some(one_dash) = &command.one_dash {
        let kind = FlagMistakeKind::OneDash {
            word: one_dash.word.as_str().to_owned(),
            read: one_dash.read.clone(),
            meant: format!("--{}", one_dash.meant),
        };
        return vec![FlagMistake { kind, span: one_dash.word.span(), because: command.head }];
    }
    if let (Some(flag), Some(image)) = (value_is_image(command), &command.image) {
        let value = image.text.as_str();
        found.push(FlagMistake {
            kind: FlagMistakeKind::ValueIsImage { flag: long_name(flag), value: value.to_owned() },
            span: image.text.span(),
            because: flag.name.span(),
        });
        return found;
    }
    if let Some(mistake) = other_dash(command) {
        return vec![mistake];
    }
    found.extend(command.refusals.iter().filter_map(|refusal| refused(command, refusal)));
    let is_image = |refusal: &Refusal| refusal.kind == Mistake::Image;
    if let Some(image) = command.image.as_ref().filter(|_| !command.refusals.iter().any(is_image)) {
        found.extend(behind_image(command, image));
    }
    found
}

/// Finds a flag in the place of the image that begins with a dash of prose, as word processors write it.
fn other_dash(command: &Command) -> Option<FlagMistake> {
    let image = command.image.as_ref()?;
    let word = image.literal()?;
    let name = word.strip_prefix(['—', '–', '−', '‐'])?.trim_start_matches(['—', '–', '−', '‐', '-']);
    let name = name.split('=').next().unwrap_or_default();
    let meant = format!("{}{name}", if name.len() > 1 { "--" } else { "-" });
    command.row_of(&meant)?;
    Some(FlagMistake {
        kind: FlagMistakeKind::OtherDash { word: word.to_owned(), meant },
        span: image.text.span(),
        because: command.head,
    })
}

/// Returns the mistake for which the client rejects the command, unless the place may be one to fill in.
fn refused(command: &Command, refusal: &Refusal) -> Option<FlagMistake> {
    let flag = command.flags.iter().find(|flag| flag.span().contains(refusal.span));
    let shown = |flag: &Flag| match flag.value.as_ref().map(|value| value.text.as_str()) {
        Some(value) if flag.row.takes == Takes::Nothing => format!("{}={value}", long_name(flag)),
        Some(value) => format!("{} {value}", long_name(flag)),
        None => long_name(flag),
    };
    let (what, sample) = match &refusal.kind {
        Mistake::UnknownFlag(name) => {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if command.program != Program::Docker
                || !name.chars().all(is_name)
                || meant(name, command).is_some()
            {
                return None;
            }
            (name.clone(), None)
        }
        Mistake::Image => {
            let image = command.image.as_ref()?.literal()?;
            let is_example = |part: &str| image.to_ascii_lowercase().contains(part);
            let capitals = image.bytes().all(|b| !b.is_ascii_lowercase());
            if capitals && image.contains(|c: char| c.is_ascii_uppercase())
                || ["image", "name", "your", "my", "example"].into_iter().any(is_example)
            {
                return None;
            }
            (image.to_owned(), None)
        }
        Mistake::Value("restart") => (shown(flag?), Some("on-failure:3")),
        Mistake::Value(_) => {
            let flag = flag?;
            let sample = match flag.row.takes {
                Takes::Nothing => "true",
                Takes::Text => return None,
                Takes::Size | Takes::Swap => "512m",
                Takes::Integer | Takes::Count => "10",
                Takes::Cpus => "1.5",
                Takes::Duration => "30s",
                Takes::Ulimit => "nofile=1024:2048",
                Takes::Sysctl => "net.core.somaxconn=1024",
            };
            (shown(flag), Some(sample))
        }
        Mistake::Conflict(_) => (shown(flag?), None),
        Mistake::NoValue(_) | Mistake::NoImage => return None,
    };
    let sample = sample.filter(|_| flag.is_some());
    let (kind, message) = (refusal.kind.clone(), refusal.message.clone());
    Some(FlagMistake {
        kind: FlagMistakeKind::Refused { what, message, kind, sample },
        span: refusal.span,
        because: command.head,
    })
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

/// Finds the first memory flag after the image, if nothing but flags of the client is between them.
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
            // `--memory=512m`, `-m=512m`
            Some((name, value)) if text.starts_with("--") || name.len() == 2 => {
                (None, Some(value.to_owned()))
            }
            // `-m512m`, `-eNAME=value`
            _ if !text.starts_with("--") && text.len() > 2 => (None, text.get(2..).map(str::to_owned)),
            _ if row.takes == Takes::Nothing => (None, None),
            _ => (words.next(), None),
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

/// Returns the flag that an unknown one for memory means, without dashes.
fn meant(flag: &str, command: &Command) -> Option<&'static str> {
    let key = match flag.trim_start_matches('-') {
        "m" | "M" => "mem_limit",
        name => meant_key(name)?,
    };
    SettingName::of_key(key)?.flag_name(command.verb == Verb::ServiceCreate)
}

/// Adds the flags that the client does not know and that were meant for memory.
pub(super) fn unknown_flags(service: &mut Service, command: &Command) {
    for refusal in &command.refusals {
        let Mistake::UnknownFlag(flag) = &refusal.kind else { continue };
        let Some(meant) = meant(flag, command) else { continue };
        let key = Spanned::new(flag.clone(), refusal.span);
        service.unknown_keys.push(UnknownKey { place: "", key, meant, sizes: None });
    }
}
