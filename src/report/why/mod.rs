//! Reports of `oomlint why`: one answer a container.

mod human;
mod json;
mod markdown;

use std::io::{self, Write};

use super::escape;
use super::place::{FileLocation, Unit};
use crate::hash::HashMap;
use crate::postmortem::{Answer, Missing, Quote};
use crate::source::{SourceId, Sources};

pub use human::human;
#[cfg(feature = "schema")]
pub use json::schema;

/// Answers with what the formats need to render them.
#[derive(Debug)]
pub struct Report<'r> {
    /// The answers, in order.
    pub answers: &'r [Answer],
    /// All files.
    pub sources: &'r Sources,
    /// Lines that were left out at the beginning of a long file.
    pub skipped: &'r HashMap<SourceId, u32>,
}

impl Report<'_> {
    /// Returns the path and the line of a quote.
    fn place(&self, quote: &Quote) -> (String, u32) {
        let place = FileLocation::new(self.sources, quote.span);
        let skipped = self.skipped.get(&quote.span.file).copied().unwrap_or_default();
        (place.path(), place.first(Unit::Byte).line.saturating_add(skipped))
    }

    /// Returns the text of a quote, without escapes.
    fn text(quote: &Quote) -> String {
        escape::line(&quote.text)
    }

    /// Returns the command that would decide a question.
    fn command(missing: &Missing) -> String {
        escape::line(&missing.command)
    }

    /// Writes JSON.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(out, self)
    }

    /// Writes Markdown, for an issue or a job's summary.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        markdown::write(out, self)
    }
}

/// Returns the name of an answer's container, for a headline.
fn title(answer: &Answer) -> String {
    let short = answer.id.as_ref().map(|id| id.chars().take(12).collect::<String>());
    match (&answer.name, short) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (Some(name), None) => name.clone(),
        (None, Some(id)) => id,
        (None, None) => "a container".to_owned(),
    }
}
