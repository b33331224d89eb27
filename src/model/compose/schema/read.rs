//! The kinds of values in the JSON Schema, after Compose has read text as what it is meant to be.

use super::super::value::{Kind, Scalar, Value};
use super::{Alternative, Reading, ScalarKind};
use crate::syntax::size::ByteSize;
use crate::syntax::{duration, yaml};

/// A value as the schema sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Found {
    Null,
    Text,
    Boolean,
    /// A number; integers beyond 53 bits lose digits, as in JSON.
    Number(f64),
    List,
    Map,
}

impl Found {
    pub(super) fn of(value: &Value) -> Self {
        match &value.kind {
            Kind::Null => Self::Null,
            Kind::Seq(_) => Self::List,
            Kind::Map(_) => Self::Map,
            Kind::Scalar(scalar) => match scalar.typed {
                yaml::Value::Null => Self::Null,
                yaml::Value::Bool(_) => Self::Boolean,
                yaml::Value::Int(number) => Self::Number(number as f64),
                yaml::Value::Float(number) => Self::Number(number),
                yaml::Value::BigInt => Self::Number(u64::MAX as f64),
                yaml::Value::Str => Self::Text,
            },
        }
    }

    /// Returns its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Text => "text",
            Self::Boolean => "`true` or `false`",
            Self::Number(_) => "a number",
            Self::List => "a list",
            Self::Map => "a mapping",
        }
    }

    pub(super) fn is(self, kind: ScalarKind) -> bool {
        match (self, kind) {
            (Self::Null, ScalarKind::Nothing)
            | (Self::Text, ScalarKind::Text)
            | (Self::Boolean, ScalarKind::Boolean)
            | (Self::Number(_), ScalarKind::Number) => true,
            (Self::Number(number), ScalarKind::Integer) => number.fract() == 0.0,
            _ => false,
        }
    }

    /// True if this alternative is about values of its kind.
    pub(super) fn fits(self, alternative: &Alternative) -> bool {
        match alternative {
            Alternative::Anything => true,
            Alternative::Scalar { kinds, .. } => kinds.iter().any(|kind| self.is(*kind)),
            Alternative::Words(_) => self == Self::Text,
            Alternative::List { .. } => self == Self::List,
            Alternative::Map { .. } | Alternative::Keys(_) => self == Self::Map,
        }
    }
}

/// Returns what Compose makes of text before it applies the schema, or its message.
pub(super) fn cast(scalar: &Scalar, reading: Option<Reading>) -> Result<Found, String> {
    let text = scalar.text.as_str();
    match reading {
        Some(Reading::Whole) => match whole(text) {
            Some(number) => Ok(Found::Number(number as f64)),
            None => Err(format!("parsing {text:?}: invalid syntax")),
        },
        Some(Reading::Decimal) => match text.parse::<f64>() {
            Ok(number) => Ok(Found::Number(number)),
            Err(_) => Err(format!("parsing {text:?}: invalid syntax")),
        },
        Some(Reading::Flag) => match text.to_ascii_lowercase().as_str() {
            "true" | "false" | "y" | "yes" | "on" | "n" | "no" | "off" => Ok(Found::Boolean),
            _ => Err(format!("invalid boolean: {text}")),
        },
        Some(Reading::Duration | Reading::Size) | None => Ok(Found::Text),
    }
}

/// Parses an integer as Go's `strconv.Atoi`: decimal, with at most a sign before it.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Returns why Compose refuses text that the schema takes.
pub(super) fn refused_text(text: &str, reading: Reading) -> Option<String> {
    match reading {
        Reading::Duration => duration::parse(text).err(),
        Reading::Size => ByteSize::parse_compose(text).err(),
        Reading::Whole | Reading::Decimal | Reading::Flag => None,
    }
}
