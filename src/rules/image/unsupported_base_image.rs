//! The rule `unsupported-base-image`.

use crate::hash::IndexMap;
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::source::Span;
use crate::workload::{Project, Workload};

rule! {
    name: "unsupported-base-image",
    summary: "a base image, or a version of it, that is no longer maintained",
    severity: Note,
    group: Image,
    preset: Recommended,
    check: Project(check),
}

/// The most services that a finding names.
const NAMED: usize = 5;

fn check(_: &Project, cx: &mut RuleContext<'_>) {
    // A build argument may name another image in the same place.
    let mut by_base: IndexMap<(Span, &str), Vec<&Workload>> = IndexMap::default();
    for workload in &cx.project().workloads {
        if let (false, Some(base)) = (workload.role.fragment, workload.image.base.known()) {
            by_base.entry((base.span, base.value.as_str())).or_default().push(workload);
        }
    }
    for sharing in by_base.into_values() {
        if let Some(first) = sharing.first() {
            cx.set_workload(first);
            one(first, &sharing, cx);
        }
    }
}

/// Reports a base image in its place, once for all services that share it: those of one Dockerfile, or of one anchor.
fn one(workload: &Workload, sharing: &[&Workload], cx: &mut RuleContext<'_>) {
    let (Some(unsupported), Some(base)) = (&workload.image.unsupported, workload.image.base.known()) else {
        return;
    };
    let reference = base.value.as_str();
    let label = match &unsupported.why {
        Some(why) => why.clone(),
        None => "end of life: no more security updates".to_owned(),
    };
    let message = match unsupported.why {
        Some(_) => format!("`{reference}` is deprecated"),
        None => format!("`{reference}` is no longer updated"),
    };
    let mut finding = cx.report(base.span, message);
    finding.label(label).image(reference).via(&base.via);
    if sharing.len() > 1 {
        let names: Vec<String> = sharing.iter().take(NAMED).map(|own| format!("`{}`", own.name)).collect();
        let more = match sharing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        finding.image_alone(reference).note(format!("the base of {}{more}", names.join(", ")));
    }
    if let Some(replacement) = &unsupported.replacement {
        finding.help(format!("use `{replacement}` instead"));
    } else if !unsupported.lines.is_empty() {
        let mut help = format!("supported versions: {}", unsupported.lines.join(", "));
        if let Some(upgrade) = &unsupported.upgrade {
            help = format!(
                "{help}; {}; the newer version's release notes list the clients and settings that it rejects",
                upgrade.how
            );
            if let Some(option) = &unsupported.refused {
                help = match option.starts_with('-') {
                    true => format!("{help}; the newest does not start with `{option}`: remove it"),
                    false => {
                        let noun = Form::of(workload).noun();
                        format!("{help}; the newest has no `{option}`, which this {noun} calls")
                    }
                };
            }
        }
        finding.help(help);
    }
}
