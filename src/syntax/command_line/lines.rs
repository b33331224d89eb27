//! Command lines among other text, each found by the name of its client: with prompts before them, comment signs before each of
//! their lines, placeholders in them.

use std::ops::Range;

use super::Command;
use super::parse::command;
use crate::source::TracedText;
use crate::syntax::shell;

/// Maximum length of a command with its continued lines.
const MAX_LENGTH: usize = 64 * 1024;

const NAMES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// Words that may stand before a command.
const BEFORE: [&str; 14] = [
    "sudo", "exec", "then", "do", "else", "if", "elif", "while", "until", "time", "nohup", "command", "env",
    "!",
];

/// Finds the command lines of a text.
pub(super) fn find(text: &TracedText, found: &mut Vec<Command>) {
    find_in(text, 0..text.as_str().len(), found);
}

/// Finds the command lines of a part of a text.
pub(super) fn find_in(text: &TracedText, range: Range<usize>, found: &mut Vec<Command>) {
    each_line(text, range.clone(), |line| at_line(text, (line, range.end), false, found));
}

/// Finds the command lines of a text that are in lines of comment.
pub(super) fn find_in_comments(text: &TracedText, found: &mut Vec<Command>) {
    let end = text.as_str().len();
    each_line(text, 0..end, |line| {
        let written = text.as_str().get(line.clone()).unwrap_or_default();
        match written.trim_start().starts_with('#') {
            true => at_line(text, (line, end), true, found),
            false => line.end,
        }
    });
}

/// Calls `each` with every line that may have a command. It returns the offset up to which it has read.
fn each_line(text: &TracedText, range: Range<usize>, mut each: impl FnMut(Range<usize>) -> usize) {
    let mut at = range.start;
    while at < range.end {
        let line = line_at(text.as_str(), at, range.end);
        let next = line.end + 1;
        let written = text.as_str().get(line.clone()).unwrap_or_default();
        at = if super::find::mentions(written) { each(line).max(next) } else { next };
    }
}

/// Returns the range of the line from an offset on, without its end.
fn line_at(whole: &str, from: usize, limit: usize) -> Range<usize> {
    let rest = whole.get(from..limit).unwrap_or_default();
    from..from + memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())
}

/// Finds the commands that begin in a line, and returns the offset up to which it has read.
fn at_line(
    text: &TracedText,
    (line, limit): (Range<usize>, usize),
    comment: bool,
    found: &mut Vec<Command>,
) -> usize {
    let whole = text.as_str();
    let mut from = line.start;
    while let Some(at) = next_name(whole, from..line.end) {
        let begin = word_start(whole, line.start..at);
        let prefix = whole.get(line.start..begin).unwrap_or_default();
        from = at + 1;
        if !may_precede(prefix) {
            continue;
        }
        let marker = Marker::of(prefix, comment);
        let close = prefix.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'));
        let (joined, end) = Joined::read(text, begin..limit, marker, close);
        let script = shell::read(&joined);
        let before = found.len();
        found.extend(script.commands.iter().filter_map(|line| command(&line.words)));
        if found.len() > before {
            return end;
        }
        from = from.max(end.min(line.end));
    }
    line.end
}

/// Returns the offset of the next name of a client that is a whole word.
fn next_name(whole: &str, range: Range<usize>) -> Option<usize> {
    let mut from = range.start;
    loop {
        let rest = whole.get(from..range.end)?;
        let (at, name) = NAMES.iter().filter_map(|name| Some((rest.find(name)?, name))).min()?;
        let behind = rest.get(at + name.len()..).unwrap_or_default();
        let before = rest.get(..at).unwrap_or_default();
        let is_word = behind.starts_with([' ', '\t']) || behind.starts_with("\\\n");
        let is_start = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if is_word && is_start {
            return Some(from + at);
        }
        from += at + name.len();
    }
}

/// Returns where the word around an offset begins: that of `/usr/bin/docker`.
fn word_start(whole: &str, range: Range<usize>) -> usize {
    let before = whole.get(range.clone()).unwrap_or_default();
    let path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    match before.ends_with('/') {
        true => range.start + before.trim_end_matches(path).len(),
        false => range.end,
    }
}

