//! Comments and `x-oomlint` keys that suppress findings, and findings about those that match nothing.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

mod comments;

use self::comments::Comments;
use super::Options;
use super::checked::{CheckedProject, FindingKey, names_of};
use super::config::ConfigResolver;
use crate::diagnostic::{Finding, Suppression};
use crate::hash::{HashMap, HashSet};
use crate::order;
use crate::parallel;
use crate::rules::lint::{unknown_rule, unused_suppression};
use crate::rules::{Group, Meta, Preset, RULES, RuleContext};
use crate::source::{Language, Source, SourceId, Sources, Span, Spanned};
use crate::syntax::dockerfile::Dockerfile;
use crate::syntax::yaml::Tree;
use crate::workload::Project;

/// All suppressions of a run, and the names among them that matched a finding.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    comments: BTreeMap<SourceId, Comments>,
    /// The names in `x-oomlint` keys.
    service_names: Vec<Spanned<String>>,
    used: HashSet<Span>,
}

impl Suppressions {
    /// Reads the suppressing comments of every file of the projects.
    pub(super) fn read(projects: &[CheckedProject], sources: &Sources) -> Self {
        let files: BTreeSet<SourceId> = projects.iter().flat_map(|project| &project.files).copied().collect();
        let found = parallel::map_light(files.into_iter().collect(), |file| read_file(file, sources));
        let mut comments: BTreeMap<SourceId, Vec<Suppression>> = BTreeMap::new();
        for suppression in found.into_iter().flatten() {
            comments.entry(suppression.comment.file).or_default().push(suppression);
        }
        let comments = comments.into_iter().map(|(file, mut found)| {
            // Those of an inline Dockerfile come after those of the file that it is in.
            order::by_key(&mut found, |suppression| suppression.comment.start);
            (file, Comments::new(found))
        });
        let ignores = projects.iter().flat_map(|project| &project.ignores);
        Self {
            comments: comments.collect(),
            service_names: ignores.flat_map(|ignores| ignores.names.iter().cloned()).collect(),
            used: projects.iter().flat_map(|project| &project.used).copied().collect(),
        }
    }

    /// Marks a name in a suppression as used.
    pub(super) fn mark_used(&mut self, name: Span) {
        self.used.insert(name);
    }

    /// Returns the reason of the comment that suppresses a finding, and marks its name as used. `None` if no comment does.
    pub(super) fn suppress(&mut self, finding: &FindingKey) -> Option<Option<String>> {
        let comments = self.comments.get(&finding.place.file)?;
        let (suppression, name) = comments.suppression_for(finding.place, &names_of(finding.rule))?;
        self.used.insert(name);
        Some(suppression.reason.clone())
    }

    /// Returns findings about suppressions that name nothing, an unknown rule, or a rule that found nothing there. `others` are the
    /// findings that no comment and no `x-oomlint` key suppresses.
    pub(super) fn findings(
        &self,
        projects: &[CheckedProject],
        others: &[&Finding],
        configs: &ConfigResolver<'_>,
        options: &Options,
        sources: &Sources,
    ) -> Vec<Finding> {
        let (mut findings, none) = (Vec::new(), Project::default());
        let in_scope = files_in_scope(projects);
        let is_enabled = |meta: &Meta, file: SourceId| {
            let config = configs.configs_for(file).into_iter().next();
            options.enables(meta, config.as_deref(), options.preset_of(config.as_deref()))
        };
        let (unknown, unused) = (unknown_rule::RULE.meta(), unused_suppression::RULE.meta());
        let mut names = self.service_names.clone();
        let all = self.comments.values().flat_map(Comments::all);
        for suppression in all.filter(|one| in_scope.contains(&one.comment.file)) {
            names.extend(suppression.names.iter().cloned());
            if suppression.names.is_empty() && is_enabled(unknown, suppression.comment.file) {
                let mut cx = RuleContext::new(unknown, &options.policy, &none, &mut findings);
                unknown_rule::nameless(suppression.comment, &mut cx);
            }
        }
        names.retain(|name| in_scope.contains(&sources.to_outer_span(name.span).file));
        order::by_key(&mut names, |name| name.span);
        names.dedup_by_key(|name| name.span);
        let places = OnceCell::new();
        for name in &names {
            let known = RULES.iter().any(|rule| rule.meta().name == name.value)
                || Group::ALL.iter().any(|group| group.name() == name.value);
            let comment =
                self.comments.get(&name.span.file).and_then(|comments| comments.enclosing(name.span));
            if !known && is_enabled(unknown, name.span.file) {
                let mut cx = RuleContext::new(unknown, &options.policy, &none, &mut findings);
                unknown_rule::report(name, &mut cx, |meant| {
                    let places = places.get_or_init(|| Places::of(projects, others, sources));
                    let would_be = Spanned { value: meant.to_owned(), ..name.clone() };
                    !runs(&would_be, options, configs) || places.has_any(comment, name.span, meant)
                });
            }
            let in_use = self.used.contains(&name.span) || !runs(name, options, configs);
            if known && !in_use && is_enabled(unused, name.span.file) {
                let mut cx = RuleContext::new(unused, &options.policy, &none, &mut findings);
                unused_suppression::report(name, comment, sources, &mut cx);
            }
        }
        findings
    }
}

