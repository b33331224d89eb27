//! Windows containers.
//!
//! Their engine refuses the settings of cgroups, such as `memswap_limit`, `mem_reservation` and `pids_limit` (moby
//! `daemon/daemon_windows.go`, `verifyContainerResources`), and has no `local` log driver (`daemon/logdrivers_windows.go`).

use super::{ImageFacts, Mount, NoProbe, Service, Workload};
use crate::model::reference::is_windows_platform;

/// True for the container of a service that is known to be one: by its platform, its image, its Dockerfile, or a mount.
pub(super) fn is_windows(service: &Service, facts: &ImageFacts) -> bool {
    match service.platform.value() {
        Some(platform) => is_windows_platform(platform),
        None => facts.windows || service.mounts.iter().any(is_windows_mount),
    }
}

/// True for a mount at a place that only Windows has: `C:\data`, or a named pipe.
fn is_windows_mount(mount: &Mount) -> bool {
    let mut target = mount.target.chars();
    let drive = target.next().is_some_and(|first| first.is_ascii_alphabetic()) && target.next() == Some(':');
    drive || mount.target.starts_with(r"\\.\pipe\")
}

/// Takes the other services of a stack for Windows containers, too, where one is: one engine runs all of them. Not those of a Swarm, which
/// may have nodes of both kinds, and none with a platform of its own.
pub(super) fn spread(workloads: &mut [Workload]) {
    if workloads.iter().any(|workload| workload.windows) && !workloads.iter().any(Workload::is_for_swarm) {
        for workload in workloads.iter_mut().filter(|workload| workload.service.platform.is_absent()) {
            workload.windows = true;
        }
    }
    for workload in workloads.iter_mut().filter(|workload| workload.windows) {
        workload.health.probe = Err(NoProbe {
            why: "it is a Windows container, and what its image has is not known".to_owned(),
            ..NoProbe::default()
        });
    }
}
