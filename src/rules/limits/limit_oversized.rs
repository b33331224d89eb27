//! The rule `limit-oversized`.

use crate::capacity::Verdict;
use crate::rules::Sink;
use crate::rules::measured::{MeasuredService, measured_services};
use crate::workload::Project;

rule! {
    name: "limit-oversized",
    summary: "a memory limit of more than twice what measurements ask for",
    severity: Note,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    let policy = sink.policy();
    for case in measured_services(project, Verdict::Oversized) {
        let MeasuredService { workload, measured, advice, limit } = &case;
        let (name, peak) = (&workload.name, measured.peak);
        let finding = sink.report(
            limit.span,
            format!("{} are enough", advice.limit),
            format!("`{name}` was seen to use {peak} of its limit of {}", limit.value),
        );
        case.describe(finding, project, policy);
    }
}
