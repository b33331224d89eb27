//! Fixes: what rules ask for, in the words of the model, and the bytes that it comes to.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Edit, Finding, Fix};
use crate::source::{SourceId, Sources, Span};
use crate::syntax::yaml::{Tree, edit};

/// A change to a Compose file that a rule asks for without knowing its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Sets a key below the service, or other mapping, whose own key stands at `owner`.
    Set {
        /// The key of the mapping.
        owner: Span,
        /// The keys below it.
        path: &'static [&'static str],
        /// The value as it is to be written.
        value: String,
        /// The sibling that it goes behind, where there is one.
        after: &'static str,
    },
    /// Moves the last of several words before the first.
    MoveFirst {
        /// Their places, in order.
        words: Vec<Span>,
    },
    /// Removes a key with its value.
    Remove {
        /// The key.
        key: Span,
    },
}

/// Turns the requests of every finding into edits. A fix that cannot be written without touching more is taken away.
pub fn realize<'f>(findings: impl IntoIterator<Item = &'f mut Finding>, sources: &Sources) {
    let mut trees: HashMap<SourceId, Arc<Tree>> = HashMap::new();
    for finding in findings {
        let Some(fix) = finding.fix.as_mut().filter(|fix| !fix.requests.is_empty()) else { continue };
        let edits = requested(fix, sources, &mut trees);
        fix.requests.clear();
        match edits {
            Some(edits) => fix.edits.extend(edits),
            None => finding.fix = None,
        }
    }
}

fn requested(fix: &Fix, sources: &Sources, trees: &mut HashMap<SourceId, Arc<Tree>>) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for request in &fix.requests {
        let at = match request {
            Request::MoveFirst { words } => {
                edits.extend(moved(words, sources)?);
                continue;
            }
            Request::Set { owner: at, .. } | Request::Remove { key: at } => at,
        };
        let source = sources.get(at.file);
        let tree = trees.entry(at.file).or_insert_with(|| Arc::new(Tree::parse(at.file, source.text())));
        let splice = match request {
            Request::Set { owner, path, value, after } => {
                edit::set(tree, source.text(), *owner, path, value, after)
            }
            Request::Remove { key } => edit::remove(tree, source.text(), *key),
            Request::MoveFirst { .. } => None,
        }?;
        edits.push(Edit { span: splice.span, replacement: splice.text });
    }
    Some(edits)
}

/// Each place gets the text of the one before it, the first that of the last: commas and quotes stay right.
fn moved(words: &[Span], sources: &Sources) -> Option<Vec<Edit>> {
    let in_order = words.windows(2).all(|pair| pair[0].file == pair[1].file && pair[0].end <= pair[1].start);
    let last = words.last().filter(|_| in_order && words.len() > 1)?;
    let text = |span: &Span| sources.get(span.file).slice(*span).to_owned();
    let before = std::iter::once(last).chain(words);
    Some(
        words
            .iter()
            .zip(before)
            .map(|(word, other)| Edit { span: *word, replacement: text(other) })
            .collect(),
    )
}
