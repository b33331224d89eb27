//! `small-shm`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Confidence, Severity};
use crate::workload::Workload;

/// Too little of /dev/shm.
pub(super) struct SmallShm;

static META: Meta = Meta {
    name: "small-shm",
    summary: "/dev/shm stays at 64 MiB for a program that is known to need more",
    severity: Severity::Warning,
    group: Group::MemoryFs,
    preset: Preset::Recommended,
    page: include_str!("../../rules/small-shm.md"),
};

impl Rule for SmallShm {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(needs) = &workload.shared_memory else { return };
        let host = workload.ipc.is_unknown()
            || workload
                .ipc
                .value()
                .is_some_and(|ipc| !ipc.starts_with("private") && !ipc.starts_with("shareable"));
        let mounted = workload.mounts.iter().any(|mount| mount.target == "/dev/shm")
            || workload.memory.tmpfs.iter().any(|mount| mount.target.as_str() == "/dev/shm");
        if !workload.memory.shm.is_absent() || host || mounted || !workload.role.runs() {
            return;
        }
        let says = |flags: &[String]| {
            workload.words().any(|word| flags.iter().any(|flag| word.as_str().contains(flag.as_str())))
        };
        // What it needs by chance alone is said to those who ask for everything.
        let asked = needs.only_flags.is_empty() || says(&needs.only_flags) || sink.preset() == Preset::Strict;
        if says(&needs.unless_flags) || !asked {
            return;
        }
        let name = &workload.name;
        let severity = if needs.only_flags.is_empty() { META.severity } else { Severity::Note };
        sink.report(workload.anchor, "no `shm_size`: 64 MiB", format!("`{name}` has 64 MiB of /dev/shm"))
            .of(workload)
            .via(&workload.via)
            .severity(workload.role.soften(severity))
            .confidence(Confidence::Medium)
            .related(workload.base.span(), needs.why.as_str())
            .note("what is written there counts against the container's limit")
            .help(format!("in the service:\n  shm_size: {}", needs.enough));
    }
}
