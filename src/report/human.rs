//! Human-readable report.
//!
//! Order: errors, warnings, notes, and within a severity by rule (in the order of [`rules::RULES`], most harmful first), path
//! and position. So provable mistakes come before missing settings, and missing limits before missing health checks, however
//! many files there are. Findings with the same group message in one file are one block with one label per service. Every
//! error is drawn. Of a rule's warnings and notes the first `DRAWN` blocks are drawn and the rest take one line each, so that
//! a tree of 150 Compose files stays readable and nothing is hidden.

use std::io::{self, Write};
use std::time::Duration;

use super::snippet::{Block, draw};
use super::{FileLocation, escape, severity_name};
use crate::diagnostic::{Finding, Severity, Summary};
use crate::hash::{HashMap, HashSet};
use crate::model::ImageReference;
use crate::rules;
use crate::source::Sources;

/// Blocks drawn per rule below [`Severity::Error`].
const DRAWN: usize = 5;

/// Labels drawn per block. The services of the others are named below it.
const LABELS: usize = 8;

/// Services named below a block.
const NAMED: usize = 24;

/// Notes shown per block.
const NOTES: usize = 5;

/// Help texts shown per block.
const HELPS: usize = 3;

/// Options of the human-readable report.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// Whether to print the elapsed time. False where the output of two runs is compared.
    pub time: bool,
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
    writeln!(out, "{}", summary_line(summary, options.time))?;
    if let Some(line) = unknown_images(summary) {
        writeln!(out, "{}", escape::line(&line))?;
    }
    match next_step(findings, summary) {
        Some(step) => writeln!(out, "{step}"),
        None => Ok(()),
    }
}

/// Findings shown as one block: a single one, or those of one rule, file and group message.
struct Fold<'f> {
    first: &'f Finding,
    /// All of them, the first included.
    findings: Vec<&'f Finding>,
}

/// Sorts and groups the findings for display. The order depends on the findings alone, never on the order in which files
/// were read.
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
        folds.push(Fold { first: finding, findings: vec![finding] });
    }
    folds
}

impl<'f> Fold<'f> {
    fn rule(&self) -> &'static str {
        self.first.rule
    }

    fn severity(&self) -> Severity {
        self.first.severity
    }

    fn message(&self) -> String {
        match (self.first.group_message, self.findings.len()) {
            (Some(plural), many @ 2..) => format!("{many} {plural}"),
            _ => self.first.message.clone(),
        }
    }

    fn block(&self) -> Block<'f> {
        let first = self.first;
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
        // Related locations of every service would bury the list of services.
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

    /// Renders the block as one `path:line:column:` line.
    fn line(&self, sources: &Sources) -> String {
        let place = FileLocation::new(sources, self.first.primary.span);
        let position = place.source.position(place.start as u32);
        let severity = severity_name(self.severity());
        let at = format!("{}:{}:{}", place.path(), position.line, position.column);
        escape::line(&format!("{at}: {severity}[{}]: {}", self.rule(), self.message()))
    }
}

/// Returns the distinct help texts, at most [`HELPS`]: different kinds of services may need different ones.
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

/// Returns the summary line: `2 errors, 1 note · 5 services in 3 files · 3 ms`.
pub(super) fn summary_line(summary: &Summary, time: bool) -> String {
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

/// Returns the line about images that nobody knows: without findings for their services, silence would look like a pass.
pub(super) fn unknown_images(summary: &Summary) -> Option<String> {
    const NAMED: usize = 5;
    let name = |reference: &String| {
        ImageReference::parse(reference).map_or_else(|| reference.clone(), |reference| reference.name())
    };
    let mut names: Vec<String> = summary.unknown_images.iter().map(name).collect();
    names.sort();
    names.dedup();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(NAMED);
    let names = names.join(", ");
    (!names.is_empty()).then(|| format!("heaps and healthchecks not checked: {names}{more} · oomlint images"))
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

/// Returns a hint at `oomlint explain` for the most frequent rule of the highest severity.
fn next_step(findings: &[Finding], summary: &Summary) -> Option<String> {
    let worst = summary.worst()?;
    let mut counts: HashMap<&str, usize> = HashMap::default();
    for finding in findings.iter().filter(|finding| finding.severity == worst) {
        *counts.entry(finding.rule).or_default() += 1;
    }
    let (rule, _) = counts.into_iter().max_by_key(|(rule, count)| (*count, std::cmp::Reverse(*rule)))?;
    Some(format!("run `oomlint explain {rule}` for the reasons and the way out"))
}
