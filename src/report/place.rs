//! Bytes as lines and columns, paths as text.

use std::path::Path;
use std::sync::Arc;

use crate::source::{Source, Sources, Span};

/// A span with its file, as it is printed.
pub(super) struct FileLocation {
    pub(super) source: Arc<Source>,
    /// Within the file, on character boundaries.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Bytes of UTF-8.
    Byte,
    /// Unicode scalar values: what people count.
    Character,
    /// UTF-16 code units.
    Utf16,
}

/// Line and column, both from 1.
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
        let start = floor(text, span.start as usize);
        let end = ceil(text, span.end as usize).max(start);
        Self { source, start, end }
    }

    /// Without the white space at its end: a place that ends in a line end would reach into the next line.
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

    /// The first place behind it.
    pub(super) fn last(&self, unit: Unit) -> Point {
        self.point(self.end, unit)
    }

    fn point(&self, at: usize, unit: Unit) -> Point {
        let [point] = self.points(at, [unit]);
        point
    }

    /// The byte at `at` in several ways of counting.
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

/// A path with forward slashes, whatever the system writes.
pub(super) fn path_text(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// The nearest character boundary at or before `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The nearest character boundary at or after `at`.
fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
