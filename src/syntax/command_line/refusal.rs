//! Errors of the client about the values of flags, and about flags given together.
//!
//! Source: docker/cli at 28f756087eea, `opts/opts.go`, `opts/ulimit.go`, `cli/command/container/opts.go`; docker/go-units
//! `ulimit.go`; Go's `strconv`.

use super::{Command, Flag, Mistake, Program, Refusal, Takes, Verb};
use crate::syntax::duration;
use crate::syntax::size::ByteSize;

/// Adds what the client rejects about the flags of a command and its image.
pub(super) fn of_flags(command: &mut Command) {
    let mut found: Vec<Refusal> = command.flags.iter().filter_map(|flag| of_value(flag, command)).collect();
    found.extend(together(command));
    found.extend(image(command));
    command.refusals.extend(found);
}

/// Parses a boolean as `strconv.ParseBool` does.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Parses a whole number as `strconv.ParseInt` does with base 0.
fn integer(text: &str) -> Result<i64, &'static str> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..).unwrap_or_default()),
        Some("0b") => (2, lower.get(2..).unwrap_or_default()),
        Some("0o") => (8, lower.get(2..).unwrap_or_default()),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, lower.get(1..).unwrap_or_default()),
        _ => (10, lower.as_str()),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || digits.starts_with(['-', '+']) {
        return Err("invalid syntax");
    }
    match i64::from_str_radix(&digits, radix) {
        Ok(number) => Ok(if negative { -number } else { number }),
        Err(error) if *error.kind() == std::num::IntErrorKind::PosOverflow => Err("value out of range"),
        Err(_) => Err("invalid syntax"),
    }
}

/// Returns the problem of one flag's value, if it is known.
fn of_value(flag: &Flag, command: &Command) -> Option<Refusal> {
    let value = flag.value.as_ref()?;
    let text = value.literal()?;
    let parse = |function: &str, why: &str| format!("strconv.{function}: parsing \"{text}\": {why}");
    let problem = match flag.row.takes {
        Takes::Nothing => boolean(text).is_none().then(|| parse("ParseBool", "invalid syntax")),
        Takes::Text => None,
        // Only swap may be -1; a plain number is also read as a size here.
        Takes::Size => size(text).err(),
        Takes::Swap => {
            if text == "-1" {
                None
            } else {
                size(text).err()
            }
        }
        Takes::Integer => integer(text).err().map(|why| parse("ParseInt", why)),
        Takes::Count => match integer(text) {
            Ok(number) if number < 0 => Some(parse("ParseUint", "invalid syntax")),
            Ok(_) => None,
            Err(why) => Some(parse("ParseUint", why)),
        },
        Takes::Cpus => (!is_number(text)).then(|| format!("failed to parse {text} as a rational number")),
        Takes::Duration if command.program == Program::Podman => None,
        Takes::Duration => duration::parse_go(text).err(),
        Takes::Ulimit => ulimit(text, command.program),
        Takes::Sysctl => (!is_namespaced(text)).then(|| format!("sysctl '{text}' is not allowed")),
    }?;
    let message = match flag.row.short {
        Some(letter) => {
            format!("invalid argument \"{text}\" for \"-{letter}, --{}\" flag: {problem}", flag.row.name)
        }
        None => format!("invalid argument \"{text}\" for \"--{}\" flag: {problem}", flag.row.name),
    };
    Some(Refusal { kind: Mistake::Value(flag.row.name), message, span: value.text.span() })
}

/// Parses a size as go-units does. It takes no sign, not even for a plain number.
pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    match ByteSize::parse_compose(text) {
        Ok(size) if size.0 < 0 => Err(format!("invalid size: '{text}'")),
        other => other,
    }
}

/// True for a decimal number or a fraction.
fn is_number(text: &str) -> bool {
    let one = |text: &str| {
        !text.is_empty()
            && text.bytes().any(|b| b.is_ascii_digit())
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E' | b'_'))
    };
    match text.split_once('/') {
        Some((above, below)) => one(above) && one(below),
        None => one(text),
    }
}

