//! Here-documents: the markers on an instruction's line, and the bodies.
//!
//! BuildKit finds the markers with its shell lexer (`shell/lex.go`), always with the backslash as escape character.
//! If that lexer fails on a line (an open quote, a substitution it does not know), the line has no here-documents.

use std::ops::Range;

use crate::source::{SourceId, Span};

use super::ast::Heredoc;
use super::lines::Lines;

/// Maximum nesting of `${…${…}…}`.
const MAX_DEPTH: usize = 64;

/// A marker such as `3<<-'EOF'` on an instruction's line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marker {
    name: String,
    expand: bool,
    chomp: bool,
    descriptor: u32,
    /// Its bytes in the line.
    pub(super) range: Range<usize>,
}

/// Returns the here-document markers of a line, in order.
pub(super) fn markers(line: &str) -> Vec<Marker> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let words = shell_words(line).unwrap_or_default();
    words.into_iter().filter_map(|range| marker(&line[range.clone()], range)).collect()
}

/// True if `word` is a here-document marker (COPY and ADD cannot write to one).
pub(super) fn is_marker(word: &str) -> bool {
    marker(word, 0..word.len()).is_some()
}

/// Parses a marker; BuildKit's pattern is `^(\d*)<<(-?)\s*([^<]*)$`.
fn marker(word: &str, range: Range<usize>) -> Option<Marker> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = word.split_at(digits);
    let rest = rest.strip_prefix("<<")?;
    let (chomp, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
    if rest.contains('<') {
        return None;
    }
    let (name, quoted) = unquote(rest)?;
    let descriptor = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) };
    (!name.is_empty()).then_some(Marker { name, expand: !quoted, chomp, descriptor, range })
}

/// Unquotes the terminator word; the flag is true if any of it was quoted.
fn unquote(word: &str) -> Option<(String, bool)> {
    let mut name = String::new();
    let mut quoted = false;
    let mut at = 0;
    while let Some(c) = word[at..].chars().next() {
        let after = at + c.len_utf8();
        at = match c {
            '\'' => {
                let end = single_quotes(word, at)?;
                name.push_str(&word[after..end - 1]);
                quoted = true;
                end
            }
            '"' => {
                let end = double_quotes(word, at, 0)?;
                let mut chars = word[after..end - 1].chars().peekable();
                while let Some(c) = chars.next() {
                    let escaped =
                        if c == '\\' { chars.next_if(|n| matches!(n, '"' | '$' | '\\')) } else { None };
                    name.push(escaped.unwrap_or(c));
                }
                quoted = true;
                end
            }
            '\\' => {
                let escaped = word[after..].chars().next();
                name.extend(escaped);
                after + escaped.map_or(0, char::len_utf8)
            }
            '$' => {
                let end = substitution(word, at, 0)?;
                name.push_str(&word[at..end]);
                end
            }
            c if c.is_whitespace() => return None,
            c => {
                name.push(c);
                after
            }
        };
    }
    Some((name, quoted))
}

/// Splits a line into words as a shell does, quotes kept; white space after `<<` is part of the marker.
fn shell_words(line: &str) -> Option<Vec<Range<usize>>> {
    let mut words = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let after = at + c.len_utf8();
        let end = match c {
            '\'' => single_quotes(line, at)?,
            '"' => double_quotes(line, at, 0)?,
            '\\' => after + line[after..].chars().next().map_or(0, char::len_utf8),
            '<' if line[after..].starts_with('<') => {
                line.len() - line[after + 1..].trim_start_matches([' ', '\t']).len()
            }
            '$' => {
                // White space inside a substitution separates words.
                let end = substitution(line, at, 0)?;
                for (offset, c) in line[at..end].char_indices() {
                    step(&mut words, &mut start, at + offset, c.is_whitespace());
                }
                at = end;
                continue;
            }
            c => {
                step(&mut words, &mut start, at, c.is_whitespace());
                at = after;
                continue;
            }
        };
        start.get_or_insert(at);
        at = end;
    }
    words.extend(start.map(|start| start..line.len()));
    Some(words)
}

fn step(words: &mut Vec<Range<usize>>, start: &mut Option<usize>, at: usize, separates: bool) {
    if separates {
        words.extend(start.take().map(|start| start..at));
    } else {
        start.get_or_insert(at);
    }
}

/// Returns the offset after the closing quote for the `'` at `at`.
fn single_quotes(text: &str, at: usize) -> Option<usize> {
    text[at + 1..].find('\'').map(|length| at + 1 + length + 1)
}

/// Returns the offset after the closing quote for the `"` at `at`.
fn double_quotes(text: &str, at: usize, depth: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = at + 1;
    loop {
        at = match *bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'$' => substitution(text, at, depth)?,
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'$' | b'\\')) => at + 2,
            _ => at + 1,
        };
    }
}