/// True if a command may begin behind this text: nothing, a prompt, a sign of the shell, but no prose.
fn may_precede(prefix: &str) -> bool {
    let signs = |c: char| c.is_whitespace() || matches!(c, '#' | '/' | '*' | '>' | '-' | '+' | '@');
    let text = prefix.trim_end();
    if text.trim_start_matches(signs).is_empty() {
        return true;
    }
    if text.ends_with(['$', '%', '#', '❯', '➜', '=', ':', ';', '&', '|', '(', '{', '"', '\'', '`', '!']) {
        return true;
    }
    if is_history_number(text) {
        return true;
    }
    if text.ends_with('>') && (text.starts_with("PS ") || text.ends_with(">>")) {
        return true;
    }
    let mut words = text.split_whitespace().rev().take(8).peekable();
    let Some(last) = words.peek().copied() else { return true };
    let is_assignment = last.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    BEFORE.contains(&last) || is_assignment || words.any(|word| word == "sudo")
}

/// True for what `history` prints before a command: its number, with a `*` if it was changed, and with `HISTTIMEFORMAT` a date.
fn is_history_number(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let number = words.next().unwrap_or_default().trim_end_matches('*');
    let is_time = |word: &str| {
        word.bytes().any(|b| b.is_ascii_digit())
            && word
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b':' | b'.' | b'T' | b'Z' | b'+'))
    };
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && words.all(is_time)
}

/// What stands before each line of a command.
#[derive(Clone, Copy)]
struct Marker {
    /// The sign of a comment or quotation.
    sign: Option<char>,
    /// Lines without the sign belong to the command no more.
    strict: bool,
    /// A prompt stands before the first line, so that `> ` may stand before the others.
    prompt: bool,
}

impl Marker {
    fn of(prefix: &str, strict: bool) -> Self {
        let text = prefix.trim();
        let sign = text.chars().next().filter(|c| matches!(c, '#' | '/' | '*' | '>'));
        Self { sign, strict, prompt: text.ends_with(['$', '#', '%']) }
    }

    /// Returns the length of what stands before a continued line. None if the line is not of the command.
    fn length(self, line: &str) -> Option<usize> {
        let inner = line.trim_start();
        let skipped = line.len() - inner.len();
        if let Some(sign) = self.sign
            && inner.starts_with(sign)
        {
            let rest = inner.trim_start_matches(sign);
            return Some(skipped + inner.len() - rest.len());
        }
        if self.strict {
            return None;
        }
        Some(if self.prompt && inner.starts_with("> ") { skipped + 1 } else { 0 })
    }
}

/// A command with its continued lines joined.
struct Joined<'t> {
    source: &'t TracedText,
    text: TracedText,
    quote: Option<char>,
    close: Option<char>,
}

/// What the end of a line means.
enum LineEnd {
    /// The command goes on.
    Continued,
    /// The command ends here, at this offset.
    Ends(usize),
}

impl<'t> Joined<'t> {
    /// Reads the command at the beginning of a range, up to `close` or the end of its last line, and returns it with that offset.
    fn read(
        source: &'t TracedText,
        range: Range<usize>,
        marker: Marker,
        close: Option<char>,
    ) -> (TracedText, usize) {
        let whole = source.as_str();
        let text = TracedText::empty(source.span_of(range.start..range.start + 1));
        let mut joined = Self { source, text, quote: None, close };
        let mut line = line_at(whole, range.start, range.end);
        loop {
            let from = line.start;
            let end = match joined.line(line.clone()) {
                LineEnd::Ends(at) => return (joined.text, at),
                LineEnd::Continued => line.end,
            };
            let next = line_at(whole, end + 1, range.end);
            let written = whole.get(next.clone()).unwrap_or_default();
            let Some(skipped) = marker.length(written).filter(|_| end < range.end && next.start < range.end)
            else {
                return (joined.text, end);
            };
            if next.end - from.min(range.start) > MAX_LENGTH {
                return (joined.text, end);
            }
            line = next.start + skipped..next.end;
        }
    }

