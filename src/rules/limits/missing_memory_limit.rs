//! The rule `missing-memory-limit`.

use crate::capacity::advise;
use crate::rules::RuleContext;
use crate::rules::measured::MeasuredLimit;
use crate::rules::offer::Offer;
use crate::workload::{Bound, FlagMistake, Workload};

rule! {
    name: "missing-memory-limit",
    summary: "a service without a memory limit can use all of the host's memory",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    if !workload.memory.limit.is_absent() || !workload.role.lasts() {
        return;
    }
    // The limit is written, in the wrong place.
    let mut mistakes = workload.launch().into_iter().flat_map(|launch| &launch.mistakes);
    if mistakes.any(FlagMistake::is_limit_behind_image) {
        return;
    }
    let name = &workload.name;
    let unreached = workload.step().and_then(|step| Some((step, step.deploy_limit?)));
    let label = match (&workload.memory.self_sizing, unreached) {
        // Without a limit, a program sees the host's memory.
        (Some(what), _) => {
            format!("no memory limit: {}", what.replace("the memory it sees", "the host's memory"))
        }
        (None, Some((step, _))) => format!("no memory limit: that of `{}` does not reach it", step.service),
        (None, None) => "no memory limit".to_owned(),
    };
    let mut finding = cx.report(workload.anchor, format!("`{name}` has no memory limit"));
    finding
        .label(label)
        .via(&workload.service.via)
        .severity(workload.role.soften(RULE.meta().severity))
        .group_message("have no memory limit")
        .note(match workload.windows {
            true => "a leak can use up the host's memory",
            false => {
                "a leak can use up the host's memory; the OOM killer may then kill any process on the host"
            }
        });
    if let Some((step, limit)) = unreached {
        finding.related(limit, format!("limits `{}`, not the steps of its `pre_start`", step.service));
    }
    if let (Some(measured), Some(advice)) = (&workload.measured, advise(workload)) {
        MeasuredLimit { offer, measured, advice: &advice }.offer_limit(&mut finding);
    } else {
        offer.limit(&mut finding);
    }
    if let Some(reservation) = workload.memory.reservation.known() {
        let label = format!("a reservation of {} is not a limit", reservation.value);
        finding.related(reservation.span, label);
    }
    for setting in workload.pools.heaps.iter().filter_map(|heap| heap.bound.known()) {
        if let Bound::Percent(percent) = setting.value.bound {
            let label = format!("without a limit this is {percent} % of the host's memory");
            finding.related(setting.span, label);
        }
    }
}
