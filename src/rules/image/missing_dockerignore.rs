//! The rule `missing-dockerignore`.

use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "missing-dockerignore",
    summary: "the whole context is copied and nothing is left out",
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
    .label("brings in .git, node_modules and whatever else lies there")
    .related(build.span, format!("the context is `{}`", build.context))
    .help("a file .dockerignore in the context, to begin with:\n  .git\n  node_modules\n  target\n  .env");
}
