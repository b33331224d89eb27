//! Draws a fix as removed and added lines.
//!
//! annotate-snippets draws a multi-line patch without the removed lines, and an insertion without the line above it. In YAML
//! these show whether the patch has the right indentation.

use std::fmt::Write;

use super::human::paint;
use super::{FileLocation, floor};
use crate::diagnostic::Fix;
use crate::order;
use crate::source::{Source, Sources};

/// Removed lines, and added lines, drawn per hunk; `--diff` prints all of a longer fix.
const MAX_LINES: usize = 16;

/// Bytes drawn per line.
const MAX_WIDTH: usize = 160;

/// Group of neighbouring changed lines of a file.
struct Hunk {
    /// Number of the first removed line, or of the line before which the new ones are inserted.
    line: usize,
    /// Line above an insertion.
    above: Option<String>,
    /// Removed lines.
    gone: Vec<String>,
    /// Added lines.
    come: Vec<String>,
}

/// Renders a fix with its title, ending in a line end. Empty if no edit changes its file.
///
/// `is_alternative` is true for a fix after another one of the same finding. `path` is the file of the excerpt drawn before, and
/// `last_line` the highest line number drawn there.
pub(super) fn draw(
    fix: &Fix,
    is_alternative: bool,
    sources: &Sources,
    path: Option<&str>,
    last_line: usize,
    color: bool,
) -> String {
    let mut files: Vec<(String, Vec<Hunk>)> = Vec::new();
    let mut edits: Vec<(FileLocation, &str)> = fix
        .edits
        .iter()
        .map(|edit| (FileLocation::new(sources, edit.span), edit.replacement.as_str()))
        .collect();
    order::by_key(&mut edits, |(place, _)| (place.path(), place.start, place.end));
    for file in edits.chunk_by(|a, b| a.0.source.id() == b.0.source.id()) {
        let Some((place, _)) = file.first() else { continue };
        let hunks = hunks(&place.source, file);
        if !hunks.is_empty() {
            files.push((place.path(), hunks));
        }
    }
    order::by_key(&mut files, |(file, _)| (Some(file.as_str()) != path, file.clone()));
    if files.is_empty() {
        return String::new();
    }
    let highest = files.iter().flat_map(|(_, hunks)| hunks).map(Hunk::highest).max().unwrap_or(0);
    let pen = Pen { width: digits(highest.max(last_line)), color };
    let mut out = String::new();
    let or = if is_alternative { "or " } else { "" };
    let title = super::escape::line(&fix.title);
    let _ = writeln!(out, "{}: {or}{title}", pen.style("help", "1;96"));
    for (index, (file, hunks)) in files.iter().enumerate() {
        if index > 0 || Some(file.as_str()) != path {
            let arrow = pen.style("-->", "1;94");
            let line = hunks.first().map_or(1, |hunk| hunk.line);
            let _ =
                writeln!(out, "{:width$}{arrow} {}:{line}", "", super::escape::line(file), width = pen.width);
        }
        pen.gutter(&mut out);
        let mut shift = 0;
        for (index, hunk) in hunks.iter().enumerate() {
            if index > 0 {
                let _ = writeln!(out, "{}", pen.style("...", "1;94"));
            }
            pen.hunk(&mut out, hunk, shift);
            shift += hunk.come.len() as isize - hunk.gone.len() as isize;
        }
        pen.gutter(&mut out);
    }
    out
}

/// Groups edits that share lines, and compares each group's lines before and after. Drops edits that overlap an earlier one.
fn hunks(source: &Source, edits: &[(FileLocation, &str)]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    let mut rest = edits;
    while let Some((first, _)) = rest.first() {
        let start = source.line_at(first.start as u32).start as usize;
        let mut end = line_end(source.text(), first.end);
        let together = rest.iter().take_while(|(place, _)| {
            let same = place.start < end || place.start == first.start;
            if same {
                end = end.max(line_end(source.text(), place.end));
            }
            same
        });
        let count = together.count();
        let (group, others) = rest.split_at(count);
        rest = others;
        hunks.extend(hunk(source, start, end, group));
    }
    hunks
}

