//! The answers for people: for each container a paragraph, then the evidence, the findings that explain it, what to change, and what
//! evidence would decide.

use std::io::{self, Write};

use super::super::human::{Options, paint};
use super::super::place::Unit;
use super::super::{FileLocation, digest, escape, severity_name, wrap};
use super::{Report, title};
use crate::diagnostic::{Confidence, Finding, plural};
use crate::postmortem::{Answer, Verdict};

/// The indentation of each part of an answer.
const INDENT: &str = "    ";

/// Writes all answers.
///
/// # Errors
/// When `out` cannot be written to.
pub fn human(out: &mut dyn Write, report: &Report<'_>, options: Options) -> io::Result<()> {
    for answer in report.answers {
        write_answer(out, report, answer, options)?;
        writeln!(out)?;
    }
    let open = report.answers.iter().filter(|answer| answer.verdict == Verdict::Undecided).count();
    let all = report.answers.len();
    let outside = report.answers.iter().any(|answer| answer.verdict == Verdict::NotAContainer);
    let what = plural(all, if outside { "answer" } else { "container" });
    match open {
        0 if all == 0 => writeln!(out, "nothing in the evidence was killed"),
        0 if outside => writeln!(out, "{what}"),
        0 => writeln!(out, "{what}, explained"),
        open => writeln!(out, "{what}, {open} undecided"),
    }
}

fn write_answer(
    out: &mut dyn Write,
    report: &Report<'_>,
    answer: &Answer,
    options: Options,
) -> io::Result<()> {
    let color = if answer.verdict == Verdict::Undecided { "1;33" } else { "1;31" };
    let sure = match answer.confidence {
        Confidence::High => "certain",
        Confidence::Medium => "likely",
        Confidence::Low => "possible",
    };
    let sure = if answer.verdict == Verdict::Undecided { "" } else { sure };
    let head = format!("{}: {}", title(answer), answer.verdict.headline());
    let kind = if sure.is_empty() {
        answer.verdict.name().to_owned()
    } else {
        format!("{}, {sure}", answer.verdict.name())
    };
    writeln!(out, "{} [{kind}]", paint(&escape::line(&head), color, options.color))?;
    prose(out, &answer.answer, "  ", options)?;
    section(out, "evidence:", !answer.evidence.is_empty())?;
    for quote in &answer.evidence {
        let (path, line) = report.place(quote);
        let path = escape::line(&path);
        hanging(out, &format!("{path}:{line}  {}", Report::text(quote)), options)?;
    }
    section(out, "speaks against:", !answer.against.is_empty())?;
    for against in &answer.against {
        hanging(out, &escape::line(against), options)?;
    }
    section(out, "explained by:", !answer.explained_by.is_empty())?;
    for finding in &answer.explained_by {
        explained(out, report, finding, options)?;
    }
    section(out, "change:", !answer.change.is_empty())?;
    for change in &answer.change {
        for line in change.lines() {
            if line.starts_with(' ') {
                writeln!(out, "{INDENT}{}", escape::line(line))?;
            } else {
                hanging(out, &escape::line(line), options)?;
            }
        }
    }
    section(out, "would decide:", !answer.missing.is_empty())?;
    for missing in &answer.missing {
        writeln!(out, "{INDENT}{}", Report::command(missing))?;
        writeln!(out, "{INDENT}  {}", escape::line(&missing.what))?;
    }
    Ok(())
}

fn section(out: &mut dyn Write, name: &str, wanted: bool) -> io::Result<()> {
    if wanted { writeln!(out, "  {name}") } else { Ok(()) }
}

/// Writes a finding: its place, its message, and its arithmetic.
fn explained(
    out: &mut dyn Write,
    report: &Report<'_>,
    finding: &Finding,
    options: Options,
) -> io::Result<()> {
    let place = FileLocation::new(report.sources, finding.primary.span);
    let point = place.first(Unit::Character);
    let (path, severity) = (escape::line(&place.path()), severity_name(finding.severity));
    let head = format!(
        "{path}:{}:{}: {severity}[{}]: {}",
        point.line,
        point.column,
        finding.rule,
        escape::line(&digest::shorten(&finding.message))
    );
    hanging(out, &head, options)?;
    for note in &finding.notes {
        for line in note.lines() {
            hanging(out, &format!("  {}", escape::line(line)), options)?;
        }
    }
    Ok(())
}

/// Writes a paragraph, each of whose parts may be long.
fn prose(out: &mut dyn Write, text: &str, indent: &str, options: Options) -> io::Result<()> {
    let width = options.width.map(|width| (width, indent.len()));
    writeln!(out, "{indent}{}", wrap::hanging(&escape::line(text), width, indent))
}

/// Writes a line whose further lines are indented more.
fn hanging(out: &mut dyn Write, text: &str, options: Options) -> io::Result<()> {
    let width = options.width.map(|width| (width, INDENT.len()));
    writeln!(out, "{INDENT}{}", wrap::hanging(text, width, "      "))
}
