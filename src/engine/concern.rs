//! Which stacks the files that were named have a part in.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::discover::{Discovered, FileKind};
use crate::model::project;
use crate::source::{SourceId, Sources};
use crate::workload::{Project, Workload};

/// The files that were asked for, to hold the stacks around them against.
///
/// What is said of named files is what is said of the whole repository, as far as they have a part in it: all of a stack
/// that reads one of them as a Compose file or for its variables; what an overlay says of a base that was named; what the
/// services that build a named Dockerfile have from it.
pub(super) struct Concern {
    compose: HashSet<SourceId>,
    dockerfiles: Vec<SourceId>,
    named: HashSet<SourceId>,
}

impl Concern {
    pub(super) fn new(discovered: &Discovered, sources: &Sources) -> Self {
        let load = |path: &PathBuf| sources.load(path).ok();
        let of = |kind: FileKind| discovered.files.iter().filter(move |found| found.kind == kind);
        let named = discovered.files.iter().filter(|found| found.named).map(|found| &found.path);
        let dockerfiles = of(FileKind::Dockerfile).filter(|found| found.named).map(|found| &found.path);
        Self {
            compose: of(FileKind::Compose).map(|found| &found.path).filter_map(load).collect(),
            dockerfiles: dockerfiles.filter_map(load).collect(),
            named: named.chain(&discovered.environments).filter_map(load).collect(),
        }
    }

    /// Narrows a project to what the files have a part in; false when that is nothing.
    pub(super) fn narrow(&self, model: &project::Project, project: &mut Project, sources: &Sources) -> bool {
        let roots: Vec<SourceId> =
            model.request.files.iter().filter_map(|path| sources.load(path).ok()).collect();
        let own = model.only.as_deref().unwrap_or(&roots);
        if own.iter().any(|file| self.compose.contains(file)) {
            return true;
        }
        let built: HashSet<SourceId> = project.workloads.iter().filter_map(Workload::dockerfile).collect();
        // A Dockerfile is among the files of a stack, and yet only a part of each service that builds it.
        let read: Vec<SourceId> = project
            .files
            .iter()
            .copied()
            .filter(|file| self.named.contains(file) && !built.contains(file))
            .collect();
        if !read.is_empty() {
            // What an overlay says by itself does not hang on its base.
            if model.only.is_some() {
                project.within.push(read);
            }
            return true;
        }
        let ours: Vec<SourceId> =
            self.dockerfiles.iter().copied().filter(|file| built.contains(file)).collect();
        let concerned = !ours.is_empty();
        project.within.push(ours);
        concerned
    }
}
