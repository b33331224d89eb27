//! Puts the answer together: the verdict, the findings that explain it, and what to change.

use super::subject::{Subject, subjects};
use super::verdict::{Case, at_own_limit};
use super::{Answer, Files, Verdict};
use crate::check::Outcome;
use crate::diagnostic::Finding;
use crate::evidence::{Evidence, Sign};
use crate::source::Sources;
use crate::stats::{Identity, Stats};
use crate::syntax::size::ByteSize;
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
const MEASURED: [&str; 2] = ["limit-below-peak", "limit-without-headroom"];

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
const SIZES: [&str; 2] = ["limit-oversized", "unsupported-base-image"];

/// Every rule that may explain a verdict.
pub const RULES: &[&[&str]] =
    &[&HEAPS, &SMALL_LIMITS, &HOST, &TMPFS, &SWAP, &PIDS, &STOP, &HEALTH, &SHM, &OFF, &NOT_APPLIED, &SIZES];

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
        Verdict::Runtime => rules.extend([&HEAPS[..], &SMALL_LIMITS[..], &SIZES[..]]),
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

/// Returns what to change: what the finding offers, else what the verdict asks for.
fn changes(subject: &Subject<'_>, verdict: Verdict, findings: &[Finding], sources: &Sources) -> Vec<String> {
    // What a container used when it was killed is less than it needs: no limit can be argued from it.
    let at_kill = at_own_limit(&subject.kills).next().is_some();
    let offered = findings.first().filter(|finding| !at_kill || !MEASURED.contains(&finding.rule));
    let offered = offered.and_then(|finding| offer(finding, sources));
    let own = general_change(subject, verdict);
    match verdict {
        // A limit for one service does not make a host larger, and one that is discarded is not written anew.
        Verdict::HostMemory | Verdict::LimitNotApplied => own.into_iter().chain(offered).collect(),
        _ => offered.or(own).into_iter().collect(),
    }
}

/// Returns what a finding offers to paste: its help, else its fix as the lines that it makes.
fn offer(finding: &Finding, sources: &Sources) -> Option<String> {
    if let Some(help) = &finding.help {
        return Some(help.clone());
    }
    let fix = finding.fix()?;
    let mut text = fix.title.clone();
    for edit in fix.edits.iter().filter(|edit| !edit.replacement.trim().is_empty()) {
        let span = sources.to_outer_span(edit.span);
        let source = sources.get(span.file);
        let line = source.line_at(span.start);
        let start = span.start.saturating_sub(line.start) as usize;
        let (before, after) =
            (line.text.get(..start).unwrap_or_default(), line.text.get(start + span.len()..));
        let whole = match after.filter(|_| !span.is_empty()) {
            Some(after) => format!("{before}{}{after}", edit.replacement),
            None => edit.replacement.clone(),
        };
        text.push(if text.contains('\n') { '\n' } else { ':' });
        for line in whole.trim().lines() {
            text.push_str("\n  ");
            text.push_str(line);
        }
    }
    Some(text.replace("\n\n", "\n"))
}

/// Returns what the verdict asks for. Without a service it is a flag of `docker run`.
fn general_change(subject: &Subject<'_>, verdict: Verdict) -> Option<String> {
    let limit = subject.limit().filter(|limit| limit.0 > 0);
    let paste = |what: &str, keys: &[&str], flags: &str| match subject.workload {
        Some(own) => {
            let keys: String = keys.iter().map(|key| format!("\n      {key}")).collect();
            format!("{what}:\n  services:\n    {}:{keys}", own.name)
        }
        None => format!("{what}: `docker run {flags}`"),
    };
    Some(match verdict {
        Verdict::MemoryLimit => {
            "a limit above what it needs at its peak; measure it: `docker stats --no-stream --format json | oomlint size -`".to_owned()
        }
        Verdict::ParentLimit => "raise the limit of the cgroup above it, or move the container out of it: `cgroup_parent`, the pod, the slice".to_owned(),
        Verdict::HostMemory => "give every service a limit, so that their sum fits the host: `oomlint budget --host-memory auto`".to_owned(),
        Verdict::Runtime => runtime_change(subject, limit),
        Verdict::StopTimeout => paste(
            "pass the signal on, or wait longer",
            &["init: true", "stop_grace_period: 30s"],
            "--init --stop-timeout 30",
        ),
        Verdict::Healthcheck => paste(
            "give the probe time",
            &["healthcheck:", "  timeout: 10s", "  retries: 5", "  start_period: 60s"],
            "--health-timeout 10s --health-retries 5 --health-start-period 60s",
        ),
        Verdict::SharedMemory => {
            let wanted = subject.logs.iter().filter(|log| log.sign == Sign::SharedMemory).filter_map(|log| log.size).max();
            let wanted = wanted.map_or(SHM_STEP * 4, |size| size.0.saturating_mul(4).max(SHM_STEP * 4));
            let size = ByteSize(wanted / SHM_STEP * SHM_STEP).to_compose();
            paste("enlarge it", &[&format!("shm_size: {size}")], &format!("--shm-size {size}"))
        }
        Verdict::Hung => "remove `oom_kill_disable: true`: a killed process is restarted, a hanging one is not".to_owned(),
        Verdict::LimitNotApplied if subject.described.is_some_and(super::subject::dropped_limit) => {
            "boot the host with the memory cgroup: add `cgroup_enable=memory` to the kernel's command line (a Raspberry Pi has it in \
             /boot/firmware/cmdline.txt)"
                .to_owned()
        }
        Verdict::LimitNotApplied => "create the container anew: `docker compose up -d --force-recreate`".to_owned(),
        Verdict::NotAContainer | Verdict::Stopped | Verdict::Undecided => return None,
    })
}

/// Sizes of `/dev/shm` are multiples of Docker's default.
const SHM_STEP: i64 = 64 << 20;

fn runtime_change(subject: &Subject<'_>, limit: Option<ByteSize>) -> String {
    let log =
        subject.logs.iter().find(|log| matches!(log.sign, Sign::OwnLimit | Sign::Refused | Sign::BadSetting));
    let (who, sign) = log.map_or(("the JVM", Sign::OwnLimit), |log| (log.who, log.sign));
    let share = limit.map(|limit| limit.0 / 4 * 3 / (1 << 20));
    match (who, sign, share) {
        ("Node", Sign::OwnLimit, Some(share)) => format!("a larger heap, within the limit: `NODE_OPTIONS: --max-old-space-size={share}`"),
        ("Node", Sign::OwnLimit, None) => "a larger heap, in MiB: `NODE_OPTIONS: --max-old-space-size=…`, and a limit of a third more".to_owned(),
        ("the JVM", Sign::OwnLimit, Some(_)) => "a heap that uses the limit: `JAVA_TOOL_OPTIONS: -XX:MaxRAMPercentage=75`, without an -Xmx".to_owned(),
        ("the JVM", Sign::BadSetting, _) => "correct the size: a number with `m` or `g`, as in -Xmx512m, and -Xms not above it".to_owned(),
        ("PHP", Sign::OwnLimit, _) => "a larger `memory_limit` in php.ini, times the number of workers within the container's limit".to_owned(),
        (_, Sign::Refused, _) => "less memory for this program, or more for the container and its host: `oomlint budget --host-memory auto`".to_owned(),
        _ => "a larger limit of the runtime, below that of the container".to_owned(),
    }
}
