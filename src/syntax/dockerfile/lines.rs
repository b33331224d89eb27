//! Physical lines to logical ones: directives, comments, continuations (BuildKit `parser/parser.go`).

use std::ops::Range;

use super::Directive;
use crate::source::{SourceId, Span, Text};
use crate::syntax::SyntaxError;

/// The longest line that BuildKit's scanner takes, in bytes.
const MAX_LINE: usize = 65_535;

/// An instruction's text, continued lines joined.
pub(super) struct Logical {
    pub(super) text: Text,
    /// First line, from 1.
    pub(super) first_line: u32,
}

/// Reads a file line by line.
pub(super) struct Lines<'s> {
    file: SourceId,
    source: &'s str,
    /// The next byte to read.
    at: usize,
    /// Lines read so far.
    pub(super) number: u32,
    pub(super) escape: char,
    pub(super) directives: Vec<Directive>,
    pub(super) comments: Vec<Span>,
    pub(super) errors: Vec<SyntaxError>,
    /// Directives end at the first line that is none.
    in_directives: bool,
}

/// Where the reader stands, to come back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    at: usize,
    number: u32,
}

impl<'s> Lines<'s> {
    pub(super) fn new(file: SourceId, source: &'s str) -> Self {
        let at = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            file,
            source,
            at,
            number: 0,
            escape: '\\',
            directives: Vec::new(),
            comments: Vec::new(),
            errors: Vec::new(),
            in_directives: true,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at, number: self.number }
    }

    /// The next byte to read.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        self.at = mark.at;
        self.number = mark.number;
    }

    /// The next physical line without its end, and where it stands.
    pub(super) fn physical(&mut self) -> Option<Range<usize>> {
        let rest = self.source.as_bytes().get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        self.at = start + length;
        self.number += 1;
        let line = self.source.get(start..self.at).unwrap_or_default();
        let content = line.trim_end_matches(['\r', '\n']);
        let range = start..start + content.len();
        if line.len() > MAX_LINE {
            self.error(range.clone(), format!("a line of more than {MAX_LINE} bytes"));
        }
        Some(range)
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'s str {
        self.source.get(range).unwrap_or_default()
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    pub(super) fn verbatim(&self, range: Range<usize>) -> Text {
        Text::verbatim(self.slice(range.clone()), self.span(range))
    }

    pub(super) fn error(&mut self, range: Range<usize>, message: impl Into<String>) {
        let span = self.span(range);
        self.errors.push(SyntaxError { message: message.into(), span, fatal: true });
    }

    /// The next instruction's text; none at the end of the file.
    pub(super) fn logical(&mut self) -> Option<Logical> {
        loop {
            let range = self.physical()?;
            let line = self.slice(range.clone());
            let trimmed = line.trim_start();
            let start = range.end - trimmed.len();
            if self.in_directives && self.directive(start, trimmed) {
                continue;
            }
            self.in_directives = false;
            if trimmed.starts_with('#') {
                self.comments.push(self.span(start..range.end));
                continue;
            }
            if trimmed.is_empty() {
                continue;
            }
            let first_line = self.number;
            let text = self.joined(start, trimmed);
            let end = text.as_str().trim_end().len();
            let begin = text.as_str().len() - text.as_str().trim_start().len();
            if begin < end {
                return Some(Logical { text: text.slice(begin..end), first_line });
            }
        }
    }

    /// A line with the ones that continue it. Comments and blank lines between them do not count.
    fn joined(&mut self, start: usize, line: &'s str) -> Text {
        let mut text = Text::empty(self.span(start..start + line.len()));
        let push = |text: &mut Text, from: usize, part: &str, lines: &Self| {
            text.push_verbatim(part, lines.span(from..from + part.len()));
        };
        let Some(head) = continued(line, self.escape) else {
            push(&mut text, start, line, self);
            return text;
        };
        push(&mut text, start, head, self);
        while let Some(range) = self.physical() {
            let line = self.slice(range.clone());
            let trimmed = line.trim_start();
            if trimmed.starts_with('#') {
                self.comments.push(self.span(range.end - trimmed.len()..range.end));
                continue;
            }
            if trimmed.is_empty() {
                continue;
            }
            match continued(line, self.escape) {
                Some(head) => push(&mut text, range.start, head, self),
                None => {
                    push(&mut text, range.start, line, self);
                    break;
                }
            }
        }
        text
    }

    /// Takes the line when it is a parser directive.
    fn directive(&mut self, start: usize, line: &str) -> bool {
        let Some((name, value)) = split_directive(line) else { return false };
        let range = |part: &str| {
            let offset = start + (part.as_ptr() as usize - line.as_ptr() as usize);
            offset..offset + part.len()
        };
        let (name_at, value_at) = (range(name), range(value));
        if self.directives.iter().any(|known| known.name.as_str().eq_ignore_ascii_case(name)) {
            self.error(start..start + line.len(), format!("only one `{name}` directive can be used"));
        } else if name.eq_ignore_ascii_case("escape") {
            match value {
                "`" => self.escape = '`',
                "\\" => {}
                _ => self.error(value_at.clone(), format!("invalid escape token `{value}`: it is \\ or `")),
            }
        }
        let directive = Directive { name: self.verbatim(name_at), value: self.verbatim(value_at) };
        self.directives.push(directive);
        true
    }
}

/// `# name=value` of a name that BuildKit knows; anything else is a comment.
fn split_directive(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix('#')?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let value = rest.trim_start().strip_prefix('=')?.trim();
    let known = ["syntax", "escape", "check"].iter().any(|known| known.eq_ignore_ascii_case(name));
    (known && !value.is_empty()).then_some((name, value))
}

/// The line without its trailing continuation; none when it has none. A doubled escape is no continuation
/// (BuildKit: `([^\\])\\[ \t]*$|^\\[ \t]*$`).
fn continued(line: &str, escape: char) -> Option<&str> {
    let head = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!head.ends_with(escape)).then_some(head)
}
