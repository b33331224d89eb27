//! Compares one project before and after a fix: its facts, and the findings of every rule in it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::patch::{Edits, Patch, edits};
use super::verify::RejectReason;
use crate::diagnostic::{Finding, Severity};
use crate::hash::{HashMap, HashSet};
use crate::source::{Sources, normalize, path_text};
use crate::workload::{FactTable, Project, service_of};

/// The facts and findings of one Compose project or lone Dockerfile.
#[derive(Debug)]
pub(super) struct ProjectState {
    /// The Compose files or the Dockerfile that define it, as shown.
    files: Vec<PathBuf>,
    /// All files read for it, normalized.
    pub(super) reads: HashSet<PathBuf>,
    workloads: BTreeMap<String, WorkloadFacts>,
    findings: Vec<FindingState>,
}

/// The facts of one workload.
#[derive(Debug)]
struct WorkloadFacts {
    /// The file with its service.
    file: PathBuf,
    dockerfile: Option<PathBuf>,
    facts: FactTable,
}

/// The parts of a finding that show what a fix did.
#[derive(Debug)]
struct FindingState {
    rule: &'static str,
    service: Option<String>,
    severity: Severity,
    message: String,
    fixes: Vec<Edits>,
}

/// A rule and the service of its finding.
type About<'f> = (&'static str, Option<&'f str>);

impl ProjectState {
    /// Reads the facts of a project. `findings` are those of every rule in this project alone, with their fixes as edits.
    pub(super) fn of(project: &Project, findings: &[Finding], sources: &Sources) -> Self {
        let files = if project.compose_files.is_empty() { &project.files } else { &project.compose_files };
        // A fragment runs nothing: its settings show in the services that extend it.
        let runs = project.workloads.iter().filter(|workload| !workload.role.fragment);
        let workloads = runs.map(|workload| {
            let dockerfile = workload.dockerfile().map(|file| normalize(sources.get(file).path()));
            let file = normalize(sources.get(workload.anchor.file).path());
            (workload.name.clone(), WorkloadFacts { file, dockerfile, facts: FactTable::of(workload) })
        });
        let findings = findings.iter().map(|finding| FindingState {
            rule: finding.rule,
            service: finding.service.clone(),
            severity: finding.severity,
            message: finding.message.clone(),
            fixes: finding.fixes.iter().filter_map(|fix| edits(fix, sources)).collect(),
        });
        Self {
            files: files.iter().map(|file| sources.get(*file).path().to_path_buf()).collect(),
            reads: project.files.iter().map(|file| normalize(sources.get(*file).path())).collect(),
            workloads: workloads.collect(),
            findings: findings.collect(),
        }
    }

    /// Returns the findings of this project that have this patch as a fix.
    fn resolved<'s>(&'s self, patch: &'s Patch) -> impl Iterator<Item = &'s FindingState> {
        let own = |found: &&FindingState| found.rule == patch.rule && found.fixes.contains(&patch.edits);
        self.findings.iter().filter(own)
    }

    /// Counts the findings per rule and service, from this severity on.
    fn counts(&self, least: Severity) -> HashMap<About<'_>, usize> {
        let mut counts = HashMap::default();
        for found in self.findings.iter().filter(|found| found.severity >= least) {
            *counts.entry((found.rule, found.service.as_deref())).or_default() += 1;
        }
        counts
    }

    fn name(&self) -> String {
        self.files.last().map(|file| path_text(file)).unwrap_or_default()
    }
}

/// Checks that the findings of the patches are gone, no other fact has changed, and nothing new is found save notes.
pub(super) fn verify_project(
    before: &ProjectState,
    after: &ProjectState,
    batch: &[Patch],
) -> Result<(), RejectReason> {
    if before.files != after.files || before.workloads.keys().ne(after.workloads.keys()) {
        return Err(RejectReason::Other("it would add or remove services".to_owned()));
    }
    unchanged(before, after, batch).map_err(RejectReason::Other)?;
    let (were, are) = (before.counts(Severity::Note), after.counts(Severity::Note));
    let mut mended: HashMap<About<'_>, usize> = HashMap::default();
    for patch in batch {
        let about: HashSet<About<'_>> =
            before.resolved(patch).map(|found| (found.rule, found.service.as_deref())).collect();
        for about in about {
            *mended.entry(about).or_default() += 1;
        }
    }
    if mended.iter().any(|(about, count)| of(&are, *about) + count > of(&were, *about)) {
        return Err(RejectReason::Stays);
    }
    // A new limit brings notes on settings that go with it: allowed for the changed services, and only as notes.
    let changed: HashSet<Option<&str>> = mended.keys().map(|(_, service)| *service).collect();
    let were_worse = before.counts(Severity::Warning);
    let are_worse = after.counts(Severity::Warning);
    for found in &after.findings {
        let about = (found.rule, found.service.as_deref());
        let worse = found.severity >= Severity::Warning && of(&are_worse, about) > of(&were_worse, about);
        let more = of(&are, about) > of(&were, about);
        let is_changed = changed.contains(&about.1) || changed.contains(&about.1.map(service_of));
        if worse || (more && !is_changed) {
            return Err(RejectReason::Other(format!(
                "it would cause {} in {}: {}",
                found.rule,
                after.name(),
                found.message
            )));
        }
    }
    Ok(())
}

/// True if a finding about a service explains a change of a workload: a step changes with its service.
fn is_about(service: Option<&str>, workload: &str) -> bool {
    service.is_none_or(|service| service == workload || service == service_of(workload))
}

fn of<'f>(counts: &HashMap<About<'f>, usize>, about: About<'f>) -> usize {
    counts.get(&about).copied().unwrap_or(0)
}

/// Checks that every fact outside the patches' `changes` is as before.
fn unchanged(before: &ProjectState, after: &ProjectState, batch: &[Patch]) -> Result<(), String> {
    // Each patch is compared with all findings once, not once for every fact that has changed.
    let mended: Vec<HashSet<Option<&str>>> = batch
        .iter()
        .map(|patch| before.resolved(patch).map(|found| found.service.as_deref()).collect())
        .collect();
    for (name, WorkloadFacts { file, dockerfile, facts }) in &before.workloads {
        let Some(new) = after.workloads.get(name) else { continue };
        for fact in facts.differences(&new.facts) {
            let meant = batch.iter().zip(&mended).any(|(patch, mended)| {
                let builds = || patch.edits.iter().any(|(path, ..)| Some(path) == dockerfile.as_ref());
                // An override file makes another project of the same service, in which the rule may not report it.
                let shared = || {
                    patch.service().is_some_and(|service| is_about(Some(service), name))
                        && patch.edits.iter().all(|(path, ..)| path == file)
                };
                let is_own = || {
                    [None, Some(name.as_str()), Some(service_of(name))].iter().any(|own| mended.contains(own))
                };
                patch.changes.contains(&fact) && (is_own() || shared() || builds())
            });
            if !meant {
                let file = before.name();
                return Err(format!(
                    "it would also change {} of `{name}` in {file}",
                    fact.name().replace('_', " ")
                ));
            }
        }
    }
    Ok(())
}
