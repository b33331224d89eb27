//! Checks that fixes resolve their findings and do nothing else.

use super::State;
use super::patch::{Identity, Patch, identity};
use super::project_state::{Batch, ProjectState, verify_project};
use crate::hash::HashMap;
use crate::rules::lint::unused_suppression;

/// The reason to reject a batch of fixes.
#[derive(Debug)]
pub(super) enum RejectReason {
    /// Its finding would stay, or another of the same rule and service: one more fix may resolve that.
    Stays,
    /// Any other reason, as text: lower case, no full stop.
    Other(String),
}

impl std::fmt::Display for RejectReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stays => f.write_str("it does not resolve the finding"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// An objection to a batch of fixes.
pub(super) struct Objection<'s> {
    pub(super) why: RejectReason,
    /// The project that would be worse off. `None` if it is not a single one.
    pub(super) project: Option<&'s ProjectState>,
}

/// Checks that the patches resolve their findings and do nothing else, in any project that reads the files.
pub(super) fn verify<'s>(before: &'s State, after: &State, batch: &[Patch]) -> Result<(), Objection<'s>> {
    let doubt = |why: &str| Err(Objection { why: RejectReason::Other(why.to_owned()), project: None });
    if unparsed(after) > unparsed(before) {
        return doubt("the file would no longer parse");
    }
    if before.projects.len() != after.projects.len() {
        return doubt("it would add or remove services");
    }
    let indexed = Batch::of(batch);
    for (old, new) in before.projects.iter().zip(&after.projects) {
        verify_project(old, new, &indexed).map_err(|why| Objection { why, project: Some(old) })?;
    }
    // Findings about comments belong to no project. Of identical ones, each patch has to remove one.
    let counted = |state: &State| {
        let findings = state.outcome.findings.iter();
        count(findings.map(|finding| identity(finding, &state.sources)))
    };
    let (were, are) = (counted(before), counted(after));
    let first = batch.iter().filter(|patch| !patch.uncovered);
    let meant = count(first.map(|patch| patch.identity.clone()));
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
        return doubt("it would leave a suppression unused");
    }
    Ok(())
}

/// Counts the errors that keep a part of a file from being read.
fn unparsed(state: &State) -> usize {
    let errors = state.outcome.projects.iter().flat_map(|project| &project.syntax_errors);
    errors.filter(|error| error.fatal).count()
}

fn count(identities: impl Iterator<Item = Identity>) -> HashMap<Identity, usize> {
    let mut counts = HashMap::default();
    for identity in identities {
        *counts.entry(identity).or_default() += 1;
    }
    counts
}
