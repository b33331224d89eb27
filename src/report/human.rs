//! The report that people read.
//!
//! Order: errors, then warnings, then notes; within a severity what bites hardest first (the order of the rules), then by
//! path and position. Whoever comes here because a host froze last night sees what is provably wrong before what is merely
//! absent, and missing limits before missing probes, however many files there are. Absences of one rule
//! in one file make one block with a label a service. Every error is drawn; of a rule's warnings and notes the first
//! `DRAWN` blocks are, and the rest takes one line each, so that a tree of 150 Compose files stays readable and
//! nothing is hidden.

use std::io::{self, Write};
use std::time::Duration;

use super::snippet::{Block, draw};
use super::{FileLocation, escape, severity_name};
use crate::finding::{Finding, Severity, Summary};
use crate::hash::{HashMap, HashSet};
use crate::rules;
use crate::source::Sources;

/// Blocks of one rule that are drawn when it is no error.
const DRAWN: usize = 5;

/// Labels of a block that are drawn; the services of the others are named below.
const LABELS: usize = 8;

/// Services that are named below a block, and notes that are shown of a block.
const NAMED: usize = 24;
const NOTES: usize = 5;

/// Texts to paste that a block shows.
const HELPS: usize = 3;

/// How to write it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// With colours, for a terminal.
    pub color: bool,
    /// With the time that it took: off where two runs are compared.
    pub time: bool,
}

/// Writes the findings, and what was checked.
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
    let mut helped = HashSet::default();
    let mut drawn: HashMap<(&str, Severity), usize> = HashMap::default();
    let folds = folds(findings, sources);
    for of_severity in folds.chunk_by(|a, b| a.severity() == b.severity()) {
        let mut rest = Vec::new();
        for fold in of_severity {
            let count = drawn.entry((fold.rule(), fold.severity())).or_default();
            *count += 1;
            if *count > DRAWN && fold.severity() != Severity::Error {
                rest.push(fold);
                continue;
            }
            let mut block = fold.block();
            block.help.retain(|help| helped.insert((block.rule, *help)));
            writeln!(out, "{}", draw(&block, sources, options.color))?;
        }
        for fold in &rest {
            writeln!(out, "{}", fold.line(sources))?;
        }
        if !rest.is_empty() {
            writeln!(out)?;
        }
    }
    writeln!(out, "{}", last_line(summary, options.time))?;
    match next_step(findings, summary) {
        Some(step) => writeln!(out, "{step}"),
        None => Ok(()),
    }
}

/// What is shown as one: a finding, or the absences of one rule in one file.
struct Fold<'f> {
    findings: Vec<&'f Finding>,
}

/// The findings in the order in which they are shown. It depends on paths and positions alone, never on the order in which
/// files were read.
fn folds<'f>(findings: &'f [Finding], sources: &Sources) -> Vec<Fold<'f>> {
    let mut placed: Vec<(String, usize, &Finding)> = findings
        .iter()
        .map(|finding| {
            let place = FileLocation::new(sources, finding.primary.span);
            (place.path(), place.start, finding)
        })
        .collect();
    placed.sort_by(|(a_path, a_start, a), (b_path, b_start, b)| {
        (b.severity, rules::position(a.rule), a_path, a_start, &a.message).cmp(&(
            a.severity,
            rules::position(b.rule),
            b_path,
            b_start,
            &b.message,
        ))
    });
    let mut open: HashMap<(&str, Severity, String, &str), usize> = HashMap::default();
    let mut folds: Vec<Fold<'_>> = Vec::new();
    for (path, _, finding) in placed {
        if let Some(plural) = finding.group_message {
            let index = *open.entry((finding.rule, finding.severity, path, plural)).or_insert(folds.len());
            if let Some(fold) = folds.get_mut(index) {
                fold.findings.push(finding);
                continue;
            }
        }
        folds.push(Fold { findings: vec![finding] });
    }
    folds
}

