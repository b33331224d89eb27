//! Compares one project before and after a fix: its facts, and the findings of every rule in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::patch::{Edits, Patch, edits};
use super::verify::RejectReason;
use crate::diagnostic::{Finding, Severity};
use crate::hash::{HashMap, HashSet};
use crate::source::{Sources, normalize, path_text};
use crate::workload::{FactName, FactTable, Project, service_of};

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

/// The patches of one attempt, indexed: there may be thousands, and as many findings and services to compare them with.
pub(super) struct Batch<'b> {
    patches: &'b [Patch],
    /// The indices of the patches of a rule with the same edits.
    by_edits: HashMap<(&'static str, &'b Edits), Vec<usize>>,
    /// The facts that patches change for a service, and the one file that they edit.
    in_file: HashSet<(&'b str, &'b Path, FactName)>,
    /// The facts that patches of a file change.
    by_file: HashSet<(&'b Path, FactName)>,
}

impl<'b> Batch<'b> {
    pub(super) fn of(patches: &'b [Patch]) -> Self {
        let mut batch = Self {
            patches,
            by_edits: HashMap::default(),
            in_file: HashSet::default(),
            by_file: HashSet::default(),
        };
        for (at, patch) in patches.iter().enumerate() {
            batch.by_edits.entry((patch.rule, &patch.edits)).or_default().push(at);
            let mut files = patch.edits.iter().map(|(path, ..)| path.as_path());
            let facts = |file| patch.changes.iter().map(move |fact| (file, *fact));
            batch.by_file.extend(files.clone().flat_map(facts));
            if let (Some(service), Some(first)) = (patch.service(), files.next())
                && files.all(|file| file == first)
            {
                batch.in_file.extend(facts(first).map(|(file, fact)| (service, file, fact)));
            }
        }
        batch
    }
}

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

    /// Returns the patches that are fixes of findings of this project, each with the services of those findings.
    fn resolved<'s>(&'s self, batch: &Batch<'s>) -> HashSet<(usize, Option<&'s str>)> {
        let fixes = self.findings.iter().flat_map(|found| found.fixes.iter().map(move |fix| (found, fix)));
        let own = fixes.flat_map(|(found, fix)| {
            let patches = batch.by_edits.get(&(found.rule, fix)).into_iter().flatten();
            patches.map(|at| (*at, found.service.as_deref()))
        });
        own.collect()
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
    batch: &Batch<'_>,
) -> Result<(), RejectReason> {
    if before.files != after.files || before.workloads.keys().ne(after.workloads.keys()) {
        return Err(RejectReason::Other("it would add or remove services".to_owned()));
    }
    let resolved: Vec<(&Patch, Option<&str>)> = before
        .resolved(batch)
        .into_iter()
        .filter_map(|(at, service)| Some((batch.patches.get(at)?, service)))
        .collect();
    unchanged(before, after, batch, &resolved).map_err(RejectReason::Other)?;
    let (were, are) = (before.counts(Severity::Note), after.counts(Severity::Note));
    let mut mended: HashMap<About<'_>, usize> = HashMap::default();
    for (patch, service) in resolved {
        *mended.entry((patch.rule, service)).or_default() += 1;
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

fn of<'f>(counts: &HashMap<About<'f>, usize>, about: About<'f>) -> usize {
    counts.get(&about).copied().unwrap_or(0)
}

/// Checks that every fact outside the patches' `changes` is as before.
fn unchanged(
    before: &ProjectState,
    after: &ProjectState,
    batch: &Batch<'_>,
    resolved: &[(&Patch, Option<&str>)],
) -> Result<(), String> {
    let mended: HashSet<(Option<&str>, FactName)> = resolved
        .iter()
        .flat_map(|(patch, service)| patch.changes.iter().map(|fact| (*service, *fact)))
        .collect();
    for (name, WorkloadFacts { file, dockerfile, facts }) in &before.workloads {
        let Some(new) = after.workloads.get(name) else { continue };
        // A step changes with its service.
        let names = [name.as_str(), service_of(name)];
        for fact in facts.differences(&new.facts) {
            let is_own = mended.contains(&(None, fact))
                || names.iter().any(|service| mended.contains(&(Some(*service), fact)));
            // An override file makes another project of the same service, in which the rule may not report it.
            let is_shared = || names.iter().any(|service| batch.in_file.contains(&(*service, file, fact)));
            let builds = || dockerfile.as_ref().is_some_and(|file| batch.by_file.contains(&(file, fact)));
            if !is_own && !is_shared() && !builds() {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::check::Options;
    use crate::diagnostic::Applicability;
    use crate::discover::{Discovered, FileKind};
    use crate::fix::State;
    use crate::fix::patch::candidates;
    use crate::source::Overlay;

    /// Returns the state of Compose files.
    fn state(files: &[(&str, &str)]) -> State {
        let mut discovered = Discovered::default();
        let mut overlay = Overlay::new();
        for (path, text) in files {
            let path = Path::new("/nowhere").join(path);
            discovered.add(path.clone(), FileKind::Compose);
            overlay.insert(path, (*text).to_owned());
        }
        State::of(&Options::default(), &discovered, &overlay)
    }

    /// Returns what speaks against a change of the first project, if these fixes of it are said to make it.
    fn objection(before: &State, after: &State, patches: &[Patch]) -> Option<String> {
        let batch = Batch::of(patches);
        let (before, after) = (before.projects.first().unwrap(), after.projects.first().unwrap());
        verify_project(before, after, &batch).err().map(|why| why.to_string())
    }

    const LIMIT: &str = "services:\n  a: {image: x, mem_limit: 1g, memswap_limit: 512m}\n";

    #[test]
    fn services_and_files_stay() {
        let one = state(&[("compose.yaml", LIMIT)]);
        let more = state(&[("compose.yaml", &format!("{LIMIT}  b: {{image: x}}\n"))]);
        let elsewhere = state(&[("other/compose.yaml", LIMIT)]);
        let both = state(&[("other/compose.yaml", &format!("{LIMIT}  b: {{image: x}}\n"))]);
        let why = Some("it would add or remove services".to_owned());
        assert_eq!(objection(&one, &one, &[]), None);
        for other in [&more, &elsewhere, &both] {
            assert_eq!(objection(&one, other, &[]), why);
            assert_eq!(objection(other, &one, &[]), why);
        }
    }

    #[test]
    fn a_finding_has_to_go_with_its_fix() {
        let before = state(&[("compose.yaml", LIMIT)]);
        let patches = candidates(
            &before,
            Applicability::Unsafe,
            &|finding, _| finding.rule == "swap-below-limit",
            &HashSet::default(),
        );
        assert_eq!(patches.len(), 1);
        let mended = state(&[("compose.yaml", &LIMIT.replace("512m", "1g"))]);
        assert_eq!(objection(&before, &mended, &patches), None);
        // It stays; another fact changes, too; something worse appears.
        let stays = objection(&before, &before, &patches).unwrap();
        assert_eq!(stays, RejectReason::Stays.to_string());
        let lower = state(&[("compose.yaml", &LIMIT.replace("512m", "900m"))]);
        assert_eq!(objection(&before, &lower, &patches), Some(stays));
        let other = state(&[(
            "compose.yaml",
            &LIMIT.replace("512m", "1g").replace("image: x", "image: x, init: true"),
        )]);
        assert!(objection(&before, &other, &patches).unwrap().contains("init"));
        let worse = state(&[("compose.yaml", &LIMIT.replace("512m", "1gx"))]);
        assert!(objection(&before, &worse, &patches).unwrap().contains("invalid-memory-value"));
        // Without a fix that says so, nothing changes.
        assert!(objection(&before, &mended, &[]).is_some());
    }
}
