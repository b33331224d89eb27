//! Base images that are no longer maintained, and what replaces them.

use crate::catalog::{Catalog, Upgrade, in_versions, version_text};
use crate::model::ImageReference;

/// A base image that is no longer maintained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The maintainers' reason, lower case; `None` for a version past its end of life.
    pub why: Option<String>,
    /// The image that replaces it.
    pub replacement: Option<String>,
    /// The versions that are still rebuilt, newest first.
    pub lines: Vec<String>,
    /// The migration of the old version's data, if changing the tag is not enough.
    pub upgrade: Option<Upgrade>,
    /// An option or program of the container that newer versions no longer have.
    pub refused: Option<String>,
}

/// Orders version lines newest first, numbers before names. The table has the oldest first.
fn newest_first(lines: &[&str]) -> Vec<String> {
    let is_number = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
    let (mut newest, names): (Vec<&str>, Vec<&str>) = lines.iter().rev().copied().partition(is_number);
    newest.extend(names);
    newest.into_iter().map(str::to_owned).collect()
}

/// Returns the version lines that are not older than the version that a tag begins with. The number in `buster-20230109` is a date.
fn later_lines<'l>(lines: &[&'l str], tag: &str) -> Vec<&'l str> {
    let since = version_text(tag.split('-').next().unwrap_or(tag));
    lines.iter().copied().filter(|line| in_versions(line, since, None)).collect()
}

/// Returns the replacement of a deprecated image, tagged with the same major version if that is still rebuilt.
fn replacement_for(name: &str, reference: &ImageReference, catalog: &Catalog) -> String {
    let tag = reference.effective_tag().unwrap_or_default();
    let major = catalog.image(reference).and_then(|entry| entry.runtime_major(tag));
    let kind = tag.split('-').filter(|word| matches!(*word, "jre" | "alpine"));
    let kind: String = kind.map(|word| format!("-{word}")).collect();
    let tagged = major.map(|(_, major)| format!("{name}:{major}{kind}"));
    let is_rebuilt = |tagged: &String| {
        ImageReference::parse(tagged).is_some_and(|tagged| catalog.rebuilt(&tagged) == Some(true))
    };
    tagged.filter(is_rebuilt).unwrap_or_else(|| name.to_owned())
}

/// Returns the end of support of an image, or of the version line of its tag.
pub(super) fn unsupported(reference: &ImageReference, catalog: &Catalog) -> Option<Unsupported> {
    let tag = reference.effective_tag().unwrap_or_default();
    if let Some(deprecated) = catalog.image(reference).and_then(|entry| entry.deprecated(tag)) {
        return Some(Unsupported {
            why: Some(deprecated.why.clone()),
            replacement: deprecated
                .replacement
                .as_ref()
                .map(|name| replacement_for(name, reference, catalog)),
            lines: Vec::new(),
            upgrade: None,
            refused: None,
        });
    }
    (catalog.rebuilt(reference) == Some(false)).then(|| Unsupported {
        why: None,
        replacement: None,
        lines: newest_first(&later_lines(catalog.lines(reference), tag)),
        upgrade: catalog.image(reference).and_then(|entry| entry.upgrade.clone()),
        refused: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_not_older_than_the_version_in_use() {
        let lines = ["11", "12", "13", "bookworm"];
        assert_eq!(later_lines(&lines, "12-slim"), ["12", "13", "bookworm"]);
        assert_eq!(later_lines(&lines, "v13"), ["13", "bookworm"]);
        for tag in ["buster-20230109", "buster", "latest"] {
            assert_eq!(later_lines(&lines, tag), lines, "{tag}");
        }
        assert_eq!(newest_first(&lines), ["13", "12", "11", "bookworm"]);
    }
}
