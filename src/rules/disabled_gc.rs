//! `disabled-gc`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Kind, Workload};

/// No collection at all.
pub(super) struct DisabledGc;

static META: Meta = Meta {
    name: "disabled-gc",
    summary: "the Go collector is off and nothing brings it back",
    severity: Severity::Error,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/disabled-gc.md"),
};

impl Rule for DisabledGc {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let collector = workload.variable("GOGC");
        let Some(off) = collector.known().filter(|value| value.value.as_str() == "off") else { return };
        let target = workload.variable("GOMEMLIMIT");
        let none = match target.value() {
            Some(value) => matches!(value.as_str(), "" | "off"),
            None => target.is_absent(),
        };
        if !none {
            return;
        }
        let finding = sink
            .report(
                off.span,
                "the collector never runs",
                format!("`{}` turns the Go collector off and sets no memory limit", workload.name),
            )
            .of(workload)
            .via(&off.via)
            .note("every allocation stays until the kernel kills the process")
            .help("with a limit the collector runs when memory gets short:\n  GOMEMLIMIT: 460MiB");
        // Whoever starts the image may set the other one.
        if workload.kind == Kind::Image {
            finding.severity(Severity::Warning);
        }
    }
}
