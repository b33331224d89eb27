//! The rule `missing-cpu-limit`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::workload::{Fact, SettingName, Workload};

rule! {
    name: "missing-cpu-limit",
    summary: "a service without a CPU limit",
    severity: Note,
    group: Limits,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    // 0 means no limit, and so does a quota of -1. `cpuset` is a limit, too.
    let unlimited = |fact: &Fact<f64>| fact.is_absent() || fact.value().is_some_and(|cpus| *cpus <= 0.0);
    let bound = !unlimited(&workload.resources.cpus) || !unlimited(&workload.resources.cpu_quota);
    if bound || workload.key("cpuset").is_some() || !workload.role.lasts() {
        return;
    }
    let add = offer.add(SettingName::CPUS, "<number>");
    let written = workload.resources.cpus.known().or(workload.resources.cpu_quota.known());
    let (place, label) = match written {
        Some(written) => (written.span, "no limit".to_owned()),
        None => (workload.anchor, format!("no `{}`", Form::of(workload).name(SettingName::CPUS))),
    };
    cx.report(place, format!("`{}` has no CPU limit", workload.name))
        .label(label)
        .via(&workload.service.via)
        .group_message("have no CPU limit")
        .note("it can take every CPU of the host from the others")
        .help(format!("{add}, the number of CPUs that it may use"));
}
