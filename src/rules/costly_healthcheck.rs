//! `costly-healthcheck`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Healthcheck, Workload};

/// A probe that costs.
pub(super) struct CostlyHealthcheck;

static META: Meta = Meta {
    name: "costly-healthcheck",
    summary: "a healthcheck that runs all the time, or starts a virtual machine in the container's memory",
    severity: Severity::Warning,
    group: Group::Health,
    preset: Preset::Recommended,
    page: include_str!("../../rules/costly-healthcheck.md"),
};

impl Rule for CostlyHealthcheck {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(known) = workload.healthcheck.known() else { return };
        let Healthcheck::Probe { interval, start_interval, .. } = &known.value else { return };
        let name = &workload.name;
        if let Some(interval) =
            interval.filter(|interval| (1..=2 * SECOND).contains(interval) && start_interval.is_none())
        {
            sink.report(
                known.span,
                format!("{} probes a day", 86_400 * SECOND / interval),
                format!("the healthcheck of `{name}` runs every {} s", interval as f64 / SECOND as f64),
            )
            .of(workload)
            .via(&known.via)
            .note("each probe is a process of its own, in the container's memory")
            .help(
                "quick only until it is up, with Docker 25 or later:\n  interval: 30s\n  start_period: 30s\n  start_interval: 2s",
            );
        }
        if let Some((runtime, program)) = &workload.probe_runtime {
            let runtime = runtime.display_name();
            let heap = workload.heaps.iter().find_map(|heap| heap.carrier.as_ref());
            let mut finding = sink
                .report(
                    program.span,
                    format!("starts a {runtime} virtual machine for every probe"),
                    format!("the healthcheck of `{name}` runs `{}` inside its memory limit", program.value),
                )
                .of(workload)
                .severity(Severity::Note)
                .note("about 40 to 70 MiB for a virtual machine that does nothing, while the service is under load too");
            if let Some(heap) = heap {
                finding = finding.related(heap.span, format!("the probe inherits `{}`", heap.value));
            }
            drop(finding);
        }
    }
}

/// In nanoseconds.
const SECOND: i64 = 1_000_000_000;
