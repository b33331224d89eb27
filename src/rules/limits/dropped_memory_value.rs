//! The rule `dropped-memory-value`.

use crate::diagnostic::{Applicability, Edit};
use crate::rules::RuleContext;
use crate::rules::offer::{Offer, facts_of_size};
use crate::syntax::size::{ByteSize, SMALLEST_LIMIT};
use crate::workload::{SizeProblem, Workload};

rule! {
    name: "dropped-memory-value",
    summary: "a size that Compose accepts and ignores: no limit is set",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    for key in &workload.service.size_keys {
        if key.problem != Some(SizeProblem::Dropped) {
            continue;
        }
        let (name, text) = (key.name, key.text.as_str());
        let mut finding =
            cx.report(key.size.span(), format!("`{name}: {text}` of `{}` has no effect", workload.name));
        finding
            .label("a float: ignored")
            .via(&key.via)
            .note("Compose reads integers and strings here; a float is accepted and the setting stays unset")
            .help("write it as a string with a unit, as in `512m`");
        // A float that is a plausible whole number of bytes is meant as such.
        let bytes = text.replace('_', "").parse::<f64>().ok().filter(|bytes| bytes.fract() == 0.0);
        let bytes = bytes.filter(|bytes| offer.accepts(key, ByteSize(*bytes as i64)));
        if let Some(bytes) = bytes.filter(|bytes| (SMALLEST_LIMIT.0 as f64..1e15).contains(bytes)) {
            let edit = Edit { span: key.size.span(), replacement: format!("{bytes:.0}") };
            finding.fix(format!("write `{bytes:.0}`"), Applicability::Unsafe, facts_of_size(key), vec![edit]);
        }
    }
}
