//! The rule `unknown-memory-key`.

use crate::diagnostic::{Applicability, Edit};
use crate::rules::{RuleContext, Target};
use crate::workload::{Element, FactName, Kind, Workload};

rule! {
    name: "unknown-memory-key",
    summary: "an unknown key that was meant to be a memory key",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

/// The facts that such a key may set.
const SIZES: &[FactName] = &[
    FactName::MemoryLimit,
    FactName::MemoryReservation,
    FactName::SwapLimit,
    FactName::ShmSize,
    FactName::Cpus,
    FactName::PidsLimit,
];

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for unknown in &workload.service.unknown_keys {
        let (key, meant) = (unknown.key.value.as_str(), unknown.meant);
        let dot = if unknown.place.is_empty() { "" } else { "." };
        // Only a service has `deploy`: for others it is no key to point to.
        if workload.kind != Kind::Service && meant.starts_with("deploy") {
            continue;
        }
        let place = format!("services.{}{dot}{}", workload.name, unknown.place);
        let refusal = match &workload.service.element {
            Element::Service | Element::Described(_) => {
                format!("{place} additional properties '{key}' not allowed")
            }
            Element::Job => format!("jobs.{}.{key} false schema", workload.name),
            Element::PreStart(step) => {
                format!("services.{}.pre_start.{}.{key} false schema", step.service, step.index)
            }
        };
        let target = cx.policy().target;
        let mut finding =
            cx.report(unknown.key.span, format!("Compose rejects the key `{key}` of `{}`", workload.name));
        finding.label(format!("did you mean `{meant}`?")).via(&unknown.key.via).note(refusal);
        // It can only be renamed to a key of the same mapping.
        let there = meant.strip_prefix(&format!("{}{dot}", unknown.place)).filter(|rest| !rest.contains('.'));
        // For Swarm, the right key of a service would be a mistake, too.
        let taken = target == Target::Compose || !unknown.place.is_empty();
        if let Some(there) = there.filter(|_| taken) {
            let edit = Edit { span: unknown.key.span, replacement: there.to_owned() };
            finding.fix(format!("write `{there}`"), Applicability::Safe, SIZES, vec![edit]);
        }
    }
}
