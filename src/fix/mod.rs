//! Applies fixes and verifies each: its finding must disappear from every project that has it, all facts outside
//! [`Fix::changes`] must stay, and no finding may appear anywhere, save notes on the changed services.

mod groups;
mod project_state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::project_state::ProjectState;
use crate::check::{Options, Outcome, findings, resolve_fix_ops, run, run_rules};
use crate::diagnostic::{Applicability, Finding, Fix};
use crate::discover::Discovered;
use crate::hash::{HashMap, HashSet};
use crate::parallel;
use crate::rules::Preset;
use crate::rules::lint::unused_suppression;
use crate::source::{Overlay, Sources, compare_paths, normalize};
use crate::workload::FactName;

/// The largest number of rounds. One fix can make another possible: a limit that is written down, a tighter heap.
const MAX_ROUNDS: usize = 8;

/// The largest number of file states that are checked of one group of files. Each rejected fix among many costs a few.
const MAX_TRIALS: usize = 1_000;

/// The largest number of fixes that are tried together with the one that uncovers them.
const MAX_UNCOVERED: usize = 16;

/// The result of applying fixes.
#[derive(Debug, Default)]
pub struct FixResult {
    /// The changed files: path, text as read, text afterwards.
    pub files: Vec<(PathBuf, String, String)>,
    /// The fixes that were applied, in order.
    pub applied: Vec<Applied>,
    /// The fixes that were tried and rejected.
    pub refused: Vec<RejectedFix>,
    /// True if fixes are left that were not tried.
    pub unfinished: bool,
    /// The number of findings with an unsafe fix that are left.
    pub unsafe_left: usize,
}

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rule.
    pub rule: &'static str,
    /// The title of the fix.
    pub title: String,
    /// The file of the finding.
    pub path: PathBuf,
}

/// A fix that did not pass verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedFix {
    /// The rule.
    pub rule: &'static str,
    /// The title of the fix.
    pub title: String,
    /// The file of the finding.
    pub path: PathBuf,
    /// The reason: lower case, no full stop.
    pub why: String,
}

/// One fix as edits by path.
#[derive(Clone)]
struct Patch {
    rule: &'static str,
    title: String,
    path: PathBuf,
    /// Identifies its finding from one round to the next.
    identity: Identity,
    changes: &'static [FactName],
    edits: Edits,
    /// Other fixes of the same finding, the better first.
    alternatives: Vec<Patch>,
    /// True if its finding appeared only once another one was fixed.
    uncovered: bool,
}

/// Ranges of files, in bytes, and the texts to write in their place.
type Edits = Vec<(PathBuf, std::ops::Range<usize>, String)>;

