//! Findings that people see as one: in the human report and in Markdown.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use super::snippet::{Block, Help};
use super::{FileLocation, digest, escape, path_text, severity_name};
use crate::diagnostic::{Finding, GroupMessage, Severity};
use crate::hash::{HashMap, HashSet, IndexMap};
use crate::model::project::DEFAULT_NAMES;
use crate::order;
use crate::rules;
use crate::source::{Sources, Span};

/// Labels drawn per block. The services of the others are named below it.
const LABELS: usize = 4;

/// Labels drawn per block where everything is drawn.
const LABELS_OF_WHOLE: usize = 8;

/// Services named below a block for the file that is drawn.
const NAMED: usize = 24;

/// Services named for another file.
const NAMED_ELSEWHERE: usize = 3;

/// Services named in a help text.
const NAMED_IN_HELP: usize = 4;

/// Other files, or directories with others, listed below a block.
const PLACES: usize = 6;

/// Notes shown per block.
const NOTES: usize = 5;

/// Help texts shown per block, unless all are.
const HELPS: usize = 3;

/// A finding, or those of one rule and severity with the same group message.
pub(super) struct Fold<'f> {
    /// Not empty, sorted by depth of the file, path and position.
    findings: Vec<Placed<'f>>,
    first: &'f Finding,
    /// Findings of which these are the cause.
    consequences: Vec<Placed<'f>>,
}

/// A finding with its place in the outermost file.
struct Placed<'f> {
    path: String,
    start: usize,
    finding: &'f Finding,
    /// The position of its rule, the depth of its file in the tree, and whether the file has another name than Docker looks for:
    /// what people run is near the top, under the usual name.
    rank: (usize, usize, bool),
}

impl<'f> Placed<'f> {
    /// Returns the rule and the primary span of the finding that is the cause, if that is at least as severe.
    fn cause(&self, causes: &HashMap<(&'f str, Span), Severity>) -> Option<(&'f str, Span)> {
        let of = self.finding.consequence?.of;
        let labels = [&self.finding.primary].into_iter().chain(&self.finding.related);
        let mut keys = labels.map(|label| (of, label.span));
        keys.find(|key| causes.get(key).is_some_and(|severity| *severity >= self.finding.severity))
    }

    fn new(finding: &'f Finding, path: String, start: usize) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_usual = name == "Dockerfile" || DEFAULT_NAMES.contains(&name);
        let rank = (rules::position(finding.rule), depth(&path), !is_usual);
        Self { path, start, finding, rank }
    }
}

/// Returns the findings with their indices, in the order of the human report: the most harmful first.
fn placed<'f>(findings: &'f [Finding], sources: &Sources) -> Vec<(usize, Placed<'f>)> {
    let place = |finding: &'f Finding| {
        let place = FileLocation::new(sources, finding.primary.span);
        Placed::new(finding, place.path(), place.start)
    };
    let mut placed: Vec<_> = findings.iter().map(place).enumerate().collect();
    placed.sort_by(|(_, a), (_, b)| {
        let key = |placed: &Placed<'f>| (Reverse(placed.finding.severity), placed.rank);
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.path, a.start, &a.finding.message).cmp(&(&b.path, b.start, &b.finding.message)))
    });
    placed
}

/// Returns the indices of the findings in that order.
pub(super) fn most_harmful_first(findings: &[Finding], sources: &Sources) -> Vec<usize> {
    placed(findings, sources).into_iter().map(|(index, _)| index).collect()
}

