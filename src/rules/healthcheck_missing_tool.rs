//! `healthcheck-missing-tool`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Confidence, Severity};
use crate::workload::{Healthcheck, Workload};

/// A probe without its program.
pub(super) struct HealthcheckMissingTool;

static META: Meta = Meta {
    name: "healthcheck-missing-tool",
    summary: "a probe that runs a program which the image does not have",
    severity: Severity::Warning,
    group: Group::Health,
    preset: Preset::Recommended,
    page: include_str!("../../rules/healthcheck-missing-tool.md"),
};

impl Rule for HealthcheckMissingTool {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(check) = workload.healthcheck.known() else { return };
        let Healthcheck::Probe { test: Some(test), .. } = &check.value else { return };
        let [kind, command, ..] = test.as_slice() else { return };
        let tool = match kind.as_str() {
            "CMD" => command.as_str().rsplit('/').next().unwrap_or_default(),
            "CMD-SHELL" if workload.lacks.contains(&"sh") => "sh",
            "CMD-SHELL" => command.as_str().split_whitespace().next().unwrap_or_default(),
            _ => return,
        };
        let Some(tool) = workload.lacks.iter().find(|lacking| **lacking == tool) else { return };
        let other =
            ["wget", "curl"].into_iter().find(|other| !workload.lacks.contains(other) && other != tool);
        let mut finding = sink
            .report(
                command.span(),
                format!("no `{tool}` in the image"),
                format!("the healthcheck of `{}` can never pass: its image has no `{tool}`", workload.name),
            )
            .of(workload)
            .confidence(Confidence::Medium);
        if let Some(base) = workload.base.known() {
            finding = finding.related(
                base.span,
                format!("`{}` comes without `{tool}`, and nothing here installs it", base.value),
            );
        }
        match (tool, other) {
            (&"sh", _) => finding.help("without a shell a probe has to be a program of the image:\n  test: [\"CMD\", \"/app/healthcheck\"]"),
            (_, Some("wget")) => finding.help("with what may be there:\n  test: [\"CMD\", \"wget\", \"-q\", \"--spider\", \"http://localhost:8080/health\"]"),
            _ => finding.help(format!("install it in the Dockerfile's last stage, as in\n  RUN apt-get update && apt-get install -y --no-install-recommends {tool} && rm -rf /var/lib/apt/lists/*")),
        };
    }
}
