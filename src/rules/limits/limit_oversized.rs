//! The rule `limit-oversized`.

use crate::capacity::Verdict;
use crate::rules::RuleContext;
use crate::rules::measured::MeasuredService;
use crate::rules::offer::Offer;
use crate::workload::Workload;

rule! {
    name: "limit-oversized",
    summary: "a memory limit of more than twice what measurements suggest",
    severity: Note,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(case) = MeasuredService::of(Offer::of(workload, cx), Verdict::Oversized) else { return };
    let MeasuredService { measured, advice, limit, .. } = &case;
    let (name, peak) = (&workload.name, measured.peak);
    let mut finding =
        cx.report(limit.span, format!("`{name}` used at most {peak} of its {} limit", limit.value));
    finding.label(format!("{} is enough", advice.limit));
    case.describe(&mut finding);
}
