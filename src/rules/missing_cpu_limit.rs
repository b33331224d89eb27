//! `missing-cpu-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// No limit for cpus.
pub(super) struct MissingCpuLimit;

static META: Meta = Meta {
    name: "missing-cpu-limit",
    summary: "a service without a limit for processors",
    severity: Severity::Note,
    group: Group::Limits,
    preset: Preset::Strict,
    page: include_str!("../../rules/missing-cpu-limit.md"),
};

impl Rule for MissingCpuLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.cpus.is_absent() || !workload.role.runs() {
            return;
        }
        sink.report(workload.anchor, "no `cpus`", format!("`{}` has no limit for processors", workload.name))
            .of(workload)
            .via(&workload.via)
            .folded("services have no limit for processors")
            .help("with the number that fits, in the service:\n  cpus: \"1.0\"");
    }
}
