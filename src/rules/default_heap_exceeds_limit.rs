//! `default-heap-exceeds-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::model::size::ByteSize;
use crate::workload::Workload;

/// A default that does not fit.
pub(super) struct DefaultHeapExceedsLimit;

static META: Meta = Meta {
    name: "default-heap-exceeds-limit",
    summary: "the heap that the image sets by itself does not fit the limit",
    severity: Severity::Warning,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/default-heap-exceeds-limit.md"),
};

impl Rule for DefaultHeapExceedsLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let (Some(own), Some(limit)) = (&workload.own_heap, workload.memory.limit.known()) else { return };
        let heap = ByteSize((own.mib << 20) as i64);
        if limit.value.0 <= 0 || heap < limit.value {
            return;
        }
        let (name, variable) = (&workload.name, &own.variable);
        let half = limit.value.percent_in_mebibytes(50);
        let value = match variable.as_str() {
            "ZK_SERVER_HEAP" => half.to_string(),
            "MEMORY" => format!("{half}M"),
            _ => format!("-Xms{half}m -Xmx{half}m"),
        };
        sink.report(
            limit.span,
            format!("the kernel kills `{name}` at {}", limit.value),
            format!("the heap of `{name}` is {heap} by default, its limit is {}", limit.value),
        )
        .of(workload)
        .via(&limit.via)
        .related(workload.base.span(), format!("its start script sets {heap} when `{variable}` is not set"))
        .help(format!("about half of the limit, in `environment`:\n  {variable}: {value}"));
    }
}
