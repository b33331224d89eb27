//! Checks a document against the Compose format.

use std::collections::hash_map;

use super::super::merge::replaces_logging;
use super::super::refusal::{NewerKey, Refusal, Refusals};
use super::super::value::{Entry, Kind, Map, MergeMode, Scalar, Value};
use super::messages::{self, Parent, Place};
use super::read::{Found, cast, refused_text};
use super::{Alternative, Mapping, Names, ROOT, Reading, Release, ScalarKind, Shape};
use crate::error::only_slip;
use crate::hash::HashMap;
use crate::source::Span;
use crate::syntax::yaml;

/// Adds what Compose rejects in a document. `below` is what it is merged over: a key that is absent or empty may be there.
pub(in super::super) fn check(document: &Value, below: Option<&Value>, refusals: &mut Refusals) {
    let pass = if below.is_some() { Pass::Present } else { Pass::Everything };
    let mut checker = Checker {
        refusals,
        place: Place::default(),
        pass,
        below,
        root_below: below,
        document,
        is_probe: false,
    };
    checker.value(document, document.span, &ROOT);
}

/// Adds the text in a document that is extended from and that Compose cannot read before it looks for the service.
pub(in super::super) fn check_casts(document: &Value, refusals: &mut Refusals) {
    let mut checker = Checker {
        refusals,
        place: Place::default(),
        pass: Pass::Casts,
        below: None,
        root_below: None,
        document,
        is_probe: false,
    };
    checker.value(document, document.span, &ROOT);
}

/// Adds the keys that a project of several documents lacks after merging.
pub(in super::super) fn check_required(merged: &Value, refusals: &mut Refusals) {
    let mut checker = Checker {
        refusals,
        place: Place::default(),
        pass: Pass::Absent,
        below: None,
        root_below: None,
        document: merged,
        is_probe: false,
    };
    checker.value(merged, merged.span, &ROOT);
}

/// The pass over a document or over the merged project.
#[derive(Clone, Copy, PartialEq)]
enum Pass {
    Everything,
    /// Reports keys and values that are there.
    Present,
    /// Reports required keys that are absent.
    Absent,
    /// Reports text that is no number and no boolean where one is meant: Compose reads that of every service in a file.
    Casts,
}

impl Pass {
    /// True if it is about all that is there.
    fn is_full(self) -> bool {
        matches!(self, Self::Everything | Self::Present)
    }
}

struct Checker<'r> {
    refusals: &'r mut Refusals,
    place: Place,
    pass: Pass,
    /// The value that the one at `place` is merged over.
    below: Option<&'r Value>,
    /// The documents that the whole one is merged over.
    root_below: Option<&'r Value>,
    document: &'r Value,
    /// Only whether anything is refused is of interest.
    is_probe: bool,
}

