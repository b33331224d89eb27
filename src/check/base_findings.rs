//! Drops findings of an override file's project that the project of its base, or another override file, has reported already.

use super::checked::{CheckedProject, FindingKey, ServiceIgnores, has_place_in_each};
use crate::hash::{HashMap, HashSet};
use crate::model::project;
use crate::source::{SourceId, Sources, Span};
use crate::workload::Kind;

/// A checked Compose project, before it is known whether another project includes it.
#[derive(Default)]
pub(super) struct LoadedProject {
    pub(super) checked: CheckedProject,
    /// The Compose files that it reads.
    pub(super) project_files: project::ProjectFiles,
    /// See [`crate::workload::Project::name`].
    pub(super) name: Option<String>,
    /// Which of its files are templates of platforms, and why, as messages.
    pub(super) templates: Vec<String>,
    /// True unless the run is limited to named files that are no part of it.
    pub(super) in_scope: bool,
}

impl LoadedProject {
    /// True if it is an override file of another project's base.
    pub(super) fn is_override_file(&self) -> bool {
        self.project_files.own_files.is_some()
    }

    /// True if files named on the command line do not restrict its findings.
    pub(super) fn reports_all(&self) -> bool {
        self.in_scope && self.checked.report_only.len() <= usize::from(self.is_override_file())
    }
}

/// Findings, suppressions and Dockerfiles of the projects of one directory so far.
#[derive(Debug, Default)]
pub(super) struct SeenInDirectory {
    /// Dockerfiles that projects other than override files build and report findings in.
    built: HashSet<SourceId>,
    /// Services and images that are counted already.
    anchors: HashSet<(Kind, Span)>,
    /// Findings that were dropped, for the suppressions that match them.
    out_of_scope: HashSet<FindingKey>,
    /// Names in `x-oomlint` keys that suppress a dropped finding.
    used: HashSet<Span>,
    /// Names in `x-oomlint` keys that one of the projects holds already.
    suppression_names: HashSet<Span>,
}

impl SeenInDirectory {
    /// Drops what another project of the directory has already, so that a hundred override files do not take a hundred times the
    /// memory of their base.
    pub(super) fn drop_duplicates(&mut self, loaded: &mut LoadedProject, sources: &Sources) {
        let is_override_file = loaded.is_override_file();
        let CheckedProject {
            report_only, dockerfiles, findings, ignores, out_of_scope, used, anchors, ..
        } = &mut loaded.checked;
        if !is_override_file {
            self.built.extend(dockerfiles.iter());
        }
        let (true, true, Some((own, others))) =
            (is_override_file, loaded.in_scope, report_only.split_first())
        else {
            return;
        };
        // Kept where no base has built the Dockerfile so far: [`assign_dockerfiles_to_overrides`] decides.
        let maybe = dockerfiles.iter().filter(|file| !self.built.contains(file));
        let own: Vec<SourceId> = own.iter().chain(maybe).copied().collect();
        let sets: Vec<Vec<SourceId>> = std::iter::once(own).chain(others.iter().cloned()).collect();
        let of_service: HashMap<&str, &ServiceIgnores> =
            ignores.iter().map(|ignores| (ignores.service.as_str(), ignores)).collect();
        findings.retain(|finding| {
            if has_place_in_each(finding, &sets, sources) {
                return true;
            }
            let ignores = finding.service.as_deref().and_then(|service| of_service.get(service));
            match ignores.and_then(|ignores| ignores.suppresses(finding)) {
                Some(name) => used.extend(self.used.insert(name.span).then_some(name.span)),
                None => {
                    let one = FindingKey::of(finding, sources);
                    out_of_scope.extend(self.out_of_scope.insert(one).then_some(one));
                }
            }
            false
        });
        findings.shrink_to_fit();
        let services: HashSet<&str> =
            findings.iter().filter_map(|finding| finding.service.as_deref()).collect();
        for ignores in ignores.iter_mut().filter(|ignores| !services.contains(ignores.service.as_str())) {
            ignores.names.retain(|name| self.suppression_names.insert(name.span));
        }
        anchors.retain(|anchor| self.anchors.insert(*anchor));
    }
}

/// Adds the Dockerfiles that only override files build to the override files' own files, since no base reports their findings.
pub(super) fn assign_dockerfiles_to_overrides(projects: &mut [LoadedProject]) {
    let bases = projects.iter().filter(|project| !project.is_override_file()).map(|project| &project.checked);
    let by_bases: HashSet<SourceId> = bases.flat_map(|base| base.dockerfiles.iter().copied()).collect();
    for LoadedProject { checked, .. } in projects.iter_mut().filter(|project| project.is_override_file()) {
        let own = checked.dockerfiles.iter().copied().filter(|file| !by_bases.contains(file));
        if let Some(files) = checked.report_only.first_mut() {
            files.extend(own);
        }
    }
}
