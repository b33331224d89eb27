//! Fixes: what rules ask for, in the words of the model, and the bytes that it comes to.

use std::sync::Arc;

use super::{Edit, Finding, Fix};
use crate::hash::HashMap;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::yaml::{Tree, edit};

/// A change to a Compose file that a rule asks for without knowing its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixOp {
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
    /// Sets a key near another one, in the file where that stands.
    SetNear {
        /// The key.
        leaf: Span,
        /// The keys that lead to it from the mapping that gets the new one; none for its own mapping.
        below: &'static [&'static str],
        /// The keys to set, from that mapping.
        path: &'static [&'static str],
        /// The value as it is to be written.
        value: String,
        /// The service of the same file that gets the last of the keys where the other place cannot be written.
        owner: Span,
    },
    /// Sets variables in the `environment` of a service, in the form that this has.
    SetVariables {
        /// The service's key.
        owner: Span,
        /// Their names and values.
        variables: Vec<(String, String)>,
    },
    /// Puts words behind those of a variable's value, in a Compose file.
    Extend {
        /// The variable's name.
        name: Span,
        /// The words.
        words: String,
    },
    /// Sets a key as [`Request::Set`] does, and removes the one that had its value: a comment behind that one goes along.
    Move {
        /// The key that goes.
        key: Span,
        /// The key of the mapping that gets it.
        owner: Span,
        /// The keys below it.
        path: &'static [&'static str],
        /// The value as it is to be written.
        value: String,
    },
    /// Several changes of one service, each made to what the one before it left.
    Steps {
        /// The service's key.
        owner: Span,
        /// The changes, in order.
        steps: Vec<Step>,
    },
    /// Moves the last of several words before the first.
    MoveFirst {
        /// Their places, in order.
        words: Vec<Span>,
    },
    /// Puts a word before the first one of a list.
    Lead {
        /// The first word.
        item: Span,
        /// The new one.
        word: &'static str,
    },
    /// Writes another value in the place of one.
    Replace {
        /// The value, or the default within `${NAME:-default}`.
        value: Span,
        /// The new one as it is to be written.
        text: String,
    },
    /// Removes a key with its value.
    Remove {
        /// The key.
        key: Span,
    },
}

/// One change of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The key of the service that goes; none where nothing does.
    pub from: Option<&'static str>,
    /// The keys that get the value, from the service on.
    pub path: &'static [&'static str],
    /// The value as it is to be written.
    pub value: String,
}

/// Turns the requests of every finding into edits, and every edit into one of a file on the disk. A fix that cannot be written
/// without touching more is taken away; of the last one its title stays as the help.
pub fn resolve_fix_ops<'f>(findings: impl IntoIterator<Item = &'f mut Finding>, sources: &Sources) {
    let mut trees: HashMap<SourceId, Arc<Tree>> = HashMap::default();
    for finding in findings {
        let finding: &mut Finding = finding;
        let title = finding.fix().map(|fix| fix.title.clone());
        finding.fixes.retain_mut(|fix| {
            let requested = requested(fix, sources, &mut trees);
            fix.requests.clear();
            let edits = requested.and_then(|requested| {
                fix.edits.drain(..).chain(requested).map(|edit| in_file(edit, sources)).collect()
            });
            let written: Option<Vec<Edit>> = edits;
            fix.edits = written.unwrap_or_default();
            !fix.edits.is_empty()
        });
        if finding.fixes.is_empty() && finding.help.is_none() {
            finding.help = title;
        }
    }
}

/// An edit of a text within another file, as one of that file. Its indentation and quotes are that one's business: what
/// stands there as it is, and becomes nothing that they would notice, is the same in both.
fn in_file(edit: Edit, sources: &Sources) -> Option<Edit> {
    let span = sources.to_outer_span(edit.span);
    if span == edit.span {
        return Some(edit);
    }
    let same = sources.get(edit.span.file).slice(edit.span) == sources.get(span.file).slice(span);
    let plain = !edit.replacement.contains(['\r', '\n', '"', '\'', '\\', '$']);
    (same && plain && !span.is_empty()).then_some(Edit { span, ..edit })
}

