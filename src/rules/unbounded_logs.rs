//! `unbounded-logs`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Fact, Workload};

/// Logs without an end.
pub(super) struct UnboundedLogs;

static META: Meta = Meta {
    name: "unbounded-logs",
    summary: "the default log driver keeps every line on the host's disk",
    severity: Severity::Note,
    group: Group::Process,
    preset: Preset::Strict,
    page: include_str!("../../rules/unbounded-logs.md"),
};

impl Rule for UnboundedLogs {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.role.runs() {
            return;
        }
        let label = match &workload.logging {
            Fact::Absent { .. } => "no `logging`",
            Fact::Known(logging) => {
                let default = logging.value.driver.as_deref().is_none_or(|driver| driver == "json-file");
                if !default || logging.value.options.contains_key("max-size") {
                    return;
                }
                "no `max-size`"
            }
            Fact::Unknown { .. } => return,
        };
        let place = workload.logging.known().map_or(workload.anchor, |logging| logging.span);
        sink.report(place, label, format!("nothing bounds the log of `{}`", workload.name))
            .of(workload)
            .folded("services have a log that nothing bounds")
            .note("the `json-file` driver keeps every line until the container is removed")
            .help(match &workload.logging {
                Fact::Known(_) => "in the service:\n  logging:\n    options:\n      max-size: 10m",
                _ => "in the service:\n  logging:\n    driver: local",
            });
    }
}
