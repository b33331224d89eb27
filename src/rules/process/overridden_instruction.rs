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
                "HEALTHCHECK" => "a container has one probe: to check two things, one command has to do both",
                "CMD" => "a container starts one program: two of them are two services, or one script",
                _ => "a container has one entrypoint, and it starts the other words of the line",
            });
        let title = format!("take this {keyword} out: nothing reads it");
        // The comments between its lines may be worth keeping.
        if instruction.has_comments {
            finding.help(title);
            continue;
        }
        let lines = FixOp::RemoveLines { lines: instruction.span };
        finding.fix_ops(title, Applicability::Safe, &[], vec![lines]);
    }
}
