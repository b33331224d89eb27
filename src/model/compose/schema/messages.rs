//! The texts of refusals: what is wrong in plain words, and the words of Compose.

use super::super::refusal::Refusal;
use super::super::value::{Scalar, Value};
use super::read::{self, Found};
use super::{Alternative, COMPOSE, Reading, ScalarKind, Shape};
use crate::error::nearest;
use crate::source::{SourceId, Span};

/// The keys of services that may be a list, and that merging makes one form of.
const CONVERTED: [&str; 14] = [
    "annotations",
    "depends_on",
    "dns",
    "dns_opt",
    "dns_search",
    "env_file",
    "environment",
    "extra_hosts",
    "label_file",
    "labels",
    "models",
    "networks",
    "sysctls",
    "tmpfs",
];

/// Where a value is in a document.
#[derive(Debug, Default)]
pub(super) struct Place {
    steps: Vec<String>,
    /// The kind of value that each step goes into.
    parents: Vec<Parent>,
}

/// The kind of value that a step goes into.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Parent {
    /// A mapping with known keys.
    Keys,
    /// A mapping whose keys are names that the user chooses.
    Names,
    List,
}

impl Place {
    pub(super) fn push(&mut self, key: &str, parent: Parent) {
        self.steps.push(key.to_owned());
        self.parents.push(parent);
    }

    pub(super) fn push_item(&mut self, at: usize) {
        self.push(&at.to_string(), Parent::List);
    }

    pub(super) fn pop(&mut self) {
        self.steps.pop();
        self.parents.pop();
    }

    /// True where Compose takes a date, which YAML makes of `2024-01-01` without quotes, in the place of text: most mappings whose
    /// keys the user chooses, lists that it makes such a mapping of, and keys that are not decoded.
    pub(super) fn takes_dates(&self) -> bool {
        const PAIRS: [&str; 5] = ["annotations", "args", "environment", "labels", "sysctls"];
        match (self.steps().as_slice(), self.parents.last()) {
            (["version"] | [.., "build", "provenance" | "sbom"], _) => true,
            ([.., "extra_hosts", _], parent) => parent == Some(&Parent::List),
            ([.., "storage_opt" | "ulimits" | "additional_contexts", _], _) => false,
            ([.., "env_file", _] | ["jobs", _, "expose", _], Some(Parent::List)) => true,
            // Compose converts these before it decodes them, and takes text alone then.
            (["services", _, key, _], Some(Parent::List)) if PAIRS.contains(key) => false,
            (["services", _, "build" | "deploy", "args" | "labels", _], Some(Parent::List)) => false,
            (["networks", _, "labels", _], Some(Parent::List)) => false,
            ([.., key, _], Some(Parent::List)) if PAIRS.contains(key) || *key == "options" => true,
            (_, Some(Parent::Names)) => true,
            (_, Some(Parent::List)) => self.parents.iter().rev().nth(1) == Some(&Parent::Names),
            _ => false,
        }
    }

    fn steps(&self) -> Vec<&str> {
        self.steps.iter().map(String::as_str).collect()
    }

    /// Returns the path as Compose writes it: `services.web.ports.0`.
    fn path(&self) -> String {
        self.steps.join(".")
    }

    /// True for a key that may not be empty, whatever it is merged over: `services`, the `test` of a healthcheck, a ulimit.
    pub(super) fn is_never_empty(&self) -> bool {
        matches!(
            self.steps().as_slice(),
            ["services"] | [.., "healthcheck", "test"] | ["services" | "jobs", _, "ulimits", _]
        )
    }

    /// True for the `logging` of a service or job.
    pub(super) fn is_logging(&self) -> bool {
        matches!(self.steps.as_slice(), [_, _, key] if key == "logging")
    }

    /// Returns the path of the key that the place is in and that merging converts on both sides, if there is one (compose-go
    /// `override/merge.go`, `convertIntoSequence` and `convertIntoMapping`).
    pub(super) fn converted(&self) -> Option<&[String]> {
        let steps = self.steps();
        let length = match steps.as_slice() {
            ["services" | "jobs", _, "build" | "deploy", key, ..] => {
                matches!(*key, "additional_contexts" | "args" | "extra_hosts" | "labels").then_some(4)
            }
            ["services" | "jobs", _, key, ..] => CONVERTED.contains(key).then_some(3),
            ["networks" | "volumes" | "secrets" | "configs", _, "labels", ..] => Some(3),
            _ => None,
        };
        self.steps.get(..length?)
    }

