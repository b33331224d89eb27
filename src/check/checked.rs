//! Projects that rules have run over, before each finding is reported, suppressed or dropped.

use super::ProjectInputs;
use crate::diagnostic::Finding;
use crate::source::{SourceId, Sources, Span, Spanned};
use crate::workload::{Kind, Project, Workload};

/// A project with the findings of all rules.
#[derive(Debug, Default)]
pub(super) struct CheckedProject {
    /// All files read for the project; the configuration of the first holds for the project.
    pub(super) files: Vec<SourceId>,
    /// As [`Project::report_only`]: a finding in scope has a label in each of these sets of files.
    pub(super) report_only: Vec<Vec<SourceId>>,
    /// The Dockerfiles that its workloads are built from.
    pub(super) dockerfiles: Vec<SourceId>,
    /// The kind and the declaration of each workload.
    pub(super) anchors: Vec<(Kind, Span)>,
    /// The `x-oomlint` keys of its services.
    pub(super) ignores: Vec<ServiceIgnores>,
    /// Findings in its own files.
    pub(super) findings: Vec<Finding>,
    /// Indices in [`super::merge::SharedFindings`] of findings in files that other projects share.
    pub(super) shared: Vec<usize>,
    /// Findings that are known to be out of scope.
    pub(super) out_of_scope: Vec<FindingKey>,
    /// Spans of the names in `x-oomlint` keys that matched a finding.
    pub(super) used: Vec<Span>,
    /// The files that it depends on.
    pub(super) inputs: ProjectInputs,
    /// Errors that are left out at places which something fills in before Docker reads them.
    pub(super) filled_in: Vec<FindingKey>,
    /// Images that its services run and nobody knows, as they are written in the files.
    pub(super) unknown_images: Vec<String>,
    /// The project itself, if the caller keeps it.
    pub(super) project: Option<Project>,
}

impl CheckedProject {
    /// Copies from a project what is needed after it is dropped; without findings.
    pub(super) fn of(project: &Project) -> Self {
        let workloads = || project.workloads.iter();
        let ignoring = workloads().filter(|workload| !workload.service.ignores.is_empty());
        Self {
            files: project.files.clone(),
            inputs: ProjectInputs {
                files: project.files.clone(),
                changed_by: project.elsewhere.iter().map(|change| change.file.clone()).collect(),
            },
            report_only: project.report_only.clone(),
            unknown_images: project.unknown_images().into_iter().map(str::to_owned).collect(),
            dockerfiles: workloads().filter_map(Workload::dockerfile).collect(),
            anchors: workloads().map(|workload| (workload.kind, workload.anchor)).collect(),
            ignores: ignoring
                .map(|workload| ServiceIgnores {
                    service: workload.name.clone(),
                    names: workload.service.ignores.clone(),
                    reason: workload.service.ignore_reason.clone(),
                })
                .collect(),
            ..Self::default()
        }
    }

    /// True if the finding has a label in each set of files that the project is restricted to.
    pub(super) fn in_scope(&self, finding: &Finding, sources: &Sources) -> bool {
        has_place_in_each(finding, &self.report_only, sources)
    }

    /// Returns the `x-oomlint` key of the finding's service, and the name in it that suppresses the finding.
    pub(super) fn ignored_by(&self, finding: &Finding) -> Option<(&ServiceIgnores, &Spanned<String>)> {
        let service = finding.service.as_deref()?;
        // A service has one `x-oomlint` key at most.
        let ignores = self.ignores.iter().find(|ignores| ignores.service == service)?;
        Some((ignores, ignores.suppresses(finding)?))
    }
}

/// The `x-oomlint: {ignore: [rule], reason: …}` of a service.
#[derive(Debug)]
pub(super) struct ServiceIgnores {
    pub(super) service: String,
    /// Names of rules and groups.
    pub(super) names: Vec<Spanned<String>>,
    pub(super) reason: Option<String>,
}

impl ServiceIgnores {
    /// Returns the name that suppresses a finding: its rule or the rule's group.
    pub(super) fn suppresses(&self, finding: &Finding) -> Option<&Spanned<String>> {
        let names = names_of(finding.rule);
        self.names.iter().find(|name| names.contains(&name.value.as_str()))
    }
}

/// Returns the names by which a suppression may refer to a rule: its own and its group's.
pub(super) fn names_of(rule: &'static str) -> [&'static str; 2] {
    let group = crate::rules::find(rule).map(|rule| rule.meta().group.name());
    [rule, group.unwrap_or(rule)]
}

/// The rule and place of a finding, by which suppressions match it. Kept of a finding out of scope, so that a suppression that
/// matches it is not reported as unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FindingKey {
    pub(super) place: Span,
    pub(super) rule: &'static str,
}

impl FindingKey {
    pub(super) fn of(finding: &Finding, sources: &Sources) -> Self {
        Self { place: sources.to_outer_span(finding.primary.span), rule: finding.rule }
    }
}

/// True if each of these sets of files has a label of the finding in it.
pub(super) fn has_place_in_each(finding: &Finding, sets: &[Vec<SourceId>], sources: &Sources) -> bool {
    let labels = || std::iter::once(&finding.primary).chain(&finding.related);
    let mut sets = sets.iter();
    sets.all(|files| labels().any(|label| files.contains(&sources.to_outer_span(label.span).file)))
}
