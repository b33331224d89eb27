//! `invalid-restart-policy`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
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
        let (Some(attempts), Some(condition)) = (workload.max_attempts.known(), workload.restart.known())
        else {
            return;
        };
        if attempts.value <= 0 || condition.value.starts_with("on-failure") {
            return;
        }
        sink.report(
            attempts.span,
            format!("with `{}`", condition.value),
            format!("the engine refuses to start `{}`: attempts are counted after failures only", workload.name),
        )
        .of(workload)
        .via(&attempts.via)
        .note("Error response from daemon: invalid restart policy: maximum retry count can only be used with 'on-failure'")
        .help("in the block:\n  condition: on-failure");
    }
}
