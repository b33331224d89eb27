//! `swarm-ignores-key`

use crate::rules::Sink;
use crate::rules::swarm::{self, Instead, Row};
use crate::workload::Project;

rule! {
    name: "swarm-ignores-key",
    summary: "a key that `docker stack deploy` takes and forgets",
    severity: Warning,
    group: Host,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, sink: &mut Sink<'_>) {
    swarm::report(project, sink, IGNORED, "ignores", "dropped with a note that scrolls by");
}

/// What is dropped, and what takes its place.
const IGNORED: &[Row] = &[
    (
        "shm_size",
        Instead::Say(
            "mount a tmpfs of that size at /dev/shm: `type: tmpfs`, `target: /dev/shm`, `tmpfs: {size: <bytes>}`",
        ),
    ),
    ("restart", Instead::Restart),
    ("privileged", Instead::Nothing),
    ("ipc", Instead::Nothing),
    ("security_opt", Instead::Nothing),
    ("devices", Instead::Nothing),
    ("build", Instead::Say("build and push it before: `image: <registry>/<name>`")),
];
