//! Resolves fix operations, which rules ask for in terms of keys and values, to edits of the files.

use std::sync::Arc;

use crate::diagnostic::{Edit, Finding, Fix, FixOp, Step};
use crate::hash::HashMap;
use crate::order;
use crate::source::{Language, SourceId, Sources, Span};
use crate::syntax::yaml::{Tree, edit};

use super::removal;

/// Resolves the fix operations of every finding to edits, and every edit to one of a file on the disk. A fix that cannot be
/// written without touching more is removed. If none is left and the finding has no help, the title of its first fix becomes
/// the help.
pub(crate) fn resolve_fix_ops<'f>(findings: impl IntoIterator<Item = &'f mut Finding>, sources: &Sources) {
    let mut trees: HashMap<SourceId, Arc<Tree>> = HashMap::default();
    for finding in findings {
        let finding: &mut Finding = finding;
        let title = finding.fix().map(|fix| fix.title.clone());
        finding.fixes.retain_mut(|fix| {
            let resolved = edits_of_ops(fix, sources, &mut trees);
            fix.ops.clear();
            let edits = resolved.and_then(|resolved| {
                fix.edits.drain(..).chain(resolved).map(|edit| in_file(edit, sources, &mut trees)).collect()
            });
            let written: Option<Vec<Edit>> = edits;
            fix.edits.clear();
            // Two keys may share a value, as `mem_limit: *m` and `memswap_limit: *m` do.
            for edit in written.unwrap_or_default() {
                if edit.span.is_empty() || !fix.edits.contains(&edit) {
                    fix.edits.push(edit);
                }
            }
            !fix.edits.is_empty()
        });
        if finding.fixes.is_empty() && finding.help.is_none() {
            finding.help = title;
        }
    }
}

/// Maps an edit of a text embedded in another file to that file. `None` unless the text is the same in both, and the
/// replacement means the same whatever the indentation and quotes of the outer file. A key or value of YAML keeps its quotes.
fn in_file(edit: Edit, sources: &Sources, trees: &mut HashMap<SourceId, Arc<Tree>>) -> Option<Edit> {
    let span = sources.to_outer_span(edit.span);
    if !sources.get(span.file).has_own_offsets() {
        return None;
    }
    if span == edit.span {
        let source = sources.get(span.file);
        if source.language() != Some(Language::Yaml) || span.is_empty() {
            return Some(edit);
        }
        let tree = trees.entry(span.file).or_insert_with(|| Tree::of(&source));
        return Some(Edit { replacement: edit::in_style(tree, span, edit.replacement), span });
    }
    let same = sources.get(edit.span.file).slice(edit.span) == sources.get(span.file).slice(span);
    let plain = !edit.replacement.contains(['\r', '\n', '"', '\'', '\\', '$']);
    (same && plain && !span.is_empty()).then_some(Edit { span, ..edit })
}

fn edits_of_ops(fix: &Fix, sources: &Sources, trees: &mut HashMap<SourceId, Arc<Tree>>) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for op in &fix.ops {
        let at = match op {
            FixOp::MoveLastToFirst { words } => {
                edits.extend(rotated(words, sources)?);
                continue;
            }
            FixOp::Replace { value, text } => {
                edits.push(Edit { span: *value, replacement: text.clone() });
                continue;
            }
            FixOp::RemoveWord { word: at } => {
                edits.push(removal::without_word(sources.get(at.file).text(), *at)?);
                continue;
            }
            FixOp::RemoveLines { lines: at } => {
                edits.push(removal::without_lines(sources.get(at.file).text(), *at)?);
                continue;
            }
            FixOp::Set { owner: at, .. }
            | FixOp::Remove { key: at }
            | FixOp::Move { key: at, .. }
            | FixOp::SetNear { leaf: at, .. }
            | FixOp::SetVariables { owner: at, .. }
            | FixOp::AppendToVariable { name: at, .. }
            | FixOp::Steps { owner: at, .. }
            | FixOp::PrependItem { item: at, .. } => at,
        };
        let source = sources.get(at.file);
        let text = source.text();
        let tree = trees.entry(at.file).or_insert_with(|| Tree::of(&source));
        match op {
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
            FixOp::AppendToVariable { name, words } => {
                edits.push(edit::extend(tree, text, *name, words)?.into());
            }
            FixOp::Steps { owner, steps } => edits.push(in_steps(text, *owner, steps)?),
            FixOp::Remove { key } => edits.push(edit::remove(tree, text, *key)?.into()),
            FixOp::PrependItem { item, word } => edits.push(edit::prepend(tree, text, *item, word)?.into()),
            // Within one file only: a move carries no text into another.
            FixOp::Move { key, owner, path, value } if key.file == owner.file => {
                let set = edit::set(tree, text, *owner, path, value, "")?.into();
                let removal = edit::remove(tree, text, *key)?.into();
                edits.extend(merge_move(set, removal, edit::comment(tree, text, *key), *key, text));
            }
            FixOp::Move { .. }
            | FixOp::MoveLastToFirst { .. }
            | FixOp::Replace { .. }
            | FixOp::RemoveWord { .. }
            | FixOp::RemoveLines { .. } => return None,
        }
    }
    Some(edits)
}

/// Applies every step to the text, and returns the lines that differ as one edit.
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
        order::by_key(&mut edits, |edit| std::cmp::Reverse(edit.span.start));
        for edit in edits {
            now.get(edit.span.range())?;
            now.replace_range(edit.span.range(), &edit.replacement);
        }
    }
    difference(text, &now, owner.file)
}

/// Sets every variable in the text, and returns the difference as one edit.
fn with_variables(text: &str, owner: Span, variables: &[(String, String)]) -> Option<Edit> {
    let mut now = text.to_owned();
    for (name, value) in variables {
        let splice = edit::set_variable(&Tree::parse(owner.file, &now), &now, owner, name, value)?;
        now.get(splice.span.range())?;
        now.replace_range(splice.span.range(), &splice.text);
    }
    difference(text, &now, owner.file)
}

/// Returns the one edit that turns `text` into `now`.
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

/// Combines setting a key in one place with removing it from another; its comment moves along. The two become one edit if the
/// new line takes the place of the old one.
fn merge_move(mut set: Edit, mut removal: Edit, comment: Option<Span>, key: Span, text: &str) -> Vec<Edit> {
    if let Some(comment) = comment {
        if !set.replacement.contains('\n') {
            // Only a line of its own can end in a comment. This one stays on its old line.
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

/// Gives each place the text of the one before it, and the first that of the last: commas and quotes stay right.
fn rotated(words: &[Span], sources: &Sources) -> Option<Vec<Edit>> {
    let in_order = words.is_sorted_by(|a, b| a.file == b.file && a.end <= b.start);
    let last = words.last().filter(|_| in_order)?;
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
