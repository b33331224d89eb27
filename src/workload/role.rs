//! What part a container plays, where that makes an absence less of a problem.

use crate::finding::Severity;
use crate::hash::HashSet;
use crate::model::compose::Service;

/// What kind of member of the stack it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// No container of its own: a `provider:` service, or a fragment without image and build.
    pub fragment: bool,
    /// `scale: 0` or `replicas: 0`.
    pub never_runs: bool,
    /// `restart: "no"` written out, or something waits for its successful end.
    pub one_shot: bool,
    /// Only in profiles named dev, test, debug and the like.
    pub development: bool,
    /// It serves nothing: `sleep infinity`, a shell for people, `echo`.
    pub idle: bool,
    /// It works and ends, or works at intervals, and listens nowhere: tests, a build, a loop with `sleep`.
    pub listens_nowhere: bool,
}

impl Role {
    /// The role of `service`; `awaited` are the services for whose successful end another one waits.
    pub(super) fn of(service: &Service, awaited: &HashSet<&str>) -> Self {
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
            development: !service.profiles.is_empty()
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

/// The services for whose successful end another one waits.
pub(super) fn awaited(services: &[Service]) -> HashSet<&str> {
    let dependencies = services.iter().flat_map(|service| &service.depends_on);
    let ends = dependencies.filter(|dependency| dependency.condition == "service_completed_successfully");
    ends.map(|dependency| dependency.service.value.as_str()).collect()
}
