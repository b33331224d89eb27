//! Image references: `registry/repository:tag@digest`, normalised as the engine normalises them.

/// An image reference with its defaults filled in.
///
/// Grammar and defaults after distribution/reference `normalize.go`: the first component is a registry when it
/// has a dot, a colon or a capital letter or is `localhost`; otherwise the registry is Docker Hub, where a name
/// of one component lives under `library/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageReference {
    /// The registry's host, with its port; `docker.io` when none is written.
    pub registry: String,
    /// The path in the registry: `library/node`, `grafana/grafana`.
    pub repository: String,
    /// The tag as written. None means `latest`, or whatever the digest names: see [`ImageReference::effective_tag`].
    pub tag: Option<String>,
    /// `sha256:…`, without the `@`.
    pub digest: Option<String>,
}

const DOCKER_HUB: &str = "docker.io";
const OFFICIAL: &str = "library/";

impl ImageReference {
    /// Parses a reference. None if it is invalid: empty, with blanks, with a variable left in it, or malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) if is_digest(digest) => (rest, Some(digest.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let last = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest.get(last..).and_then(|component| component.split_once(':')) {
            Some((_, tag)) if is_tag(tag) => (rest.get(..rest.len() - tag.len() - 1)?, Some(tag.to_owned())),
            Some(_) => return None,
            None => (rest, None),
        };
        let (registry, path) = match name.split_once('/') {
            Some((first, path)) if is_registry(first) => (first, path),
            _ => (DOCKER_HUB, name),
        };
        // The engine still accepts Docker Hub's former host name.
        let registry = if registry == "index.docker.io" { DOCKER_HUB } else { registry };
        if !path.split('/').all(is_component) {
            return None;
        }
        let repository = if registry == DOCKER_HUB && !path.contains('/') {
            format!("{OFFICIAL}{path}")
        } else {
            path.to_owned()
        };
        Some(Self { registry: registry.to_owned(), repository, tag, digest })
    }

    /// Returns the shortest name of the repository: `node`, `grafana/grafana`, `quay.io/keycloak/keycloak`.
    #[must_use]
    pub fn name(&self) -> String {
        if self.registry != DOCKER_HUB {
            return format!("{}/{}", self.registry, self.repository);
        }
        self.repository.strip_prefix(OFFICIAL).unwrap_or(&self.repository).to_owned()
    }

    /// Returns the tag that is pulled: the written one, else `latest`. None for a reference with a digest only.
    #[must_use]
    pub fn effective_tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, None) => Some("latest"),
            (None, Some(_)) => None,
        }
    }

    /// True for `scratch`, the empty base, which is not an image.
    #[must_use]
    pub fn is_scratch(&self) -> bool {
        self.registry == DOCKER_HUB && self.repository == "library/scratch"
    }
}

impl std::fmt::Display for ImageReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

fn is_registry(component: &str) -> bool {
    let known = component == "localhost" || component.contains(['.', ':']);
    (known || component.bytes().any(|byte| byte.is_ascii_uppercase()))
        && component.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte))
}

fn is_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(byte))
}

fn is_tag(tag: &str) -> bool {
    let bytes = tag.as_bytes();
    (1..=128).contains(&bytes.len())
        && !tag.starts_with(['.', '-'])
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String, Option<String>, bool)> {
        ImageReference::parse(text).map(|r| (r.registry, r.repository, r.tag, r.digest.is_some()))
    }

    fn expect(
        registry: &str,
        repository: &str,
        tag: Option<&str>,
    ) -> Option<(String, String, Option<String>, bool)> {
        Some((registry.into(), repository.into(), tag.map(Into::into), false))
    }

    #[test]
    fn fills_in_what_is_left_out() {
        assert_eq!(parts("node"), expect("docker.io", "library/node", None));
        assert_eq!(parts("library/node:22"), expect("docker.io", "library/node", Some("22")));
        assert_eq!(parts("docker.io/node:22"), expect("docker.io", "library/node", Some("22")));
        assert_eq!(parts("index.docker.io/library/node"), expect("docker.io", "library/node", None));
        assert_eq!(parts("grafana/grafana:5.2"), expect("docker.io", "grafana/grafana", Some("5.2")));
        assert_eq!(parts("localhost:5000/app"), expect("localhost:5000", "app", None));
        assert_eq!(parts("localhost:5000/a/b:1"), expect("localhost:5000", "a/b", Some("1")));
        assert_eq!(
            parts("mcr.microsoft.com/dotnet/sdk:8.0"),
            expect("mcr.microsoft.com", "dotnet/sdk", Some("8.0"))
        );
    }

    #[test]
    fn names_are_the_shortest() {
        let name = |text| ImageReference::parse(text).map(|reference| reference.name());
        assert_eq!(name("docker.io/library/node:22"), Some("node".into()));
        assert_eq!(name("docker.io/grafana/grafana"), Some("grafana/grafana".into()));
        assert_eq!(name("quay.io/keycloak/keycloak:26"), Some("quay.io/keycloak/keycloak".into()));
        let text = "quay.io/a/b:1@sha256:0123456789abcdef0123456789abcdef";
        assert_eq!(ImageReference::parse(text).map(|r| r.to_string()), Some(text.into()));
    }

    #[test]
    fn a_digest_alone_leaves_the_tag_open() {
        let digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let tag = |text: &str| {
            ImageReference::parse(text).and_then(|reference| reference.effective_tag().map(str::to_owned))
        };
        assert_eq!(tag("node"), Some("latest".into()));
        assert_eq!(tag(&format!("node{digest}")), None);
        assert_eq!(tag(&format!("node:22{digest}")), Some("22".into()));
    }

    #[test]
    fn refuses_what_is_no_reference() {
        for text in [
            "",
            ":22",
            "node:",
            "$IMAGE",
            "node:${V}",
            "a b",
            "node@22",
            "UPPER",
            "a//b",
            "node:-x",
            "né:1",
            "/a",
            "a/",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