fn ulimit(text: &str, program: Program) -> Option<String> {
    if program == Program::Podman {
        return None;
    }
    let Some((name, limits)) = text.split_once('=') else {
        return Some(format!("invalid ulimit argument: {text}"));
    };
    if name.is_empty() {
        return Some(format!("invalid ulimit argument: {text}"));
    }
    let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
    let parse = |text: &str| {
        let number = text.parse::<i64>();
        number.map_err(|_| format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))
    };
    match (parse(soft), parse(hard)) {
        (Err(problem), _) | (_, Err(problem)) => Some(problem),
        (Ok(soft), Ok(hard)) if hard != -1 && (soft == -1 || soft > hard) => {
            Some(format!("ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}"))
        }
        _ => None,
    }
}

/// True for a kernel parameter that a container has for itself.
fn is_namespaced(text: &str) -> bool {
    const ALLOWED: [&str; 8] = [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];
    text.split_once('=').is_some_and(|(name, _)| {
        ALLOWED.contains(&name) || name.starts_with("net.") || name.starts_with("fs.mqueue.")
    })
}

/// Returns what the client rejects about flags that exclude each other, or whose range it checks.
fn together(command: &Command) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut refuse = |kind: Mistake, message: &str, flag: &Flag| {
        found.push(Refusal { kind, message: message.to_owned(), span: flag.span() });
    };
    if command.verb == Verb::ServiceCreate {
        return found;
    }
    if let Some(flag) = command.flag("memory-swappiness")
        && let Some(number) = flag.literal().and_then(|text| integer(text).ok())
        && number != -1
        && !(0..=100).contains(&number)
    {
        let message = format!("invalid value: {number}. Valid memory swappiness range is 0-100");
        refuse(Mistake::Value("memory-swappiness"), &message, flag);
    }
    if let Some(flag) = command.flag("restart")
        && let Some(policy) = flag.literal()
    {
        let (name, count) =
            policy.split_once(':').map_or((policy, None), |(name, count)| (name, Some(count)));
        if count.is_some_and(|count| count.contains(':') || integer(count).is_err()) {
            let message = "invalid restart policy format: maximum retry count must be an integer";
            refuse(Mistake::Value("restart"), message, flag);
        } else if !matches!(name, "no" | "") && command.is_set("rm") && command.program == Program::Docker {
            let message = "conflicting options: cannot specify both --restart and --rm";
            refuse(Mistake::Conflict("rm"), message, flag);
        }
    }
    let is_probe = |flag: &&Flag| flag.row.name.starts_with("health-");
    if command.is_set("no-healthcheck")
        && let Some(flag) = command.flags.iter().find(is_probe)
        && command.program == Program::Docker
    {
        refuse(
            Mistake::Conflict("no-healthcheck"),
            "--no-healthcheck conflicts with --health-* options",
            flag,
        );
    }
    let network = command.flag("network").or_else(|| command.flag("net"));
    if let Some(flag) = command.flag("network-alias").or_else(|| command.flag("net-alias"))
        && network.is_none_or(|network| {
            network.literal().is_some_and(|name| {
                matches!(name, "host" | "none" | "bridge" | "default") || name.starts_with("container:")
            })
        })
        && command.program == Program::Docker
    {
        let message = "network-scoped aliases are only supported for user-defined networks";
        refuse(Mistake::Conflict("network"), message, flag);
    }
    found
}

/// Returns the problem of an image that is no reference (distribution/reference `reference.go`).
fn image(command: &Command) -> Option<Refusal> {
    let image = command.image.as_ref()?;
    let text = image.literal()?;
    let (rest, _) = text.split_once('@').unwrap_or((text, ""));
    let (registry, path) = match rest.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (first, path),
        _ => ("", rest),
    };
    let allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '/');
    let name = path.split(':').next().unwrap_or_default();
    let edge = |c: char| matches!(c, '.' | '_' | '-' | '/');
    let (host, port) = registry.split_once(':').unwrap_or((registry, "0"));
    let bad_registry = host.contains(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
        || port.is_empty()
        || !port.bytes().all(|b| b.is_ascii_digit());
    let tag = path.split_once(':').map_or("0", |(_, tag)| tag);
    let bad_tag = tag.starts_with(['.', '-'])
        || tag.is_empty()
        || !tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let bad = name.is_empty() || !name.chars().all(allowed) || name.starts_with(edge) || name.ends_with(edge);
    (bad || bad_registry || bad_tag).then(|| Refusal {
        kind: Mistake::Image,
        message: "invalid reference format".to_owned(),
        span: image.text.span(),
    })
}

#[cfg(test)]
mod tests;
