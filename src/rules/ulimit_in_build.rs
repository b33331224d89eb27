//! `ulimit-in-build`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A limit that ends with its shell.
pub(super) struct UlimitInBuild;

static META: Meta = Meta {
    name: "ulimit-in-build",
    summary: "a RUN that ends with ulimit: nothing of it is left in the image",
    severity: Severity::Warning,
    group: Group::Process,
    preset: Preset::Recommended,
    page: include_str!("../../rules/ulimit-in-build.md"),
};

impl Rule for UlimitInBuild {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for command in &workload.build_ulimits {
            sink.report(
                command.span,
                "holds for the shell of this RUN, which ends here",
                format!("`{}` has no effect on what runs in `{}`", command.value, workload.name),
            )
            .of(workload)
            .help("set it where the container is started, in `ulimits` of the service: sizes are bytes there, KiB in the shell");
        }
    }
}
