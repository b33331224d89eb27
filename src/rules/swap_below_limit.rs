//! `swap-below-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A swap limit that does not fit.
pub(super) struct SwapBelowLimit;

static META: Meta = Meta {
    name: "swap-below-limit",
    summary: "memory and swap together are less than the memory alone: the engine refuses it",
    severity: Severity::Error,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/swap-below-limit.md"),
};

impl Rule for SwapBelowLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let memory = &workload.memory;
        let (Some(limit), Some(swap)) = (memory.limit.known(), memory.swap.known()) else { return };
        if swap.value.0 <= 0 || limit.value.0 <= 0 || swap.value >= limit.value {
            return;
        }
        sink.report(
            swap.span,
            format!("memory and swap together: {}", swap.value),
            format!("`memswap_limit` of `{}` is {}, less than its memory limit of {}", workload.name, swap.value, limit.value),
        )
        .of(workload)
        .via(&swap.via)
        .related(limit.span, format!("memory alone: {}", limit.value))
        .note("Error response from daemon: Minimum memoryswap limit should be larger than memory limit, see usage")
        .help(format!("equal to the limit it forbids swap:\n  memswap_limit: {}", limit.value.to_compose()));
    }
}
