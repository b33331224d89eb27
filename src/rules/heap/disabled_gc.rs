//! The rule `disabled-gc`.

use crate::diagnostic::{Applicability, Severity};
use crate::rules::RuleContext;
use crate::rules::offer::{Offer, set_words};
use crate::workload::{FactName, Kind, Workload};

rule! {
    name: "disabled-gc",
    summary: "the Go garbage collector is off and no memory limit turns it back on",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let collector = workload.variable("GOGC");
    let Some(off) = collector.known().filter(|value| value.value.as_str() == "off") else { return };
    let target = workload.variable("GOMEMLIMIT");
    let none = match target.value() {
        Some(value) => matches!(value.as_str(), "" | "off"),
        None => target.is_absent(),
    };
    if !none {
        return;
    }
    let mut finding = cx.report(
        off.span,
        format!("`{}` turns the Go garbage collector off and sets no GOMEMLIMIT", workload.name),
    );
    finding
        .label("the garbage collector never runs")
        .via(&off.via)
        .note("memory is never freed, until the kernel kills the process");
    // `GOMEMLIMIT` may be set when the image is started.
    if workload.kind == Kind::Image {
        finding.severity(Severity::Warning);
    }
    let limit = offer.settled_limit().filter(|_| target.is_absent());
    let value = limit.and_then(|limit| Some(format!("{}MiB", limit.useful_percent(90)?)));
    match value.and_then(|value| Some((set_words(&offer, "GOMEMLIMIT", &value)?, value))) {
        Some(((ops, edits), value)) => {
            let title = format!("set `GOMEMLIMIT` to {value}, nine tenths of the limit");
            finding.fix_with_ops(title, Applicability::Unsafe, &[FactName::Env, FactName::Heaps], edits, ops);
        }
        None => {
            finding
                .help("set `GOMEMLIMIT=<size>` below the memory limit: the collector then runs when memory gets short");
        }
    }
}
