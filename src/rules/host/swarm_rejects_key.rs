//! The rule `swarm-rejects-key`.

use crate::rules::RuleContext;
use crate::rules::swarm::{self, Replacement, Row};
use crate::workload::Workload;

rule! {
    name: "swarm-rejects-key",
    summary: "a key that `docker stack deploy` rejects",
    severity: Error,
    group: Host,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    swarm::report(workload, cx, REFUSED, "refuses", "the stack is not deployed");
}

/// The rejected keys and their replacements.
const REFUSED: &[Row] = &[
    ("mem_limit", Replacement::Below(&["deploy", "resources", "limits", "memory"])),
    ("mem_reservation", Replacement::Below(&["deploy", "resources", "reservations", "memory"])),
    ("memswap_limit", Replacement::Nothing),
    ("mem_swappiness", Replacement::Nothing),
    ("oom_kill_disable", Replacement::Nothing),
    ("pids_limit", Replacement::Below(&["deploy", "resources", "limits", "pids"])),
    ("cpus", Replacement::Below(&["deploy", "resources", "limits", "cpus"])),
    ("cpu_quota", Replacement::Say("write it as `deploy.resources.limits.cpus: <number>`")),
    ("cpu_shares", Replacement::Nothing),
    ("cpuset", Replacement::Nothing),
    ("scale", Replacement::Below(&["deploy", "replicas"])),
    ("extends", Replacement::Nothing),
    ("volumes_from", Replacement::Nothing),
    ("profiles", Replacement::Nothing),
    ("develop", Replacement::Nothing),
    ("gpus", Replacement::Nothing),
    ("runtime", Replacement::Nothing),
    ("storage_opt", Replacement::Nothing),
    ("platform", Replacement::Nothing),
    ("deploy.resources.reservations.devices", Replacement::Nothing),
    ("provider", Replacement::Nothing),
];