fn hunk(source: &Source, start: usize, end: usize, edits: &[(FileLocation, &str)]) -> Option<Hunk> {
    let text = source.text();
    let mut new = String::new();
    let mut done = start;
    for (place, replacement) in edits {
        if place.start >= done {
            new.push_str(text.get(done..place.start)?);
            new.push_str(replacement);
            done = place.end;
        }
    }
    new.push_str(text.get(done..end)?);
    let mut gone: Vec<&str> = text.get(start..end)?.lines().collect();
    let mut come: Vec<&str> = new.lines().collect();
    let mut line = source.line_at(start as u32).number as usize;
    let mut above = start.checked_sub(1).map(|at| source.line_at(at as u32).text);
    let same = gone.iter().zip(&come).take_while(|(a, b)| a == b).count();
    if let Some(last) = same.checked_sub(1) {
        above = gone.get(last).copied();
        line += same;
        gone.drain(..same);
        come.drain(..same);
    }
    let same = gone.iter().rev().zip(come.iter().rev()).take_while(|(a, b)| a == b).count();
    gone.truncate(gone.len() - same);
    come.truncate(come.len() - same);
    if gone.is_empty() && come.is_empty() {
        return None;
    }
    let above = if gone.is_empty() { above.map(annotated) } else { None };
    let owned = |lines: Vec<&str>| lines.into_iter().map(annotated).collect();
    Some(Hunk { line, above, gone: owned(gone), come: owned(come) })
}

impl Hunk {
    fn highest(&self) -> usize {
        self.line + self.gone.len().max(self.come.len())
    }
}

/// Returns the offset after the first line feed at or after `at`, or the length of the text.
fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest.as_bytes()).map_or(text.len(), |end| at + end + 1)
}

/// Replaces control characters and truncates long lines.
fn annotated(text: &str) -> String {
    let cut = floor(text, MAX_WIDTH);
    let mut out = super::snippet::visible(&text[..cut]);
    if cut < text.len() {
        out.push_str("...");
    }
    out
}

/// Returns the number of digits of a number.
pub(super) fn digits(number: usize) -> usize {
    number.max(1).ilog10() as usize + 1
}

struct Pen {
    /// Digits of the widest line number.
    width: usize,
    color: bool,
}

impl Pen {
    fn style(&self, text: &str, code: &str) -> String {
        paint(text, code, self.color)
    }

    fn gutter(&self, out: &mut String) {
        let _ = writeln!(out, "{:width$} {}", "", self.style("|", "1;94"), width = self.width);
    }

    fn hunk(&self, out: &mut String, hunk: &Hunk, shift: isize) {
        if let Some(above) = &hunk.above {
            let number = hunk.line.saturating_add_signed(shift - 1);
            self.line(out, number, ("|", "1;94"), above, None);
        }
        let first = hunk.line.saturating_add_signed(shift);
        self.lines(out, hunk.line, ("-", "91"), &hunk.gone);
        self.lines(out, first, ("+", "92"), &hunk.come);
    }

    fn lines(&self, out: &mut String, first: usize, sign: (&str, &str), lines: &[String]) {
        for (index, line) in lines.iter().take(MAX_LINES).enumerate() {
            self.line(out, first + index, sign, line, Some(sign.1));
        }
        if let Some(more) = lines.len().checked_sub(MAX_LINES + 1) {
            let rest = format!("... and {} more", more + 1);
            let _ = writeln!(out, "{:width$} {} {rest}", "", self.style(sign.0, sign.1), width = self.width);
        }
    }

    fn line(&self, out: &mut String, number: usize, sign: (&str, &str), text: &str, style: Option<&str>) {
        let number = self.style(&format!("{number:>width$}", width = self.width), "1;94");
        let text = style.map_or_else(|| text.to_owned(), |style| self.style(text, style));
        let line = format!("{number} {} {text}", self.style(sign.0, sign.1));
        let _ = writeln!(out, "{}", line.trim_end());
    }
}
