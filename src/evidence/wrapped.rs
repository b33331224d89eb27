//! Joins lines that a terminal wrapped: a copy of 80 columns has no longer line, and its entries go on without a prefix.

use super::prefix;
use crate::source::Span;

/// The widths of a terminal, in characters.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=240;

/// How many full lines that go on show that a text was wrapped: one may be chance.
const ENOUGH: usize = 2;

/// The most bytes of a joined line.
const LONGEST: usize = 8192;

/// Joins the lines of one file.
#[derive(Debug, Default)]
pub(super) struct Wrapped {
    width: Option<usize>,
    /// The entry that may go on, and whether its last line is full.
    held: Option<(String, Span)>,
}

impl Wrapped {
    /// Looks for the width at which a text was wrapped.
    pub(super) fn of(text: &str) -> Self {
        let lines = || text.lines().map(str::trim_end).filter(|line| has_prefix(line));
        let width = lines().map(columns).max().filter(|width| WIDTHS.contains(width));
        let width = width.filter(|width| {
            let following = text.lines().skip(1);
            let goes_on = |(line, next): &(&str, &str)| columns(line.trim_end()) == *width && continues(next);
            text.lines().zip(following).filter(goes_on).take(ENOUGH).count() == ENOUGH
        });
        Self { width, held: None }
    }

    /// True if the text was not wrapped.
    pub(super) fn is_off(&self) -> bool {
        self.width.is_none()
    }

    /// Takes a line. Returns the entry that ended with it, and the line itself if it begins none that may go on.
    pub(super) fn line(&mut self, line: &str, span: Span) -> [Option<(String, Span)>; 2] {
        let Some(width) = self.width else { return [None, Some((line.to_owned(), span))] };
        let line = line.trim_end();
        // A blank at the end of a full line is lost in a copy.
        let full = (width - 1..=width).contains(&columns(line));
        if let Some((mut joined, begun)) = self.held.take() {
            if !continues(line) || joined.len() + line.len() > LONGEST {
                return [Some((joined, begun)), self.begin(line, span, full, width)];
            }
            let whole = begun.cover(span);
            joined.push_str(&if full { pad(line, width) } else { line.to_owned() });
            if full {
                self.held = Some((joined, whole));
                return [None, None];
            }
            return [Some((joined, whole)), None];
        }
        [None, self.begin(line, span, full, width)]
    }

    /// Returns the entry that the text ends with.
    pub(super) fn finish(&mut self) -> Option<(String, Span)> {
        self.held.take()
    }

    fn begin(&mut self, line: &str, span: Span, full: bool, width: usize) -> Option<(String, Span)> {
        if full && has_prefix(line) {
            self.held = Some((pad(line, width), span));
            return None;
        }
        Some((line.to_owned(), span))
    }
}

/// Gives a full line the blank back that a copy lost.
fn pad(line: &str, width: usize) -> String {
    let blank = if columns(line) < width { " " } else { "" };
    format!("{line}{blank}")
}

fn columns(line: &str) -> usize {
    line.chars().count()
}

/// True if a logger wrote something before the message.
fn has_prefix(line: &str) -> bool {
    prefix::strip(line).text.len() < line.trim().len()
}

/// True if a line may be the rest of the one before.
fn continues(line: &str) -> bool {
    let text = line.trim();
    !text.is_empty() && !has_prefix(line) && !text.starts_with(['{', '}', '`', '$', '#'])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Sources;

    fn join(text: &str) -> Vec<String> {
        let sources = Sources::new();
        let span = sources.get(sources.add(Path::new("a"), text)).span();
        let mut wrapped = Wrapped::of(text);
        let mut out: Vec<_> = text.lines().flat_map(|line| wrapped.line(line, span)).flatten().collect();
        out.extend(wrapped.finish());
        out.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn entries_that_a_terminal_wrapped_are_whole_again_at_every_width() {
        let entries: Vec<String> = (0..4)
            .map(|at| {
                format!(
                    "[{at}2.500000] {}",
                    "oom-kill:task_memcg=/docker/43e21b8b51a9cc3139f3,".repeat(5 + at)
                )
            })
            .collect();
        for width in [60, 79, 80, 100, 132, 240] {
            let wrapped: String = entries
                .iter()
                .flat_map(|entry| {
                    let all: Vec<char> = entry.chars().collect();
                    all.chunks(width).map(|part| part.iter().collect::<String>() + "\n").collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(join(&wrapped), entries, "{width}");
        }
    }

    #[test]
    fn the_blank_that_a_copy_loses_at_the_end_of_a_line_is_there_again() {
        // A full line of 60 columns shows the width; of the next entry two lines end with a blank.
        let full = format!("[1.5] {}", "a".repeat(54 + 10));
        let entry = format!("[2.5] {} {} {}", "b".repeat(53), "c".repeat(59), "d".repeat(7));
        let wrapped: String = [&full, &entry]
            .iter()
            .flat_map(|entry| {
                let all: Vec<char> = entry.chars().collect();
                let lines = all.chunks(60).map(|part| part.iter().collect::<String>());
                lines.map(|line| line.trim_end().to_owned() + "\n").collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(join(&format!("{wrapped}{wrapped}")), [full.clone(), entry.clone(), full, entry]);
    }

    #[test]
    fn a_text_that_was_not_wrapped_stays() {
        for text in [
            format!("[1.5] {}\nand prose\n", "a".repeat(70)),
            format!("[1.5] {}\n[2.5] {0}\n[3.5] b\nand prose\n", "a".repeat(70)),
            format!("[1.5] {}\nprose\n[1.5] {0}\nprose\n", "a".repeat(300)),
        ] {
            assert_eq!(join(&text), text.lines().collect::<Vec<_>>());
        }
    }
}
