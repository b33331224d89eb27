//! The rule `missing-pids-limit`.

use crate::rules::Sink;
use crate::rules::offer::Offer;
use crate::workload::{Fact, Project};

rule! {
    name: "missing-pids-limit",
    summary: "a service without a limit for processes and threads",
    severity: Note,
    group: Limits,
    preset: Strict,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    for offer in Offer::for_workloads(project, sink.policy()) {
        let workload = offer.workload;
        // The engine takes 0 and -1 for no limit.
        let (place, label) = match &workload.resources.pids_limit {
            Fact::Known(pids) if pids.value <= 0 => (pids.span, "no limit"),
            Fact::Absent { .. } => (workload.anchor, "no `pids_limit`"),
            _ => continue,
        };
        if !workload.role.runs() {
            continue;
        }
        let key = if offer.in_deploy() { "deploy.resources.limits.pids" } else { "pids_limit" };
        sink.report(place, label, format!("`{}` has no limit for processes and threads", workload.name))
            .workload(workload)
            .via(&workload.service.via)
            .group_message("services have no limit for processes and threads")
            .help(format!(
                "add `{key}: <number>`, above its threads and processes: `docker stats` shows them as PIDS"
            ));
    }
}
