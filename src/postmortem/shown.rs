//! Lines of evidence as they are quoted: shortened, and without what is nobody's business.

use super::Quote;
use crate::evidence::{Event, KernelKill};
use crate::source::{Sources, Span};

/// The most characters of a quoted line.
const LONGEST: usize = 240;

/// Quotes a line as it is.
pub(super) fn line(span: Span, sources: &Sources) -> Quote {
    let source = sources.get(span.file);
    let text = source.slice(span).lines().map(str::trim).collect::<Vec<_>>().join(" ");
    Quote { span, text: cut(&text) }
}

/// Quotes what counts of a line, in its own words.
pub(super) fn said(span: Span, text: impl Into<String>) -> Quote {
    Quote { span, text: cut(&text.into()) }
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

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…")
}
