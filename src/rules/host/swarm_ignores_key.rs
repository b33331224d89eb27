//! The rule `swarm-ignores-key`.

use crate::rules::RuleContext;
use crate::rules::swarm::{self, Replacement, Row};
use crate::workload::Workload;

rule! {
    name: "swarm-ignores-key",
    summary: "a key that `docker stack deploy` accepts and ignores",
    severity: Warning,
    group: Host,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    swarm::report(workload, cx, IGNORED, "ignores", "ignored; only a log line says so");
}

/// The ignored keys and their replacements.
const IGNORED: &[Row] = &[
    (
        "shm_size",
        Replacement::Say(
            "mount a tmpfs of that size at /dev/shm: `type: tmpfs`, `target: /dev/shm`, `tmpfs: \
             {size: <bytes>}`",
        ),
    ),
    ("restart", Replacement::Restart),
    ("privileged", Replacement::Nothing),
    ("ipc", Replacement::Nothing),
    ("security_opt", Replacement::Nothing),
    ("devices", Replacement::Nothing),
    ("build", Replacement::Say("build and push it first: `image: <registry>/<name>`")),
];
