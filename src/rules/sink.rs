//! Collects the findings of rules.

use super::{Meta, Policy, Preset};
use crate::diagnostic::FixOp;
use crate::diagnostic::{Applicability, Confidence, Edit, Finding, Fix, Label, Severity};
use crate::source::Span;
use crate::workload::{FactName, Kind, Workload};

/// Collects the findings of one rule.
pub struct Sink<'a> {
    meta: &'static Meta,
    policy: &'a Policy,
    preset: Preset,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Sink<'a> {
    /// Creates a sink for one rule, under the recommended preset.
    pub fn new(meta: &'static Meta, policy: &'a Policy, findings: &'a mut Vec<Finding>) -> Self {
        Self { meta, policy, preset: Preset::Recommended, findings }
    }

    /// Sets another preset than the recommended one.
    #[must_use]
    pub fn with_preset(self, preset: Preset) -> Self {
        Self { preset, ..self }
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

    /// Starts a finding at `span`; it is added when the builder is dropped at the end of the statement.
    pub fn report(
        &mut self,
        span: Span,
        label: impl Into<String>,
        message: impl Into<String>,
    ) -> Builder<'_> {
        let Meta { name, severity, .. } = self.meta;
        let primary = Label { span, text: label.into() };
        let finding = Finding::new(name, *severity, Confidence::High, message.into(), primary);
        Builder { findings: self.findings, finding: Some(finding) }
    }
}

/// The largest number of related labels of a finding; after fixing so many, a new run shows the rest.
pub(crate) const MAX_RELATED: usize = 100;

/// A finding under construction.
pub struct Builder<'a> {
    findings: &'a mut Vec<Finding>,
    finding: Option<Finding>,
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        self.findings.extend(self.finding.take());
    }
}

/// Each method changes the finding. Dropping the builder adds it to the sink, so the result need not be used.
impl Builder<'_> {
    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = &mut self.finding {
            change(finding);
        }
        self
    }

    /// Sets the service, unless the workload is a lone image, and the image reference.
    pub fn workload(self, workload: &Workload) -> Self {
        self.with(|finding| {
            match workload.kind {
                Kind::Service => finding.service = Some(workload.name.clone()),
                Kind::Image => {}
            }
            finding.image = workload.service.image.value().map(|image| image.as_str().to_owned());
        })
    }

    /// Sets the service, where there is no workload.
    pub fn service(self, name: &str) -> Self {
        self.with(|finding| finding.service = Some(name.to_owned()))
    }

    /// Sets the image reference, whatever runs it.
    pub fn image(self, reference: &str) -> Self {
        self.with(|finding| finding.image = Some(reference.to_owned()))
    }

    /// Sets another severity than the rule's own.
    pub fn severity(self, severity: Severity) -> Self {
        self.with(|finding| finding.severity = severity)
    }

    /// Sets another confidence than high.
    pub fn confidence(self, confidence: Confidence) -> Self {
        self.with(|finding| finding.confidence = confidence)
    }

    /// Adds a related label, in any file.
    pub fn related(self, span: Span, text: impl Into<String>) -> Self {
        self.with(|finding| {
            if finding.related.len() < MAX_RELATED {
                finding.related.push(Label { span, text: text.into() });
            }
        })
    }

    /// Adds related labels for the sites (anchors, merges, overrides) that brought a value to where it is used.
    pub fn via(self, via: &[Span]) -> Self {
        self.with(|finding| {
            let room = MAX_RELATED.saturating_sub(finding.related.len());
            let via = via.iter().take(room);
            finding.related.extend(via.map(|span| Label { span: *span, text: "comes in here".to_owned() }));
        })
    }

    /// Adds a note: arithmetic or a consequence.
    pub fn note(self, text: impl Into<String>) -> Self {
        self.with(|finding| finding.notes.push(text.into()))
    }

    /// Sets the help: advice, or text to paste.
    pub fn help(self, text: impl Into<String>) -> Self {
        self.with(|finding| finding.help = Some(text.into()))
    }

    /// Adds a fix made of edits, after the better ones. `changes` names the facts that it may change.
    pub fn fix(
        self,
        title: impl Into<String>,
        applicability: Applicability,
        changes: &'static [FactName],
        edits: Vec<Edit>,
    ) -> Self {
        self.fix_with_ops(title, applicability, changes, edits, Vec::new())
    }

    /// Adds a fix made of edits and of fix operations.
    pub fn fix_with_ops(
        self,
        title: impl Into<String>,
        applicability: Applicability,
        changes: &'static [FactName],
        edits: Vec<Edit>,
        requests: Vec<FixOp>,
    ) -> Self {
        let title = title.into();
        self.with(|finding| finding.fixes.push(Fix { title, applicability, edits, requests, changes }))
    }

    /// Adds a fix made of fix operations.
    pub fn fix_model(
        self,
        title: impl Into<String>,
        applicability: Applicability,
        changes: &'static [FactName],
        requests: Vec<FixOp>,
    ) -> Self {
        self.fix_with_ops(title, applicability, changes, Vec::new(), requests)
    }

    /// Sets the message for several absences in one file, which follows their number.
    pub fn group_message(self, plural: &'static str) -> Self {
        self.with(|finding| finding.group_message = Some(plural))
    }
}
