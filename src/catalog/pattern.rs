//! Patterns for tags: dash-separated words, with captures.

use std::collections::BTreeMap;

/// The parts of a tag that a pattern captured, by name.
pub(super) type Captures<'t> = BTreeMap<String, &'t str>;

/// Matches a tag with a pattern. `*` matches any number of words, `{name}` one word or, after letters, the rest of one
/// (`jdk{n}`), everything else itself. None if it does not match.
pub(super) fn fit<'t>(pattern: &str, tag: &'t str) -> Option<Captures<'t>> {
    let pattern: Vec<&str> = pattern.split('-').collect();
    let words: Vec<&str> = tag.split('-').collect();
    let mut captures = Captures::new();
    fit_words(&pattern, &words, &mut captures).then_some(captures)
}

// The recursion is as deep as the pattern is long: ours have a handful of words each.
fn fit_words<'t>(pattern: &[&str], words: &[&'t str], captures: &mut Captures<'t>) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return words.is_empty();
    };
    if *first == "*" {
        let mut left = (0..=words.len()).filter_map(|taken| words.get(taken..));
        return left.any(|words| fit_words(rest, words, captures));
    }
    let Some((word, others)) = words.split_first() else {
        return false;
    };
    let taken = match first.split_once('{').and_then(|(before, name)| Some((before, name.strip_suffix('}')?)))
    {
        None if first == word => None,
        None => return false,
        Some((before, name)) => match word.strip_prefix(before) {
            Some(value) if !value.is_empty() => Some((name.to_owned(), value)),
            _ => return false,
        },
    };
    if !fit_words(rest, others, captures) {
        return false;
    }
    captures.extend(taken);
    true
}

/// Inserts captures into a template. None if it uses one that is missing.
pub(super) fn fill(template: &str, captures: &Captures<'_>) -> Option<String> {
    let mut filled = String::with_capacity(template.len() + 8);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(captures.get(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// True if one of the tag's words is `word`, with or without a version after it: `alpine3.24` is `alpine`.
pub(super) fn has_word(tag: &str, word: &str) -> bool {
    tag.split('-')
        .any(|part| part == word || part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pattern: &str, tag: &str) -> Option<String> {
        fit(pattern, tag).map(|captures| {
            captures.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        })
    }

    #[test]
    fn captures_words() {
        assert_eq!(taken("{v}", "22"), Some("v=22".into()));
        assert_eq!(taken("{v}", "22-slim"), None);
        assert_eq!(taken("{v}-jdk-{os}", "17-jdk-jammy"), Some("os=jammy v=17".into()));
        assert_eq!(taken("*-jdk{n}-*", "8.14-jdk17-alpine"), Some("n=17".into()));
        assert_eq!(taken("*-jdk{n}-*", "jdk17"), Some("n=17".into()));
        assert_eq!(taken("*-jdk{n}-*", "8-jdk"), None);
        assert_eq!(taken("*", "anything-at-all"), Some(String::new()));
        assert_eq!(taken("latest", "latest"), Some(String::new()));
    }

    #[test]
    fn fills_templates() {
        let captures = Captures::from([("v".to_owned(), "17"), ("os".to_owned(), "noble")]);
        assert_eq!(fill("{v}-jre-{os}", &captures), Some("17-jre-noble".into()));
        assert_eq!(fill("slim", &captures), Some("slim".into()));
        assert_eq!(fill("{java}-jre", &captures), None);
    }

    #[test]
    fn words_may_carry_versions() {
        assert!(has_word("22-alpine3.24", "alpine"));
        assert!(has_word("11-jre17", "jre"));
        assert!(!has_word("22-slimmer", "slim"));
        assert!(has_word("latest", "latest"));
    }
}
