//! Resolves the configurations of each file, and what the command line overrides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use super::checked::CheckedProject;
use crate::capacity::{Host, Room, Stack};
use crate::config::Config;
use crate::diagnostic::Finding;
use crate::discover::host_requirement;
use crate::hash::HashMap;
use crate::lock::Lock;
use crate::model::compose::{Platform, Settings};
use crate::rules::{Policy, Preset};
use crate::source::{SourceId, Sources, path_text};
use crate::syntax::size::ByteSize;
use crate::workload::{Kind, Project};

impl Options {
    /// Returns the configuration for a file. One that cannot be used counts as none: the caller of the run reports it.
    pub(super) fn config_of(&self, path: &Path) -> Option<Arc<Config>> {
        self.configs.as_ref()?.of(path).ok().flatten()
    }

    /// Returns the settings to load files of one directory with.
    pub(super) fn settings_of(&self, files: &[PathBuf], sources: &Sources) -> Settings {
        let mut settings = self.settings.clone();
        let config = files.first().and_then(|file| self.config_of(file));
        let variables = config.as_ref().map(|config| config.platform_variables()).unwrap_or_default();
        let is_named = |file: &Path| config.as_ref().is_some_and(|config| config.names_compose_file(file));
        settings.platform = Platform::of(variables, files, &is_named, sources);
        settings
    }

    /// Returns the locked images for a file. A file of them that cannot be used counts as none: the caller of the run reports it.
    pub(super) fn lock_of(&self, path: &Path, sources: &Sources) -> Option<Lock> {
        self.locks.as_ref()?.at(path.parent().unwrap_or(path), sources).ok().flatten()
    }

    /// Returns the configuration for a project: that of its first file.
    pub(super) fn config_of_files(&self, files: &[SourceId], sources: &Sources) -> Option<Arc<Config>> {
        let first = files.first()?;
        self.config_of(sources.get(*first).path())
    }

    /// Returns the host memory of a project's configuration with the place where it is set, if it is.
    fn host_of(&self, project: &Project, sources: &Sources) -> Option<(ByteSize, String)> {
        let config = self.config_of_files(&project.files, sources)?;
        let size = config.file.host_memory.as_ref()?;
        Some((size.value.0, config.place(&size.at)))
    }

    /// Returns what a host has left for the containers of a project, by its configuration. `kept` is the memory that the host keeps for
    /// itself, if the caller knows it.
    #[must_use]
    pub fn room(&self, project: &Project, sources: &Sources, host: ByteSize, kept: Option<ByteSize>) -> Room {
        let policy = self.policy_of(self.config_of_files(&project.files, sources).as_deref());
        Room::of(host, kept.or(policy.reserve), policy.overcommit)
    }

    /// Returns the host memory of a project with its origin: by its configuration, else by a development container around it.
    #[must_use]
    pub fn host_for(&self, project: &Project, sources: &Sources) -> Option<(ByteSize, String)> {
        let required = || {
            let required = host_requirement(&project.directory, sources)?;
            let from = format!("{}:{}", path_text(&required.path), required.line);
            Some((ByteSize(required.bytes), from))
        };
        self.host_of(project, sources).or_else(required)
    }

    /// Returns the stacks of the projects that have Compose files or containers. `given` is the host's memory with its origin, if the caller knows
    /// it; otherwise it is that of [`Options::host_for`]. `profiles` are active, and `scale`
    /// replaces the number of containers of the services that it names.
    #[must_use]
    pub fn stacks(
        &self,
        projects: &[Project],
        sources: &Sources,
        given: Option<(ByteSize, &str)>,
        (profiles, scale): (&[String], &BTreeMap<String, i64>),
    ) -> Vec<Stack> {
        let runs = |project: &&Project| {
            let mut workloads = project.workloads.iter();
            !project.compose_files.is_empty() || workloads.any(|workload| workload.kind != Kind::Image)
        };
        let stacks = projects.iter().filter(runs).map(|project| {
            let given = given.map(|(size, from)| (size, from.to_owned()));
            let host = given.or_else(|| self.host_for(project, sources));
            let host =
                host.map(|(size, from)| Host { size, from, room: self.room(project, sources, size, None) });
            Stack::of(project, host, profiles, scale)
        });
        stacks.filter(|stack| !stack.services.is_empty() || !stack.gaps.is_empty()).collect()
    }

    /// Returns the settings for the rules. The command line wins over the configuration.
    pub(super) fn policy_of(&self, config: Option<&Config>) -> Policy {
        let mut policy = self.policy.clone();
        if let Some(config) = config {
            let own = config.policy.clone();
            policy = Policy {
                host_memory: policy.host_memory.or(own.host_memory),
                reserve: policy.reserve.or(own.reserve),
                profiles: policy.profiles,
                ..own
            };
        }
        if let Some(target) = self.target {
            policy.target = target;
        }
        policy
    }

    /// Returns the widest preset that any file of a project may have.
    pub(super) fn preset_of(&self, config: Option<&Config>) -> Preset {
        self.preset.or_else(|| config?.widest_preset()).unwrap_or_default()
    }

    /// True if findings in a file are dropped because a glob excludes it. A file named on the command line is excluded by
    /// `--force-exclude` only.
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

/// Finds the configurations of each file: its own, then those of the projects that read it. A Dockerfile in a repository of its
/// own is still built by the project around it.
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

    /// Returns the configurations of a file, the deciding one first.
    pub(super) fn configs_for(&self, file: SourceId) -> Vec<Arc<Config>> {
        let own = self.options.config_of(self.sources.get(file).path());
        let others = self.of_projects.get(&file).into_iter().flatten();
        let others = others.filter(|other| own.as_ref().is_none_or(|own| !Arc::ptr_eq(own, other)));
        own.iter().chain(others).cloned().collect()
    }

    /// True if a finding reaches the severity that the command line, or else the configuration of its file, sets.
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
