//! Which stacks the files that were named have a part in.

use std::path::PathBuf;

use crate::discover::{Discovered, FileKind};
use crate::hash::HashSet;
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

    /// What the files have a part in, as more sets for [`Project::within`]; none when that is nothing of the project.
    pub(super) fn part(&self, reach: &project::Reach, project: &Project) -> Option<Vec<Vec<SourceId>>> {
        let own = reach.only.as_ref().unwrap_or(&reach.roots);
        if own.iter().any(|file| self.compose.contains(file)) {
            return Some(Vec::new());
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
            return Some(if reach.only.is_some() { vec![read] } else { Vec::new() });
        }
        let ours: Vec<SourceId> =
            self.dockerfiles.iter().copied().filter(|file| built.contains(file)).collect();
        (!ours.is_empty()).then(|| vec![ours])
    }
}