impl<'f> Fold<'f> {
    fn rule(&self) -> &'static str {
        self.findings[0].rule
    }

    fn severity(&self) -> Severity {
        self.findings[0].severity
    }

    fn message(&self) -> String {
        let first = self.findings[0];
        match (first.group_message, self.findings.len()) {
            (Some(plural), many @ 2..) => format!("{many} {plural}"),
            _ => first.message.clone(),
        }
    }

    fn block(&self) -> Block<'f> {
        let first = self.findings[0];
        let (shown, others) = self.findings.split_at(self.findings.len().min(LABELS));
        let mut notes: Vec<String> = Vec::new();
        for note in shown.iter().flat_map(|finding| &finding.notes) {
            if notes.len() < NOTES && !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        if !others.is_empty() {
            notes.push(and_more(others));
        }
        // The other ends and the patch of each service would bury the list that the block is.
        let one = self.findings.len() == 1;
        Block {
            rule: first.rule,
            severity: first.severity,
            message: self.message(),
            primary: shown.iter().map(|finding| &finding.primary).collect(),
            related: if one { first.related.iter().collect() } else { Vec::new() },
            notes,
            help: helps(shown),
            fixes: shown
                .iter()
                .find(|finding| !finding.fixes.is_empty())
                .map_or(&[], |finding| &finding.fixes),
        }
    }

    /// The block in one line, as editors and `grep` like it.
    fn line(&self, sources: &Sources) -> String {
        let place = FileLocation::new(sources, self.findings[0].primary.span);
        let position = place.source.position(place.start as u32);
        let severity = severity_name(self.severity());
        let at = format!("{}:{}:{}", place.path(), position.line, position.column);
        escape::line(&format!("{at}: {severity}[{}]: {}", self.rule(), self.message()))
    }
}

/// What to paste, each text once: services of several kinds may each need their own.
fn helps<'f>(findings: &[&'f Finding]) -> Vec<&'f str> {
    let mut helps: Vec<&str> = Vec::new();
    for help in findings.iter().filter_map(|finding| finding.help.as_deref()) {
        if helps.len() < HELPS && !helps.contains(&help) {
            helps.push(help);
        }
    }
    helps
}

fn and_more(others: &[&Finding]) -> String {
    let mut names: Vec<&str> = others.iter().filter_map(|finding| finding.service.as_deref()).collect();
    names.dedup();
    if names.is_empty() {
        return format!("and {} more", others.len());
    }
    let more = if names.len() > NAMED { ", ..." } else { "" };
    names.truncate(NAMED);
    format!("and {} more: {}{more}", others.len(), names.join(", "))
}

/// `2 errors, 1 note · 5 services in 3 files · 3 ms`
pub(super) fn last_line(summary: &Summary, time: bool) -> String {
    if summary.files == 0 {
        return "nothing to check: no Dockerfile and no Compose file here".to_owned();
    }
    let join = |counts: &[(usize, &str)], by: &str| {
        let some = counts.iter().filter(|(count, _)| *count > 0);
        some.map(|(count, name)| plural(*count, name)).collect::<Vec<_>>().join(by)
    };
    let found = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")];
    let mut found = join(&found, ", ");
    if found.is_empty() {
        "nothing found".clone_into(&mut found);
    }
    let checked = join(&[(summary.services, "service"), (summary.images, "image")], " and ");
    let files = plural(summary.files, "file");
    let mut line = match checked.as_str() {
        "" => format!("{found} · {files}"),
        _ => format!("{found} · {checked} in {files}"),
    };
    if summary.baseline > 0 {
        line.push_str(&format!(" · {} in the baseline", summary.baseline));
    }
    if summary.suppressed > 0 {
        line.push_str(&format!(" · {} suppressed", summary.suppressed));
    }
    if time {
        line.push_str(" · ");
        line.push_str(&duration(summary.elapsed));
    }
    line
}

pub(super) fn plural(count: usize, name: &str) -> String {
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

fn duration(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => "under 1 ms".to_owned(),
        millis @ 1..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", elapsed.as_secs_f64()),
    }
}

/// The page of the rule that was broken most often among the worst findings.
fn next_step(findings: &[Finding], summary: &Summary) -> Option<String> {
    let worst = summary.worst()?;
    let mut counts: HashMap<&str, usize> = HashMap::default();
    for finding in findings.iter().filter(|finding| finding.severity == worst) {
        *counts.entry(finding.rule).or_default() += 1;
    }
    let (rule, _) = counts.into_iter().max_by_key(|(rule, count)| (*count, std::cmp::Reverse(*rule)))?;
    Some(format!("run `oomlint explain {rule}` for the reasons and the way out"))
}
