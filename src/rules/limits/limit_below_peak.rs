//! The rule `limit-below-peak`.

use crate::capacity::Verdict;
use crate::rules::Sink;
use crate::rules::measured::{MeasuredService, measured_services};
use crate::workload::Project;

rule! {
    name: "limit-below-peak",
    summary: "a memory limit below what the container was seen to use",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    let policy = sink.policy();
    for case in measured_services(project, Verdict::BelowPeak) {
        let MeasuredService { workload, measured, limit, .. } = &case;
        let (name, peak) = (&workload.name, measured.peak);
        let finding = sink.report(
            limit.span,
            format!("{peak} were seen: more than this"),
            format!("`{name}` was seen to use {peak}, its limit is {}", limit.value),
        );
        case.describe(finding, project, policy);
    }
}
