//! The rule `invalid-restart-policy`.

use crate::diagnostic::{Applicability, FixOp};
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::rules::{RuleContext, Target};
use crate::source::Span;
use crate::workload::{FactName, SettingName, Workload};

rule! {
    name: "invalid-restart-policy",
    summary: "a restart policy that the engine rejects",
    severity: Error,
    group: Process,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    unknown_policy(workload, cx);
    attempts_in_condition(workload, cx);
    // Swarm starts its tasks anew itself, and counts the attempts with each condition.
    if cx.policy().target == Target::Swarm || cx.project().for_swarm {
        return;
    }
    let (Some(attempts), Some(condition)) =
        (workload.service.deploy.max_attempts.known(), workload.process.restart.known())
    else {
        return;
    };
    if attempts.value <= 0 || condition.value.starts_with("on-failure") {
        return;
    }
    let (project, changed) = (cx.project(), Offer::of(workload, cx).changed_elsewhere().is_some());
    let shared = |key: Span| changed || project.is_shared_key(key);
    let mut finding = cx.report(
        attempts.span,
        format!("the engine does not start `{}`: a number of attempts needs `on-failure`", workload.name),
    );
    finding
        .label(format!("with `{}`", condition.value))
        .via(&attempts.via)
        .daemon_says("invalid restart policy: maximum retry count can only be used with 'on-failure'")
        .help("write `condition: on-failure` in the block");
    // A `restart` of another policy would be reported next, also that of another service or file.
    let block = workload.key("deploy.restart_policy").filter(|_| workload.key("restart").is_none());
    if let Some(owner) = block.filter(|block| !shared(*block)) {
        let set = FixOp::Set { owner, path: &["condition"], value: "on-failure".to_owned(), after: "" };
        finding.fix_ops("restart on failure only", Applicability::Unsafe, &[FactName::Restart], vec![set]);
    }
}

/// Reports a `restart` that the engine rejects: `always:3`, `foo` (moby `api/types/container/hostconfig.go`,
/// `ValidateRestartPolicy`).
fn unknown_policy(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(restart) = workload.process.restart.known() else { return };
    let Some((name, attempts)) = workload.process.policy() else { return };
    // The policy comes from `deploy.restart_policy`, which takes other words than `restart`.
    if !workload.service.deploy.condition.is_absent() {
        return;
    }
    let negative = attempts.is_some_and(|attempts| attempts.parse::<i64>().is_ok_and(|count| count < 0));
    let (label, note) = match (name, attempts) {
        ("on-failure", _) if negative => {
            ("negative", "invalid restart policy: maximum retry count cannot be negative".to_owned())
        }
        ("on-failure", _) | ("" | "no" | "always" | "unless-stopped", None) => return,
        ("no" | "always" | "unless-stopped", Some(_)) => (
            "only `on-failure` takes a number",
            "invalid restart policy: maximum retry count can only be used with 'on-failure'".to_owned(),
        ),
        _ => ("unknown policy", format!("invalid restart policy: unknown policy '{name}'")),
    };
    cx.report(
        restart.span,
        format!(
            "the engine does not start `{}` with `{}`",
            workload.name,
            Form::of(workload).setting(SettingName::RESTART, &restart.value)
        ),
    )
    .label(label)
    .via(&restart.via)
    .daemon_says(&note)
    .help(
        "the policies are `no`, `always`, `unless-stopped` and `on-failure`, or `on-failure:3` for three attempts",
    );
}

/// Reports a `condition` that the engine rejects: `on-failure:3`, `sometimes`. The engine gets the word as it is
/// (docker/compose `pkg/compose/create.go`, `mapRestartPolicyCondition`); Swarm takes its own three alone (moby
/// `daemon/cluster/convert/service.go`, `restartPolicyToGRPC`).
fn attempts_in_condition(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(condition) = workload.service.deploy.condition.known() else { return };
    let (text, form) = (condition.value.as_str(), Form::of(workload));
    let by_swarm = cx.policy().target == Target::Swarm || form == Form::ServiceCreate;
    match text {
        "" | "none" | "any" | "on-failure" => return,
        "no" | "always" | "unless-stopped" if !by_swarm => return,
        _ => {}
    }
    let attempts = text.strip_prefix("on-failure:").filter(|count| count.parse::<u32>().is_ok());
    let (written, bound) = match form {
        Form::ServiceCreate => (format!("--restart-condition {text}"), "--restart-max-attempts"),
        _ => (format!("condition: {text}"), "max_attempts"),
    };
    let mut finding =
        cx.report(condition.span, format!("the engine does not start `{}` with `{written}`", workload.name));
    let label = match attempts {
        Some(_) => format!("the number goes into `{bound}`"),
        None => "unknown condition".to_owned(),
    };
    finding.label(label).via(&condition.via).daemon_says(&match by_swarm {
        true => format!("invalid RestartCondition: \"{text}\""),
        false => format!("invalid restart policy: unknown policy '{text}'"),
    });
    let Some(attempts) = attempts else {
        finding.help(match text {
            "no" => "write `none`; the other conditions are `on-failure` and `any`",
            "always" | "unless-stopped" => "write `any`; the other conditions are `none` and `on-failure`",
            _ => "the conditions are `none`, `on-failure` and `any`",
        });
        return;
    };
    finding.help(match form {
        Form::ServiceCreate => {
            format!("write `--restart-condition on-failure --restart-max-attempts {attempts}`")
        }
        _ => format!("write `condition: on-failure` and `max_attempts: {attempts}` in the block"),
    });
    let owner =
        workload.key("deploy.restart_policy").filter(|_| workload.service.deploy.max_attempts.is_absent());
    if let Some(owner) = owner {
        let set = |path: &'static [&'static str], value: &str| FixOp::Set {
            owner,
            path,
            value: value.to_owned(),
            after: "",
        };
        let asked = vec![set(&["condition"], "on-failure"), set(&["max_attempts"], attempts)];
        finding.fix_ops(
            "move the number to `max_attempts`",
            Applicability::Unsafe,
            &[FactName::Restart],
            asked,
        );
    }
}
