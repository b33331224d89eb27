//! How to ask whether what an image runs still works: rows of `rules/catalog/probes.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::image::{Healthcheck, is_windows};
use super::pattern::has_word;

/// The whole table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProbeTable {
    pub(super) probes: Vec<ProbeRow>,
    pub(super) closed_roles: Vec<ClosedRole>,
}

/// A part that a server plays in a cluster and in which it opens nothing on the loopback, whatever its image shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClosedRole {
    /// The variable that gives it the part.
    pub variable: String,
    /// The value.
    pub value: String,
    /// Lower case, no full stop.
    pub why: String,
    /// Where it can be checked.
    pub source: String,
}

/// One family of images, and what it can be asked with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProbeRow {
    /// The names it goes by, the shortest form.
    pub(super) repositories: Vec<String>,
    /// Whether it brings a healthcheck of its own, where its row of `images.yaml` does not say so.
    #[serde(default)]
    pub(super) healthcheck: Option<Healthcheck>,
    /// The TCP ports of its EXPOSE.
    #[serde(default)]
    pub exposes: Vec<u16>,
    /// Words of its start that are the server.
    #[serde(default)]
    pub program: Vec<String>,
    /// Programs that it is certain to have.
    #[serde(default)]
    tools: Vec<ToolRow>,
    /// Files that move its port.
    #[serde(default)]
    pub configuration: Option<ConfigurationFiles>,
    /// Files with other settings of it.
    #[serde(default)]
    pub settings: Option<SettingFiles>,
    /// Its `WORKDIR`, where that is not the root.
    #[serde(default)]
    pub workdir: Option<String>,
    /// Words of tags whose server opens nothing on the loopback, and why: lower case, no full stop.
    #[serde(default)]
    closed_tags: BTreeMap<String, String>,
    /// Ways to ask, the best first.
    #[serde(default)]
    probes: Vec<ProbeEntry>,
    /// What to do where none of them holds: lower case, no full stop.
    #[serde(default)]
    pub otherwise: Option<String>,
    /// Where it can be checked.
    pub source: String,
}

/// The files in which a web server is told its port, in nginx's or Apache's language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfigurationFiles {
    /// The directory that has them.
    pub directory: String,
    /// Where relative paths of includes start.
    pub root: String,
    /// The file that it begins with.
    pub main: String,
    /// The flag that names another one.
    pub flag: String,
    /// What the image's own main file includes.
    #[serde(default)]
    pub includes: Vec<String>,
    /// The image's own file among those, which listens on port 80.
    #[serde(default)]
    pub own: Option<String>,
    /// A directory whose files are copied into another one when it starts, with variables filled in.
    #[serde(default)]
    pub templates: Option<(String, String)>,
}

/// Files with settings of a server: a line each, in whatever language, with a name first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SettingFiles {
    /// Files, and directories of such files.
    #[serde(default)]
    pub files: Vec<String>,
    /// Variables whose words are such lines, where none of the files is brought in.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Settings after which no probe of the row holds, with the values after which they do.
    #[serde(default)]
    pub unless: BTreeMap<String, Vec<String>>,
}

/// Programs of the tags that fit every condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ToolRow {
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    since: Option<String>,
    has: Vec<String>,
}

/// One way to ask, and when it holds.
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
    /// Variables with these values.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Variables that are there.
    #[serde(default)]
    pub only_set: Vec<String>,
    /// Variables that are not.
    #[serde(default)]
    pub unless_set: Vec<String>,
    /// One of these words, up to `=`, is in its start.
    #[serde(default)]
    pub only_flags: Vec<String>,
    /// None of these is.
    #[serde(default)]
    pub unless_flags: Vec<String>,
    /// Parts of paths that are neither mounted nor copied in.
    #[serde(default)]
    pub unless_files: Vec<String>,
    /// Settings that are there.
    #[serde(default)]
    pub only_settings: Vec<String>,
    /// Settings that are not.
    #[serde(default)]
    pub unless_settings: Vec<String>,
    /// What moves its port.
    #[serde(default)]
    pub port_by: Option<PortBy>,
    /// The port that `{port}` in its test stands for.
    #[serde(default)]
    pub port: Option<u16>,
    /// Nobody replaces its command.
    #[serde(default)]
    pub as_shipped: bool,
    /// The words of a `test`; `$NAME` is a variable of the container.
    #[serde(default)]
    pub test: Vec<String>,
    /// A port that answers to HTTP.
    #[serde(default)]
    pub http: Option<HttpPort>,
    /// The one of its tools that is to ask by HTTP.
    #[serde(default)]
    pub tool: Option<String>,
    /// A port that is open as soon as it works.
    #[serde(default)]
    pub tcp: Option<u16>,
    /// The address that has the port, when that is not the loopback.
    #[serde(default)]
    pub host: Option<String>,
    /// The path is a guess.
    #[serde(default)]
    pub adjust: bool,
    /// What is off where only its `set` or its `only-flags` does not hold: lower case, no full stop.
    #[serde(default)]
    pub off: Option<String>,
    /// How long it may take to come up.
    #[serde(default)]
    pub start_period: Option<String>,
}

