//! `swap-without-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A swap limit alone.
pub(super) struct SwapWithoutLimit;

static META: Meta = Meta {
    name: "swap-without-limit",
    summary: "`memswap_limit` without a memory limit: the engine refuses it",
    severity: Severity::Error,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/swap-without-limit.md"),
};

impl Rule for SwapWithoutLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let memory = &workload.memory;
        let Some(swap) = memory.swap.known().filter(|swap| swap.value.0 > 0) else { return };
        if !memory.limit.is_absent() || !workload.role.runs() {
            return;
        }
        sink.report(
            swap.span,
            "counts memory and swap together",
            format!("`{}` has a `memswap_limit` of {} and no memory limit", workload.name, swap.value),
        )
        .of(workload)
        .via(&swap.via)
        .note("Error response from daemon: You should always set the Memory limit when using Memoryswap limit, see usage")
        .help("with the number that fits, beside it:\n  mem_limit: 512m");
    }
}
