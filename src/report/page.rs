//! URLs of the rule pages.

use crate::rules;

/// URL of the project: `repository` of Cargo.toml, empty if that is missing.
pub(super) const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Returns the URL of a rule's page, or `None` if [`HOME`] is empty or no rule has that name.
pub(super) fn of(rule: &str) -> Option<String> {
    address(HOME, rules::find(rule)?.meta().name)
}

fn address(home: &str, rule: &str) -> Option<String> {
    (!home.is_empty()).then(|| format!("{}/blob/main/rules/{rule}.md", home.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_in_the_repository() {
        let page = address("https://example.com/a/", "tight-heap");
        assert_eq!(page.as_deref(), Some("https://example.com/a/blob/main/rules/tight-heap.md"));
        assert_eq!(address("", "tight-heap"), None);
        assert_eq!(of("no-such-rule"), None);
    }
}
