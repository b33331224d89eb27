//! What part a container plays, where that makes an absence less of a problem.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::finding::Severity;
use crate::hash::{HashMap, HashSet};
use crate::model::compose::Service;
use crate::model::fact::Fact;
use crate::source::{Text, normalize};

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
    /// It works and ends, and nobody starts it again: tests, a build, a migration.
    pub ends: bool,
    /// Another program takes the place of its image's server, and nothing of its own shows a port.
    pub replaced: bool,
}

impl Role {
    /// The role of `service`, of which what its program does is known; `awaited` are the services for whose successful end
    /// another one waits, `development` is true where its whole stack is for development.
    pub(super) fn of(self, service: &Service, awaited: &HashSet<&str>, development: bool) -> Self {
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
            fragment: service.provider || !service.stands_alone(),
            never_runs: copies == Some(&0),
            one_shot: awaited
                || never_restarts
                || service.restart.value().is_some_and(|restart| restart == "no"),
            development: development
                || !service.profiles.is_empty()
                    && service.profiles.iter().all(|profile| is_development(&profile.value)),
            ..self
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
        self.runs() && !self.one_shot && !self.idle && !self.listens_nowhere && !self.replaced
    }

    /// True for what does a piece of work and ends.
    #[must_use]
    pub fn is_job(self) -> bool {
        self.one_shot || self.ends
    }

    /// The severity of an absence: a note for one-shot, idle and development-only services, else `severity`.
    #[must_use]
    pub fn soften(self, severity: Severity) -> Severity {
        if self.is_job() || self.development || self.idle { Severity::Note } else { severity }
    }
}

/// Names of files and directories for what runs on a laptop, in a pipeline for as long as its tests take, or not any more.
const DEVELOPMENT: [&str; 12] = [
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
];

/// Names of whole directories for the same: `github-exporter` and `archive-db` are programs.
const DEVELOPMENT_DIRECTORIES: [&str; 4] = [".github", ".circleci", "archive", "archived"];

/// What the comment at the head of a file says, in lower case, where it is not for production.
const NOT_FOR_PRODUCTION: [&str; 15] = [
    "not for production",
    "not meant for production",
    "not intended for production",
    "not suitable for production",
    "not recommended for production",
    "not production",
    "never use in production",
    "do not use in production",
    "don't use in production",
    "development only",
    "only for development",
    "for local development",
    "meant for learning",
    "not meant for end-users",
    "not meant for end users",
];

/// Lines at the head of a file that may be its comment.
const HEAD: usize = 30;

/// True where the comment at the head of a file says that it is not for production.
pub(super) fn is_not_for_production(text: &str) -> bool {
    let comment = text.lines().take(HEAD).take_while(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with(['#', '-']) || line.starts_with("version")
    });
    // A sentence may go on in the next line.
    let words: Vec<String> = comment
        .flat_map(|line| line.trim_start_matches([' ', '#']).split_whitespace())
        .map(str::to_ascii_lowercase)
        .collect();
    let said = words.join(" ");
    NOT_FOR_PRODUCTION.iter().any(|phrase| said.contains(phrase))
}

/// True where a file is for development or tests, as its name or a directory of its repository says. `path` is as shown; `exists`
/// finds the top of the repository.
pub(super) fn is_for_development(path: &Path, exists: &dyn Fn(&Path) -> bool) -> bool {
    let says = |part: &OsStr| {
        let part = part.to_string_lossy().to_ascii_lowercase();
        part.split(['-', '_', '.']).any(|word| DEVELOPMENT.contains(&word))
            || DEVELOPMENT_DIRECTORIES.contains(&&*part)
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

/// The services that publish no port, and whose image another one starts with other words: what the image shows may be the port
/// of that one.
pub(super) fn shared(services: &[Service]) -> HashSet<&str> {
    let mut by_image: HashMap<String, Vec<(&Service, String)>> = HashMap::default();
    for service in services {
        let words = |fact: &Fact<Vec<Text>>| match fact {
            Fact::Known(words) => format!("{:?}", words.value.iter().map(Text::as_str).collect::<Vec<_>>()),
            Fact::Absent { .. } => String::new(),
            Fact::Unknown { .. } => service.name.clone(),
        };
        let text = |fact: &Fact<Text>| fact.value().map(|text| text.as_str().to_owned());
        let image = match &service.build {
            Some(build) => format!("{:?}", [&build.context, &build.dockerfile, &build.target].map(text)),
            None => match service.image.value() {
                Some(image) => image.as_str().to_owned(),
                None => continue,
            },
        };
        let start = format!("{} {}", words(&service.entrypoint), words(&service.command));
        by_image.entry(image).or_default().push((service, start));
    }
    let several = by_image
        .values()
        .filter(|group| group.windows(2).any(|two| matches!(two, [(_, one), (_, other)] if one != other)));
    let mut found = HashSet::default();
    for (service, _) in several.flatten() {
        let own = !service.command.is_absent() || !service.entrypoint.is_absent();
        if own && !service.ports.is_shown() {
            found.insert(service.name.as_str());
        }
    }
    found
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
            "/home/dev/shop/.github/compose.yaml",
            "archive/compose.yaml",
        ] {
            assert!(is(path), "{path}");
        }
        // Names above the repository, and words that only begin so.
        for path in [
            "/home/dev/shop/compose.yaml",
            "/srv/test/compose.yaml",
            "devices/compose.testnet.yaml",
            "/home/dev/shop/github-exporter/compose.yaml",
            "/home/dev/shop/archive-db/compose.yaml",
        ] {
            assert!(!is(path), "{path}");
        }
    }

    #[test]
    fn a_comment_at_the_head_tells_what_a_file_is_for() {
        for text in [
            "# A demo, meant for learning, not production\n# deployments.\nservices: {}\n",
            "version: '3'\n\n# For local development\nservices: {}\n",
        ] {
            assert!(is_not_for_production(text), "{text}");
        }
        for text in [
            "# For production; development has its own file.\nservices: {}\n",
            "services:\n  a: {image: x} # not for production\n",
        ] {
            assert!(!is_not_for_production(text), "{text}");
        }
    }
}
