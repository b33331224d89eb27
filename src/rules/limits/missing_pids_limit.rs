//! The rule `missing-pids-limit`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::workload::{Fact, SettingName, Workload};

rule! {
    name: "missing-pids-limit",
    summary: "a service without a PID limit",
    severity: Note,
    group: Limits,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    // The engine takes 0 and -1 for no limit.
    let (place, label) = match &workload.resources.pids_limit {
        Fact::Known(pids) if pids.value <= 0 => (pids.span, "no limit".to_owned()),
        Fact::Absent { .. } => {
            (workload.anchor, format!("no `{}`", Form::of(workload).name(SettingName::PIDS_LIMIT)))
        }
        _ => return,
    };
    if !workload.role.lasts() {
        return;
    }
    let add = offer.add(SettingName::PIDS_LIMIT, "<number>");
    cx.report(place, format!("`{}` has no PID limit (processes and threads)", workload.name))
        .label(label)
        .via(&workload.service.via)
        .group_message("have no PID limit (processes and threads)")
        .help(format!("{add}, above the PIDS that `docker stats` shows"));
}
