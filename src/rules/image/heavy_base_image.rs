//! The rule `heavy-base-image`.

use crate::diagnostic::{Applicability, Confidence, Edit};
use crate::rules::RuleContext;
use crate::workload::{FactName, LighterKind, Workload};

rule! {
    name: "heavy-base-image",
    summary: "the final stage uses a base image that has a smaller variant",
    severity: Note,
    group: Image,
    preset: Recommended,
    check: Workload(check),
}

/// The facts that another base image may change.
const IMAGE: &[FactName] = &[
    FactName::BaseImage,
    FactName::Start,
    FactName::Healthcheck,
    FactName::Env,
    FactName::Heaps,
    FactName::Caches,
];

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let (Some(base), Some(lighter)) = (workload.image.base.known(), &workload.image.lighter_base) else {
        return;
    };
    if workload.role.never_runs {
        return;
    }
    let reference = base.value.as_str();
    let message = match lighter.kind {
        LighterKind::DropIn | LighterKind::Line => {
            format!("`{reference}` is larger than `{}`", lighter.reference)
        }
        LighterKind::MultiStage => {
            format!("`{reference}` puts a build toolchain into the final image")
        }
    };
    let label = match (lighter.size_now, lighter.size_then) {
        (Some(now), Some(then)) => format!("{now} to pull, `{}` is {then}", lighter.reference),
        _ => format!("the final stage can use `{}`", lighter.reference),
    };
    let price = match lighter.kind {
        LighterKind::DropIn | LighterKind::Line => format!("the smaller image has {}", lighter.cost),
        LighterKind::MultiStage => format!("a smaller one takes {}", lighter.cost),
    };
    let mut finding = cx.report(base.span, message);
    finding
        .label(label)
        .image_alone(reference)
        .via(&base.via)
        .confidence(Confidence::Medium)
        .note(format!("{}; {price}", lighter.why))
        .note("this costs disk and pull time, not memory");
    if let Some(lost) = &lighter.lost {
        finding.note(lost.as_str());
    }
    if lighter.may_compile {
        finding.note("a package without a prebuilt binary needs a compiler, which the smaller image lacks");
    }
    if let Some(script) = &lighter.unread {
        finding
            .note(format!("`{script}`, which starts, was not read: it may use what the smaller image lacks"));
    }
    if let Some(tool) = &lighter.needed {
        let then = match lighter.kind {
            LighterKind::MultiStage => "there".to_owned(),
            LighterKind::DropIn | LighterKind::Line => format!("`{}`", lighter.reference),
        };
        let lacks = match lighter.needed_by_wrapper {
            true => format!("`{}` needs a JDK, which is not in {then}", tool.value),
            false => format!("`{}` is not in {then}", tool.value),
        };
        finding.related(tool.span, lacks).help(format!(
            "run `{}` in a separate stage, and copy the result:\n  FROM {reference} AS build\n  …\n  FROM {}\n  COPY --from=build …",
            tool.value, lighter.reference
        ));
        return;
    }
    match lighter.kind {
        LighterKind::DropIn => {
            let edit = Edit { span: base.span, replacement: lighter.reference.clone() };
            let title = format!("use `{}` as the base image", lighter.reference);
            // Only a reference that is written without variables can be replaced.
            if base.span.len() == reference.len() && lighter.unread.is_none() {
                finding.fix(title, Applicability::Unsafe, IMAGE, vec![edit]);
            } else {
                finding.help(title);
            }
        }
        LighterKind::Line => {
            finding.help(format!(
                "a smaller image of the same version line; its tag moves with new releases:\n  FROM {}",
                lighter.reference
            ));
        }
        LighterKind::MultiStage => {
            finding.help(format!(
                "build in this image, and copy the result into a final stage:\n  FROM {reference} AS \
                 build\n  …\n  FROM {}\n  COPY --from=build …",
                lighter.reference
            ));
        }
    }
}
