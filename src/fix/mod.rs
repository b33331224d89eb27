//! Applies fixes and verifies each: its finding must disappear from every project that has it, all facts outside
//! [`crate::diagnostic::Fix::changes`] must stay, and no finding may appear anywhere, save notes on the changed services.

mod groups;
mod patch;
pub mod plan;
mod project_state;
mod verify;

use std::path::{Path, PathBuf};

use self::patch::{Identity, Patch, applicable, apply, candidates, edited, edits, moved, parted, path_of};
use self::project_state::ProjectState;
use self::verify::{Objection, RejectReason, verify};
use std::sync::atomic::Ordering;

use crate::check::{Options, Outcome, findings, resolve_fix_ops, run, run_rules};
use crate::diagnostic::{Applicability, Finding, Fix};
use crate::discover::Discovered;
use crate::hash::HashSet;
use crate::order;
use crate::parallel;
use crate::rules::{self, Preset};
use crate::source::{Overlay, Sources, compare_paths};

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
    /// The service of the finding.
    pub service: Option<String>,
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
    /// The service of the finding.
    pub service: Option<String>,
    /// The reason: lower case, no full stop.
    pub why: String,
}

/// Selects findings to fix, each with the path of its file.
pub type Wanted<'w> = dyn Fn(&Finding, &Path) -> bool + Sync + 'w;

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
    fix_some(options, discovered, overlay, level, &|_, _| true)
}

/// Like [`fix`], for the findings that are `wanted` only, each with the path of its file.
#[must_use]
pub fn fix_some(
    options: &Options,
    discovered: &Discovered,
    overlay: &Overlay,
    level: Applicability,
    wanted: &Wanted<'_>,
) -> FixResult {
    let sources = Sources::with_file_system(options.disk.with_overlay(overlay));
    let outcome = findings(options, &sources, discovered);
    let fixable = outcome.findings.iter().filter_map(|finding| {
        let path = path_of(finding, &sources);
        (wanted(finding, &path) && applicable(finding, level).next().is_some()).then_some(path)
    });
    let files = fixable.map(|path| sources.absolute(&path));
    let parts = parts(options, files, discovered, &outcome, &sources);
    let mut fixed = FixResult { unsafe_left: unsafe_fixes(&outcome), ..FixResult::default() };
    drop((outcome, sources));
    let parts = parallel::map(parts, |discovered| {
        Group { options, discovered: &discovered, level, wanted, trials: 0 }.fix(overlay)
    });
    for (part, unsafe_before) in parts {
        fixed.files.extend(part.files);
        fixed.applied.extend(part.applied);
        fixed.refused.extend(part.refused);
        fixed.unfinished |= part.unfinished;
        fixed.unsafe_left = (fixed.unsafe_left + part.unsafe_left).saturating_sub(unsafe_before);
    }
    order::by(&mut fixed.files, |(a, ..), (b, ..)| compare_paths(a, b));
    fixed
}

/// Tells which fixes [`fix()`] would apply, for callers that offer them one by one.
pub struct Verifier<'v> {
    options: &'v Options,
    discovered: &'v Discovered,
    outcome: &'v Outcome,
    sources: &'v Sources,
    overlay: &'v Overlay,
    /// The groups of files that were asked about, each with its state before any fix.
    states: Vec<(Discovered, State)>,
}

impl<'v> Verifier<'v> {
    /// Creates a verifier for fixes of findings of this outcome. `overlay` has the texts that replace files on the disk.
    #[must_use]
    pub fn new(
        options: &'v Options,
        discovered: &'v Discovered,
        (outcome, sources): (&'v Outcome, &'v Sources),
        overlay: &'v Overlay,
    ) -> Self {
        Self { options, discovered, outcome, sources, overlay, states: Vec::new() }
    }

    /// True if the fix of a finding resolves it and does nothing else, or does so with those that it uncovers: of several variables in
    /// one text, each shows when the one before it is fixed.
    #[must_use]
    pub fn passes(&mut self, finding: &Finding, fix: &Fix) -> bool {
        let Some(patch) = patch::of_fix(finding, fix, self.sources) else { return false };
        let file = std::iter::once(self.sources.absolute(&patch.path));
        let found = parts(self.options, file, self.discovered, self.outcome, self.sources).into_iter().next();
        let Some(discovered) = found else { return false };
        let known = self.states.iter().position(|(known, _)| known.files == discovered.files);
        let at = known.unwrap_or_else(|| {
            let state = State::of(self.options, &discovered, self.overlay);
            self.states.push((discovered, state));
            self.states.len() - 1
        });
        let Some((discovered, state)) = self.states.get(at) else { return false };
        let (options, level, wanted) = (self.options, fix.applicability, &|_: &Finding, _: &Path| true);
        let mut group = Group { options, discovered, level, wanted, trials: 0 };
        group.attempt(state, self.overlay, vec![patch]).is_ok()
    }
}

