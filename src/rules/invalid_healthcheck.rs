//! `invalid-healthcheck`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Edit, Severity};
use crate::workload::{Healthcheck, Remedy, Workload};

/// A probe that is refused.
pub(super) struct InvalidHealthcheck;

static META: Meta = Meta {
    name: "invalid-healthcheck",
    summary: "a healthcheck that Compose or the engine refuses, or that can never pass",
    severity: Severity::Error,
    group: Group::Health,
    preset: Preset::Recommended,
    page: include_str!("../../rules/invalid-healthcheck.md"),
};

impl Rule for InvalidHealthcheck {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let name = &workload.name;
        for refusal in &workload.healthcheck_refusals {
            let finding = sink
                .report(
                    refusal.span,
                    refusal.message.as_str(),
                    format!("the healthcheck of `{name}` is refused"),
                )
                .of(workload);
            match &refusal.remedy {
                Some(Remedy::Write(span, text)) => {
                    let edit = Edit { span: *span, replacement: text.clone() };
                    finding.fix(
                        format!("write `{text}`"),
                        Applicability::Unsafe,
                        &["healthcheck"],
                        vec![edit],
                    );
                }
                Some(Remedy::Lead(word)) => {
                    let lead = Request::Lead { item: refusal.span, word };
                    finding.ask(
                        format!("begin the list with `{word}`"),
                        Applicability::Unsafe,
                        &["healthcheck"],
                        vec![lead],
                    );
                }
                None => {
                    finding.help("a test, and times with their units:\n  test: [\"CMD-SHELL\", \"... || exit 1\"]\n  interval: 30s\n  start_period: 30s");
                }
            }
        }
        if let Some(check) = workload.healthcheck.known()
            && let Healthcheck::Probe { test: Some(test), .. } = &check.value
            && let [kind, command] = test.as_slice()
            && kind.as_str() == "CMD-SHELL"
            && command.as_str() == "NONE"
        {
            sink.report(
                command.span(),
                "a command",
                format!("the healthcheck of `{name}` runs a command called NONE"),
            )
            .of(workload)
            .fix(
                "switch the healthcheck off",
                Applicability::Unsafe,
                &["healthcheck"],
                vec![Edit { span: command.span(), replacement: "[\"NONE\"]".to_owned() }],
            );
        }
    }
}
