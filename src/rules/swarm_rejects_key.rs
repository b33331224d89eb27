//! `swarm-rejects-key`

use super::Target;
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
        if sink.policy().target != Target::Swarm {
            return;
        }
        for key in &workload.keys {
            let Some((_, instead)) = REFUSED.iter().find(|(name, _)| *name == key.value) else { continue };
            let finding = sink
                .report(
                    key.span,
                    "the stack is not deployed",
                    format!("`docker stack deploy` refuses `{}` of `{}`", key.value, workload.name),
                )
                .of(workload)
                .via(&key.via);
            if !instead.is_empty() {
                finding.help(format!("Swarm's own:\n  {}", instead.replace('\n', "\n  ")));
            }
        }
    }
}

/// What is refused, and what takes its place.
const REFUSED: [(&str, &str); 21] = [
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
