//! Holds back what comments and `x-oomlint` keys say is known and meant, and reports those that say it of nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::configured::Voices;
use super::examine::{Examined, Ignores};
use crate::discover::{FileKind, kind_of_text};
use crate::finding::suppress::{self, Comments, Suppression};
use crate::finding::{Finding, Suppressed, SuppressionKind};
use crate::hash::{HashMap, HashSet};
use crate::parallel;
use crate::rules::{Group, Preset, RULES, Sink, unknown_rule, unused_suppression};
use crate::source::{SourceId, Sources, Span, Spanned};
use crate::syntax::dockerfile::Dockerfile;
use crate::syntax::yaml::Tree;

/// What is left, and what is held back.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    pub(super) findings: Vec<Finding>,
    pub(super) suppressed: Vec<Suppressed>,
    /// True, and not to be spoken of: a suppression of one of these is not unused.
    pub(super) unsaid: Vec<Unsaid>,
}

/// What is true of a file and not to be spoken of: all that a suppression has to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Unsaid {
    place: Span,
    rule: &'static str,
}

impl Unsaid {
    pub(super) fn of(finding: &Finding, sources: &Sources) -> Self {
        Self { place: sources.locate(finding.primary.span), rule: finding.rule }
    }
}

/// Names that suppressions have, and those of them that held something back.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    named: Vec<Spanned<String>>,
    used: HashSet<Span>,
}

impl Ledger {
    /// Adds what another one holds.
    pub(super) fn merge(&mut self, other: Self) {
        self.named.extend(other.named);
        self.used.extend(other.used);
    }
}

/// What a suppression may call what a rule finds: the rule, and its group.
fn names(rule: &'static str) -> [&'static str; 2] {
    let group = crate::rules::find(rule).map(|rule| rule.meta().group.name());
    [rule, group.unwrap_or(rule)]
}

impl Ignores {
    /// The name that holds a finding back.
    pub(super) fn holds(&self, finding: &Finding) -> Option<&Spanned<String>> {
        let names = names(finding.rule);
        self.names.iter().find(|name| names.contains(&name.value.as_str()))
    }
}

pub(super) fn in_source(finding: Finding, justification: Option<String>) -> Suppressed {
    Suppressed { finding, kind: SuppressionKind::InSource, justification }
}

/// Holds back what the services of one project say of themselves: `x-oomlint: {ignore: [rule]}`.
///
/// What has no place in the files that are to be spoken of stays unsaid.
pub(super) fn by_service(project: &mut Examined, sources: &Sources) -> (Sifted, Ledger) {
    let findings = std::mem::take(&mut project.findings);
    let mut sifted = Sifted { unsaid: std::mem::take(&mut project.unsaid), ..Sifted::default() };
    let mut ledger = Ledger { used: project.used.drain(..).collect(), ..Ledger::default() };
    let ignores: HashMap<&str, &Ignores> =
        project.ignores.iter().map(|ignores| (ignores.service.as_str(), ignores)).collect();
    for ignores in ignores.values() {
        ledger.named.extend(ignores.names.iter().cloned());
    }
    let Sifted { suppressed, unsaid, .. } = &mut sifted;
    let kept = findings.into_iter().filter_map(|finding| {
        let service = finding.service.as_deref().and_then(|service| ignores.get(service));
        let said = is_said(&finding, &project.within, sources);
        match service.and_then(|service| Some((service, service.holds(&finding)?))) {
            Some((service, by)) => {
                ledger.used.insert(by.span);
                if said {
                    suppressed.push(in_source(finding, service.reason.clone()));
                }
                None
            }
            None if said => Some(finding),
            None => {
                unsaid.push(Unsaid::of(&finding, sources));
                None
            }
        }
    });
    sifted.findings = kept.collect();
    (sifted, ledger)
}

/// True when a finding has a place in each set of files that its project is narrowed to.
pub(super) fn is_said(finding: &Finding, within: &[Vec<SourceId>], sources: &Sources) -> bool {
    let labels = || std::iter::once(&finding.primary).chain(&finding.related);
    let mut sets = within.iter();
    sets.all(|files| labels().any(|label| files.contains(&sources.locate(label.span).file)))
}

/// The files whose own suppressions are to be spoken of.
fn spoken_of(projects: &[Examined]) -> HashSet<SourceId> {
    let of = |project: &Examined| match project.within.first() {
        None => project.files.clone(),
        Some(first) => {
            let in_all = |file: &&SourceId| project.within.iter().all(|set| set.contains(file));
            first.iter().filter(in_all).copied().collect()
        }
    };
    projects.iter().flat_map(of).collect()
}

