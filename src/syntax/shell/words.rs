//! Words: quotes, escapes, variables and substitutions.

use super::reader::Reader;
use super::{Word, wrapper};
use crate::source::TracedText;

impl Reader<'_> {
    /// Reads the word at the current position; consumes at least one character.
    pub(super) fn word(&mut self) -> Word {
        let start = self.at;
        let mut word = Word {
            text: TracedText::empty(self.text.span_of(start..start + 1)),
            expands: false,
            quoted: false,
            splits: false,
        };
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                // bash's process substitutions are part of a word.
                b'<' | b'>' if self.byte(1) == Some(b'(') => {
                    word.expands = true;
                    self.substitution(&mut word.text, 2);
                }
                b'<' | b'>' => break,
                b'(' => {
                    let before = word.text.as_str();
                    let array = before.ends_with('=') && wrapper::is_assignment(before);
                    let pattern = before.ends_with(['?', '*', '+', '@', '!']);
                    if !array && !pattern {
                        break;
                    }
                    word.expands = true;
                    self.parentheses(&mut word.text);
                }
                b'\'' => {
                    word.quoted = true;
                    self.at += 1;
                    self.quote(&mut word.text, b'\'', false);
                }
                b'"' => {
                    word.quoted = true;
                    self.at += 1;
                    self.double_quotes(&mut word);
                }
                b'\\' => {
                    self.at += 1;
                    match self.character() {
                        // An escaped newline is a continuation.
                        Some('\n') => self.at += 1,
                        Some('\r') if self.byte(1) == Some(b'\n') => self.at += 2,
                        Some(c) => {
                            word.quoted = true;
                            self.take(&mut word.text, c.len_utf8());
                        }
                        None => {}
                    }
                }
                b'$' => {
                    let before = std::mem::take(&mut word.expands);
                    self.dollar(&mut word);
                    word.splits |= word.expands;
                    word.expands |= before;
                }
                b'`' => {
                    self.backticks(&mut word);
                    word.splits = true;
                }
                _ => {
                    let rest = self.rest();
                    let run = rest.bytes().skip(1).position(ends_run).map_or(rest.len(), |at| at + 1);
                    self.take(&mut word.text, run);
                }
            }
        }
        if self.at == start {
            // A character that cannot begin a word is consumed as one, so that the reader always advances.
            let length = self.character().map_or(1, char::len_utf8);
            self.take(&mut word.text, length);
        }
        word.text = word.text.with_span(self.text.span_of(start..self.at));
        word
    }

    /// Reads the text up to the closing quote, and skips the quote.
    fn quote(&mut self, text: &mut TracedText, close: u8, escapes: bool) {
        let rest = self.rest();
        let mut bytes = rest.bytes().enumerate();
        let mut end = None;
        while let Some((at, byte)) = bytes.next() {
            if byte == close {
                end = Some(at);
                break;
            }
            if escapes && byte == b'\\' {
                bytes.next();
            }
        }
        let length = end.unwrap_or(rest.len());
        self.take(text, length);
        self.at += usize::from(end.is_some());
        self.script.complete &= end.is_some();
    }

    fn double_quotes(&mut self, word: &mut Word) {
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => match self.byte(1) {
                    Some(b'$' | b'`' | b'"' | b'\\') => {
                        self.at += 1;
                        self.take(&mut word.text, 1);
                    }
                    Some(b'\n') => self.at += 2,
                    _ => self.take(&mut word.text, 1),
                },
                b'$' if matches!(self.byte(1), Some(b'"' | b'\'')) => self.take(&mut word.text, 1),
                b'$' => {
                    let from = word.text.as_str().len();
                    self.dollar(word);
                    let written = word.text.as_str().get(from..).unwrap_or_default();
                    word.splits |= written == "$@" || written.ends_with("[@]}") || written.starts_with("${@");
                }
                b'`' => self.backticks(word),
                _ => {
                    let rest = self.rest();
                    let run = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | b'$' | b'`'));
                    self.take(&mut word.text, run.unwrap_or(rest.len()));
                }
            }
        }
        self.script.complete = false;
    }

    /// Reads `$NAME`, `${…}`, `$(…)`, `$((…))`, `$'…'`, `$"…"`, or a literal dollar sign.
    fn dollar(&mut self, word: &mut Word) {
        match self.byte(1) {
            Some(b'(') if self.byte(2) == Some(b'(') => {
                word.expands = true;
                self.take(&mut word.text, 1);
                self.parentheses(&mut word.text);
            }
            Some(b'(') => {
                word.expands = true;
                self.substitution(&mut word.text, 2);
            }
            Some(b'{') => {
                word.expands = true;
                self.take(&mut word.text, 2);
                self.braces(word);
            }
            Some(b'\'') => {
                word.quoted = true;
                self.at += 2;
                self.quote(&mut word.text, b'\'', true);
            }
            Some(b'"') => {
                word.quoted = true;
                self.at += 2;
                self.double_quotes(word);
            }
            next => {
                let variable = |b: u8| b.is_ascii_alphanumeric() || b"_@*#?$!-".contains(&b);
                word.expands |= next.is_some_and(variable);
                // `$$` is one parameter.
                self.take(&mut word.text, if next == Some(b'$') { 2 } else { 1 });
            }
        }
    }

    /// Reads the rest of `${…}`.
    fn braces(&mut self, word: &mut Word) {
        if !self.descend() {
            return;
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.take(&mut word.text, 1);
                    self.depth -= 1;
                    return;
                }
                b'\\' => {
                    let next = self.rest().chars().nth(1).map_or(0, char::len_utf8);
                    self.take(&mut word.text, 1 + next);
                }
                b'\'' | b'"' => {
                    self.take(&mut word.text, 1);
                    let from = self.at;
                    let mut inside = TracedText::empty(self.text.span());
                    self.quote(&mut inside, byte, byte == b'"');
                    let to = self.at;
                    word.text.push_slice(self.text, from..to);
                }
                b'$' => self.dollar(word),
                b'`' => self.backticks(word),
                _ => {
                    let rest = self.rest();
                    let run =
                        rest.bytes().position(|b| matches!(b, b'}' | b'\\' | b'\'' | b'"' | b'$' | b'`'));
                    self.take(&mut word.text, run.unwrap_or(rest.len()));
                }
            }
        }
        self.script.complete = false;
        self.depth -= 1;
    }

    /// Reads `( … )` that is not a command: an array, a pattern, arithmetic.
    pub(super) fn parentheses(&mut self, text: &mut TracedText) {
        let from = self.at;
        let mut open = 0_usize;
        let mut bytes = self.rest().bytes().enumerate();
        let mut quote = None;
        let mut end = None;
        while let Some((at, byte)) = bytes.next() {
            match (byte, quote) {
                (byte, Some(close)) if byte == close => quote = None,
                (b'\\', None | Some(b'"')) => _ = bytes.next(),
                (_, Some(_)) => {}
                (b'\'' | b'"', None) => quote = Some(byte),
                (b'(', None) => open += 1,
                (b')', None) => {
                    open -= 1;
                    if open == 0 {
                        end = Some(at + 1);
                        break;
                    }
                }
                _ => {}
            }
        }
        self.at = from + end.unwrap_or(self.rest().len());
        self.script.complete &= end.is_some();
        text.push_slice(self.text, from..self.at);
    }

    /// Reads `$( … )`: its commands are parsed, and the word keeps it as written. `opening` is the length of the
    /// opening characters.
    fn substitution(&mut self, text: &mut TracedText, opening: usize) {
        let from = self.at;
        self.at += opening;
        self.nested();
        text.push_slice(self.text, from..self.at);
    }

    fn backticks(&mut self, word: &mut Word) {
        let from = self.at;
        let rest = self.text.as_str().get(from + 1..).unwrap_or_default();
        let mut inside = TracedText::empty(self.text.span_of(from..from + 1));
        let (mut begin, mut end) = (0, None);
        let mut bytes = rest.bytes().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'`' => {
                    end = Some(at);
                    break;
                }
                b'\\' if bytes.peek().is_some_and(|(_, next)| matches!(next, b'`' | b'\\' | b'$')) => {
                    inside.push_slice(self.text, from + 1 + begin..from + 1 + at);
                    begin = at + 1;
                    bytes.next();
                }
                _ => {}
            }
        }
        let stop = end.unwrap_or(rest.len());
        inside.push_slice(self.text, from + 1 + begin..from + 1 + stop);
        self.at = from + 1 + stop + usize::from(end.is_some());
        self.script.complete &= end.is_some();
        word.expands = true;
        word.text.push_slice(self.text, from..self.at);
        self.inside(&inside, super::FrameKind::Substitution);
    }
}

/// True for a byte that needs handling inside a word or ends it.
fn ends_run(byte: u8) -> bool {
    // Asked for each byte: a pattern becomes a table, which a search in a text does not.
    matches!(
        byte,
        b' ' | b'\t'
            | b'\n'
            | b'\r'
            | b'\x0c'
            | b'\''
            | b'"'
            | b'\\'
            | b';'
            | b'|'
            | b'&'
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'$'
            | b'`'
    )
}
