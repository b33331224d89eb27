//! The rule `invalid-memory-value`.

use crate::diagnostic::{Applicability, Edit};
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::{Offer, facts_of_size};
use crate::syntax::size::{ByteSize, SMALLEST_LIMIT};
use crate::workload::{Fact, SizeKey, SizeProblem, Why, Workload};

rule! {
    name: "invalid-memory-value",
    summary: "a size that Compose cannot read: it rejects the project",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    for mount in &workload.service.tmpfs {
        let Fact::Unknown { at, why: Why::Malformed(text) } = &mount.size else { continue };
        if !mount.option {
            continue;
        }
        let message = format!(
            "the kernel rejects `size={text}` of the tmpfs `{}` of `{}`",
            mount.target, workload.name
        );
        cx.report(*at, message)
            .label("the container does not start")
            .note("a mount option takes a whole number with at most one of k, m, g, and no `b`")
            .help("write it as in `size=64m`");
    }
    for key in &workload.service.size_keys {
        let Some(SizeProblem::Refused(upstream)) = &key.problem else { continue };
        let (name, text) = (key.name, key.text.as_str());
        let client = workload.launch().map_or("Compose".to_owned(), |launch| format!("`{}`", launch.command));
        let setting = if text.is_empty() { name.to_owned() } else { Form::of(workload).written(name, text) };
        // A key without a value has no place for it.
        let at = if key.size.is_absent() { key.key } else { key.size.span() };
        let message = format!("{client} rejects `{setting}` of `{}`", workload.name);
        let mut finding = cx.report(at, message);
        finding.label(upstream.as_str()).via(&key.via).note(match name {
            "mem_swappiness" => "a number from 0 to 100",
            _ => "units are b, k, m, g, t and p, with or without `b` or `iB`; all are binary",
        });
        if let Some(written) = suggestion(key) {
            let size = ByteSize::parse_compose(written.trim_matches('"')).ok();
            let fits = size.is_some_and(|size| offer.accepts(key, size));
            // What a variable from elsewhere sets is not in this file.
            if let Some(span) = key.text.verbatim_span().filter(|_| fits) {
                let edit = Edit { span, replacement: written.clone() };
                finding.fix(
                    format!("write `{written}`"),
                    Applicability::Safe,
                    facts_of_size(key),
                    vec![edit],
                );
            } else {
                finding.help(format!("write it as `{written}`, and check that the rest fits"));
            }
        }
    }
}

/// Returns the same size in a form that Compose reads. `None` if it is not clear what was meant.
fn suggestion(key: &SizeKey) -> Option<String> {
    let text = key.text.as_str();
    if key.bare {
        // `deploy.resources` takes strings only. Less than the engine's minimum was not meant as bytes: `1.5` lacks its unit.
        let is_meant = ByteSize::parse_compose(text).is_ok_and(|size| size >= SMALLEST_LIMIT);
        return is_meant.then(|| format!("\"{text}\""));
    }
    let joined: String = text.split_whitespace().collect();
    let lower = joined.to_ascii_lowercase();
    let candidates = [
        joined.clone(),
        format!("{joined}B"),
        joined.replace(',', "."),
        lower.strip_suffix("ytes").map(str::to_owned).unwrap_or_default(),
    ];
    candidates.into_iter().find(|candidate| ByteSize::parse_compose(candidate).is_ok_and(|size| size.0 > 0))
}
