//! What the configuration of each file says of the findings in it.

use std::path::Path;
use std::sync::Arc;

use super::Options;
use super::examine::Examined;
use super::suppression::Sifted;
use crate::config::{Config, Known, Level};
use crate::discover::Discovered;
use crate::finding::{Finding, Severity, Suppressed, SuppressionKind};
use crate::hash::{HashMap, HashSet};
use crate::model::size::ByteSize;
use crate::rules::{self, Policy, Preset};
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

    /// True when nothing is to be said of a file. One that people name is meant, unless they say otherwise.
    ///
    /// The configuration of the current directory may leave out a repository within its own, as submodules are.
    #[must_use]
    pub fn leaves_out(&self, path: &Path, named: bool) -> bool {
        if named && !self.force_exclude {
            return false;
        }
        let here = || self.configs.as_ref()?.at(Path::new("")).ok().flatten();
        self.exclude.fit(path)
            || self.config_of(path).is_some_and(|config| config.excludes(path))
            || here().is_some_and(|config| config.is_above(path) && config.excludes(path))
    }
}

/// The configurations that have a word on each file: its own, then those of the projects that it is part of. A Dockerfile
/// in a repository of its own is still built by the project around it.
pub(super) struct Voices<'r> {
    options: &'r Options,
    sources: &'r Sources,
    of_projects: HashMap<SourceId, Vec<Arc<Config>>>,
}

impl<'r> Voices<'r> {
    pub(super) fn new(options: &'r Options, sources: &'r Sources, projects: &[Examined]) -> Self {
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

    /// Those for a file, the one that counts first.
    pub(super) fn of(&self, file: SourceId) -> Vec<Arc<Config>> {
        let own = self.options.config_of(self.sources.get(file).path());
        let others = self.of_projects.get(&file).into_iter().flatten();
        let others = others.filter(|other| own.as_ref().is_none_or(|own| !Arc::ptr_eq(own, other)));
        own.iter().chain(others).cloned().collect()
    }

    /// True when one of the findings is as severe as the command line says, or else the configuration of its file.
    pub(super) fn fail(&self, findings: &[Finding]) -> bool {
        findings.iter().any(|finding| {
            let own = || {
                let voices = self.of(self.sources.locate(finding.primary.span).file);
                voices.first()?.file.fail_on.as_ref().map(|level| level.value)
            };
            self.options.fail_on.or_else(own).unwrap_or_default().includes(finding.severity)
        })
    }
}

/// What holds for a file.
struct Place {
    configs: Vec<Arc<Config>>,
    preset: Preset,
    left_out: bool,
}

/// Sets severities, drops what is off or left out, and holds back what is known.
pub(super) fn apply(voices: &Voices<'_>, discovered: &Discovered, findings: Vec<Finding>) -> Sifted {
    let Voices { options, sources, .. } = voices;
    let named: HashSet<&Path> =
        discovered.files.iter().filter(|found| found.named).map(|found| found.path.as_path()).collect();
    let mut sifted = Sifted::default();
    let mut places: HashMap<SourceId, Place> = HashMap::default();
    let Sifted { suppressed, .. } = &mut sifted;
    let kept = findings.into_iter().filter_map(|mut finding| {
        let file = sources.locate(finding.primary.span).file;
        let source = sources.get(file);
        let path = source.path();
        let place = places.entry(file).or_insert_with(|| {
            let configs = voices.of(file);
            let own = configs.first().and_then(|config| Some(config.preset_of(path)?.value));
            Place {
                preset: options.preset.or(own).unwrap_or_default(),
                left_out: options.leaves_out(path, named.contains(path)),
                configs,
            }
        });
        if place.left_out {
            return None;
        }
        let config = place.configs.first();
        let level = config.and_then(|config| config.level_of(finding.rule, path)).map(|level| level.value);
        // Who asks for a rule by its name gets it.
        let asked = options.select.iter().any(|name| name == finding.rule);
        match level.map(Level::severity) {
            None => {}
            Some(Some(severity)) => finding.severity = severity,
            Some(None) if asked => {}
            Some(None) => return None,
        }
        if !in_preset(&finding, place.preset, options, level) {
            return None;
        }
        // Services are the project's: its configuration speaks of them in every file.
        let known = |config: &Arc<Config>| Some((Arc::clone(config), config.knows(&finding)?));
        let known: Vec<_> = place.configs.iter().filter_map(known).collect();
        if let Some((_, Known::Ignored(why))) =
            known.iter().find(|(_, known)| matches!(known, Known::Ignored(_)))
        {
            let (kind, justification) = (SuppressionKind::External, why.clone());
            suppressed.push(Suppressed { finding, kind, justification });
            return None;
        }
        for (config, known) in known {
            if let Known::Expired { until, at } = known {
                finding.notes.push(format!("`{}` ignored it until {until}", config.place(&at)));
            }
        }
        Some(finding)
    });
    sifted.findings = kept.collect();
    sifted
}

/// A rule that is named, on the command line or with a severity, needs no preset.
fn in_preset(finding: &Finding, preset: Preset, options: &Options, level: Option<Level>) -> bool {
    if !options.select.is_empty() || level.is_some_and(|level| level != Level::Off) {
        return true;
    }
    match preset {
        Preset::Minimal => finding.severity == Severity::Error,
        preset => rules::find(finding.rule).is_none_or(|rule| rule.meta().preset <= preset),
    }
}
