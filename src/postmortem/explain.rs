//! Puts the answer together: the verdict, the findings that explain it, and what to change.

use super::change::changes;
use super::heap::small_heap;
use super::rules::{DIFFERS, MEASURED, of_limit, rules_of};
use super::subject::{Subject, at_own_limit, subjects};
use super::verdict::Case;
use super::{Answer, Files, Missing, Verdict};
use crate::diagnostic::{Finding, plural};
use crate::evidence::{Action, Evidence};
use crate::source::Sources;
use crate::stats::{Identity, Stats};
use crate::workload::{Project, Workload};

/// The most findings of one answer.
const MOST: usize = 6;

/// Returns what the evidence says about the memory that containers used, for the rules that compare limits with it. A container that was
/// killed at its limit used all of it.
#[must_use]
pub fn measurements(evidence: &Evidence, sources: &Sources) -> Option<Stats> {
    let mut stats = Stats::default();
    for subject in subjects(evidence, sources) {
        let name = &subject.name;
        let Some(own) = name.name.clone().or_else(|| name.service.clone()) else { continue };
        let identity = Identity { name: own, project: name.project.clone(), service: name.service.clone() };
        let limit = subject.limit().filter(|limit| limit.0 > 0);
        let killed =
            at_own_limit(&subject.kills).filter_map(|kill| kill.usage.map(|(used, _)| used).or(limit));
        for used in killed.chain(subject.usages.iter().map(|usage| usage.used)) {
            stats.record(identity.clone(), used);
        }
    }
    let measured = stats.containers().next().is_some();
    measured.then_some(stats)
}

/// Answers for one container.
pub(super) fn answer(subject: &Subject<'_>, evidence: &Evidence, files: Files<'_>) -> Answer {
    let process = subject.kills.first().and_then(|kill| kill.kill.victim.clone());
    let other = subject.others.first();
    let process = process.or_else(|| other.and_then(|other| other.victim.clone()));
    let process = process.or_else(|| other.and_then(|other| other.unit().map(str::to_owned)));
    let service = subject.workload.map(|own| own.name.clone()).or_else(|| subject.name.service.clone());
    let id = subject.name.id.as_ref().map(|id| id.text());
    let shown = subject.name.shown().map(str::to_owned).or_else(|| service.clone());
    let shown = shown.or_else(|| subject.name.id.as_ref().map(|id| id.short()));
    let name = shown.map_or_else(|| "the container".to_owned(), |name| format!("`{name}`"));
    let mut ruling = Case { subject, sources: files.sources, name }.decide();
    if evidence.missing_kills > 0 && !(subject.kills.is_empty() && subject.others.is_empty()) {
        ruling
            .against
            .push(format!("not in the log, or not shown: {}", plural(evidence.missing_kills, "more kill")));
    }
    let (given, missing): (Vec<_>, Vec<_>) =
        ruling.missing.into_iter().partition(|missing| is_given(missing, subject, evidence));
    if given.iter().any(is_kernel_log) && subject.kills.is_empty() {
        ruling.against.push("none of the kernel's lines that were given names it".to_owned());
    }
    let explained_by = explaining(subject, ruling.verdict, files);
    let change = changes(subject, ruling.verdict, &explained_by, files.sources);
    Answer {
        name: subject.name.shown().map(str::to_owned).or_else(|| service.clone()).or(process),
        id,
        image: subject.name.image.clone(),
        service: subject.workload.map(|own| own.name.clone()),
        verdict: ruling.verdict,
        confidence: ruling.confidence,
        answer: ruling.answer.join("; "),
        evidence: ruling.evidence,
        against: ruling.against,
        explained_by,
        change,
        missing,
    }
}

/// True if the evidence has already what the command would print.
fn is_given(missing: &Missing, subject: &Subject<'_>, evidence: &Evidence) -> bool {
    let is = |command: &str| missing.command.starts_with(command);
    let inspected = subject.inspected.is_some_and(|own| own.memory.is_some() && own.oom_killed.is_some());
    is("docker events ") && subject.events.iter().any(|event| event.action == Action::Die)
        || is("docker logs ") && !subject.logs.is_empty()
        || is("docker stats ") && !subject.usages.is_empty()
        || is("docker inspect ") && inspected && subject.name.shown().is_some()
        || is_kernel_log(missing) && !evidence.kernel.is_empty()
}

/// True for a command that prints the kernel's lines of all kills.
fn is_kernel_log(missing: &Missing) -> bool {
    missing.command.ends_with("'oom|killed process'")
}

/// Returns the findings that explain the verdict: on the container's service, and on the container itself what its files do not say.
fn explaining(subject: &Subject<'_>, verdict: Verdict, files: Files<'_>) -> Vec<Finding> {
    let of_service = subject.workload.map(|own| findings_of(own, files)).unwrap_or_default();
    let of_container = subject.container.map(|own| findings_of(own, files)).unwrap_or_default();
    let mut found: Vec<Finding> = Vec::new();
    for rule in rules_of(subject, verdict) {
        let of_rule = |list: &[&Finding]| -> Vec<Finding> {
            let of = |finding: &&&Finding| {
                // Other settings than the limit may differ, too.
                finding.rule == rule && (rule != DIFFERS || of_limit(finding, subject, files.sources))
            };
            list.iter().filter(of).map(|finding| (*finding).clone()).collect()
        };
        let own = of_rule(&of_service);
        found.extend(if own.is_empty() { of_rule(&of_container) } else { own });
    }
    // That a container was killed at its limit shows no headroom: it explains nothing where another rule says why.
    if found.iter().any(|finding| !MEASURED.contains(&finding.rule)) {
        found.retain(|finding| !MEASURED.contains(&finding.rule));
    }
    // A default heap that is small against the limit fills no container, and a larger one is no remedy.
    if small_heap(subject, verdict).is_some() {
        found.retain(|finding| finding.rule != "unbounded-heap");
    }
    found.truncate(MOST);
    found
}

/// Returns the findings on a workload.
fn findings_of<'f>(workload: &Workload, files: Files<'f>) -> Vec<&'f Finding> {
    let own = |project: &&Project| project.workloads.iter().any(|own| std::ptr::eq(own, workload));
    let Some(project) = files.outcome.projects.iter().find(own) else { return Vec::new() };
    let of_workload = |finding: &&Finding| {
        let place = files.sources.to_outer_span(finding.primary.span).file;
        finding.service.as_deref() == Some(workload.name.as_str()) && project.files.contains(&place)
    };
    files.outcome.findings.iter().filter(of_workload).collect()
}
