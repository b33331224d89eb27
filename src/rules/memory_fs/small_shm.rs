//! The rule `small-shm`.

use crate::diagnostic::{Applicability, Confidence, FixOp, Severity};
use crate::rules::offer::Offer;
use crate::rules::{Preset, RuleContext, Target};
use crate::syntax::size::ByteSize;
use crate::workload::{FactName, Workload};

rule! {
    name: "small-shm",
    summary: "/dev/shm stays at 64 MiB for a program that is known to need more",
    severity: Warning,
    group: MemoryFs,
    preset: Recommended,
    check: Workload(check),
}

/// Reports a service whose program is known to need more of /dev/shm than Docker gives it.
fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some(needs) = &workload.memory.shared_memory else { return };
    let host = workload.service.ipc.is_unknown()
        || workload
            .service
            .ipc
            .value()
            .is_some_and(|ipc| !ipc.starts_with("private") && !ipc.starts_with("shareable"));
    let mounted = workload.service.mounts.iter().any(|mount| mount.target == "/dev/shm")
        || workload.service.tmpfs.iter().any(|mount| mount.target.as_str() == "/dev/shm");
    if !workload.service.shm_size.is_absent() || host || mounted || !workload.role.runs() {
        return;
    }
    let says = |flags: &[String]| {
        workload.words().any(|word| flags.iter().any(|flag| word.as_str().contains(flag.as_str())))
    };
    // A need that only some flags bring is reported without them under the strict preset.
    let asked = needs.only_flags.is_empty() || says(&needs.only_flags) || cx.preset() == Preset::Strict;
    if says(&needs.unless_flags) || !asked {
        return;
    }
    let name = &workload.name;
    let severity = if needs.only_flags.is_empty() { RULE.meta().severity } else { Severity::Note };
    let policy = cx.policy();
    let mut finding = cx.report(workload.anchor, format!("`{name}` has 64 MiB of /dev/shm"));
    finding
        .label("no `shm_size`: 64 MiB")
        .via(&workload.service.via)
        .severity(workload.role.soften(severity))
        .confidence(Confidence::Medium)
        .related(workload.image.base.span(), needs.why.as_str())
        .note("what is written there counts against the container's limit");
    let enough = ByteSize::parse_compose(&needs.enough).ok();
    let limit = workload.known_limit().map(|limit| limit.value);
    // Half of the limit is left for the rest. Swarm has no such key.
    let fits = enough.zip(limit).is_none_or(|(enough, limit)| enough.0 < limit.0 / 2);
    if policy.target == Target::Swarm || !fits || workload.memory.limit.is_unknown() {
        finding.help(format!("{} of /dev/shm are known to do, in a limit that holds them", needs.enough));
    } else if let Some(why) = offer.changed_elsewhere() {
        finding.help(format!("add `shm_size: <size>`, {} are known to do: {why}", needs.enough));
    } else {
        let path = &["shm_size"];
        let value = needs.enough.clone();
        let set = FixOp::Set { owner: workload.owner(), path, value, after: "image" };
        let title = format!("set `shm_size` to {}", needs.enough);
        finding.fix_ops(title, Applicability::Unsafe, &[FactName::ShmSize], vec![set]);
    }
}
