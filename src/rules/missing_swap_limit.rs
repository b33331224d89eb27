//! `missing-swap-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Severity};
use crate::workload::Workload;

/// A limited container that may swap as much again.
pub(super) struct MissingSwapLimit;

static META: Meta = Meta {
    name: "missing-swap-limit",
    summary: "a memory limit without `memswap_limit` allows as much swap on top",
    severity: Severity::Note,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/missing-swap-limit.md"),
};

impl Rule for MissingSwapLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let memory = &workload.memory;
        let Some(limit) = memory.limit.known().filter(|limit| limit.value.0 > 0) else { return };
        if !memory.swap.is_absent() || !workload.role.runs() {
            return;
        }
        let (name, size) = (&workload.name, limit.value);
        sink.report(
            limit.span,
            format!("{size} of memory, and {size} of swap on top"),
            format!("`{name}` may swap {size} beyond its memory limit of {size}"),
        )
        .of(workload)
        .via(&limit.via)
        .folded("services may swap as much again as their memory limit")
        .note("without `memswap_limit` the engine allows twice the limit of memory and swap together, where the host has swap")
        .ask(
            "allow no swap: `memswap_limit` counts memory and swap together",
            Applicability::Unsafe,
            &["swap_limit"],
            vec![Request::Set {
                owner: workload.anchor,
                path: &["memswap_limit"],
                value: size.to_compose(),
                after: "mem_limit",
            }],
        );
    }
}