/// The file, rule, service and source text of a finding.
type Identity = (PathBuf, &'static str, Option<String>, String);

/// One state of the files, with its outcome and projects.
struct State {
    sources: Sources,
    outcome: Outcome,
    projects: Vec<ProjectState>,
}

/// Applies every fix of at least this applicability, in rounds, until no more can be applied. Writes nothing to the disk.
///
/// `overlay` has the texts that replace files on the disk: standard input, unsaved buffers.
#[must_use]
pub fn fix(options: &Options, discovered: &Discovered, overlay: &Overlay, level: Applicability) -> FixResult {
    fix_some(options, discovered, overlay, level, &|_| true)
}

/// Like [`fix`], for the findings that are `wanted` only.
#[must_use]
pub fn fix_some(
    options: &Options,
    discovered: &Discovered,
    overlay: &Overlay,
    level: Applicability,
    wanted: &(dyn Fn(&Finding) -> bool + Sync),
) -> FixResult {
    let sources = Sources::with_file_system(options.disk.with_overlay(overlay));
    let outcome = findings(options, &sources, discovered);
    let fixable = outcome
        .findings
        .iter()
        .filter(|finding| wanted(finding) && applicable(finding, level).next().is_some());
    let mut files = fixable.map(|finding| {
        let place = sources.to_outer_span(finding.primary.span);
        sources.absolute(sources.get(place.file).path())
    });
    let parts = if options.compose_files.is_empty() {
        groups::with_files(files, discovered, &outcome, &sources)
    } else {
        // The files of `-f` are one project, and the others are few.
        files.next().map(|_| discovered.clone()).into_iter().collect()
    };
    let mut fixed = FixResult { unsafe_left: unsafe_fixes(&outcome), ..FixResult::default() };
    drop((outcome, sources));
    let parts = parallel::map(parts, |part| fix_group(options, &part, overlay, level, wanted));
    for (part, unsafe_before) in parts {
        fixed.files.extend(part.files);
        fixed.applied.extend(part.applied);
        fixed.refused.extend(part.refused);
        fixed.unfinished |= part.unfinished;
        fixed.unsafe_left = (fixed.unsafe_left + part.unsafe_left).saturating_sub(unsafe_before);
    }
    fixed.files.sort_by(|(a, ..), (b, ..)| compare_paths(a, b));
    fixed
}

/// Counts the findings with an unsafe fix.
fn unsafe_fixes(outcome: &Outcome) -> usize {
    let is_unsafe =
        |finding: &&Finding| finding.fixes.iter().any(|fix| fix.applicability == Applicability::Unsafe);
    outcome.findings.iter().filter(is_unsafe).count()
}

/// Applies the fixes of files that no project outside of `discovered` depends on. Returns the number of findings with an unsafe fix
/// before, too.
fn fix_group(
    options: &Options,
    discovered: &Discovered,
    overlay: &Overlay,
    level: Applicability,
    wanted: &(dyn Fn(&Finding) -> bool + Sync),
) -> (FixResult, usize) {
    let (mut before, mut now) = (overlay.clone(), overlay.clone());
    let mut state = State::of(options, discovered, &now);
    let unsafe_before = unsafe_fixes(&state.outcome);
    let mut fixed = FixResult::default();
    let (mut rounds, mut trials) = (0, 0);
    let mut known: HashSet<Identity> = HashSet::default();
    // A rejected fix may pass once others are in: the end is a round in which none does.
    loop {
        let patches = candidates(&state, level, wanted);
        if rounds == MAX_ROUNDS || trials == MAX_TRIALS {
            fixed.unfinished |= patches.len() > fixed.refused.len();
            break;
        }
        rounds += 1;
        let is_known = |patch: &Patch| known.contains(&patch.identity);
        let (again, fresh): (Vec<_>, Vec<_>) = patches.into_iter().partition(is_known);
        // Rejected fixes are tried once more when nothing else is left.
        let last = fresh.is_empty();
        let patches = if last { again } else { fresh };
        if last {
            known.clear();
            fixed.refused.clear();
        }
        if patches.is_empty() {
            break;
        }
        let mut progress = false;
        let mut open = vec![patches];
        // All at once where that passes, else in parts, down to the fixes that do not pass.
        while let Some(batch) = open.pop() {
            if trials == MAX_TRIALS {
                fixed.unfinished = true;
                break;
            }
            trials += 1;
            let next = apply(&now, &state, &batch);
            let after = State::of(options, discovered, &next);
            let judged = verify(&state, &after, &batch);
            let tried = match (judged, batch.as_slice()) {
                (Err(Objection { why: RejectReason::Other(why), .. }), [_]) => Err((why, vec![batch])),
                (Err(doubt), [patch]) => {
                    let follow = Follow { options, discovered, level, wanted };
                    match follow.all(&state, patch, (next, after), &mut trials) {
                        Some(reached) => Ok(reached),
                        None => Err((doubt.why.to_string(), vec![batch])),
                    }
                }
                (Err(doubt), _) => {
                    let parts = parted(batch, doubt.project);
                    Err((doubt.why.to_string(), parts))
                }
                (Ok(()), _) => Ok((next, after, batch)),
            };
            match tried {
                Ok((next, after, batch)) => {
                    for patch in &batch {
                        fixed.applied.push(Applied {
                            rule: patch.rule,
                            title: patch.title.clone(),
                            path: patch.path.clone(),
                        });
                    }
                    progress = true;
                    for path in next.keys().filter(|path| !now.contains_key(*path)) {
                        if let Ok(id) = state.sources.load(path) {
                            before.insert(path.clone(), state.sources.get(id).text().to_owned());
                        }
                    }
                    (now, state) = (next, after);
                    open = moved(open, candidates(&state, level, wanted));
                }
                // A rejected batch is split. Those that cannot be at fault are tried first.
                Err((_, parts)) if parts.len() > 1 => open.extend(parts),
                Err((why, parts)) => {
                    let Some(mut patch) = parts.into_iter().flatten().next() else { continue };
                    if !patch.alternatives.is_empty() {
                        let mut next = patch.alternatives.remove(0);
                        next.alternatives = patch.alternatives;
                        open.push(vec![next]);
                        continue;
                    }
                    known.insert(patch.identity.clone());
                    fixed.refused.push(RejectedFix {
                        rule: patch.rule,
                        title: patch.title,
                        path: patch.path,
                        why,
                    });
                }
            }
        }
        if !progress && last {
            break;
        }
    }
    tracing::debug!(
        "tried {trials} states of {} files for {} fixes",
        discovered.files.len(),
        fixed.applied.len()
    );
    fixed.files = changed(&before, now);
    fixed.unsafe_left = unsafe_fixes(&state.outcome);
    (fixed, unsafe_before)
}

/// Splits a batch in two: the patches of files that the project in doubt reads, and the others, which are tried first. Halves
/// if one of the two would be empty.
fn parted(batch: Vec<Patch>, project: Option<&ProjectState>) -> Vec<Vec<Patch>> {
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

/// The arguments of [`fix_some`], to search for fixes that another one uncovers.
struct Follow<'f> {
    options: &'f Options,
    discovered: &'f Discovered,
    level: Applicability,
    wanted: &'f dyn Fn(&Finding) -> bool,
}

impl Follow<'_> {
    /// Applies a fix with those that it uncovers for the same rule, file and service: of several variables in one text, each
    /// shows when the one before it is fixed. `None` if no such series passes verification.
    fn all(
        &self,
        state: &State,
        first: &Patch,
        (mut texts, mut reached): (Overlay, State),
        trials: &mut usize,
    ) -> Option<(Overlay, State, Vec<Patch>)> {
        let mut all = vec![first.clone()];
        for _ in 0..MAX_UNCOVERED {
            let (path, rule, service, _) = &first.identity;
            let next = candidates(&reached, self.level, self.wanted).into_iter().find(|patch| {
                let (other_path, other_rule, other_service, _) = &patch.identity;
                (other_path, other_rule, other_service) == (path, rule, service)
                    && all.iter().all(|known| known.identity != patch.identity)
            });
            let next = Patch { uncovered: true, ..next? };
            texts = apply(&texts, &reached, std::slice::from_ref(&next));
            reached = State::of(self.options, self.discovered, &texts);
            *trials += 1;
            all.push(next);
            if verify(state, &reached, &all).is_ok() {
                return Some((texts, reached, all));
            }
        }
        None
    }
}

