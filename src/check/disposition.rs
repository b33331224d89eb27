//! Decides what becomes of each finding: it is reported, suppressed, or dropped.

use std::path::Path;
use std::sync::Arc;

use super::Options;
use super::checked::{CheckedProject, FindingKey};
use super::config::ConfigResolver;
use super::suppress::Suppressions;
use crate::config::{Config, Level, ServiceIgnore};
use crate::diagnostic::{Finding, Severity, Suppressed, SuppressionKind};
use crate::discover::Discovered;
use crate::hash::{HashMap, HashSet};
use crate::rules::{self, Preset};
use crate::source::{SourceId, Sources};

/// The decision on a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// It is reported.
    Report,
    /// It is listed as suppressed.
    Suppressed {
        /// The kind of suppression.
        kind: SuppressionKind,
        /// The reason given with it.
        justification: Option<String>,
    },
    /// It is dropped: its file is excluded or out of scope, or its rule is off there.
    Dropped,
}

impl Disposition {
    /// Suppressed by a comment or an `x-oomlint` key.
    fn in_source(justification: Option<String>) -> Self {
        Self::Suppressed { kind: SuppressionKind::InSource, justification }
    }
}

/// The configuration of one file.
struct FileConfig {
    /// The file's own configuration first, then those of the projects that read it.
    configs: Vec<Arc<Config>>,
    preset: Preset,
    excluded: bool,
}

/// Decides on all findings of a run.
///
/// A finding out of scope, in an excluded file, or of a rule that is off there is dropped. Otherwise the first of these suppresses
/// it: `x-oomlint` of the service, a comment, an ignore of the configuration. The baseline comes last, when the findings are
/// sorted.
pub(super) struct Decider<'r> {
    options: &'r Options,
    sources: &'r Sources,
    configs: &'r ConfigResolver<'r>,
    suppressions: &'r mut Suppressions,
    /// Files named on the command line.
    named: HashSet<&'r Path>,
    policies: HashMap<SourceId, FileConfig>,
    reported: Vec<Finding>,
    suppressed: Vec<Suppressed>,
}

