//! Messages for the parser's errors.

use granit_parser::{ErrorKind, ScanError};

/// Returns the message for an error in a text, with a way to mend it: lower case, no full stop. `at` is its place in the text, in
/// bytes.
pub(super) fn message(error: &ScanError, text: &str, at: usize) -> String {
    let known = match error.kind() {
        ErrorKind::SimpleKeyExpected => "expected `key: value`; the `:` is missing",
        ErrorKind::MappingValueNotAllowed => return colon(text, at),
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => "a tab in the indentation; YAML takes spaces only",
        ErrorKind::UnclosedQuotedScalar => "a quote is not closed",
        ErrorKind::ExpectedBlockMappingKey if is_item(text, at) => {
            "a list item where a key is expected; is the key of the list missing above?"
        }
        ErrorKind::ExpectedBlockMappingKey => {
            "expected a key at this indentation; align it with the keys above"
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            "expected `-` at this indentation; align it with the items above"
        }
        ErrorKind::InvalidIndentation => "this indentation matches no line above; align it with its block",
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '{' { '}' } else { ']' };
            return format!("`{open}` is not closed; add `{close}`");
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("a value cannot begin with `{}`; quote it", character.escape_debug());
        }
        ErrorKind::UndeclaredTagHandle => "the tag's handle is not declared",
        ErrorKind::RecursionLimitExceeded => "nested too deeply",
        _ => return error.info().trim_end_matches('.').to_lowercase(),
    };
    known.to_owned()
}

/// Returns where a list item begins in the place of a key, for which the parser reports the mapping above. `last` is the end of what
/// could be read.
pub(super) fn item_instead_of_key(error: &ScanError, text: &str, last: usize) -> Option<usize> {
    matches!(error.kind(), ErrorKind::ExpectedBlockMappingKey).then_some(())?;
    let next = last + text.get(last..)?.find(|c: char| !c.is_whitespace())?;
    is_item(text, next).then_some(next)
}

/// True if a list item begins there.
pub(super) fn is_item(text: &str, at: usize) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with("- "))
}

/// Returns the message for a `:` where no key can be: a line that is indented deeper than the value above goes on with that value.
fn colon(text: &str, at: usize) -> String {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let own = indentation(text.get(start..).unwrap_or_default());
    let above = text.get(..start).unwrap_or_default().lines().rfind(|line| !line.trim().is_empty());
    // A key before it on its line is where the value begins.
    let line = text.get(start..at).unwrap_or_default();
    let is_second = [": ", ":\t"].iter().any(|key| line.contains(key));
    match above.map(indentation) {
        Some(above) if above < own && !is_second => {
            let spaces = if own == 1 { "space" } else { "spaces" };
            format!(
                "this line is indented by {own} {spaces}, the value above by {above}; align them, or quote the value"
            )
        }
        _ => "a second `:` on one line; quote the value".to_owned(),
    }
}
