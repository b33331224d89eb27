//! The rule `missing-dockerignore`.

use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "missing-dockerignore",
    summary: "the whole build context is copied, without a .dockerignore",
    severity: Note,
    group: Image,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(build) = &workload.build else { return };
    let (Some(copied), Some(false)) = (build.whole_context, build.dockerignore) else { return };
    cx.report(
        copied,
        format!("the image of `{}` is built from a context without a .dockerignore", workload.name),
    )
    .label("copies everything, .git and node_modules too if they are there")
    .related(build.span, format!("the context is `{}`", build.context))
    .help("create .dockerignore in the context, with what the build does not need, for example:\n  .git\n  node_modules");
}
