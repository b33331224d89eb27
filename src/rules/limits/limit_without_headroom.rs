//! The rule `limit-without-headroom`.

use crate::capacity::Verdict;
use crate::diagnostic::Severity;
use crate::rules::Sink;
use crate::rules::measured::{MeasuredService, measured_services};
use crate::syntax::size::ByteSize;
use crate::workload::Project;

rule! {
    name: "limit-without-headroom",
    summary: "a memory limit with little room above what the container was seen to use",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    let policy = sink.policy();
    for case in measured_services(project, Verdict::WithoutHeadroom) {
        let MeasuredService { workload, measured, limit, .. } = &case;
        let (name, peak) = (&workload.name, measured.peak);
        let room = ByteSize(limit.value.0 - peak.0);
        let finding = sink
            .report(
                limit.span,
                format!("{room} above the peak of {peak}"),
                format!("the limit of `{name}` leaves {room} above the {peak} that it was seen to use"),
            )
            .severity(if measured.samples == 1 { Severity::Note } else { RULE.meta().severity });
        case.describe(finding, project, policy);
    }
}
