//! Which configuration holds for each file, and what the command line overrides.

use std::path::Path;
use std::sync::Arc;

use super::Options;
use super::checked::CheckedProject;
use crate::config::Config;
use crate::finding::Finding;
use crate::hash::HashMap;
use crate::model::size::ByteSize;
use crate::rules::{Policy, Preset};
use crate::source::{SourceId, Sources};
use crate::workload::Project;

impl Options {
    /// The configuration for a file. One that cannot be used is none here: whoever starts a run says so.
    pub(super) fn config_of(&self, path: &Path) -> Option<Arc<Config>> {
        self.configs.as_ref()?.of(path).ok().flatten()
    }

    /// The configuration for a project: that of its first file.
    pub(super) fn config_of_files(&self, files: &[SourceId], sources: &Sources) -> Option<Arc<Config>> {
        let first = files.first()?;
        self.config_of(sources.get(*first).path())
    }

    /// The memory of a project's host as its configuration has it, where that says so, and how often it may be promised.
    #[must_use]
    pub fn host_of(&self, project: &Project, sources: &Sources) -> (Option<(ByteSize, String)>, f64) {
        let config = self.config_of_files(&project.files, sources);
        let host = config.as_deref().and_then(|config| {
            let size = config.file.host_memory.as_ref()?;
            Some((size.value.0, config.place(&size.at)))
        });
        (host, self.policy_of(config.as_deref()).overcommit)
    }

    /// What the rules are told: the command line wins over the configuration.
    pub(super) fn policy_of(&self, config: Option<&Config>) -> Policy {
        let mut policy = self.policy.clone();
        if let Some(config) = config {
            let own = config.policy.clone();
            policy = Policy {
                host_memory: policy.host_memory.or(own.host_memory),
                profiles: policy.profiles,
                ..own
            };
        }
        if let Some(target) = self.target {
            policy.target = target;
        }
        policy
    }

    /// The widest preset that any file of a project may have.
    pub(super) fn preset_of(&self, config: Option<&Config>) -> Preset {
        self.preset.or_else(|| config?.widest_preset()).unwrap_or_default()
    }

    /// True when findings in a file are dropped: a glob excludes it. A file that the command line names is not excluded, save by
    /// `--force-exclude`.
    ///
    /// The configuration of the current directory may exclude a repository within its own, such as a submodule.
    #[must_use]
    pub fn is_excluded(&self, path: &Path, named: bool) -> bool {
        if named && !self.force_exclude {
            return false;
        }
        let here = || self.configs.as_ref()?.at(Path::new("")).ok().flatten();
        self.exclude.any_match(path)
            || self.config_of(path).is_some_and(|config| config.excludes(path))
            || here().is_some_and(|config| config.is_above(path) && config.excludes(path))
    }
}

/// The configurations of each file: its own, then those of the projects that read it. A Dockerfile in a repository of its own
/// is still built by the project around it.
pub(super) struct ConfigResolver<'r> {
    options: &'r Options,
    sources: &'r Sources,
    of_projects: HashMap<SourceId, Vec<Arc<Config>>>,
}

impl<'r> ConfigResolver<'r> {
    pub(super) fn new(options: &'r Options, sources: &'r Sources, projects: &[CheckedProject]) -> Self {
        let mut of_projects: HashMap<SourceId, Vec<Arc<Config>>> = HashMap::default();
        for project in projects {
            let Some(config) = options.config_of_files(&project.files, sources) else { continue };
            for file in &project.files {
                let known = of_projects.entry(*file).or_default();
                if !known.iter().any(|other| Arc::ptr_eq(other, &config)) {
                    known.push(Arc::clone(&config));
                }
            }
        }
        Self { options, sources, of_projects }
    }

    /// The configurations of a file, the one that decides first.
    pub(super) fn configs_for(&self, file: SourceId) -> Vec<Arc<Config>> {
        let own = self.options.config_of(self.sources.get(file).path());
        let others = self.of_projects.get(&file).into_iter().flatten();
        let others = others.filter(|other| own.as_ref().is_none_or(|own| !Arc::ptr_eq(own, other)));
        own.iter().chain(others).cloned().collect()
    }

    /// True when one of the findings is as severe as the command line says, or else the configuration of its file.
    pub(super) fn exceeds_fail_on(&self, findings: &[Finding]) -> bool {
        findings.iter().any(|finding| {
            let own = || {
                let configs = self.configs_for(self.sources.to_outer_span(finding.primary.span).file);
                configs.first()?.file.fail_on.as_ref().map(|level| level.value)
            };
            self.options.fail_on.or_else(own).unwrap_or_default().includes(finding.severity)
        })
    }
}