/// What a server is told its port by; the first that is there counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PortBy {
    /// Flags.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Variables.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Settings of its files.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Variables with listeners as Kafka has them: `NAME://host:port,…`.
    #[serde(default)]
    pub listeners: Vec<String>,
    /// The variable with the number of the `server.…=…;port` line that is its own.
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
    /// Nobody publishes the port, so other ports that are published say nothing of it.
    #[serde(default)]
    pub own: bool,
}

impl ProbeRow {
    /// Programs that a tag is certain to have; none without a tag.
    pub fn tools(&self, tag: Option<&str>) -> Vec<&str> {
        let Some(tag) = tag.filter(|tag| !is_windows(tag)) else { return Vec::new() };
        let fitting = self.tools.iter().filter(|row| fits(tag, &row.when, &row.unless, &row.since, &None));
        fitting.flat_map(|row| row.has.iter().map(String::as_str)).collect()
    }

    /// Why nothing of a tag listens on the loopback.
    pub fn closed(&self, tag: Option<&str>) -> Option<&str> {
        let tag = tag?;
        self.closed_tags.iter().find(|(word, _)| has_word(tag, word)).map(|(_, why)| why.as_str())
    }

    /// Ways to ask a tag, the best first.
    pub fn probes<'r>(&'r self, tag: Option<&str>) -> Vec<&'r ProbeEntry> {
        let holds = |entry: &&ProbeEntry| match tag {
            Some(tag) => {
                !is_windows(tag) && fits(tag, &entry.when, &entry.unless, &entry.since, &entry.before)
            }
            // A digest alone: only what holds for every tag.
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

fn fits(
    tag: &str,
    when: &[String],
    unless: &[String],
    since: &Option<String>,
    before: &Option<String>,
) -> bool {
    let version = version(tag);
    let at_least = |line: &String| version.as_ref().is_none_or(|version| reaches(version, line));
    (when.is_empty() || when.iter().any(|word| has_word(tag, word)))
        && !unless.iter().any(|word| has_word(tag, word))
        && since.as_ref().is_none_or(at_least)
        && before.as_ref().is_none_or(|line| !at_least(line))
}

/// Whether the version of a tag is `since` or a later one, and earlier than `before`.
pub fn in_versions(tag: &str, since: &Option<String>, before: &Option<String>) -> bool {
    fits(tag, &[], &[], since, before)
}

/// The first version in a tag: `v3.7-alpine` is 3.7. None for tags that move without one.
fn version(tag: &str) -> Option<Vec<u32>> {
    let words = tag.split('-').map(|word| word.strip_prefix('v').unwrap_or(word));
    let word = words.into_iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    Some(word.get(..end)?.split('.').map_while(|number| number.parse().ok()).collect())
}

/// Whether a version is `line` or a later one. What a tag leaves out is the newest: `1` is `1.31` today.
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
        let since = |tag: &str, line: &str| fits(tag, &[], &[], &Some(line.to_owned()), &None);
        assert!(since("1.21.6", "1.21") && since("1.21-alpine", "1.21") && since("1", "1.21"));
        assert!(!since("1.17.9", "1.21") && !since("0.9", "1.21"));
        assert!(since("latest", "6") && since("v3.7", "3") && since("8.0-noble", "6"));
        assert!(!since("5.0.31", "6"));
        assert_eq!(version("2022-latest"), Some(vec![2022]));
        assert_eq!(version("stable-alpine"), None);
    }
}
