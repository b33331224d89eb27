//! Applies fixes, and believes none of them: each has to make its finding go away and leave every other fact as it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Options, Outcome, run};
use crate::discover::Discovered;
use crate::finding::{Applicability, Finding};
use crate::hash::{HashMap, HashSet};
use crate::report::inspect;
use crate::source::{Sources, normalize};

/// Fixes can make room for others: a limit that is written down, a tighter heap.
const MAX_ROUNDS: usize = 8;

/// Most states that are looked at. Among many fixes each one that is taken back costs a few.
const MAX_TRIALS: usize = 1_000;

/// What fixing came to.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The files that are others now: path, the text as it was read, the text after.
    pub files: Vec<(PathBuf, String, String)>,
    /// The fixes that were applied, in order.
    pub applied: Vec<Applied>,
    /// The fixes that were tried and taken back.
    pub refused: Vec<Refused>,
    /// There are fixes that were not tried any more.
    pub unfinished: bool,
    /// What is left to say of the fixed files.
    pub outcome: Outcome,
}

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rule.
    pub rule: &'static str,
    /// What the fix does.
    pub title: String,
    /// The file of the finding.
    pub path: PathBuf,
}

/// A fix that would have changed more than it was meant to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The rule.
    pub rule: &'static str,
    /// What the fix was to do.
    pub title: String,
    /// The file of the finding.
    pub path: PathBuf,
    /// What it would have done beside: lower case, no full stop.
    pub why: String,
}

/// Texts that take the place of those on the disk.
pub type Overlay = BTreeMap<PathBuf, String>;

/// One fix as bytes of files.
struct Patch {
    rule: &'static str,
    title: String,
    path: PathBuf,
    /// Tells it from others from one round to the next.
    identity: (PathBuf, &'static str, Option<String>, String, String),
    service: Option<String>,
    changes: &'static [&'static str],
    edits: Vec<(PathBuf, std::ops::Range<usize>, String)>,
}

/// One state of the files and what is known of it.
struct State {
    sources: Sources,
    outcome: Outcome,
    facts: Facts,
}

/// The facts of each workload, by its project's first file and its name.
type Facts = BTreeMap<(PathBuf, String), (Option<PathBuf>, Map<String, Value>)>;

/// Applies every fix of at least this applicability, in rounds, until nothing more can be done. Nothing is written.
///
/// `overlay` holds what stands in the place of files: standard input, unsaved buffers. `sources` makes a store that has it.
#[must_use]
pub fn fix(options: &Options, discovered: &Discovered, overlay: &Overlay, level: Applicability) -> Fixed {
    fix_some(options, discovered, overlay, level, &|_| true)
}

/// [`fix`] for the findings that are `wanted`.
#[must_use]
pub fn fix_some(
    options: &Options,
    discovered: &Discovered,
    overlay: &Overlay,
    level: Applicability,
    wanted: &dyn Fn(&Finding) -> bool,
) -> Fixed {
    let (mut before, mut now) = (overlay.clone(), overlay.clone());
    let mut state = State::of(options, discovered, &now);
    let mut fixed = Fixed::default();
    let (mut rounds, mut trials) = (0, 0);
    // What is taken back may work out once others are in: the end is a round in which nothing does.
    loop {
        let patches = candidates(&state, level, wanted);
        if rounds == MAX_ROUNDS || trials == MAX_TRIALS {
            fixed.unfinished |= patches.len() > fixed.refused.len();
            break;
        }
        rounds += 1;
        fixed.refused.clear();
        if patches.is_empty() {
            break;
        }
        let mut progress = false;
        let mut open = vec![patches];
        // All at once where that works out; else halves of them, down to the ones that do not.
        while let Some(batch) = open.pop() {
            if trials == MAX_TRIALS {
                fixed.unfinished = true;
                break;
            }
            trials += 1;
            let (next, left) = apply(&now, &state, &batch);
            let after = State::of(options, discovered, &next);
            match verdict(&state, &after, &batch) {
                Ok(()) => {
                    for patch in batch.iter().filter(|patch| !left.contains(&patch.identity)) {
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
                Err(why) => match batch.len() {
                    1 => {
                        let Some(patch) = batch.into_iter().next() else { continue };
                        fixed.refused.push(Refused {
                            rule: patch.rule,
                            title: patch.title,
                            path: patch.path,
                            why,
                        });
                    }
                    several => {
                        let mut first = batch;
                        let second = first.split_off(several / 2);
                        open.extend([second, first]);
                    }
                },
            }
        }
        if !progress {
            break;
        }
    }
    fixed.files = changed(&before, now);
    fixed.outcome = state.outcome;
    fixed
}

/// What is still open, at the places that it has now. What is not found again is for the next round.
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
        let sources = Sources::on(options.disk.clone());
        for (path, text) in overlay {
            sources.add(path, text.as_str());
        }
        let outcome = run(options, &sources, discovered);
        let mut facts = Facts::new();
        for project in &outcome.projects {
            let first = project.files.first().map(|file| sources.get(*file).path().to_path_buf());
            for workload in &project.workloads {
                let dockerfile = workload.dockerfile().map(|file| normalize(sources.get(file).path()));
                let key = (first.clone().unwrap_or_default(), workload.name.clone());
                facts.insert(key, (dockerfile, inspect::facts(workload, &sources)));
            }
        }
        Self { sources, outcome, facts }
    }
}

