//! What the configuration of each file says of the findings in it.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::Options;
use super::suppression::Sifted;
use crate::config::{Config, Known, Level};
use crate::discover::Discovered;
use crate::finding::{Finding, Severity, Suppressed, SuppressionKind};
use crate::rules::{self, Policy, Preset};
use crate::source::{SourceId, Sources};
use crate::workload::Project;

impl Options {
    /// The configuration for a file. One that cannot be used is none here: whoever starts a run says so.
    pub(super) fn config_of(&self, path: &Path) -> Option<Arc<Config>> {
        self.configs.as_ref()?.of(path).ok().flatten()
    }

    /// The configuration for a project: that of its first file.
    pub(super) fn config_of_project(&self, project: &Project, sources: &Sources) -> Option<Arc<Config>> {
        let first = project.files.first()?;
        self.config_of(sources.get(*first).path())
    }

    /// What the rules are told: the command line wins over the configuration.
    pub(super) fn policy_of(&self, config: Option<&Config>) -> Policy {
        let mut policy = self.policy.clone();
        if let Some(config) = config {
            let own = config.policy.clone();
            policy = Policy { host_memory: policy.host_memory.or(own.host_memory), ..own };
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
    #[must_use]
    pub fn leaves_out(&self, path: &Path, named: bool) -> bool {
        (!named || self.force_exclude)
            && (self.exclude.fit(path) || self.config_of(path).is_some_and(|config| config.excludes(path)))
    }
}

/// What holds for a file.
struct Place {
    config: Option<Arc<Config>>,
    preset: Preset,
    left_out: bool,
}

/// Sets severities, drops what is off or left out, and holds back what is known.
pub(super) fn apply(
    options: &Options,
    sources: &Sources,
    discovered: &Discovered,
    findings: Vec<Finding>,
) -> Sifted {
    let named: HashSet<&Path> =
        discovered.files.iter().filter(|found| found.named).map(|found| found.path.as_path()).collect();
    let mut sifted = Sifted::default();
    let mut places: HashMap<SourceId, Place> = HashMap::new();
    for mut finding in findings {
        let file = sources.locate(finding.primary.span).file;
        let source = sources.get(file);
        let path = source.path();
        let place = places.entry(file).or_insert_with(|| {
            let config = options.config_of(path);
            let own = config.as_ref().and_then(|config| Some(config.preset_of(path)?.value));
            Place {
                preset: options.preset.or(own).unwrap_or_default(),
                left_out: options.leaves_out(path, named.contains(path)),
                config,
            }
        });
        if place.left_out {
            continue;
        }
        let config = place.config.as_deref();
        let level = config.and_then(|config| config.level_of(finding.rule, path)).map(|level| level.value);
        // Who asks for a rule by its name gets it.
        let asked = options.select.iter().any(|name| name == finding.rule);
        match level.map(Level::severity) {
            None => {}
            Some(Some(severity)) => finding.severity = severity,
            Some(None) if asked => {}
            Some(None) => continue,
        }
        if !in_preset(&finding, place.preset, options, level) {
            continue;
        }
        match config.and_then(|config| config.knows(&finding)) {
            Some(Known::Ignored(justification)) => {
                let kind = SuppressionKind::External;
                sifted.suppressed.push(Suppressed { finding, kind, justification });
                continue;
            }
            Some(Known::Expired { until, at }) => {
                let place = config.map(|config| config.place(&at)).unwrap_or_default();
                finding.notes.push(format!("`{place}` ignored it until {until}"));
            }
            None => {}
        }
        sifted.findings.push(finding);
    }
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
