//! What part a container plays, where that makes an absence less of a problem.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::finding::Severity;
use crate::hash::HashSet;
use crate::model::compose::Service;
use crate::source::normalize;

/// What kind of member of the stack it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// No container of its own: a `provider:` service, or a fragment without image and build.
    pub fragment: bool,
    /// `scale: 0` or `replicas: 0`.
    pub never_runs: bool,
    /// `restart: "no"` written out, or something waits for its successful end.
    pub one_shot: bool,
    /// Only for development or tests, as its profiles, or the files of its stack, are named.
    pub development: bool,
    /// It serves nothing: `sleep infinity`, a shell for people, `echo`.
    pub idle: bool,
    /// It works and ends, or works at intervals, and listens nowhere: tests, a build, a loop with `sleep`.
    pub listens_nowhere: bool,
}

impl Role {
    /// The role of `service`; `awaited` are the services for whose successful end another one waits, `development` is true where
    /// its whole stack is for development.
    pub(super) fn of(service: &Service, awaited: &HashSet<&str>, development: bool) -> Self {
        let awaited = awaited.contains(service.name.as_str());
        let copies = service.scale.value().or_else(|| service.deploy.replicas.value());
        let is_development = |profile: &str| {
            let name = profile.to_ascii_lowercase();
            ["dev", "test", "debug", "local", "ci"].iter().any(|word| {
                name.split(['-', '_', '.', '/']).any(|part| part == *word)
                    || name.starts_with(word) && *word != "ci"
            })
        };
        // `deploy.restart_policy: {condition: none}` is the same in other words.
        let never_restarts = matches!(&service.deploy.restart_policy, Some((_, condition)) if condition.value().is_some_and(|word| word == "none"));
        Self {
            idle: false,
            listens_nowhere: false,
            fragment: service.provider || !service.stands_alone(),
            never_runs: copies == Some(&0),
            one_shot: awaited
                || never_restarts
                || service.restart.value().is_some_and(|restart| restart == "no"),
            development: development
                || !service.profiles.is_empty()
                    && service.profiles.iter().all(|profile| is_development(&profile.value)),
        }
    }

    /// True when rules have something to say about it at all.
    #[must_use]
    pub fn runs(self) -> bool {
        !self.fragment && !self.never_runs
    }

    /// True for what runs on and may listen: what a healthcheck is for.
    #[must_use]
    pub fn serves(self) -> bool {
        self.runs() && !self.one_shot && !self.idle && !self.listens_nowhere
    }

    /// The severity of an absence: a note for one-shot, idle and development-only services, else `severity`.
    #[must_use]
    pub fn soften(self, severity: Severity) -> Severity {
        if self.one_shot || self.development || self.idle { Severity::Note } else { severity }
    }
}

/// Names of files and directories for what runs on a laptop or in a pipeline for as long as its tests take.
const DEVELOPMENT: [&str; 14] = [
    "dev",
    "devel",
    "develop",
    "development",
    "devcontainer",
    "debug",
    "local",
    "test",
    "tests",
    "testing",
    "e2e",
    "ci",
    "github",
    "circleci",
];

/// True where a file is for development or tests, as its name or a directory of its repository says. `path` is as shown; `exists`
/// finds the top of the repository.
pub(super) fn is_for_development(path: &Path, exists: &dyn Fn(&Path) -> bool) -> bool {
    let says = |part: &OsStr| {
        let part = part.to_string_lossy().to_ascii_lowercase();
        part.split(['-', '_', '.']).any(|word| DEVELOPMENT.contains(&word))
    };
    if path.file_name().is_some_and(says) {
        return true;
    }
    // Relative to where the tool was called it may be told without directories of the repository that are above.
    let here = if path.is_absolute() { PathBuf::new() } else { std::env::current_dir().unwrap_or_default() };
    let folder = normalize(&here.join(path));
    let Some(folder) = folder.parent() else { return false };
    let Some(deepest) = folder.ancestors().find(|above| above.file_name().is_some_and(says)) else {
        return false;
    };
    // Above the repository names are those of somebody's machine.
    let above_top = |place: &Path| place.ancestors().skip(1).any(|above| exists(&above.join(".git")));
    above_top(deepest) || (path.is_relative() && path.iter().any(says))
}

/// The services for whose successful end another one waits.
pub(super) fn awaited(services: &[Service]) -> HashSet<&str> {
    let dependencies = services.iter().flat_map(|service| &service.depends_on);
    let ends = dependencies.filter(|dependency| dependency.condition == "service_completed_successfully");
    ends.map(|dependency| dependency.service.value.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_for_development_are_known_by_their_names() {
        let top = |path: &Path| path == Path::new("/home/dev/shop/.git");
        let is = |path: &str| is_for_development(Path::new(path), &top);
        for path in [
            "docker-compose.dev.yml",
            "/elsewhere/compose-e2e-tests.yaml",
            "/home/dev/shop/ci/memory/compose.yaml",
            "/home/dev/shop/.devcontainer/docker-compose.yml",
            "internal/tests/compose.yaml",
        ] {
            assert!(is(path), "{path}");
        }
        // Names above the repository, and words that only begin so.
        for path in ["/home/dev/shop/compose.yaml", "/srv/test/compose.yaml", "devices/compose.testnet.yaml"]
        {
            assert!(!is(path), "{path}");
        }
    }
}
