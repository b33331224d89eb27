//! The rule `overridden-instruction`.

use crate::diagnostic::{Applicability, FixOp};
use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "overridden-instruction",
    summary: "a second CMD, ENTRYPOINT or HEALTHCHECK in one stage: only the last counts",
    severity: Warning,
    group: Process,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(build) = &workload.build else { return };
    let image = workload.image.base.value().map(|base| base.as_str()).unwrap_or_default();
    for instruction in &build.overridden {
        let keyword = instruction.keyword;
        let mut finding =
            cx.report(instruction.span, format!("this {keyword} has no effect: its stage has another one"));
        finding
            .label("replaced")
            .image_alone(image)
            .related(instruction.by, format!("the {keyword} that counts"))
            .note(match keyword {
                "HEALTHCHECK" => {
                    "a container has one healthcheck: to check two things, combine them in one command"
                }
                "CMD" => "a container starts one program: use two services, or one script",
                _ => "a container has one entrypoint",
            });
        let title = format!("remove this {keyword}: it is never used");
        // The comments between its lines may be worth keeping.
        if instruction.has_comments {
            finding.help(title);
            continue;
        }
        let lines = FixOp::RemoveLines { lines: instruction.span };
        finding.fix_ops(title, Applicability::Safe, &[], vec![lines]);
    }
}
