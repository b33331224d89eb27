//! The rule `shm-exceeds-limit`.

use crate::rules::RuleContext;
use crate::syntax::size::ByteSize;
use crate::workload::Workload;

rule! {
    name: "shm-exceeds-limit",
    summary: "/dev/shm and tmpfs that together can fill the memory limit",
    severity: Warning,
    group: MemoryFs,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(limit) = workload.known_limit() else { return };
    let sized = workload.service.tmpfs.iter().filter_map(|mount| mount.size.known());
    let parts: Vec<_> =
        workload.service.shm_size.known().into_iter().chain(sized).filter(|part| part.value.0 > 0).collect();
    let total = ByteSize(parts.iter().fold(0, |sum: i64, part| sum.saturating_add(part.value.0)));
    let Some((first, others)) = parts.split_first() else { return };
    if total < limit.value {
        return;
    }
    let mut finding = cx.report(
        first.span,
        format!("files in memory of `{}` may grow to {total}; its limit is {}", workload.name, limit.value),
    );
    finding
        .label(format!("{} of memory", first.value))
        .related(limit.span, format!("the kernel kills it at {}", limit.value))
        .note("files in /dev/shm and in a tmpfs count against the container's memory limit");
    for part in others {
        finding.related(part.span, format!("{} of memory", part.value));
    }
}