/// Returns the offset after the `$name` or `${…}` at `at`; `None` where BuildKit's lexer fails.
fn substitution(text: &str, at: usize, depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let Some(inner) = text[at + 1..].strip_prefix('{') else {
        return Some(at + 1 + name_length(&text[at + 1..]));
    };
    if inner.starts_with(['{', '}', ':']) {
        return None;
    }
    let at = at + 2 + name_length(inner);
    let mut rest = text[at..].chars();
    match rest.next()? {
        '}' => Some(at + 1),
        ':' if rest.next().is_some_and(|c| "+-?#%".contains(c)) => closing(text, at + 2, b'}', depth + 1),
        '+' | '-' | '?' | '#' | '%' => closing(text, at + 1, b'}', depth + 1),
        '/' => {
            let from = at + 1 + usize::from(rest.next() == Some('/'));
            closing(text, from, b'/', depth + 1).and_then(|at| closing(text, at, b'}', depth + 1))
        }
        _ => None,
    }
}

/// Returns the offset after the next `stop` that is not quoted, escaped or inside a substitution.
fn closing(text: &str, from: usize, stop: u8, depth: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = match *text.as_bytes().get(at)? {
            b if b == stop => return Some(at + 1),
            b'\'' => single_quotes(text, at)?,
            b'"' => double_quotes(text, at, depth)?,
            b'$' => substitution(text, at, depth)?,
            b'\\' => at + 1 + text[at + 1..].chars().next()?.len_utf8(),
            _ => at + 1,
        };
    }
}

/// Returns the length in bytes of the variable name, positional or special parameter at the start of `text`.
pub(super) fn name_length(text: &str) -> usize {
    match text.chars().next() {
        Some(c) if c.is_ascii_digit() => text.bytes().take_while(u8::is_ascii_digit).count(),
        Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => 1,
        _ => text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len()),
    }
}

/// Reads the body up to its terminator and moves `lines` past it. Without a terminator `lines` stays where it was.
pub(super) fn body(file: SourceId, source: &str, lines: &mut Lines<'_>, marker: &Marker) -> Heredoc {
    let start = lines.offset();
    let mut heredoc = Heredoc {
        name: marker.name.clone(),
        expand: marker.expand,
        chomp: marker.chomp,
        descriptor: marker.descriptor,
        body: Span::new(file, start, start),
        content: String::new(),
        terminator: None,
    };
    let mut ahead = lines.clone();
    while let Some(line) = ahead.next() {
        let text = if marker.chomp { line.text.trim_start_matches('\t') } else { line.text };
        if text == marker.name {
            let body = &source[start..line.start];
            heredoc.body = Span::new(file, start, line.start);
            heredoc.content = if marker.chomp { without_tabs(body) } else { body.to_owned() };
            heredoc.terminator = Some(Span::new(file, line.start, line.start + line.text.len()));
            *lines = ahead;
            break;
        }
    }
    heredoc
}

fn without_tabs(body: &str) -> String {
    body.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<(String, bool, bool, u32)> {
        markers(line).into_iter().map(|m| (m.name, m.expand, m.chomp, m.descriptor)).collect()
    }

    #[test]
    fn markers_of_every_kind() {
        let one = |name: &str, expand, chomp, fd| vec![(name.to_owned(), expand, chomp, fd)];
        assert_eq!(names("RUN <<EOF"), one("EOF", true, false, 0));
        assert_eq!(names("RUN 3<<-EOF > x"), one("EOF", true, true, 3));
        assert_eq!(names("RUN <<  EOF"), one("EOF", true, false, 0));
        assert_eq!(names("RUN <<'one two'"), one("one two", false, false, 0));
        assert_eq!(names(r"RUN <<eo\'f"), one("eo'f", true, false, 0));
        assert_eq!(names(r"RUN <<'e'o\'f"), one("eo'f", false, false, 0));
        assert_eq!(names("RUN <<$EOF"), one("$EOF", true, false, 0));
        assert_eq!(names("COPY <<A <<\"B\" /x").len(), 2);
    }

    #[test]
    fn lines_without_markers() {
        for line in [
            "RUN \"<<EOF\"",
            "RUN cat <<< x",
            "RUN $((1<<2))",
            "RUN '<<A",
            "RUN x<<A",
            "RUN <<''",
            "RUN <<",
            "RUN <<- A",
        ] {
            assert_eq!(names(line), [], "{line}");
        }
        // The lexer fails on unknown substitutions.
        assert_eq!(names("RUN echo ${#a[@]} <<EOF"), []);
        assert_eq!(names("RUN echo ${a:-b} ${a%x*} ${a//b/c} <<EOF").len(), 1);
        assert_eq!(names(&format!("RUN {}<<EOF", "${a:-".repeat(100_000))), []);
    }
}