impl<'f> Fold<'f> {
    /// Sorts and groups the findings; `apart` keeps files apart. The order depends on the findings alone, never on the order
    /// in which files were read.
    pub(super) fn all(findings: &'f [Finding], sources: &Sources, apart: bool) -> Vec<Self> {
        let placed: Vec<_> = placed(findings, sources).into_iter().map(|(_, placed)| placed).collect();
        let causes: HashMap<(&str, Span), Severity> =
            findings.iter().map(|finding| ((finding.rule, finding.primary.span), finding.severity)).collect();
        let (consequences, placed): (Vec<_>, Vec<_>) =
            placed.into_iter().partition(|placed| !apart && placed.cause(&causes).is_some());
        let mut open: HashMap<(&str, Severity, Option<String>, GroupMessage), usize> = HashMap::default();
        let mut folds: Vec<Fold<'_>> = Vec::new();
        let mut fold_of: HashMap<(&str, Span), usize> = HashMap::default();
        for placed in placed {
            let key = (placed.finding.rule, placed.finding.primary.span);
            let finding = placed.finding;
            if let Some(plural) = finding.group_message {
                let path = apart.then(|| placed.path.clone());
                let index =
                    *open.entry((finding.rule, finding.severity, path, plural)).or_insert(folds.len());
                fold_of.insert(key, index);
                if let Some(fold) = folds.get_mut(index) {
                    fold.findings.push(placed);
                    continue;
                }
            }
            fold_of.insert(key, folds.len());
            folds.push(Fold { findings: vec![placed], first: finding, consequences: Vec::new() });
        }
        for placed in consequences {
            let cause = placed.cause(&causes).and_then(|cause| fold_of.get(&cause).copied());
            if let Some(fold) = cause.and_then(|index| folds.get_mut(index)) {
                fold.consequences.push(placed);
            }
        }
        folds
    }

    pub(super) fn rule(&self) -> &'static str {
        self.first.rule
    }

    pub(super) fn severity(&self) -> Severity {
        self.first.severity
    }

    pub(super) fn message(&self) -> String {
        match (self.first.group_message, self.findings.len()) {
            (Some(plural), many @ 2..) => format!("{many} {plural}"),
            _ => digest::shorten(&self.first.message).into_owned(),
        }
    }

    /// Returns what is drawn of it: the labels of its first file, and where the others are.
    pub(super) fn block(&self, sources: &Sources, whole: bool) -> Block<'f> {
        let first = self.first;
        let of_file = self.findings.partition_point(|placed| placed.path == self.path());
        let (here, elsewhere) = self.findings.split_at(of_file);
        let labels = if whole { LABELS_OF_WHOLE } else { LABELS };
        let here = unusual_first(here);
        let (shown, others) = here.split_at(here.len().min(labels));
        let mut notes: Vec<String> = Vec::new();
        for note in shown.iter().flat_map(|placed| &placed.finding.notes) {
            if notes.len() < NOTES && !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        if !others.is_empty() {
            notes.push(format!("and {}", more(others, NAMED)));
        }
        if !elsewhere.is_empty() {
            notes.push(places(elsewhere, sources));
        }
        notes.extend(self.consequences());
        let unsaid =
            distinct_helps(&self.findings).saturating_sub(HELPS.min(distinct_helps(here.iter().copied())));
        if unsaid > 0 && !whole {
            notes.push(if unsaid == 1 {
                "-v shows one more suggestion".to_owned()
            } else {
                format!("-v shows {unsaid} more suggestions")
            });
        }
        // Related locations of every service would bury the list of services.
        let one = self.findings.len() == 1;
        let fixes = shown.iter().map(|placed| placed.finding).find(|finding| !finding.fixes.is_empty());
        Block {
            rule: first.rule,
            severity: first.severity,
            message: self.message(),
            primary: shown.iter().map(|placed| &placed.finding.primary).collect(),
            related: if one { first.related.iter().collect() } else { Vec::new() },
            notes,
            help: helps(&here, whole),
            fixes: fixes.map_or(&[], |finding| &finding.fixes),
        }
    }

    /// Renders the block as one `path:line:column:` line.
    pub(super) fn line(&self, sources: &Sources) -> String {
        let severity = severity_name(self.severity());
        let at = self.at(sources);
        escape::line(&format!("{at}: {severity}[{}]: {}", self.rule(), self.message()))
    }

    /// Returns the place of its first finding as `path:line:column`.
    pub(super) fn at(&self, sources: &Sources) -> String {
        let place = FileLocation::new(sources, self.first.primary.span);
        let position = place.source.position(place.start as u32);
        format!("{}:{}:{}", place.path(), position.line, position.column)
    }

    pub(super) fn first(&self) -> &'f Finding {
        self.first
    }

    /// Returns the number of findings, with those of which they are the cause.
    pub(super) fn count(&self) -> usize {
        self.findings.len() + self.consequences.len()
    }

    /// Returns the number of files.
    pub(super) fn files(&self) -> usize {
        self.findings.chunk_by(|a, b| a.path == b.path).count()
    }

    /// Returns a line for the consequences of each rule: `api, web: heap sized from the host's memory [unbounded-heap]`.
    pub(super) fn consequences(&self) -> Vec<String> {
        let of_rule = |of_rule: &[Placed<'_>]| {
            let first = of_rule.first()?.finding;
            let text = first.consequence?.group_message;
            Some(format!("{}: {text} [{}]", names(of_rule, NAMED), first.rule))
        };
        self.consequences.chunk_by(|a, b| a.finding.rule == b.finding.rule).filter_map(of_rule).collect()
    }

    fn path(&self) -> &str {
        self.findings.first().map_or("", |placed| placed.path.as_str())
    }
}