/// Returns the files of a run in groups that are fixed one by one, those with a file in `files`, which are absolute paths.
fn parts(
    options: &Options,
    mut files: impl Iterator<Item = PathBuf>,
    discovered: &Discovered,
    outcome: &Outcome,
    sources: &Sources,
) -> Vec<Discovered> {
    // Measurements are matched against the services of all projects, and the files of `-f` are one project.
    if options.stats.is_none() && options.compose_files.is_empty() {
        return groups::with_files(files, discovered, outcome, sources);
    }
    files.next().map(|_| discovered.clone()).into_iter().collect()
}

/// Counts the findings with an unsafe fix.
fn unsafe_fixes(outcome: &Outcome) -> usize {
    let is_unsafe =
        |finding: &&Finding| finding.fixes.iter().any(|fix| fix.applicability == Applicability::Unsafe);
    outcome.findings.iter().filter(is_unsafe).count()
}

/// Files that no project outside of them depends on, whose fixes are verified among themselves.
struct Group<'f> {
    options: &'f Options,
    discovered: &'f Discovered,
    level: Applicability,
    wanted: &'f Wanted<'f>,
    /// The number of states that were checked.
    trials: usize,
}

/// Texts that passed verification, the state that they make, and the fixes in them.
type Reached = (Overlay, State, Vec<Patch>);

impl Group<'_> {
    fn count_trial(&mut self) {
        self.trials += 1;
        self.options.trials.fetch_add(1, Ordering::Relaxed);
    }

    /// Applies fixes until none is left. Returns the number of findings with an unsafe fix before, too.
    fn fix(mut self, overlay: &Overlay) -> (FixResult, usize) {
        let (mut before, mut now) = (overlay.clone(), overlay.clone());
        let mut state = self.state(&now);
        let unsafe_before = unsafe_fixes(&state.outcome);
        let mut fixed = FixResult::default();
        // Rounds in which a fix was applied.
        let mut rounds = 0;
        let mut known: HashSet<Identity> = HashSet::default();
        // A rejected fix may pass once others are in: all are tried again until none does.
        let mut again = false;
        loop {
            let mut patches = self.candidates(&state, &known);
            if rounds == MAX_ROUNDS || self.trials == MAX_TRIALS {
                fixed.unfinished |= !patches.is_empty();
                break;
            }
            if patches.is_empty() && !again {
                again = true;
                known.clear();
                fixed.refused.clear();
                patches = self.candidates(&state, &known);
            }
            if patches.is_empty() {
                break;
            }
            let (mut progress, refused) = (false, known.len());
            let mut open = vec![patches];
            // All at once where that passes, else in parts, down to the fixes that do not pass.
            while let Some(batch) = open.pop() {
                if self.trials == MAX_TRIALS {
                    fixed.unfinished = true;
                    break;
                }
                match self.attempt(&state, &now, batch) {
                    Ok((next, after, batch)) => {
                        fixed.applied.extend(batch.iter().map(Applied::of));
                        progress = true;
                        for path in next.keys().filter(|path| !now.contains_key(*path)) {
                            if let Ok(id) = state.sources.load(path) {
                                before.insert(path.clone(), state.sources.get(id).text().to_owned());
                            }
                        }
                        (now, state) = (next, after);
                        open = moved(open, self.candidates(&state, &known));
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
                            service: patch.service().map(str::to_owned),
                            title: patch.title,
                            path: patch.path,
                            why,
                        });
                    }
                }
            }
            if progress {
                rounds += 1;
                again = false;
            } else if known.len() == refused {
                break;
            }
        }
        let (trials, files) = (self.trials, self.discovered.files.len());
        tracing::debug!("tried {trials} states of {files} files for {} fixes", fixed.applied.len());
        fixed.files = changed(&before, now);
        fixed.unsafe_left = unsafe_fixes(&state.outcome);
        (fixed, unsafe_before)
    }

    fn state(&self, texts: &Overlay) -> State {
        State::of(self.options, self.discovered, texts)
    }

    fn candidates(&self, state: &State, refused: &HashSet<Identity>) -> Vec<Patch> {
        candidates(state, self.level, self.wanted, refused)
    }

    /// Tries a batch of fixes. The error is the reason why it does not pass, and the parts to try next: one if it is a single fix.
    fn attempt(
        &mut self,
        state: &State,
        now: &Overlay,
        batch: Vec<Patch>,
    ) -> Result<Reached, (String, Vec<Vec<Patch>>)> {
        self.count_trial();
        let next = apply(now, state, &batch);
        let after = self.state(&next);
        match (verify(state, &after, &batch), batch.as_slice()) {
            (Ok(()), _) => Ok((next, after, batch)),
            (Err(Objection { why: why @ RejectReason::Stays, .. }), [patch]) => {
                let reached = self.follow(state, patch, (next, after));
                reached.ok_or_else(|| (why.to_string(), vec![batch]))
            }
            (Err(Objection { why, .. }), [_]) => Err((why.to_string(), vec![batch])),
            (Err(Objection { why, project }), _) => Err((why.to_string(), parted(batch, project))),
        }
    }

    /// Applies a fix with those that it uncovers for the same rule, file and service: of several variables in one text, each
    /// shows when the one before it is fixed. `None` if no such series passes verification.
    fn follow(
        &mut self,
        state: &State,
        first: &Patch,
        (mut texts, mut reached): (Overlay, State),
    ) -> Option<Reached> {
        let mut all = vec![first.clone()];
        for _ in 0..MAX_UNCOVERED {
            let (path, rule, service, _) = &first.identity;
            let next = self.candidates(&reached, &HashSet::default()).into_iter().find(|patch| {
                let (other_path, other_rule, other_service, _) = &patch.identity;
                (other_path, other_rule, other_service) == (path, rule, service)
                    && all.iter().all(|known| known.identity != patch.identity)
            });
            let next = Patch { uncovered: true, ..next? };
            texts = apply(&texts, &reached, std::slice::from_ref(&next));
            reached = self.state(&texts);
            self.count_trial();
            all.push(next);
            if verify(state, &reached, &all).is_ok() {
                return Some((texts, reached, all));
            }
        }
        None
    }
}

