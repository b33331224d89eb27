//! Finds quotes that are part of a variable's value, and what its reader makes of them.

use super::{Fact, MemoryPool, Origin, Workload};
use crate::catalog::Catalog;
use crate::source::TracedText;

/// Sets the effect of quotes in `environment`.
pub(super) fn find(workload: &mut Workload, catalog: &Catalog) {
    // The image's own entrypoint runs.
    let own_script = workload.service.entrypoint.is_absent();
    let programs = workload.programs();
    // A shell expands a variable without removing quotes from its value, except in `eval`.
    let shells: Vec<&TracedText> = programs
        .iter()
        .filter(|program| program.expanded && program.base_name() != "eval")
        .flat_map(|program| &program.arguments)
        .collect();
    for (name, variable) in &mut workload.env {
        let value = variable.value.value().filter(|value| is_quoted_item(value));
        let Some(value) = value.filter(|_| variable.origin == Origin::Environment) else { continue };
        let by_script = own_script && workload.image.keeps_quotes.iter().any(|kept| kept == name);
        let kept = by_script || shells.iter().any(|word| expands(word.as_str(), name));
        variable.quotes = catalog.quotes(name, value.as_str(), kept);
    }
}

/// Sets the heaps and caches that there would be without the quotes. `pools` returns those of a workload.
pub(super) fn add_pools(workload: &mut Workload, pools: impl Fn(&Workload) -> Vec<MemoryPool>) {
    let quoted = workload.env.iter().filter(|(_, variable)| variable.quotes.is_some());
    let names: Vec<String> = quoted.map(|(name, _)| name.clone()).collect();
    for name in names {
        let mut without = workload.clone();
        let Some(variable) = without.env.get_mut(&name) else { continue };
        let Fact::Known(value) = &mut variable.value else { continue };
        value.value = value.value.slice(1..value.value.as_str().len().saturating_sub(1));
        let pools = pools(&without);
        if let Some(variable) = workload.env.get_mut(&name) {
            variable.pools_without_quotes = pools;
        }
    }
}

/// True for a quoted value in a list item, as in `- NAME="value"`. In a mapping YAML removes the quotes.
fn is_quoted_item(value: &TracedText) -> bool {
    let text = value.as_str();
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    (quoted('"') || quoted('\'')) && value.span_of(0..1).start == value.span().start
}

/// True if the word contains `$NAME` or `${NAME…`.
fn expands(word: &str, name: &str) -> bool {
    word.match_indices('$').any(|(at, _)| {
        let rest = word.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix('{').unwrap_or(rest).strip_prefix(name);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}
