//! The rule `shadowed-restart-policy`.

use crate::diagnostic::{Applicability, FixOp};
use crate::rules::{RuleContext, Target};
use crate::workload::{Fact, FactName, Workload};

rule! {
    name: "shadowed-restart-policy",
    summary: "`restart` is overridden by `deploy.restart_policy`",
    severity: Warning,
    group: Process,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some((written, block)) = &workload.process.shadowed_restart else { return };
    let name = written.value.split(':').next().unwrap_or(&written.value);
    let attempts = written.value.split_once(':').map(|(_, attempts)| attempts);
    let without_condition = workload.service.deploy.condition.is_absent();
    // Compose does not restart what a block without a condition is about, Swarm does.
    let by_swarm = cx.policy().target == Target::Swarm && without_condition;
    if by_swarm && matches!(name, "always" | "unless-stopped") {
        return;
    }
    let effective = match (
        workload.process.restart.value().map_or("no", String::as_str),
        &workload.service.deploy.max_attempts,
    ) {
        ("on-failure", Fact::Known(attempts)) if attempts.value > 0 => {
            format!("on-failure:{}", attempts.value)
        }
        _ if by_swarm => "any".to_owned(),
        (effective, _) => effective.to_owned(),
    };
    let condition = match name {
        "no" => "none",
        "on-failure" => "on-failure",
        _ => "any",
    };
    let bound = attempts.map(|attempts| format!(" and `max_attempts: {attempts}`")).unwrap_or_default();
    // The engine takes a number of attempts with `on-failure` alone.
    let attempts_in_block =
        workload.service.deploy.max_attempts.value().is_some_and(|attempts| *attempts > 0);
    let bound = match condition {
        "on-failure" => bound,
        _ if attempts_in_block => " without `max_attempts`".to_owned(),
        _ => String::new(),
    };
    let mut finding = cx.report(
        written.span,
        format!("`restart: {}` of `{}` becomes `{effective}`", written.value, workload.name),
    );
    finding
        .via(&written.via)
        .related(
            *block,
            if without_condition { "this block has no condition" } else { "this block overrides it" },
        )
        .note("`deploy.restart_policy` overrides `restart`, with Compose too")
        .help(match written.value.as_str() {
            // Compose makes `always` of `any` (docker/compose `pkg/compose/create.go`, `getRestartPolicy`).
            "unless-stopped" => format!(
                "remove the block, or write `condition: {condition}`{bound} in it, which is `always` with Compose"
            ),
            _ => format!("remove the block, or write `condition: {condition}`{bound} in it"),
        });
    // The fix adds only what the block leaves out, and overrides nothing that it sets.
    let Some(owner) = workload.key("deploy.restart_policy") else { return };
    let set = |path: &'static [&'static str], value: &str| FixOp::Set {
        owner,
        path,
        value: value.to_owned(),
        after: "",
    };
    let mut asked = Vec::new();
    if workload.key("deploy.restart_policy.condition").is_none() {
        asked.push(set(&["condition"], condition));
    } else if effective.split([':', ' ']).next() != Some(name) {
        return;
    }
    if let Some(attempts) = attempts {
        // Compose takes no negative number there.
        if attempts.parse::<u32>().is_err() || workload.key("deploy.restart_policy.max_attempts").is_some() {
            return;
        }
        asked.push(set(&["max_attempts"], attempts));
    }
    finding.fix_ops("set it in the block", Applicability::Unsafe, &[FactName::Restart], asked);
}
