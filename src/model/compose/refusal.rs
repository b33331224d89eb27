//! Errors for which Docker Compose rejects a project, each with its place.

use std::path::PathBuf;

use super::schema::Release;
use super::service::Service;
use super::value::{Kind, Value};
use super::{SizeProblem, Unresolved};
use crate::hash::HashSet;
use crate::source::{SourceId, Span};
use crate::syntax::SyntaxError;

/// Upper bound on the refusals of one project. Someone who has so many mends some and runs again.
const MAX_REFUSALS: usize = 500;

/// An error for which Docker Compose rejects a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The key or value at fault.
    pub span: Span,
    /// Spans of the aliases, merge keys, extends and includes that it came through.
    pub via: Vec<Span>,
    /// The service that it is in, if it is in one.
    pub service: Option<String>,
    /// The message of the finding.
    pub message: String,
    /// The label at the span.
    pub label: String,
    /// The error message of Compose.
    pub upstream: String,
    /// Labels at other places.
    pub related: Vec<(Span, String)>,
    /// `docker stack deploy` refuses it, too.
    pub in_stack: bool,
    /// Something is missing that an override file may add.
    pub may_be_added: bool,
    /// The key, if it is one that Compose does not know.
    pub unknown_key: Option<String>,
    /// The missing name, if it is one that nothing in the project defines, or a service without anything to run.
    pub undefined: Option<Undefined>,
    /// Another Compose file that defines it, relative to the project's directory.
    pub defined_in: Option<PathBuf>,
    /// The name of a key that Compose does not know and that resembles none that it knows: a later release may take it.
    pub may_be_newer: Option<String>,
    /// The only key that resembles it, if that one is absent and takes the value.
    pub rename_to: Option<&'static str>,
}

/// A name that nothing defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// The section that lacks it: `services`, `networks`.
    pub section: &'static str,
    /// The name.
    pub name: String,
}

/// A key that older releases of Docker Compose refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewerKey {
    /// The key.
    pub span: Span,
    /// Spans of the aliases, merge keys, extends and includes that it came through.
    pub via: Vec<Span>,
    /// The service that it is in, if it is in one.
    pub service: Option<String>,
    /// Its name, as in "the key `gpus` of `web`".
    pub name: String,
    /// The first release that takes it.
    pub since: Release,
}

impl Refusal {
    /// Creates a refusal at a place, with the message and the label of the finding, and the error message of Compose.
    pub(super) fn new(span: Span, message: String, label: impl Into<String>, upstream: String) -> Self {
        Self {
            span,
            via: Vec::new(),
            service: None,
            message,
            label: label.into(),
            upstream,
            related: Vec::new(),
            in_stack: false,
            may_be_added: false,
            unknown_key: None,
            undefined: None,
            defined_in: None,
            may_be_newer: None,
            rename_to: None,
        }
    }

    /// Creates the refusal of a key that YAML reads as a number, a boolean or null.
    pub(super) fn of_key(key: &str, span: Span, via: &[Span]) -> Self {
        let message = format!("the key `{key}` is not a string; Compose accepts only strings");
        let (label, upstream) = (format!("write it as \"{key}\""), format!("non-string key: {key}"));
        Self { via: via.to_vec(), in_stack: true, ..Self::new(span, message, label, upstream) }
    }

    /// Creates the refusal of an `extends` that names no service. `is_short` if it is no mapping.
    pub(super) fn of_extends(service: &str, span: Span, is_short: bool) -> Self {
        let upstream = match is_short {
            true => format!("cannot extend service \"{service}\": service \"\" not found"),
            false => format!("extends.{service}.service is required"),
        };
        let message = format!("`extends` of `{service}` names no service");
        let refusal = Self::new(span, message, "no name of a service in it", upstream);
        Self { service: Some(service.to_owned()), in_stack: true, ..refusal }
    }
}

/// Refusals in the order in which they are found, one for each place.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    found: Vec<Refusal>,
    places: HashSet<Span>,
    /// Refusals of values that Compose reads after merging. They count only if nothing replaces the value.
    decoded: Vec<Refusal>,
    /// Keys that older releases refuse.
    newer: Vec<NewerKey>,
}

impl Refusals {
    /// Adds a refusal that counts if its value is left in the merged project.
    pub(super) fn add_decoded(&mut self, refusal: Refusal) {
        if self.decoded.len() < MAX_REFUSALS {
            self.decoded.push(refusal);
        }
    }

    /// Adds a key that older releases refuse, unless it has been added: services may share a mapping.
    pub(super) fn add_newer(&mut self, key: NewerKey) {
        if self.newer.len() < MAX_REFUSALS && !self.newer.iter().any(|known| known.span == key.span) {
            self.newer.push(key);
        }
    }

    /// Returns the keys that older releases refuse.
    pub(super) fn take_newer(&mut self) -> Vec<NewerKey> {
        std::mem::take(&mut self.newer)
    }

    /// True if nothing has been refused.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty() && self.decoded.is_empty()
    }

    /// Adds the refusals of [`Self::add_decoded`] whose values are left in the merged project.
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

    /// Adds the refusal of a project without any key besides `version`, which Compose does not count.
    pub(super) fn add_if_empty(&mut self, merged: Option<&Value>, files: &[SourceId]) {
        let mut keys = merged.and_then(Value::as_map).into_iter().flatten();
        if keys.any(|(name, _)| *name != "version") {
            return;
        }
        let Some(file) = files.first() else { return };
        let span =
            merged.filter(|value| !value.span.is_empty()).map_or(Span::new(*file, 0, 0), |value| value.span);
        let message = "the file is empty, and Compose rejects an empty file".to_owned();
        let refusal = Refusal::new(span, message, "no key here", "empty compose file".to_owned());
        self.add(Refusal { in_stack: true, ..refusal });
    }

    /// Adds a refusal, unless there is one for its place: services may share a mapping.
    pub(super) fn add(&mut self, refusal: Refusal) {
        if self.found.len() < MAX_REFUSALS && self.places.insert(refusal.span) {
            self.found.push(refusal);
        }
    }

    /// Returns the refusals at places that no other rule reports: those rules know more about them.
    pub(super) fn without_reported(
        mut self,
        services: &[Service],
        errors: &[SyntaxError],
        unresolved: impl Iterator<Item = Unresolved>,
    ) -> Vec<Refusal> {
        if self.found.is_empty() {
            return self.found;
        }
        let mut reported: Vec<Span> =
            errors.iter().filter(|error| error.fatal).map(|error| error.span).collect();
        reported.extend(unresolved.map(|reference| reference.span));
        for service in services {
            let sizes = service.size_keys.iter();
            let sizes = sizes.filter(|key| matches!(key.problem, Some(SizeProblem::Refused(_))));
            reported.extend(sizes.flat_map(|key| [key.key, key.size.span()]));
            reported.extend(service.unknown_keys.iter().map(|unknown| unknown.key.span));
            reported.extend(service.conflicts.iter().map(|conflict| conflict.short_value.span));
            let healthcheck = service.healthcheck.iter().flat_map(|section| &section.refusals);
            reported.extend(healthcheck.map(|refusal| refusal.span));
        }
        let is_reported = |span: Span| reported.iter().any(|place| touches(*place, span));
        self.found.retain(|refusal| !is_reported(refusal.span));
        self.found
    }
}

/// True if one span is within the other.
fn touches(one: Span, other: Span) -> bool {
    one == other || one.contains(other) || other.contains(one)
}
