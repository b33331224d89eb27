//! `redundant-swap-limit`

use super::offer::Offer;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Severity};
use crate::workload::{FactName, Project, SizeKey};

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

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        for offer in Offer::each(project, sink.policy()).filter(Offer::may_swap) {
            let workload = offer.workload;
            let memory = &workload.memory;
            let (Some(swap), Some(limit)) = (memory.swap.known(), memory.limit.known()) else { continue };
            if limit.value.0 <= 0 || (swap.value.0 != 0 && Some(swap.value.0) != limit.value.0.checked_mul(2))
            {
                continue;
            }
            let name = &workload.name;
            let mut finding = sink
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
                .related(limit.span, format!("a limit of {}", limit.value));
            // Where a variable sets one of them it says so on purpose: elsewhere the two differ.
            let varies = |key: &SizeKey| key.name == "memswap_limit" && key.text.varies();
            let varies =
                memory.keys.iter().any(varies) || workload.limit_key().is_none_or(|key| key.text.varies());
            if let Some(key) = workload.removable_key("memswap_limit").filter(|_| !varies) {
                finding = finding.ask(
                    "remove the line",
                    Applicability::Safe,
                    &[FactName::SwapLimit],
                    vec![Request::Remove { key }],
                );
            }
            offer.no_swap(finding, "or allow no swap: the same as the memory limit");
        }
    }
}
