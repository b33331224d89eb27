//! The rule `quoted-env-value`.

use crate::diagnostic::{Applicability, Edit, Severity};
use crate::rules::RuleContext;
use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, Workload};

rule! {
    name: "quoted-env-value",
    summary: "quotes that are part of an environment variable's value",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for (name, variable) in &workload.env {
        let (Some(quotes), Some(value)) = (&variable.quotes, variable.value.known()) else { continue };
        let text = value.value.as_str();
        let severity = if quotes.breaks { Severity::Error } else { RULE.meta().severity };
        let inner = value.value.slice(1..text.len() - 1);
        let span = value.value.span_of(0..text.len());
        let edit = Edit { span, replacement: inner.as_str().to_owned() };
        let mut finding =
            cx.report(span, format!("the quotes are part of the value of `{name}` of `{}`", workload.name));
        finding
            .label(&quotes.effect)
            .via(&value.via)
            .severity(severity)
            .note(
                "in a list item everything after `=` is the value, quotes included; in a mapping YAML removes them",
            );
        match too_large(workload, inner.as_str()) {
            Some(limit) => {
                finding.help(format!(
                    "remove the quotes, and set a size that fits in the limit of {}",
                    limit.value
                ));
            }
            None => {
                let changes = &[FactName::Env, FactName::Heaps, FactName::Caches];
                finding.fix("remove the quotes", Applicability::Unsafe, changes, vec![edit]);
            }
        }
    }
}

/// Returns the memory limit if a size in the value, once it is read, takes more than half of it: then the service may be killed
/// with the quotes removed.
fn too_large<'w>(workload: &'w Workload, value: &str) -> Option<&'w Spanned<ByteSize>> {
    let limit = workload.known_limit()?;
    let size = |word: &str| {
        let text = word
            .rsplit(['=', ':'])
            .next()
            .unwrap_or(word)
            .trim_start_matches("-Xmx")
            .trim_start_matches("-Xms");
        let is_v8 = word.contains("-space-size");
        if is_v8 { ByteSize::parse_mebibytes(text) } else { ByteSize::parse_any(text) }
    };
    value.split_whitespace().filter_map(size).any(|size| size.0 > limit.value.0 / 2).then_some(limit)
}