/// Returns the open batches with current positions. A patch that is not found again is left to the next round.
fn moved(open: Vec<Vec<Patch>>, now: Vec<Patch>) -> Vec<Vec<Patch>> {
    let mut now: HashMap<Identity, Patch> =
        now.into_iter().map(|patch| (patch.identity.clone(), patch)).collect();
    let mut again = |batch: Vec<Patch>| -> Vec<Patch> {
        batch.into_iter().filter_map(|patch| now.remove(&patch.identity)).collect()
    };
    open.into_iter().map(&mut again).filter(|batch| !batch.is_empty()).collect()
}

impl State {
    fn of(options: &Options, discovered: &Discovered, overlay: &Overlay) -> Self {
        let sources = Sources::with_file_system(options.disk.with_overlay(overlay));
        let outcome = run(options, &sources, discovered);
        // All rules run, whatever was selected: none of them may find more afterwards.
        let all = Options {
            select: Vec::new(),
            ignore: Vec::new(),
            preset: Some(Preset::Strict),
            ..options.clone()
        };
        let projects = parallel::map(outcome.projects.iter().collect(), |project| {
            let mut findings = run_rules(project, &all, &sources);
            resolve_fix_ops(&mut findings, &sources);
            ProjectState::of(project, &findings, &sources)
        });
        Self { sources, outcome, projects }
    }
}

