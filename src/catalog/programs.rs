//! Programs known by their names: `rules/catalog/programs.yaml`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::hash::HashSet;

/// The lists. Each field is a list of the file, which says what its names mean.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the file has a comment for each list")]
pub struct Programs {
    pub supervisors: HashSet<String>,
    pub test_runners: HashSet<String>,
    pub tools: HashSet<String>,
    pub runners: HashSet<String>,
    pub work: HashSet<String>,
    pub leads: HashSet<String>,
    pub many_goals: HashSet<String>,
    pub serves: HashSet<String>,
    pub fills: HashSet<String>,
    pub watchers: HashSet<String>,
    pub goes_on: HashSet<String>,
    pub workers: HashSet<String>,
    pub worker_words: HashSet<String>,
    pub http_servers: HashSet<String>,
    pub web_runtimes: HashSet<String>,
    pub web_images: HashSet<String>,
    pub prompts: HashSet<String>,
    pub function_runtimes: HashSet<String>,
}

impl Programs {
    /// Returns the compiled-in lists.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Programs> = OnceLock::new();
        // A test parses them, so this does not fail. Without lists no program would be recognized.
        BUILTIN.get_or_init(|| serde_json::from_str(super::PROGRAMS).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_parse_and_are_sorted() {
        let lists: crate::hash::IndexMap<String, Vec<String>> =
            serde_json::from_str(crate::catalog::PROGRAMS).expect("lists of names");
        assert!(serde_json::from_str::<Programs>(crate::catalog::PROGRAMS).is_ok());
        for (name, list) in lists {
            let lower: Vec<String> = list.iter().map(|word| word.to_lowercase()).collect();
            assert!(lower.is_sorted() && !list.is_empty(), "{name}");
        }
    }
}
