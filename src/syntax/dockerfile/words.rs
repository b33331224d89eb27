//! Word splitting: at white space, or with quotes and escapes as in ENV, LABEL and ARG.

use std::ops::Range;

/// True for white space that BuildKit splits at (its `reWhitespace`); a no-break space is not.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ')
}

/// Moves the start of `range` past white space of any kind, no-break spaces included.
pub(super) fn skip_space(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    range.end - part.trim_start().len()..range.end
}

/// Returns the first word of `range`, and the rest without leading blanks.
pub(super) fn split_first(text: &str, range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let part = &text[range.clone()];
    let length = part.find(is_blank).unwrap_or(part.len());
    let rest = part[length..].trim_start_matches(is_blank);
    (range.start..range.start + length, range.end - rest.len()..range.end)
}

/// Returns the words of `range`, separated by blanks (FROM, COPY, EXPOSE).
pub(super) fn fields(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut rest = range;
    while !rest.is_empty() {
        let (word, after) = split_first(text, rest);
        if !word.is_empty() {
            out.push(word);
        }
        rest = after;
    }
    out
}

/// Returns the words of `range`; quoted and escaped white space does not separate. Quotes and escapes are kept.
///
/// As BuildKit's `parseWords`: single quotes disable escapes; an escape character at the very end is dropped.
pub(super) fn quoted_words(text: &str, range: Range<usize>, escape: char) -> Vec<Range<usize>> {
    let part = &text[range.clone()];
    let mut out = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote: Option<char> = None;
    let mut end = part.len();
    let mut chars = part.char_indices();
    while let Some((at, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            if let Some(start) = start.take() {
                out.push(range.start + start..range.start + at);
            }
            continue;
        }
        start.get_or_insert(at);
        match quote {
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ if c == escape && quote != Some('\'') => end = chars.next().map_or(at, |_| end),
            _ => {}
        }
    }
    if let Some(start) = start.filter(|start| *start < end) {
        out.push(range.start + start..range.start + end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        quoted_words(text, 0..text.len(), '\\').into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn quotes_and_escapes_keep_white_space_in_a_word() {
        assert_eq!(words(r#"A="b c" D=e\ f G='h\' I"#), [r#"A="b c""#, r"D=e\ f", r"G='h\'", "I"]);
        assert_eq!(words(r#"A="b\" c" d"#), [r#"A="b\" c""#, "d"]);
        assert_eq!(words("A='' \"\""), ["A=''", "\"\""]);
        assert_eq!(words("a b\\"), ["a", "b"]);
        assert_eq!(words("a \\"), ["a"]);
        assert_eq!(words("a\u{a0}é"), ["a", "é"]);
    }

    #[test]
    fn fields_split_at_blanks_only() {
        let text = "a \t b\u{a0}c";
        let found: Vec<_> = fields(text, 0..text.len()).into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, ["a", "b\u{a0}c"]);
    }
}
