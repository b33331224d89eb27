//! The rule `build-only-shm-size`.

use super::shm;
use crate::rules::RuleContext;
use crate::rules::offer::Offer;
use crate::syntax::size::ByteSize;
use crate::workload::{Kind, Workload};

rule! {
    name: "build-only-shm-size",
    summary: "`shm_size` only below `build`: it applies to the build, not to the container",
    severity: Warning,
    group: MemoryFs,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    if workload.kind != Kind::Service {
        return;
    }
    let Some((key, size)) = shm::of_build(workload) else { return };
    let offer = Offer::of(workload, cx);
    let name = &workload.name;
    let message = format!("`{name}` runs with 64 MiB of /dev/shm: the {size} apply to its build only");
    let mut finding = cx.report(key.key, message);
    finding
        .label("applies to the build, not to the container")
        .via(&key.via)
        .severity(workload.role.soften(RULE.meta().severity))
        .related(workload.anchor, "no `shm_size` here")
        .note("files in /dev/shm count against the container's memory limit");
    let needed = workload.memory.shared_memory.as_ref();
    if let Some(needs) = needed {
        finding.related(workload.image.base.span(), needs.why.as_str());
    }
    let enough = needed.map(|needs| needs.enough.as_str());
    match enough.and_then(|enough| ByteSize::parse_compose(enough).ok()).filter(|enough| *enough > size) {
        Some(larger) => shm::offer_size(&mut finding, &offer, enough.unwrap_or_default(), Some(larger)),
        None => shm::offer_size(&mut finding, &offer, &key.template, Some(size)),
    }
}
