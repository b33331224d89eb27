//! Parses exec form: a JSON array of strings, each traced to its bytes.

use std::ops::Range;

use crate::source::TracedText;

use super::lines::LogicalLine;

/// The result of parsing exec form.
pub(super) enum Exec {
    /// An array of strings.
    Words(Vec<TracedText>),
    /// A JSON array with other values: BuildKit rejects the file.
    NotStrings,
    /// Not a JSON array: BuildKit treats the text as shell form.
    NotJson,
}

/// Parses `range` of the line as an array of strings.
pub(super) fn read(line: &LogicalLine<'_>, range: Range<usize>) -> Exec {
    let text = &line.text[range.clone()];
    if !text.starts_with('[') {
        return Exec::NotJson;
    }
    let mut reader = Reader { line, base: range.start, text, at: 1 };
    match reader.strings() {
        Some(words) => Exec::Words(words),
        None if serde_json::from_str::<Vec<serde_json::Value>>(text).is_ok() => Exec::NotStrings,
        None => Exec::NotJson,
    }
}

struct Reader<'a, 's> {
    line: &'a LogicalLine<'s>,
    base: usize,
    text: &'a str,
    at: usize,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Parses the text after the `[`; `None` unless it is a list of strings up to the end.
    fn strings(&mut self) -> Option<Vec<TracedText>> {
        let mut words = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                words.push(self.string()?);
                self.skip_space();
                let separator = self.peek()?;
                self.at += 1;
                match separator {
                    b',' => self.skip_space(),
                    b']' => break,
                    _ => return None,
                }
            }
        }
        self.skip_space();
        (self.at == self.text.len()).then_some(words)
    }

    fn string(&mut self) -> Option<TracedText> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let opened = self.at;
        let closed = self.closing_quote(opened + 1)?;
        let mut word = TracedText::empty(self.line.span(self.base + opened..self.base + closed + 1));
        self.at = opened + 1;
        let mut copied = self.at;
        while self.at < closed {
            if self.peek() != Some(b'\\') {
                self.at += 1;
                continue;
            }
            let start = self.at;
            self.line.copy_into(&mut word, self.base + copied..self.base + start);
            let c = self.escape()?;
            let span = self.line.span(self.base + start..self.base + self.at);
            word.push_derived(c.encode_utf8(&mut [0; 4]), span);
            copied = self.at;
        }
        self.line.copy_into(&mut word, self.base + copied..self.base + closed);
        self.at = closed + 1;
        Some(word)
    }

    fn closing_quote(&self, from: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = from;
        loop {
            match *bytes.get(at)? {
                b'"' => return Some(at),
                b'\\' => at += 2,
                // Control characters must be escaped in JSON.
                0..=0x1f => return None,
                _ => at += 1,
            }
        }
    }

    /// Consumes an escape sequence and returns its character.
    fn escape(&mut self) -> Option<char> {
        let kind = *self.text.as_bytes().get(self.at + 1)?;
        self.at += 2;
        Some(match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) && self.text.get(self.at..self.at + 2) == Some("\\u") {
                    let back = self.at;
                    self.at += 2;
                    match self.hex() {
                        Some(low) if (0xdc00..0xe000).contains(&low) => {
                            return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                        }
                        _ => self.at = back,
                    }
                }
                // For half of a surrogate pair Go's decoder returns the replacement character.
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
