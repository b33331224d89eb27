//! What a piece of evidence calls its container.

use super::cgroup::ContainerId;

/// The names of a container, as far as a piece of evidence has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Its ID, whole or cut.
    pub id: Option<ContainerId>,
    /// Its name, without the slash of the API.
    pub name: Option<String>,
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
        self.image = keep(self.image);
        self.project = keep(self.project);
        self.service = keep(self.service);
        self
    }

    /// True if nothing tells which container this is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.id.is_none() && self.name.is_none() && self.service.is_none()
    }

    /// True if both are certainly the same container, or certainly may be.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        if let (Some(own), Some(their)) = (&self.id, &other.id) {
            return own.matches(their);
        }
        if let (Some(own), Some(their)) = (&self.name, &other.name) {
            return own == their;
        }
        let same = |own: &Option<String>, their: &Option<String>| own.is_some() && own == their;
        let project = self.project == other.project || self.project.is_none() || other.project.is_none();
        let of_service = |name: &Option<String>, service: &Option<String>| match (name, service) {
            (Some(name), Some(service)) => is_of_service(name, service),
            _ => false,
        };
        project
            && (same(&self.service, &other.service)
                || of_service(&self.name, &other.service)
                || of_service(&other.name, &self.service))
    }

    /// Adds what another piece of evidence knows of the same container.
    pub fn merge(&mut self, other: &Self) {
        let digits = |id: &Option<ContainerId>| id.as_ref().map_or(0, ContainerId::digits);
        if digits(&other.id) > digits(&self.id) {
            self.id.clone_from(&other.id);
        }
        for (own, their) in [
            (&mut self.name, &other.name),
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

/// True if a container of this name may be of the service: `web`, `web-1`, `shop-web-1`, `shop_web_1`, `/k8s_web_…` is none.
#[must_use]
pub fn is_of_service(name: &str, service: &str) -> bool {
    let name = name.trim_start_matches('/');
    let counted = name.rsplit_once(['-', '_']).filter(|(_, number)| number.parse::<u32>().is_ok());
    let base = counted.map_or(name, |(base, _)| base);
    let ends =
        base.strip_suffix(service).is_some_and(|before| before.is_empty() || before.ends_with(['-', '_']));
    name == service || (counted.is_some() && ends)
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
