//! Splits a string `command` as Compose does: quotes and backslashes as in a shell, but no shell (mattn/go-shellwords, which
//! compose-go calls in `types/command.go`).

use crate::source::TracedText;

/// Splits a text into words, each with its spans.
///
/// # Errors
/// An open quote or backtick, a backslash at the end, or a parenthesis outside of `$(…)`: Compose rejects those.
pub fn split_command(text: &TracedText) -> Result<Vec<TracedText>, &'static str> {
    let mut words = Vec::new();
    // The current word. It exists as soon as a quote opens, even if it stays empty.
    let mut word: Option<TracedText> = None;
    let (mut single, mut double, mut back, mut dollar) = (false, false, false, false);
    let mut characters = text.as_str().char_indices();
    while let Some((at, c)) = characters.next() {
        let quoted = single || double || back || dollar;
        match c {
            '\\' if !single => {
                let Some((next, escaped)) = characters.next() else {
                    return Err("a backslash with nothing after it");
                };
                let piece = next..next + escaped.len_utf8();
                let word = word.get_or_insert_with(|| TracedText::empty(text.span_of(at..next)));
                match escaped {
                    't' => word.push_derived("\t", text.span_of(piece)),
                    'n' => word.push_derived("\n", text.span_of(piece)),
                    _ => word.push_slice(text, piece),
                }
                continue;
            }
            ' ' | '\t' | '\r' | '\n' if !quoted => {
                words.extend(word.take());
                continue;
            }
            '`' if !single && !double && !dollar => back = !back,
            ')' if !single && !double && !back => {
                if !dollar {
                    return Err("a parenthesis outside of quotes");
                }
                dollar = false;
            }
            '(' if !single && !double && !back => {
                if dollar || !word.as_ref().is_some_and(|word| word.as_str().ends_with('$')) {
                    return Err("a parenthesis outside of quotes");
                }
                dollar = true;
            }
            '"' if !single && !dollar && !back => {
                double = !double;
                word.get_or_insert_with(|| TracedText::empty(text.span_of(at..at + 1)));
                continue;
            }
            '\'' if !double && !dollar && !back => {
                single = !single;
                word.get_or_insert_with(|| TracedText::empty(text.span_of(at..at + 1)));
                continue;
            }
            // go-shellwords stops here and drops the rest, before `>` also a number in front of it.
            ';' | '&' | '|' | '<' | '>' if !quoted => {
                if c == '>' {
                    word = word.filter(|word| !is_descriptor(word.as_str()));
                }
                break;
            }
            _ => {}
        }
        let piece = at..at + c.len_utf8();
        word.get_or_insert_with(|| TracedText::empty(text.span_of(piece.clone()))).push_slice(text, piece);
    }
    if single || double || back || dollar {
        return Err("an open quote");
    }
    words.extend(word);
    Ok(words.into_iter().map(finish_word).collect())
}

fn is_descriptor(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// Extends the span of a word to all its pieces.
fn finish_word(word: TracedText) -> TracedText {
    if word.as_str().is_empty() {
        return word;
    }
    let span = word.span_of(0..word.as_str().len());
    word.with_span(span)
}

/// Splits the value of a variable that holds options, such as `JAVA_TOOL_OPTIONS`, into words at white space outside quotes.
#[must_use]
pub fn split_options(value: &TracedText) -> Vec<TracedText> {
    let text = value.as_str();
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => {
                quote = Some(c);
                start.get_or_insert(at);
            }
            (c, None) if c.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(value.slice(start..at));
                }
            }
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    if let Some(start) = start {
        words.push(value.slice(start..text.len()));
    }
    // The reader strips quotes around a whole word.
    words.into_iter().map(unquoted).filter(|word| !word.as_str().is_empty()).collect()
}

fn unquoted(word: TracedText) -> TracedText {
    let text = word.as_str();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            let length = inner.len();
            return word.slice(1..1 + length);
        }
    }
    word
}

/// Returns the length of a text up to the bracket that closes its first one, as of `${A:-${B}}`. Without such a bracket the text is
/// taken to its end.
#[must_use]
pub fn balanced(text: &str, open: char, close: char) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + c.len_utf8();
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn words(line: &str) -> Result<Vec<String>, &'static str> {
        let text = TracedText::verbatim(line, Span::new(SourceId(0), 0, line.len()));
        split_command(&text).map(|words| words.iter().map(|word| word.as_str().to_owned()).collect())
    }

    #[test]
    fn words_are_split_as_docker_compose_splits_them() {
        for (line, expected) in [
            ("redis-server --maxmemory 64mb", vec!["redis-server", "--maxmemory", "64mb"]),
            ("sh -c 'a && b' \"c d\"", vec!["sh", "-c", "a && b", "c d"]),
            ("a && b", vec!["a"]),
            ("a 2>b", vec!["a"]),
            ("a 2b>c", vec!["a", "2b"]),
            ("`a\"b`", vec!["`a\"b`"]),
            ("a\\tb '\\t'", vec!["a\tb", "\\t"]),
            ("a `b c` #d", vec!["a", "`b c`", "#d"]),
            ("a\\ b ''", vec!["a b", ""]),
            ("  ", vec![]),
            ("echo $(a b)", vec!["echo", "$(a b)"]),
        ] {
            assert_eq!(words(line), Ok(expected.into_iter().map(str::to_owned).collect()), "{line}");
        }
        for line in ["a 'b", "f(x)", "a)", "a \\", "$(a (b))", "`a"] {
            assert!(words(line).is_err(), "{line}");
        }
    }

    #[test]
    fn words_keep_their_places() {
        let text = TracedText::verbatim("a \"b c\" d", Span::new(SourceId(0), 10, 19));
        let Ok(words) = split_command(&text) else { panic!("has words") };
        assert_eq!(words[1].span().range(), 13..16);
        assert_eq!(words[2].span().range(), 18..19);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(line in "[a1 \\\\'\"`$()&;|<>é\n]{0,40}") {
            let text = TracedText::verbatim(line.as_str(), Span::new(SourceId(0), 0, line.len()));
            for word in split_command(&text).unwrap_or_default() {
                proptest::prop_assert!(text.span().contains(word.span()));
            }
        }
    }
}
