//! `quoted-env-value`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::catalog::{Catalog, Pool, ReadBy};
use crate::finding::{Applicability, Edit, Severity};
use crate::workload::Workload;

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
        for (name, variable) in workload.env.iter().filter(|(_, variable)| variable.quoted) {
            let Some(value) = variable.value.known() else { continue };
            let text = value.value.as_str();
            let Some((severity, effect)) = effect(name, text) else { continue };
            let inner = value.value.slice(1..text.len() - 1);
            let span = value.value.span_of(0..text.len());
            let edit = Edit { span, replacement: inner.as_str().to_owned() };
            sink.report(
                span,
                effect,
                format!("the quotes are part of the value of `{name}` of `{}`", workload.name),
            )
            .of(workload)
            .via(&value.via)
            .severity(severity)
            .note("Compose takes the text behind `=` of a list item as it is; in a mapping YAML takes the quotes away")
            .fix("remove the quotes", Applicability::Unsafe, &["env", "heaps", "caches"], vec![edit]);
        }
    }
}

/// What the quotes do to a variable that settles memory; none when they do nothing, or nobody knows.
fn effect(name: &str, value: &str) -> Option<(Severity, &'static str)> {
    match name {
        "GOMEMLIMIT" => Some((Severity::Error, "Go does not start with it")),
        "PYTHONMALLOC" => Some((Severity::Error, "Python does not start with it")),
        "NODE_OPTIONS" => {
            value.starts_with('\'').then_some((Severity::Error, "Node ignores it without a word"))
        }
        "MALLOC_ARENA_MAX" => Some((Severity::Warning, "glibc ignores it without a word")),
        _ => {
            let (runtime, variable) = Catalog::builtin().variable(name)?;
            // The JVM takes quotes away by itself; a shell that expands a variable does not.
            let expanded = variable.read_by == ReadBy::Script && runtime.pool == Pool::Heap;
            expanded.then_some((Severity::Warning, "the script that reads it keeps the quotes"))
        }
    }
}
