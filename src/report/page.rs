//! Where a rule's page stands on the web.

use crate::rules;

/// The project's place on the web: `repository` of Cargo.toml, empty as long as it names none.
pub(super) const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// The address of a rule's page; none without a home, or for what is no rule.
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
    fn pages_stand_in_the_repository() {
        let page = address("https://example.com/a/", "tight-heap");
        assert_eq!(page.as_deref(), Some("https://example.com/a/blob/main/rules/tight-heap.md"));
        assert_eq!(address("", "tight-heap"), None);
        assert_eq!(of("no-such-rule"), None);
    }
}
