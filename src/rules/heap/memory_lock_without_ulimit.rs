//! The rule `memory-lock-without-ulimit`.

use crate::diagnostic::{Applicability, FixOp, Severity};
use crate::rules::RuleContext;
use crate::workload::{FactName, Kind, Workload};

rule! {
    name: "memory-lock-without-ulimit",
    summary: "memory locking is requested, but the memlock ulimit does not allow it",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let asked = workload.variable("bootstrap.memory_lock");
    let Some(asked) = asked.known().filter(|value| value.value.as_str() == "true") else { return };
    let limit = workload.service.ulimits.get("memlock");
    if workload.service.open_ulimits && limit.is_none() {
        return;
    }
    if workload.kind == Kind::Image || limit.is_some_and(|limit| limit.value == (-1, -1)) {
        return;
    }
    // A single node only warns: the checks at the start are enforced in clusters.
    let alone = workload.variable("discovery.type");
    let alone = alone.value().is_some_and(|kind| kind.as_str() == "single-node");
    let name = &workload.name;
    let mut finding =
        cx.report(asked.span, format!("`{name}` locks its memory, but its memlock ulimit is not set"));
    finding
        .label("asks the kernel to keep the heap in memory")
        .via(&asked.via)
        .severity(if alone { Severity::Warning } else { RULE.meta().severity })
        .note(if alone {
            "if Docker's default memlock ulimit is too low, the node only logs it, and its heap may be swapped out"
        } else {
            "if Docker's default memlock ulimit is too low, the node stops: `memory locking \
             requested … but memory is not locked`"
        });
    match limit {
        Some(limit) => {
            finding
                .related(limit.span, format!("{} bytes", limit.value.0))
                .help("set both `soft` and `hard` of `memlock` to -1");
        }
        None => {
            let set = FixOp::Set {
                owner: workload.owner(),
                path: &["ulimits", "memlock"],
                value: "-1".to_owned(),
                after: "environment",
            };
            finding.fix_ops("allow it", Applicability::Unsafe, &[FactName::Ulimits], vec![set]);
        }
    }
}
