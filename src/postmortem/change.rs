//! The change that is advised: the one that the finding which explains a verdict offers, else a general one for the verdict.

use super::Verdict;
use super::heap::{full_heap, full_heap_runtime, small_heap};
use super::offered::offer;
use super::rules::{DIFFERS, MEASURED, OFF, SWAP};
use super::subject::{Subject, at_own_limit};
use crate::diagnostic::Finding;
use crate::evidence::Sign;
use crate::source::Sources;
use crate::syntax::size::ByteSize;
use crate::workload::{Bound, DEFAULT_SHM, HeapSetting, MemoryPool, RuntimeName, Workload, advised_heap};

/// Returns what to change: what the finding offers, else what the verdict asks for.
pub(super) fn changes(
    subject: &Subject<'_>,
    verdict: Verdict,
    findings: &[Finding],
    sources: &Sources,
) -> Vec<String> {
    // What a container used when it was killed is less than it needs: no limit can be argued from it.
    let at_kill = at_own_limit(&subject.kills).next().is_some();
    let first = findings.first().filter(|finding| !at_kill || !MEASURED.contains(&finding.rule));
    let rule = first.map_or("", |finding| finding.rule);
    let offered = first.filter(|_| helps(subject, verdict, rule)).and_then(|finding| offer(finding, sources));
    let own = general_change(subject, verdict);
    if let Some(heap) = small_heap(subject, verdict) {
        return match verdict {
            // A larger limit takes more of a host that is full, which may also be why a program gets no memory.
            Verdict::HostMemory | Verdict::Runtime => own.into_iter().collect(),
            _ => offered.into_iter().chain([heap.change(subject)]).collect(),
        };
    }
    match verdict {
        // A limit for one service does not make a host larger, and one that is discarded is not written anew.
        Verdict::HostMemory | Verdict::LimitNotApplied => own.into_iter().chain(offered).collect(),
        // Without swap it would be killed earlier.
        _ if SWAP.contains(&rule) => own.into_iter().chain(offered).collect(),
        _ => offered.or(own).into_iter().collect(),
    }
}

/// True if what the rule's finding offers mends what the verdict says.
fn helps(subject: &Subject<'_>, verdict: Verdict, rule: &str) -> bool {
    match verdict {
        // A heap that is full is not to be limited.
        Verdict::Runtime => {
            rule != "unbounded-heap" || subject.failed().is_some_and(|log| full_heap_runtime(log).is_none())
        }
        // The setting of a container that is inspected is in no line of a file.
        Verdict::Hung => !OFF.contains(&rule) || is_off_in_files(subject),
        // It is what the verdict itself asks for.
        Verdict::LimitNotApplied => rule != DIFFERS,
        _ => true,
    }
}

/// True if the service's files turn the OOM killer off.
fn is_off_in_files(subject: &Subject<'_>) -> bool {
    subject.workload.is_some_and(|own| own.service.oom_kill_disable.value() == Some(&true))
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
            let least = DEFAULT_SHM.0 * 4;
            let present = subject.inspected.and_then(|own| own.shm_size);
            let written = || Some(subject.workload?.service.shm_size.value()?.0);
            // One that is full is not large enough.
            let least = present.or_else(written).map_or(least, |size| size.saturating_mul(2).max(least));
            let wanted = wanted.map_or(least, |size| size.0.saturating_mul(4).max(least));
            let size = ByteSize(wanted / DEFAULT_SHM.0 * DEFAULT_SHM.0).to_compose();
            paste("enlarge it", &[&format!("shm_size: {size}")], &format!("--shm-size {size}"))
        }
        Verdict::Hung => {
            let what = match subject.workload {
                Some(_) if is_off_in_files(subject) => "remove `oom_kill_disable: true`".to_owned(),
                Some(own) => recreate(own),
                None => "start it without `--oom-kill-disable`".to_owned(),
            };
            format!("{what}: a killed process is restarted, a hanging one is not")
        }
        Verdict::LimitNotApplied if subject.inspected.is_some_and(super::subject::dropped_limit) => {
            let then = subject.workload.map_or_else(|| "create the container anew".to_owned(), recreate);
            format!(
                "boot the host with the memory cgroup: add `cgroup_enable=memory` to the kernel's command line (a Raspberry Pi has it in \
                 /boot/firmware/cmdline.txt); then {then}"
            )
        }
        Verdict::LimitNotApplied => recreate(subject.workload?),
        Verdict::NotAContainer | Verdict::Stopped | Verdict::Undecided => return None,
    })
}

fn recreate(service: &Workload) -> String {
    format!("create the container anew: `docker compose up -d --force-recreate {}`", service.name)
}

