//! Error recovery: blanks the line at fault and parses the file again.
//!
//! A half-typed line must not hide the keys around it. The blanks are as long as what they replace, so that every
//! span is valid in the original file.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use super::alias_keys::{self, Marked};
use super::apostrophes::Apostrophes;
use super::build::{Built, Failure, build};
use super::{Kind, Node, Tree, problem};
use crate::order;
use crate::source::{SourceId, Span, TracedText};
use crate::syntax::SyntaxError;

/// Maximum number of lines that are blanked.
const MAX_ROUNDS: usize = 32;

/// Maximum number of times that a text is parsed to find the keys that are aliases.
const MAX_MARKINGS: usize = 4;

/// Bytes that may be parsed for recovery: a fixed amount, plus an amount per byte of the file.
const BUDGET: usize = 8 * 1024 * 1024;
const BUDGET_PER_BYTE: usize = 2;

/// Parses `text`, recovering from errors.
pub(super) fn parse(file: SourceId, text: &str) -> Tree {
    let mut built = build(file, text, &[]);
    let mut budget = text.len().saturating_mul(BUDGET_PER_BYTE).saturating_add(BUDGET);
    let mut apostrophes = Apostrophes::default();
    let mut written = Cow::Borrowed(text);
    apostrophes.read(file, &mut written, &[], &mut built, &mut budget);
    let mut marked = Marked::none(&written);
    if built.failure.is_some() || !built.unknown_anchors.is_empty() {
        mark_alias_keys(file, &written, &mut built, &mut marked);
    }
    let (mut errors, mut blanked) = (Vec::new(), Vec::new());
    if built.failure.is_some() {
        blanked = recover(file, &marked, &mut built, &mut errors, &mut apostrophes, &mut budget);
    } else {
        let name = |span: &Span| text.get(span.start as usize + 1..span.end as usize).unwrap_or_default();
        errors.extend(
            built
                .unknown_anchors
                .iter()
                .map(|span| SyntaxError::fatal(format!("unknown anchor `{}`", name(span)), *span)),
        );
    }
    apostrophes.restore(file, text, &mut built.nodes);
    for line in &blanked {
        trace_as_whole(&mut built.nodes, &line.range());
    }
    errors.append(&mut built.errors);
    order::by_key(&mut errors, |error| error.span.start);
    let Built { nodes, documents, comments, .. } = built;
    Tree { file, nodes, documents, comments, errors, blanked, first_crlf: OnceLock::new() }
}

/// Parses a text again that has aliases as keys close to a colon.
fn mark_alias_keys<'t>(file: SourceId, text: &'t str, built: &mut Built, marked: &mut Marked<'t>) {
    let mut keys = alias_keys::places(text);
    // What turns out to be in a comment or in quotes stays as it is.
    for _ in 0..MAX_MARKINGS {
        if keys.is_empty() {
            return;
        }
        let attempt = Marked::at(text, keys);
        let parsed = build(file, &attempt.text, &attempt.keys);
        if parsed.alias_keys.len() == attempt.keys.len() {
            (*built, *marked) = (parsed, attempt);
            return;
        }
        keys = parsed.alias_keys;
    }
}

/// Replaces `built` by what can be parsed of the file and returns the blanked lines. Unknown anchors are then not
/// reported: the anchor may be in a blanked line.
fn recover(
    file: SourceId,
    marked: &Marked<'_>,
    built: &mut Built,
    errors: &mut Vec<SyntaxError>,
    apostrophes: &mut Apostrophes,
    budget: &mut usize,
) -> Vec<Span> {
    let text = marked.text.as_ref();
    let mut current = Cow::Owned(text.to_owned());
    let mut blanked_lines = Vec::new();
    for _ in 0..MAX_ROUNDS {
        apostrophes.read(file, &mut current, &marked.keys, built, budget);
        let Some(failure) = built.failure.take() else { break };
        let mut best: Option<(Score, Range<usize>, Built)> = None;
        for line in candidates(&current, &failure) {
            let Some(left) = budget.checked_sub(text.len()) else { break };
            *budget = left;
            let blanked = blank(&current, line.clone());
            let attempt = build(file, &blanked, &marked.keys);
            let score = Score::of(&attempt);
            if best.as_ref().is_none_or(|(so_far, ..)| score > *so_far) {
                best = Some((score, line, attempt));
            }
        }
        let Some((_, line, attempt)) = best else {
            built.failure = Some(failure);
            break;
        };
        errors.push(error(file, text, &failure, Some(line.clone())));
        current = Cow::Owned(blank(&current, line.clone()));
        blanked_lines.push(line);
        *built = attempt;
    }
    if let Some(failure) = built.failure.take() {
        let last = error(file, text, &failure, None);
        let message = format!("{}; the rest is not read", last.message);
        errors.push(SyntaxError { message, truncates_file: true, ..last });
    }
    blanked_lines.into_iter().map(|line| Span::new(file, line.start, line.end)).collect()
}

