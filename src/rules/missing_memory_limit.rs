//! `missing-memory-limit`

use super::estimate::limit_for;
use super::measured::Change;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Severity};
use crate::sizing::advise;
use crate::workload::{Bound, Kind, Project, Workload};

/// A container that may take the whole host.
pub(super) struct MissingMemoryLimit;

static META: Meta = Meta {
    name: "missing-memory-limit",
    summary: "a service has no memory limit and may take all of the host's memory",
    severity: Severity::Warning,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/missing-memory-limit.md"),
};

impl Rule for MissingMemoryLimit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        for workload in &project.workloads {
            limited(project, workload, sink);
        }
    }
}

fn limited(project: &Project, workload: &Workload, sink: &mut Sink<'_>) {
    if !workload.memory.limit.is_absent() || !workload.role.runs() {
        return;
    }
    let name = &workload.name;
    let label = match &workload.self_sizing {
        Some(what) => format!("no memory limit: {what}"),
        None => "no memory limit".to_owned(),
    };
    let policy = sink.policy();
    let mut finding = sink
        .report(workload.anchor, label, format!("`{name}` has no memory limit"))
        .of(workload)
        .via(&workload.via)
        .severity(workload.role.soften(META.severity))
        .folded("services have no memory limit")
        .note("one leak takes the host's memory, and the kernel then picks what to kill");
    if workload.measured.is_none() {
        finding = finding.help("with the number that fits, in the service:\n  mem_limit: 512m");
    }
    let sized = workload.heaps.iter().filter(|heap| !heap.assumed).find_map(|heap| {
        match heap.bound.known()?.value.bound {
            Bound::Bytes(size) => Some((heap.runtime, size)),
            Bound::Percent(_) => None,
        }
    });
    if let (Some(measured), Some(advice)) = (&workload.measured, advise(workload)) {
        finding = finding.note(format!("measured: {}", measured.describe())).note(advice.arithmetic());
        finding = advice.caveats.iter().fold(finding, |finding, caveat| finding.note(caveat));
        finding = Change { project, workload, advice: &advice, policy }.ask(finding);
    } else if let (Some((runtime, heap)), Kind::Service) = (sized, workload.kind) {
        let value = limit_for(runtime, heap).to_compose();
        let set = Request::Set {
            owner: workload.anchor,
            path: &["mem_limit"],
            value: value.clone(),
            after: "image",
        };
        finding = finding.ask(
            format!("a limit of {value}, with room beside the {} heap of {heap}", runtime.display_name()),
            Applicability::Unsafe,
            &["memory_limit"],
            vec![set],
        );
    }
    if let Some(reservation) = workload.memory.reservation.known() {
        let label = format!("a reservation of {} caps nothing", reservation.value);
        finding = finding.related(reservation.span, label);
    }
    for setting in workload.heaps.iter().filter_map(|heap| heap.bound.known()) {
        if let Bound::Percent(percent) = setting.value.bound {
            let label = format!("{percent} % of the host's memory without a limit");
            finding = finding.related(setting.span, label);
        }
    }
}
