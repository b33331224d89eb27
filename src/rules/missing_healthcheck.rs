//! `missing-healthcheck`

use super::probe::{Form, healthcheck};
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
        let role = workload.role;
        if !workload.healthcheck.is_absent()
            || !role.runs()
            || role.one_shot
            || role.idle
            || role.listens_nowhere
        {
            return;
        }
        let name = &workload.name;
        match workload.kind {
            Kind::Service => {
                let finding = sink
                    .report(workload.anchor, "no healthcheck", format!("`{name}` has no healthcheck"))
                    .of(workload)
                    .via(&workload.via)
                    .severity(role.soften(META.severity))
                    .folded("services have no healthcheck, and neither have their images")
                    .note("a process that thrashes at its memory limit still counts as running")
                    .help(help(workload));
                if let Some(stage) = workload.build.as_ref().and_then(|build| build.from.as_ref()) {
                    finding.related(stage.from, "no HEALTHCHECK in what this builds either");
                }
            }
            // An image that shows no port is mostly one that others are made from.
            Kind::Image if workload.exposed.is_empty() => {}
            Kind::Image => {
                sink.report(
                    workload.anchor,
                    "no HEALTHCHECK in what runs",
                    format!("`{name}` has no healthcheck"),
                )
                .of(workload)
                .severity(Severity::Note)
                .folded("images have no healthcheck")
                .help(help(workload));
            }
        }
    }
}

/// A probe that the image can run, else why there is none to paste.
fn help(workload: &Workload) -> String {
    let name = &workload.name;
    let probe = match &workload.probe {
        Ok(probe) => probe,
        Err(why) => return format!("no probe to paste for `{name}`: {why}"),
    };
    let form = Form::of(workload);
    let place = match workload.key("healthcheck") {
        Some(_) => format!("in the healthcheck of `{name}`"),
        None => format!("in `{name}`"),
    };
    let what = match (form, probe.assumed_http, probe.adjust) {
        (Form::Dockerfile, Some(port), _) => {
            format!("at the end of the last stage, an HTTP request to port {port} (adjust the path)")
        }
        (Form::Compose, Some(port), _) => {
            format!("{place}, an HTTP request to port {port} (adjust the path)")
        }
        (Form::Compose, None, true) => format!("{place}, with what its image has (adjust the path)"),
        (Form::Compose, None, false) => format!("{place}, with what its image has"),
        (Form::Dockerfile, None, true) => "at the end of the last stage (adjust the path)".to_owned(),
        (Form::Dockerfile, None, false) => "at the end of the last stage".to_owned(),
    };
    format!("{what}:\n{}", healthcheck(workload, probe))
}
