//! Physical lines, and the logical lines that continuations join.

use std::borrow::Cow;
use std::ops::Range;

use crate::source::{SourceId, Span, TracedText};

/// The longest line that BuildKit reads, in bytes without the line terminator (Go's `bufio.MaxScanTokenSize` - 1).
pub(super) const MAX_LINE: usize = 65_535;

/// A physical line of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'s> {
    /// Offset of the first byte in the file.
    pub(super) start: usize,
    /// Text without the line terminator.
    pub(super) text: &'s str,
}

impl<'s> Line<'s> {
    /// Returns the text without leading white space, and its offset in the file.
    pub(super) fn trimmed(&self) -> (usize, &'s str) {
        let text = self.text.trim_start();
        (self.start + (self.text.len() - text.len()), text)
    }
}

/// Iterator over the lines of a file. A clone can be used to look ahead.
#[derive(Clone, Debug)]
pub(super) struct Lines<'s> {
    source: &'s str,
    at: usize,
    /// Number of lines read so far, which is the number, from 1, of the last one.
    pub(super) number: u32,
    /// Bytes of the first line that exceeds [`MAX_LINE`].
    pub(super) overlong: Option<Range<usize>>,
}

impl<'s> Lines<'s> {
    /// Starts at the beginning of the file, after a byte order mark.
    pub(super) fn new(source: &'s str) -> Self {
        let at = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { source, at, number: 0, overlong: None }
    }

    /// Returns the offset of the next line.
    pub(super) fn offset(&self) -> usize {
        self.at
    }
}

impl<'s> Iterator for Lines<'s> {
    type Item = Line<'s>;

    fn next(&mut self) -> Option<Line<'s>> {
        let start = self.at;
        let rest = self.source.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest.as_bytes());
        let next = length.map_or(self.source.len(), |length| start + length + 1);
        let whole = &self.source[start..next];
        let content = length.unwrap_or(whole.len());
        if content > MAX_LINE && self.overlong.is_none() {
            self.overlong = Some(start..start + content);
        }
        self.at = next;
        self.number += 1;
        Some(Line { start, text: whole.trim_end_matches(['\r', '\n']) })
    }
}

/// An instruction's text after continuation lines are joined and comments removed.
#[derive(Debug)]
pub(super) struct LogicalLine<'s> {
    file: SourceId,
    pub(super) text: Cow<'s, str>,
    /// (offset in `text`, offset in the file) of each physical line, in order; never empty.
    pieces: Vec<(usize, usize)>,
}

impl<'s> LogicalLine<'s> {
    /// Joins `first`, without its leading white space, and the lines that continue it.
    pub(super) fn read(
        file: SourceId,
        first: &Line<'s>,
        lines: &mut Lines<'s>,
        escape: char,
        comments: &mut Vec<Span>,
    ) -> Self {
        let (start, text) = first.trimmed();
        let Some(head) = strip_continuation(text, escape) else {
            return Self { file, text: Cow::Borrowed(text.trim_end()), pieces: vec![(0, start)] };
        };
        let mut joined = head.to_owned();
        let mut pieces = vec![(0, start)];
        for line in lines {
            let (start, text) = line.trimmed();
            if text.starts_with('#') {
                comments.push(Span::new(file, start, start + text.len()));
                continue;
            }
            // BuildKit skips empty lines here with a warning.
            if text.is_empty() {
                continue;
            }
            pieces.push((joined.len(), line.start));
            match strip_continuation(line.text, escape) {
                Some(head) => joined.push_str(head),
                None => {
                    joined.push_str(line.text);
                    break;
                }
            }
        }
        joined.truncate(joined.trim_end().len());
        Self { file, text: Cow::Owned(joined), pieces }
    }

    /// Returns the offset in the file of a byte of the joined text.
    fn offset(&self, at: usize) -> usize {
        let index = self.pieces.partition_point(|piece| piece.0 <= at).saturating_sub(1);
        self.pieces.get(index).map_or(0, |(from, to)| to + (at - from))
    }

    /// Returns the bytes of the file that `range` of the joined text came from.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let start = self.offset(range.start);
        let end = if range.is_empty() { start } else { self.offset(range.end - 1) + 1 };
        Span::new(self.file, start, end)
    }

    /// Copies `range` of the joined text, traced to the bytes of the file.
    pub(super) fn copy(&self, range: Range<usize>) -> TracedText {
        let mut out = TracedText::empty(self.span(range.clone()));
        self.copy_into(&mut out, range);
        out
    }

    /// Appends `range` of the joined text to `out`.
    pub(super) fn copy_into(&self, out: &mut TracedText, range: Range<usize>) {
        let mut at = range.start;
        let mut index = self.pieces.partition_point(|piece| piece.0 <= at);
        while at < range.end {
            let end = self.pieces.get(index).map_or(range.end, |piece| piece.0.min(range.end));
            if at < end {
                out.push_verbatim(&self.text[at..end], self.span(at..end));
            }
            at = end;
            index += 1;
        }
    }
}

/// Removes the continuation character: one escape character at the end, blanks after it allowed. `None` without one,
/// or if another escape character precedes it.
fn strip_continuation(line: &str, escape: char) -> Option<&str> {
    let head = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!head.ends_with(escape)).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Vec<Span>, Vec<Span>) {
        let mut lines = Lines::new(text);
        let first = lines.next().expect("a line");
        let mut comments = Vec::new();
        let line = LogicalLine::read(SourceId(0), &first, &mut lines, '\\', &mut comments);
        let spans = (0..line.text.len()).map(|i| line.span(i..i + 1)).collect();
        (line.text.into_owned(), spans, comments)
    }

    #[test]
    fn continued_lines_keep_the_place_of_every_byte() {
        let text = "RUN a \\\n  # why\n\n  b\\\r\n c \nX";
        let (joined, spans, comments) = read(text);
        assert_eq!(joined, "RUN a   b c");
        for (span, c) in spans.iter().zip(joined.chars()) {
            assert_eq!(text[span.range()].chars().next(), Some(c));
        }
        assert_eq!(&text[comments[0].range()], "# why");
    }

    #[test]
    fn two_escapes_do_not_continue() {
        assert_eq!(strip_continuation("a \\\t ", '\\'), Some("a "));
        assert_eq!(strip_continuation("a \\\\", '\\'), None);
        assert_eq!(strip_continuation("\\", '\\'), Some(""));
    }

    #[test]
    fn the_limit_is_on_the_line_without_its_end() {
        let long = "x".repeat(MAX_LINE);
        let mut lines = Lines::new(&long);
        lines.next();
        assert_eq!(lines.overlong, None);
        let text = format!("a\n{long}x\n");
        let mut lines = Lines::new(&text);
        assert_eq!(lines.by_ref().count(), 2);
        assert_eq!(lines.overlong, Some(2..2 + MAX_LINE + 1));
    }
}
