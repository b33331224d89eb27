//! The baseline: known findings, which are suppressed so that only new ones fail a gate.
//!
//! An entry is a [`FindingIdentity`], never a line number or a message. The file is sorted and has one entry per line, so that
//! a change is a small diff.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::fingerprint::FindingIdentity;
use crate::hash::HashMap;

/// The name of the file in the root of a repository.
pub const FILE_NAME: &str = ".oomlint-baseline.json";

/// The version of the format that is written and read.
const VERSION: u32 = 1;

/// Known findings: the identity of each, and how often it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<FindingIdentity, usize>,
}

/// One entry of the file, on a line of its own.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(flatten)]
    identity: FindingIdentity,
    #[serde(default = "once", skip_serializing_if = "is_once")]
    count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    entries: Vec<Entry>,
}

fn once() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_once(count: &usize) -> bool {
    *count == 1
}

impl Baseline {
    /// Creates a baseline of these findings.
    #[must_use]
    pub fn of(identity: impl IntoIterator<Item = FindingIdentity>) -> Self {
        let mut baseline = Self::default();
        for identity in identity {
            *baseline.entries.entry(identity).or_default() += 1;
        }
        baseline
    }

    /// Parses a baseline file.
    ///
    /// # Errors
    /// If it is not a baseline or has another version: what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.version != VERSION {
            return Err(format!(
                "it has format version {}; this oomlint reads version {VERSION}",
                file.version
            ));
        }
        let mut baseline = Self::default();
        for entry in file.entries {
            let count = baseline.entries.entry(entry.identity).or_default();
            *count = count.saturating_add(entry.count);
        }
        Ok(baseline)
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    /// Never, as far as is known: the entries are plain strings.
    pub fn to_text(&self) -> serde_json::Result<String> {
        let mut out = format!("{{\n  \"version\": {VERSION},\n  \"entries\": [");
        for (index, (identity, count)) in self.entries.iter().enumerate() {
            let entry = Entry { identity: identity.clone(), count: *count };
            let comma = if index == 0 { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(out, "{comma}\n    {}", serde_json::to_string(&entry)?);
        }
        out.push_str(if self.entries.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        Ok(out)
    }

    /// Returns the number of findings, repeated ones counted each time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// True if it has no findings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns whether each finding is in the baseline, in their order. A repeated one is known as often as it is in the baseline.
    #[must_use]
    pub fn matches_each(&self, found: &[FindingIdentity]) -> Vec<bool> {
        let mut matched: HashMap<&FindingIdentity, usize> = HashMap::default();
        let in_baseline = found.iter().map(|identity| {
            let matched = matched.entry(identity).or_default();
            *matched += 1;
            *matched <= self.count(identity)
        });
        in_baseline.collect()
    }

    /// Returns the entries that are found less often than recorded.
    #[must_use]
    pub fn stale(&self, found: &[FindingIdentity]) -> Vec<&FindingIdentity> {
        let now = Self::of(found.iter().cloned());
        let gone = self.entries.iter().filter(|(identity, count)| now.count(identity) < **count);
        gone.map(|(identity, _)| identity).collect()
    }

    /// Returns the baseline without what is no longer found.
    #[must_use]
    pub fn pruned(&self, found: &[FindingIdentity]) -> Self {
        let now = Self::of(found.iter().cloned());
        let entries = self.entries.iter().filter_map(|(identity, count)| {
            let count = (*count).min(now.count(identity));
            (count > 0).then(|| (identity.clone(), count))
        });
        Self { entries: entries.collect() }
    }

    fn count(&self, identity: &FindingIdentity) -> usize {
        self.entries.get(identity).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(rule: &str, text: &str) -> FindingIdentity {
        FindingIdentity {
            file: "compose.yaml".to_owned(),
            rule: rule.to_owned(),
            name: "api".to_owned(),
            keys: vec!["services".to_owned(), "api".to_owned()],
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_is_known_is_known_as_often_as_it_was() {
        let (a, b) = (identity("a", "1"), identity("b", "\"ü\n"));
        let baseline = Baseline::of([a.clone(), a.clone(), b.clone()]);
        assert_eq!(Baseline::parse(&baseline.to_text().unwrap()).unwrap(), baseline);
        assert_eq!(baseline.len(), 3);
        let found = [a.clone(), a.clone(), a.clone(), identity("a", "2")];
        assert_eq!(baseline.matches_each(&found), [true, true, false, false]);
        assert_eq!(baseline.stale(&found), [&b]);
        assert_eq!(baseline.pruned(&found), Baseline::of([a.clone(), a]));
        assert!(baseline.pruned(&[]).is_empty());
    }

    #[test]
    fn a_baseline_is_empty_without_findings_and_counts_those_that_repeat() {
        let a = identity("a", "1");
        let (none, one, two) = (Baseline::of([]), Baseline::of([a.clone()]), Baseline::of([a.clone(), a]));
        assert!(none.is_empty() && !one.is_empty() && !two.is_empty());
        let counts = |baseline: &Baseline| baseline.to_text().unwrap().matches("count").count();
        assert_eq!((counts(&none), counts(&one), counts(&two)), (0, 0, 1));
    }

    #[test]
    fn counts_of_any_size_are_taken() {
        let entry = |count: usize| {
            serde_json::json!({
                "file": "a", "rule": "b", "name": "c", "keys": [], "text": "", "count": count,
            })
        };
        let text = serde_json::json!({ "version": 1, "entries": [entry(usize::MAX), entry(2)] }).to_string();
        assert_eq!(Baseline::parse(&text).unwrap().len(), usize::MAX);
    }

    #[test]
    fn other_files_are_refused() {
        for text in [
            "",
            "[]",
            "{\"version\": 2, \"entries\": []}",
            "{\"version\": 1, \"entries\": [{}]}",
            "{\"version\": 1}",
        ] {
            assert!(Baseline::parse(text).is_err(), "{text}");
        }
        assert_eq!(Baseline::parse("{\"version\": 1, \"entries\": []}"), Ok(Baseline::default()));
    }
}