impl<'r> Decider<'r> {
    pub(super) fn new(
        (options, sources, discovered): (&'r Options, &'r Sources, &'r Discovered),
        configs: &'r ConfigResolver<'r>,
        suppressions: &'r mut Suppressions,
    ) -> Self {
        let named = discovered.files.iter().filter(|found| found.explicit);
        Self {
            options,
            sources,
            configs,
            suppressions,
            named: named.map(|found| found.path.as_path()).collect(),
            policies: HashMap::default(),
            reported: Vec::new(),
            suppressed: Vec::new(),
        }
    }

    /// Decides on a finding in a project's own files.
    pub(super) fn decide(&mut self, mut finding: Finding, project: &CheckedProject) {
        let in_source = match project.ignored_by(&finding) {
            Some((ignores, name)) => {
                self.suppressions.mark_used(name.span);
                Some(ignores.reason.clone())
            }
            None => self.suppressions.suppress(&FindingKey::of(&finding, self.sources)),
        };
        let disposition = if project.in_scope(&finding, self.sources) {
            self.disposition(&mut finding, in_source)
        } else {
            Disposition::Dropped
        };
        self.put(finding, disposition);
    }

    /// Decides on a finding in a file that several projects share. `ignored` is the reason of the `x-oomlint` keys that
    /// suppress it in all of them.
    pub(super) fn decide_shared(&mut self, mut finding: Finding, ignored: Option<Option<String>>) {
        let by_comment = || self.suppressions.suppress(&FindingKey::of(&finding, self.sources));
        let in_source = ignored.or_else(by_comment);
        let disposition = self.disposition(&mut finding, in_source);
        self.put(finding, disposition);
    }

    /// Marks the suppressions that match findings out of scope as used.
    pub(super) fn mark_used(&mut self, findings: &[FindingKey]) {
        for finding in findings {
            self.suppressions.suppress(finding);
        }
    }

    /// Decides on findings about suppressions, after all others. No comment suppresses these.
    pub(super) fn check_suppressions(&mut self, projects: &[CheckedProject]) {
        let by_config =
            self.suppressed.iter().filter(|suppressed| suppressed.kind == SuppressionKind::External);
        let others =
            by_config.map(|suppressed| &suppressed.finding).chain(&self.reported).collect::<Vec<_>>();
        let found = self.suppressions.findings(projects, &others, self.configs, self.options, self.sources);
        for mut finding in found {
            let disposition = self.by_config(&mut finding);
            self.put(finding, disposition);
        }
    }

    /// Returns the reported findings and the suppressed ones.
    pub(super) fn into_parts(self) -> (Vec<Finding>, Vec<Suppressed>) {
        (self.reported, self.suppressed)
    }

    fn put(&mut self, finding: Finding, disposition: Disposition) {
        match disposition {
            Disposition::Report => self.reported.push(finding),
            Disposition::Suppressed { kind, justification } => {
                self.suppressed.push(Suppressed { finding, kind, justification });
            }
            Disposition::Dropped => {}
        }
    }

    /// Decides on a finding in scope. `in_source` is the reason of the comment or `x-oomlint` key that suppresses it.
    fn disposition(&mut self, finding: &mut Finding, in_source: Option<Option<String>>) -> Disposition {
        match (self.by_config(finding), in_source) {
            // A finding that would not be reported is not counted as suppressed.
            (Disposition::Dropped, _) => Disposition::Dropped,
            (_, Some(reason)) => Disposition::in_source(reason),
            (by_config, None) => by_config,
        }
    }

    /// Applies the configuration: sets the rule's severity, then decides by `exclude`, level, preset and ignored services.
    fn by_config(&mut self, finding: &mut Finding) -> Disposition {
        let file = self.sources.to_outer_span(finding.primary.span).file;
        let source = self.sources.get(file);
        let path = source.path();
        let (options, configs, named) = (self.options, self.configs, &self.named);
        let policy = self.policies.entry(file).or_insert_with(|| {
            let configs = configs.configs_for(file);
            let own = configs.first().and_then(|config| Some(config.preset_of(path)?.value));
            FileConfig {
                preset: options.preset.or(own).unwrap_or_default(),
                excluded: options.is_excluded(path, named.contains(path)),
                configs,
            }
        });
        if policy.excluded {
            return Disposition::Dropped;
        }
        let config = policy.configs.first();
        let level = config.and_then(|config| config.level_of(finding.rule, path)).map(|level| level.value);
        // A rule selected by its own name on the command line runs even if the configuration turns it off.
        let selected = options.select.iter().any(|name| name == finding.rule);
        match level.map(Level::severity) {
            Some(Some(severity)) => finding.severity = severity,
            Some(None) if !selected => return Disposition::Dropped,
            _ => {}
        }
        if !in_preset(finding, policy.preset, options, level) {
            return Disposition::Dropped;
        }
        // The configuration of a service's project may ignore it in every file.
        let known = policy.configs.iter().filter_map(|config| Some((config, config.suppresses(finding)?)));
        let known: Vec<_> = known.collect();
        if let Some(why) = known.iter().find_map(|(_, known)| match known {
            ServiceIgnore::Ignored(why) => Some(why.clone()),
            ServiceIgnore::Expired { .. } => None,
        }) {
            return Disposition::Suppressed { kind: SuppressionKind::External, justification: why };
        }
        for (config, known) in known {
            if let ServiceIgnore::Expired { until, at } = known {
                finding.notes.push(format!("`{}` ignored it until {until}", config.place(&at)));
            }
        }
        Disposition::Report
    }
}

/// True if the preset of its file includes the finding. A rule selected on the command line or given a severity needs no
/// preset.
fn in_preset(finding: &Finding, preset: Preset, options: &Options, level: Option<Level>) -> bool {
    if !options.select.is_empty() || level.is_some_and(|level| level != Level::Off) {
        return true;
    }
    match preset {
        Preset::Minimal => finding.severity == Severity::Error,
        preset => rules::find(finding.rule).is_none_or(|rule| rule.meta().preset <= preset),
    }
}
