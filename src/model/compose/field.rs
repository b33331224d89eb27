//! Reads the keys of a service as facts.

use super::schema::decimal;
use super::value::{Entry, Kind, Scalar, Value};
use crate::model::fact::{Fact, Why};
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::size::ByteSize;
use crate::syntax::words::split_command;
use crate::syntax::{duration, yaml};

/// The mapping of a service, and the span at which absent keys are reported.
#[derive(Clone, Copy)]
pub(super) struct Fields<'v> {
    pub(super) value: &'v Value,
    pub(super) anchor: Span,
}

impl<'v> Fields<'v> {
    /// Returns the value at `path` if it is set and not null.
    pub(super) fn get(&self, path: &[&str]) -> Option<&'v Value> {
        self.value.at(path).filter(|value| !value.is_null())
    }

    /// Returns the key and value at `path`, null or not.
    pub(super) fn entry(&self, path: &[&str]) -> Option<&'v Entry> {
        let (last, above) = path.split_last()?;
        self.value.at(above)?.get(last)
    }

    /// Returns the fact of a key that is not set: Unknown if something that the mapping builds upon could not be read, else
    /// Absent.
    pub(super) fn missing<T>(&self) -> Fact<T> {
        match &self.value.missing {
            Some(missing) => Fact::Unknown { at: missing.at, why: missing.why.clone() },
            None => Fact::Absent { anchor: self.anchor },
        }
    }

    fn scalar<T>(&self, path: &[&str], read: impl FnOnce(&Scalar) -> Option<T>) -> Fact<T> {
        let Some(value) = self.get(path) else { return self.missing() };
        read_scalar(value, read)
    }

    pub(super) fn text(&self, path: &[&str]) -> Fact<TracedText> {
        self.scalar(path, |scalar| Some(scalar.text.clone()))
    }

    pub(super) fn string(&self, path: &[&str]) -> Fact<String> {
        self.scalar(path, |scalar| Some(scalar.text.as_str().to_owned()))
    }

    pub(super) fn boolean(&self, path: &[&str]) -> Fact<bool> {
        // The words that compose-go casts to booleans in interpolated text (`loader/interpolate.go`).
        self.scalar(path, |scalar| match scalar.text.as_str().to_ascii_lowercase().as_str() {
            "true" | "y" | "yes" | "on" | "1" => Some(true),
            "false" | "n" | "no" | "off" | "0" => Some(false),
            _ => None,
        })
    }

    pub(super) fn integer(&self, path: &[&str]) -> Fact<i64> {
        self.scalar(path, integer)
    }

    pub(super) fn float(&self, path: &[&str]) -> Fact<f64> {
        self.scalar(path, |scalar| match scalar.typed {
            yaml::Value::Int(value) => Some(value as f64),
            _ => decimal(scalar.text.as_str().trim()),
        })
    }

    pub(super) fn size(&self, path: &[&str]) -> Fact<ByteSize> {
        self.scalar(path, size)
    }

    /// Reads a duration, in nanoseconds.
    pub(super) fn duration(&self, path: &[&str]) -> Fact<i64> {
        self.scalar(path, |scalar| duration::parse(scalar.text.as_str()).ok())
    }

    /// Reads a list of words, or a string, which is split as a shell would split it.
    pub(super) fn words(&self, path: &[&str]) -> Fact<Vec<TracedText>> {
        let Some(value) = self.get(path) else { return self.missing() };
        match &value.kind {
            Kind::Scalar(_) => match read_scalar(value, |scalar| split_command(&scalar.text).ok()) {
                Fact::Known(words) => Fact::Known(words),
                other => other,
            },
            Kind::Seq(items) => {
                let mut words = Vec::with_capacity(items.len());
                for item in items {
                    match read_scalar(item, |scalar| Some(scalar.text.clone())) {
                        Fact::Known(word) => words.push(word.value),
                        Fact::Unknown { at, why } => return Fact::Unknown { at, why },
                        Fact::Absent { .. } => {}
                    }
                }
                Fact::Known(Spanned::with_provenance(words, value.span, value.via.clone()))
            }
            _ => malformed(value),
        }
    }
}

