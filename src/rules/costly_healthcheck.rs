//! `costly-healthcheck`

use super::probe::{Form, command, flags, guess, instead, time};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::source::Spanned;
use crate::workload::{Healthcheck, RuntimeName, Workload};

/// A probe that costs.
pub(super) struct CostlyHealthcheck;

static META: Meta = Meta {
    name: "costly-healthcheck",
    summary: "a healthcheck that starts a virtual machine for every probe, or runs all the time",
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
        let Healthcheck::Probe { interval, .. } = &known.value else { return };
        // What can never pass is to be another probe anyway.
        if workload.probe_lack.is_some() {
            return;
        }
        match &workload.probe_runtime {
            Some((runtime, program)) => virtual_machine(workload, &known.value, *runtime, program, sink),
            None => often(workload, known, *interval, sink),
        }
    }
}

/// A virtual machine for every probe.
fn virtual_machine(
    workload: &Workload,
    check: &Healthcheck,
    runtime: RuntimeName,
    program: &Spanned<String>,
    sink: &mut Sink<'_>,
) {
    let Healthcheck::Probe { interval, .. } = check else { return };
    let name = &workload.name;
    let machine = if runtime == RuntimeName::Java { "JVM" } else { runtime.display_name() };
    let every = match interval.filter(|interval| *interval > 0) {
        Some(interval) => format!("every {}", time(interval)),
        None => "every 30s".to_owned(),
    };
    let limit = workload.memory.limit.value().filter(|limit| limit.0 > 0);
    let inside = limit.map(|limit| format!(", inside its limit of {limit}")).unwrap_or_default();
    let mut finding = sink
        .report(
            program.span,
            format!("starts a {machine} for every probe"),
            format!("the healthcheck of `{name}` starts a {machine} (`{}`) {every}{inside}", program.value),
        )
        .of(workload)
        .note(format!(
            "about 40 to 70 MiB for a {machine} that does nothing, while the service is under load too"
        ));
    let heap = workload.heaps.iter().find_map(|heap| heap.carrier.as_ref());
    if let Some(heap) = heap {
        finding = finding.related(heap.span, format!("the probe inherits `{}`", heap.value));
    }
    if let Ok(probe) = &workload.probe {
        let text = instead(Form::at(program.span, workload), check, &probe.test);
        let guess = guess(probe);
        finding.help(format!("the same without a {machine}{guess}:\n  {text}"));
    }
}

/// A probe that hardly pauses.
fn often(workload: &Workload, known: &Spanned<Healthcheck>, interval: Option<i64>, sink: &mut Sink<'_>) {
    let Healthcheck::Probe { test, start_period, start_interval, .. } = &known.value else { return };
    let short = |interval: &i64| (1..=2 * SECOND).contains(interval) && start_interval.is_none();
    let Some(interval) = interval.filter(short) else { return };
    let name = &workload.name;
    let period = start_period.filter(|period| *period > 0).unwrap_or(30 * SECOND);
    let (period, quick) = (time(period), time(interval));
    let finding = sink
        .report(
            known.span,
            format!("{} probes a day", 86_400 * SECOND / interval),
            format!("the healthcheck of `{name}` runs every {quick}"),
        )
        .of(workload)
        .via(&known.via)
        .severity(Severity::Note)
        .note("each probe is a process of its own, in the container's memory");
    let text = match (Form::at(known.span, workload), test) {
        (Form::Compose, _) => format!("interval: 30s\n  start_period: {period}\n  start_interval: {quick}"),
        (Form::Dockerfile, Some(test)) => {
            let others =
                [("interval", "30s".to_owned()), ("start-period", period), ("start-interval", quick)];
            let words: Vec<String> = test.iter().map(|word| word.as_str().to_owned()).collect();
            format!("HEALTHCHECK {}{}", flags(&known.value, &others), command(&words))
        }
        (Form::Dockerfile, None) => return,
    };
    finding.help(format!("quick only until it is up, with Docker 25 or later:\n  {text}"));
}

/// In nanoseconds.
const SECOND: i64 = 1_000_000_000;
