//! `compose-expands-variable`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Applicability, Edit, Severity};
use crate::source::Span;
use crate::workload::Workload;

/// A variable of the wrong side.
pub(super) struct ComposeExpandsVariable;

static META: Meta = Meta {
    name: "compose-expands-variable",
    summary: "Compose replaces a variable that the container was to expand",
    severity: Severity::Error,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/compose-expands-variable.md"),
};

impl Rule for ComposeExpandsVariable {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for eaten in &workload.eaten {
            let variable = &eaten.name;
            let (service, name) = (&workload.name, &variable.value);
            let mut finding = sink
                .report(
                    variable.span,
                    "empty: Compose looks in its own environment and in .env",
                    format!(
                        "Compose replaces `${name}` of `{service}` by nothing, before the container exists"
                    ),
                )
                .of(workload)
                .help(format!("for the shell in the container:\n  command: sh -c \"exec … $${name} …\""));
            if let Some(value) = workload.env.get(name).and_then(|variable| variable.value.known()) {
                // `NAME: ${NAME:-default}`: where somebody sets it for Compose, both sides have it.
                let shared = value.default_of.as_ref() == Some(name);
                let severity = if shared { Severity::Warning } else { META.severity };
                finding = finding
                    .severity(severity)
                    .related(value.span, "the container has it, Compose does not look here");
            }
            if eaten.shell {
                let at = variable.span.start;
                let edit = Edit { span: Span { end: at, ..variable.span }, replacement: "$".to_owned() };
                finding.fix(
                    format!("leave `${name}` to the shell in the container"),
                    Applicability::Unsafe,
                    &["start", "healthcheck", "heaps", "caches"],
                    vec![edit],
                );
            }
        }
        for unexpanded in &workload.unexpanded {
            let text = &unexpanded.word.value;
            sink.report(
                unexpanded.word.span,
                format!("the program gets the text `{text}`"),
                format!("nothing expands `{text}` of `{}`: there is no shell in its command", workload.name),
            )
            .of(workload)
            .related(unexpanded.value, "the value that was meant")
            .help(format!("a shell that hands over to the program:\n  command: sh -c \"exec … ${text} …\""));
        }
    }
}
