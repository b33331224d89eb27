//! The rule `conflicting-limits`.

use crate::diagnostic::{Applicability, FixOp};
use crate::rules::RuleContext;
use crate::rules::offer::{Offer, as_string};
use crate::source::Spanned;
use crate::workload::{FactName, Workload};

rule! {
    name: "conflicting-limits",
    summary: "one setting with two values: Compose rejects the project",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

/// The facts that may change when one spelling is removed.
const CHANGES: &[FactName] = &[
    FactName::MemoryLimit,
    FactName::MemoryReservation,
    FactName::Cpus,
    FactName::PidsLimit,
    FactName::Replicas,
];

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let project = cx.project();
    for conflict in &workload.service.conflicts {
        let (short, long) = (conflict.short, conflict.long);
        let (span, label) = match &conflict.long_value {
            Ok(value) => (value.span, format!("… and {} here", value.value)),
            Err(block) => {
                let member = long.rsplit('.').next().unwrap_or(long);
                (*block, format!("… and no `{member}` in this block, which counts as 0"))
            }
        };
        let value = &conflict.short_value;
        let mut finding = cx.report(
            value.span,
            format!("Compose rejects `{}`: `{short}` and `{long}` differ", workload.name),
        );
        finding
            .label(format!("{} here, …", value.value))
            .via(&value.via)
            .related(span, label)
            .note(format!(
                "services.{}: can't set distinct values on '{short}' and '{long}': invalid compose project",
                workload.name
            ))
            .help("keep one spelling, or write the same value in both");
        // Others that have the key may have no block.
        let key = workload.removable_key(short).filter(|key| !project.is_shared_key(*key));
        let alone = offer.changed_elsewhere().is_none();
        if let (Err(block), Some(path), Some(key)) = (&conflict.long_value, member(long), key)
            && alone
            && !project.is_shared_key(*block)
        {
            // Below `deploy` a size has to be a string.
            let is_number = path == ["pids"] && !conflict.template.contains('$');
            let text = if is_number { value.value.clone() } else { as_string(&conflict.template) };
            let moved = FixOp::Move { key, owner: *block, path, value: text };
            finding.fix_ops(format!("move `{short}` into the block"), Applicability::Safe, &[], vec![moved]);
        }
        // A value from another file may be missing when this one is read.
        let together = |kept: &Spanned<String>| {
            let files = [kept.span.file, value.span.file, workload.anchor.file];
            kept.via.is_empty() && value.via.is_empty() && files.iter().all(|file| *file == files[0])
        };
        if let (Ok(kept), Some(key)) = (&conflict.long_value, key)
            && together(kept)
            && alone
        {
            finding.fix_ops(
                format!("keep {} of `{long}`", kept.value),
                Applicability::Unsafe,
                CHANGES,
                vec![FixOp::Remove { key }],
            );
        }
    }
}

/// Returns the path of the key within its block.
fn member(long: &str) -> Option<&'static [&'static str]> {
    match long.rsplit('.').next() {
        Some("memory") => Some(&["memory"]),
        Some("cpus") => Some(&["cpus"]),
        Some("pids") => Some(&["pids"]),
        _ => None,
    }
}
