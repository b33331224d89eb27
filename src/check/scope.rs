//! Limits a run to the projects that the files named on the command line are part of.

use std::path::PathBuf;

use crate::discover::{Discovered, FileKind};
use crate::hash::HashSet;
use crate::model::project;
use crate::source::{SourceId, Sources};
use crate::workload::{Project, Workload};

/// The files named on the command line.
///
/// In scope are the findings of the whole repository that the named files take part in: all findings of a project that reads
/// one of them as a Compose file or for its variables; of an overlay of a named base, those in the base; in a named Dockerfile,
/// those of the services that build it.
pub(super) struct Scope {
    compose: HashSet<SourceId>,
    dockerfiles: Vec<SourceId>,
    named: HashSet<SourceId>,
}

impl Scope {
    pub(super) fn new(discovered: &Discovered, sources: &Sources) -> Self {
        let load = |path: &PathBuf| sources.load(path).ok();
        let of = |kind: FileKind| discovered.files.iter().filter(move |found| found.kind == kind);
        let named = discovered.files.iter().filter(|found| found.explicit).map(|found| &found.path);
        let dockerfiles = of(FileKind::Dockerfile).filter(|found| found.explicit).map(|found| &found.path);
        Self {
            compose: of(FileKind::Compose).map(|found| &found.path).filter_map(load).collect(),
            dockerfiles: dockerfiles.filter_map(load).collect(),
            named: named.chain(&discovered.env_files).filter_map(load).collect(),
        }
    }

    /// Returns the sets of files that a project's findings are narrowed to, in addition to [`Project::report_only`]. `None` if
    /// the project is out of scope.
    pub(super) fn restrict(
        &self,
        reach: &project::ProjectFiles,
        project: &Project,
    ) -> Option<Vec<Vec<SourceId>>> {
        let own = reach.only.as_ref().unwrap_or(&reach.roots);
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
            // Naming the base does not put the findings in an overlay's own file in scope.
            return Some(if reach.only.is_some() { vec![read] } else { Vec::new() });
        }
        let ours: Vec<SourceId> =
            self.dockerfiles.iter().copied().filter(|file| built.contains(file)).collect();
        (!ours.is_empty()).then(|| vec![ours])
    }
}
