//! Health probes for what an image runs: rows of `rules/catalog/probes.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::image::Healthcheck;
use super::pattern::has_word;
use crate::model::reference::is_windows_tag;

/// The table of probes, without its rows.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProbeTable {
    pub(super) closed_roles: Vec<ClosedRole>,
}

/// A role in a cluster in which a server opens nothing on the loopback interface, whatever its image exposes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClosedRole {
    /// The variable that selects the role.
    pub variable: String,
    /// Its value.
    pub value: String,
    /// The reason: lower case, no full stop.
    pub why: String,
    /// The source of the claim.
    #[serde(default)]
    pub source: String,
}

/// One family of images, and its health probes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProbeRow {
    /// Its names, in the shortest form.
    #[cfg_attr(not(test), expect(dead_code, reason = "`build.rs` finds the rows by it"))]
    pub(super) repositories: Vec<String>,
    /// Its own healthcheck, if its row of `images.yaml` does not tell.
    #[serde(default)]
    pub(super) healthcheck: Option<Healthcheck>,
    /// Words of tags of which `healthcheck` is not known.
    #[serde(default)]
    healthcheck_unless: Vec<String>,
    /// The TCP ports of its EXPOSE.
    #[serde(default)]
    pub exposes: Vec<u16>,
    /// Words of its start command that are the server.
    #[serde(default)]
    pub program: Vec<String>,
    /// Programs that it certainly has.
    #[serde(default)]
    tools: Vec<ToolRow>,
    /// Configuration files that change its port.
    #[serde(default)]
    pub configuration: Option<ConfigurationFiles>,
    /// Files with its other settings.
    #[serde(default)]
    pub settings: Option<SettingFiles>,
    /// Its `WORKDIR`, if that is not the root.
    #[serde(default)]
    pub workdir: Option<String>,
    /// Words of tags whose server opens nothing on the loopback interface, with the reason: lower case, no full stop.
    #[serde(default)]
    closed_tags: BTreeMap<String, String>,
    /// Its probes, the best first.
    #[serde(default)]
    probes: Vec<ProbeEntry>,
    /// Advice if no probe applies: lower case, no full stop.
    #[serde(default)]
    pub otherwise: Option<String>,
}

/// The files that set a web server's port, in nginx's or Apache's language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfigurationFiles {
    /// The directory of these files.
    pub directory: String,
    /// The base directory of relative include paths.
    pub root: String,
    /// The main file, which is read first.
    pub main: String,
    /// The flag that names another main file.
    pub flag: String,
    /// The includes of the image's own main file.
    #[serde(default)]
    pub includes: Vec<String>,
    /// The image's own file among those. It listens on port 80.
    #[serde(default)]
    pub own: Option<String>,
    /// A directory of templates, and the directory into which they are copied at start, with variables filled in.
    #[serde(default)]
    pub templates: Option<(String, String)>,
}

/// Files with settings of a server: one per line, in whatever language, the name first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SettingFiles {
    /// Files, and directories of such files.
    #[serde(default)]
    pub files: Vec<String>,
    /// Variables whose words are such lines, if none of the files is brought in.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Settings that rule out every probe of the row, with the values that do not.
    #[serde(default)]
    pub unless: BTreeMap<String, Vec<String>>,
}

/// Programs of the tags that match every condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ToolRow {
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    before: Option<String>,
    has: Vec<String>,
}

/// A probe, and the conditions under which it applies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProbeEntry {
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    before: Option<String>,
    /// Variables that have these values.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Variables that are set.
    #[serde(default)]
    pub only_set: Vec<String>,
    /// Variables that are not set.
    #[serde(default)]
    pub unless_set: Vec<String>,
    /// Words, up to `=`, of which one is in its start command.
    #[serde(default)]
    pub only_flags: Vec<String>,
    /// Words of which none is in its start command.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// Parts of paths that are neither mounted nor copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// Settings that are present.
    #[serde(default)]
    pub only_settings: Vec<String>,
    /// Settings that are absent.
    #[serde(default)]
    pub unless_settings: Vec<String>,
    /// The settings that change its port.
    #[serde(default)]
    pub port_by: Option<PortBy>,
    /// The port that replaces `{port}` in its test.
    #[serde(default)]
    pub port: Option<u16>,
    /// It only applies if the image's command is not replaced.
    #[serde(default)]
    pub as_shipped: bool,
    /// The words of a `test`. `$NAME` is a variable of the container.
    #[serde(default)]
    pub test: Vec<String>,
    /// A port that answers to HTTP.
    #[serde(default)]
    pub http: Option<HttpPort>,
    /// The one of its tools that is to send the HTTP request.
    #[serde(default)]
    pub tool: Option<String>,
    /// A port that is open as soon as the server works.
    #[serde(default)]
    pub tcp: Option<u16>,
    /// The address that listens on the port, if not the loopback.
    #[serde(default)]
    pub host: Option<String>,
    /// The path is a guess.
    #[serde(default)]
    pub adjust: bool,
    /// The clause of reports that names what is off, if only its `set` or `only-flags` does not hold: lower case, no full stop.
    #[serde(default)]
    pub off: Option<String>,
    /// The time that it may take to start, as a Compose duration.
    #[serde(default)]
    pub start_period: Option<String>,
}

/// The settings that decide a server's port. The first that is present counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PortBy {
    /// Command-line flags.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Environment variables.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Settings of its files.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Variables with listeners in Kafka's format: `NAME://host:port,…`.
    #[serde(default)]
    pub listeners: Vec<String>,
    /// The variable with the number of the server's own `server.…=…;port` line.
    #[serde(default)]
    pub member: Option<String>,
}

