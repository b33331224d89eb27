//! Which rules of the linter explain which verdict.

use super::Verdict;
use super::heap::full_heap_runtime;
use super::subject::Subject;
use crate::diagnostic::Finding;
use crate::evidence::Sign;
use crate::source::Sources;

/// The rule that compares a container with its service.
pub(super) const DIFFERS: &str = "differs-from-compose";

/// Rules of heaps and caches that are larger than the limit.
const TOO_LARGE: [&str; 5] = [
    "heap-exceeds-limit",
    "cache-exceeds-limit",
    "default-heap-exceeds-limit",
    "memory-variable-exceeds-limit",
    "runtime-ignores-limit",
];
/// The rule of heap settings in variables that no program reads.
const UNREAD: [&str; 1] = ["unread-heap-variable"];
/// Rules of heap settings that a runtime does not take.
const BAD_SETTING: [&str; 5] = [
    "malformed-heap-setting",
    "misplaced-heap-flag",
    "quoted-env-value",
    "compose-expands-variable",
    "removed-jvm-flag",
];
/// Rules of heap settings that are valid and do not bound the heap as meant.
const NO_EFFECT: [&str; 3] = ["ignored-heap-percentage", "min-ram-percentage", "heap-set-in-build-stage"];
/// Rules of heaps and caches that leave little memory, or grow without a bound.
const LOOSE: [&str; 6] =
    ["tight-heap", "tight-cache", "unbounded-heap", "unbounded-cache", "disabled-gc", "debug-allocator"];

/// Rules of too large heaps and caches.
const HEAPS: [&[&str]; 5] = [&TOO_LARGE, &UNREAD, &BAD_SETTING, &NO_EFFECT, &LOOSE];

/// Rules of heap settings that do not count, or make the heap smaller than the limit allows.
const FULL_HEAP: [&[&str]; 4] =
    [&UNREAD, &BAD_SETTING, &NO_EFFECT, &["runtime-ignores-limit", "unbounded-heap", "disabled-gc"]];

/// Rules of limits that are too small for what runs.
const SMALL_LIMITS: [&str; 6] = [
    "memory-limit-below-minimum",
    "limit-below-image-minimum",
    "limit-below-peak",
    "limit-without-headroom",
    "several-processes",
    DIFFERS,
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
    DIFFERS,
];

const TMPFS: [&str; 2] = ["unsized-tmpfs", "shm-exceeds-limit"];
/// Rules of swap.
pub(super) const SWAP: [&str; 2] = ["missing-swap-limit", "unlimited-swap"];
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
/// The rule of an OOM killer that is off.
pub(super) const OFF: [&str; 1] = ["disabled-oom-killer"];
const NOT_APPLIED: [&str; 8] = [
    DIFFERS,
    "dropped-memory-value",
    "unknown-memory-key",
    "zero-memory-limit",
    "invalid-memory-value",
    "conflicting-limits",
    "swarm-ignores-key",
    "missing-memory-limit",
];

/// Every rule that may explain a verdict.
pub const RULES: &[&[&str]] = &[
    &TOO_LARGE,
    &UNREAD,
    &BAD_SETTING,
    &NO_EFFECT,
    &LOOSE,
    &SMALL_LIMITS,
    &HOST,
    &TMPFS,
    &SWAP,
    &PIDS,
    &STOP,
    &HEALTH,
    &SHM,
    &OFF,
    &NOT_APPLIED,
];

/// The rules that explain a verdict on this container, the most telling first.
pub(super) fn rules_of(subject: &Subject<'_>, verdict: Verdict) -> Vec<&'static str> {
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
            rules.extend(HEAPS);
            rules.push(&SMALL_LIMITS);
            if !shared && kills().all(|kill| kill.stats.shmem.or(kill.shmem).is_none()) {
                rules.push(&TMPFS);
            }
            if swapped {
                rules.push(&SWAP);
            }
        }
        Verdict::HostMemory => {
            rules.push(&HOST);
            rules.extend(HEAPS);
            rules.push(&TMPFS);
        }
        Verdict::Runtime => match subject.failed() {
            Some(log) if log.sign == Sign::Refused => {
                rules.extend(HEAPS);
                rules.push(&SMALL_LIMITS);
            }
            Some(log) if log.sign == Sign::BadSetting => rules.push(&BAD_SETTING),
            // Neither threads nor classes nor buffers are in the heap.
            Some(log) if full_heap_runtime(log).is_none() => {}
            _ => rules.extend(FULL_HEAP),
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

/// True if a finding of [`DIFFERS`] is of the memory limit: its places are those of the two limits.
pub(super) fn of_limit(finding: &Finding, subject: &Subject<'_>, sources: &Sources) -> bool {
    let (Some(written), Some(running)) = (subject.workload, subject.container) else { return false };
    let outer = |span| sources.to_outer_span(span);
    let limit = outer(running.memory.limit.span());
    outer(finding.primary.span) == outer(written.memory.limit.span())
        && finding.related.iter().any(|label| outer(label.span) == limit)
}