/// Where findings are, by the names of their rules and groups.
struct Places<'p> {
    /// The places in a file, in order.
    in_files: HashMap<(SourceId, &'static str), Vec<Span>>,
    /// The files with findings about a service.
    of_services: HashMap<(&'p str, &'static str), HashSet<SourceId>>,
    /// The services with a name in their `x-oomlint` key, by the span of that name, each with its project.
    ignoring: HashMap<Span, Vec<(&'p CheckedProject, &'p str)>>,
}

impl<'p> Places<'p> {
    fn of(projects: &'p [CheckedProject], findings: &[&'p Finding], sources: &Sources) -> Self {
        let mut in_files = HashMap::<_, Vec<Span>>::default();
        let mut of_services = HashMap::<_, HashSet<SourceId>>::default();
        for finding in findings {
            let FindingKey { place, rule } = FindingKey::of(finding, sources);
            for name in names_of(rule) {
                in_files.entry((place.file, name)).or_default().push(place);
                if let Some(service) = finding.service.as_deref() {
                    of_services.entry((service, name)).or_default().insert(place.file);
                }
            }
        }
        for places in in_files.values_mut() {
            order::by_key(places, |place| place.start);
        }
        let mut ignoring = HashMap::<_, Vec<(&CheckedProject, &str)>>::default();
        for project in projects {
            for ignores in &project.ignores {
                for name in &ignores.names {
                    ignoring.entry(name.span).or_default().push((project, &ignores.service));
                }
            }
        }
        Self { in_files, of_services, ignoring }
    }

    /// True if a comment, or the `x-oomlint` key that has a name at `at`, would suppress a finding of this rule or group.
    fn has_any(&self, comment: Option<&Suppression>, at: Span, name: &'static str) -> bool {
        let Some(comment) = comment else {
            let mut services = self.ignoring.get(&at).into_iter().flatten();
            return services.any(|(project, service)| {
                let files = self.of_services.get(&(*service, name));
                files.is_some_and(|files| project.files.iter().any(|file| files.contains(file)))
            });
        };
        let places = self.in_files.get(&(comment.comment.file, name)).map(Vec::as_slice).unwrap_or_default();
        let first = comment.extent.map_or(0, |extent| extent.start);
        let from = places.partition_point(|place| place.start < first);
        places.get(from).is_some_and(|place| comment.covers(*place))
    }
}

/// Returns the files whose own suppressions are checked.
fn files_in_scope(projects: &[CheckedProject]) -> HashSet<SourceId> {
    let of = |project: &CheckedProject| match project.report_only.first() {
        None => project.files.clone(),
        Some(first) => {
            let in_all = |file: &&SourceId| project.report_only.iter().all(|set| set.contains(file));
            first.iter().filter(in_all).copied().collect()
        }
    };
    projects.iter().flat_map(of).collect()
}

/// True if the rule, or one of the group, ran.
fn runs(name: &Spanned<String>, options: &Options, configs: &ConfigResolver<'_>) -> bool {
    let config = configs.configs_for(name.span.file).into_iter().next();
    let preset = options.preset_of(config.as_deref());
    let rules = RULES.iter().map(|rule| rule.meta());
    let mut named = rules.filter(|meta| meta.name == name.value || meta.group.name() == name.value);
    named.any(|meta| {
        let off = config.as_ref().is_some_and(|config| config.turns_off(meta.name));
        // The minimal preset reports errors alone, and an unused suppression is a warning.
        !off && preset != Preset::Minimal && options.enables(meta, config.as_deref(), preset)
    })
}

/// Returns the suppressing comments of a file, those of an inline Dockerfile with their places in its Compose file.
fn read_file(file: SourceId, sources: &Sources) -> Vec<Suppression> {
    let source = sources.get(file);
    if !comments::may_have_any(source.text()) {
        return Vec::new();
    }
    let found = match source.language() {
        Some(Language::Dockerfile) => comments::of_dockerfile(&source, &Dockerfile::of(&source)),
        _ if source.is_embedded() => return Vec::new(),
        Some(Language::Yaml) => comments::of_yaml(&source, &Tree::of(&source)),
        Some(Language::Commands) => comments::of_commands(&source),
        Some(Language::Json) => Vec::new(),
        None => comments::of_env_file(&source),
    };
    if !source.is_embedded() {
        return found;
    }
    let found = found.into_iter().filter_map(|suppression| to_outer(suppression, &source, sources));
    found.collect()
}

/// Maps a suppression of embedded text to the outer file. `None` if its comment is escaped there, and so has no place of its own.
fn to_outer(suppression: Suppression, source: &Source, sources: &Sources) -> Option<Suppression> {
    let comment = sources.to_outer_span(suppression.comment);
    let verbatim = sources.get(comment.file).slice(comment) == source.slice(suppression.comment);
    let names = suppression.names.into_iter();
    verbatim.then(|| Suppression {
        comment,
        names: names.map(|name| Spanned { span: sources.to_outer_span(name.span), ..name }).collect(),
        extent: suppression.extent.map(|extent| sources.to_outer_span(extent)),
        ..suppression
    })
}
