//! Parses the `--name=value` words between a keyword and its arguments.

use std::ops::Range;

use crate::source::TracedText;

use super::ast::Flag;
use super::lines::LogicalLine;
use super::words::skip_space;

/// Parses the flags at the start of `range` and returns them with the rest of the range.
///
/// As BuildKit's `extractBuilderFlags`: words that begin with `--`, for every instruction, up to a bare `--`. The
/// escape character is the backslash here, even if `# escape=` sets another.
pub(super) fn take(line: &LogicalLine<'_>, range: Range<usize>) -> (Vec<Flag>, Range<usize>) {
    let mut flags = Vec::new();
    let mut rest = range;
    loop {
        rest = skip_space(&line.text, rest);
        if !line.text[rest.clone()].starts_with("--") {
            return (flags, rest);
        }
        let (text, end) = word(line, rest.clone());
        rest.start = end;
        if text.as_str() == "--" {
            return (flags, skip_space(&line.text, rest));
        }
        flags.push(flag(text));
    }
}

/// Returns a word with quotes and escapes removed, and the offset of its end.
fn word(line: &LogicalLine<'_>, range: Range<usize>) -> (TracedText, usize) {
    let part = &line.text[range.clone()];
    let length = end_of_word(part);
    let mut text = TracedText::empty(line.span(range.start..range.start + length));
    let mut copied = range.start;
    let mut quote: Option<char> = None;
    let mut chars = part[..length].char_indices();
    while let Some((at, c)) = chars.next() {
        let at = range.start + at;
        let toggles = match quote {
            None => c == '"' || c == '\'',
            Some(open) => c == open,
        };
        if toggles {
            quote = if quote.is_none() { Some(c) } else { None };
            line.copy_into(&mut text, copied..at);
            copied = at + 1;
        } else if c == '\\' {
            line.copy_into(&mut text, copied..at);
            copied = at + 1;
            if let Some((_, escaped)) = chars.next() {
                copied += escaped.len_utf8();
                text.push_derived(escaped.encode_utf8(&mut [0; 4]), line.span(at..copied));
            }
        }
    }
    line.copy_into(&mut text, copied..range.start + length);
    (text, range.start + length)
}

fn end_of_word(part: &str) -> usize {
    let mut quote: Option<char> = None;
    let mut chars = part.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            None if c.is_whitespace() => return at,
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ if c == '\\' => {
                chars.next();
            }
            _ => {}
        }
    }
    part.len()
}

fn flag(text: TracedText) -> Flag {
    let length = text.as_str().len();
    let (name, value) = match text.as_str().find('=') {
        Some(at) => (text.slice(2..at), Some(text.slice(at + 1..length))),
        None => (text.slice(2..length), None),
    };
    Flag { text, name, value }
}
