//! Values of flags as settings: what is known of them, with a hole for each part that is not.

use crate::model::compose::Setting;
use crate::model::fact::Why;
use crate::source::{Span, TracedText};
use crate::syntax::command_line::Argument;
use crate::syntax::template::HOLE;
use crate::syntax::words::balanced;

const FILLED_IN: &str = "filled in before it runs";

/// Returns a value as a text.
pub(super) fn text(value: &Argument) -> Setting {
    match value.expands && holes(&value.text).is_none() {
        // A placeholder as a whole: `MEM`.
        true => unknown(value),
        false => part(&value.text, value.expands),
    }
}

/// Returns the setting of which nothing is known but that a value may set it.
pub(super) fn unknown(value: &Argument) -> Setting {
    let (why, at) = match holes(&value.text) {
        Some((_, why, at)) => (why, at),
        None => (Why::Other(FILLED_IN), value.text.span()),
    };
    Setting::unknown(why, at)
}

/// True if a part of a value has a variable, a substitution or a placeholder.
pub(super) fn has_hole(text: &TracedText, expands: bool) -> bool {
    expands && holes(text).is_some()
}

/// Returns a part of a value as a text.
pub(super) fn part(text: &TracedText, expands: bool) -> Setting {
    if !expands {
        return Setting::text(text.clone());
    }
    match holes(text) {
        Some((partial, why, at)) => Setting::partial(partial, why, at),
        None => Setting::text(text.clone()),
    }
}

/// Replaces each variable, substitution and placeholder by a hole, and returns the reason and the span of the first. None if there
/// is none.
fn holes(text: &TracedText) -> Option<(TracedText, Why, Span)> {
    let whole = text.as_str();
    let mut out = TracedText::empty(text.span());
    let mut first = None;
    let mut at = 0;
    while let Some(rest) = whole.get(at..).filter(|rest| !rest.is_empty()) {
        let length = unknown_length(rest);
        if length == 0 {
            let next = rest.char_indices().nth(1).map_or(rest.len(), |(next, _)| next);
            out.push_slice(text, at..at + next);
            at += next;
            continue;
        }
        let span = text.span_of(at..at + length);
        out.push_derived(&HOLE.to_string(), span);
        let written = rest.get(..length).unwrap_or_default();
        first.get_or_insert_with(|| (why(written), span));
        at += length;
    }
    let (why, at) = first?;
    Some((out, why, at))
}

/// Returns the length of a variable, substitution or placeholder that begins here; 0 if none does.
fn unknown_length(rest: &str) -> usize {
    let until = |close: &str, from: usize| {
        rest.get(from..)
            .and_then(|inner| inner.find(close))
            .map_or(rest.len(), |end| from + end + close.len())
    };
    if rest.starts_with("{{") {
        return until("}}", 2);
    }
    if let Some(dots) = ["...", "…"].iter().find(|dots| rest.starts_with(**dots)) {
        return dots.len();
    }
    match rest.bytes().next() {
        Some(b'`') => until("`", 1),
        Some(b'<') if rest.contains('>') => until(">", 1),
        Some(b'%') if rest.starts_with("%%") => until("%%", 2),
        Some(b'$') => match rest.as_bytes().get(1).copied() {
            Some(b'{') => balanced(rest, '{', '}'),
            Some(b'(') => balanced(rest, '(', ')'),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                let name = rest.bytes().skip(1).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_');
                1 + name.count()
            }
            Some(b) if b.is_ascii_digit() || b"@*#?$!-".contains(&b) => 2,
            _ => 0,
        },
        _ => 0,
    }
}

/// Returns why a part is not known.
fn why(written: &str) -> Why {
    let name = written.strip_prefix("${").or_else(|| written.strip_prefix('$')).unwrap_or_default();
    let end = name.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    match name.get(..end) {
        Some("placeholder" | "make" | "") | None => Why::Other(FILLED_IN),
        Some(name) => Why::Variable(name.to_owned()),
    }
}

/// Splits a value at a sign outside of variables: `source:target:options`, `type=tmpfs,target=/run`.
pub(super) fn parts(value: &Argument, sign: char) -> Vec<TracedText> {
    let whole = value.text.as_str();
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(rest) = whole.get(at..).filter(|rest| !rest.is_empty()) {
        let length = if value.expands { unknown_length(rest) } else { 0 };
        if length > 0 {
            at += length;
        } else if rest.starts_with(sign) {
            parts.push(value.text.slice(begin..at));
            at += 1;
            begin = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    parts.push(value.text.slice(begin..whole.len()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn argument(text: &str) -> Argument {
        let span = Span::new(SourceId(0), 0, text.len());
        Argument { text: TracedText::verbatim(text, span), expands: true }
    }

    #[test]
    fn each_unknown_part_becomes_a_hole() {
        for (written, expected) in [
            ("${A:-${B}}x$C", "_x_"),
            ("$(pwd)/a:/b", "_/a:/b"),
            ("`id -u`:$1", "_:_"),
            ("{{ name }}-%%T%%", "_-_"),
            ("a<your key>b", "a_b"),
            ("${open", "_"),
            ("100$", "100$"),
            ("a$/b$.c$é", "a$/b$.c$é"),
            ("$1$@$*$#$?$$$!$-x", "________x"),
            ("a<b", "a<b"),
            ("a%b%c", "a%b%c"),
            ("...x…", "_x_"),
        ] {
            let found = holes(&argument(written).text);
            let text = found.map_or(written.to_owned(), |(text, ..)| text.as_str().replace(HOLE, "_"));
            assert_eq!(text, expected, "{written}");
        }
        assert_eq!(why("${MEMORY:-1g}"), Why::Variable("MEMORY".to_owned()));
    }

    #[test]
    fn colons_of_variables_do_not_split() {
        let parts = |text: &str| {
            parts(&argument(text), ':').iter().map(|part| part.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(parts("${DATA:-./data}:/data:ro"), ["${DATA:-./data}", "/data", "ro"]);
        assert_eq!(parts("/data"), ["/data"]);
    }
}
