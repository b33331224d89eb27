//! The rule `unstated-restart`.

use crate::rules::form::Form;
use crate::rules::{RuleContext, Target};
use crate::workload::{Kind, SettingName, Workload};

rule! {
    name: "unstated-restart",
    summary: "a memory limit without a restart policy: after one OOM kill the service stays down",
    severity: Note,
    group: Process,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(limit) = workload.known_limit().filter(|_| workload.process.restart.is_absent()) else { return };
    // Swarm restarts whatever ends, unless it is told not to.
    let for_swarm = cx.policy().target == Target::Swarm || cx.project().for_swarm;
    let role = workload.role;
    let stays = role.lasts() && !role.passing && !role.is_job() && !role.idle && !role.listens_nowhere;
    if workload.kind != Kind::Service || for_swarm || !stays {
        return;
    }
    let (name, form) = (&workload.name, Form::of(workload));
    let mut finding = cx.report(workload.anchor, format!("`{name}` stays down after an OOM kill"));
    finding
        .label(format!("no `{}`", form.name(SettingName::RESTART)))
        .via(&workload.service.via)
        .related(limit.span, format!("the kernel kills it at {}", limit.value))
        .note("the default restart policy is `no`")
        .group_message("stay down after an OOM kill");
    finding.help(format!("add `{}`", form.setting(SettingName::RESTART, "unless-stopped")));
}
