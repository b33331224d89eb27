//! Makefiles: the lines of recipes, each a shell command after make has expanded `$(…)`.

use super::find::mentions;
use super::parse::command;
use super::{Command, lines};
use crate::source::TracedText;
use crate::syntax::shell;
use crate::syntax::words::balanced;

/// Finds the commands of the recipes, and those of comments.
pub(super) fn find(text: &TracedText, found: &mut Vec<Command>) {
    let whole = text.as_str();
    let mut at = 0;
    while at < whole.len() {
        let begin = at;
        let recipe = whole.get(at..).is_some_and(|rest| rest.starts_with('\t'));
        let mut line = TracedText::empty(text.span_of(begin..begin + 1));
        // A recipe line goes on behind a backslash, and the tab of the next line is dropped.
        loop {
            let rest = whole.get(at..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
            let content = rest.get(..length).unwrap_or_default();
            let skipped = usize::from(content.starts_with('\t'));
            line.push_slice(text, at + skipped..at + length);
            at += length;
            let continued = content.trim_end_matches(['\n', '\r']).ends_with('\\');
            if !continued || at >= whole.len() {
                break;
            }
        }
        if !recipe || !mentions(line.as_str()) {
            continue;
        }
        let prefix = line.as_str().len() - line.as_str().trim_start_matches(['@', '-', '+', ' ', '\t']).len();
        let script = expanded(&line.slice(prefix..line.as_str().len()));
        found.extend(shell::read(&script).commands.iter().filter_map(|line| command(&line.words)));
    }
    lines::find_in_comments(text, found);
}

/// Replaces what make expands by variables of the shell: `$$X` becomes `$X`, `$(X)` and `$(shell …)` become `${X}` and `${make}`.
fn expanded(text: &TracedText) -> TracedText {
    let whole = text.as_str();
    let mut out = TracedText::empty(text.span());
    let mut at = 0;
    while let Some(rest) = whole.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(dollar) = memchr::memchr(b'$', rest.as_bytes()) else {
            out.push_slice(text, at..whole.len());
            break;
        };
        out.push_slice(text, at..at + dollar);
        let begin = at + dollar;
        let behind = whole.get(begin + 1..).unwrap_or_default();
        at = match behind.bytes().next() {
            Some(b'$') => {
                out.push_slice(text, begin..begin + 1);
                begin + 2
            }
            Some(b'(' | b'{') => {
                let length = match behind.starts_with('(') {
                    true => balanced(behind, '(', ')'),
                    false => balanced(behind, '{', '}'),
                };
                let name = behind.get(1..length.saturating_sub(1)).unwrap_or_default();
                let is_name =
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                let shown = if is_name { format!("${{{name}}}") } else { "${make}".to_owned() };
                out.push_derived(&shown, text.span_of(begin..begin + 1 + length));
                begin + 1 + length
            }
            Some(b) if b.is_ascii_graphic() => {
                out.push_derived("${make}", text.span_of(begin..begin + 2));
                begin + 2
            }
            _ => begin + 1,
        };
    }
    out
}

#[cfg(test)]
mod tests;
