//! `invalid-restart-policy`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Severity};
use crate::workload::Workload;

/// A restart policy that the engine refuses.
pub(super) struct InvalidRestartPolicy;

static META: Meta = Meta {
    name: "invalid-restart-policy",
    summary: "`max_attempts` with a condition other than `on-failure`: the engine refuses it",
    severity: Severity::Error,
    group: Group::Process,
    preset: Preset::Recommended,
    page: include_str!("../../rules/invalid-restart-policy.md"),
};

impl Rule for InvalidRestartPolicy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        unknown_policy(workload, sink);
        let (Some(attempts), Some(condition)) = (workload.max_attempts.known(), workload.restart.known())
        else {
            return;
        };
        if attempts.value <= 0 || condition.value.starts_with("on-failure") {
            return;
        }
        let finding = sink.report(
            attempts.span,
            format!("with `{}`", condition.value),
            format!("the engine refuses to start `{}`: attempts are counted after failures only", workload.name),
        )
        .of(workload)
        .via(&attempts.via)
        .note("Error response from daemon: invalid restart policy: maximum retry count can only be used with 'on-failure'")
        .help("in the block:\n  condition: on-failure");
        if let Some(owner) = workload.key("deploy.restart_policy") {
            let set = Request::Set { owner, path: &["condition"], value: "on-failure".to_owned(), after: "" };
            finding.ask("restart after failures only", Applicability::Unsafe, &["restart"], vec![set]);
        }
    }
}

/// `restart: always:3`, `restart: foo` (moby `api/types/container/hostconfig.go`, `ValidateRestartPolicy`).
fn unknown_policy(workload: &Workload, sink: &mut Sink<'_>) {
    let Some(restart) = workload.restart.known() else { return };
    let (name, attempts) = match restart.value.split_once(':') {
        Some((name, attempts)) => (name, Some(attempts)),
        None => (restart.value.as_str(), None),
    };
    let (label, note) = match (name, attempts) {
        ("on-failure", _) | ("" | "no" | "always" | "unless-stopped", None) => return,
        ("no" | "always" | "unless-stopped", Some(_)) => (
            "only failures are counted",
            "invalid restart policy: maximum retry count can only be used with 'on-failure'".to_owned(),
        ),
        _ => ("no policy of that name", format!("invalid restart policy: unknown policy '{name}'")),
    };
    sink.report(
        restart.span,
        label,
        format!("the engine refuses to start `{}` with `restart: {}`", workload.name, restart.value),
    )
    .of(workload)
    .via(&restart.via)
    .note(format!("Error response from daemon: {note}"))
    .help("the policies are:\n  restart: \"no\"\n  restart: always\n  restart: unless-stopped\n  restart: on-failure:3");
}
