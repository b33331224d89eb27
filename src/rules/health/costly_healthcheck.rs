//! The rule `costly-healthcheck`.

use crate::diagnostic::Severity;
use crate::rules::RuleContext;
use crate::rules::form;
use crate::rules::probe::{Form, assumption, command, flags, format_duration, replacement_text};
use crate::source::Spanned;
use crate::workload::{Fact, Healthcheck, RuntimeName, Workload};

rule! {
    name: "costly-healthcheck",
    summary: "a healthcheck that starts a JVM or another runtime for every probe, or runs too often",
    severity: Warning,
    group: Health,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(known) = workload.health.check.known() else { return };
    // A probe that can never pass is reported by another rule, and a project for tests stops before the probe costs much.
    if workload.health.probe_lack.is_some() || workload.role.development {
        return;
    }
    // One that ends is probed for a moment, and somebody may wait for that.
    if workload.role.is_job() || workload.role.idle {
        return;
    }
    match &workload.health.probe_runtime {
        Some((runtime, program)) => virtual_machine(workload, &known.value, *runtime, program, cx),
        None => often(workload, known, cx),
    }
}

/// Reports a probe that starts a virtual machine.
fn virtual_machine(
    workload: &Workload,
    check: &Healthcheck,
    runtime: RuntimeName,
    program: &Spanned<String>,
    cx: &mut RuleContext<'_>,
) {
    let Healthcheck::Probe { interval, .. } = check else { return };
    let name = &workload.name;
    let machine = if runtime == RuntimeName::Java { "JVM" } else { runtime.display_name() };
    let every = match interval {
        Fact::Known(interval) if interval.value > 0 => format!(" every {}", format_duration(interval.value)),
        Fact::Known(_) | Fact::Absent { .. } => " every 30s".to_owned(),
        Fact::Unknown { .. } => String::new(),
    };
    let limit = workload.known_limit().map(|limit| limit.value);
    let inside = limit.map(|limit| format!(", inside its limit of {limit}")).unwrap_or_default();
    let mut finding = cx.report(
        program.span,
        format!("the healthcheck of `{name}` starts a {machine} (`{}`){every}{inside}", program.value),
    );
    finding.label(format!("starts a {machine} for every probe")).note(format!(
        "even an idle {machine} takes about 40 to 70 MiB, on top of what the {} uses",
        form::Form::of(workload).noun()
    ));
    let heap = workload.pools.heaps.iter().find_map(|heap| heap.origin.as_ref());
    if let Some(heap) = heap {
        finding.related(heap.span, format!("the probe inherits `{}`", heap.value));
    }
    if let Ok(probe) = &workload.health.probe {
        let text = replacement_text(Form::at(program.span, workload), check, &probe.test);
        let guess = assumption(probe);
        finding.help(format!("the same probe without a {machine}{guess}:\n  {text}"));
    }
}

/// Reports a probe that runs every two seconds or more often.
fn often(workload: &Workload, known: &Spanned<Healthcheck>, cx: &mut RuleContext<'_>) {
    let Healthcheck::Probe { test, interval, start_period, start_interval, retries, .. } = &known.value
    else {
        return;
    };
    let short =
        |interval: &&Spanned<i64>| (1..=2 * SECOND).contains(&interval.value) && start_interval.is_absent();
    let Some(setting) = interval.known().filter(short) else { return };
    // How long it may fail hangs on these.
    if retries.is_unknown() || start_period.is_unknown() {
        return;
    }
    let (name, interval) = (&workload.name, setting.value);
    let tries = retries.value().copied().filter(|retries| *retries > 0).unwrap_or(DEFAULT_RETRIES);
    // The time for which it may fail now until it counts as unhealthy.
    let allowed =
        start_period.value().copied().unwrap_or(0).max(0).saturating_add(interval.saturating_mul(tries));
    let (period, quick) = (format_duration(rounded(allowed.max(30 * SECOND))), format_duration(interval));
    let mut finding = cx.report(setting.span, format!("the healthcheck of `{name}` runs every {quick}"));
    finding
        .label(match &setting.default_for {
            Some(variable) => {
                format!("{} probes a day, where `{variable}` is not set", 86_400 * SECOND / interval)
            }
            None => format!("{} probes a day", 86_400 * SECOND / interval),
        })
        .via(&setting.via)
        .severity(Severity::Note)
        .note("each probe starts a process that counts against the container's memory");
    // With probes half a minute apart, as many failures would take minutes.
    let fewer = tries > DEFAULT_RETRIES;
    let (what, text) = match (Form::at(known.span, workload), test) {
        (Form::Compose, _) => {
            let retries = if fewer { format!("\n  retries: {DEFAULT_RETRIES}") } else { String::new() };
            let times =
                format!("interval: 30s\n  start_period: {period}\n  start_interval: {quick}{retries}");
            ("these keys of the healthcheck", times)
        }
        (Form::Flags, _) => {
            let retries = if fewer { format!(" --health-retries {DEFAULT_RETRIES}") } else { String::new() };
            let times = format!(
                "--health-interval 30s --health-start-period {period} --health-start-interval {quick}{retries}"
            );
            ("these flags", times)
        }
        (Form::Dockerfile, Some(test)) => {
            let mut others =
                vec![("interval", "30s".to_owned()), ("start-period", period), ("start-interval", quick)];
            others.extend(fewer.then(|| ("retries", DEFAULT_RETRIES.to_string())));
            let words: Vec<String> = test.iter().map(|word| word.as_str().to_owned()).collect();
            ("the HEALTHCHECK", format!("HEALTHCHECK {}{}", flags(&known.value, &others), command(&words)))
        }
        (Form::Dockerfile, None) => return,
    };
    finding.help(format!("set {what}, to probe often only during startup (Docker 25 or later):\n  {text}"));
}

/// Rounds a duration in nanoseconds up to one that people write: 65s to 1m30s, 95s to 2m.
fn rounded(nanoseconds: i64) -> i64 {
    let step = match nanoseconds / SECOND {
        ..=59 => 5 * SECOND,
        60..=299 => 30 * SECOND,
        _ => 60 * SECOND,
    };
    let over = nanoseconds % step;
    if over == 0 { nanoseconds } else { nanoseconds.saturating_add(step - over) }
}

/// The default number of failures in a row that make a container unhealthy (moby `daemon/health.go`).
const DEFAULT_RETRIES: i64 = 3;

/// One second, in nanoseconds.
const SECOND: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up() {
        for (seconds, wanted) in [(30, 30), (41, 45), (60, 60), (65, 90), (91, 120), (301, 360)] {
            assert_eq!(rounded(seconds * SECOND), wanted * SECOND);
        }
        assert!(rounded(i64::MAX) > 0);
    }
}
