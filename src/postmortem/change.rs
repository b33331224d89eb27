//! The change that is advised: the one that the finding which explains a verdict offers, else a general one for the verdict.

use super::Verdict;
use super::heap::{full_heap, small_heap};
use super::offered::offer;
use super::rules::MEASURED;
use super::subject::{Subject, at_own_limit};
use crate::diagnostic::Finding;
use crate::evidence::Sign;
use crate::source::Sources;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{Bound, DEFAULT_SHM, HeapSetting, MemoryPool, RuntimeName};

/// Returns what to change: what the finding offers, else what the verdict asks for.
pub(super) fn changes(
    subject: &Subject<'_>,
    verdict: Verdict,
    findings: &[Finding],
    sources: &Sources,
) -> Vec<String> {
    // What a container used when it was killed is less than it needs: no limit can be argued from it.
    let at_kill = at_own_limit(&subject.kills).next().is_some();
    let offered = findings.first().filter(|finding| !at_kill || !MEASURED.contains(&finding.rule));
    let offered = offered.and_then(|finding| offer(finding, sources));
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
        _ => offered.or(own).into_iter().collect(),
    }
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
        Verdict::Hung => "remove `oom_kill_disable: true`: a killed process is restarted, a hanging one is not".to_owned(),
        Verdict::LimitNotApplied if subject.inspected.is_some_and(super::subject::dropped_limit) => {
            "boot the host with the memory cgroup: add `cgroup_enable=memory` to the kernel's command line (a Raspberry Pi has it in \
             /boot/firmware/cmdline.txt)"
                .to_owned()
        }
        Verdict::LimitNotApplied => "create the container anew: `docker compose up -d --force-recreate`".to_owned(),
        Verdict::NotAContainer | Verdict::Stopped | Verdict::Undecided => return None,
    })
}

fn runtime_change(subject: &Subject<'_>, limit: Option<ByteSize>) -> String {
    let log = subject.failed();
    // Without a log it is the exit code of a JVM that ends itself.
    let said = log.map_or((Some(RuntimeName::Java), Sign::OwnLimit), |log| (log.runtime, log.sign));
    if let Some((heap, set)) = full_heap(subject).and_then(|heap| Some((heap, heap.bound.known()?))) {
        return set_elsewhere(heap, &set.value, limit);
    }
    let workloads = [subject.container, subject.workload];
    let mut heaps = workloads.into_iter().flatten().flat_map(|own| &own.pools.heaps);
    let takes_shares = heaps.all(|heap| heap.takes_shares);
    let share = limit.map(|limit| limit.0 / 4 * 3 / (1 << 20));
    match (said.0, said.1, share) {
        (Some(RuntimeName::Node), Sign::OwnLimit, Some(share)) => format!("a larger heap, within the limit: `NODE_OPTIONS: --max-old-space-size={share}`"),
        (Some(RuntimeName::Node), Sign::OwnLimit, None) => "a larger heap, in MiB: `NODE_OPTIONS: --max-old-space-size=…`, and a limit of a third more".to_owned(),
        (Some(RuntimeName::Java), Sign::OwnLimit, Some(share)) if !takes_shares => format!("a larger heap, within the limit: `JAVA_TOOL_OPTIONS: -Xmx{share}m`"),
        (Some(RuntimeName::Java), Sign::OwnLimit, Some(_)) => "a heap that uses the limit: `JAVA_TOOL_OPTIONS: -XX:MaxRAMPercentage=70.0`, without an -Xmx".to_owned(),
        (Some(RuntimeName::Java), Sign::OwnLimit, None) => "a larger -Xmx, and a memory limit at least a third above it".to_owned(),
        (Some(RuntimeName::Java), Sign::BadSetting, _) => "correct the size: a number with `m` or `g`, as in -Xmx512m, and -Xms not above it".to_owned(),
        (Some(RuntimeName::Php), Sign::OwnLimit, _) => "a larger `memory_limit` in php.ini, times the number of workers within the container's limit".to_owned(),
        (_, Sign::DirectMemory, _) => {
            "look for buffers that are not released, or allow more: `-XX:MaxDirectMemorySize`, which counts outside the heap; without it, it is as large as the heap may be".to_owned()
        }
        (_, Sign::Metaspace, _) => "look for class loaders that are not released, or allow more: a larger `-XX:MaxMetaspaceSize`, which counts outside the heap".to_owned(),
        (_, Sign::NoThread, _) => thread_change(subject),
        (_, Sign::Refused, _) => "less memory for this program, or more for the container and its host: `oomlint budget --host-memory auto`".to_owned(),
        _ => "a larger limit of the runtime, below that of the container".to_owned(),
    }
}

/// Returns what to change where no thread can be started: the limit of processes, if there is one, counts threads.
fn thread_change(subject: &Subject<'_>) -> String {
    let workloads = [subject.container, subject.workload];
    let pids = workloads.into_iter().flatten().find_map(|own| own.resources.pids_limit.value().copied());
    match pids.filter(|pids| *pids > 0) {
        Some(pids) => format!("a larger `pids_limit` than {pids}, which counts threads, or fewer threads"),
        None => "fewer threads, or a larger limit of them: `pids_limit` of the service, TasksMax of the engine's unit, `ulimit -u`".to_owned(),
    }
}

/// Returns the change of a heap where it is set: another setting next to it would not count.
fn set_elsewhere(pool: &MemoryPool, heap: &HeapSetting, limit: Option<ByteSize>) -> String {
    let written = heap.written();
    let place = match heap.variable() {
        None => "in the command, which wins over variables".to_owned(),
        Some(name) => format!("in `{name}`"),
    };
    let larger = match heap.bound {
        Bound::Bytes(size) => {
            let room = limit.map(|limit| ByteSize(limit.0 / 4 * 3)).filter(|room| room.0 > size.0);
            room.and_then(|room| heap.with_size(ByteSize(room.0 / MIB * MIB)))
        }
        Bound::Percent(percent) if percent < ROOMY => pool.with_percent(heap, ROOMY),
        Bound::Percent(_) => None,
    };
    match larger {
        Some(larger) => format!("a larger heap, where it is set: `{larger}` for `{written}`, {place}"),
        None => format!(
            "a larger heap, where it is set: `{written}`, {place}, with a limit of the container that leaves a quarter outside it"
        ),
    }
}

/// The percentage of a limit that a heap may have.
const ROOMY: f64 = 70.0;
