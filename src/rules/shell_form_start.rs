//! `shell-form-start`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Kind, Workload};

/// A shell that keeps the signal.
pub(super) struct ShellFormStart;

static META: Meta = Meta {
    name: "shell-form-start",
    summary: "a shell stays process 1: SIGTERM does not reach the program",
    severity: Severity::Note,
    group: Group::Process,
    preset: Preset::Recommended,
    page: include_str!("../../rules/shell-form-start.md"),
};

impl Rule for ShellFormStart {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(span) = workload.lingering_shell else { return };
        let init = match workload.kind {
            Kind::Service => !workload.init.is_absent() && workload.init.value() != Some(&false),
            Kind::Image => false,
        };
        if init || workload.role.one_shot || !workload.role.runs() {
            return;
        }
        let name = &workload.name;
        sink.report(
            span,
            "runs below `sh`, which is process 1",
            format!("a shell keeps SIGTERM from the program of `{name}`"),
        )
        .of(workload)
        .note("`docker stop` waits ten seconds and kills it: nothing is flushed, no connection is closed")
        .help("the program in the shell's place, in front of the last command:\n  exec");
    }
}
