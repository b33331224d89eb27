//! `missing-memory-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Bound, Workload};

/// A container that may take the whole host.
pub(super) struct MissingMemoryLimit;

static META: Meta = Meta {
    name: "missing-memory-limit",
    summary: "a service has no memory limit and may take all of the host's memory",
    severity: Severity::Warning,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/missing-memory-limit.md"),
};

impl Rule for MissingMemoryLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.memory.limit.is_absent() || !workload.role.runs() {
            return;
        }
        let name = &workload.name;
        let mut finding = sink
            .report(workload.anchor, "no memory limit", format!("`{name}` has no memory limit"))
            .of(workload)
            .via(&workload.via)
            .severity(workload.role.soften(META.severity))
            .folded("services have no memory limit")
            .note("one leak takes the host's memory, and the kernel then picks what to kill")
            .help("with the number that fits, in the service:\n  mem_limit: 512m");
        if let Some(reservation) = workload.memory.reservation.known() {
            finding = finding
                .related(reservation.span, format!("a reservation of {} caps nothing", reservation.value));
        }
        for heap in &workload.heaps {
            if let Some(setting) = heap.bound.known()
                && let Bound::Percent(percent) = setting.value.bound
            {
                finding = finding
                    .related(setting.span, format!("{percent} % of the host's memory without a limit"));
            }
        }
    }
}
