//! Tags that exist, lines that are still rebuilt, sizes that were read: `rules/catalog/tags.yaml`.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TagTable {
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: String,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    date: String,
    official: String,
    former: String,
    lines: HashMap<String, String>,
    ended: HashMap<String, String>,
    tags: HashMap<String, String>,
    elsewhere: Vec<Elsewhere>,
    sizes: Vec<Size>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Elsewhere {
    image: String,
    lines: String,
    tags: String,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    image: String,
    mib: f64,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table")]
    date: Option<String>,
}

/// The same, to ask.
#[derive(Debug, Default)]
pub(super) struct Tags {
    official: HashSet<String>,
    tags: HashMap<String, HashSet<String>>,
    lines: HashMap<String, Vec<String>>,
    ended: HashMap<String, HashSet<String>>,
    sizes: HashMap<String, u64>,
}

impl From<TagTable> for Tags {
    fn from(table: TagTable) -> Self {
        let TagTable { official, former, lines, ended, tags, elsewhere, sizes, .. } = table;
        let mut known = Self {
            official: words(&official).chain(words(&former)).collect(),
            tags: tags.iter().map(|(image, tags)| (image.clone(), words(tags).collect())).collect(),
            lines: lines.iter().map(|(image, lines)| (image.clone(), words(lines).collect())).collect(),
            ended: ended.iter().map(|(image, names)| (image.clone(), words(names).collect())).collect(),
            sizes: HashMap::new(),
        };
        for Elsewhere { image, lines, tags, .. } in elsewhere {
            known.tags.insert(image.clone(), words(&tags).collect());
            known.lines.insert(image, words(&lines).collect());
        }
        for Size { image, mib, .. } in sizes {
            known.sizes.insert(image, (mib * 1024.0 * 1024.0) as u64);
        }
        known
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(str::to_owned)
}

impl Tags {
    /// True for names of Docker Official Images, past ones too.
    pub(super) fn is_official(&self, name: &str) -> bool {
        self.official.contains(name)
    }

    pub(super) fn exists(&self, repository: &str, tag: &str) -> bool {
        self.tags.get(repository).is_some_and(|tags| tags.contains(tag))
    }

    /// Compressed size in bytes.
    pub(super) fn size(&self, repository: &str, tag: &str) -> Option<u64> {
        self.sizes.get(&format!("{repository}:{tag}")).copied()
    }

    /// The versions that are still rebuilt.
    pub(super) fn lines(&self, repository: &str) -> &[String] {
        self.lines.get(repository).map(Vec::as_slice).unwrap_or_default()
    }

    /// The line that a version belongs to: of 3.12.4 it is 3.12.
    pub(super) fn line_of(&self, repository: &str, version: &str) -> Option<&str> {
        self.lines.get(repository)?.iter().map(String::as_str).find(|line| is_of_line(version, line))
    }

    /// Whether a tag is on a line that is still rebuilt. None when the table does not know the image, or the tag
    /// moves along with the lines.
    pub(super) fn rebuilt(&self, repository: &str, tag: &str) -> Option<bool> {
        let lines = self.lines.get(repository)?;
        let version = tag.split('-').find(|word| !word.is_empty())?;
        if self.ended.get(repository).is_some_and(|names| tag.split('-').any(|word| names.contains(word))) {
            return Some(false);
        }
        if self.line_of(repository, version).is_some() {
            return Some(true);
        }
        // `3` is whatever 3.x is newest; a name that no list has says nothing.
        let moves = lines.iter().any(|line| is_of_line(line, version));
        (!moves && version.starts_with(|c: char| c.is_ascii_digit())).then_some(false)
    }
}

/// `3.12.4` and `3.12` are of 3.12, `3.1` is not.
fn is_of_line(version: &str, line: &str) -> bool {
    version.strip_prefix(line).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}
