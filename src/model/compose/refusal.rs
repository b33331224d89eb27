//! What Docker Compose refuses in the files of a project, with the place, and which of it another rule reports.

use super::service::Service;
use super::value::{Kind, Value};
use super::{SizeProblem, Unresolved};
use crate::hash::HashSet;
use crate::source::{Sources, Span};
use crate::syntax::SyntaxError;

/// Upper bound on the refusals of one project. Someone who has so many mends some and runs again.
const MAX_REFUSALS: usize = 500;

/// Something for which Docker Compose refuses a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The key or value at fault.
    pub span: Span,
    /// Spans of the aliases, merge keys, extends and includes that it came through.
    pub via: Vec<Span>,
    /// The service that it is in, if it is in one.
    pub service: Option<String>,
    /// What is refused, in one line.
    pub message: String,
    /// What is wrong at the place.
    pub label: String,
    /// The words of Compose.
    pub said: String,
    /// Other places that it is about, each with a text.
    pub related: Vec<(Span, String)>,
    /// `docker stack deploy` refuses it, too.
    pub in_stack: bool,
    /// Something is missing that a file merged over these may add.
    pub may_be_added: bool,
}

impl Refusal {
    /// Creates the refusal of a key that YAML reads as a number, a boolean or null.
    pub(super) fn of_key(key: &str, span: Span, via: &[Span]) -> Self {
        Self {
            span,
            via: via.to_vec(),
            service: None,
            message: format!("the key `{key}` is no text to YAML, and Compose takes no other keys"),
            label: format!("as text: \"{key}\""),
            said: format!("non-string key: {key}"),
            related: Vec::new(),
            in_stack: true,
            may_be_added: false,
        }
    }

    /// Creates the refusal of an `extends` that names no service.
    pub(super) fn of_extends(service: &str, span: Span) -> Self {
        Self {
            span,
            via: Vec::new(),
            service: Some(service.to_owned()),
            message: format!("`extends` of `{service}` names no service"),
            label: "no `service` in it".to_owned(),
            said: format!("extends.{service}.service is required"),
            related: Vec::new(),
            in_stack: true,
            may_be_added: false,
        }
    }
}

/// Refusals in the order in which they are found, one for each place.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    found: Vec<Refusal>,
    places: HashSet<Span>,
    /// Those of values that Compose reads once everything is merged: it does not see what is replaced.
    decoded: Vec<Refusal>,
}

impl Refusals {
    /// Adds a refusal that counts if its value is left in the merged project.
    pub(super) fn add_decoded(&mut self, refusal: Refusal) {
        if self.decoded.len() < MAX_REFUSALS {
            self.decoded.push(refusal);
        }
    }

    /// Takes those of values that the merged project has.
    pub(super) fn settle(&mut self, merged: &Value) {
        let decoded = std::mem::take(&mut self.decoded);
        if decoded.is_empty() {
            return;
        }
        let mut left: HashSet<Span> = HashSet::default();
        let mut stack = vec![merged];
        while let Some(value) = stack.pop() {
            left.insert(value.span);
            match &value.kind {
                Kind::Map(map) => stack.extend(map.values().map(|entry| &entry.value)),
                Kind::Seq(items) => stack.extend(items),
                Kind::Scalar(_) | Kind::Null => {}
            }
        }
        decoded
            .into_iter()
            .filter(|refusal| left.contains(&refusal.span))
            .for_each(|refusal| self.add(refusal));
    }

    /// Adds a refusal, unless there is one for its place: services may share a mapping.
    pub(super) fn add(&mut self, refusal: Refusal) {
        if self.found.len() < MAX_REFUSALS && self.places.insert(refusal.span) {
            self.found.push(refusal);
        }
    }

    /// Returns those that no other rule reports. Each rule below knows more about its places than this list does.
    pub(super) fn without_told(
        mut self,
        services: &[Service],
        errors: &[SyntaxError],
        unresolved: impl Iterator<Item = Unresolved>,
        sources: &Sources,
    ) -> Vec<Refusal> {
        if self.found.is_empty() {
            return self.found;
        }
        let mut told: Vec<Span> = errors.iter().filter(|error| error.fatal).map(|error| error.span).collect();
        told.extend(unresolved.map(|reference| reference.span));
        for service in services {
            let sizes = service.size_keys.iter();
            let sizes = sizes.filter(|key| matches!(key.problem, Some(SizeProblem::Refused(_))));
            told.extend(sizes.flat_map(|key| [key.key, key.size.span()]));
            told.extend(service.unknown_keys.iter().map(|unknown| unknown.key.span));
            told.extend(service.conflicts.iter().map(|conflict| conflict.short_value.span));
            let healthcheck = service.healthcheck.iter().flat_map(|section| &section.refusals);
            told.extend(healthcheck.map(|refusal| refusal.span));
        }
        let is_told = |span: Span| told.iter().any(|place| touches(*place, span));
        self.found.retain(|refusal| !is_told(refusal.span) && !is_templated(refusal.span, sources));
        self.found
    }
}

/// True for a place that a template engine fills in before Compose reads the file.
fn is_templated(span: Span, sources: &Sources) -> bool {
    let source = sources.get(span.file);
    source.text().contains("{%") || source.line_at(span.start).text.contains("{{")
}

/// True if one span is within the other.
fn touches(one: Span, other: Span) -> bool {
    one == other || one.contains(other) || other.contains(one)
}
