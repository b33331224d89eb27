//! What part a container plays, where that makes an absence less of a problem.

use crate::finding::Severity;
use crate::hash::{HashMap, HashSet};
use crate::model::compose::Service;
use crate::model::fact::Fact;
use crate::source::TracedText;

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
                || is_test(service)
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

/// True for a service that Docker Hub's automated tests run, and for an image that is tagged as one for tests.
fn is_test(service: &Service) -> bool {
    let tag = service.image.value().and_then(|image| image.as_str().rsplit_once(':'));
    service.name == "sut" || tag.is_some_and(|(_, tag)| matches!(tag, "test" | "tests" | "testing" | "ci"))
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
        let words = |fact: &Fact<Vec<TracedText>>| match fact {
            Fact::Known(words) => {
                format!("{:?}", words.value.iter().map(TracedText::as_str).collect::<Vec<_>>())
            }
            Fact::Absent { .. } => String::new(),
            Fact::Unknown { .. } => service.name.clone(),
        };
        let text = |fact: &Fact<TracedText>| fact.value().map(|text| text.as_str().to_owned());
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
