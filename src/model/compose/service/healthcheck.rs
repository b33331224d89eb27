//! `healthcheck`: its values, and what Compose or the engine rejects in it.

use super::super::field::Fields;
use super::super::value::{Kind, Value};
use crate::model::fact::Fact;
use crate::source::{Span, TracedText};
use crate::syntax::{duration, yaml};

/// `healthcheck`.
#[derive(Clone, Debug)]
pub struct HealthcheckSection {
    /// Span of the section.
    pub span: Span,
    /// Spans of the aliases, extends and includes that it came through.
    pub via: Vec<Span>,
    /// `disable`.
    pub disable: Fact<bool>,
    /// `test` as Compose passes it on: a string becomes `CMD-SHELL` and that string.
    pub test: Fact<Vec<TracedText>>,
    /// `test` with a hole for each variable without a value. None if there is no such variable.
    pub partial: Option<Vec<TracedText>>,
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
    /// Values that Compose or the engine rejects.
    pub refusals: Vec<Rejection>,
    /// Its test is a list in block style, one item per line.
    pub block: bool,
    /// A shell runs its test: a string, or a list that begins with `CMD-SHELL`.
    pub shell: bool,
}

/// Something that Compose or the engine rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Span of the rejected value.
    pub span: Span,
    /// The message of Compose or the engine.
    pub message: String,
    /// The probable correction, if that is clear.
    pub remedy: Option<Suggestion>,
    /// True if only Compose rejects it, and not the engine.
    pub of_compose: bool,
}

/// A correction of a rejected value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// Replaces the text at the span: a time with its unit, a word in capitals.
    Replace(Span, String),
    /// Inserts a word before the first one of the list.
    Prepend(&'static str),
}

pub(super) fn read(value: &Value) -> HealthcheckSection {
    let fields = Fields { value, anchor: value.span };
    let test = match fields.get(&["test"]) {
        Some(test) if test.as_scalar().is_some() => {
            fields.text(&["test"]).map(|text| vec![TracedText::derived("CMD-SHELL", text.span()), text])
        }
        _ => fields.words(&["test"]),
    };
    HealthcheckSection {
        span: value.span,
        via: value.via.clone(),
        disable: fields.boolean(&["disable"]),
        test,
        partial: partial(fields),
        interval: fields.duration(&["interval"]),
        timeout: fields.duration(&["timeout"]),
        start_period: fields.duration(&["start_period"]),
        start_interval: fields.duration(&["start_interval"]),
        retries: fields.integer(&["retries"]),
        refusals: refusals(fields),
        block: fields.get(&["test"]).is_some_and(|test| match &test.kind {
            Kind::Seq(items) => items.first().is_some_and(|first| first.span.start == test.span.start),
            _ => false,
        }),
        shell: fields
            .get(&["test"])
            .is_some_and(|test| first_word(test).is_none_or(|word| word == "CMD-SHELL")),
    }
}

/// Returns the words of a test with a hole for each variable without a value.
fn partial(fields: Fields<'_>) -> Option<Vec<TracedText>> {
    match fields.get(&["test"])?.as_scalar() {
        Some(scalar) => {
            let text = scalar.unset.as_ref()?.partial.clone()?;
            Some(vec![TracedText::derived("CMD-SHELL", text.span()), text])
        }
        None => fields.partial_words(&["test"]),
    }
}

/// Returns the first word of a list. None for a string.
fn first_word(test: &Value) -> Option<&str> {
    match &test.kind {
        Kind::Seq(items) => Some(items.first()?.as_scalar()?.text.as_str()),
        _ => None,
    }
}

/// The valid first words of a list.
const KINDS: [&str; 3] = ["CMD", "CMD-SHELL", "NONE"];

