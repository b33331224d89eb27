//! The rule `ulimit-in-build`.

use crate::rules::RuleContext;
use crate::workload::Workload;

rule! {
    name: "ulimit-in-build",
    summary: "a RUN that ends with ulimit: it has no effect on the image",
    severity: Warning,
    group: Process,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for command in workload.build.iter().flat_map(|build| &build.ulimits) {
        let message = format!("`{}` has no effect on the containers of `{}`", command.value, workload.name);
        cx.report(command.span, message)
            .label("applies only to the shell of this RUN")
            .help("set it in `ulimits` of the service: sizes are in bytes there, in KiB in the shell");
    }
}