impl Fields<'_> {
    /// True if a scalar is in the place of a list.
    pub(super) fn is_string(&self, path: &[&str]) -> bool {
        self.get(path).is_some_and(|value| matches!(value.kind, Kind::Scalar(_)))
    }

    /// Returns the words of a command with a hole for each variable without a value. None if there is no such variable.
    pub(super) fn partial_words(&self, path: &[&str]) -> Option<Vec<TracedText>> {
        let value = self.get(path)?;
        let text = |scalar: &Scalar| match &scalar.unset {
            Some(unset) => unset.partial.clone(),
            None => Some(scalar.text.clone()),
        };
        match &value.kind {
            Kind::Scalar(scalar) => {
                scalar.unset.as_ref()?;
                split_command(&text(scalar)?).ok()
            }
            Kind::Seq(items) => {
                let unset = |item: &Value| item.as_scalar().is_some_and(|scalar| scalar.unset.is_some());
                items.iter().any(unset).then(|| items.iter().map(|item| text(item.as_scalar()?)).collect())?
            }
            _ => None,
        }
    }
}

pub(super) fn integer(scalar: &Scalar) -> Option<i64> {
    match scalar.typed {
        yaml::Value::Int(value) => Some(value),
        // Where the schema takes a number, compose-go drops the fraction.
        yaml::Value::Float(value) if value.abs() < 9e18 => Some(value.trunc() as i64),
        yaml::Value::Float(_) | yaml::Value::BigInt(_) => None,
        _ => scalar.text.as_str().trim().parse().ok(),
    }
}

pub(super) fn size(scalar: &Scalar) -> Option<ByteSize> {
    match scalar.typed {
        yaml::Value::Int(value) => Some(ByteSize(value)),
        yaml::Value::Str => ByteSize::parse_compose(scalar.text.as_str()).ok(),
        // compose-go has no case for floats and drops them (`types/bytes.go`).
        _ => None,
    }
}

/// Returns the text that Compose makes of a scalar where it expects a string: YAML's `TRUE` becomes `true`, `0x10` becomes
/// `16`.
pub(super) fn text_of(scalar: &Scalar) -> TracedText {
    let written = scalar.text.as_str();
    let canonical = match scalar.typed {
        yaml::Value::Bool(value) => value.to_string(),
        yaml::Value::Int(value) => value.to_string(),
        yaml::Value::BigInt(value) => value.to_string(),
        yaml::Value::Float(value) => go_float(value),
        yaml::Value::Timestamp => match yaml::timestamp::printed(written) {
            Some(printed) => printed,
            None => return scalar.text.clone(),
        },
        _ => return scalar.text.clone(),
    };
    if canonical == written {
        scalar.text.clone()
    } else {
        TracedText::derived(canonical, scalar.text.span())
    }
}

/// Prints a number as Go's `%v` does: with an exponent below 1e-4 and from 1e6 on.
fn go_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let parts = scientific
        .split_once('e')
        .and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)));
    match parts {
        Some((digits, exponent)) if !(-4..6).contains(&exponent) && value != 0.0 => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

/// Reads a scalar as a fact. A value that `read` rejects is Unknown here and reported by another rule.
pub(super) fn read_scalar<T>(value: &Value, read: impl FnOnce(&Scalar) -> Option<T>) -> Fact<T> {
    let Some(scalar) = value.as_scalar() else { return malformed(value) };
    if let Some(unset) = &scalar.unset {
        return Fact::Unknown { at: unset.at, why: unset.why.clone() };
    }
    match read(scalar) {
        Some(read) => Fact::Known(Spanned {
            value: read,
            span: exact_span(value, scalar),
            via: value.via.clone(),
            default_for: scalar.default_of.clone(),
        }),
        None => malformed(value),
    }
}

/// Returns the span of the default in `${MEM:-512m}` if that is the whole value, else the scalar's.
fn exact_span(value: &Value, scalar: &Scalar) -> Span {
    let text = scalar.text.as_str();
    let inner = scalar.text.span_of(0..text.len());
    if !text.is_empty()
        && value.span.contains(inner)
        && inner.len() == text.len()
        && inner.start > value.span.start + 1
    {
        return inner;
    }
    value.span
}

fn malformed<T>(value: &Value) -> Fact<T> {
    let text = value.as_scalar().map(|scalar| scalar.text.as_str().to_owned()).unwrap_or_default();
    Fact::Unknown { at: value.span, why: Why::Malformed(text) }
}
