//! The kinds of values in the JSON Schema, after Compose has read text as what it is meant to be.

use super::super::value::{Kind, Scalar, Value};
use super::{Alternative, Reading, ScalarKind};
use crate::source::{SourceId, Span, TracedText};
use crate::syntax::size::ByteSize;
use crate::syntax::words::split_command;
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
                yaml::Value::BigInt(value) => Self::Number(value as f64),
                yaml::Value::Str | yaml::Value::Timestamp => Self::Text,
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
        Some(Reading::Whole | Reading::Count | Reading::Limit) => match whole(text) {
            Some(number) => Ok(Found::Number(number as f64)),
            None => Err(format!("parsing {text:?}: invalid syntax")),
        },
        Some(Reading::Decimal) => match decimal(text) {
            Some(number) => Ok(Found::Number(number)),
            None => Err(format!("parsing {text:?}: invalid syntax")),
        },
        Some(Reading::Flag) => match text.to_ascii_lowercase().as_str() {
            "true" | "false" | "y" | "yes" | "on" | "n" | "no" | "off" => Ok(Found::Boolean),
            _ => Err(format!("invalid boolean: {text}")),
        },
        _ => Ok(Found::Text),
    }
}

/// Parses an integer as Go's `strconv.Atoi`: decimal, with at most a sign before it.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Parses a number as Go's `strconv.ParseFloat`: underscores are allowed between digits.
pub(in super::super) fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.trim_start_matches(['+', '-']);
    if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return (text.len() - unsigned.len() <= 1)
            .then(|| hexadecimal(digits))
            .flatten()
            .map(|number| sign * number);
    }
    let lone = |at: usize| {
        let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        !digit(at.wrapping_sub(1)) || !digit(at + 1)
    };
    if memchr::memchr_iter(b'_', text.as_bytes()).any(lone) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// Parses the rest of `0x1.8p-2`, which needs its exponent.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        number = number * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let places = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(number * 2_f64.powi(exponent.parse::<i32>().ok()?.checked_sub(places)?))
}

/// Returns why Compose rejects text that the schema takes.
pub(super) fn refused_text(text: &str, reading: Reading) -> Option<String> {
    match reading {
        Reading::Duration => duration::parse(text).err(),
        Reading::Size => ByteSize::parse_compose(text).err(),
        Reading::Command => {
            let words = split_command(&TracedText::derived(text, Span::new(SourceId(0), 0, 0)));
            words.is_err().then(|| "invalid command line string".to_owned())
        }
        Reading::Amount if text != "all" && whole(text).is_none() => {
            Some(format!("invalid value {text:?}, the only value allowed is 'all' or a number"))
        }
        Reading::Policy if !is_policy(text) => Some(format!("'{text}' does not match pattern '{POLICY}'")),
        Reading::Name if !is_container_name(text) => {
            Some(format!("'{text}' does not match pattern '{NAME}'"))
        }
        _ => None,
    }
}

const POLICY: &str =
    "^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+)$";
const NAME: &str = "[a-zA-Z0-9][a-zA-Z0-9_.-]+";

fn is_policy(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
    if WORDS.contains(&text) {
        return true;
    }
    let Some(periods) = text.strip_prefix("every_").filter(|periods| !periods.is_empty()) else {
        return false;
    };
    periods.split_inclusive(|c: char| !c.is_ascii_digit()).all(|period| {
        let digits = period.trim_end_matches(['w', 'd', 'h', 'm', 's']);
        period.len() == digits.len() + 1 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// True for text with a part that matches [`NAME`]: the pattern has no anchors.
fn is_container_name(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| match pair {
        [first, second] => {
            first.is_ascii_alphanumeric()
                && (second.is_ascii_alphanumeric() || matches!(second, b'_' | b'.' | b'-'))
        }
        _ => false,
    })
}
