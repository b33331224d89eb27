//! Lines of evidence as they are quoted: shortened, masked, and without commands, labels and variables, which may hold secrets.

use std::borrow::Cow;

use super::Quote;
use crate::evidence::{ContainerId, Event, KernelKill, Listed, LogLine, Usage, journal_message};
use crate::secret;
use crate::source::{Sources, Span, Spanned};
use crate::syntax::digest::{digests, without};

/// The most characters of a quoted line.
const LONGEST: usize = 280;

/// Quotes a line of text as it is, and of a record in JSON its message.
pub(super) fn line(span: Span, sources: &Sources) -> Quote {
    let source = sources.get(span.file);
    said(span, readable(source.slice(span)))
}

/// Returns a text on one line. Of a record in JSON only the message is kept: its other values may be anything.
fn readable(text: &str) -> String {
    let whole = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let text = text.trim();
    let Some(at) = record_at(text) else { return whole(text) };
    let (before, record) = text.split_at(at);
    let before = before.trim_start_matches(['[', ' ']);
    match message(record).filter(|message| record_at(message).is_none()) {
        Some(message) => whole(&format!("{before}{message}")),
        None if before.is_empty() => RECORD.to_owned(),
        None => whole(&format!("{before}…")),
    }
}

/// Returns where a record in JSON begins, or a part of one that was printed on several lines.
fn record_at(text: &str) -> Option<usize> {
    if text.starts_with('"') && text.contains("\":") {
        return Some(0);
    }
    let mut braces = text.match_indices('{').map(|(at, _)| at);
    braces.find(|at| text.get(at + 1..).is_some_and(|rest| rest.trim_start().starts_with('"')))
}

/// Quotes a line of a log: of one with JSON only the string that says it.
pub(super) fn log(log: &LogLine, sources: &Sources) -> Quote {
    match &log.said {
        Some(text) => said(log.span, readable(text)),
        None => match line(log.span, sources) {
            // A record whose message is no string that can be found again.
            quote if quote.text == RECORD => said(log.span, format!("{}: {}", log.who, log.what)),
            quote => quote,
        },
    }
}

/// Quotes a row of `docker stats`.
pub(super) fn usage(usage: &Usage, sources: &Sources) -> Quote {
    match (line(usage.span, sources), usage.limit) {
        (quote, Some(limit)) if quote.text == RECORD => {
            said(usage.span, format!("uses {} of {limit}", usage.used))
        }
        (quote, None) if quote.text == RECORD => said(usage.span, format!("uses {}", usage.used)),
        (quote, _) => quote,
    }
}

/// The quote of a record in JSON without a message.
const RECORD: &str = "a record in JSON";

/// Quotes what counts of a line. This is where secrets are masked.
fn said(span: Span, text: impl Into<String>) -> Quote {
    Quote { span, text: cut(&secret::command(&text.into())) }
}

/// Returns the message of a log record in JSON: the other fields of the journal have command lines.
fn message(text: &str) -> Option<String> {
    let record: serde_json::Value = serde_json::from_str(text).ok()?;
    let journal = record.get("MESSAGE").and_then(journal_message);
    let other = || ["log", "message", "msg"].iter().find_map(|key| Some(record.get(*key)?.as_str()?.into()));
    Some(journal.or_else(other)?.trim().to_owned())
}

/// Quotes a value of `docker inspect`: its line may be all of the JSON, with every variable.
pub(super) fn stated<T: std::fmt::Display>(key: &str, value: &Spanned<T>) -> Quote {
    said(value.span, format!("{key}: {}", value.value))
}

/// Quotes the setting of a heap: its line may be a command with anything else.
pub(super) fn setting(span: Span, written: &str) -> Quote {
    said(span, format!("sets the heap: {written}"))
}

/// Quotes a row of a list without the command, which may have any text.
pub(super) fn listed(row: &Listed) -> Quote {
    let name = row.name.shown().map(str::to_owned).or_else(|| row.name.id.as_ref().map(|id| id.short()));
    let state = match (row.exit_code, row.restarting) {
        (Some(code), true) => format!("restarting, last exit code {code}"),
        (Some(code), false) => format!("exited with {code}"),
        (None, _) if row.unhealthy => "running, unhealthy".to_owned(),
        (None, _) => "running".to_owned(),
    };
    said(row.span, format!("{} is listed as {state}", name.unwrap_or_else(|| "the container".to_owned())))
}

/// Quotes an event without its labels, which may have any text.
pub(super) fn event(event: &Event) -> Quote {
    let name = event.name.name.clone().or_else(|| event.name.id.as_ref().map(|id| id.short()));
    let mut text =
        format!("event `{}` of {}", event.action.word(), name.unwrap_or_else(|| "the container".to_owned()));
    if let crate::evidence::Action::Kill(Some(signal)) = event.action {
        text.push_str(&format!(", signal {signal}"));
    }
    if let Some(code) = event.exit_code {
        text.push_str(&format!(", exit code {code}"));
    }
    if event.oom_killed == Some(true) {
        text.push_str(", OOMKilled");
    }
    said(event.span, text)
}

/// Quotes the most telling lines of a kernel's report.
pub(super) fn kill(kill: &KernelKill, sources: &Sources) -> Vec<Quote> {
    kill.lines.iter().take(3).map(|span| line(*span, sources)).collect()
}

/// Shortens IDs of containers to the digits that `docker ps` shows: a line of the kernel has the same one three times.
fn short_ids(text: &str) -> Cow<'_, str> {
    without(text, digests(text).map(|range| range.start + ContainerId::SHORT..range.end))
}

fn cut(text: &str) -> String {
    let text = short_ids(text);
    if text.chars().count() <= LONGEST {
        return text.into_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…")
}
