//! `ineffective-swappiness`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Severity};
use crate::workload::{FactName, Workload};

/// A wish that nobody hears.
pub(super) struct IneffectiveSwappiness;

static META: Meta = Meta {
    name: "ineffective-swappiness",
    summary: "`mem_swappiness` that changes nothing",
    severity: Severity::Warning,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/ineffective-swappiness.md"),
};

impl Rule for IneffectiveSwappiness {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(swappiness) = workload.memory.swappiness.known() else { return };
        let (value, name) = (swappiness.value, &workload.name);
        let (severity, label, message) = match value {
            0 => (
                Severity::Warning,
                "0 counts as not set",
                format!("`mem_swappiness: 0` of `{name}` does not turn swap off"),
            ),
            1..=100 => (
                Severity::Warning,
                "ignored on cgroup v2",
                format!("`mem_swappiness: {value}` of `{name}` has no effect on a host with cgroup v2"),
            ),
            _ => (
                Severity::Error,
                "out of range",
                format!("the engine refuses `mem_swappiness: {value}` of `{name}`: 0 to 100"),
            ),
        };
        let finding =
            sink.report(swappiness.span, label, message).of(workload).severity(severity).via(&swappiness.via);
        let finding = match workload.removable_key("mem_swappiness").filter(|_| value <= 100) {
            // On a host with cgroup v1 the others have an effect.
            Some(key) => finding.ask(
                "remove the line",
                if value == 0 { Applicability::Safe } else { Applicability::Unsafe },
                &[FactName::MemSwappiness],
                vec![Request::Remove { key }],
            ),
            None => finding,
        };
        finding.help("a `memswap_limit` equal to the memory limit forbids swap");
    }
}
