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
/// Repositories of which every image is for Windows.
const WINDOWS_ONLY: [&str; 8] = [
    "mcr.microsoft.com/windows/",
    "mcr.microsoft.com/windowsservercore",
    "mcr.microsoft.com/nanoserver",
    "mcr.microsoft.com/dotnet/framework/",
    "microsoft/windowsservercore",
    "microsoft/nanoserver",
    "microsoft/iis",
    "microsoft/dotnet-framework",
];
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

    /// True for an image that is for Windows alone, by its repository or its tag.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        let name = self.name();
        let last = name.rsplit('/').next().unwrap_or(&name);
        // An image called `windows` may run it in a virtual machine.
        let named = last.split(['-', '_', '.']).skip(1).any(|word| word == "windows");
        named
            || name == "mcr.microsoft.com/windows"
            || WINDOWS_ONLY.iter().any(|prefix| name.starts_with(prefix))
            || self.tag.as_deref().is_some_and(is_windows_tag)
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

/// True for the tag of an image for Windows.
pub(crate) fn is_windows_tag(tag: &str) -> bool {
    let names = ["windowsservercore", "nanoserver", "windows"];
    tag.split('-')
        .any(|word| names.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')))
}

/// True for a platform such as `windows/amd64`.
pub(crate) fn is_windows_platform(platform: &str) -> bool {
    platform.split(['/', '(']).next().is_some_and(|system| system.eq_ignore_ascii_case("windows"))
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
    fn images_for_windows_are_told_by_their_names() {
        for (text, expected) in [
            ("mcr.microsoft.com/windows:1809", true),
            ("mcr.microsoft.com/windows/servercore:ltsc2022", true),
            ("mcr.microsoft.com/dotnet/framework/aspnet", true),
            ("microsoft/windowsservercore", true),
            ("acme/mssql-server-windows-express", true),
            ("golang:1.22-nanoserver-1809", true),
            ("openjdk:8-windowsservercore-ltsc2016", true),
            ("dockurr/windows:latest", false),
            ("mcr.microsoft.com/dotnet/sdk:8.0", false),
            ("windowsill/app:1", false),
        ] {
            assert_eq!(ImageReference::parse(text).unwrap().is_windows(), expected, "{text}");
        }
        assert!(is_windows_platform("windows/amd64") && is_windows_platform("windows(10.0.17763)/amd64"));
        assert!(!is_windows_platform("linux/amd64"));
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
