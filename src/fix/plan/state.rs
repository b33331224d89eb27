//! One state of the files while a plan is written, with its findings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Key, Settings, StackPlan, fitting};
use crate::check::{Options, paths, run};
use crate::diagnostic::{Finding, Severity};
use crate::discover::Discovered;
use crate::hash::HashMap;
use crate::source::{Overlay, Sources};
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
            *counts.entry((finding.rule, finding.service.as_deref(), self.path(finding))).or_default() += 1;
        }
        counts
    }

    fn path(&self, finding: &Finding) -> PathBuf {
        let file = self.sources.to_outer_span(finding.primary.span).file;
        self.sources.get(file).path().to_path_buf()
    }

    /// Returns the services for which more is found than before, with the finding.
    pub(super) fn harmed(&self, before: &Self, stacks: &[StackPlan]) -> BTreeMap<Key, String> {
        let (were, are) = (before.counts(), self.counts());
        let mut harmed = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
            let Some(service) = finding.service.as_deref() else { continue };
            let about = (finding.rule, Some(service), self.path(finding));
            if are.get(&about) <= were.get(&about) {
                continue;
            }
            for stack in
                stacks.iter().filter(|stack| stack.demands.iter().any(|demand| demand.name == service))
            {
                let why = format!("it would cause {}", described(finding));
                harmed.extend(stack.paths.first().map(|first| ((first.clone(), service.to_owned()), why)));
            }
        }
        harmed
    }

    /// Returns the findings of this kind for the services of the stacks that fit, in words.
    pub(super) fn remaining(
        &self,
        stacks: &[StackPlan],
        is_own: impl Fn(&Finding) -> bool,
    ) -> BTreeMap<Key, Vec<String>> {
        let mut remaining: BTreeMap<Key, Vec<String>> = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| is_own(finding)) {
            let Some(service) = finding.service.as_deref() else { continue };
            let file = self.sources.to_outer_span(finding.primary.span).file;
            let own = self.of_stacks(stacks).filter(|(_, project)| project.files.contains(&file));
            for first in own.map(|(first, _)| first) {
                let of = fitting(stacks).filter(|stack| stack.paths.first() == Some(first));
                let mut names = of.flat_map(|stack| &stack.demands).map(|demand| demand.name.as_str());
                if names.any(|name| name == service) {
                    remaining
                        .entry((first.clone(), service.to_owned()))
                        .or_default()
                        .push(described(finding));
                }
            }
        }
        remaining
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
