//! `missing-dockerignore`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A context with everything in it.
pub(super) struct MissingDockerignore;

static META: Meta = Meta {
    name: "missing-dockerignore",
    summary: "the whole context is copied and nothing is left out",
    severity: Severity::Note,
    group: Group::Image,
    preset: Preset::Strict,
    page: include_str!("../../rules/missing-dockerignore.md"),
};

impl Rule for MissingDockerignore {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(build) = &workload.build else { return };
        let (Some(copied), Some(false)) = (build.whole_context, build.dockerignore) else { return };
        sink.report(
            copied,
            "brings in .git, node_modules and whatever else lies there",
            format!("the image of `{}` is built from a context without a .dockerignore", workload.name),
        )
        .of(workload)
        .related(build.span, format!("the context is `{}`", build.context))
        .help(
            "a file .dockerignore in the context, to begin with:\n  .git\n  node_modules\n  target\n  .env",
        );
    }
}
