//! Tags that exist, release lines that are still rebuilt, sizes of images: `rules/catalog/tags.yaml`.

use crate::hash::{HashMap, HashSet};
use serde::Deserialize;

/// The table as written. Lists are words with spaces between, and stay so, since most are never used.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TagTable {
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: &'static str,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    date: &'static str,
    official: &'static str,
    former: &'static str,
    lines: HashMap<&'static str, &'static str>,
    ended: HashMap<&'static str, &'static str>,
    tags: HashMap<&'static str, &'static str>,
    elsewhere: Vec<Elsewhere>,
    sizes: Vec<Size>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Elsewhere {
    image: &'static str,
    lines: &'static str,
    tags: &'static str,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: &'static str,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    image: &'static str,
    mib: f64,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table")]
    date: Option<&'static str>,
}

/// The table, indexed for lookup.
#[derive(Debug, Default)]
pub(super) struct Tags {
    official: HashSet<&'static str>,
    tags: HashMap<&'static str, &'static str>,
    lines: HashMap<&'static str, Vec<&'static str>>,
    ended: HashMap<&'static str, &'static str>,
    sizes: HashMap<&'static str, u64>,
}

impl From<TagTable> for Tags {
    fn from(table: TagTable) -> Self {
        let TagTable { official, former, mut lines, ended, mut tags, elsewhere, sizes, .. } = table;
        for more in &elsewhere {
            tags.insert(more.image, more.tags);
            lines.insert(more.image, more.lines);
        }
        Self {
            official: official.split_whitespace().chain(former.split_whitespace()).collect(),
            tags,
            lines: lines
                .into_iter()
                .map(|(image, lines)| (image, lines.split_whitespace().collect()))
                .collect(),
            ended,
            sizes: sizes.iter().map(|size| (size.image, (size.mib * 1024.0 * 1024.0) as u64)).collect(),
        }
    }
}

impl Tags {
    /// True for names of Docker Official Images, former ones included.
    pub(super) fn is_official(&self, name: &str) -> bool {
        self.official.contains(name)
    }

    pub(super) fn exists(&self, repository: &str, tag: &str) -> bool {
        self.tags.get(repository).is_some_and(|tags| has_word(tags, tag))
    }

    /// Returns the compressed size in bytes.
    pub(super) fn size(&self, repository: &str, tag: &str) -> Option<u64> {
        self.sizes.get(format!("{repository}:{tag}").as_str()).copied()
    }

    /// Returns the release lines that are still rebuilt.
    pub(super) fn lines(&self, repository: &str) -> &[&'static str] {
        self.lines.get(repository).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the release of a distribution that a tag names: `bookworm`, `noble`, `alpine3.22`.
    pub(super) fn suite<'t>(&self, tag: &'t str) -> Option<&'t str> {
        let named = |word: &str| {
            let letters = word.starts_with(|c: char| c.is_ascii_lowercase());
            letters
                && ["debian", "ubuntu"].iter().any(|distribution| {
                    self.lines(distribution).contains(&word)
                        || self.ended.get(distribution).is_some_and(|names| has_word(names, word))
                })
        };
        let alpine = |word: &str| word.strip_prefix("alpine").is_some_and(|version| !version.is_empty());
        tag.split('-').find(|word| named(word) || alpine(word))
    }

    /// Returns the line that a version belongs to: 3.12 for 3.12.4.
    pub(super) fn line_of(&self, repository: &str, version: &str) -> Option<&str> {
        self.lines.get(repository)?.iter().copied().find(|line| is_of_line(version, line))
    }

    /// True if a tag is on a line that is still rebuilt. None if the table does not know the image, or the tag moves along with
    /// the lines.
    pub(super) fn rebuilt(&self, repository: &str, tag: &str) -> Option<bool> {
        let lines = self.lines.get(repository)?;
        let version = tag.split('-').find(|word| !word.is_empty())?;
        if self.ended.get(repository).is_some_and(|names| tag.split('-').any(|word| has_word(names, word))) {
            return Some(false);
        }
        if self.line_of(repository, version).is_some() {
            return Some(true);
        }
        // `3` moves with the newest 3.x. A name that no list has, or a version newer than the list, is unknown.
        let moves = lines.iter().any(|line| is_of_line(line, version));
        let newest = lines.iter().map(|line| numbers(line)).max().unwrap_or_default();
        let past = numbers(version);
        (!moves && !past.is_empty() && past < newest).then_some(false)
    }
}

/// True if `words`, with spaces between, has this one.
fn has_word(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|other| other == word)
}

/// Returns the numbers that a version begins with: 3 and 12 for `3.12-rc`, none for a name.
fn numbers(version: &str) -> Vec<u32> {
    let parts = version.split(['.', '-', '_']);
    // `19beta1` is 19.
    let digits = |part: &str| part.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok());
    parts.map_while(digits).collect()
}

/// True if a version belongs to a line: `3.12.4` and `3.12` belong to 3.12, `3.1` does not.
fn is_of_line(version: &str, line: &str) -> bool {
    version.strip_prefix(line).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}
