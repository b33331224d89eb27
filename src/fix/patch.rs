//! Fixes as edits of files by path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::project_state::ProjectState;
use super::{State, Wanted};
use crate::diagnostic::{Applicability, Finding, Fix};
use crate::hash::{HashMap, HashSet};
use crate::order;
use crate::rules;
use crate::source::{Overlay, Sources, normalize};
use crate::workload::FactName;

/// One fix as edits by path.
#[derive(Clone)]
pub(super) struct Patch {
    pub(super) rule: &'static str,
    pub(super) title: String,
    pub(super) path: PathBuf,
    /// Identifies its finding from one round to the next.
    pub(super) identity: Identity,
    pub(super) changes: &'static [FactName],
    pub(super) edits: Edits,
    /// Other fixes of the same finding, the better first.
    pub(super) alternatives: Vec<Patch>,
    /// True if its finding appeared only once another one was fixed.
    pub(super) uncovered: bool,
}

impl Patch {
    /// Returns the service of its finding.
    pub(super) fn service(&self) -> Option<&str> {
        self.identity.2.as_deref()
    }
}

/// Ranges of files, in bytes, and the texts to write in their place.
pub(super) type Edits = Vec<(PathBuf, std::ops::Range<usize>, String)>;

/// The file, rule, service and source text of a finding.
pub(super) type Identity = (PathBuf, &'static str, Option<String>, String);

/// Returns the fixes of a state that may be applied, without overlaps. Those of `refused` findings leave their place to others.
pub(super) fn candidates(
    state: &State,
    level: Applicability,
    wanted: &Wanted<'_>,
    refused: &HashSet<Identity>,
) -> Vec<Patch> {
    let mut taken: HashMap<PathBuf, Vec<std::ops::Range<usize>>> = HashMap::default();
    let mut rules: HashMap<(PathBuf, String), &'static str> = HashMap::default();
    let mut seen = HashSet::default();
    let mut patches = Vec::new();
    let is_wanted = |finding: &&Finding| wanted(finding, &path_of(finding, &state.sources));
    let mut findings: Vec<&Finding> = state.outcome.findings.iter().filter(is_wanted).collect();
    // Of two fixes that exclude each other the one of the worse problem wins, wherever in the file it is.
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), rules::position(finding.rule)));
    for finding in findings {
        let Some(patch) = patch(finding, &state.sources, level) else { continue };
        // Two services that share a value ask for the same change of it.
        let all = std::iter::once(&patch).chain(&patch.alternatives).map(|fix| fix.edits.clone());
        if !seen.insert(all.collect::<Vec<_>>()) || refused.contains(&patch.identity) {
            continue;
        }
        let free = patch.edits.iter().all(|(path, range, _)| {
            taken.get(path).is_none_or(|ranges| {
                ranges.iter().all(|other| {
                    // Two insertions in one place would depend on their order.
                    other.end < range.start || range.end < other.start
                })
            })
        });
        // Fixes of two rules for one service go into two rounds: the second rule has to see the result of the first.
        let place = patch.path.parent().map(Path::to_path_buf).unwrap_or_default();
        let about = finding.service.clone().map(|service| (place, service));
        let other = about.as_ref().and_then(|about| rules.get(about)).is_some_and(|rule| *rule != patch.rule);
        if !free || (other && !patch.changes.is_empty()) {
            continue;
        }
        rules.extend(about.map(|about| (about, patch.rule)));
        for (path, range, _) in &patch.edits {
            taken.entry(path.clone()).or_default().push(range.clone());
        }
        patches.push(patch);
    }
    patches
}

/// Returns the fixes of a finding of at least this applicability, the better first.
pub(super) fn applicable(finding: &Finding, level: Applicability) -> impl Iterator<Item = &Fix> {
    finding.fixes.iter().filter(move |fix| fix.applicability >= level && !fix.edits.is_empty())
}

/// Returns the best applicable fix of a finding, with the others as alternatives.
pub(super) fn patch(finding: &Finding, sources: &Sources, level: Applicability) -> Option<Patch> {
    let mut patches = applicable(finding, level).filter_map(|fix| of_fix(finding, fix, sources));
    let first = patches.next()?;
    Some(Patch { alternatives: patches.collect(), ..first })
}