fn runtime_change(subject: &Subject<'_>, limit: Option<ByteSize>) -> String {
    let log = subject.failed();
    // Without a log it is the exit code of a JVM that ends itself.
    let said = log.map_or((Some(RuntimeName::Java), Sign::OwnLimit), |log| (log.runtime, log.sign));
    if let Some((heap, set)) = full_heap(subject).and_then(|heap| Some((heap, heap.bound.known()?))) {
        return set_elsewhere(heap, &set.value, limit);
    }
    match said {
        (Some(runtime @ (RuntimeName::Java | RuntimeName::Node)), Sign::OwnLimit) => {
            larger_heap(full_heap(subject), runtime, limit)
        }
        (Some(RuntimeName::Java), Sign::BadSetting) => "correct the size: a number with `m` or `g`, as in -Xmx512m, and -Xms not above it".to_owned(),
        (Some(RuntimeName::Php), Sign::OwnLimit) => "a larger `memory_limit` in php.ini, times the number of workers within the container's limit".to_owned(),
        (_, Sign::DirectMemory) => {
            "look for buffers that are not released, or allow more: `-XX:MaxDirectMemorySize`, which counts outside the heap; without it, it is as large as the heap may be".to_owned()
        }
        (_, Sign::Metaspace) => "look for class loaders that are not released, or allow more: a larger `-XX:MaxMetaspaceSize`, which counts outside the heap".to_owned(),
        (_, Sign::NoThread) => thread_change(subject),
        (_, Sign::Refused) => "less memory for this program, or more for the container and its host: `oomlint budget --host-memory auto`".to_owned(),
        _ => "a larger limit of the runtime, below that of the container".to_owned(),
    }
}

/// Returns the larger setting of a heap that nothing sets: the one that the limit leaves room for.
fn larger_heap(heap: Option<&MemoryPool>, runtime: RuntimeName, limit: Option<ByteSize>) -> String {
    let Some(limit) = limit else {
        return match runtime {
            RuntimeName::Node => {
                "a larger heap, in MiB: `NODE_OPTIONS: --max-old-space-size=…`, and a limit of a third more"
            }
            _ => "a larger -Xmx, and a memory limit at least a third above it",
        }
        .to_owned();
    };
    let advised = heap.map_or_else(|| advised_heap(runtime, limit), |heap| heap.advised_under(limit));
    let default = heap.and_then(|heap| heap.size_under(Some(limit), None)).map(|heap| heap.size);
    let Some(size) = advised.filter(|advised| default.is_none_or(|default| default < *advised)) else {
        return format!("raise the limit above {limit}: no larger heap fits under it");
    };
    let size = size.mebibytes();
    match runtime {
        RuntimeName::Node => {
            format!("the largest heap that fits the limit: `NODE_OPTIONS: --max-old-space-size={size}`")
        }
        _ if heap.is_none_or(|heap| heap.takes_shares) && size >= limit.percent_in_mebibytes(ROOMY) => {
            format!(
                "a heap that uses the limit: `JAVA_TOOL_OPTIONS: -XX:MaxRAMPercentage={ROOMY}.0`, without an -Xmx"
            )
        }
        _ => format!("the largest heap that fits the limit: `JAVA_TOOL_OPTIONS: -Xmx{size}m`"),
    }
}

/// Returns what to change where no thread can be started: the limit of processes, if there is one, counts threads.
fn thread_change(subject: &Subject<'_>) -> String {
    let set = |own: Option<&Workload>| own?.resources.pids_limit.value().copied().filter(|pids| *pids > 0);
    match (set(subject.workload), set(subject.container)) {
        (Some(pids), _) => format!("a larger `pids_limit` than {pids}, which counts threads, or fewer threads"),
        (None, Some(pids)) => format!("a larger `--pids-limit` than {pids}, which counts threads, or fewer threads"),
        (None, None) => "fewer threads, or a larger limit of them: `pids_limit` of the service, TasksMax of the engine's unit, `ulimit -u`".to_owned(),
    }
}

/// Returns the change of a heap where it is set: another setting next to it would not count.
fn set_elsewhere(pool: &MemoryPool, heap: &HeapSetting, limit: Option<ByteSize>) -> String {
    let written = heap.written();
    let place = match heap.variable() {
        None => "in the command, which wins over variables".to_owned(),
        Some(name) => format!("in `{name}`"),
    };
    let advised = limit.and_then(|limit| pool.advised_under(limit));
    let larger = match heap.bound {
        Bound::Bytes(size) => advised.filter(|advised| *advised > size).and_then(|size| heap.with_size(size)),
        Bound::Percent(percent) => advised.zip(limit).and_then(|(advised, limit)| {
            let share = (advised.0 / (limit.0 / 100).max(1)).min(ROOMY) as f64;
            pool.with_percent(heap, share).filter(|_| share > percent)
        }),
    };
    match (larger, limit) {
        (Some(larger), _) => format!("a larger heap, where it is set: `{larger}` for `{written}`, {place}"),
        (None, Some(limit)) => format!(
            "a larger heap, where it is set: `{written}`, {place}, and a limit above {limit}, under which no larger one fits"
        ),
        (None, None) => format!(
            "a larger heap, where it is set: `{written}`, {place}, with a limit of the container that leaves a quarter outside it"
        ),
    }
}

/// The percentage of a limit that a heap may have at most.
const ROOMY: i64 = 70;
