//! Puts the answer together: the verdict, the findings that explain it, and what to change.

use super::change::{changes, full_heap_runtime, small_heap};
use super::subject::{Subject, subjects};
use super::verdict::{Case, at_own_limit};
use super::{Answer, Files, Verdict};
use crate::check::Outcome;
use crate::diagnostic::Finding;
use crate::evidence::{Evidence, Sign};
use crate::source::Sources;
use crate::stats::{Identity, Stats};
use crate::workload::{Project, Workload};

/// Rules of too large heaps and caches.
const HEAPS: [&str; 20] = [
    "heap-exceeds-limit",
    "cache-exceeds-limit",
    "default-heap-exceeds-limit",
    "memory-variable-exceeds-limit",
    "runtime-ignores-limit",
    "unread-heap-variable",
    "malformed-heap-setting",
    "misplaced-heap-flag",
    "quoted-env-value",
    "compose-expands-variable",
    "removed-jvm-flag",
    "ignored-heap-percentage",
    "min-ram-percentage",
    "heap-set-in-build-stage",
    "tight-heap",
    "tight-cache",
    "unbounded-heap",
    "unbounded-cache",
    "disabled-gc",
    "debug-allocator",
];

/// Rules of limits that are too small for what runs.
const SMALL_LIMITS: [&str; 6] = [
    "memory-limit-below-minimum",
    "limit-below-image-minimum",
    "limit-below-peak",
    "limit-without-headroom",
    "several-processes",
    "differs-from-compose",
];

/// Rules that compare a limit with the memory that was used.
pub(super) const MEASURED: [&str; 2] = ["limit-below-peak", "limit-without-headroom"];

/// Rules of what grows without a limit on a host.
const HOST: [&str; 9] = [
    "limit-exceeds-host",
    "budget-exceeded",
    "reservations-exceed-host",
    "zero-memory-limit",
    "dropped-memory-value",
    "missing-memory-limit",
    "percent-heap-without-limit",
    "unlimited-swap",
    "differs-from-compose",
];

const TMPFS: [&str; 2] = ["unsized-tmpfs", "shm-exceeds-limit"];
const SWAP: [&str; 2] = ["missing-swap-limit", "unlimited-swap"];
const PIDS: [&str; 1] = ["missing-pids-limit"];
const STOP: [&str; 2] = ["shell-form-start", "short-stop-grace-period"];
const HEALTH: [&str; 5] = [
    "invalid-healthcheck",
    "healthcheck-missing-tool",
    "costly-healthcheck",
    "unhealthy-dependency",
    "missing-healthcheck",
];
const SHM: [&str; 2] = ["small-shm", "build-only-shm-size"];
const OFF: [&str; 1] = ["disabled-oom-killer"];
const NOT_APPLIED: [&str; 8] = [
    "differs-from-compose",
    "dropped-memory-value",
    "unknown-memory-key",
    "zero-memory-limit",
    "invalid-memory-value",
    "conflicting-limits",
    "swarm-ignores-key",
    "missing-memory-limit",
];
/// Rules of heap settings that do not count, or make the heap smaller than the limit allows.
const FULL_HEAP: [&str; 12] = [
    "unread-heap-variable",
    "malformed-heap-setting",
    "misplaced-heap-flag",
    "quoted-env-value",
    "compose-expands-variable",
    "removed-jvm-flag",
    "ignored-heap-percentage",
    "min-ram-percentage",
    "heap-set-in-build-stage",
    "runtime-ignores-limit",
    "unbounded-heap",
    "disabled-gc",
];
/// Rules of heap settings that a runtime does not take.
const BAD_SETTING: [&str; 5] = [
    "malformed-heap-setting",
    "misplaced-heap-flag",
    "quoted-env-value",
    "compose-expands-variable",
    "removed-jvm-flag",
];

/// Every rule that may explain a verdict.
pub const RULES: &[&[&str]] =
    &[&HEAPS, &SMALL_LIMITS, &HOST, &TMPFS, &SWAP, &PIDS, &STOP, &HEALTH, &SHM, &OFF, &NOT_APPLIED];

/// The most findings of one answer.
const MOST: usize = 6;

/// Returns what the evidence says of the memory that containers used, for the rules that compare limits with it. A container that was
/// killed at its limit used all of it.
#[must_use]
pub fn measurements(evidence: &Evidence, sources: &Sources) -> Option<Stats> {
    let mut stats = Stats::default();
    let outcome = Outcome::default();
    for subject in subjects(evidence, Files { outcome: &outcome, sources }) {
        let name = &subject.name;
        let Some(own) = name.name.clone().or_else(|| name.service.clone()) else { continue };
        let identity = Identity { name: own, project: name.project.clone(), service: name.service.clone() };
        let limit = subject.limit().filter(|limit| limit.0 > 0);
        let killed =
            at_own_limit(&subject.kills).filter_map(|kill| kill.usage.map(|(used, _)| used).or(limit));
        for used in killed.chain(subject.usages.iter().map(|usage| usage.used)) {
            stats.record(identity.clone(), used);
        }
    }
    let measured = stats.containers().next().is_some();
    measured.then_some(stats)
}

