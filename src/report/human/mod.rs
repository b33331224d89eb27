//! Human-readable report.
//!
//! Order: errors and warnings, then notes, then the closing lines. Within a severity by rule (in the order of
//! [`rules::RULES`](crate::rules::RULES), most harmful first), depth of the file in the tree, path and position. Findings with
//! the same group message are one block, however many files they are in. Every error is drawn. Of a rule's warnings the first
//! `DRAWN` blocks are drawn and the rest take one line each. Notes take one line a rule.
//!
//! The last lines are what stays on a screen: errors once more, a line each, the counts, and what to do next.

mod closing;

use std::io::{self, Write};

use super::fold::{self, Fold, by_rule};
use super::snippet::draw;
use super::{escape, page, wrap};
use crate::diagnostic::{Finding, Severity, Summary};
use crate::hash::{HashMap, HashSet};
use crate::source::Sources;

pub(super) use closing::{filled_in, summary_line, unknown_images};

/// Warnings drawn per rule, unless all are.
const DRAWN: usize = 2;

/// Notes drawn where there is nothing else.
const FEW: usize = 5;

/// Options of the human-readable report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// Whether to print the elapsed time. False where the output of two runs is compared.
    pub time: bool,
    /// Whether to draw every warning and note, file by file.
    pub whole: bool,
    /// Whether the name of a rule is a link to its page, as terminals show it.
    pub links: bool,
    /// The width of the terminal in columns. `None` leaves long lines of prose to the reader's program.
    pub width: Option<usize>,
}

/// Writes the findings, the summary line and a hint at the next step.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(
    out: &mut dyn Write,
    findings: &[Finding],
    summary: &Summary,
    sources: &Sources,
    options: Options,
) -> io::Result<()> {
    let folds = Fold::all(findings, sources, options.whole);
    let notes_at = folds.partition_point(|fold| fold.severity() > Severity::Note);
    // Where a few notes are all there is, they are what the reader came for.
    let few = notes_at == 0 && folds.len() <= FEW;
    let drawn = if options.whole || few { folds.len() } else { notes_at };
    let (drawn, notes) = folds.split_at(drawn);
    blocks(out, drawn, sources, options)?;
    let above: HashSet<&str> = drawn.iter().map(Fold::rule).collect();
    note_lines(out, notes, &above, sources, options)?;
    closing::write(out, &folds, findings, summary, sources, options)
}

/// Draws blocks; of a rule's warnings and notes only the first few, and then a line each.
fn blocks(out: &mut dyn Write, folds: &[Fold<'_>], sources: &Sources, options: Options) -> io::Result<()> {
    let mut helped = HashSet::default();
    let mut drawn: HashMap<(&str, Severity), usize> = HashMap::default();
    for of_severity in folds.chunk_by(|a, b| a.severity() == b.severity()) {
        let mut rest = Vec::new();
        for fold in of_severity {
            let count = drawn.entry((fold.rule(), fold.severity())).or_default();
            *count += 1;
            if *count > DRAWN && fold.severity() != Severity::Error && !options.whole {
                rest.push(fold);
                continue;
            }
            let mut block = fold.block(sources, options.whole);
            block.help.retain(|help| helped.insert((block.rule, help.text.clone())));
            writeln!(out, "{}", draw(&block, sources, options))?;
        }
        for fold in &rest {
            writeln!(out, "{}", fold.line(sources))?;
        }
        if !rest.is_empty() {
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Writes one line a rule.
fn note_lines(
    out: &mut dyn Write,
    notes: &[Fold<'_>],
    above: &HashSet<&str>,
    sources: &Sources,
    options: Options,
) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    for of_rule in by_rule(notes) {
        let Some(first) = of_rule.first() else { continue };
        let rule = match page::of(first.rule()).filter(|_| options.links) {
            Some(address) => link(&address, first.rule()),
            None => first.rule().to_owned(),
        };
        let head = format!("{}[{rule}]: ", paint("note", "1;92", options.color));
        // A link and a colour take no columns.
        let columns = "note[]: ".len() + first.rule().len();
        let text = escape::line(&fold::note_line(of_rule, above.contains(first.rule()), sources));
        let text = wrap::hanging(&text, options.width.map(|width| (width, columns)), "      ");
        writeln!(out, "{head}{text}")?;
    }
    writeln!(out, "{}\n", paint("-v shows the notes in full", "2", options.color))
}

/// Colours text, with the parameters of an ANSI escape sequence.
pub(super) fn paint(text: &str, code: &str, color: bool) -> String {
    if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Makes text a link (OSC 8).
fn link(address: &str, text: &str) -> String {
    format!("\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\")
}