/// Returns the fixes of a state that may be applied, without overlaps.
fn candidates(state: &State, level: Applicability, wanted: &dyn Fn(&Finding) -> bool) -> Vec<Patch> {
    let mut taken: HashMap<PathBuf, Vec<std::ops::Range<usize>>> = HashMap::default();
    let mut rules: HashMap<(PathBuf, String), &'static str> = HashMap::default();
    let mut seen = HashSet::default();
    let mut patches = Vec::new();
    for finding in state.outcome.findings.iter().filter(|finding| wanted(finding)) {
        let Some(patch) = patch(finding, &state.sources, level) else { continue };
        // Two services that share a value ask for the same change of it.
        if !seen.insert(patch.edits.clone()) {
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
fn applicable(finding: &Finding, level: Applicability) -> impl Iterator<Item = &Fix> {
    finding.fixes.iter().filter(move |fix| fix.applicability >= level && !fix.edits.is_empty())
}

/// Returns the best applicable fix of a finding, with the others as alternatives.
fn patch(finding: &Finding, sources: &Sources, level: Applicability) -> Option<Patch> {
    let identity = identity(finding, sources);
    let mut patches = applicable(finding, level).filter_map(|fix| {
        Some(Patch {
            rule: finding.rule,
            title: fix.title.clone(),
            path: identity.0.clone(),
            identity: identity.clone(),
            changes: fix.changes,
            edits: edits(fix, sources)?,
            alternatives: Vec::new(),
            uncovered: false,
        })
    });
    let first = patches.next()?;
    Some(Patch { alternatives: patches.collect(), ..first })
}

/// Returns the edits of a fix by path. `None` if a file is not UTF-8 or an edit is outside of its text.
fn edits(fix: &Fix, sources: &Sources) -> Option<Edits> {
    let edits = fix.edits.iter().map(|edit| {
        let source = sources.get(edit.span.file);
        let fits = source.invalid_utf8().is_none() && source.text().get(edit.span.range()).is_some();
        fits.then(|| (normalize(source.path()), edit.span.range(), edit.replacement.clone()))
    });
    edits.collect()
}

/// Returns the overlay with the patches applied.
fn apply(now: &Overlay, state: &State, batch: &[Patch]) -> Overlay {
    let mut next = now.clone();
    let mut edits: BTreeMap<&Path, Vec<(&std::ops::Range<usize>, &str)>> = BTreeMap::new();
    for patch in batch {
        for (path, range, text) in &patch.edits {
            edits.entry(path).or_default().push((range, text));
        }
    }
    for (path, mut edits) in edits {
        // The edits refer to these sources, so every file loads.
        let Ok(id) = state.sources.load(path) else { continue };
        let mut text = state.sources.get(id).text().to_owned();
        edits.sort_by_key(|(range, _)| (range.start, range.end));
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

/// The reason to reject a batch of fixes.
#[derive(Debug)]
enum RejectReason {
    /// Its finding would stay, or another of the same rule and service: one more fix may resolve that.
    Stays,
    /// Any other reason, as text: lower case, no full stop.
    Other(String),
}

impl std::fmt::Display for RejectReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stays => f.write_str("the finding would stay"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// An objection to a batch of fixes.
struct Objection<'s> {
    why: RejectReason,
    /// The project that would be worse off. `None` if it is not a single one.
    project: Option<&'s ProjectState>,
}

/// Checks that the patches resolve their findings and do nothing else, in any project that reads the files.
fn verify<'s>(before: &'s State, after: &State, batch: &[Patch]) -> Result<(), Objection<'s>> {
    let doubt = |why: &str| Err(Objection { why: RejectReason::Other(why.to_owned()), project: None });
    if unparsed(after) > unparsed(before) {
        return doubt("the file would no longer parse");
    }
    if before.projects.len() != after.projects.len() {
        return doubt("other services would be there");
    }
    for (old, new) in before.projects.iter().zip(&after.projects) {
        project_state::verify_project(old, new, batch)
            .map_err(|why| Objection { why, project: Some(old) })?;
    }
    // Findings about comments belong to no project. Of identical ones, each patch has to remove one.
    let counted = |state: &State| {
        let findings = state.outcome.findings.iter();
        counted(findings.map(|finding| identity(finding, &state.sources)))
    };
    let (were, are) = (counted(before), counted(after));
    let first = batch.iter().filter(|patch| !patch.uncovered);
    let meant = self::counted(first.map(|patch| patch.identity.clone()));
    let of = |counts: &HashMap<Identity, usize>, identity| counts.get(identity).copied().unwrap_or(0);
    if meant.iter().any(|(identity, count)| of(&are, identity) + count > of(&were, identity)) {
        return Err(Objection { why: RejectReason::Stays, project: None });
    }
    let comments = |state: &State| {
        state
            .outcome
            .findings
            .iter()
            .filter(|finding| finding.rule == unused_suppression::RULE.meta().name)
            .count()
    };
    if comments(after) > comments(before) {
        return doubt("a suppression would be unused");
    }
    Ok(())
}

/// Counts the errors that keep a part of a file from being read.
fn unparsed(state: &State) -> usize {
    let errors = state.outcome.projects.iter().flat_map(|project| &project.syntax_errors);
    errors.filter(|error| error.fatal).count()
}

fn identity(finding: &Finding, sources: &Sources) -> Identity {
    let place = sources.to_outer_span(finding.primary.span);
    let source = sources.get(place.file);
    let (path, text) = (source.path().to_path_buf(), source.slice(place).to_owned());
    (path, finding.rule, finding.service.clone(), text)
}

fn counted(identities: impl Iterator<Item = Identity>) -> HashMap<Identity, usize> {
    let mut counts = HashMap::default();
    for identity in identities {
        *counts.entry(identity).or_default() += 1;
    }
    counts
}

/// Returns the files whose text differs now.
fn changed(before: &Overlay, after: Overlay) -> Vec<(PathBuf, String, String)> {
    let files = after.into_iter().filter_map(|(path, new)| {
        let old = before.get(&path)?.clone();
        Some((path, old, new))
    });
    files.filter(|(_, old, new)| old != new).collect()
}
