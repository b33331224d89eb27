//! The rule `unsupported-base-image`.

use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::workload::Workload;

rule! {
    name: "unsupported-base-image",
    summary: "a base image, or a version of it, that is no longer maintained",
    severity: Note,
    group: Image,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let (Some(unsupported), Some(base)) = (&workload.image.unsupported, workload.image.base.known()) else {
        return;
    };
    if workload.role.fragment {
        return;
    }
    let reference = base.value.as_str();
    let label = match &unsupported.why {
        Some(why) => why.clone(),
        None => "end of life: no more security updates".to_owned(),
    };
    let message = match unsupported.why {
        Some(_) => format!("`{reference}` is deprecated"),
        None => format!("`{reference}` is no longer updated"),
    };
    let workloads = cx.project().workloads.iter();
    let share = workloads.filter(|other| !other.role.fragment && other.image.base.span() == base.span);
    let used_by: Vec<String> = share.map(|other| format!("`{}`", other.name)).collect();
    let mut finding = cx.report(base.span, message);
    finding.label(label).image(reference).via(&base.via);
    // Several services of one Dockerfile: one finding, in one place.
    if used_by.len() > 1 {
        finding.image_alone(reference).note(format!("the base of {}", used_by.join(", ")));
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
