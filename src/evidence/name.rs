//! Names and IDs of a container, as pieces of evidence have them.

use super::cgroup::ContainerId;

/// The names of a container, as far as a piece of evidence has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Its ID, whole or cut.
    pub id: Option<ContainerId>,
    /// Its name, without the slash of the API.
    pub name: Option<String>,
    /// Its name as Compose writes it before its output: newer releases leave the project out.
    pub output: Option<String>,
    /// The image, as it was named when the container was created.
    pub image: Option<String>,
    /// The Compose project.
    pub project: Option<String>,
    /// The Compose service.
    pub service: Option<String>,
}

/// The most bytes of a name: longer ones are no names.
const MOST: usize = 255;

impl Name {
    /// Removes what is no part of a name, and names that are none.
    pub(super) fn tidy(mut self) -> Self {
        let keep = |name: Option<String>| name.filter(|name| !name.is_empty() && name.len() <= MOST);
        self.name = keep(self.name.map(|name| name.trim_start_matches('/').to_owned()));
        self.output = keep(self.output);
        self.image = keep(self.image);
        self.project = keep(self.project);
        self.service = keep(self.service);
        self
    }

    /// Returns the container whose output Compose shows: `web-1`, `shop-web-1`, `postgres-15`. The number may be that of a container or
    /// part of a name. `None` if the text is no name.
    pub(super) fn of_output(text: &str) -> Option<Self> {
        is_name(text).then(|| Self { output: Some(text.to_owned()), ..Self::default() }.tidy())
    }

    /// True if nothing tells which container this is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.id.is_none() && self.name.is_none() && self.output.is_none() && self.service.is_none()
    }

    /// Returns the name by which it is shown: its own, else the one in its output.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        self.name.as_deref().or(self.output.as_deref())
    }

    /// True if nothing contradicts that both name one container: the IDs decide, then the names, then project and service.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        if let (Some(own), Some(their)) = (&self.id, &other.id) {
            return own.matches(their);
        }
        if let (Some(own), Some(their)) = (&self.name, &other.name) {
            return own == their;
        }
        if let Some(shown) = self.shows(other).or_else(|| other.shows(self)) {
            return shown;
        }
        let same = |own: &Option<String>, their: &Option<String>| own.is_some() && own == their;
        let project = self.project == other.project || self.project.is_none() || other.project.is_none();
        let known = self.project.as_ref().or(other.project.as_ref());
        let of_service = |name: &Option<String>, service: &Option<String>| {
            let before =
                name.as_deref().zip(service.as_deref()).and_then(|(name, own)| before_service(name, own));
            before.is_some_and(|before| before.is_empty() || known.is_none_or(|known| known == before))
        };
        project
            && (same(&self.service, &other.service)
                || [&self.name, &self.output].into_iter().any(|name| of_service(name, &other.service))
                || [&other.name, &other.output].into_iter().any(|name| of_service(name, &self.service)))
    }

    /// True if the other one's name, or that in its output, is the one in this one's output. `None` if one of them is not known.
    fn shows(&self, other: &Self) -> Option<bool> {
        let own = self.output.as_deref()?;
        let whole = other.name.as_deref();
        let before = |name: &str| name.strip_suffix(own).map(str::to_owned);
        match (whole, &other.output) {
            (Some(name), _) => Some(before(name).is_some_and(|before| match &other.project {
                _ if before.is_empty() => true,
                Some(project) => {
                    before.strip_prefix(project.as_str()).is_some_and(|rest| matches!(rest, "-" | "_"))
                }
                None => before.ends_with(['-', '_']),
            })),
            (None, Some(their)) => Some(own == their),
            (None, None) => None,
        }
    }

    /// Adds what another piece of evidence knows of the same container.
    pub fn merge(&mut self, other: &Self) {
        let digits = |id: &Option<ContainerId>| id.as_ref().map_or(0, ContainerId::digits);
        if digits(&other.id) > digits(&self.id) {
            self.id.clone_from(&other.id);
        }
        for (own, their) in [
            (&mut self.name, &other.name),
            (&mut self.output, &other.output),
            (&mut self.image, &other.image),
            (&mut self.project, &other.project),
            (&mut self.service, &other.service),
        ] {
            if own.is_none() {
                own.clone_from(their);
            }
        }
    }
}

