//! Splits a text into the tokens of JSON and what is between them.

use crate::source::{SourceId, Span, TracedText};

/// A token with its span.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum TokenKind {
    /// One of `{}[],`, and `:` or `=` as `:`.
    Mark(u8),
    /// A string. False if its end is not there.
    Text(TracedText, bool),
    /// Letters and digits without quotes: `true`, `-1`, `Status`.
    Word,
    /// Anything else: an elision, a prompt.
    Junk,
}

pub(super) struct Tokens<'t> {
    file: SourceId,
    text: &'t str,
    at: usize,
    /// The last character that is no blank. An apostrophe begins a string only behind a mark.
    before: u8,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(file: SourceId, text: &'t str) -> Self {
        Self { file, text, at: 0, before: b'{' }
    }

    /// Returns the text of a token without quotes.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or_default()
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at)
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Reads a string behind its first quote, to the other one or the end of the line.
    fn string(&mut self, quote: u8, start: usize) -> TokenKind {
        let mut out = TracedText::empty(self.span(start));
        let mut run = self.at;
        let is_whole = loop {
            let text = self.text;
            let (from, file) = (run, self.file);
            let push = |out: &mut TracedText, to: usize| {
                out.push_verbatim(text.get(from..to).unwrap_or_default(), Span::new(file, from, to));
            };
            match self.rest().first().copied() {
                Some(byte) if byte == quote => {
                    push(&mut out, self.at);
                    self.at += 1;
                    break true;
                }
                None | Some(b'\n' | b'\r') => {
                    push(&mut out, self.at);
                    break false;
                }
                Some(b'\\') => {
                    push(&mut out, self.at);
                    let begin = self.at;
                    let decoded = self.escape();
                    out.push_derived(decoded.encode_utf8(&mut [0; 4]), self.span(begin));
                    run = self.at;
                }
                Some(_) => self.at += 1,
            }
        };
        TokenKind::Text(out.with_span(self.span(start)), is_whole)
    }

    /// Reads an escape. An invalid one is the character behind the backslash.
    fn escape(&mut self) -> char {
        self.at += 1;
        let next = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        match next {
            None | Some('\n' | '\r') => '\\',
            Some('u') => {
                self.at += 1;
                let Some(first) = self.unit() else { return char::REPLACEMENT_CHARACTER };
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
                }
                let back = self.at;
                if self.rest().starts_with(b"\\u") {
                    self.at += 2;
                    if let Some(second @ 0xdc00..0xe000) = self.unit() {
                        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                    }
                    self.at = back;
                }
                char::REPLACEMENT_CHARACTER
            }
            Some(other) => {
                self.at += other.len_utf8();
                match other {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    other => other,
                }
            }
        }
    }

    /// Reads four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(value)
    }
}

/// True for a byte of a number, a key without quotes or another word.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.')
}

/// True for what quoted replies and people's arrows add: `> "Running": false,`, `true,  <-----`.
fn is_passed_over(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'>' | b'<')
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let blank = self.rest().iter().take_while(|byte| is_passed_over(**byte)).count();
            self.at += blank;
            if self.text.get(self.at..)?.starts_with('\u{feff}') {
                self.at += '\u{feff}'.len_utf8();
                continue;
            }
            let start = self.at;
            let first = *self.rest().first()?;
            let before = std::mem::replace(&mut self.before, first);
            let kind = match first {
                b'{' | b'}' | b'[' | b']' | b',' => {
                    self.at += 1;
                    TokenKind::Mark(first)
                }
                b':' | b'=' => {
                    self.at += 1;
                    TokenKind::Mark(b':')
                }
                b'"' => {
                    self.at += 1;
                    self.string(b'"', start)
                }
                b'\'' if b"{[,:=".contains(&before) => {
                    self.at += 1;
                    self.string(b'\'', start)
                }
                byte if is_word(byte) => {
                    self.at += self.rest().iter().take_while(|byte| is_word(**byte)).count();
                    let word = self.slice(self.span(start));
                    // The shaft of an arrow, or a line of dashes.
                    if word.len() > 1 && word.bytes().all(|byte| byte == b'-') {
                        continue;
                    }
                    match word.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
                        true => TokenKind::Word,
                        false => TokenKind::Junk,
                    }
                }
                _ => {
                    self.at += self.text.get(start..)?.chars().next()?.len_utf8();
                    TokenKind::Junk
                }
            };
            return Some(Token { kind, span: self.span(start) });
        }
    }
}