    /// True if the place is that of the key itself that merging converts.
    pub(super) fn is_converted_key(&self) -> bool {
        self.converted().is_some_and(|path| path.len() == self.steps.len())
    }

    /// True if the place is that of a key whose settings are merged one by one: those stay as they are.
    pub(super) fn names_settings(&self) -> bool {
        matches!(self.steps().as_slice(), [_, _, "depends_on" | "models" | "networks", ..])
    }

    pub(super) fn service(&self) -> Option<String> {
        match self.steps().as_slice() {
            ["services", service, ..] => Some((*service).to_owned()),
            _ => None,
        }
    }

    /// Returns the value's name: `healthcheck.test` of `web`.
    fn name(&self) -> String {
        match self.steps().as_slice() {
            [] => "the file".to_owned(),
            ["services", service] => format!("the service `{service}`"),
            ["services", service, below @ ..] => format!("`{}` of `{service}`", below.join(".")),
            _ => format!("`{}`", self.path()),
        }
    }

    /// Returns the name of a key in the mapping: `start_interval` in `healthcheck` of `web`.
    pub(super) fn key(&self, key: &str) -> String {
        format!("the key `{key}`{}", self.inside())
    }

    /// Returns the mapping's name, after a key in it: of the service, or in `healthcheck` of it.
    fn inside(&self) -> String {
        match self.steps().as_slice() {
            [] => String::new(),
            ["services", service] => format!(" of `{service}`"),
            _ => format!(" in {}", self.name()),
        }
    }
}

/// Returns a refusal whose span is still to be set.
fn refusal(place: &Place, message: String, label: String, upstream: String) -> Refusal {
    let nowhere = Span::new(SourceId(0), 0, 0);
    let refusal = Refusal::new(nowhere, message, label, upstream);
    Refusal { service: place.service(), in_stack: true, ..refusal }
}

pub(super) fn unknown_key(
    place: &Place,
    key: &str,
    value: &Value,
    known: &[&str],
    unevaluated: bool,
) -> Refusal {
    let upstream = match (unevaluated, place.path()) {
        (true, path) => format!("{path}.{key} false schema"),
        (false, path) => format!("{path} additional properties '{key}' not allowed"),
    };
    let is_service = value.get("image").is_some() || value.get("build").is_some();
    let meant = nearest(key, known.iter().copied());
    let may_be_newer = !known.is_empty() && meant.is_empty() && !(place.steps.is_empty() && is_service);
    let label = match (place.steps.as_slice(), meant.first()) {
        ([], _) if is_service => "services go below `services:`".to_owned(),
        (_, Some(meant)) => format!("did you mean `{meant}`?"),
        (_, None) if known.is_empty() && key.is_empty() => "a key without a name".to_owned(),
        (_, None) if known.is_empty() => "a name has letters, digits, `.`, `_` and `-` only".to_owned(),
        (_, None) => format!("no key that Compose {COMPOSE} knows here"),
    };
    let message = match known.is_empty() {
        true => format!("Compose rejects the name `{key}`{}", place.inside()),
        false => format!("Compose rejects {}", place.key(key)),
    };
    Refusal {
        unknown_key: (!known.is_empty()).then(|| key.to_owned()),
        may_be_newer: may_be_newer.then(|| place.key(key)),
        ..refusal(place, message, label, upstream)
    }
}

pub(super) fn wrong_kind(place: &Place, value: &Value, found: Found, shape: &Shape) -> Refusal {
    let (upstream, wanted) = (format!("{} {}", place.path(), must_be(shape)), wanted(shape));
    let name = place.name();
    let (message, label) = match found {
        Found::Null => (format!("{name} is empty: Compose accepts {wanted}"), "nothing below it".to_owned()),
        _ => (format!("{name} is {}: Compose accepts {wanted}", found.name()), written(value, found, shape)),
    };
    refusal(place, message, label, upstream)
}

