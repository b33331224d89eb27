//! The rule `quoted-env-value`.

use crate::diagnostic::{Applicability, Edit, Severity};
use crate::rules::RuleContext;
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
        cx.report(span, format!("the quotes are part of the value of `{name}` of `{}`", workload.name))
            .label(&quotes.effect)
            .via(&value.via)
            .severity(severity)
            .note(
                "in a list item everything after `=` is the value, quotes included; in a mapping YAML removes them",
            )
            .fix(
                "remove the quotes",
                Applicability::Unsafe,
                &[FactName::Env, FactName::Heaps, FactName::Caches],
                vec![edit],
            );
    }
}
