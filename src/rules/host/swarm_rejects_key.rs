//! `swarm-rejects-key`

use crate::rules::Sink;
use crate::rules::swarm::{self, Instead, Row};
use crate::workload::Project;

rule! {
    name: "swarm-rejects-key",
    summary: "a key that `docker stack deploy` refuses",
    severity: Error,
    group: Host,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    swarm::report(project, sink, REFUSED, "refuses", "the stack is not deployed");
}

/// What is refused, and what takes its place.
const REFUSED: &[Row] = &[
    ("mem_limit", Instead::Below(&["deploy", "resources", "limits", "memory"])),
    ("mem_reservation", Instead::Below(&["deploy", "resources", "reservations", "memory"])),
    ("memswap_limit", Instead::Nothing),
    ("mem_swappiness", Instead::Nothing),
    ("oom_kill_disable", Instead::Nothing),
    ("pids_limit", Instead::Below(&["deploy", "resources", "limits", "pids"])),
    ("cpus", Instead::Below(&["deploy", "resources", "limits", "cpus"])),
    ("cpu_quota", Instead::Say("write it as `deploy.resources.limits.cpus: <number>`")),
    ("cpu_shares", Instead::Nothing),
    ("cpuset", Instead::Nothing),
    ("scale", Instead::Below(&["deploy", "replicas"])),
    ("extends", Instead::Nothing),
    ("volumes_from", Instead::Nothing),
    ("profiles", Instead::Nothing),
    ("develop", Instead::Nothing),
    ("gpus", Instead::Nothing),
    ("runtime", Instead::Nothing),
    ("storage_opt", Instead::Nothing),
    ("platform", Instead::Nothing),
    ("deploy.resources.reservations.devices", Instead::Nothing),
    ("provider", Instead::Nothing),
];
