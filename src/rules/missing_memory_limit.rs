//! `missing-memory-limit`

use super::measured::Change;
use super::offer::Offer;
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::sizing::advise;
use crate::workload::{Bound, Project};

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
        for offer in Offer::each(project, sink.policy()) {
            limited(&offer, sink);
        }
    }
}

fn limited(offer: &Offer<'_>, sink: &mut Sink<'_>) {
    let workload = offer.workload;
    if !workload.memory.limit.is_absent() || !workload.role.runs() {
        return;
    }
    let name = &workload.name;
    let label = match &workload.self_sizing {
        Some(what) => format!("no memory limit: {what}"),
        None => "no memory limit".to_owned(),
    };
    let mut finding = sink
        .report(workload.anchor, label, format!("`{name}` has no memory limit"))
        .of(workload)
        .via(&workload.via)
        .severity(workload.role.soften(META.severity))
        .folded("services have no memory limit")
        .note("one leak takes the host's memory, and the kernel then picks what to kill");
    if let (Some(measured), Some(advice)) = (&workload.measured, advise(workload)) {
        finding = Change { offer: *offer, measured, advice: &advice }.ask(finding);
    } else {
        finding = offer.limit(finding);
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
