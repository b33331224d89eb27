//! Projects that rules have run over, before it is decided which of their findings are reported.

use crate::finding::Finding;
use crate::source::{SourceId, Sources, Span, Spanned};
use crate::workload::{Kind, Project, Workload};

/// A project with the findings of all rules.
#[derive(Debug, Default)]
pub(super) struct CheckedProject {
    /// Every file that was read for it, the one that names it first.
    pub(super) files: Vec<SourceId>,
    /// Sets of files that a finding needs a place in to be in scope, as [`Project::within`].
    pub(super) within: Vec<Vec<SourceId>>,
    /// The Dockerfiles that its workloads are built from.
    pub(super) dockerfiles: Vec<SourceId>,
    /// The kind of each workload, and where it is declared.
    pub(super) anchors: Vec<(Kind, Span)>,
    /// The `x-oomlint` keys of its services.
    pub(super) ignores: Vec<ServiceIgnores>,
    /// Findings in its own files.
    pub(super) findings: Vec<Finding>,
    /// Findings in files that it shares with others: their places in [`super::merge::SharedFindings`].
    pub(super) shared: Vec<usize>,
    /// Findings that are known to be out of scope.
    pub(super) out_of_scope: Vec<OutOfScope>,
    /// Names in suppressions that matched a finding.
    pub(super) used: Vec<Span>,
    /// The project itself, where the caller wants it.
    pub(super) project: Option<Project>,
}

impl CheckedProject {
    /// What is kept of a project before rules ran over it.
    pub(super) fn of(project: &Project) -> Self {
        let workloads = || project.workloads.iter();
        let ignoring = workloads().filter(|workload| !workload.ignores.is_empty());
        Self {
            files: project.files.clone(),
            within: project.report_only.clone(),
            dockerfiles: workloads().filter_map(Workload::dockerfile).collect(),
            anchors: workloads().map(|workload| (workload.kind, workload.anchor)).collect(),
            ignores: ignoring
                .map(|workload| ServiceIgnores {
                    service: workload.name.clone(),
                    names: workload.ignores.clone(),
                    reason: workload.ignore_reason.clone(),
                })
                .collect(),
            ..Self::default()
        }
    }

    /// True when a finding has a place in each set of files that the project is narrowed to.
    pub(super) fn in_scope(&self, finding: &Finding, sources: &Sources) -> bool {
        has_place_in_each(finding, &self.within, sources)
    }

    /// The `x-oomlint` keys of the finding's service, and the name in them that suppresses it.
    pub(super) fn ignored_by(&self, finding: &Finding) -> Option<(&ServiceIgnores, &Spanned<String>)> {
        let service = finding.service.as_deref()?;
        // A service has its keys once.
        let ignores = self.ignores.iter().find(|ignores| ignores.service == service)?;
        Some((ignores, ignores.suppresses(finding)?))
    }
}

/// `x-oomlint: {ignore: [rule], reason: …}` of a service.
#[derive(Debug)]
pub(super) struct ServiceIgnores {
    pub(super) service: String,
    /// Rules and groups.
    pub(super) names: Vec<Spanned<String>>,
    pub(super) reason: Option<String>,
}

impl ServiceIgnores {
    /// The name that suppresses a finding: its rule or the rule's group.
    pub(super) fn suppresses(&self, finding: &Finding) -> Option<&Spanned<String>> {
        let names = names_of(finding.rule);
        self.names.iter().find(|name| names.contains(&name.value.as_str()))
    }
}

/// The names by which a suppression may call a rule: its own, and its group's.
pub(super) fn names_of(rule: &'static str) -> [&'static str; 2] {
    let group = crate::rules::find(rule).map(|rule| rule.meta().group.name());
    [rule, group.unwrap_or(rule)]
}

/// A finding that is not reported because its place is out of scope. A suppression that matches it is not unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct OutOfScope {
    pub(super) place: Span,
    pub(super) rule: &'static str,
}

impl OutOfScope {
    pub(super) fn of(finding: &Finding, sources: &Sources) -> Self {
        Self { place: sources.to_outer_span(finding.primary.span), rule: finding.rule }
    }
}

/// True when a label of a finding is in each of these sets of files.
pub(super) fn has_place_in_each(finding: &Finding, sets: &[Vec<SourceId>], sources: &Sources) -> bool {
    let labels = || std::iter::once(&finding.primary).chain(&finding.related);
    let mut sets = sets.iter();
    sets.all(|files| labels().any(|label| files.contains(&sources.to_outer_span(label.span).file)))
}
