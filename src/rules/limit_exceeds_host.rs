//! `limit-exceeds-host`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A limit that the machine does not have.
pub(super) struct LimitExceedsHost;

static META: Meta = Meta {
    name: "limit-exceeds-host",
    summary: "a memory limit above the memory of the host",
    severity: Severity::Error,
    group: Group::Host,
    preset: Preset::Recommended,
    page: include_str!("../../rules/limit-exceeds-host.md"),
};

impl Rule for LimitExceedsHost {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let (Some(host), Some(limit)) = (sink.policy().host_memory, workload.memory.limit.known()) else {
            return;
        };
        if limit.value <= host || !workload.role.runs() {
            return;
        }
        sink.report(
            limit.span,
            format!("the host has {host}"),
            format!("the limit of `{}` is {}, more than the host has", workload.name, limit.value),
        )
        .of(workload)
        .via(&limit.via)
        .note("a limit that cannot be reached is none: the host runs out of memory first");
    }
}
