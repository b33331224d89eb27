//! The rule `quoted-env-value`.

use crate::diagnostic::{Applicability, Edit, Severity};
use crate::rules::estimate::{BoundedHeap, bounded_heaps};
use crate::rules::{RuleContext, Thresholds};
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, Variable, Workload};

rule! {
    name: "quoted-env-value",
    summary: "quotes that are part of an environment variable's value",
    severity: Warning,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let thresholds = cx.policy().thresholds.clone();
    for (name, variable) in &workload.env {
        let (Some(quotes), Some(value)) = (&variable.quotes, variable.value.known()) else { continue };
        let text = value.value.as_str();
        let severity = if quotes.breaks { Severity::Error } else { RULE.meta().severity };
        let inner = value.value.slice(1..text.len() - 1);
        let span = value.value.span_of(0..text.len());
        let edit = Edit { span, replacement: inner.as_str().to_owned() };
        let too_small = too_small(workload, variable, &thresholds);
        let mut finding =
            cx.report(span, format!("the quotes are part of the value of `{name}` of `{}`", workload.name));
        finding
            .label(&quotes.effect)
            .via(&value.via)
            .severity(severity)
            .note(
                "in a list item everything after `=` is the value, quotes included; in a mapping YAML removes them",
            );
        match too_small {
            Some(limit) => {
                finding.help(format!("remove the quotes, and set a size that fits in the limit of {limit}"));
            }
            None => {
                let changes = &[FactName::Env, FactName::Heaps, FactName::Caches];
                finding.fix("remove the quotes", Applicability::Unsafe, changes, vec![edit]);
            }
        }
    }
}

/// Returns the memory limit if a heap or cache that the value sets, once it is read without its quotes, would not fit in it.
fn too_small(workload: &Workload, variable: &Variable, thresholds: &Thresholds) -> Option<ByteSize> {
    let value = variable.value.known()?.value.span();
    let mut bounded = bounded_heaps(workload, &variable.pools_without_quotes).into_iter();
    let exceeds = |bounded: &BoundedHeap<'_>| {
        let is_own = value.contains(bounded.setting.value.flag.span());
        is_own && (bounded.size >= bounded.limit.value || bounded.is_tight(thresholds))
    };
    bounded.find(exceeds).map(|bounded| bounded.limit.value)
}
