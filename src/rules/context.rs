//! The context of a rule's check, through which it reports findings.

use super::offer::Instead;
use super::{Meta, Policy, Preset};
use crate::diagnostic::{Applicability, Confidence, Consequence, Edit, Finding, Fix, FixOp, Label, Severity};
use crate::hash::HashSet;
use crate::source::Span;
use crate::workload::{FactName, Kind, Project, Workload};

/// The project and settings that a rule checks, and the findings that it reports.
pub struct RuleContext<'a> {
    meta: &'static Meta,
    policy: &'a Policy,
    preset: Preset,
    project: &'a Project,
    /// The workload that is checked; `None` in checks of a whole project.
    workload: Option<&'a Workload>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> RuleContext<'a> {
    /// Creates the context of one rule and project, under the recommended preset.
    pub fn new(
        meta: &'static Meta,
        policy: &'a Policy,
        project: &'a Project,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        Self { meta, policy, preset: Preset::Recommended, project, workload: None, findings }
    }

    /// Sets another preset than the recommended one.
    #[must_use]
    pub fn with_preset(self, preset: Preset) -> Self {
        Self { preset, ..self }
    }

    /// Sets the workload that findings are about.
    pub(super) fn set_workload(&mut self, workload: &'a Workload) {
        self.workload = Some(workload);
    }

    /// Returns the number of findings so far.
    pub(super) fn count(&self) -> usize {
        self.findings.len()
    }

    /// Adds the places of the findings from `new` on to those of the rule. Those of a step are dropped that its service has, too:
    /// in the same place, or about something that both lack. `anchors` are those of the service and of the step.
    pub(super) fn drop_repeated(
        &mut self,
        new: usize,
        anchors: Option<(Span, Span)>,
        places: &mut HashSet<Span>,
    ) {
        let mut found = self.findings.split_off(new.min(self.findings.len()));
        if let Some((service, step)) = anchors {
            let repeats = |at: Span| places.contains(&at) || at == step && places.contains(&service);
            found.retain(|finding| !repeats(finding.primary.span));
        }
        places.extend(found.iter().map(|finding| finding.primary.span));
        self.findings.append(&mut found);
    }

    /// Returns the preset: some rules report more under the strict one.
    #[must_use]
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Returns the settings for the rules.
    #[must_use]
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Returns the project that is checked.
    #[must_use]
    pub fn project(&self) -> &'a Project {
        self.project
    }

    /// Starts a finding at `span`, about the workload that is checked. It is added when the builder is dropped.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> FindingBuilder<'_> {
        let Meta { name, severity, .. } = self.meta;
        let primary = Label { span, text: String::new() };
        let finding = Finding::new(name, *severity, Confidence::High, message.into(), primary);
        let mut builder = FindingBuilder { findings: self.findings, finding, instead: None };
        if let Some(workload) = self.workload {
            builder.workload(workload);
        }
        builder
    }
}

/// The largest number of related labels of a finding; after fixing so many, a new run shows the rest.
pub(crate) const MAX_RELATED: usize = 100;

/// A finding under construction. Dropping it adds it, so it ends before the next `report`.
pub struct FindingBuilder<'a> {
    findings: &'a mut Vec<Finding>,
    finding: Finding,
    /// What takes the place of fixes, if no Compose file describes the workload.
    instead: Option<Instead>,
}

impl Drop for FindingBuilder<'_> {
    fn drop(&mut self) {
        let none = Label { span: self.finding.primary.span, text: String::new() };
        let empty = Finding::new("", Severity::Note, Confidence::Low, String::new(), none);
        self.findings.push(std::mem::replace(&mut self.finding, empty));
    }
}

impl FindingBuilder<'_> {
    /// Sets the text at the primary place.
    pub fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.finding.primary.text = text.into();
        self
    }

    /// Names the workload: its service, if it is one, and its image.
    pub fn workload(&mut self, workload: &Workload) -> &mut Self {
        self.finding.service = (workload.kind != Kind::Image).then(|| workload.name.clone());
        self.instead = Instead::of(workload);
        self.finding.image = workload.service.image.value().map(|image| image.as_str().to_owned());
        self
    }

    /// Sets the service, where there is no workload.
    pub fn service(&mut self, name: &str) -> &mut Self {
        self.finding.service = Some(name.to_owned());
        self
    }

    /// Sets another image reference than the service's.
    pub fn image(&mut self, reference: &str) -> &mut Self {
        self.finding.image = Some(reference.to_owned());
        self
    }

    /// Makes it a finding about the image alone, reported once for all services that use it.
    pub fn image_alone(&mut self, reference: &str) -> &mut Self {
        self.finding.service = None;
        self.image(reference)
    }

    /// Sets another severity than the rule's own.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.finding.severity = severity;
        self
    }

    /// Sets another confidence than high.
    pub fn confidence(&mut self, confidence: Confidence) -> &mut Self {
        self.finding.confidence = confidence;
        self
    }

    /// Adds a related label, in any file.
    pub fn related(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        if self.finding.related.len() < MAX_RELATED {
            self.finding.related.push(Label { span, text: text.into() });
        }
        self
    }

    /// Adds related labels for the sites (anchors, merges, overrides) that brought a value to where it is used.
    pub fn via(&mut self, via: &[Span]) -> &mut Self {
        for span in via {
            self.related(*span, "merged in here");
        }
        self
    }

    /// Adds a note: arithmetic or a consequence.
    pub fn note(&mut self, text: impl Into<String>) -> &mut Self {
        self.finding.notes.push(text.into());
        self
    }

    /// Sets the help: advice, or text to paste.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.finding.help = Some(text.into());
        self
    }

    /// Adds a fix made of edits; the best fix comes first. `changes` names the facts that it may change.
    pub fn fix(
        &mut self,
        title: impl Into<String>,
        applicability: Applicability,
        changes: &'static [FactName],
        edits: Vec<Edit>,
    ) -> &mut Self {
        self.fix_with_ops(title, applicability, changes, edits, Vec::new())
    }

    /// Adds a fix made of edits and of fix operations.
    pub fn fix_with_ops(
        &mut self,
        title: impl Into<String>,
        applicability: Applicability,
        changes: &'static [FactName],
        edits: Vec<Edit>,
        ops: Vec<FixOp>,
    ) -> &mut Self {
        if let Some(instead) = &self.instead {
            let help = instead.help(&title.into(), &ops, !edits.is_empty());
            self.finding.help.get_or_insert(help);
            return self;
        }
        self.finding.fixes.push(Fix { title: title.into(), applicability, edits, ops, changes });
        self
    }

    /// Adds a fix made of fix operations.
    pub fn fix_ops(
        &mut self,
        title: impl Into<String>,
        applicability: Applicability,
        changes: &'static [FactName],
        ops: Vec<FixOp>,
    ) -> &mut Self {
        self.fix_with_ops(title, applicability, changes, Vec::new(), ops)
    }

    /// Names the rule whose finding on the same service is the cause; `plural` is the message after a count.
    pub fn consequence_of(&mut self, rule: &'static str, plural: &'static str) -> &mut Self {
        self.finding.consequence = Some(Consequence { of: rule, group_message: plural });
        self
    }

    /// Sets the plural message for several absences in one file, printed after their number.
    pub fn group_message(&mut self, plural: &'static str) -> &mut Self {
        self.finding.group_message = Some(plural);
        self
    }
}