/// A port and a path that answer without a password.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpPort {
    /// The port.
    pub port: u16,
    /// The path.
    pub path: String,
    /// The port is the program's alone and not published: other published ports tell nothing about it.
    #[serde(default)]
    pub own: bool,
}

impl ProbeRow {
    /// Returns whether the image has a healthcheck of its own; `None` if that is not known of this tag.
    pub(super) fn healthcheck(&self, tag: Option<&str>) -> Option<Healthcheck> {
        let tag = tag.unwrap_or_default();
        self.healthcheck.filter(|_| !self.healthcheck_unless.iter().any(|word| has_word(tag, word)))
    }

    /// Returns the programs that a tag certainly has. None without a tag.
    #[must_use]
    pub fn tools(&self, tag: Option<&str>) -> Vec<&str> {
        let Some(tag) = tag.filter(|tag| !is_windows_tag(tag)) else { return Vec::new() };
        let fitting = self
            .tools
            .iter()
            .filter(|row| fits(tag, &row.when, &row.unless, row.since.as_deref(), row.before.as_deref()));
        fitting.flat_map(|row| row.has.iter().map(String::as_str)).collect()
    }

    /// Returns why nothing of a tag listens on the loopback interface.
    #[must_use]
    pub fn closed(&self, tag: Option<&str>) -> Option<&str> {
        let tag = tag?;
        self.closed_tags.iter().find(|(word, _)| has_word(tag, word)).map(|(_, why)| why.as_str())
    }

    /// Returns the probes of a tag, the best first.
    #[must_use]
    pub fn probes<'r>(&'r self, tag: Option<&str>) -> Vec<&'r ProbeEntry> {
        let holds = |entry: &&ProbeEntry| match tag {
            Some(tag) => {
                !is_windows_tag(tag)
                    && fits(tag, &entry.when, &entry.unless, entry.since.as_deref(), entry.before.as_deref())
            }
            // Only a digest is given: keep what holds for every tag.
            None => {
                entry.when.is_empty()
                    && entry.unless.is_empty()
                    && entry.since.is_none()
                    && entry.before.is_none()
            }
        };
        self.probes.iter().filter(holds).collect()
    }
}

fn fits(tag: &str, when: &[String], unless: &[String], since: Option<&str>, before: Option<&str>) -> bool {
    let version = version(tag);
    let at_least = |line: &str| version.as_ref().is_none_or(|version| reaches(version, line));
    (when.is_empty() || when.iter().any(|word| has_word(tag, word)))
        && !unless.iter().any(|word| has_word(tag, word))
        && since.is_none_or(at_least)
        && before.is_none_or(|line| !at_least(line))
}

/// True if the version of a tag is `since` or later, and before `before`.
#[must_use]
pub fn in_versions(tag: &str, since: Option<&str>, before: Option<&str>) -> bool {
    fits(tag, &[], &[], since, before)
}

/// True if the version of a tag is one of these fixes or later in the same line, as `4.2.24` is after the fix `4.2.20`.
pub(super) fn is_fixed(tag: &str, fixes: &[String]) -> bool {
    let Some(version) = version(tag) else { return false };
    fixes.iter().any(|fix| {
        let line = fix.rsplit_once('.').map_or(fix.as_str(), |(line, _)| line);
        let next = line.split('.').map_while(|number| number.parse::<u32>().ok());
        next.eq(version.iter().copied().take(line.split('.').count())) && reaches(&version, fix)
    })
}

/// Returns the text of the first version in a tag: `3.7` of `v3.7-alpine`. `None` for tags without one, which move.
#[must_use]
pub fn version_text(tag: &str) -> Option<&str> {
    let mut words = tag.split('-').map(|word| word.strip_prefix('v').unwrap_or(word));
    let word = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    word.get(..end)
}

fn version(tag: &str) -> Option<Vec<u32>> {
    Some(version_text(tag)?.split('.').map_while(|number| number.parse().ok()).collect())
}

/// True if a version is `line` or later. Parts that a tag leaves out count as the newest: `1` is `1.31` today.
fn reaches(version: &[u32], line: &str) -> bool {
    let line: Vec<u32> = line.split('.').map_while(|number| number.parse().ok()).collect();
    let padded = line.iter().enumerate().map(|(at, _)| version.get(at).copied().unwrap_or(u32::MAX));
    padded.collect::<Vec<_>>() >= line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_far_as_they_go() {
        let since = |tag: &str, line: &str| fits(tag, &[], &[], Some(line), None);
        assert!(since("1.21.6", "1.21") && since("1.21-alpine", "1.21") && since("1", "1.21"));
        assert!(!since("1.17.9", "1.21") && !since("0.9", "1.21"));
        assert!(since("latest", "6") && since("v3.7", "3") && since("8.0-noble", "6"));
        assert!(!since("5.0.31", "6"));
        assert_eq!(version("2022-latest"), Some(vec![2022]));
        assert_eq!(version("stable-alpine"), None);
    }

    #[test]
    fn a_fix_of_an_older_line_holds_for_that_line() {
        let fixes = ["4.2.20".to_owned(), "4.4.14".to_owned()];
        for tag in ["4.2.20", "4.2.24-bionic", "4.2", "4.4.14", "4.4", "4.4-focal"] {
            assert!(is_fixed(tag, &fixes), "{tag}");
        }
        for tag in ["4.2.19", "4.0.28", "4.4.13", "4.3.20", "5.0.3", "5", "latest", "4.20.1"] {
            assert!(!is_fixed(tag, &fixes), "{tag}");
        }
    }
}