impl Checker<'_> {
    /// Checks a value. `key` is the span of its key, or of the item.
    fn value(&mut self, value: &Value, key: Span, shape: &'static Shape) {
        if value.merge_mode == MergeMode::Remove {
            return;
        }
        let Some(found) = self.read(value, key, shape) else { return };
        let Some(alternative) = shape.alternatives.iter().find(|alternative| found.fits(alternative)) else {
            if self.is_converted() {
                self.converted_name(value, key);
                return;
            }
            // Merging leaves out most of what is empty.
            if found == Found::Null
                && self.below.is_some_and(|below| !below.is_null())
                && !self.place.is_never_empty()
            {
                return;
            }
            self.add(value, key, messages::wrong_kind(&self.place, value, found, shape));
            return;
        };
        match (alternative, &value.kind) {
            (Alternative::Keys(mapping), Kind::Map(map)) => self.mapping((map, mapping), key, value, shape),
            (Alternative::Map { item, keys }, Kind::Map(map)) => {
                for (name, entry) in map {
                    if keys.take(name) {
                        self.entry(name, Parent::Names, entry, item);
                    } else {
                        self.unknown_key(name, entry, None);
                    }
                }
            }
            (Alternative::List { item, unique }, Kind::Seq(items)) => self.list(items, key, item, *unique),
            (Alternative::Words(words), Kind::Scalar(scalar)) if !words.contains(&scalar.text.as_str()) => {
                self.add(value, key, messages::wrong_word(&self.place, scalar.text.as_str(), words));
            }
            (Alternative::Scalar { least, most, .. }, Kind::Scalar(scalar)) => {
                if let Found::Number(number) = found
                    && let Some(upstream) = out_of_range(number, *least, *most)
                {
                    self.add(
                        value,
                        key,
                        messages::out_of_range(&self.place, scalar.text.as_str(), &upstream),
                    );
                } else if matches!(scalar.typed, yaml::Value::Float(_))
                    && matches!(shape.reading, Some(Reading::Limit | Reading::Exact))
                {
                    self.add(value, key, messages::not_exact(&self.place, scalar.text.as_str()));
                } else if let Found::Number(number) = found
                    && shape.reading == Some(Reading::Count)
                    && number < 0.0
                {
                    self.add_decoded(value, messages::negative(&self.place, scalar.text.as_str()));
                }
            }
            _ => {}
        }
    }

    /// Returns the kind of a value after Compose has read it, or None if that is not known or has been reported.
    fn read(&mut self, value: &Value, key: Span, shape: &'static Shape) -> Option<Found> {
        let found = Found::of(value);
        let Kind::Scalar(scalar) = &value.kind else { return Some(found) };
        // Whatever a variable is, it is no list and no mapping.
        if scalar.unset.is_some() && !shape.takes_scalars() {
            return Some(Found::Text);
        }
        if scalar.unset.is_some() {
            return None;
        }
        // The schema takes a date for text. What decodes the value decides.
        if matches!(scalar.typed, yaml::Value::Timestamp) && shape.takes_scalars() {
            return self.date(value, scalar, shape);
        }
        let read = if found == Found::Text { cast(scalar, shape.reading) } else { Ok(found) };
        match read {
            Ok(Found::Number(number)) if !number.is_finite() => {
                self.add(value, key, messages::not_finite(&self.place, scalar.text.as_str()));
                None
            }
            Ok(Found::Text) => {
                let found = Found::Text;
                let text = scalar.text.as_str();
                let refused = shape.reading.and_then(|reading| Some((reading, refused_text(text, reading)?)));
                if let Some((reading, upstream)) = refused {
                    let refusal = messages::refused_text(&self.place, text, &upstream);
                    if matches!(reading, Reading::Policy | Reading::Name) {
                        self.add(value, key, refusal);
                    } else {
                        self.add_decoded(value, refusal);
                    }
                    return None;
                }
                Some(found)
            }
            Ok(found) => Some(found),
            Err(upstream) => {
                let text = scalar.text.as_str();
                let refusal = messages::cast(&self.place, text, &upstream, shape);
                if shape.is_late {
                    self.add_decoded(value, refusal);
                } else if self.pass != Pass::Absent {
                    self.add_at(value, key, refusal);
                }
                None
            }
        }
    }

    /// Adds a date where Compose takes none. Returns its kind if the schema is to decide.
    fn date(&mut self, value: &Value, scalar: &Scalar, shape: &'static Shape) -> Option<Found> {
        let is_text = shape.alternatives.iter().any(|alternative| match alternative {
            Alternative::Scalar { kinds, .. } => kinds.contains(&ScalarKind::Text),
            _ => false,
        });
        let is_size_or_command = matches!(shape.reading, Some(Reading::Size | Reading::Command));
        if !is_text {
            return Some(Found::Text);
        }
        if !is_size_or_command && !self.place.takes_dates() {
            self.add_decoded(value, messages::date(&self.place, scalar.text.as_str(), shape));
        }
        None
    }

    fn mapping(
        &mut self,
        (map, mapping): (&Map, &'static Mapping),
        key: Span,
        value: &Value,
        shape: &'static Shape,
    ) {
        for (name, entry) in map {
            match mapping.get(name) {
                Some(known) => {
                    if let Some(since) = known.since {
                        self.newer_key(name, entry, since);
                    }
                    self.entry(name, Parent::Keys, entry, &known.shape);
                }
                None if mapping.others => {}
                None if mapping.extensions && name.starts_with("x-") => {}
                None => self.unknown_key(name, entry, Some((map, mapping))),
            }
        }
        if matches!(self.pass, Pass::Everything | Pass::Absent) && value.missing.is_none() {
            let is_there =
                |key: &str| map.get(key).is_some_and(|entry| entry.value.merge_mode != MergeMode::Remove);
            for absent in mapping.required.iter().filter(|absent| !is_there(absent)) {
                let place = if key == value.span { first_line_of(map, key) } else { key };
                let mut refusal = messages::absent_key(&self.place, absent, shape);
                refusal.span = place;
                refusal.via.clone_from(&value.via);
                self.refusals.add(refusal);
            }
        }
    }

    /// True where merging makes text of a value, or nothing: of a scalar in the place of a list that is merged over another one, and
    /// of the values of a mapping that becomes one.
    fn is_converted(&self) -> bool {
        let Some((path, below)) = self.place.converted().zip(self.root_below) else { return false };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if below.at(&path).is_none_or(Value::is_null) {
            return false;
        }
        // `!override` takes the place of what is below it, as it is.
        let mut above = self.document;
        for key in &path {
            match above.get(key) {
                Some(entry) if entry.value.merge_mode != MergeMode::Replace => above = &entry.value,
                _ => return false,
            }
        }
        match above.kind {
            Kind::Scalar(_) => true,
            Kind::Map(_) => !self.place.names_settings(),
            _ => false,
        }
    }

    /// Adds a text that becomes the key of a mapping of names, and is none.
    fn converted_name(&mut self, value: &Value, key: Span) {
        if let Some((text, true)) = text(value)
            && self.place.names_settings()
            && self.place.is_converted_key()
            && !Names::Simple.take(text)
        {
            self.add(value, key, messages::unknown_key(&self.place, text, value, &[], false));
        }
    }

    fn entry(&mut self, name: &str, parent: Parent, entry: &Entry, shape: &'static Shape) {
        let below = self.below;
        // `!override` takes the place of what is below it.
        let merges = entry.value.merge_mode != MergeMode::Replace;
        self.below = below.filter(|_| merges).and_then(|below| below.get(name)).map(|entry| &entry.value);
        self.place.push(name, parent);
        if self.place.is_logging() {
            self.below = self.below.filter(|below| !replaces_logging(below, &entry.value));
        }
        self.value(&entry.value, entry.key, shape);
        self.place.pop();
        self.below = below;
    }

    fn list(&mut self, items: &[Value], key: Span, shape: &'static Shape, unique: bool) {
        let mut known: HashMap<(&str, bool), (usize, Span)> = HashMap::default();
        // Lists are not merged item by item.
        let below = self.below.take();
        for (at, item) in items.iter().enumerate() {
            self.place.push_item(at);
            let span = if item.span.is_empty() { key } else { item.span };
            self.value(item, span, shape);
            if let Some(text) = text(item).filter(|_| unique && self.pass != Pass::Absent) {
                match known.entry(text) {
                    hash_map::Entry::Vacant(place) => {
                        place.insert((at, item.span));
                    }
                    hash_map::Entry::Occupied(first) => {
                        let (index, first) = *first.get();
                        let mut refusal = messages::twice(
                            &self.place,
                            item,
                            &format!("items at {index} and {at} are equal"),
                        );
                        refusal.related.push((first, "first written here".to_owned()));
                        self.add(item, span, refusal);
                    }
                }
            }
            self.place.pop();
        }
        self.below = below;
    }

    /// Adds a key that older releases refuse.
    fn newer_key(&mut self, name: &str, entry: &Entry, since: Release) {
        if !self.pass.is_full() || entry.value.merge_mode == MergeMode::Remove {
            return;
        }
        self.refusals.add_newer(NewerKey {
            span: entry.key,
            via: entry.value.via.clone(),
            service: self.place.service(),
            name: self.place.key(name),
            since,
        });
    }

    /// Adds a key that is unknown in a mapping, or a name that Compose does not take.
    fn unknown_key(&mut self, name: &str, entry: &Entry, place: Option<(&Map, &'static Mapping)>) {
        if !self.pass.is_full() || entry.value.merge_mode == MergeMode::Remove {
            return;
        }
        let known: Vec<&'static str> =
            place.into_iter().flat_map(|(_, mapping)| mapping.keys).map(|key| key.name).collect();
        let unevaluated = place.is_some_and(|(_, mapping)| mapping.unevaluated);
        let mut refusal = messages::unknown_key(&self.place, name, &entry.value, &known, unevaluated);
        // A key in quotes, as in JSON, has a longer span.
        let plain = entry.key.range().len() == name.len();
        refusal.rename_to = place.filter(|_| plain).and_then(|place| self.meant(name, entry, place));
        refusal.span = entry.key;
        refusal.via.clone_from(&entry.value.via);
        self.refusals.add(refusal);
    }

    /// Returns the only key that resembles an unknown one, if it is absent and takes the value.
    fn meant(
        &self,
        name: &str,
        entry: &Entry,
        (map, mapping): (&Map, &'static Mapping),
    ) -> Option<&'static str> {
        let meant = only_slip(name, mapping.keys.iter().map(|key| key.name))?;
        if self.is_probe
            || map.contains_key(meant)
            || self.below.is_some_and(|below| below.get(meant).is_some())
        {
            return None;
        }
        let mut found = Refusals::default();
        let mut probe = Checker {
            refusals: &mut found,
            place: Place::default(),
            pass: Pass::Everything,
            below: None,
            root_below: None,
            document: self.document,
            is_probe: true,
        };
        probe.value(&entry.value, entry.key, &mapping.get(meant)?.shape);
        found.is_empty().then_some(meant)
    }

    /// Adds a refusal of a scalar that Compose reads after merging.
    fn add_decoded(&mut self, value: &Value, refusal: Refusal) {
        if self.pass.is_full() {
            self.refusals.add_decoded(Refusal { span: value.span, via: value.via.clone(), ..refusal });
        }
    }

    /// Adds a refusal of a value: at a scalar itself, else at its key.
    fn add(&mut self, value: &Value, key: Span, refusal: Refusal) {
        if self.pass.is_full() {
            self.add_at(value, key, refusal);
        }
    }

    fn add_at(&mut self, value: &Value, key: Span, refusal: Refusal) {
        let is_scalar = value.as_scalar().is_some() && !value.span.is_empty();
        let span = if is_scalar { value.span } else { key };
        self.refusals.add(Refusal { span, via: value.via.clone(), ..refusal });
    }
}

/// Returns the key of the first entry of a mapping without a key of its own, an item of a list.
fn first_line_of(map: &Map, otherwise: Span) -> Span {
    map.values().next().map_or(otherwise, |entry| entry.key)
}

/// Returns the text of a scalar without a variable that is not known, and whether it is text to YAML.
fn text(value: &Value) -> Option<(&str, bool)> {
    let scalar = value.as_scalar().filter(|scalar| scalar.unset.is_none())?;
    Some((scalar.text.as_str(), matches!(scalar.typed, yaml::Value::Str)))
}

fn out_of_range(number: f64, least: Option<i64>, most: Option<i64>) -> Option<String> {
    match (least, most) {
        (Some(least), _) if number < least as f64 => {
            Some(format!("must be greater than or equal to {least}"))
        }
        (_, Some(most)) if number > most as f64 => Some(format!("must be less than or equal to {most}")),
        _ => None,
    }
}
