//! Command lines among other text, each found by the name of its client: with prompts before them, comment signs before each of
//! their lines, placeholders in them.

use std::ops::Range;

use super::Command;
use super::find::MAX_COMMANDS;
use super::parse::command;
use crate::source::TracedText;
use crate::syntax::shell;

/// Maximum length of a command with its continued lines.
const MAX_LENGTH: usize = 64 * 1024;

const NAMES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// Words that may come before a command.
const BEFORE: [&str; 14] = [
    "sudo", "exec", "then", "do", "else", "if", "elif", "while", "until", "time", "nohup", "command", "env",
    "!",
];

/// Most bytes of an expression in `{{` and `}}`.
const MAX_PLACE: usize = 1000;

/// Most bytes of a prefix that tell whether a command may begin behind it.
const MAX_PREFIX: usize = 256;

/// Words behind the name of a client among which its subcommand is, options and the signs of comments included.
const MAX_BEFORE_SUBCOMMAND: usize = 40;

/// Bytes that are read for commands that are none, before such bytes are no longer searched for another command.
const MAX_IN_VAIN: usize = 256 * 1024;

/// Finds the command lines of a text.
pub(super) fn find(text: &TracedText, found: &mut Vec<Command>) {
    find_in(text, 0..text.as_str().len(), found);
}

/// Finds the command lines of a part of a text.
pub(super) fn find_in(text: &TracedText, range: Range<usize>, found: &mut Vec<Command>) {
    Search { text, end: range.end, comments: false, in_vain: 0, found }.each_line(range.start);
}

/// Finds the command lines of a text that are in lines of comment.
pub(super) fn find_in_comments(text: &TracedText, found: &mut Vec<Command>) {
    Search { text, end: text.as_str().len(), comments: true, in_vain: 0, found }.each_line(0);
}

/// A search for the command lines of a text.
struct Search<'t, 'f> {
    text: &'t TracedText,
    /// The end of the part that is searched.
    end: usize,
    /// Only lines of comment are searched.
    comments: bool,
    /// Bytes that were read for commands that are none.
    in_vain: usize,
    found: &'f mut Vec<Command>,
}

impl Search<'_, '_> {
    /// Searches every line from an offset on.
    fn each_line(&mut self, from: usize) {
        let mut at = from;
        while at < self.end && self.found.len() < MAX_COMMANDS {
            let line = line_at(self.text.as_str(), at, self.end);
            let next = line.end + 1;
            let written = self.text.as_str().get(line.clone()).unwrap_or_default();
            let is_searched = !self.comments || written.trim_start().starts_with('#');
            let names = if is_searched { names(written) } else { Vec::new() };
            at = if names.is_empty() { next } else { self.at_line(&line, &names).max(next) };
        }
    }

    /// Finds the commands that begin in a line at one of `names`, and returns the offset up to which it has read.
    fn at_line(&mut self, line: &Range<usize>, names: &[usize]) -> usize {
        let whole = self.text.as_str();
        let mut from = line.start;
        for at in names.iter().map(|name| line.start + name) {
            if at < from {
                continue;
            }
            if self.found.len() >= MAX_COMMANDS {
                return self.end;
            }
            let begin = word_start(whole, line.start..at);
            let prefix = whole.get(line.start..begin).unwrap_or_default();
            if !may_precede(end_of(prefix)) || !may_start(whole.get(at..self.end).unwrap_or_default()) {
                continue;
            }
            let marker = Marker::of(prefix, self.comments);
            let close = prefix.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'));
            let (joined, end) = Joined::read(self.text, begin..self.end, marker, close);
            let script = shell::read(&joined);
            let before = self.found.len();
            self.found.extend(script.commands.iter().filter_map(|line| command(&line.words)));
            if self.found.len() > before {
                return end;
            }
            self.in_vain += end.saturating_sub(begin);
            if self.in_vain > MAX_IN_VAIN {
                return end;
            }
            from = end.min(line.end);
        }
        line.end
    }
}

/// Returns the range of the line from an offset on, without its end.
pub(super) fn line_at(whole: &str, from: usize, limit: usize) -> Range<usize> {
    let rest = whole.get(from..limit).unwrap_or_default();
    from..from + memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())
}

/// Returns the offsets of the names of clients in a line that are whole words.
fn names(line: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let of_name = |name: &'static str| {
        memchr::memmem::find_iter(line.as_bytes(), name).filter(move |at| {
            let behind = line.get(at + name.len()..).unwrap_or_default();
            let before = line.get(..*at).unwrap_or_default();
            let is_word = behind.starts_with([' ', '\t']) || behind == "\\";
            is_word && !before.ends_with(is_part)
        })
    };
    let mut found: Vec<usize> = NAMES.into_iter().flat_map(of_name).collect();
    found.sort_unstable();
    found
}

/// Returns the start of a text, of about this length.
fn start(text: &str, length: usize) -> &str {
    (0..4).find_map(|more| text.get(..length + more)).unwrap_or(text)
}

/// Returns the end of a text, as much as matters of a prefix.
fn end_of(prefix: &str) -> &str {
    let from = prefix.len().saturating_sub(MAX_PREFIX);
    (from..=prefix.len()).find_map(|from| prefix.get(from..)).unwrap_or_default()
}

/// True if one of the first words behind the name of a client may be a subcommand that starts a container.
fn may_start(text: &str) -> bool {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '\\' | '`' | '^' | '"' | '\''));
    let words = words.filter(|word| !word.is_empty()).skip(1).take(MAX_BEFORE_SUBCOMMAND);
    words.into_iter().any(|word| word.starts_with("run") || word.starts_with("create"))
}

/// Returns where the word around an offset begins: that of `/usr/bin/docker`.
fn word_start(whole: &str, range: Range<usize>) -> usize {
    let before = whole.get(range.clone()).unwrap_or_default();
    let path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
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

/// The text before each line of a command.
#[derive(Clone, Copy)]
struct Marker {
    /// The sign of a comment or quotation.
    sign: Option<char>,
    /// Lines without the sign belong to the command no more.
    strict: bool,
    /// A prompt comes before the first line, so that `> ` may come before the others.
    prompt: bool,
}

impl Marker {
    fn of(prefix: &str, strict: bool) -> Self {
        let text = prefix.trim();
        let sign = text.chars().next().filter(|c| matches!(c, '#' | '/' | '*' | '>'));
        Self { sign, strict, prompt: text.ends_with(['$', '#', '%']) }
    }

    /// Returns the length of what comes before a continued line. None if the line is not of the command.
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

/// The meaning of the end of a line.
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
            if next.end - range.start > MAX_LENGTH {
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
            let ends_line = matches!(c, '\\' | '`' | '^') && behind.trim().is_empty();
            at += match c {
                // In quotes of another language, this ends the shell's quote that began in the same way.
                '\\' if self.quote != Some('\'') || self.close == Some('\'') && behind.starts_with('\'') => {
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
                    match start(behind, MAX_PLACE).find("}}") {
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
    let end = start(behind, 81).find('>')?;
    let inside = behind.get(..end)?;
    let first = inside.chars().next()?;
    let last = inside.chars().next_back()?;
    let begins = first.is_alphabetic() || matches!(first, '_' | '/' | '$' | '[');
    (begins && !last.is_whitespace() && !inside.contains('<')).then_some(end + 1)
}

#[cfg(test)]
mod tests;