/// The fixes of a state that may be applied, none overlapping another one.
fn candidates(state: &State, level: Applicability, wanted: &dyn Fn(&Finding) -> bool) -> Vec<Patch> {
    let mut taken: HashMap<PathBuf, Vec<std::ops::Range<usize>>> = HashMap::default();
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
        if !free {
            continue;
        }
        for (path, range, _) in &patch.edits {
            taken.entry(path.clone()).or_default().push(range.clone());
        }
        patches.push(patch);
    }
    patches
}

fn patch(finding: &Finding, sources: &Sources, level: Applicability) -> Option<Patch> {
    let fix = finding.fix.as_ref().filter(|fix| fix.applicability >= level && !fix.edits.is_empty())?;
    let edits: Vec<_> = fix
        .edits
        .iter()
        .map(|edit| {
            let source = sources.get(edit.span.file);
            let fits = source.invalid_utf8().is_none() && source.text().get(edit.span.range()).is_some();
            fits.then(|| (normalize(source.path()), edit.span.range(), edit.replacement.clone()))
        })
        .collect::<Option<_>>()?;
    let identity = identity(finding, sources)?;
    Some(Patch {
        rule: finding.rule,
        title: fix.title.clone(),
        path: identity.0.clone(),
        identity,
        service: finding.service.clone(),
        changes: fix.changes,
        edits,
    })
}

/// The texts with the patches in them, and the patches that did not fit.
fn apply(now: &Overlay, state: &State, batch: &[Patch]) -> (Overlay, HashSet<Identity>) {
    let mut next = now.clone();
    let mut left = HashSet::default();
    let mut edits: BTreeMap<&Path, Vec<(&std::ops::Range<usize>, &str)>> = BTreeMap::new();
    for patch in batch {
        for (path, range, text) in &patch.edits {
            edits.entry(path).or_default().push((range, text));
        }
    }
    for (path, mut edits) in edits {
        let Ok(id) = state.sources.load(path) else {
            left.extend(batch.iter().map(|patch| patch.identity.clone()));
            continue;
        };
        let mut text = state.sources.get(id).text().to_owned();
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        // From the end, so that places stay right; of two insertions in one place the first one stands first.
        for (range, replacement) in edits.into_iter().rev() {
            // Edits of one patch that overlap are a rule's mistake, and no reason to end the run.
            if text.get(range.clone()).is_some() {
                text.replace_range(range.clone(), replacement);
            }
        }
        next.insert(path.to_path_buf(), text);
    }
    (next, left)
}

type Identity = (PathBuf, &'static str, Option<String>, String, String);

/// Whether the patches did what they were meant to do, and nothing else; or what they did.
fn verdict(before: &State, after: &State, batch: &[Patch]) -> Result<(), String> {
    let errors = |state: &State| {
        state
            .outcome
            .projects
            .iter()
            .flat_map(|project| &project.syntax_errors)
            .filter(|error| error.fatal)
            .count()
    };
    if errors(after) > errors(before) {
        return Err("the file would no longer parse".to_owned());
    }
    let touched = |key: &(PathBuf, String), dockerfile: &Option<PathBuf>, fact: &str| {
        batch.iter().any(|patch| {
            let here = match &patch.service {
                Some(service) => *service == key.1,
                // A lone image, or one that several services build.
                None => true,
            };
            let builds = patch.edits.iter().any(|(path, ..)| Some(path) == dockerfile.as_ref());
            (here || builds) && patch.changes.contains(&fact)
        })
    };
    if before.facts.keys().ne(after.facts.keys()) {
        return Err("other services would be there".to_owned());
    }
    for (key, (dockerfile, facts)) in &before.facts {
        let Some((_, changed)) = after.facts.get(key) else { continue };
        for (name, value) in facts {
            if changed.get(name) != Some(value) && !touched(key, dockerfile, name) {
                return Err(format!("{} of `{}` would be another", name.replace('_', " "), key.1));
            }
        }
    }
    // Two findings may be alike but for their places, as two comments of one text: each patch takes one of them away.
    let (were, are, meant) = (
        counted(identities(before)),
        counted(identities(after)),
        counted(batch.iter().map(|patch| patch.identity.clone())),
    );
    let of = |counts: &HashMap<Identity, usize>, identity| counts.get(identity).copied().unwrap_or(0);
    if meant.iter().any(|(identity, count)| of(&are, identity) + count > of(&were, identity)) {
        return Err("the finding would stay".to_owned());
    }
    Ok(())
}

/// What tells the findings of a state that could be mended from each other.
fn identities(state: &State) -> impl Iterator<Item = Identity> {
    state.outcome.findings.iter().filter_map(|finding| identity(finding, &state.sources))
}

fn identity(finding: &Finding, sources: &Sources) -> Option<Identity> {
    let title = finding.fix.as_ref()?.title.clone();
    let place = sources.locate(finding.primary.span);
    let source = sources.get(place.file);
    let (path, evidence) = (source.path().to_path_buf(), source.slice(place).to_owned());
    Some((path, finding.rule, finding.service.clone(), title, evidence))
}

fn counted(identities: impl Iterator<Item = Identity>) -> HashMap<Identity, usize> {
    let mut counts = HashMap::default();
    for identity in identities {
        *counts.entry(identity).or_default() += 1;
    }
    counts
}

/// The files whose text is another one now.
fn changed(before: &Overlay, after: Overlay) -> Vec<(PathBuf, String, String)> {
    let files = after.into_iter().filter_map(|(path, new)| {
        let old = before.get(&path)?.clone();
        Some((path, old, new))
    });
    files.filter(|(_, old, new)| old != new).collect()
}