/// Returns the number of parts of a path.
fn depth(path: &str) -> usize {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").count()
}

/// Groups neighbouring folds of one rule.
pub(super) fn by_rule<'a, 'f>(folds: &'a [Fold<'f>]) -> impl Iterator<Item = &'a [Fold<'f>]> {
    folds.chunk_by(|a, b| a.rule() == b.rule())
}

/// Renders all folds of a rule as one line: the first one's message, where it is, and how many more there are.
///
/// `besides` is true if other findings of the rule, of a higher severity, are drawn above.
pub(super) fn note_line(folds: &[Fold<'_>], besides: bool, sources: &Sources) -> String {
    let Some(first) = folds.first() else { return String::new() };
    let all: usize = folds.iter().map(|fold| fold.findings.len()).sum();
    let others = all - first.findings.len();
    let plural = first.first.group_message;
    let plural = plural.filter(|_| all > 1 && folds.iter().all(|fold| fold.first.group_message == plural));
    let more = if besides { " more" } else { "" };
    let place = first.at(sources);
    match plural {
        Some(plural) if others > 0 => format!("{all}{more} {plural} · first at {place}"),
        Some(plural) => format!("{all}{more} {plural} · {place}"),
        None if others == 1 => format!("{} · {place} · and in one more place", first.message()),
        None if others > 1 => format!("{} · {place} · and in {others} more places", first.message()),
        None => format!("{} · {place}", first.message()),
    }
}

fn distinct_helps<'p>(findings: impl IntoIterator<Item = &'p Placed<'p>>) -> usize {
    findings.into_iter().filter_map(|placed| general_help(placed.finding)).collect::<HashSet<_>>().len()
}

/// Stands for the service's own name in a help text, so that texts for several services are one.
const OWN_NAME: &str = "`\u{e001}`";

/// Returns the help text of a finding with [`OWN_NAME`] in place of its service's name.
fn general_help(finding: &Finding) -> Option<String> {
    let help = finding.help.as_deref()?;
    Some(match &finding.service {
        Some(name) => help.replace(&format!("`{name}`"), OWN_NAME),
        None => help.to_owned(),
    })
}

/// Returns the distinct help texts, the one for most services first, at most [`HELPS`] unless all are wanted. Where there are
/// several, each names its services.
fn helps(findings: &[&Placed<'_>], whole: bool) -> Vec<Help> {
    let mut found: IndexMap<String, Vec<&str>> = IndexMap::default();
    for finding in findings.iter().map(|placed| placed.finding) {
        if let Some(help) = general_help(finding) {
            let names = found.entry(help).or_default();
            names.extend(finding.service.as_deref().filter(|name| !names.contains(name)));
        }
    }
    let several = found.len() > 1;
    let mut helps: Vec<(String, Vec<&str>)> = found.into_iter().collect();
    // A text of several lines ends with what can be pasted.
    order::by_key(&mut helps, |(text, names)| (!text.contains('\n'), Reverse(names.len())));
    helps.truncate(if whole { usize::MAX } else { HELPS });
    let help = |(index, (text, names)): (usize, (String, Vec<&str>))| {
        let quoted: Vec<String> = names.iter().take(NAMED_IN_HELP).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > NAMED_IN_HELP { ", ..." } else { "" };
        let listed = format!("{}{more}", quoted.join(", "));
        let services = match names.as_slice() {
            // The first one is for all but those that the others name.
            [] => String::new(),
            _ if text.contains(OWN_NAME) || !several || (index == 0 && names.len() > 1) => String::new(),
            _ => format!("{listed}: "),
        };
        Help { text: text.replace(OWN_NAME, &listed), services }
    };
    helps.into_iter().enumerate().map(help).collect()
}

/// Orders findings so that those whose label most others do not have come first: they say more than what all have in common.
fn unusual_first<'p, 'f>(findings: &'p [Placed<'f>]) -> Vec<&'p Placed<'f>> {
    let label = |placed: &Placed<'f>| placed.finding.primary.text.as_str();
    let mut counts: HashMap<&str, usize> = HashMap::default();
    for placed in findings {
        *counts.entry(label(placed)).or_default() += 1;
    }
    let usual = counts.values().copied().max().unwrap_or(0);
    let mut ordered: Vec<&Placed<'f>> = findings.iter().collect();
    order::by_key(&mut ordered, |placed| counts.get(label(placed)).copied() == Some(usual));
    ordered
}

