//! Traces a scalar's value to the bytes that it was copied from.
//!
//! The parser's value is authoritative. The scalar is read a second time here to find the bytes of each part; if the
//! two readings differ, the parser's value is traced to the scalar as a whole.

use std::ops::Range;

use super::Style;
use crate::source::{SourceId, Span, TracedText};

/// Traces a plain or quoted scalar at `range`.
pub(super) fn flow(file: SourceId, text: &str, range: Range<usize>, value: &str, style: Style) -> TracedText {
    let span = Span::new(file, range.start, range.end);
    let raw = text.get(range.clone()).unwrap_or_default();
    let (inner, start) = match style {
        Style::Plain => (raw, range.start),
        _ => (raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default(), range.start + 1),
    };
    if inner == value {
        return TracedText::verbatim(value, Span::new(file, start, start + inner.len())).with_span(span);
    }
    let mut reader = Flow { file, raw: inner, base: start, run: 0, out: TracedText::empty(span) };
    match reader.read(style) {
        Some(()) if reader.out.as_str() == value => reader.out,
        _ => TracedText::derived(value, span),
    }
}

/// Traces a scalar in double quotes at `range`, and reads it too; `None` if it cannot be read.
pub(super) fn double_quoted(file: SourceId, text: &str, range: Range<usize>) -> Option<TracedText> {
    let raw = text.get(range.start + 1..range.end.checked_sub(1)?)?;
    let out = TracedText::empty(Span::new(file, range.start, range.end));
    let mut reader = Flow { file, raw, base: range.start + 1, run: 0, out };
    reader.read(Style::DoubleQuoted)?;
    Some(reader.out)
}

struct Flow<'t> {
    file: SourceId,
    raw: &'t str,
    /// Offset of `raw` in the file.
    base: usize,
    /// Offset in `raw` of the first byte not yet copied.
    run: usize,
    out: TracedText,
}

impl Flow<'_> {
    fn read(&mut self, style: Style) -> Option<()> {
        let mut at = 0;
        while let Some(byte) = self.raw.as_bytes().get(at) {
            match byte {
                b'\n' | b'\r' => {
                    let kept = self.raw.get(self.run..at)?.trim_end_matches([' ', '\t']).len();
                    let gap = self.run + kept;
                    self.copy(gap)?;
                    let (next, breaks) = skip_breaks(self.raw, at);
                    let folded = if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) };
                    self.derive(&folded, gap..next);
                    at = next;
                }
                b'\'' if style == Style::SingleQuoted => {
                    self.copy(at)?;
                    self.derive("'", at..at + 2);
                    at += 2;
                }
                b'\\' if style == Style::DoubleQuoted => {
                    self.copy(at)?;
                    at = self.escape(at)?;
                }
                _ => at += 1,
            }
        }
        self.copy(at)
    }

    /// Copies the bytes between the last piece and `to`.
    fn copy(&mut self, to: usize) -> Option<()> {
        let part = self.raw.get(self.run..to)?;
        self.out.push_verbatim(part, Span::new(self.file, self.base + self.run, self.base + to));
        self.run = to;
        Some(())
    }

    fn derive(&mut self, part: &str, from: Range<usize>) {
        self.run = from.end;
        self.out.push_derived(part, Span::new(self.file, self.base + from.start, self.base + from.end));
    }

    /// Reads the escape at `at` and returns the offset after it.
    fn escape(&mut self, at: usize) -> Option<usize> {
        let letter = *self.raw.as_bytes().get(at + 1)?;
        if matches!(letter, b'\n' | b'\r') {
            let (next, breaks) = skip_breaks(self.raw, at + 1);
            self.derive(&"\n".repeat(breaks - 1), at..next);
            return Some(next);
        }
        let digits = match letter {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        let mut end = at + 2 + digits;
        let character = if digits > 0 {
            let first = self.hexadecimal(at + 2, digits)?;
            // JSON writes a character beyond the basic plane as a surrogate pair.
            if letter == b'u'
                && (0xD800..0xDC00).contains(&first)
                && self.raw.get(end..end + 2) == Some("\\u")
            {
                let second = self.hexadecimal(end + 2, 4)?;
                end += 6;
                char::from_u32(0x10000 + ((first - 0xD800) << 10) + second.checked_sub(0xDC00)?)?
            } else {
                char::from_u32(first)?
            }
        } else {
            match letter {
                b'0' => '\0',
                b'a' => '\u{7}',
                b'b' => '\u{8}',
                b't' | b'\t' => '\t',
                b'n' => '\n',
                b'v' => '\u{b}',
                b'f' => '\u{c}',
                b'r' => '\r',
                b'e' => '\u{1b}',
                b' ' | b'"' | b'/' | b'\\' | b'\'' => char::from(letter),
                b'N' => '\u{85}',
                b'_' => '\u{a0}',
                b'L' => '\u{2028}',
                b'P' => '\u{2029}',
                _ => return None,
            }
        };
        self.derive(character.encode_utf8(&mut [0; 4]), at..end);
        Some(end)
    }

    fn hexadecimal(&self, at: usize, digits: usize) -> Option<u32> {
        u32::from_str_radix(self.raw.get(at..at + digits)?, 16).ok()
    }
}

/// Skips newlines and blanks from the newline at `at`; returns the offset after them and the number of newlines.
fn skip_breaks(raw: &str, mut at: usize) -> (usize, usize) {
    let bytes = raw.as_bytes();
    let mut breaks = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => (at, breaks) = (at + 2, breaks + 1),
            b'\n' | b'\r' => (at, breaks) = (at + 1, breaks + 1),
            b' ' | b'\t' => at += 1,
            _ => break,
        }
    }
    (at, breaks)
}

