//! The role of a container, which silences or softens rules about missing settings.

use crate::diagnostic::Severity;
use crate::hash::{HashMap, HashSet};
use crate::model::compose::{Element, Service};
use crate::model::fact::Fact;
use crate::model::launch::Stay;
use crate::source::TracedText;

/// Traits of a workload's role in its project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Runs no container: a `provider:` service, or a fragment without `image` and `build`.
    pub fragment: bool,
    /// `scale: 0` or `replicas: 0`.
    pub never_runs: bool,
    /// `restart: "no"` or `condition: none`, or another service waits for it to complete; an entry of `jobs`, a step of
    /// `pre_start`.
    pub one_shot: bool,
    /// For development or tests only, by its name, its image's tag, its profiles, or its project's files.
    pub development: bool,
    /// Another service depends on it.
    pub needed: bool,
    /// Serves nothing: `sleep infinity`, an interactive shell, `echo`.
    pub idle: bool,
    /// Listens on no port: a job that ends, or a loop with `sleep`.
    pub listens_nowhere: bool,
    /// A job that ends and is not restarted: tests, a build, a migration.
    pub ends: bool,
    /// Another program replaces the image's server, and names no port of its own.
    pub replaced: bool,
    /// Started by hand for a moment: `docker run --rm -it`.
    pub brief: bool,
    /// Started by hand, to run in the foreground or until it is removed.
    pub passing: bool,
}

impl Role {
    /// Completes the role of `service` after its program's traits are set. `awaited` are the services that others wait for to
    /// complete, `development` is true if the whole project is for development.
    pub(super) fn of(self, service: &Service, awaited: &HashSet<String>, development: bool) -> Self {
        let awaited = awaited.contains(service.name.as_str());
        let copies = service.scale.value().or_else(|| service.deploy.replicas.value());
        let is_development = |profile: &str| {
            let name = profile.to_ascii_lowercase();
            ["dev", "test", "debug", "local", "ci"].iter().any(|word| {
                name.split(['-', '_', '.', '/']).any(|part| part == *word)
                    || name.starts_with(word) && *word != "ci"
            })
        };
        // `deploy.restart_policy: {condition: none}` equals `restart: "no"`.
        let never_restarts = service.deploy.restart_policy.is_some()
            && service.deploy.condition.value().is_some_and(|word| word == "none");
        let stay = match &service.element {
            Element::Described(described) => described.launch.as_ref().map(|launch| launch.stay),
            _ => None,
        };
        Self {
            brief: stay == Some(Stay::Brief),
            passing: stay == Some(Stay::Passing),
            fragment: service.provider || !service.runs_without_base(),
            never_runs: copies == Some(&0),
            one_shot: awaited
                || never_restarts
                || matches!(service.element, Element::Job | Element::PreStart(_))
                || service.restart.value().is_some_and(|restart| restart == "no"),
            development: development
                || is_test(service)
                || !service.profiles.is_empty()
                    && service.profiles.iter().all(|profile| is_development(&profile.value)),
            ..self
        }
    }

    /// Completes the role of a step after its program's traits are set: it runs where its service does, once, and ends.
    pub(super) fn of_step(self, service: Self) -> Self {
        let Self { fragment, never_runs, development, .. } = service;
        Self { fragment, never_runs, development, one_shot: true, ..self }
    }

    /// True if it runs a container at all.
    #[must_use]
    pub fn runs(self) -> bool {
        !self.fragment && !self.never_runs
    }

    /// True if it runs longer than for a moment by hand, so that what it lacks is worth a report.
    #[must_use]
    pub fn lasts(self) -> bool {
        self.runs() && !self.brief
    }

    /// True if it keeps running and may listen, so a healthcheck makes sense.
    #[must_use]
    pub fn serves(self) -> bool {
        let stays = self.lasts() && !self.passing;
        stays && !self.one_shot && !self.idle && !self.listens_nowhere && !self.replaced
    }

    /// True if it does a job and ends.
    #[must_use]
    pub fn is_job(self) -> bool {
        self.one_shot || self.ends
    }

    /// Lowers the severity for a missing setting to a note for jobs, idle and development-only services, and for containers that are
    /// started by hand.
    #[must_use]
    pub fn soften(self, severity: Severity) -> Severity {
        if self.is_job() || self.development || self.idle || self.passing { Severity::Note } else { severity }
    }
}

/// True if every service that no other depends on is a test: the others serve the tests. Services of a profile are left
/// out, since they start on request only.
pub(super) fn is_test_rig(services: &[Service]) -> bool {
    let is_started = |service: &&Service| service.profiles.is_empty() && service.element == Element::Service;
    let started = || services.iter().filter(is_started);
    let dependencies = started().flat_map(|service| &service.depends_on);
    let needed: HashSet<&str> = dependencies.map(|dependency| dependency.service.value.as_str()).collect();
    let mut outermost = started().filter(|service| !needed.contains(service.name.as_str())).peekable();
    outermost.peek().is_some() && outermost.all(is_test)
}

/// True for the `sut` service of Docker Hub's automated tests, a service without ports whose name begins or ends with "test", and for
/// images tagged as test images.
fn is_test(service: &Service) -> bool {
    let word = |part: &str| matches!(part, "test" | "tests" | "e2e");
    let mut parts = service.name.split(['-', '_', '.']);
    let named = parts.next().is_some_and(word) || parts.next_back().is_some_and(word);
    let tag = service.image.value().and_then(|image| image.as_str().rsplit_once(':'));
    service.name == "sut"
        || named && !service.ports.is_shown()
        || tag.is_some_and(|(_, tag)| matches!(tag, "test" | "tests" | "testing" | "ci"))
}

/// Returns the services that another one depends on.
pub(super) fn needed(services: &[Service]) -> HashSet<String> {
    let dependencies = services.iter().flat_map(|service| &service.depends_on);
    dependencies.map(|dependency| dependency.service.value.clone()).collect()
}

/// Returns the services that another one waits for to complete successfully.
pub(super) fn awaited(services: &[Service]) -> HashSet<String> {
    let dependencies = services.iter().flat_map(|service| &service.depends_on);
    let ends = dependencies.filter(|dependency| dependency.condition == "service_completed_successfully");
    ends.map(|dependency| dependency.service.value.clone()).collect()
}

/// Returns the services that publish no port and share their image with a service of another command. The image's ports may
/// belong to the other service.
pub(super) fn shared(services: &[Service]) -> HashSet<String> {
    let mut by_image: HashMap<String, Vec<(&Service, String)>> = HashMap::default();
    for service in services.iter().filter(|service| service.element == Element::Service) {
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
            found.insert(service.name.clone());
        }
    }
    found
}
