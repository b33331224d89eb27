//! The rule `unbounded-cache`.

use crate::catalog::RuntimeName;
use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "unbounded-cache",
    summary: "a cache without a limit of its own: it grows until the kernel kills it",
    severity: Note,
    group: Heap,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    if !workload.role.lasts() {
        return;
    }
    let unbounded = workload
        .pools
        .caches
        .iter()
        .filter(|cache| cache.runtime == RuntimeName::Redis && cache.bound.is_absent());
    for cache in unbounded {
        let name = &workload.name;
        let limit = workload.known_limit().map(|limit| limit.value);
        cx.report(cache.program.span, format!("the data of `{name}` has no limit: `maxmemory` is not set"))
            .label("no `--maxmemory`: it grows until it is killed")
            .note("Redis does not read the container's limit: it is killed there, and unsaved data is lost")
            .help(match limit.map(|limit| (limit, limit.useful_percent(75))) {
                Some((_, Some(mebibytes))) => format!(
                    "limit it with `--maxmemory {mebibytes}mb`, three quarters of the limit: writes then fail at that size, or with `--maxmemory-policy allkeys-lru` old keys are evicted"
                ),
                Some((limit, None)) => format!(
                    "raise the limit of {limit} first: little of it is left for data; then set `--maxmemory` to three quarters of it"
                ),
                None => "limit it with `--maxmemory <size>`, for a cache with `--maxmemory-policy allkeys-lru` (without it writes fail at that size), and set the memory limit to about 1.3 times that"
                    .to_owned(),
            });
    }
}
