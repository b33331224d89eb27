//! Messages for the parser's errors.

use granit_parser::{ErrorKind, ScanError};

/// Returns the message for an error: lower case, no full stop.
pub(super) fn message(error: &ScanError) -> String {
    let known = match error.kind() {
        ErrorKind::SimpleKeyExpected => "expected `:` after the key",
        ErrorKind::MappingValueNotAllowed => "a second `:` on one line; quote the value",
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => "a tab in the indentation",
        ErrorKind::UnclosedQuotedScalar => "a quote is not closed",
        ErrorKind::ExpectedBlockMappingKey => "expected a key at this indentation",
        ErrorKind::ExpectedBlockSequenceEntry => "expected `-` at this indentation",
        ErrorKind::InvalidIndentation => "the indentation fits no block above",
        ErrorKind::UnclosedFlowCollection { open } => return format!("`{open}` is not closed"),
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("a value cannot begin with `{}`", character.escape_debug());
        }
        ErrorKind::UndeclaredTagHandle => "the tag's handle is not declared",
        ErrorKind::RecursionLimitExceeded => "nested too deeply",
        _ => return error.info().trim_end_matches('.').to_lowercase(),
    };
    known.to_owned()
}
