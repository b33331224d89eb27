//! `missing-healthcheck`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Kind, Workload};

/// A container of which nobody can tell whether it still works.
pub(super) struct MissingHealthcheck;

static META: Meta = Meta {
    name: "missing-healthcheck",
    summary: "neither the service nor its image says how to tell whether it works",
    severity: Severity::Warning,
    group: Group::Health,
    preset: Preset::Recommended,
    page: include_str!("../../rules/missing-healthcheck.md"),
};

impl Rule for MissingHealthcheck {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.healthcheck.is_absent() || !workload.role.runs() {
            return;
        }
        let name = &workload.name;
        match workload.kind {
            Kind::Service => {
                let finding = sink
                    .report(workload.anchor, "no healthcheck", format!("`{name}` has no healthcheck"))
                    .of(workload)
                    .via(&workload.via)
                    .severity(workload.role.soften(META.severity))
                    .folded("services have no healthcheck, and neither have their images")
                    .note("a process that thrashes at its memory limit still counts as running")
                    .help(help(workload));
                if let Some(stage) = workload.build.as_ref().and_then(|build| build.from.as_ref()) {
                    finding.related(stage.from, "no HEALTHCHECK in what this builds either");
                }
            }
            Kind::Image => {
                sink.report(workload.anchor, "no HEALTHCHECK in what runs", format!("`{name}` has no healthcheck"))
                    .of(workload)
                    .severity(Severity::Note)
                    .folded("images have no healthcheck")
                    .help("at the end of the last stage:\n  HEALTHCHECK --interval=30s --start-period=30s CMD wget -q --spider http://localhost:8080/health || exit 1");
            }
        }
    }
}

/// The probe that the image can run, or one for what speaks HTTP.
fn help(workload: &Workload) -> String {
    let (what, test) = if workload.probe.is_empty() {
        let test = "[\"CMD-SHELL\", \"wget -q --spider http://localhost:8080/health || exit 1\"]";
        ("a service that speaks HTTP".to_owned(), test.to_owned())
    } else {
        let words: Vec<String> = workload.probe.iter().map(|word| format!("\"{word}\"")).collect();
        (format!("`{}`", workload.name), format!("[{}]", words.join(", ")))
    };
    format!("for {what}:\n  healthcheck:\n    test: {test}\n    interval: 30s\n    start_period: 30s")
}
