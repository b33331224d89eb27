//! `redundant-swap-limit`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Severity};
use crate::workload::Workload;

/// A swap limit that says what holds anyway.
pub(super) struct RedundantSwapLimit;

static META: Meta = Meta {
    name: "redundant-swap-limit",
    summary: "memswap_limit repeats the engine's default",
    severity: Severity::Note,
    group: Group::Limits,
    preset: Preset::Strict,
    page: include_str!("../../rules/redundant-swap-limit.md"),
};

impl Rule for RedundantSwapLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let (Some(swap), Some(limit)) = (workload.memory.swap.known(), workload.memory.limit.known()) else {
            return;
        };
        if limit.value.0 <= 0 || (swap.value.0 != 0 && Some(swap.value.0) != limit.value.0.checked_mul(2)) {
            return;
        }
        let name = &workload.name;
        let finding = sink
            .report(
                swap.span,
                "the same as no line at all",
                format!(
                    "`memswap_limit` of `{name}` is the default: {} of swap on top of {}",
                    limit.value, limit.value
                ),
            )
            .of(workload)
            .via(&swap.via)
            .related(limit.span, format!("a limit of {}", limit.value))
            .help(format!("for no swap at all:\n  memswap_limit: {}", limit.value.to_compose()));
        if let Some(key) = workload.key("memswap_limit") {
            finding.ask(
                "remove the line",
                Applicability::Safe,
                &["swap_limit"],
                vec![Request::Remove { key }],
            );
        }
    }
}
