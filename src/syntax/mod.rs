//! Text into trees with byte positions. Nothing here knows what a service or a stage is.

pub mod dockerfile;
pub mod duration;
pub mod shell;
pub mod yaml;

use crate::source::Span;

/// Something in a file that does not parse. The rest of the file is read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The bytes at fault.
    pub span: Span,
    /// True when the reference implementation refuses the file for it.
    pub fatal: bool,
    /// Where the same thing is written first, when it is there twice.
    pub duplicate_of: Option<Span>,
    /// A bound ended the reading of the file here: nothing of the rest is known.
    pub truncates_file: bool,
}
