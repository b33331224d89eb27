//! The rule `limit-below-peak`.

use crate::capacity::Verdict;
use crate::rules::RuleContext;
use crate::rules::measured::MeasuredService;
use crate::rules::offer::Offer;
use crate::workload::Workload;

rule! {
    name: "limit-below-peak",
    summary: "a memory limit below the container's measured peak",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(case) = MeasuredService::of(Offer::of(workload, cx), Verdict::BelowPeak) else { return };
    let MeasuredService { measured, limit, .. } = &case;
    let (name, peak) = (&workload.name, measured.peak);
    let mut finding =
        cx.report(limit.span, format!("`{name}` used {peak} at its peak; its limit is {}", limit.value));
    finding.label(format!("measured peak {peak}, above this limit"));
    case.describe(&mut finding);
}
