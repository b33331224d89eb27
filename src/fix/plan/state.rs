//! One state of the files while a plan is written, with its findings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Key, Services, Settings, StackPlan};
use crate::check::{Options, paths, run};
use crate::diagnostic::{Finding, Severity};
use crate::discover::Discovered;
use crate::fix::patch::path_of;
use crate::hash::{HashMap, HashSet};
use crate::source::{Overlay, Sources, normalize};
use crate::workload::Project;

/// One state of the files.
pub(super) struct State {
    sources: Sources,
    projects: Vec<Project>,
    findings: Vec<Finding>,
}

impl State {
    pub(super) fn of(options: &Options, discovered: &Discovered, texts: &Overlay) -> Self {
        let sources = Sources::with_file_system(options.disk.with_overlay(texts));
        let outcome = run(options, &sources, discovered);
        Self { sources, projects: outcome.projects, findings: outcome.findings }
    }

    /// Counts the warnings and errors by rule, service and file.
    fn counts(&self) -> HashMap<(&'static str, Option<&str>, PathBuf), usize> {
        let mut counts = HashMap::default();
        for finding in self.findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
            *counts
                .entry((finding.rule, finding.service.as_deref(), path_of(finding, &self.sources)))
                .or_default() += 1;
        }
        counts
    }

    /// Returns the services for which more is found than before, with the finding.
    pub(super) fn harmed(&self, before: &Self, services: &Services) -> BTreeMap<Key, String> {
        let (were, are) = (before.counts(), self.counts());
        let mut harmed = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
            let about = (finding.rule, finding.service.as_deref(), path_of(finding, &self.sources));
            if are.get(&about) <= were.get(&about) {
                continue;
            }
            let why = || format!("it would cause {}", described(finding));
            harmed.extend(services.keys(&about.2, about.1).map(|key| (key, why())));
        }
        harmed
    }

    /// Returns the findings of this kind for the services, in words.
    pub(super) fn remaining(
        &self,
        services: &Services,
        is_own: impl Fn(&Finding) -> bool,
    ) -> BTreeMap<Key, Vec<String>> {
        let mut remaining: BTreeMap<Key, Vec<String>> = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| is_own(finding)) {
            for key in services.keys(&path_of(finding, &self.sources), finding.service.as_deref()) {
                remaining.entry(key).or_default().push(described(finding));
            }
        }
        remaining
    }

    /// Returns the files that are read for a stack, normalized.
    pub(super) fn reads(&self, stack: &StackPlan) -> HashSet<PathBuf> {
        let project = self.of_stacks(std::slice::from_ref(stack)).next();
        let files = project.into_iter().flat_map(|(_, project)| &project.files);
        files.map(|file| normalize(self.sources.get(*file).path())).collect()
    }

    /// Returns the files of `texts` whose text differs from that of this state.
    pub(super) fn changed(&self, texts: Overlay) -> Vec<(PathBuf, String, String)> {
        let files = texts.into_iter().filter_map(|(path, new)| {
            let id = self.sources.load(&path).ok()?;
            let old = self.sources.get(id).text().to_owned();
            (old != new).then_some((path, old, new))
        });
        files.collect()
    }

    /// Returns the projects of the stacks, each with the first path of its stack.
    pub(super) fn of_stacks<'s>(
        &'s self,
        stacks: &'s [StackPlan],
    ) -> impl Iterator<Item = (&'s PathBuf, &'s Project)> {
        stacks.iter().filter_map(|stack| {
            let is_own = |project: &&Project| paths(project, &self.sources) == stack.paths;
            Some((stack.paths.first()?, self.projects.iter().find(is_own)?))
        })
    }

    pub(super) fn settings(&self, stacks: &[StackPlan]) -> BTreeMap<Key, Settings> {
        let all = self.of_stacks(stacks).flat_map(|(first, project)| {
            project
                .workloads
                .iter()
                .map(|workload| ((first.clone(), workload.name.clone()), Settings::of(workload)))
        });
        all.collect()
    }
}

/// Describes a finding in one line, with what to do about it.
fn described(finding: &Finding) -> String {
    let help = finding.help.as_deref().or_else(|| finding.fix().map(|fix| fix.title.as_str()));
    let help = help.map(|help| format!("; {}", help.lines().next().unwrap_or_default()));
    format!("{}: {}{}", finding.rule, finding.message, help.unwrap_or_default())
}
