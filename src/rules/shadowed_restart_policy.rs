//! `shadowed-restart-policy`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Severity};
use crate::workload::Workload;

/// A restart policy that does not count.
pub(super) struct ShadowedRestartPolicy;

static META: Meta = Meta {
    name: "shadowed-restart-policy",
    summary: "`restart` beside a `deploy.restart_policy` that takes its place",
    severity: Severity::Warning,
    group: Group::Process,
    preset: Preset::Recommended,
    page: include_str!("../../rules/shadowed-restart-policy.md"),
};

impl Rule for ShadowedRestartPolicy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some((written, block)) = &workload.shadowed_restart else { return };
        let effective = workload.restart.value().map_or("no", String::as_str);
        let finding = sink
            .report(
                written.span,
                "not what happens",
                format!("`restart: {}` of `{}` becomes `{effective}`", written.value, workload.name),
            )
            .of(workload)
            .via(&written.via)
            .related(
                *block,
                if effective == "no" {
                    "this block has no condition to restart on"
                } else {
                    "this block takes its place"
                },
            )
            .note("any `deploy.restart_policy` takes the place of `restart`, outside of Swarm too")
            .help("say it in the block, or leave the block out:\n  condition: any");
        // A block without a condition was not to say that there is none.
        let condition = if written.value.starts_with("on-failure") { "on-failure" } else { "any" };
        if let (Some(owner), None) =
            (workload.key("deploy.restart_policy"), workload.key("deploy.restart_policy.condition"))
        {
            let set = Request::Set { owner, path: &["condition"], value: condition.to_owned(), after: "" };
            finding.ask("say it in the block", Applicability::Unsafe, &["restart"], vec![set]);
        }
    }
}