/// Traces a block scalar: its header is after `from`, its content ends with `range`.
///
/// The parser's span begins with the content (with the header if there is none) and extends into the indentation of
/// the next line; the returned span is from the header to the last line with content.
pub(super) fn block(
    file: SourceId,
    text: &str,
    from: usize,
    range: Range<usize>,
    value: &str,
    style: Style,
) -> TracedText {
    let start = header(text, from, range.end).unwrap_or(range.start);
    let bytes = text.as_bytes();
    let indicators = bytes.get(start + 1..).unwrap_or_default();
    let indicators = indicators.iter().take_while(|b| matches!(b, b'+' | b'-' | b'0'..=b'9')).count();
    let header_end = (start + 1 + indicators).min(text.len());
    let lines = lines(text, header_end..range.end);
    let last =
        lines.iter().rev().find(|line| !text[line.content.clone()].trim_matches([' ', '\t']).is_empty());
    let span = Span::new(file, start, last.map_or(header_end, |line| line.content.end));
    let Some(indent) = indentation(text, &lines, value) else {
        return TracedText::derived(value, span);
    };
    let keep = match text.get(start + 1..header_end) {
        Some(flags) if flags.contains('-') => Chomp::Strip,
        Some(flags) if flags.contains('+') => Chomp::Keep,
        _ => Chomp::Clip,
    };
    let mut out = TracedText::empty(span);
    fold_and_chomp(&mut out, file, text, &lines, indent, style == Style::Folded, keep);
    if out.as_str() == value { out } else { TracedText::derived(value, span) }
}

#[derive(Clone, Copy, PartialEq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

/// A line of a block scalar.
struct BlockLine {
    /// The bytes without the line terminator.
    content: Range<usize>,
    /// The line terminator; empty at the end of the file.
    end: Range<usize>,
}

/// Finds `|` or `>` after `from`, past indicators, tag, anchor and comments before it.
fn header(text: &str, from: usize, to: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(..to)?;
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'|' | b'>' => return Some(at),
            b'#' => at += bytes.get(at..)?.iter().position(|b| matches!(b, b'\n' | b'\r'))?,
            b'!' | b'&' => at += bytes.get(at..)?.iter().position(u8::is_ascii_whitespace)?,
            _ => at += 1,
        }
    }
    None
}

/// Returns the lines after the header line.
fn lines(text: &str, range: Range<usize>) -> Vec<BlockLine> {
    let bytes = text.as_bytes().get(..range.end).unwrap_or_default();
    let mut out = Vec::new();
    let mut start = range.start;
    while let Some(rest @ [_, ..]) = bytes.get(start..) {
        let stop = memchr::memchr2(b'\n', b'\r', rest).map_or(bytes.len(), |n| start + n);
        let end = match bytes.get(stop..) {
            Some([b'\r', b'\n', ..]) => stop + 2,
            Some([_, ..]) => stop + 1,
            _ => stop,
        };
        out.push(BlockLine { content: start..stop, end: stop..end });
        start = end;
    }
    if !out.is_empty() {
        // The rest of the header line.
        out.remove(0);
    }
    out
}

/// Returns the indentation that is removed from each line, computed from the first line with content.
fn indentation(text: &str, lines: &[BlockLine], value: &str) -> Option<usize> {
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let written = lines.iter().map(|line| &text[line.content.clone()]).find(|line| spaces(line) < line.len());
    let read = value.split('\n').find(|line| spaces(line) < line.len());
    match (written, read) {
        (Some(written), Some(read)) => spaces(written).checked_sub(spaces(read)),
        // With blank lines only, there is nothing to keep of any line.
        _ => Some(usize::MAX),
    }
}

/// Folds and chomps the lines as libyaml does (`yaml_parser_scan_block_scalar`).
fn fold_and_chomp(
    out: &mut TracedText,
    file: SourceId,
    text: &str,
    lines: &[BlockLine],
    indent: usize,
    fold: bool,
    chomp: Chomp,
) {
    let at = |range: &Range<usize>| Span::new(file, range.start, range.end);
    // Newlines not yet written: of the last line with content, and of blank lines after it.
    let mut last_break: Option<&BlockLine> = None;
    let mut blank_breaks: Vec<&BlockLine> = Vec::new();
    let mut after_indented = false;
    for line in lines {
        let start = (line.content.start.saturating_add(indent)).min(line.content.end);
        let content = &text[start..line.content.end];
        if content.is_empty() {
            blank_breaks.push(line);
            continue;
        }
        let indented = content.starts_with([' ', '\t']);
        match last_break.take() {
            Some(before) if !fold || after_indented || indented => {
                push_break(out, text, before, at(&before.end));
            }
            Some(before) if blank_breaks.is_empty() => {
                out.push_derived(" ", Span::new(file, before.end.start, start));
            }
            // Between folded lines, the newlines of blank lines replace the first one.
            _ => {}
        }
        for blank in blank_breaks.drain(..) {
            push_break(out, text, blank, at(&blank.end));
        }
        out.push_verbatim(content, Span::new(file, start, line.content.end));
        after_indented = indented;
        last_break = Some(line);
    }
    if let Some(line) = last_break.filter(|_| chomp != Chomp::Strip) {
        push_break(out, text, line, at(&line.end));
    }
    if chomp == Chomp::Keep {
        for blank in blank_breaks {
            push_break(out, text, blank, at(&blank.end));
        }
    }
}

/// Appends a newline: copied if it is `\n`, derived if it is longer, nothing at the end of the file.
fn push_break(out: &mut TracedText, text: &str, line: &BlockLine, span: Span) {
    match &text[line.end.clone()] {
        "" => {}
        "\n" => out.push_verbatim("\n", span),
        _ => out.push_derived("\n", span),
    }
}

#[cfg(test)]
mod tests;
