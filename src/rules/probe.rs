//! Formats healthchecks as text to paste, for a Compose service or a Dockerfile.

use crate::source::Span;
use crate::workload::{Fact, Healthcheck, Kind, Probe, Workload, duration, shell_quoted};

/// The form of the place that a healthcheck is pasted into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A key of a Compose service.
    Compose,
    /// An instruction of a Dockerfile.
    Dockerfile,
    /// Flags of `docker run`.
    Flags,
}

impl Form {
    /// Returns the form for what starts a workload.
    pub(super) fn of(workload: &Workload) -> Self {
        match (workload.kind, workload.described()) {
            (Kind::Image, _) => Self::Dockerfile,
            (_, Some(described)) if described.compose.is_none() => Self::Flags,
            _ => Self::Compose,
        }
    }

    /// Returns the form for a place in one of a workload's files.
    pub(super) fn at(place: Span, workload: &Workload) -> Self {
        match workload.kind {
            Kind::Image => Self::Dockerfile,
            Kind::Container => Self::of(workload),
            _ if workload.dockerfile() != Some(place.file) => Self::Compose,
            _ => Self::Dockerfile,
        }
    }
}

/// Returns the flags of a `HEALTHCHECK` like this probe, with `others` in place of its own: `--interval=5s --retries=3`.
pub(super) fn flags(check: &Healthcheck, others: &[(&str, String)]) -> String {
    let Healthcheck::Probe { interval, timeout, start_period, start_interval, retries, .. } = check else {
        return String::new();
    };
    let time = |nanoseconds: &Fact<i64>| nanoseconds.value().copied().map(format_duration);
    let written = [
        ("interval", time(interval)),
        ("timeout", time(timeout)),
        ("start-period", time(start_period)),
        ("start-interval", time(start_interval)),
        ("retries", retries.value().map(ToString::to_string)),
    ];
    let flags = written.into_iter().filter_map(|(name, value)| {
        let other = others.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
        Some(format!("--{name}={} ", other.or(value)?))
    });
    flags.collect()
}

/// Formats a duration in nanoseconds as people write it: `2m`, where Go prints `2m0s`.
pub(super) fn format_duration(nanoseconds: i64) -> String {
    let mut text = duration::display(nanoseconds);
    for (whole, unit) in [("m0s", 'm'), ("h0m", 'h')] {
        if text.ends_with(whole) {
            text.truncate(text.rfind(unit).map_or(text.len(), |at| at + 1));
        }
    }
    text
}

/// Describes what is guessed about a probe, for the end of the line before it: `, an HTTP request to port 80; any answer
/// counts`.
pub(super) fn assumption(probe: &Probe) -> String {
    match (probe.assumed_http, probe.any_answer) {
        (Some(port), _) => format!(", an HTTP request to port {port} (any response counts)"),
        (None, true) => " (any response counts)".to_owned(),
        (None, false) => String::new(),
    }
}

/// Returns the text that replaces a healthcheck's test: the line `test: […]`, or the whole instruction in a Dockerfile.
pub(super) fn replacement_text(form: Form, check: &Healthcheck, test: &[String]) -> String {
    match form {
        Form::Compose => test_key(test),
        Form::Dockerfile => format!("HEALTHCHECK {}{}", flags(check, &[]), command(test)),
        Form::Flags => flag(test),
    }
}

/// Returns a whole healthcheck, indented by two spaces; its test alone if the service has the other keys.
pub(super) fn healthcheck(workload: &Workload, probe: &Probe) -> String {
    let Probe { test, start_period, .. } = probe;
    match Form::of(workload) {
        Form::Compose if workload.key("healthcheck").is_some() => format!("  {}", test_key(test)),
        Form::Compose => format!(
            "  healthcheck:\n    {}\n    interval: 30s\n    start_period: {start_period}",
            test_key(test)
        ),
        Form::Flags => format!("  {} --health-interval 30s --health-start-period {start_period}", flag(test)),
        Form::Dockerfile => {
            format!("  HEALTHCHECK --interval=30s --start-period={start_period} {}", command(test))
        }
    }
}

/// Formats `test: […]`. The `$` of the container's variables is doubled, so that Compose leaves them alone.
pub(super) fn test_key(test: &[String]) -> String {
    let words: Vec<String> = test.iter().map(|word| json(&word.replace('$', "$$"))).collect();
    format!("test: [{}]", words.join(", "))
}

/// Formats the flag of `docker run` with a test, which a shell in the container runs.
pub(super) fn flag(test: &[String]) -> String {
    let line = match test {
        [kind, script] if kind == "CMD-SHELL" => script.clone(),
        [_, words @ ..] => words.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" "),
        [] => return "--no-healthcheck".to_owned(),
    };
    format!("--health-cmd '{}'", line.replace('\'', "'\\''"))
}

/// Formats the `CMD …` of a `HEALTHCHECK`.
pub(super) fn command(test: &[String]) -> String {
    match test {
        [kind, script] if kind == "CMD-SHELL" => format!("CMD {}", script.replace('\n', " \\\n    ")),
        [_, words @ ..] => {
            let words: Vec<String> = words.iter().map(|word| json(word)).collect();
            format!("CMD [{}]", words.join(", "))
        }
        [] => "NONE".to_owned(),
    }
}

/// Quotes a string for JSON, and for YAML in double quotes.
pub(super) fn json(word: &str) -> String {
    serde_json::Value::from(word).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn times_are_short() {
        let second = 1_000_000_000;
        assert_eq!(format_duration(2 * second), "2s");
        assert_eq!(format_duration(120 * second), "2m");
        assert_eq!(format_duration(90 * second), "1m30s");
        assert_eq!(format_duration(3600 * second), "1h");
        assert_eq!(format_duration(second / 2), "500ms");
    }

    #[test]
    fn each_form_has_its_own_variables() {
        let test = words(&["CMD-SHELL", "pg_isready -U $POSTGRES_USER"]);
        assert_eq!(test_key(&test), r#"test: ["CMD-SHELL", "pg_isready -U $$POSTGRES_USER"]"#);
        assert_eq!(command(&test), "CMD pg_isready -U $POSTGRES_USER");
        let test = words(&["CMD", "a", "say \"b\\c\""]);
        assert_eq!(command(&test), r#"CMD ["a", "say \"b\\c\""]"#);
    }
}