/// Holds back what comments speak of, and adds what is wrong with the suppressions themselves.
pub(super) fn by_comments(
    voices: &Voices<'_>,
    options: &Options,
    sources: &Sources,
    projects: &[Examined],
    (findings, unsaid): (Vec<Finding>, Vec<Unsaid>),
    mut ledger: Ledger,
) -> Sifted {
    let files: BTreeSet<SourceId> =
        projects.iter().flat_map(|project| project.files.iter().copied()).collect();
    let dockerfiles: HashSet<SourceId> =
        projects.iter().flat_map(|project| &project.dockerfiles).copied().collect();
    let with_comments = parallel::map(files.into_iter().collect(), |file| {
        let comments = of_file(file, &dockerfiles, sources);
        (!comments.is_empty()).then(|| (file, Comments::new(comments)))
    });
    let with_comments: BTreeMap<SourceId, Comments> = with_comments.into_iter().flatten().collect();
    let suppressions = || with_comments.values().flat_map(Comments::all);
    let mut sifted = Sifted::default();
    let by =
        |unsaid: &Unsaid| with_comments.get(&unsaid.place.file)?.naming(unsaid.place, &names(unsaid.rule));
    ledger.used.extend(unsaid.iter().filter_map(by).map(|(_, name)| name));
    let Sifted { suppressed, .. } = &mut sifted;
    let kept = findings.into_iter().filter_map(|finding| {
        if with_comments.is_empty() {
            return Some(finding);
        }
        let Some((suppression, name)) = by(&Unsaid::of(&finding, sources)) else { return Some(finding) };
        ledger.used.insert(name);
        suppressed.push(in_source(finding, suppression.reason.clone()));
        None
    });
    sifted.findings = kept.collect();
    let spoken_of = spoken_of(projects);
    for suppression in suppressions().filter(|one| spoken_of.contains(&one.comment.file)) {
        ledger.named.extend(suppression.names.iter().cloned());
        if suppression.names.is_empty() {
            let mut sink = Sink::new(unknown_rule::META, &options.policy, &mut sifted.findings);
            unknown_rule::nameless(suppression.comment, &mut sink);
        }
    }
    ledger.named.retain(|name| spoken_of.contains(&sources.locate(name.span).file));
    ledger.named.sort_by_key(|name| name.span);
    ledger.named.dedup_by_key(|name| name.span);
    for name in &ledger.named {
        let known = RULES.iter().any(|rule| rule.meta().name == name.value)
            || Group::ALL.iter().any(|group| group.name() == name.value);
        if !known {
            let mut sink = Sink::new(unknown_rule::META, &options.policy, &mut sifted.findings);
            unknown_rule::report(name, &mut sink);
        } else if !ledger.used.contains(&name.span) && runs(name, options, voices) {
            let comment = with_comments.get(&name.span.file).and_then(|comments| comments.around(name.span));
            let mut sink = Sink::new(unused_suppression::META, &options.policy, &mut sifted.findings);
            unused_suppression::report(name, comment, sources, &mut sink);
        }
    }
    sifted
}

/// True when the rule, or one of the group, was looked at in this run.
fn runs(name: &Spanned<String>, options: &Options, voices: &Voices<'_>) -> bool {
    let config = voices.of(name.span.file).into_iter().next();
    let preset = options.preset_of(config.as_deref());
    let rules = RULES.iter().map(|rule| rule.meta());
    let mut named = rules.filter(|meta| meta.name == name.value || meta.group.name() == name.value);
    named.any(|meta| {
        let off = config.as_ref().is_some_and(|config| config.turns_off(meta.name));
        // The smallest preset looks at all and shows the errors alone.
        !off && preset != Preset::Minimal && options.runs(meta, preset)
    })
}

fn of_file(file: SourceId, dockerfiles: &HashSet<SourceId>, sources: &Sources) -> Vec<Suppression> {
    let source = sources.get(file);
    if !suppress::may_have_any(source.text()) || source.is_embedded() {
        return Vec::new();
    }
    let is_dockerfile = dockerfiles.contains(&file);
    match crate::discover::kind_of(source.path()).or_else(|| kind_of_text(source.text())) {
        _ if is_dockerfile => suppress::of_dockerfile(&source, &Dockerfile::of(&source)),
        Some(FileKind::Dockerfile) => suppress::of_dockerfile(&source, &Dockerfile::of(&source)),
        Some(FileKind::Compose) => suppress::of_yaml(&source, &Tree::of(&source)),
        None => suppress::of_lines(&source),
    }
}
