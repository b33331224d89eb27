//! Parsers of text into trees with byte positions. Nothing here knows about services or stages.

pub mod command_line;
pub(crate) mod digest;
pub mod dockerfile;
pub mod dotenv;
pub mod duration;
pub mod json;
pub mod placeholder;
pub mod settings;
pub mod shell;
pub mod size;
pub mod template;
pub mod words;
pub mod yaml;

use crate::source::Span;

/// Returns the last of `items`, which are in the order of the text, that begins where `begun` holds.
pub(crate) fn last_begun<T>(items: &[T], begun: impl Fn(&T) -> bool) -> Option<&T> {
    items.get(items.partition_point(begun).checked_sub(1)?)
}

/// A syntax error. The rest of the file is parsed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The message: lower case, no full stop.
    pub message: String,
    /// The bytes at fault.
    pub span: Span,
    /// True if the reference implementation rejects the file because of it.
    pub fatal: bool,
    /// For a duplicate: where the first one is.
    pub duplicate_of: Option<Span>,
    /// True if parsing ended here, at a limit or an error: the rest of the file is unknown.
    pub truncates_file: bool,
}

impl SyntaxError {
    /// Creates an error for which the reference implementation rejects the file.
    pub(crate) fn fatal(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span, fatal: true, duplicate_of: None, truncates_file: false }
    }

    /// Creates an error with which the reference implementation accepts the file.
    pub(crate) fn warning(message: impl Into<String>, span: Span) -> Self {
        Self { fatal: false, ..Self::fatal(message, span) }
    }
}