/// True for a text that may be the name of a container or service.
pub(super) fn is_name(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(known)
}

/// True if a container of this name may be of the service: `web`, `web-1`, `shop-web-1`, `shop_web_1`, `/k8s_web_…` is none.
#[must_use]
pub fn is_of_service(name: &str, service: &str) -> bool {
    before_service(name, service).is_some()
}

/// Returns the project in the name of a container that may be of the service: `shop` of `shop-web-1`, nothing of `web-1`. `None` if it
/// is of another service.
#[must_use]
pub fn before_service<'n>(name: &'n str, service: &str) -> Option<&'n str> {
    let name = name.trim_start_matches('/');
    if name == service {
        return Some("");
    }
    let (base, _) = name.rsplit_once(['-', '_']).filter(|(_, number)| number.parse::<u32>().is_ok())?;
    let before = base.strip_suffix(service)?;
    if before.is_empty() { Some("") } else { before.strip_suffix(['-', '_']) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_compose_are_of_their_service() {
        for name in ["web", "web-1", "shop-web-1", "shop_web_12", "/my-shop-web-1"] {
            assert!(is_of_service(name, "web"), "{name}");
        }
        for name in ["shop-web", "webx-1", "shop-webs-1", "cobweb-1", "1"] {
            assert!(!is_of_service(name, "web"), "{name}");
        }
    }

    #[test]
    fn output_is_of_every_container_that_compose_may_show_so() {
        let output = |text: &str| Name::of_output(text).unwrap();
        let named = |name: &str, project: Option<&str>, service: Option<&str>| Name {
            name: Some(name.to_owned()),
            project: project.map(str::to_owned),
            service: service.map(str::to_owned),
            ..Name::default()
        };
        for (text, name) in [
            ("web-1", named("shop-web-1", Some("shop"), Some("web"))),
            ("web-1", named("shop-web-1", None, None)),
            ("web_1", named("shop_web_1", Some("shop"), Some("web"))),
            ("shop-web-1", named("shop-web-1", Some("shop"), Some("web"))),
            ("postgres-15", named("postgres-15", Some("shop"), Some("db"))),
            ("postgres-15", Name { service: Some("postgres-15".to_owned()), ..Name::default() }),
            ("web-1", Name { service: Some("web".to_owned()), ..Name::default() }),
            ("shop-web-1", Name { service: Some("web".to_owned()), ..Name::default() }),
        ] {
            assert!(output(text).matches(&name) && name.matches(&output(text)), "{text} {name:?}");
        }
        for (text, name) in [
            ("web-2", named("shop-web-1", Some("shop"), Some("web"))),
            ("web-1", named("my-shop-web-1", Some("my"), Some("shop-web"))),
            ("postgres-15", named("shop-postgres-1", Some("shop"), Some("postgres"))),
            ("web-2", output("web-1")),
            ("web-1", named("cobweb-1", None, None)),
        ] {
            assert!(!output(text).matches(&name) && !name.matches(&output(text)), "{text} {name:?}");
        }
        assert!(Name::of_output("not a name").is_none() && Name::of_output("").is_none());
    }

    #[test]
    fn what_is_empty_or_too_long_is_no_name() {
        let tidy = |text: &str| {
            let own = || Some(text.to_owned());
            Name { name: own(), output: own(), image: own(), project: own(), service: own(), id: None }.tidy()
        };
        for text in ["", &"a".repeat(MOST + 1)] {
            assert_eq!(tidy(text), Name::default());
        }
        let name = tidy(&"a".repeat(MOST));
        assert!([name.name, name.output, name.image, name.project, name.service].iter().all(Option::is_some));
    }

    #[test]
    fn the_id_decides_before_the_name() {
        let name = |id: &str, name: &str| Name {
            id: ContainerId::parse(id),
            name: Some(name.to_owned()),
            ..Name::default()
        };
        assert!(name("43e21b8b51a9", "a").matches(&name("43e2", "b")));
        assert!(!name("43e21b8b51a9", "a").matches(&name("53e2", "a")));
        assert!(name("", "a").matches(&name("53e2", "a")));
    }
}
