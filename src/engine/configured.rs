//! What the configuration of each file says of the findings in it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::Options;
use super::suppression::Sifted;
use crate::config::{Config, Level, Word};
use crate::finding::{Finding, Severity, Suppressed, SuppressionKind};
use crate::rules::{self, Policy, Preset};
use crate::source::{SourceId, Sources};
use crate::workload::Project;

impl Options {
    /// The configuration for a file. One that cannot be used is none here: whoever starts a run says so before.
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
            let own = config.policy();
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
}

/// Sets severities, drops what is off, and holds back what is known.
pub(super) fn apply(options: &Options, sources: &Sources, findings: Vec<Finding>) -> Sifted {
    let mut sifted = Sifted::default();
    let mut configs: HashMap<SourceId, Option<Arc<Config>>> = HashMap::new();
    for mut finding in findings {
        let file = sources.locate(finding.primary.span).file;
        let source = sources.get(file);
        let config = configs.entry(file).or_insert_with(|| options.config_of(source.path()));
        let preset = options.preset.or_else(|| config.as_ref()?.preset_of(source.path())).unwrap_or_default();
        if let Some(config) = config {
            match config.word_on(&finding, source.path()) {
                Word::Report(None) => {}
                Word::Report(Some(level)) => match level.severity() {
                    Some(severity) => finding.severity = severity,
                    None => continue,
                },
                Word::Ignore(justification) => {
                    sifted.suppressed.push(Suppressed {
                        finding,
                        kind: SuppressionKind::External,
                        justification,
                    });
                    continue;
                }
                Word::Expired(until) => {
                    let name = config.path.display();
                    finding.notes.push(format!("`{name}` ignored it until {until}"));
                }
            }
        }
        if in_preset(&finding, preset, options, config.as_deref(), source.path()) {
            sifted.findings.push(finding);
        }
    }
    sifted
}

/// A rule that is named, on the command line or with a severity, needs no preset.
fn in_preset(
    finding: &Finding,
    preset: Preset,
    options: &Options,
    config: Option<&Config>,
    path: &Path,
) -> bool {
    if !options.select.is_empty() {
        return true;
    }
    let named = config.and_then(|config| config.level_of(finding.rule, path));
    if named.is_some_and(|level| level != Level::Off) {
        return true;
    }
    match preset {
        Preset::Minimal => finding.severity == Severity::Error,
        preset => rules::find(finding.rule).is_none_or(|rule| rule.meta().preset <= preset),
    }
}
