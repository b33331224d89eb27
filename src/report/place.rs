//! Conversion of byte spans to lines and columns, and of paths to text.

use std::sync::Arc;

use crate::source::{Source, Sources, Span, path_text};

/// Byte range in the outermost file of a span.
pub(super) struct FileLocation {
    pub(super) source: Arc<Source>,
    /// Byte offset in the file, as is `end`. Both are on character boundaries.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Unit in which columns are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Bytes of UTF-8.
    Byte,
    /// Unicode scalar values.
    Character,
    /// UTF-16 code units.
    Utf16,
}

/// Line and column, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) line: u32,
    pub(super) column: usize,
}

impl FileLocation {
    pub(super) fn new(sources: &Sources, span: Span) -> Self {
        let span = sources.to_outer_span(span);
        let source = sources.get(span.file);
        let text = source.text();
        let start = before_line_end(text, floor(text, span.start as usize));
        let end = before_line_end(text, ceil(text, span.end as usize)).max(start);
        Self { source, start, end }
    }

    /// Removes trailing white space. A range that includes its line end would reach into the next line.
    pub(super) fn trimmed(mut self) -> Self {
        let trimmed = self.text().trim_end().len();
        if trimmed > 0 {
            self.end = self.start + trimmed;
        }
        self
    }

    pub(super) fn text(&self) -> &str {
        self.source.text().get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn path(&self) -> String {
        path_text(self.source.path())
    }

    pub(super) fn first(&self, unit: Unit) -> Point {
        self.point(self.start, unit)
    }

    /// Returns the first position after the range.
    pub(super) fn last(&self, unit: Unit) -> Point {
        self.point(self.end, unit)
    }

    fn point(&self, at: usize, unit: Unit) -> Point {
        let [point] = self.points(at, [unit]);
        point
    }

    /// Converts a byte offset to line and column, once per unit.
    pub(super) fn points<const N: usize>(&self, at: usize, units: [Unit; N]) -> [Point; N] {
        let clipped = u32::try_from(at).unwrap_or(u32::MAX);
        let line = self.source.line_at(clipped);
        let before = self.source.text().get(line.start as usize..at).unwrap_or_default();
        units.map(|unit| {
            let column = match unit {
                Unit::Character if !self.source.is_ascii() => before.chars().count(),
                Unit::Utf16 if !self.source.is_ascii() => before.chars().map(char::len_utf16).sum::<usize>(),
                _ => before.len(),
            };
            Point { line: line.number, column: column + 1 }
        })
    }
}

/// Returns the nearest character boundary at or before `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Moves a place between the two characters of a CRLF before both: no editor has such a position.
fn before_line_end(text: &str, at: usize) -> usize {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let between = before.ends_with('\r') && after.starts_with('\n');
    if between { at - 1 } else { at }
}

/// Returns the nearest character boundary at or after `at`.
fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::before_line_end;

    #[test]
    fn no_place_is_within_a_line_end() {
        let text = "a\r\nb\rc\n";
        let moved = (0..=text.len()).filter(|at| before_line_end(text, *at) != *at);
        assert_eq!(moved.collect::<Vec<_>>(), [2]);
        assert_eq!(before_line_end(text, 2), 1);
    }
}
