//! The rule `unbounded-cache`.

use crate::catalog::RuntimeName;
use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "unbounded-cache",
    summary: "a cache without a bound of its own: it grows until the kernel stops it",
    severity: Note,
    group: Heap,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    if !workload.role.runs() {
        return;
    }
    let unbounded = workload
        .pools
        .caches
        .iter()
        .filter(|cache| cache.runtime == RuntimeName::Redis && cache.bound.is_absent());
    for cache in unbounded {
        let name = &workload.name;
        let bound = workload.known_limit().map(|limit| limit.value.percent_in_mebibytes(75));
        cx.report(cache.program.span, format!("nothing bounds the data of `{name}`"))
            .label("without --maxmemory it keeps every key")
            .note("Redis takes no notice of the container's limit: it is killed with all of its data")
            .help(match bound {
                Some(mebibytes) => format!(
                    "bound it with `--maxmemory {mebibytes}mb`, three quarters of the limit: writes fail \
                     there, or with `--maxmemory-policy allkeys-lru` old keys go"
                ),
                None => "bound it with `--maxmemory <size>`, and with a memory limit a third above that"
                    .to_owned(),
            });
    }
}
