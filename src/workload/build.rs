//! The build of a workload's image, and what its Dockerfile leaves in it.

use std::path::Path;

use super::runs::Runs;
use super::{PackageCache, packages};
use crate::catalog::Catalog;
use crate::model::build::ResolvedBuild;
use crate::model::compose::BuildSection;
use crate::model::image::TargetImage;
use crate::source::{SourceId, Span, Spanned, TracedText, path_text};

pub use crate::model::image::OverriddenInstruction as Overridden;

/// The build of an image.
#[derive(Clone, Debug)]
pub struct Build {
    /// The span of `build`; for a lone Dockerfile, that of its `FROM`.
    pub span: Span,
    /// The build context as written.
    pub context: String,
    /// The path of the Dockerfile as written, or the default.
    pub dockerfile: String,
    /// The target stage as written.
    pub target: Option<String>,
    /// The Dockerfile that was read; `None` if it could not be.
    pub file: Option<SourceId>,
    /// True if the context has a `.dockerignore`; `None` if the context is not known.
    pub dockerignore: Option<bool>,
    /// The source word of a `COPY` or `ADD` that copies the whole context.
    pub whole_context: Option<Span>,
    /// True if the Dockerfile has a `CMD`, `ENTRYPOINT` or `EXPOSE` of its own.
    pub starts: bool,
    /// The stage that is built; `None` if the Dockerfile could not be resolved.
    pub from: Option<BuildStage>,
    /// Package manager caches left in the image's layers.
    pub package_caches: Vec<PackageCache>,
    /// Instructions without effect, because a later one of the same stage takes their place.
    pub overridden: Vec<Overridden>,
    /// `ulimit` commands at the end of a `RUN`, which have no effect.
    pub ulimits: Vec<Spanned<String>>,
}

impl Build {
    /// Returns the build of a service. `runs` are those of the stage that it builds.
    pub(super) fn of(
        section: &BuildSection,
        built: &ResolvedBuild,
        runs: Option<&Runs<'_>>,
        catalog: &Catalog,
    ) -> Self {
        let target = built.image.as_deref().ok();
        Self {
            span: section.span,
            context: built.context.clone(),
            dockerfile: built.dockerfile.clone(),
            target: built.target.clone(),
            file: built.file,
            dockerignore: built.dockerignore,
            whole_context: target.and_then(whole_context),
            starts: target.is_some_and(has_own_start),
            from: target.map(stage),
            package_caches: runs.map(|runs| packages::left_behind(runs, catalog)).unwrap_or_default(),
            overridden: target.map(|target| target.overridden.clone()).unwrap_or_default(),
            ulimits: runs.map(packages::ulimits).unwrap_or_default(),
        }
    }

    /// Returns the build of the final stage of a Dockerfile that no service builds.
    pub(super) fn of_file(file: SourceId, path: &Path, runs: &Runs<'_>, catalog: &Catalog) -> Self {
        let target = runs.target;
        Self {
            span: target.from,
            context: ".".to_owned(),
            dockerfile: path_text(path),
            target: None,
            file: Some(file),
            dockerignore: None,
            whole_context: whole_context(target),
            starts: has_own_start(target),
            from: Some(stage(target)),
            package_caches: packages::left_behind(runs, catalog),
            overridden: target.overridden.clone(),
            ulimits: packages::ulimits(runs),
        }
    }
}

/// The stage that the image is built from.
#[derive(Clone, Debug)]
pub struct BuildStage {
    /// The span of its `FROM` instruction.
    pub from: Span,
    /// The image reference in the `FROM` of the outermost stage that it builds on.
    pub reference: Span,
    /// The name of the stage, if it has one.
    pub name: Option<String>,
    /// True if the Dockerfile has stages that this one does not build on.
    pub multi_stage: bool,
}

/// Returns the source word of a `COPY` of the whole context, as in `COPY . /app`.
fn whole_context(target: &TargetImage) -> Option<Span> {
    let own = target.copies.iter().filter(|copied| copied.from.is_none());
    own.filter_map(|copied| copied.words.split_last())
        .find_map(|(_, sources)| sources.iter().find(|word| matches!(word.as_str(), "." | "./")))
        .map(TracedText::span)
}

/// True if the image has a `CMD`, `ENTRYPOINT` or `EXPOSE` of its own.
fn has_own_start(target: &TargetImage) -> bool {
    target.cmd.is_some() || target.entrypoint.is_some() || !target.exposes.is_empty()
}

fn stage(target: &TargetImage) -> BuildStage {
    BuildStage {
        from: target.from,
        reference: target.base_from,
        name: target.stage_name.clone(),
        multi_stage: target.multi_stage,
    }
}
