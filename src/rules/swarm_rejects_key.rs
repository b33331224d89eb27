//! `swarm-rejects-key`

use super::swarm::{self, Row};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A key that Swarm does not take.
pub(super) struct SwarmRejectsKey;

static META: Meta = Meta {
    name: "swarm-rejects-key",
    summary: "a key that `docker stack deploy` refuses",
    severity: Severity::Error,
    group: Group::Host,
    preset: Preset::Recommended,
    page: include_str!("../../rules/swarm-rejects-key.md"),
};

impl Rule for SwarmRejectsKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        swarm::report(workload, sink, REFUSED, "refuses", "the stack is not deployed");
    }
}

/// What is refused, and what takes its place.
const REFUSED: &[Row] = &[
    ("mem_limit", "deploy:\n  resources:\n    limits:\n      memory: 512M"),
    ("mem_reservation", "deploy:\n  resources:\n    reservations:\n      memory: 256M"),
    ("memswap_limit", ""),
    ("mem_swappiness", ""),
    ("oom_kill_disable", ""),
    ("pids_limit", "deploy:\n  resources:\n    limits:\n      pids: 100"),
    ("cpus", "deploy:\n  resources:\n    limits:\n      cpus: \"0.5\""),
    ("cpu_quota", "deploy:\n  resources:\n    limits:\n      cpus: \"0.5\""),
    ("cpu_shares", ""),
    ("cpuset", ""),
    ("scale", "deploy:\n  replicas: 2"),
    ("extends", ""),
    ("volumes_from", ""),
    ("profiles", ""),
    ("develop", ""),
    ("gpus", ""),
    ("runtime", ""),
    ("storage_opt", ""),
    ("platform", ""),
    ("deploy.resources.reservations.devices", ""),
    ("provider", ""),
];
