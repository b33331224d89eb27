//! Names of containers in paths of cgroups, as the kernel logs them.

/// The identity of a container: its 64 hexadecimal digits, or as many of them as are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerId {
    head: String,
    /// The last digits, of an ID that people shortened in its middle.
    tail: String,
}

/// The fewest digits that identify a container: people shorten IDs to four.
const FEWEST: usize = 4;

/// The fewest digits of a directory that has no engine's name before it: shorter ones are words.
const FEWEST_ALONE: usize = 12;

/// The number of digits of a whole ID.
const WHOLE: usize = 64;

/// The prefixes that engines write before the ID in the name of a directory.
const ENGINES: [&str; 8] =
    ["docker", "libpod", "libpod-payload", "cri-containerd", "crio", "nerdctl", "containerd", "buildkit"];

impl ContainerId {
    /// The number of digits that `docker ps` shows.
    pub const SHORT: usize = 12;

    /// Parses an ID, whole or cut: `7bc00b0d3ac7`, `7bc00b0d3ac7...`, `d9cd...4d70`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (head, rest) = text.split_at(digits);
        let dots = rest.trim_start_matches(['.', '…']);
        let cut = dots.len() < rest.len();
        let tail = if cut { dots } else { rest };
        let known = digits >= FEWEST && head.len() + tail.len() <= WHOLE;
        let whole = tail.bytes().all(|byte| byte.is_ascii_hexdigit());
        (known && whole && (cut || tail.is_empty()))
            .then(|| Self { head: head.to_ascii_lowercase(), tail: tail.to_ascii_lowercase() })
    }

    /// True if both may be the same container.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let begins = self.head.starts_with(&other.head) || other.head.starts_with(&self.head);
        let ends = match (self.tail.is_empty(), other.tail.is_empty()) {
            (true, true) => true,
            (true, false) => self.head.len() < WHOLE || self.head.ends_with(&other.tail),
            (false, true) => other.head.len() < WHOLE || other.head.ends_with(&self.tail),
            (false, false) => self.tail.ends_with(&other.tail) || other.tail.ends_with(&self.tail),
        };
        begins && ends
    }

    /// Returns as many digits as `docker ps` shows.
    #[must_use]
    pub fn short(&self) -> String {
        let head: String = self.head.chars().take(Self::SHORT).collect();
        if self.tail.is_empty() { head } else { format!("{head}...{}", self.tail) }
    }

    /// Returns all digits that are known.
    #[must_use]
    pub fn text(&self) -> String {
        if self.tail.is_empty() { self.head.clone() } else { format!("{}...{}", self.head, self.tail) }
    }

    /// The number of digits that are known.
    #[must_use]
    pub fn digits(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

/// Returns the innermost container of a path: of two IDs in one path the last is the container inside the other.
#[must_use]
pub fn container_of(path: &str) -> Option<ContainerId> {
    path.rsplit('/').find_map(of_segment)
}

/// Returns the container that runs an engine itself: the first of several in a path.
#[must_use]
pub fn outer_container(path: &str) -> Option<ContainerId> {
    let mut ids = path.split('/').filter_map(of_segment);
    let first = ids.next()?;
    ids.next().map(|_| first)
}

/// True if `path` is `ancestor` or below it.
#[must_use]
pub fn is_below(path: &str, ancestor: &str) -> bool {
    let ancestor = ancestor.trim_end_matches('/');
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn of_segment(segment: &str) -> Option<ContainerId> {
    let segment = segment.trim();
    let name = segment.strip_suffix(".scope").unwrap_or(segment);
    // `docker-7bc00b0d3ac7...scope`: one dot of the ending is part of the dots.
    let name = name.strip_suffix("scope").filter(|name| name.ends_with("..")).unwrap_or(name);
    let mut engine = ENGINES.iter().filter_map(|engine| name.strip_prefix(engine)?.strip_prefix('-'));
    if let Some(id) = engine.find_map(ContainerId::parse) {
        return Some(id);
    }
    let alone = ContainerId::parse(name)?;
    (alone.digits() >= FEWEST_ALONE || name.contains("..")).then_some(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "43e21b8b51a9cc3139f3ffd4056741ea25cce4ad5f3032962f852addd929e95e";

    #[test]
    fn containers_are_found_in_the_paths_of_all_engines() {
        for path in [
            format!("/docker/{ID}"),
            format!("/system.slice/docker-{ID}.scope"),
            format!("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope"),
            format!("/docker/00e1301f1ae30fa7cb49b672206f2362dc55bd2c375c144b672725e8a2ab22fc/docker/{ID}"),
            format!("/docker/{ID}/init"),
            format!("/my.slice/{ID}"),
            format!("/machine.slice/libpod-{ID}.scope/container"),
            format!("/machine.slice/machine-libpod_pod_00e1301f1ae3.slice/libpod-{ID}.scope"),
            format!("/system.slice/web.service/libpod-payload-{ID}"),
            format!("/default/{ID}"),
            format!("/shop/nerdctl-{ID}.scope"),
            format!("/kubepods.slice/kubepods-burstable-pod968a06fb_9ab9.slice/cri-containerd-{ID}.scope"),
            format!("/kubepods/burstable/pod95387fa4-da9c-11e7-9d36-5254b24cbf5e/{ID}"),
            format!("/ecs/8f7e4f55-93d8-4a3c-9e5a-2f8a0c1d2e3f/{ID}"),
        ] {
            assert_eq!(container_of(&path).map(|id| id.text()).as_deref(), Some(ID), "{path}");
        }
        let cut = container_of("/system.slice/docker-7bc00b0d3ac7...scope").unwrap();
        assert_eq!(cut.text(), "7bc00b0d3ac7");
        assert_eq!(container_of("/docker/3e98af520138...").unwrap().text(), "3e98af520138");
        // Without an engine's name, twelve digits are an ID, on both sides of the dots together.
        assert_eq!(container_of("/default/43e21b8b…e95e").unwrap().text(), "43e21b8b...e95e");
        assert_eq!(container_of("/default/43e21b8…e95e"), None);
    }

    #[test]
    fn a_cgroup_is_below_itself_and_those_above_it() {
        for ancestor in ["/", "/a.slice", "/a.slice/", "/a.slice/docker-x.scope"] {
            assert!(is_below("/a.slice/docker-x.scope", ancestor), "{ancestor}");
        }
        for other in ["/a", "/a.slice/docker-x", "/a.slice/docker-x.scope/init", "/b.slice"] {
            assert!(!is_below("/a.slice/docker-x.scope", other), "{other}");
        }
    }

    #[test]
    fn other_paths_have_no_container() {
        for path in [
            "/",
            "/user.slice/user-1000.slice/user@1000.service/app.slice/tmux-spawn-7c5e34a1-68f7-4c1c-be58-daa94422297b.scope",
            "/lxc.payload.penguin/user.slice",
            "/system.slice/cron.service",
            "/kubepods/burstable/pod95387fa4-da9c-11e7-9d36-5254b24cbf5e",
            "/mem2",
            "/docker/abc",
        ] {
            assert_eq!(container_of(path), None, "{path}");
        }
    }

    #[test]
    fn the_outer_container_is_the_first_of_several() {
        let path = format!("/docker/00e1301f1ae3/kubepods/{ID}");
        assert_eq!(outer_container(&path).unwrap().text(), "00e1301f1ae3");
        assert_eq!(outer_container(&format!("/docker/{ID}")), None);
    }

    #[test]
    fn shortened_ids_match() {
        let id = |text: &str| ContainerId::parse(text).unwrap();
        assert!(id(ID).matches(&id("43e21b8b51a9")) && id("43e21b8b51a9").matches(&id(ID)));
        assert!(id("43e2...e95e").matches(&id(ID)) && id(ID).matches(&id("43e2...e95e")));
        assert!(!id("43e2...e95f").matches(&id(ID)) && !id(ID).matches(&id("43e2...e95f")));
        assert!(!id("43e21b8b51a0").matches(&id(ID)));
        // Of two that are shortened alike, one may have more digits at its end.
        assert!(id("43e2...e95e").matches(&id("43e2...5e")) && id("43e2...5e").matches(&id("43e2...e95e")));
        assert!(
            !id("43e2...e95e").matches(&id("43e2...5f")) && !id("43e2...e95e").matches(&id("43e2...e95f"))
        );
        // No ID has more than 64 digits.
        let of_halves = |head: usize, tail: usize| format!("{}...{}", &ID[..head], &ID[..tail]);
        assert!(ContainerId::parse(&of_halves(32, 32)).is_some());
        for text in [of_halves(33, 32), of_halves(40, 40), of_halves(32, 33), format!("{ID}a")] {
            assert_eq!(ContainerId::parse(&text), None, "{text}");
        }
        assert_eq!((ContainerId::parse("web"), ContainerId::parse("43e2x")), (None, None));
    }
}
