//! `unlimited-swap`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// Swap without an end.
pub(super) struct UnlimitedSwap;

static META: Meta = Meta {
    name: "unlimited-swap",
    summary: "`memswap_limit: -1` lets a limited container swap without end",
    severity: Severity::Warning,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/unlimited-swap.md"),
};

impl Rule for UnlimitedSwap {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let memory = &workload.memory;
        let (Some(limit), Some(swap)) = (memory.limit.known(), memory.swap.known()) else { return };
        if swap.value.0 != -1 || limit.value.0 <= 0 {
            return;
        }
        let quoted = memory.keys.iter().any(|key| key.name == "memswap_limit" && !key.bare);
        let finding = sink
            .report(
                swap.span,
                "-1 is unlimited",
                format!("`{}` may swap without end beyond its limit of {}", workload.name, limit.value),
            )
            .of(workload)
            .via(&swap.via)
            .help(format!(
                "equal to the limit it forbids swap:\n  memswap_limit: {}",
                limit.value.to_compose()
            ));
        if quoted {
            finding.note("written as a string, Compose before 5.0 refuses it: invalid size: '-1'");
        }
    }
}