/// Returns the label of a value of the wrong kind.
fn written(value: &Value, found: Found, shape: &Shape) -> String {
    let is_taken = |scalar: &&Scalar| {
        let text = scalar.text.as_str();
        let read = read::cast(scalar, shape.reading);
        let is_read =
            read.is_ok_and(|read| shape.alternatives.iter().any(|alternative| read.fits(alternative)));
        is_short(text)
            && is_read
            && shape.reading.is_none_or(|reading| read::refused_text(text, reading).is_none())
    };
    match (found, value.as_scalar().filter(is_taken)) {
        (Found::Number(_) | Found::Boolean, Some(scalar)) => format!("as text: \"{}\"", scalar.text),
        _ => format!("this is {}", found.name()),
    }
}

fn is_short(text: &str) -> bool {
    (1..=40).contains(&text.len())
}

pub(super) fn wrong_word(place: &Place, text: &str, words: &[&str]) -> Refusal {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let upstream = match quoted.as_slice() {
        [word] => format!("{} value must be {word}", place.path()),
        _ => format!("{} value must be one of {}", place.path(), quoted.join(", ")),
    };
    let shown: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let label = match nearest(text, words.iter().copied()).first() {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "none of them".to_owned(),
    };
    let message = format!("{} is `{}`: Compose accepts {}", place.name(), short(text), or(&shown));
    refusal(place, message, label, upstream)
}

pub(super) fn out_of_range(place: &Place, text: &str, upstream: &str) -> Refusal {
    let message = format!("{} is {}: it {upstream}", place.name(), short(text));
    refusal(place, message, "out of range".to_owned(), format!("{} {upstream}", place.path()))
}

pub(super) fn negative(place: &Place, text: &str) -> Refusal {
    let message = format!("{} is {}: it cannot be negative", place.name(), short(text));
    let upstream = format!("{} cannot parse value as 'uint64': {text} overflows uint", place.path());
    refusal(place, message, "below 0".to_owned(), upstream)
}

pub(super) fn not_finite(place: &Place, text: &str) -> Refusal {
    let message = format!("{} is {}, which Compose cannot pass on", place.name(), short(text));
    let upstream = format!("json: unsupported value: {text}");
    refusal(place, message, "in quotes it is text".to_owned(), upstream)
}

/// Returns the refusal of an integer with a fraction or an exponent, which the schema takes and the decoder does not.
pub(super) fn not_exact(place: &Place, text: &str) -> Refusal {
    let message = format!("{} is {}, which is not written as a whole number", place.name(), short(text));
    let upstream = format!("{}: invalid type float64 for ulimits", place.path());
    refusal(place, message, "write it without fraction and exponent".to_owned(), upstream)
}

/// Returns the refusal of a date in the place of another scalar.
pub(super) fn date(place: &Place, text: &str, shape: &Shape) -> Refusal {
    let as_text = match shape.reading {
        None | Some(Reading::Name) => shape.takes_text(),
        _ => false,
    };
    let name = place.name();
    let (message, label) = match as_text {
        true => (
            format!("{name} is `{}`, which YAML reads as a date", short(text)),
            format!("as text: \"{}\"", short(text)),
        ),
        false => {
            (format!("{name} is a date: Compose accepts {}", wanted(shape)), "this is a date".to_owned())
        }
    };
    let upstream = match place.parents.last() {
        Some(Parent::List) => format!("{}: unexpected type time.Time", place.path()),
        _ => format!("{}: got unconvertible type 'time.Time'", place.path()),
    };
    Refusal { in_stack: false, ..refusal(place, message, label, upstream) }
}

/// Returns the refusal of text that Compose reads as a number or a boolean.
pub(super) fn cast(place: &Place, text: &str, upstream: &str, shape: &Shape) -> Refusal {
    let wanted = match shape.reading {
        Some(Reading::Whole | Reading::Count | Reading::Limit) => "a whole number",
        Some(Reading::Flag) => "`true` or `false`",
        _ => "a number",
    };
    let message = format!("{} is `{}`: Compose accepts {wanted}", place.name(), short(text));
    let upstream = match shape.is_late {
        true => format!("decoding failed due to the following error(s): {}: {upstream}", place.path()),
        false => format!("{}: failed to cast to expected type: {upstream}", place.path()),
    };
    refusal(place, message, format!("not {wanted}"), upstream)
}

