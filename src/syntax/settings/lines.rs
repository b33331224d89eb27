//! Reads lines of a name and a value.

use super::{Entry, MAX_ENTRIES};
use crate::source::TracedText;

/// Returns the settings in order, one more than [`MAX_ENTRIES`] at most.
pub(super) fn entries(text: &TracedText) -> Vec<Entry> {
    let whole = text.as_str();
    let mut found = Vec::new();
    let mut section = String::new();
    let mut at = 0;
    for line in whole.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().trim().to_owned();
            continue;
        }
        let key_end = line.find(|c: char| matches!(c, '=' | ':') || c.is_whitespace()).unwrap_or(line.len());
        let Some((key, rest)) = line.split_at_checked(key_end) else { continue };
        let behind = rest.trim_start();
        let behind = behind.strip_prefix(['=', ':']).unwrap_or(behind).trim_start();
        let from = line.len() - behind.len();
        let (skip, length) = value(behind);
        let (from, to) = (from + skip, from + skip + length);
        found.push(Entry {
            section: section.clone(),
            key: key.to_owned(),
            lead: line.get(..from).unwrap_or_default().to_owned(),
            value: Some(text.slice(start + from..start + to)),
        });
        if found.len() > MAX_ENTRIES {
            break;
        }
    }
    found
}

/// Returns where the value begins and its length, without quotes and a comment after it.
fn value(text: &str) -> (usize, usize) {
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        let inside = text.get(1..).unwrap_or_default();
        return (1, inside.find(quote).unwrap_or(inside.len()));
    }
    let comment = text.match_indices('#').map(|(at, _)| at);
    let mut comment = comment.filter(|at| {
        let before = text.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(char::is_whitespace)
    });
    let end = comment.next().unwrap_or(text.len());
    (0, text.get(..end).unwrap_or_default().trim_end().len())
}