impl Applied {
    fn of(patch: &Patch) -> Self {
        Self {
            rule: patch.rule,
            title: patch.title.clone(),
            path: patch.path.clone(),
            service: patch.service().map(str::to_owned),
        }
    }
}

impl State {
    fn of(options: &Options, discovered: &Discovered, overlay: &Overlay) -> Self {
        let sources = Sources::with_file_system(options.disk.with_overlay(overlay));
        let outcome = run(options, &sources, discovered);
        // All rules run, whatever was selected: none of them may find more afterwards.
        let all = Options {
            select: Vec::new(),
            // A plan is for one stack and one host; its limits come first, then the heaps that go with them.
            ignore: options.targets.as_ref().map_or_else(Vec::new, |targets| {
                let groups = [rules::Group::Host, rules::Group::Heap];
                let groups = groups.iter().take(if targets.limits_only { 2 } else { 1 });
                groups.map(|group| group.name().to_owned()).collect()
            }),
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

/// Returns the files that one fix changes: path, text as read, text afterwards. Unlike [`fix()`] it does not check what the fix leads
/// to. `None` if an edit is outside of its file.
#[must_use]
pub fn apply_one(fix: &Fix, sources: &Sources) -> Option<Vec<(PathBuf, String, String)>> {
    let (mut before, edits) = (Overlay::new(), edits(fix, sources)?);
    for (path, ..) in &edits {
        let source = sources.get(sources.load(path).ok()?);
        before.insert(path.clone(), source.text().to_owned());
    }
    let after = edited(&before, sources, edits.iter());
    Some(changed(&before, after))
}

/// Returns the files whose text differs now.
fn changed(before: &Overlay, after: Overlay) -> Vec<(PathBuf, String, String)> {
    let files = after.into_iter().filter_map(|(path, new)| {
        let old = before.get(&path)?.clone();
        Some((path, old, new))
    });
    files.filter(|(_, old, new)| old != new).collect()
}
