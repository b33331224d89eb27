//! `missing-pids-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// No limit for pids_limit.
pub(super) struct MissingPidsLimit;

static META: Meta = Meta {
    name: "missing-pids-limit",
    summary: "a service without a limit for processes and threads",
    severity: Severity::Note,
    group: Group::Limits,
    preset: Preset::Strict,
    page: include_str!("../../rules/missing-pids-limit.md"),
};

impl Rule for MissingPidsLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.pids_limit.is_absent() || !workload.role.runs() {
            return;
        }
        sink.report(
            workload.anchor,
            "no `pids_limit`",
            format!("`{}` has no limit for processes and threads", workload.name),
        )
        .of(workload)
        .via(&workload.via)
        .folded("services have no limit for processes and threads")
        .help("with the number that fits, in the service:\n  pids_limit: 200");
    }
}
