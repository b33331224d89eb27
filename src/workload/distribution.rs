//! The distribution family of an image, and whether a Dockerfile depends on it.

use super::runs::Runs;
use crate::model::ImageReference;
use crate::source::TracedText;
use crate::syntax::shell::{Script, Wrapped, base_name, is_shell, unwrap_once};

/// A family of distributions with the same package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Alpine: apk and BusyBox.
    Alpine,
    /// Debian and Ubuntu: apt and dpkg.
    Debian,
    /// RPM-based: dnf, yum, microdnf, zypper.
    Rpm,
}

/// Prefixes of the words in tags of RPM-based images.
const RPM_TAGS: [&str; 16] = [
    "ubi",
    "al2",
    "amazonlinux",
    "amazoncorretto",
    "corretto",
    "azurelinux",
    "cbl",
    "centos",
    "rhel",
    "ol7",
    "ol8",
    "ol9",
    "oracle",
    "rocky",
    "fedora",
    "opensuse",
];

/// Repositories whose images are RPM-based if the tag names no distribution.
const RPM_REPOSITORIES: [&str; 2] = ["amazoncorretto", "oraclelinux"];

/// Commands that only one family has, or that take other options in the others.
const OWN: [(Family, &[&str]); 3] = [
    (Family::Alpine, &["apk", "addgroup", "adduser", "delgroup", "deluser", "setup-timezone"]),
    (
        Family::Debian,
        &[
            "apt",
            "apt-get",
            "apt-cache",
            "apt-key",
            "apt-mark",
            "aptitude",
            "add-apt-repository",
            "dpkg",
            "dpkg-query",
            "dpkg-reconfigure",
            "dpkg-architecture",
            "debconf-set-selections",
            "update-alternatives",
            "update-rc.d",
            "invoke-rc.d",
            "locale-gen",
            "localedef",
            "adduser",
            "addgroup",
            "deluser",
            "useradd",
            "usermod",
            "groupadd",
            "groupmod",
            "userdel",
            "groupdel",
            "runuser",
            "service",
            "install_packages",
        ],
    ),
    (
        Family::Rpm,
        &[
            "dnf",
            "dnf5",
            "microdnf",
            "yum",
            "yum-config-manager",
            "tdnf",
            "zypper",
            "rpm",
            "subscription-manager",
            "alternatives",
            "useradd",
            "usermod",
            "groupadd",
            "groupmod",
            "userdel",
            "groupdel",
            "runuser",
        ],
    ),
];

/// Directories of the package managers.
const PLACES: [&str; 9] = [
    "/etc/apt",
    "/var/lib/apt",
    "/var/cache/apt",
    "/var/lib/dpkg",
    "/etc/dpkg",
    "/etc/apk",
    "/var/cache/apk",
    "/etc/yum",
    "/etc/zypp",
];

/// File endings of packages.
const PACKAGES: [&str; 3] = [".deb", ".rpm", ".apk"];

impl Family {
    /// Returns the family by the reference, as official images are tagged. The default is Debian.
    pub(super) fn of(image: &ImageReference) -> Self {
        let name = image.name();
        let repository = base_name(&name);
        let tag = image.effective_tag().unwrap_or_default();
        let has =
            |starts: &[&str]| tag.split('-').any(|word| starts.iter().any(|start| word.starts_with(start)));
        let debian = ["bookworm", "bullseye", "trixie", "buster", "jammy", "noble", "focal"];
        // OpenJDK tags without a distribution are Oracle Linux from version 12 on.
        let major = tag.split(['-', '.', 'u']).next().and_then(|word| word.parse::<u32>().ok());
        let oracle = repository == "openjdk" && major.is_none_or(|major| major > 11) && !has(&["slim"]);
        if repository == "alpine" || has(&["alpine"]) {
            Self::Alpine
        } else if (has(&RPM_TAGS) || RPM_REPOSITORIES.contains(&repository) || oracle) && !has(&debian) {
            Self::Rpm
        } else {
            Self::Debian
        }
    }
}

/// True if the build or the running container depends on the base's family, by its package manager, that one's files or
/// commands that others lack. Also true if a part cannot be read.
pub(super) fn is_bound_to(
    family: Family,
    runs: &Runs<'_>,
    at_run_time: &[Script],
    scripts: &[TracedText],
) -> bool {
    let own: &[&str] = OWN.iter().find(|(of, _)| *of == family).map_or(&[], |(_, names)| names);
    let is_own = |word: &str| {
        own.contains(&base_name(word))
            || PLACES.iter().any(|place| word.contains(place))
            || PACKAGES.iter().any(|end| word.ends_with(end))
            // Alpine has no bash.
            || family != Family::Alpine && base_name(word) == "bash"
    };
    let text_has = |text: &str| {
        let ends = |c: char| !(c.is_alphanumeric() || "/._-".contains(c));
        text.split(ends).any(is_own)
    };
    let target = runs.target;
    let copied = target.copies.iter().flat_map(|copied| copied.words.iter().chain(&copied.contents));
    if copied.map(TracedText::as_str).chain(scripts.iter().map(TracedText::as_str)).any(text_has) {
        return true;
    }
    let shells = target.runs.iter().filter_map(|run| run.shell.as_ref()).chain(&target.shell);
    if shells.flatten().any(|word| is_own(word.as_str())) {
        return true;
    }
    let commands = |script: &Script, built: bool| {
        script.commands.iter().any(|command| {
            let Some(first) = command.runs().first() else { return false };
            let words = || command.words.iter().map(AsRef::as_ref);
            let assigned = || command.assignments.iter().map(|set| set.value.as_ref());
            // A script from a pipe, or one that is not available, may install anything.
            let unread = || {
                let name = first.as_ref();
                is_shell(base_name(name))
                    && matches!(unwrap_once(command.runs()), Wrapped::Input | Wrapped::Itself)
                    || name.contains('/') && !name.contains("bin/") && !command.runs_parsed_script()
            };
            words().chain(assigned()).any(text_has) || built && unread()
        })
    };
    runs.all().any(|(_, script)| script.is_none_or(|script| commands(script, true)))
        || at_run_time.iter().any(|script| commands(script, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_is_read_off_the_reference() {
        for (image, family) in [
            ("php:8.4-fpm", Family::Debian),
            ("php:8.4-fpm-alpine3.22", Family::Alpine),
            ("alpine:3.22", Family::Alpine),
            ("amazoncorretto:21", Family::Rpm),
            ("amazoncorretto:21-alpine", Family::Alpine),
            ("eclipse-temurin:21-jdk-ubi9-minimal", Family::Rpm),
            ("maven:3.9-amazoncorretto-21-debian-bookworm", Family::Debian),
            ("gradle:8-jdk21-corretto", Family::Rpm),
            ("openjdk:17-jdk", Family::Rpm),
            ("openjdk:17-jdk-slim", Family::Debian),
            ("openjdk:8u292-jdk", Family::Debian),
            ("openjdk:11-jdk", Family::Debian),
            ("openjdk:12-jdk", Family::Rpm),
            ("openjdk:latest", Family::Rpm),
            ("nginx", Family::Debian),
        ] {
            let parsed = ImageReference::parse(image).map(|image| Family::of(&image));
            assert_eq!(parsed, Some(family), "{image}");
        }
    }
}
