//! Facts about an image from its Dockerfile's instructions.

use crate::model::image::{CopyInstruction, EnvEntry, Form, HealthTest, HealthcheckInstruction, TargetImage};
use crate::source::{Spanned, TracedText};
use crate::syntax::duration;
use crate::syntax::shell::{Command, base_name};
use crate::workload::runs::{Runs, has_word};
use crate::workload::start::behind_shell;
use crate::workload::{Fact, Healthcheck, Why};

/// True for a `COPY` from another stage or image that may bring programs. `copies` are all of the image.
pub(super) fn brings_unseen(copied: &CopyInstruction, copies: &[CopyInstruction]) -> bool {
    let sources = |copied: &CopyInstruction| -> Vec<String> {
        let sources = copied.words.split_last().map(|(_, sources)| sources).unwrap_or_default();
        sources.iter().map(|word| word.as_str().trim_end_matches('/').to_owned()).collect()
    };
    let is_loader = |path: &String| base_name(path) == "spring-boot-loader";
    let layers = copies.iter().any(|copied| sources(copied).iter().any(is_loader));
    copied.from.is_some() && !sources(copied).iter().all(|path| is_java(path, layers))
}

/// A variable of a Dockerfile with the text of another one in its value.
#[derive(Clone, Debug)]
pub(in crate::workload) struct Fill {
    /// The variable.
    pub(in crate::workload) variable: String,
    /// The other one.
    pub(in crate::workload) by: String,
    /// The text that it had.
    pub(in crate::workload) value: String,
}

/// Returns what the build has put into the variables of the image.
pub(super) fn fills(target: &TargetImage) -> Vec<Fill> {
    let of_entry = |(variable, entry): (&String, &EnvEntry)| -> Vec<Fill> {
        let fill = |(by, value): &(String, String)| Fill {
            variable: variable.clone(),
            by: by.clone(),
            value: value.clone(),
        };
        entry.uses.iter().map(fill).collect()
    };
    target.env.iter().flat_map(of_entry).collect()
}

/// Returns the name of `/bin/sh` by the package manager that the image runs: Debian and its relatives have dash, Alpine and
/// Wolfi `BusyBox`. `None` if it runs several, or another one.
pub(super) fn shell_by_packages(runs: &Runs<'_>) -> Option<&'static str> {
    const MANAGERS: [(&str, Option<&str>); 7] = [
        ("apt-get", Some("dash")),
        ("apk", Some("BusyBox")),
        ("yum", None),
        ("dnf", None),
        ("microdnf", None),
        ("zypper", None),
        ("pacman", None),
    ];
    let names = MANAGERS.map(|(name, _)| name);
    let used = runs.all().filter(|(run, _)| has_word(run, &names)).map(|(_, script)| script);
    let mut found: Vec<Option<&'static str>> = Vec::new();
    for script in used {
        let programs = script?.commands.iter().filter_map(Command::program).map(base_name);
        for program in programs {
            if let Some((_, shell)) = MANAGERS.iter().find(|(name, _)| *name == program)
                && !found.contains(shell)
            {
                found.push(*shell);
            }
        }
    }
    match found.as_slice() {
        [shell] => *shell,
        _ => None,
    }
}

/// True for Java archives and their parts, which are no programs: `layers` if the image has those of a Spring Boot archive
/// (`jarmode=layertools`).
fn is_java(path: &str, layers: bool) -> bool {
    let unpacked =
        ["BOOT-INF", "WEB-INF", "quarkus-app"].iter().any(|part| path.split('/').any(|own| own == *part));
    [".jar", ".war", ".ear"].iter().any(|ending| path.ends_with(ending))
        || match base_name(path) {
            "lib" | "classes" => unpacked,
            "dependencies" | "snapshot-dependencies" | "spring-boot-loader" => true,
            "application" => layers,
            _ => false,
        }
}

/// Returns the healthcheck of a `HEALTHCHECK`.
pub(super) fn of_instruction(health: &HealthcheckInstruction, target: &TargetImage) -> Healthcheck {
    let HealthTest::Command(command) = &health.test else { return Healthcheck::Disabled };
    let prefix = |kind: &str| TracedText::derived(kind, health.span);
    let test = match &command.form {
        Form::Exec(words) => std::iter::once(prefix("CMD")).chain(words.iter().cloned()).collect(),
        Form::Shell(text) if target.shell.is_none() => vec![prefix("CMD-SHELL"), text.clone()],
        Form::Shell(text) => std::iter::once(prefix("CMD")).chain(behind_shell(text, target)).collect(),
    };
    let number = |text: &Option<TracedText>, parse: &dyn Fn(&str) -> Option<i64>| match text {
        None => Fact::Absent { anchor: health.span },
        Some(text) => match parse(text.as_str()) {
            Some(value) => Fact::Known(Spanned::new(value, text.span())),
            None => Fact::Unknown { at: text.span(), why: Why::Malformed(text.as_str().to_owned()) },
        },
    };
    let duration = |text: &Option<TracedText>| number(text, &|text| duration::parse(text).ok());
    Healthcheck::Probe {
        test: Some(test),
        interval: duration(&health.interval),
        timeout: duration(&health.timeout),
        start_period: duration(&health.start_period),
        start_interval: duration(&health.start_interval),
        retries: number(&health.retries, &|text| text.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_java_archives_are_no_programs() {
        for path in [
            "/app/target/app.jar",
            "BOOT-INF/lib",
            "x/WEB-INF/classes",
            "target/quarkus-app/lib",
            "dependencies",
        ] {
            assert!(is_java(path, false), "{path}");
        }
        for path in ["/usr/local/lib", "classes", "application", "/app", "jar"] {
            assert!(!is_java(path, false), "{path}");
        }
        assert!(is_java("/app/application", true));
    }
}
