//! Facts about a service's /dev/shm, and advice to enlarge it.

use crate::diagnostic::{Applicability, FixOp};
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::rules::{FindingBuilder, Target};
use crate::syntax::size::ByteSize;
use crate::workload::{DEFAULT_SHM, FactName, SettingName, SizeKey, Workload};

/// True if a service runs with a /dev/shm of Docker's own size.
pub(super) fn is_default(workload: &Workload) -> bool {
    let service = &workload.service;
    let is_own = |ipc: &String| ipc.is_empty() || ipc.starts_with("private") || ipc.starts_with("shareable");
    let shared = service.ipc.is_unknown() || service.ipc.value().is_some_and(|ipc| !is_own(ipc));
    let is_shm = |target: &str| target.trim_end_matches('/') == "/dev/shm";
    let mounted = service.mounts.iter().any(|mount| is_shm(&mount.target))
        || service.open_mounts
        || service.tmpfs.iter().any(|mount| is_shm(mount.target.as_str()));
    service.shm_size.is_absent() && !shared && !mounted && workload.role.lasts()
}

/// Returns the `shm_size` of a build that was meant for the service: above the default, or for an image that needs more.
pub(super) fn of_build(workload: &Workload) -> Option<(&SizeKey, ByteSize)> {
    let key = workload.service.size_keys.iter().find(|key| key.name == "build.shm_size")?;
    let size = *key.size.value()?;
    let meant = size > DEFAULT_SHM || size.0 > 0 && workload.memory.shared_memory.is_some();
    (meant && is_default(workload)).then_some((key, size))
}

/// Adds a fix that sets `shm_size`, or help where that is not read or does not fit the limit.
pub(super) fn offer_size(
    finding: &mut FindingBuilder<'_>,
    offer: &Offer<'_>,
    written: &str,
    size: Option<ByteSize>,
) {
    let workload = offer.workload;
    let limit = workload.known_limit().map(|limit| limit.value);
    let form = Form::of(workload);
    let add = format!("add `{}` to the {}", form.setting(SettingName::SHM_SIZE, written), form.noun());
    // Half of the limit is left for the rest.
    let fits = size.zip(limit).is_none_or(|(size, limit)| size.0 < limit.0 / 2);
    if let Some(help) = in_swarm(offer, written) {
        finding.help(help);
    } else if !fits || workload.memory.limit.is_unknown() {
        finding.help(format!("{add}, within its memory limit"));
    } else if let Some(why) = offer.changed_elsewhere() {
        finding.help(format!("{add}; {why}"));
    } else {
        let path = &["shm_size"];
        let set = FixOp::Set { owner: workload.owner(), path, value: written.to_owned(), after: "image" };
        let title = format!("set `{}` of `{}` to {written}", form.name(SettingName::SHM_SIZE), workload.name);
        finding.fix_ops(title, Applicability::Unsafe, &[FactName::ShmSize], vec![set]);
    }
}

/// Returns the help for a /dev/shm of this size where Swarm runs the workload, which has no `shm_size`. `None` elsewhere.
pub(super) fn in_swarm(offer: &Offer<'_>, written: &str) -> Option<String> {
    if offer.policy.target != Target::Swarm && !offer.project.for_swarm {
        return None;
    }
    Some(match offer.workload.launch() {
        Some(_) => format!(
            "write `--mount type=tmpfs,destination=/dev/shm,tmpfs-size={written}`, within the memory limit"
        ),
        None => format!(
            "Swarm reads no `shm_size`: mount a tmpfs of {written} at /dev/shm, within the memory limit: \
             `type: tmpfs`, `target: /dev/shm`, `tmpfs: {{size: <bytes>}}`"
        ),
    })
}
