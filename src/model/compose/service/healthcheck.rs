//! `healthcheck`: what it says, and what is refused of it.

use super::super::field::Fields;
use super::super::value::{Kind, Value};
use crate::model::fact::Fact;
use crate::source::{Span, Text};
use crate::syntax::{duration, yaml};

/// `healthcheck`.
#[derive(Clone, Debug)]
pub struct HealthcheckSection {
    /// Where it is written.
    pub span: Span,
    /// The sites that brought it here.
    pub via: Vec<Span>,
    /// `disable`.
    pub disable: Fact<bool>,
    /// `test` as Compose hands it on: a string becomes `CMD-SHELL` and that string.
    pub test: Fact<Vec<Text>>,
    /// `interval`, nanoseconds.
    pub interval: Fact<i64>,
    /// `timeout`, nanoseconds.
    pub timeout: Fact<i64>,
    /// `start_period`, nanoseconds.
    pub start_period: Fact<i64>,
    /// `start_interval`, nanoseconds.
    pub start_interval: Fact<i64>,
    /// `retries`.
    pub retries: Fact<i64>,
    /// What Compose or the engine refuses in it: the place, and their words.
    pub refusals: Vec<(Span, String)>,
}

pub(super) fn read(value: &Value) -> HealthcheckSection {
    let fields = Fields { value, anchor: value.span };
    let test = match fields.get(&["test"]) {
        Some(test) if test.as_scalar().is_some() => {
            fields.text(&["test"]).map(|text| vec![Text::derived("CMD-SHELL", text.span()), text])
        }
        _ => fields.words(&["test"]),
    };
    HealthcheckSection {
        span: value.span,
        via: value.via.clone(),
        disable: fields.boolean(&["disable"]),
        test,
        interval: fields.duration(&["interval"]),
        timeout: fields.duration(&["timeout"]),
        start_period: fields.duration(&["start_period"]),
        start_interval: fields.duration(&["start_interval"]),
        retries: fields.integer(&["retries"]),
        refusals: refusals(fields),
    }
}

/// What Compose refuses when it loads the file, and what the engine refuses of the rest.
fn refusals(fields: Fields<'_>) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    if let Some(Kind::Seq(items)) = fields.get(&["test"]).map(|test| &test.kind)
        && let Some(first) = items.first()
        && let Some(word) = first.as_scalar().filter(|scalar| scalar.unset.is_none())
        && !["CMD", "CMD-SHELL", "NONE"].contains(&word.text.as_str())
    {
        let message = "healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"";
        found.push((first.span, message.to_owned()));
    }
    for key in ["interval", "timeout", "start_period", "start_interval"] {
        let Some(value) = fields.get(&[key]) else { continue };
        let Some(scalar) = value.as_scalar().filter(|scalar| scalar.unset.is_none()) else { continue };
        if !matches!(scalar.typed, yaml::Value::Str) {
            found.push((value.span, format!("healthcheck.{key} must be a string")));
        } else {
            match duration::parse(scalar.text.as_str()) {
                Err(message) => found.push((value.span, format!("healthcheck.{key}: {message}"))),
                // moby `daemon/container.go`, `validateHealthCheck`; 0 is the default.
                Ok(1..1_000_000) => {
                    found.push((value.span, format!("{key} in Healthcheck cannot be less than 1ms")));
                }
                Ok(_) => {}
            }
        }
    }
    if let Some(entry) = fields.entry(&["start_interval"])
        && fields.entry(&["start_period"]).is_none()
        && fields.value.missing.is_none()
    {
        found.push((
            entry.key,
            "healthcheck.start_interval requires healthcheck.start_period to be set".to_owned(),
        ));
    }
    found
}