/// Returns what a list with another first word was meant to be: one of the three in another case, or a command without any of
/// them.
fn suggestion(word: &TracedText, count: usize) -> Option<Suggestion> {
    let text = word.as_str();
    if let Some(kind) = KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(text)) {
        return Some(Suggestion::Replace(word.span_of(0..text.len()), (*kind).to_owned()));
    }
    // `CMD_SHELL`, `CMD curl`, `shell`: close to one of them, but it is unclear which.
    let start = text.to_ascii_lowercase();
    if text.is_empty() || ["cmd", "none", "shell"].iter().any(|near| start.starts_with(near)) {
        return None;
    }
    // One word with blanks in it is a shell command line.
    let line = count == 1 && text.contains(char::is_whitespace);
    Some(Suggestion::Prepend(if line { "CMD-SHELL" } else { "CMD" }))
}

/// The error of Compose for a `test` that starts with another word.
const FIRST_WORD: &str = "healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"";

impl Rejection {
    /// True if the first word of the test is at fault.
    #[must_use]
    pub fn is_of_first_word(&self) -> bool {
        self.message == FIRST_WORD
    }
}

/// Returns what Compose rejects when it loads the file, and what the engine rejects of the rest.
fn refusals(fields: Fields<'_>) -> Vec<Rejection> {
    let mut found = Vec::new();
    if let Some(Kind::Seq(items)) = fields.get(&["test"]).map(|test| &test.kind)
        && let Some(first) = items.first()
        && let Some(word) = first.as_scalar().filter(|scalar| scalar.unset.is_none())
        && !KINDS.contains(&word.text.as_str())
    {
        let message = FIRST_WORD;
        let remedy = suggestion(&word.text, items.len());
        found.push(Rejection { span: first.span, message: message.to_owned(), remedy, of_compose: false });
    }
    for key in ["interval", "timeout", "start_period", "start_interval"] {
        let Some(value) = fields.get(&[key]) else { continue };
        let Some(scalar) = value.as_scalar().filter(|scalar| scalar.unset.is_none()) else { continue };
        let text = scalar.text.as_str();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let in_seconds = || Suggestion::Replace(scalar.text.span_of(0..text.len()), format!("{text}s"));
        let refusal = |message| Rejection {
            span: value.span,
            message,
            remedy: digits.then(in_seconds),
            of_compose: false,
        };
        if matches!(scalar.typed, yaml::Value::Str) {
            match duration::parse(text) {
                Err(message) => found.push(refusal(format!("healthcheck.{key}: {message}"))),
                // moby `daemon/container.go`, `validateHealthCheck`. 0 means the default.
                Ok(1..1_000_000) => {
                    found.push(refusal(format!("{key} in Healthcheck cannot be less than 1ms")));
                }
                Ok(_) => {}
            }
        } else {
            found.push(refusal(format!("healthcheck.{key} must be a string")));
        }
    }
    if let Some(entry) = fields.entry(&["start_interval"])
        && fields.entry(&["start_period"]).is_none()
        && fields.value.missing.is_none()
        && entry.value.as_scalar().is_some()
    {
        let message = "healthcheck.start_interval requires healthcheck.start_period to be set".to_owned();
        found.push(Rejection { span: entry.key, message, remedy: None, of_compose: true });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    #[test]
    fn only_what_is_plain_is_put_right() {
        let meant = |word: &str, count| {
            suggestion(&TracedText::verbatim(word, Span::new(SourceId(0), 0, word.len())), count).map(
                |remedy| match remedy {
                    Suggestion::Replace(_, text) => format!("write {text}"),
                    Suggestion::Prepend(word) => format!("lead {word}"),
                },
            )
        };
        assert_eq!(meant("curl", 3).unwrap(), "lead CMD");
        assert_eq!(meant("curl -f localhost", 1).unwrap(), "lead CMD-SHELL");
        assert_eq!(meant("my probe", 2).unwrap(), "lead CMD");
        assert_eq!(meant("cmd-shell", 2).unwrap(), "write CMD-SHELL");
        for unclear in ["", "CMD curl -f localhost", "CMD_SHELL", "Shell", "none!"] {
            assert_eq!(meant(unclear, 1), None, "{unclear}");
        }
    }
}
