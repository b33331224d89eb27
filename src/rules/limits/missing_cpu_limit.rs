//! The rule `missing-cpu-limit`.

use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::workload::{Fact, Project};

rule! {
    name: "missing-cpu-limit",
    summary: "a service without a limit for processors",
    severity: Note,
    group: Limits,
    preset: Strict,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        // 0 means no limit, and so does a quota of -1. `cpuset` is a limit, too.
        let unlimited = |fact: &Fact<f64>| fact.is_absent() || fact.value().is_some_and(|cpus| *cpus <= 0.0);
        let bound = !unlimited(&workload.resources.cpus) || !unlimited(&workload.resources.cpu_quota);
        if bound || workload.key("cpuset").is_some() || !workload.role.runs() {
            continue;
        }
        let key = if offer.in_deploy() { "deploy.resources.limits.cpus" } else { "cpus" };
        let written = workload.resources.cpus.known().or(workload.resources.cpu_quota.known());
        let (place, label) = match written {
            Some(written) => (written.span, "no limit"),
            None => (workload.anchor, "no `cpus`"),
        };
        sink.report(place, label, format!("`{}` has no limit for processors", workload.name))
            .workload(workload)
            .via(&workload.service.via)
            .group_message("services have no limit for processors")
            .help(format!("add `{key}: <number>`, the processors that it may use at once"));
    }
}
