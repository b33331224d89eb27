//! Comments and keys that suppress findings, as data.

use crate::source::{Span, Spanned};

/// One suppressing comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The comment, from `#` to the end of its line.
    pub comment: Span,
    /// The names of rules and groups; empty when the brackets are missing or empty.
    pub names: Vec<Spanned<String>>,
    /// The free text after the brackets.
    pub reason: Option<String>,
    /// The span that it covers; `None` for the whole file.
    pub extent: Option<Span>,
}

impl Suppression {
    /// True if it covers the start of the span.
    #[must_use]
    pub fn covers(&self, span: Span) -> bool {
        span.file == self.comment.file
            && self.extent.is_none_or(|extent| extent.start <= span.start && span.start < extent.end)
    }
}