fn requested(fix: &Fix, sources: &Sources, trees: &mut HashMap<SourceId, Arc<Tree>>) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for request in &fix.requests {
        let at = match request {
            FixOp::MoveFirst { words } => {
                edits.extend(moved(words, sources)?);
                continue;
            }
            FixOp::Replace { value, text } => {
                edits.push(Edit { span: *value, replacement: text.clone() });
                continue;
            }
            FixOp::Set { owner: at, .. }
            | FixOp::Remove { key: at }
            | FixOp::Move { key: at, .. }
            | FixOp::SetNear { leaf: at, .. }
            | FixOp::SetVariables { owner: at, .. }
            | FixOp::Extend { name: at, .. }
            | FixOp::Steps { owner: at, .. }
            | FixOp::Lead { item: at, .. } => at,
        };
        let source = sources.get(at.file);
        let text = source.text();
        let tree = trees.entry(at.file).or_insert_with(|| Tree::of(&source));
        match request {
            FixOp::Set { owner, path, value, after } => {
                edits.push(edit::set(tree, text, *owner, path, value, after)?.into());
            }
            FixOp::SetNear { leaf, below, path, value, owner } => {
                let near = edit::set_near(tree, text, (*leaf, below), path, value);
                let own = || edit::set(tree, text, *owner, path, value, "image");
                let alone = path.len() == 1 && leaf.file == owner.file;
                edits.push(near.or_else(|| own().filter(|_| alone))?.into());
            }
            FixOp::SetVariables { owner, variables } => {
                edits.push(with_variables(text, *owner, variables)?);
            }
            FixOp::Extend { name, words } => edits.push(edit::extend(tree, text, *name, words)?.into()),
            FixOp::Steps { owner, steps } => edits.push(in_steps(text, *owner, steps)?),
            FixOp::Remove { key } => edits.push(edit::remove(tree, text, *key)?.into()),
            FixOp::Lead { item, word } => edits.push(edit::prepend(tree, text, *item, word)?.into()),
            // Both places are of one file: text is not carried from one to another.
            FixOp::Move { key, owner, path, value } if key.file == owner.file => {
                let set = edit::set(tree, text, *owner, path, value, "")?.into();
                let removal = edit::remove(tree, text, *key)?.into();
                edits.extend(merge_move(set, removal, edit::comment(tree, text, *key), *key, text));
            }
            FixOp::Move { .. } | FixOp::MoveFirst { .. } | FixOp::Replace { .. } => return None,
        }
    }
    Some(edits)
}

/// The text with every step made, as one edit of the lines that are others then.
fn in_steps(text: &str, owner: Span, steps: &[Step]) -> Option<Edit> {
    let mut now = text.to_owned();
    for Step { from, path, value } in steps {
        let tree = Tree::parse(owner.file, &now);
        let set: Edit = edit::set(&tree, &now, owner, path, value, "")?.into();
        let mut edits = match from {
            None => vec![set],
            Some(name) => {
                let key = edit::key_below(&tree, owner, name)?;
                let removal = edit::remove(&tree, &now, key)?.into();
                merge_move(set, removal, edit::comment(&tree, &now, key), key, &now)
            }
        };
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        for edit in edits {
            now.get(edit.span.range())?;
            now.replace_range(edit.span.range(), &edit.replacement);
        }
    }
    difference(text, &now, owner.file)
}

/// The text with every variable set, as one edit.
fn with_variables(text: &str, owner: Span, variables: &[(String, String)]) -> Option<Edit> {
    let mut now = text.to_owned();
    for (name, value) in variables {
        let splice = edit::set_variable(&Tree::parse(owner.file, &now), &now, owner, name, value)?;
        now.get(splice.span.range())?;
        now.replace_range(splice.span.range(), &splice.text);
    }
    difference(text, &now, owner.file)
}

/// One edit that makes a text of another.
fn difference(text: &str, now: &str, file: SourceId) -> Option<Edit> {
    let same = |(a, b): &(char, char)| a == b;
    let begin: usize = text.chars().zip(now.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let rest = (text.get(begin..)?, now.get(begin..)?);
    let behind = rest.0.chars().rev().zip(rest.1.chars().rev()).take_while(same);
    let behind: usize = behind.map(|(c, _)| c.len_utf8()).sum();
    let span = Span::new(file, begin, text.len() - behind);
    Some(Edit { span, replacement: now.get(begin..now.len() - behind)?.to_owned() })
}

impl From<edit::Splice> for Edit {
    fn from(splice: edit::Splice) -> Self {
        Self { span: splice.span, replacement: splice.text }
    }
}

/// A value for a place that takes strings alone: digits get quotes.
#[must_use]
pub fn as_string(value: &str) -> String {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    if digits { format!("\"{value}\"") } else { value.to_owned() }
}

/// A key that is set in one place and removed from another: its comment goes along. Where the new line is to stand in the
/// place of the old one, the two are one edit.
fn merge_move(mut set: Edit, mut removal: Edit, comment: Option<Span>, key: Span, text: &str) -> Vec<Edit> {
    if let Some(comment) = comment {
        if !set.replacement.contains('\n') {
            // Only a line of its own can end in a comment: this one stays, on the line that it had.
            removal.span = Span { start: key.start, end: comment.start, ..key };
        } else if let Some(comment) = text.get(comment.range()) {
            set.replacement = format!("{} {comment}", set.replacement);
        }
    }
    let inside = set.span.is_empty() && (removal.span.start..=removal.span.end).contains(&set.span.start);
    if !inside {
        return vec![set, removal];
    }
    let removed = text.get(removal.span.range()).unwrap_or_default();
    let line_end = removed.get(removed.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default();
    let added = set.replacement.trim_start_matches(['\r', '\n']);
    let replacement =
        if line_end.is_empty() { set.replacement.clone() } else { format!("{added}{line_end}") };
    vec![Edit { span: removal.span, replacement }]
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