/// Traces a scalar that spans a blanked line to its bytes as a whole, because the file does not have these blanks.
fn trace_as_whole(nodes: &mut [Node], line: &Range<usize>) {
    for node in nodes {
        let Kind::Scalar(scalar) = &mut node.kind else { continue };
        let value = scalar.text.as_str();
        // A block scalar may end with blanked lines that its span does not include.
        let extent = node.span.cover(scalar.text.span_of(0..value.len()));
        if (extent.start as usize) < line.end && line.start < extent.end as usize {
            scalar.text = TracedText::derived(value, node.span);
        }
    }
}

/// Quality of an attempt: how far it gets, then how many nodes it reads.
#[derive(PartialEq, PartialOrd)]
struct Score {
    reached: usize,
    nodes: usize,
}

impl Score {
    fn of(built: &Built) -> Self {
        let reached = built.failure.as_ref().map_or(usize::MAX, |failure| failure.at);
        Self { reached, nodes: built.nodes.len() }
    }
}

/// Returns lines that may be at fault: the one where the parser stopped, two before it, the suspects, and the next
/// (the parser reports a tab in the indentation at the scalar above).
fn candidates(text: &str, failure: &Failure) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::with_capacity(5);
    let mut at = Some(failure.at);
    for _ in 0..3 {
        let Some(line) = at.and_then(|at| written_line(text, at)) else { break };
        at = text.get(..line.start).and_then(|above| above.rfind('\n'));
        out.push(line);
    }
    let below = text.get(failure.at..).and_then(|rest| {
        let line_end = rest.find('\n')?;
        Some(failure.at + line_end + rest[line_end..].find(|c: char| !c.is_ascii_whitespace())?)
    });
    for suspect in failure.suspects.iter().copied().chain(below) {
        out.extend(written_line(text, suspect).filter(|line| !out.contains(line)));
    }
    out
}

/// Returns the bytes of the line at `at`, or of the nearest line above with content, without surrounding blanks.
fn written_line(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let line_end = bytes.get(at..)?.iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
    let end = bytes.get(..line_end)?.iter().rposition(|b| !blank(b))? + 1;
    let start = bytes.get(..end)?.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let start = start + bytes.get(start..end)?.iter().position(|b| !blank(b))?;
    Some(start..end)
}

fn blank(text: &str, line: Range<usize>) -> String {
    let mut out = text.to_owned();
    out.replace_range(line.clone(), &" ".repeat(line.len()));
    out
}

/// Returns the error for a blanked line: from where the parser stopped if that is in the line, else the whole line.
fn error(file: SourceId, text: &str, failure: &Failure, line: Option<Range<usize>>) -> SyntaxError {
    // An item where a key is expected is itself at fault, whichever line has to go for the file to parse.
    let line = line.filter(|_| !problem::is_item(text, failure.at));
    let line = line.or_else(|| written_line(text, failure.at)).unwrap_or(failure.at..failure.at);
    let start = if line.contains(&failure.at) { failure.at } else { line.start };
    SyntaxError {
        message: failure.message.clone(),
        span: Span::new(file, start, line.end),
        fatal: true,
        duplicate_of: None,
        truncates_file: false,
    }
}

#[cfg(test)]
mod tests;
