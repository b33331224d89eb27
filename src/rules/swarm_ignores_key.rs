//! `swarm-ignores-key`

use super::swarm::{self, Instead, Row};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Project;

/// A key that Swarm drops.
pub(super) struct SwarmIgnoresKey;

static META: Meta = Meta {
    name: "swarm-ignores-key",
    summary: "a key that `docker stack deploy` takes and forgets",
    severity: Severity::Warning,
    group: Group::Host,
    preset: Preset::Recommended,
    page: include_str!("../../rules/swarm-ignores-key.md"),
};

impl Rule for SwarmIgnoresKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        swarm::report(project, sink, IGNORED, "ignores", "dropped with a note that scrolls by");
    }
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
