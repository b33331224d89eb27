//! `quoted-env-value`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Applicability, Edit, Severity};
use crate::workload::{FactName, Workload};

/// Quotes that nobody takes away.
pub(super) struct QuotedEnvValue;

static META: Meta = Meta {
    name: "quoted-env-value",
    summary: "quotes that are part of an environment variable's value",
    severity: Severity::Warning,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/quoted-env-value.md"),
};

impl Rule for QuotedEnvValue {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for (name, variable) in &workload.env {
            let (Some(quotes), Some(value)) = (&variable.quotes, variable.value.known()) else { continue };
            let text = value.value.as_str();
            let severity = if quotes.breaks { Severity::Error } else { META.severity };
            let inner = value.value.slice(1..text.len() - 1);
            let span = value.value.span_of(0..text.len());
            let edit = Edit { span, replacement: inner.as_str().to_owned() };
            sink.report(
                span,
                &quotes.effect,
                format!("the quotes are part of the value of `{name}` of `{}`", workload.name),
            )
            .of(workload)
            .via(&value.via)
            .severity(severity)
            .note("Compose takes the text behind `=` of a list item as it is; in a mapping YAML takes the quotes away")
            .fix("remove the quotes", Applicability::Unsafe, &[FactName::Env, FactName::Heaps, FactName::Caches], vec![edit]);
        }
    }
}