/// Returns the number of findings with the names of their services: `3 more: api, web, db`.
fn more(findings: &[&Placed<'_>], named: usize) -> String {
    let names = names(findings.iter().copied(), named);
    if names.is_empty() {
        format!("{} more", findings.len())
    } else {
        format!("{} more: {names}", findings.len())
    }
}

fn names<'p>(findings: impl IntoIterator<Item = &'p Placed<'p>>, named: usize) -> String {
    let mut names: Vec<&str> =
        findings.into_iter().filter_map(|placed| placed.finding.service.as_deref()).collect();
    names.dedup();
    let more = if names.len() > named { ", ..." } else { "" };
    names.truncate(named);
    format!("{}{more}", names.join(", "))
}

/// Lists the findings of other files: each file with its services, or each directory with its count where there are many.
fn places(findings: &[Placed<'_>], sources: &Sources) -> String {
    let files: Vec<&[Placed<'_>]> = findings.chunk_by(|a, b| a.path == b.path).collect();
    let mut text = match files.as_slice() {
        [file] => {
            let (place, names) = (place(file, sources), names(*file, NAMED_ELSEWHERE));
            let names = if names.is_empty() { names } else { format!(": {names}") };
            return format!("and {} more in {place}{names}", file.len());
        }
        files => format!("and {} more in {} files:", findings.len(), files.len()),
    };
    if files.len() > PLACES {
        for (directory, count) in directories(&files) {
            text.push_str(&format!("\n  {directory}: {count}"));
        }
        return text;
    }
    for file in files {
        let place = place(file, sources);
        match (names(file, NAMED_ELSEWHERE), file.len()) {
            (names, 1) if names.is_empty() => text.push_str(&format!("\n  {place}")),
            (names, count) if names.is_empty() => text.push_str(&format!("\n  {place}: {count} places")),
            (names, _) => text.push_str(&format!("\n  {place}: {names}")),
        }
    }
    text
}

/// Returns the place of the first finding of a file as `path:line`.
fn place(file: &[Placed<'_>], sources: &Sources) -> String {
    let Some(first) = file.first() else { return String::new() };
    let place = FileLocation::new(sources, first.finding.primary.span);
    format!("{}:{}", first.path, place.source.position(place.start as u32).line)
}

/// Counts findings by directory, at a depth that leaves few of them.
fn directories(files: &[&[Placed<'_>]]) -> Vec<(String, String)> {
    let parent = |path: &str| Path::new(path).parent().map_or_else(String::new, path_text);
    let deepest =
        files.iter().filter_map(|file| file.first()).map(|placed| depth(&placed.path)).max().unwrap_or(0);
    let mut counted = BTreeMap::new();
    for depth in (0..=deepest).rev() {
        counted.clear();
        for file in files {
            let Some(first) = file.first() else { continue };
            let directory = parent(&first.path);
            let parts: Vec<&str> = directory.split('/').take(depth).collect();
            let (findings, files) = counted.entry(parts.join("/")).or_insert((0_usize, 0_usize));
            *findings += file.len();
            *files += 1;
        }
        if counted.len() <= PLACES {
            break;
        }
    }
    let count = |(findings, files): (usize, usize)| match files {
        1 => format!("{findings}"),
        _ => format!("{findings} in {files} files"),
    };
    let name =
        |directory: String| if directory.is_empty() { "./".to_owned() } else { format!("{directory}/") };
    counted.into_iter().map(|(directory, counts)| (name(directory), count(counts))).collect()
}
