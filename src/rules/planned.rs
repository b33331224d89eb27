//! Findings of `oomlint fit`: services whose limit or reservation is not the planned one, each with the fix that sets it.
//!
//! It is no rule that people run: a plan is written through the same fixes, and verified like them.

use super::offer::{CHANGES, Offer};
use super::{Group, Meta, Preset, RuleContext};
use crate::capacity::Target;
use crate::diagnostic::{Applicability, FixOp, Severity};
use crate::hash::IndexMap;
use crate::workload::Workload;

/// The name and severity of its findings.
pub(crate) static META: Meta = Meta {
    name: "planned-limit",
    summary: "a limit that is not the planned one",
    severity: Severity::Warning,
    group: Group::Lint,
    preset: Preset::Minimal,
    page: "",
};

/// Reports every service of the project that differs from its target. `in_deploy` prefers new limits below `deploy`.
pub(crate) fn check((targets, in_deploy): (&IndexMap<String, Target>, bool), cx: &mut RuleContext<'_>) {
    let project = cx.project();
    for workload in &project.workloads {
        let Some(target) = targets.get(&workload.name) else { continue };
        let differs = workload.known_limit().is_none_or(|limit| limit.value != target.limit);
        let reservation = target.reservation.filter(|_| workload.memory.reservation.is_absent());
        if !differs && reservation.is_none() {
            continue;
        }
        let offer = Offer { prefer_deploy: in_deploy, ..Offer::of(workload, cx) };
        let ops = ops(&offer, target, differs);
        let name = &workload.name;
        cx.set_workload(workload);
        let mut finding = cx.report(workload.anchor, format!("`{name}` has another limit than planned"));
        if let Some(ops) = ops {
            let title = format!("a limit of {} for `{name}`", target.limit.to_compose());
            finding.fix_ops(title, Applicability::Unsafe, CHANGES, ops);
        }
    }
}

/// Returns what sets the target. `None` if a variable sets the limit.
fn ops(offer: &Offer<'_>, target: &Target, differs: bool) -> Option<Vec<FixOp>> {
    let workload: &Workload = offer.workload;
    if !differs {
        return target.reservation.map(|size| offer.set_reservation(size));
    }
    let varies = workload.limit_key().is_some_and(|key| key.text.varies());
    if varies { None } else { offer.set_limit(target.limit, target.reservation) }
}