    /// Adds a line.
    fn line(&mut self, range: Range<usize>) -> LineEnd {
        let whole = self.source.as_str();
        let capped = range.end.min(range.start + MAX_LENGTH);
        let mut end = capped;
        while !whole.is_char_boundary(end) {
            end -= 1;
        }
        let mut at = range.start;
        while let Some(rest) = whole.get(at..end).filter(|rest| !rest.is_empty()) {
            let Some(c) = rest.chars().next() else { break };
            let behind = rest.get(c.len_utf8()..).unwrap_or_default();
            if Some(c) == self.close && (self.quote.is_none() || c != '\'') {
                return LineEnd::Ends(at);
            }
            let is_blank_before =
                self.text.as_str().ends_with([' ', '\t', '\n']) || self.text.as_str().is_empty();
            let unquoted = self.quote.is_none();
            let ends_line = behind.trim().is_empty();
            at += match c {
                '\\' if self.quote != Some('\'') => {
                    if ends_line || behind.trim_end() == "\\" {
                        self.text.push_derived(" ", self.source.span_of(at..at + 1));
                        return LineEnd::Continued;
                    }
                    self.escape(at, behind)
                }
                // The shells of Windows go on behind these.
                '`' | '^' if unquoted && ends_line && is_blank_before => return LineEnd::Continued,
                // A comment, or a remark behind the command.
                '#' | '(' if unquoted && is_blank_before => return LineEnd::Ends(range.end),
                '`' if self.quote != Some('\'') && behind.starts_with('#') && behind.contains('`') => {
                    // A comment in a substitution: no word at all.
                    behind.find('`').map_or(1, |close| close + 2)
                }
                '<' if unquoted => match placeholder(behind) {
                    Some(length) => self.unknown(at, length + 1),
                    None => self.copy(at, c),
                },
                '{' if self.quote != Some('\'')
                    && behind.starts_with('{')
                    && !self.text.as_str().ends_with('$') =>
                {
                    match behind.find("}}") {
                        Some(length) => self.unknown(at, length + 3),
                        None => self.copy(at, c),
                    }
                }
                '"' | '\'' => {
                    match self.quote {
                        None => self.quote = Some(c),
                        Some(open) if open == c => self.quote = None,
                        Some(_) => {}
                    }
                    self.copy(at, c)
                }
                _ => self.copy(at, c),
            };
        }
        // An open quote goes on in the next line, if it is closed at all.
        let rest = whole.get(range.end..whole.len().min(range.end + MAX_LENGTH)).unwrap_or_default();
        match self.quote {
            Some(open) if end == range.end && rest.contains(open) => {
                self.text.push_slice(self.source, range.end..range.end + 1);
                LineEnd::Continued
            }
            _ => LineEnd::Ends(range.end),
        }
    }

    fn copy(&mut self, at: usize, c: char) -> usize {
        self.text.push_slice(self.source, at..at + c.len_utf8());
        c.len_utf8()
    }

    /// Adds a backslash and the character behind it. In quotes of another language or a here-document, the shell sees the character alone.
    fn escape(&mut self, at: usize, behind: &str) -> usize {
        let Some(c) = behind.chars().next() else { return 1 };
        let inner = at + 1;
        if c == '$' {
            self.copy(inner, c);
        } else if self.close == Some(c) && matches!(c, '"' | '\'') {
            self.quote = if self.quote.is_some() { None } else { Some(c) };
            self.copy(inner, c);
        } else {
            self.text.push_slice(self.source, at..inner + c.len_utf8());
        }
        1 + c.len_utf8()
    }

    /// Adds a variable for a placeholder of this length.
    fn unknown(&mut self, at: usize, length: usize) -> usize {
        self.text.push_derived("${placeholder}", self.source.span_of(at..at + length));
        length
    }
}

/// Returns the length of a placeholder behind its `<`, as in `<your-source>`; None for a redirection.
fn placeholder(behind: &str) -> Option<usize> {
    let end = behind.find('>').filter(|end| *end <= 80)?;
    let inside = behind.get(..end)?;
    let first = inside.chars().next()?;
    let last = inside.chars().next_back()?;
    let begins = first.is_alphabetic() || matches!(first, '_' | '/' | '$' | '[');
    (begins && !last.is_whitespace() && !inside.contains('<')).then_some(end + 1)
}