/// Returns the refusal of text that the schema takes, and what reads it does not.
pub(super) fn refused_text(place: &Place, text: &str, upstream: &str) -> Refusal {
    let message = format!("Compose cannot read {}: `{}`", place.name(), short(text));
    refusal(place, message, upstream.to_owned(), format!("{} {upstream}", place.path()))
}

pub(super) fn absent_key(place: &Place, key: &str, shape: &Shape) -> Refusal {
    let message = format!("{} has no `{key}`, which Compose requires", place.name());
    // Of several alternatives, Compose mentions the first.
    let upstream = match shape.alternatives {
        [_] => format!("{} missing property '{key}'", place.path()),
        _ => format!("{} {}", place.path(), must_be(shape)),
    };
    refusal(place, message, format!("`{key}` is missing"), upstream)
}

pub(super) fn twice(place: &Place, item: &Value, upstream: &str) -> Refusal {
    let text = item.as_scalar().map(|scalar| scalar.text.as_str()).unwrap_or_default();
    let mut list = place.steps();
    list.pop();
    let list = Place { steps: list.into_iter().map(str::to_owned).collect(), parents: Vec::new() };
    let message = format!("{} names `{}` twice", list.name(), short(text));
    refusal(place, message, "and again here".to_owned(), format!("{} {upstream}", list.path()))
}

/// Returns Compose's words for a value of the wrong kind: those about the first alternative.
fn must_be(shape: &Shape) -> String {
    let kind = |kind: &ScalarKind| match kind {
        ScalarKind::Text => "string",
        ScalarKind::Integer => "integer",
        ScalarKind::Number => "number",
        ScalarKind::Boolean => "boolean",
        ScalarKind::Nothing => "null",
    };
    // `deploy: mapping or null` is one schema of two types.
    let mapping_or_nothing = matches!(
        shape.alternatives,
        [Alternative::Keys(_), Alternative::Scalar { kinds: [ScalarKind::Nothing], .. }]
    );
    match shape.alternatives.first() {
        _ if mapping_or_nothing => "must be a mapping or null".to_owned(),
        Some(Alternative::Scalar { kinds, .. }) => {
            let mut names: Vec<&str> = kinds.iter().map(kind).collect();
            names.sort_unstable();
            match names.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("must be a {} or {last}", rest.join(", ")),
                _ => format!("must be a {}", names.concat()),
            }
        }
        Some(Alternative::List { .. }) => "must be a array".to_owned(),
        Some(Alternative::Words(_)) => "must be a string".to_owned(),
        _ => "must be a mapping".to_owned(),
    }
}

/// Returns the kinds that Compose takes, in words.
fn wanted(shape: &Shape) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    for alternative in shape.alternatives {
        match alternative {
            Alternative::Scalar { kinds, .. } => {
                for kind in *kinds {
                    match kind {
                        // Text that stands for another kind would only confuse.
                        ScalarKind::Text => match shape.reading {
                            Some(
                                Reading::Whole
                                | Reading::Count
                                | Reading::Limit
                                | Reading::Decimal
                                | Reading::Flag,
                            ) => {}
                            Some(Reading::Duration) => add("text such as `30s`"),
                            Some(Reading::Size) => add("text such as `512m`"),
                            _ => add("text"),
                        },
                        ScalarKind::Integer => add("a whole number"),
                        ScalarKind::Number => match shape.reading {
                            Some(Reading::Whole | Reading::Count) => add("a whole number"),
                            _ => add("a number"),
                        },
                        ScalarKind::Boolean => add("`true` or `false`"),
                        ScalarKind::Nothing => {}
                    }
                }
            }
            Alternative::Words(_) => add("text"),
            Alternative::List { .. } => add("a list"),
            Alternative::Map { .. } | Alternative::Keys(_) => add("a mapping"),
        }
    }
    or(&names)
}

fn or(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// Returns the first line of a text, shortened.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 40 && line.len() == text.len() {
        return line.to_owned();
    }
    line.chars().take(40).chain(['…']).collect()
}