/// Answers for one container.
pub(super) fn answer(subject: &Subject<'_>, evidence: &Evidence, files: Files<'_>) -> Answer {
    let process = subject.kills.first().and_then(|kill| kill.kill.victim.clone());
    let process = process.or_else(|| subject.others.first().and_then(|other| other.victim.clone()));
    let service = subject.workload.map(|own| own.name.clone()).or_else(|| subject.name.service.clone());
    let id = subject.name.id.as_ref().map(|id| id.text());
    let shown = subject.name.name.clone().or_else(|| service.clone());
    let shown = shown.or_else(|| subject.name.id.as_ref().map(|id| id.short()));
    let name = shown.map_or_else(|| "the container".to_owned(), |name| format!("`{name}`"));
    let mut ruling = Case { subject, sources: files.sources, name }.decide();
    if evidence.missing_kills > 0 && !subject.kills.is_empty() {
        ruling
            .against
            .push(format!("{} more kills are not in the log, or are not shown", evidence.missing_kills));
    }
    let explained_by = explaining(subject, ruling.verdict, files);
    let change = changes(subject, ruling.verdict, &explained_by, files.sources);
    Answer {
        name: subject.name.name.clone().or_else(|| service.clone()).or(process),
        id,
        image: subject.name.image.clone(),
        service: subject.workload.map(|own| own.name.clone()),
        verdict: ruling.verdict,
        confidence: ruling.confidence,
        answer: ruling.answer.join("; "),
        evidence: ruling.evidence,
        against: ruling.against,
        explained_by,
        change,
        missing: ruling.missing,
    }
}

/// The rules that explain a verdict on this container, the most telling first.
fn rules_of(subject: &Subject<'_>, verdict: Verdict) -> Vec<&'static str> {
    let kills = || subject.kills.iter().map(|own| own.kill);
    let limit = subject.limit().map_or(0, |limit| limit.0);
    let shared = kills().any(|kill| kill.stats.shmem.or(kill.shmem).is_some_and(|shmem| shmem.0 > limit / 4));
    let swapped = kills().any(|kill| {
        let full = kill.swap_usage.is_some_and(|(used, limit)| used.0 >= limit.0);
        full || kill.stats.swap.is_some_and(|swap| swap.0 > limit / 4)
    });
    let mut rules: Vec<&[&str]> = Vec::new();
    match verdict {
        Verdict::MemoryLimit => {
            if shared {
                rules.push(&TMPFS);
            }
            if subject.many_small() {
                rules.push(&PIDS);
            }
            rules.extend([&HEAPS[..], &SMALL_LIMITS[..]]);
            if !shared && kills().all(|kill| kill.stats.shmem.or(kill.shmem).is_none()) {
                rules.push(&TMPFS);
            }
            if swapped {
                rules.push(&SWAP);
            }
        }
        Verdict::HostMemory => rules.extend([&HOST[..], &HEAPS[..], &TMPFS[..]]),
        Verdict::Runtime => match subject.failed() {
            Some(log) if log.sign == Sign::Refused => rules.extend([&HEAPS[..], &SMALL_LIMITS[..]]),
            Some(log) if log.sign == Sign::BadSetting => rules.push(&BAD_SETTING),
            // Neither threads nor classes nor buffers are in the heap.
            Some(log) if log.sign != Sign::OwnLimit => {}
            Some(log) if full_heap_runtime(log.who).is_none() => {}
            _ => rules.push(&FULL_HEAP),
        },
        Verdict::StopTimeout => rules.push(&STOP),
        Verdict::Healthcheck => rules.push(&HEALTH),
        Verdict::SharedMemory => rules.push(&SHM),
        Verdict::Hung => rules.push(&OFF),
        Verdict::LimitNotApplied => rules.push(&NOT_APPLIED),
        Verdict::ParentLimit | Verdict::NotAContainer | Verdict::Stopped | Verdict::Undecided => {}
    }
    rules.concat()
}

/// Returns the findings that explain the verdict: on the container's service, and on the container itself what its files do not say.
fn explaining(subject: &Subject<'_>, verdict: Verdict, files: Files<'_>) -> Vec<Finding> {
    let of_service = subject.workload.map(|own| findings_of(own, files)).unwrap_or_default();
    let of_container = subject.container.map(|own| findings_of(own, files)).unwrap_or_default();
    let mut found: Vec<Finding> = Vec::new();
    for rule in rules_of(subject, verdict) {
        let of_rule = |list: &[&Finding]| -> Vec<Finding> {
            let of = |finding: &&&Finding| {
                // Other settings than the limit may differ, too.
                finding.rule == rule
                    && (rule != "differs-from-compose" || finding.message.contains("memory limit"))
            };
            list.iter().filter(of).map(|finding| (*finding).clone()).collect()
        };
        let own = of_rule(&of_service);
        found.extend(if own.is_empty() { of_rule(&of_container) } else { own });
    }
    // That a container was killed at its limit shows no headroom: it explains nothing where another rule says why.
    if found.iter().any(|finding| !MEASURED.contains(&finding.rule)) {
        found.retain(|finding| !MEASURED.contains(&finding.rule));
    }
    // A default heap that is small against the limit fills no container, and a larger one is no remedy.
    if small_heap(subject, verdict).is_some() {
        found.retain(|finding| finding.rule != "unbounded-heap");
    }
    found.truncate(MOST);
    found
}

/// Returns the findings on a workload.
fn findings_of<'f>(workload: &Workload, files: Files<'f>) -> Vec<&'f Finding> {
    let own = |project: &&Project| project.workloads.iter().any(|own| std::ptr::eq(own, workload));
    let Some(project) = files.outcome.projects.iter().find(own) else { return Vec::new() };
    let of_workload = |finding: &&Finding| {
        let place = files.sources.to_outer_span(finding.primary.span).file;
        finding.service.as_deref() == Some(workload.name.as_str()) && project.files.contains(&place)
    };
    files.outcome.findings.iter().filter(of_workload).collect()
}
