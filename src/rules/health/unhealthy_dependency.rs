//! The rule `unhealthy-dependency`.

use crate::hash::HashMap;
use crate::rules::RuleContext;
use crate::rules::probe::{assumption, healthcheck};
use crate::workload::{Dependency, Healthcheck, Kind, Project, Workload};

rule! {
    name: "unhealthy-dependency",
    summary: "a service waits for another one to become healthy, which has no healthcheck",
    severity: Error,
    group: Health,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, cx: &mut RuleContext<'_>) {
    let named: HashMap<&str, &Workload> =
        project.workloads.iter().map(|workload| (workload.name.as_str(), workload)).collect();
    for workload in &project.workloads {
        let waits = |wait: &&Dependency| wait.condition == "service_healthy" && wait.required;
        for dependency in workload.service.depends_on.iter().filter(waits) {
            let name = &dependency.service.value;
            let Some(other) = named.get(name.as_str()) else { continue };
            if !never_healthy(other) {
                continue;
            }
            let disabled = other.health.check.value() == Some(&Healthcheck::Disabled);
            let (state, label) = if disabled {
                ("has it disabled", "disabled here")
            } else {
                ("has none", "no healthcheck here or in its image")
            };
            let mut finding = cx.report(
                dependency.service.span,
                format!("`{}` waits for the healthcheck of `{name}`, and `{name}` {state}", workload.name),
            );
            finding
                .label("waits for it to become healthy")
                .workload(workload)
                .via(&dependency.service.via)
                .related(other.health.check.span(), label)
                .note("Compose gives up, and the waiting service does not start");
            if let (Ok(probe), Kind::Service, false) = (&other.health.probe, other.kind, disabled) {
                let of = if other.key("healthcheck").is_some() { "the healthcheck of " } else { "" };
                let text = healthcheck(other, probe);
                finding.help(format!("in {of}`{name}`{}:\n{text}", assumption(probe)));
            }
        }
    }
}

/// True if it runs and certainly has no healthcheck.
fn never_healthy(workload: &Workload) -> bool {
    let disabled = workload.health.check.value() == Some(&Healthcheck::Disabled);
    workload.role.runs() && (workload.health.check.is_absent() || disabled)
}
