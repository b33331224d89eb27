//! `swap-below-limit`

use super::offer::Offer;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Applicability, Severity};
use crate::model::size::ByteSize;
use crate::workload::{FactName, Project};

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

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        for offer in Offer::each(project, sink.policy()).filter(Offer::may_swap) {
            let workload = offer.workload;
            let memory = &workload.memory;
            let (Some(limit), Some(swap)) = (memory.limit.known(), memory.swap.known()) else { continue };
            if swap.value.0 <= 0 || limit.value.0 <= 0 || swap.value >= limit.value {
                continue;
            }
            let both = ByteSize(limit.value.0.saturating_add(swap.value.0));
            let finding = sink
                .report(
                    swap.span,
                    format!("memory and swap together: {}", swap.value),
                    format!(
                        "`memswap_limit` of `{}` is {}, less than its memory limit of {}",
                        workload.name, swap.value, limit.value
                    ),
                )
                .of(workload)
                .via(&swap.via)
                .related(limit.span, format!("memory alone: {}", limit.value))
                .note("Error response from daemon: Minimum memoryswap limit should be larger than memory limit, see usage");
            let finding = offer.no_swap(finding, "allow no swap: the same as the memory limit");
            if let Some(requests) = offer.set_swap_size(both) {
                let title = format!("or allow {} of swap: {} together", swap.value, both.to_compose());
                finding.ask(title, Applicability::Unsafe, &[FactName::SwapLimit], requests);
            }
        }
    }
}
