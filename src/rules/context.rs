//! The context of a rule's check, through which it reports findings.

use super::form::Form;
use super::offer::Instead;
use super::{Meta, Policy, Preset};
use crate::diagnostic::{
    Applicability, Confidence, Consequence, Edit, Finding, Fix, FixOp, GroupMessage, Label, Severity,
};
use crate::hash::HashSet;
use crate::source::{SourceId, Span, Spanned};
use crate::workload::{Described, FactName, Kind, Project, Workload, shell_quoted};

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

    /// Adds the places of the findings about a workload, those from `new` on, to those of the rule. Of a step those are dropped that its
    /// service has, too: in the same place, unless a line of the step is related, or about something that both lack. `service` is the
    /// anchor of the service before it.
    pub(super) fn drop_repeated(
        &mut self,
        new: usize,
        (workload, service): (&Workload, Option<Span>),
        places: &mut HashSet<Span>,
    ) {
        let mut found = self.findings.split_off(new.min(self.findings.len()));
        if let Some((step, service)) = workload.step().zip(service) {
            found.retain(|finding| {
                let at = finding.primary.span;
                let is_own = finding.related.iter().any(|label| step.mapping.contains(label.span));
                let is_repeated = places.contains(&at) && !is_own;
                let is_lacking = at == workload.anchor && places.contains(&service);
                !is_repeated && !is_lacking
            });
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
        let mut builder = FindingBuilder {
            findings: self.findings,
            finding,
            checked: self.workload,
            in_form: None,
            instead: None,
            podman: false,
            subject: "services",
        };
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
    /// The workload that is checked.
    checked: Option<&'a Workload>,
    /// The form of the settings of a workload that a command line starts; there is nothing to fix.
    in_form: Option<InForm>,
    /// The advice in place of fixes for an inspected container.
    instead: Option<Instead>,
    /// Podman runs the workload, which has no daemon.
    podman: bool,
    /// The plural noun for workloads of this kind.
    subject: &'static str,
}

/// The form of the settings of a workload that a command line starts.
struct InForm {
    form: Form,
    /// The keys of its sizes, by the span of their values.
    sizes: Vec<(Span, &'static str)>,
    /// Its flags as written.
    flags: Vec<Spanned<String>>,
}

impl InForm {
    fn of(workload: &Workload) -> Option<Self> {
        let form = Form::of(workload);
        let sizes = workload.service.size_keys.iter().map(|key| (key.size.span(), key.name));
        let flags = workload.launch()?.flags.clone();
        Some(Self { form, sizes: sizes.collect(), flags })
    }

    /// Returns the help for a fix: its title, with the flags to write.
    fn help(&self, title: String, edits: &[Edit], ops: &[FixOp]) -> String {
        let removed = ops.iter().map(|op| match op {
            FixOp::Remove { key } => self.flag_at(*key).map(|flag| flag.value.as_str()),
            _ => None,
        });
        if edits.is_empty()
            && let Some(flags) = removed.collect::<Option<Vec<&str>>>().filter(|flags| !flags.is_empty())
        {
            return format!("remove `{}`", flags.join(" "));
        }
        let key = |value: Span| self.sizes.iter().find(|(span, _)| span.contains(value)).map(|(_, key)| *key);
        let set = if ops.is_empty() { Some(String::new()) } else { self.form.flags(ops, &key) };
        let changed = if edits.is_empty() { Some(String::new()) } else { self.edited(edits) };
        let written = set.or_else(|| self.appended(ops)).zip(changed);
        let flags = written.map(|(set, changed)| [changed, set].join(" ").trim().to_owned());
        let says_it = |edit: &Edit| title.contains(&format!("`{}`", edit.replacement));
        match (flags.filter(|flags| !flags.is_empty()), edits) {
            (_, [edit]) if ops.is_empty() && says_it(edit) => title,
            (Some(flags), _) => format!("{title}:\n  {flags}"),
            // A word of the command: the title has it.
            (None, _) => title,
        }
    }

    /// Returns the flag that the bytes of a span belong to.
    fn flag_at(&self, span: Span) -> Option<&Spanned<String>> {
        self.flags.iter().find(|flag| flag.span.contains(span))
    }

    /// Returns a flag with edits in it.
    fn edited(&self, edits: &[Edit]) -> Option<String> {
        let flag = self.flag_at(edits.first()?.span)?;
        let mut edits: Vec<&Edit> = edits.iter().filter(|edit| flag.span.contains(edit.span)).collect();
        edits.sort_by_key(|edit| edit.span.start);
        let mut written = String::new();
        let mut from = 0;
        for edit in edits {
            let start = (edit.span.start - flag.span.start) as usize;
            written.push_str(flag.value.get(from..start)?);
            written.push_str(&edit.replacement);
            from = (edit.span.end - flag.span.start) as usize;
        }
        written.push_str(flag.value.get(from..)?);
        Some(written)
    }

    /// Returns the flag of a variable with words behind its value.
    fn appended(&self, ops: &[FixOp]) -> Option<String> {
        let [FixOp::AppendToVariable { name, words }] = ops else { return None };
        let (flag, value) = self.flag_at(*name)?.value.split_once([' ', '='])?;
        let inner = value.trim_matches(['"', '\'']);
        let is_plain = !inner.contains(['"', '\'', '$', '`', '\\']);
        is_plain.then(|| format!("{flag} {}", shell_quoted(&format!("{inner} {words}"))))
    }
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
        self.in_form = InForm::of(workload);
        self.podman = workload.described().is_some_and(Described::is_podman);
        let is_service =
            workload.described().is_none() || workload.launch().is_some_and(|launch| launch.swarm);
        self.subject = if is_service { "services" } else { "containers" };
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
        let text = if self.in_form.is_some() { "from here" } else { "merged in here" };
        for span in via {
            self.related(*span, text);
        }
        self
    }

    /// Adds a note: arithmetic or a consequence.
    pub fn note(&mut self, text: impl Into<String>) -> &mut Self {
        self.finding.notes.push(text.into());
        self
    }

    /// Adds what Docker's daemon says when it refuses the workload.
    pub fn daemon_says(&mut self, message: &str) -> &mut Self {
        if !self.podman {
            self.finding.notes.push(format!("Error response from daemon: {message}"));
        }
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
        if let Some(in_form) = &self.in_form {
            let help = in_form.help(title.into(), &edits, &ops);
            self.finding.help.get_or_insert(help);
            return self;
        }
        if let Some(instead) = &self.instead {
            let help = instead.help(&title.into(), &ops, &edits);
            self.finding.help.get_or_insert(help);
            return self;
        }
        let title = title.into();
        let is_taken = |(key, file): (String, SourceId)| {
            self.checked.is_some_and(|workload| workload.is_taken_away(&key, file))
        };
        if ops.iter().flat_map(FixOp::keys).any(is_taken) {
            let help = format!("{title}; `!reset` or `!override` in another file takes that away");
            self.finding.help.get_or_insert(help);
            return self;
        }
        self.finding.fixes.push(Fix { title, applicability, edits, ops, changes });
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

    /// Sets the message for several workloads that lack the same, after their number and what they are called: `have no memory limit`.
    pub fn group_message(&mut self, says: &'static str) -> &mut Self {
        self.group_message_of(self.subject, says)
    }

    /// Sets the message for several of something else: `images`, `have no healthcheck`.
    pub fn group_message_of(&mut self, subject: &'static str, says: &'static str) -> &mut Self {
        self.finding.group_message = Some(GroupMessage { subject, says });
        self
    }
}
