//! Limits a run to the projects that the files named on the command line are part of.

use std::path::{Path, PathBuf};

use super::mentions::Mentions;
use crate::discover::{Discovered, FileKind};
use crate::hash::HashSet;
use crate::model::compose::BuildSection;
use crate::model::project;
use crate::source::{SourceId, Sources};
use crate::workload::{Project, Workload};

/// The files of a run that names files, and which findings they put in scope:
///
/// * a project with a file of the run: all of its findings,
/// * a project that reads a named file by `extends`, `include`, `env_file`, as `.env` or as its locked images: all of its findings,
/// * an override file whose base is such a project: its findings in the named files alone,
/// * a project that builds a named Dockerfile: its findings in that Dockerfile alone.
pub(super) struct Scope {
    /// All Compose files of the run: named ones, and those found in named directories.
    compose: HashSet<SourceId>,
    /// Absolute directories of these.
    directories: HashSet<PathBuf>,
    /// The named Dockerfiles.
    dockerfiles: Vec<SourceId>,
    /// All named files, env files included.
    named: HashSet<SourceId>,
    /// Their absolute paths.
    named_paths: HashSet<PathBuf>,
    mentions: Mentions,
}

impl Scope {
    pub(super) fn new(discovered: &Discovered, mentions: Mentions, sources: &Sources) -> Self {
        let load = |path: &PathBuf| sources.load(path).ok();
        let of = |kind: FileKind| discovered.files.iter().filter(move |found| found.kind == kind);
        let named = discovered.files.iter().filter(|found| found.explicit).map(|found| &found.path);
        let dockerfiles = of(FileKind::Dockerfile).filter(|found| found.explicit).map(|found| &found.path);
        let directory = |path: &PathBuf| sources.absolute(path.parent().unwrap_or(Path::new("")));
        let named: HashSet<SourceId> =
            named.chain(&discovered.env_files).chain(&discovered.image_locks).filter_map(load).collect();
        Self {
            named_paths: named.iter().map(|file| sources.absolute(sources.get(*file).path())).collect(),
            named,
            directories: of(FileKind::Compose).map(|found| directory(&found.path)).collect(),
            compose: of(FileKind::Compose).map(|found| &found.path).filter_map(load).collect(),
            dockerfiles: dockerfiles.filter_map(load).collect(),
            mentions,
        }
    }

    /// False if a project is certainly out of scope, by its Compose files alone, and does not matter to one in scope: the Dockerfiles
    /// of a base are none of its override files.
    pub(super) fn may_concern(
        &self,
        model: &project::Project,
        project_files: &project::ProjectFiles,
        sources: &Sources,
    ) -> bool {
        let all: Vec<SourceId> = project_files.roots.iter().chain(&project_files.files).copied().collect();
        let directory = sources.absolute(&model.request.directory);
        self.directories.contains(&directory)
            || project_files.roots.iter().any(|file| self.compose.contains(file))
            || all.iter().any(|file| self.named.contains(file))
            || self.mentions.is_locked(&directory)
            || (self.mentions.may_be_in(&all, &directory, sources) && self.is_read_by(model, sources))
    }

    /// True if a loaded project reads a named file besides its Compose files: as a Dockerfile or env file, whose paths are known now.
    fn is_read_by(&self, model: &project::Project, sources: &Sources) -> bool {
        let directory = &model.request.directory;
        let is_named = |path: &Path| self.named_paths.contains(&sources.absolute(&directory.join(path)));
        model.compose.environment_files.iter().any(|file| self.named.contains(file))
            || model.compose.services.iter().any(|service| {
                let env_files = service.env_files.iter().filter_map(|file| file.path.value());
                let builds = service.build.iter().flat_map(BuildSection::dockerfiles);
                env_files.map(|path| PathBuf::from(path.as_str())).chain(builds).any(|path| is_named(&path))
            })
    }

    /// Returns the sets of files that a project's findings are restricted to, in addition to [`Project::report_only`]. `None` if
    /// the project is out of scope.
    pub(super) fn restrict(
        &self,
        project_files: &project::ProjectFiles,
        project: &Project,
    ) -> Option<Vec<Vec<SourceId>>> {
        let own = project_files.own_files.as_ref().unwrap_or(&project_files.roots);
        if own.iter().any(|file| self.compose.contains(file)) {
            return Some(Vec::new());
        }
        let built: HashSet<SourceId> = project.workloads.iter().filter_map(Workload::dockerfile).collect();
        // A named Dockerfile puts only the findings in it in scope, not the whole project.
        let read: Vec<SourceId> = project
            .files
            .iter()
            .copied()
            .filter(|file| self.named.contains(file) && !built.contains(file))
            .collect();
        if !read.is_empty() {
            // Naming the base does not put the findings in an override file's own file in scope.
            return Some(if project_files.own_files.is_some() { vec![read] } else { Vec::new() });
        }
        let ours: Vec<SourceId> =
            self.dockerfiles.iter().copied().filter(|file| built.contains(file)).collect();
        (!ours.is_empty()).then(|| vec![ours])
    }
}
