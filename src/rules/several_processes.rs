//! `several-processes`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// More than one program.
pub(super) struct SeveralProcesses;

static META: Meta = Meta {
    name: "several-processes",
    summary: "a container that starts several programs: one limit for all of them",
    severity: Severity::Note,
    group: Group::Process,
    preset: Preset::Strict,
    page: include_str!("../../rules/several-processes.md"),
};

impl Rule for SeveralProcesses {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(span) = workload.several_processes else { return };
        let name = &workload.name;
        sink.report(span, "more than one program starts here", format!("`{name}` runs several programs under one limit"))
            .of(workload)
            .note("when one of them takes too much, the kernel picks which to kill; the container runs on without it")
            .help("a service for each, with a limit and a healthcheck of its own");
    }
}