/// Returns one fix of a finding. `None` if its edits are outside of the text of their file.
pub(super) fn of_fix(finding: &Finding, fix: &Fix, sources: &Sources) -> Option<Patch> {
    let identity = identity(finding, sources);
    Some(Patch {
        rule: finding.rule,
        title: fix.title.clone(),
        path: identity.0.clone(),
        changes: fix.changes,
        edits: edits(fix, sources)?,
        alternatives: Vec::new(),
        uncovered: false,
        identity,
    })
}

/// Returns the edits of a fix by path. `None` if a file is not UTF-8 or an edit is outside of its text.
pub(super) fn edits(fix: &Fix, sources: &Sources) -> Option<Edits> {
    let edits = fix.edits.iter().map(|edit| {
        let source = sources.get(edit.span.file);
        let fits = source.invalid_utf8().is_none() && source.text().get(edit.span.range()).is_some();
        fits.then(|| (normalize(source.path()), edit.span.range(), edit.replacement.clone()))
    });
    edits.collect()
}

/// Returns the overlay with the patches applied.
pub(super) fn apply(now: &Overlay, state: &State, batch: &[Patch]) -> Overlay {
    edited(now, &state.sources, batch.iter().flat_map(|patch| &patch.edits))
}

/// Returns the overlay with the edits applied to the texts of `sources`.
pub(super) fn edited<'e>(
    now: &Overlay,
    sources: &Sources,
    all: impl Iterator<Item = &'e (PathBuf, std::ops::Range<usize>, String)>,
) -> Overlay {
    let mut next = now.clone();
    let mut edits: BTreeMap<&Path, Vec<(&std::ops::Range<usize>, &str)>> = BTreeMap::new();
    for (path, range, text) in all {
        edits.entry(path).or_default().push((range, text));
    }
    for (path, mut edits) in edits {
        // The edits refer to these sources, so every file loads.
        let Ok(id) = sources.load(path) else { continue };
        let mut text = sources.get(id).text().to_owned();
        order::by_key(&mut edits, |(range, _)| (range.start, range.end));
        // From the end, so that earlier ranges stay valid. Of two insertions in one place the first one comes first.
        for (range, replacement) in edits.into_iter().rev() {
            // Overlapping edits of one patch are a bug of a rule, and no reason to end the run.
            if text.get(range.clone()).is_some() {
                text.replace_range(range.clone(), replacement);
            }
        }
        next.insert(path.to_path_buf(), text);
    }
    next
}

/// Splits a batch in two: the patches of files that the project in doubt reads, and the others, which are tried first. Halves
/// if one of the two would be empty.
pub(super) fn parted(batch: Vec<Patch>, project: Option<&ProjectState>) -> Vec<Vec<Patch>> {
    let touches = |patch: &Patch| {
        project.is_none_or(|project| patch.edits.iter().any(|(path, ..)| project.reads.contains(path)))
    };
    let (suspects, mut others): (Vec<_>, Vec<_>) = batch.into_iter().partition(touches);
    if suspects.is_empty() || others.is_empty() {
        others.extend(suspects);
        let second = others.split_off(others.len() / 2);
        return vec![second, others];
    }
    vec![suspects, others]
}

/// Returns the open batches with current positions. A patch that is not found again is left to the next round.
pub(super) fn moved(open: Vec<Vec<Patch>>, now: Vec<Patch>) -> Vec<Vec<Patch>> {
    let mut now: HashMap<Identity, Patch> =
        now.into_iter().map(|patch| (patch.identity.clone(), patch)).collect();
    let mut again = |batch: Vec<Patch>| -> Vec<Patch> {
        batch.into_iter().filter_map(|patch| now.remove(&patch.identity)).collect()
    };
    open.into_iter().map(&mut again).filter(|batch| !batch.is_empty()).collect()
}

pub(super) fn identity(finding: &Finding, sources: &Sources) -> Identity {
    let place = sources.to_outer_span(finding.primary.span);
    let source = sources.get(place.file);
    let (path, text) = (source.path().to_path_buf(), source.slice(place).to_owned());
    (path, finding.rule, finding.service.clone(), text)
}

/// Returns the path of the file that a finding is in.
pub(super) fn path_of(finding: &Finding, sources: &Sources) -> PathBuf {
    sources.get(sources.to_outer_span(finding.primary.span).file).path().to_path_buf()
}
