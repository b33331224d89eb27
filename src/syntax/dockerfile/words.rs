//! Splitting an instruction's text into words and pairs (BuildKit `parser/line_parsers.go`).

use std::ops::Range;

use super::Pair;
use crate::source::Text;

/// BuildKit's white space between words: not the line feed, which cannot stand there.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// Words between blanks; quotes mean nothing.
pub(super) fn split_blanks(text: &Text) -> Vec<Text> {
    let source = text.as_str();
    let mut words = Vec::new();
    let mut at = 0;
    for part in source.split(is_blank) {
        if !part.is_empty() {
            words.push(text.slice(at..at + part.len()));
        }
        // Every blank is one byte.
        at += part.len() + 1;
    }
    words
}

/// Words between white space outside of quotes; quotes and escapes stay in them (`parseWords`).
pub(super) fn split_words(text: &Text, escape: char) -> Vec<Text> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(range) = next_word(text.as_str(), at, escape) {
        at = range.end.max(at + 1);
        // An escape at the very end escapes nothing and is dropped.
        let word = text.slice(range.clone());
        let dangling = range.end == text.as_str().len() && ends_in_escape(word.as_str(), escape);
        let end = if dangling { range.end - escape.len_utf8() } else { range.end };
        if end > range.start {
            words.push(text.slice(range.start..end));
        }
    }
    words
}

/// The word at or after `from`.
fn next_word(source: &str, from: usize, escape: char) -> Option<Range<usize>> {
    let rest = source.get(from..)?;
    let start = from + (rest.len() - rest.trim_start().len());
    if start >= source.len() {
        return None;
    }
    let mut quote = None;
    let mut characters = source.get(start..)?.char_indices();
    while let Some((at, c)) = characters.next() {
        match quote {
            None if c.is_whitespace() => return Some(start..start + at),
            None if c == escape => {
                characters.next();
            }
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if c == open => quote = None,
            Some('"') if c == escape => {
                characters.next();
            }
            _ => {}
        }
    }
    Some(start..source.len())
}

/// True when the last character is an escape that escapes nothing.
fn ends_in_escape(word: &str, escape: char) -> bool {
    let mut quote = None;
    let mut characters = word.chars();
    while let Some(c) = characters.next() {
        match quote {
            Some('\'') if c != '\'' => {}
            Some(open) if c == open => quote = None,
            _ if c == escape && characters.next().is_none() => return true,
            _ if c == escape => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
    }
    false
}

/// Why text is no list of pairs, and where.
pub(super) struct NotPairs {
    pub(super) at: Range<usize>,
    pub(super) message: &'static str,
}

/// `KEY=value …`, or the old `KEY the rest` (`parseNameVal`).
pub(super) fn pairs(text: &Text, escape: char) -> Result<Vec<Pair>, NotPairs> {
    let source = text.as_str();
    let words = split_words(text, escape);
    let Some(first) = words.first() else { return Ok(Vec::new()) };
    if !first.as_str().contains('=') {
        let end = source.find(is_blank);
        let Some(end) = end else {
            return Err(NotPairs {
                at: 0..source.len(),
                message: "a name without a value: write `NAME=value`",
            });
        };
        let rest = source.get(end..).unwrap_or_default();
        let value = end + (rest.len() - rest.trim_start_matches(is_blank).len());
        let (key, value) = (text.slice(0..end), text.slice(value..source.len()));
        return Ok(vec![Pair { key, value, legacy: true }]);
    }
    let mut pairs = Vec::with_capacity(words.len());
    for word in words {
        let Some(equals) = word.as_str().find('=') else {
            // The span of the word, as a range of the text's first piece, is found by the caller through its place.
            let at = locate(text, &word);
            return Err(NotPairs {
                at,
                message: "a word without `=`: quote the value, or write `NAME=value`",
            });
        };
        let (key, value) = (word.slice(0..equals), word.slice(equals + 1..word.as_str().len()));
        // Nothing has no place of its own: it stands behind the `=`.
        let value =
            if value.as_str().is_empty() { value.at(word.span_of(equals..equals + 1)) } else { value };
        pairs.push(Pair { key, value, legacy: false });
    }
    Ok(pairs)
}

/// Where a word of the text begins and ends in it.
fn locate(text: &Text, word: &Text) -> Range<usize> {
    let source = text.as_str();
    let places = source.match_indices(word.as_str()).map(|(at, part)| at..at + part.len());
    places.into_iter().find(|range| text.span_of(range.clone()) == word.span()).unwrap_or(0..source.len())
}
