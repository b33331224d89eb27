//! `missing-pids-limit`

use super::swarm::limit_help;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Fact, Workload};

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
        // The engine takes 0 and -1 for no limit.
        let (place, label) = match &workload.pids_limit {
            Fact::Known(pids) if pids.value <= 0 => (pids.span, "no limit"),
            Fact::Absent { .. } => (workload.anchor, "no `pids_limit`"),
            _ => return,
        };
        if !workload.role.runs() {
            return;
        }
        let help = limit_help(workload, sink, "pids_limit: 200", "pids: 200");
        sink.report(place, label, format!("`{}` has no limit for processes and threads", workload.name))
            .of(workload)
            .via(&workload.via)
            .folded("services have no limit for processes and threads")
            .help(help);
    }
}
