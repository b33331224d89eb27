//! The rule `limit-without-headroom`.

use crate::capacity::Verdict;
use crate::diagnostic::Severity;
use crate::rules::RuleContext;
use crate::rules::measured::MeasuredService;
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::Workload;

rule! {
    name: "limit-without-headroom",
    summary: "a memory limit with little room above the container's measured peak",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(case) = MeasuredService::of(Offer::of(workload, cx), Verdict::WithoutHeadroom) else { return };
    let MeasuredService { measured, limit, .. } = &case;
    let (name, peak) = (&workload.name, measured.peak);
    let room = ByteSize(limit.value.0 - peak.0);
    let mut finding = cx
        .report(limit.span, format!("the limit of `{name}` leaves {room} above its measured peak of {peak}"));
    finding.label(format!("{room} above the peak of {peak}")).severity(if measured.samples == 1 {
        Severity::Note
    } else {
        RULE.meta().severity
    });
    case.describe(&mut finding);
}
