//! Finds JSON values in text that also has other lines: terminal sessions, issues, logs.

use std::ops::Range;

use serde_json::{Deserializer, Value};

/// How many times the length of a text may be read for values that begin like JSON and are none, before only single lines are tried.
const FAILURES: usize = 2;

/// A part of a text.
pub(super) enum Piece {
    /// A JSON object.
    Object(Value, Range<usize>),
    /// A line.
    Line(Range<usize>),
}

/// Calls `each` with every JSON object and every other line of the text. Objects of arrays come one by one.
pub(super) fn pieces(text: &str, mut each: impl FnMut(Piece)) {
    let mut at = 0;
    // Where the next line begins: a line may have many values.
    let mut next = 0;
    let mut left = text.len().saturating_mul(FAILURES);
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        if next <= at {
            next = memchr::memchr(b'\n', rest.as_bytes()).map_or(text.len(), |end| at + end + 1);
        }
        let line = text.get(at..next).unwrap_or_default();
        let blank = line.len() - line.trim_start().len();
        let value = line.get(blank..).filter(|line| begins(line, rest, blank)).and_then(|_| {
            let reach = if left > 0 { rest } else { line };
            let from = reach.get(blank..)?;
            let mut values = Deserializer::from_str(from).into_iter::<Value>();
            let value = values.next()?;
            match value {
                Ok(value) => Some((value, values.byte_offset())),
                Err(error) => {
                    left = left.saturating_sub(read(from, &error));
                    None
                }
            }
        });
        match value {
            Some((value, used)) => {
                let range = at + blank..at + blank + used;
                objects(value, text, range.clone(), &mut each);
                at = range.end;
                // What follows on the line, a comma or nothing, is no line of its own.
                let rest = text.get(at..).unwrap_or_default();
                let blank = rest.len() - rest.trim_start_matches([',', ' ', '\t', '\r']).len();
                at += blank + usize::from(rest.get(blank..).is_some_and(|rest| rest.starts_with('\n')));
            }
            None => {
                let end = line.trim_end_matches(['\n', '\r']).len();
                each(Piece::Line(at..at + end));
                at = next;
            }
        }
    }
}

/// True if an object or a list of objects may begin here. A stamp of the kernel begins like a list.
fn begins(line: &str, rest: &str, blank: usize) -> bool {
    let inner = rest.get(blank + 1..).unwrap_or_default().trim_start();
    match line.as_bytes().first() {
        Some(b'{') => inner.starts_with(['"', '}']),
        Some(b'[') => inner.starts_with(['{', '[']),
        _ => false,
    }
}

fn objects(value: Value, text: &str, range: Range<usize>, each: &mut impl FnMut(Piece)) {
    match value {
        Value::Array(items) => {
            let ranges = elements(text, range);
            for (item, range) in items.into_iter().zip(ranges) {
                objects(item, text, range, each);
            }
        }
        value @ Value::Object(_) => each(Piece::Object(value, range)),
        _ => {}
    }
}

/// Returns the ranges of the elements of a valid array.
fn elements(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let (mut out, mut start) = (Vec::new(), range.start + 1);
    for (at, byte) in text.as_bytes().iter().copied().enumerate().take(range.end).skip(range.start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' | b']' if depth == 1 => {
                let part = text.get(start..at).unwrap_or_default();
                let blank = part.len() - part.trim_start().len();
                out.push(start + blank..(start + part.trim_end().len()).max(start + blank));
                start = at + 1;
                depth -= usize::from(byte == b']');
            }
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    out
}

/// Returns how many bytes were read up to an error.
fn read(text: &str, error: &serde_json::Error) -> usize {
    let mut ends = memchr::memchr_iter(b'\n', text.as_bytes());
    let before = error.line().checked_sub(2).and_then(|line| ends.nth(line)).map_or(0, |end| end + 1);
    before.saturating_add(error.column()).clamp(1, text.len().max(1))
}

/// Returns the string of a JSON text, without its quotes, that the byte at `at` is in.
pub(super) fn string_at(text: &str, at: usize) -> Option<Range<usize>> {
    let from = text.find(['{', '"']).filter(|from| *from <= at)?;
    let (mut begun, mut escaped) = (None, false);
    for (place, byte) in text.bytes().enumerate().skip(from) {
        match (begun, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (None, b'"') => begun = Some(place + 1),
            (Some(start), b'"') if place >= at => return (start <= at).then_some(start..place),
            (Some(_), b'"') => begun = None,
            // A string that is cut off.
            _ if place > at && begun.is_none() => return None,
            _ => {}
        }
    }
    begun.filter(|start| *start <= at).map(|start| start..text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        pieces(text, |piece| match piece {
            Piece::Object(value, range) => out.push(format!("{value} {}", &text[range])),
            Piece::Line(range) => out.push(text[range].to_owned()),
        });
        out
    }

    #[test]
    fn objects_and_lines_are_told_apart() {
        assert_eq!(
            split(
                "$ docker inspect a\n[\n  {\"a\": 1},\n  {\"a\": \"],\"}\n]\n[1.5] kernel\n{\"b\":2}\n{\"b\":3}\n{broken\n"
            ),
            [
                "$ docker inspect a",
                "{\"a\":1} {\"a\": 1}",
                "{\"a\":\"],\"} {\"a\": \"],\"}",
                "[1.5] kernel",
                "{\"b\":2} {\"b\":2}",
                "{\"b\":3} {\"b\":3}",
                "{broken"
            ]
        );
        assert_eq!(split(""), Vec::<String>::new());
        assert_eq!(split("[[{\"a\":1}]]"), ["{\"a\":1} {\"a\":1}"]);
    }

    #[test]
    fn many_broken_objects_take_no_time() {
        let text = "{\"a\": [1,\n".repeat(20_000);
        assert_eq!(split(&text).len(), 20_000);
    }

    #[test]
    fn the_string_around_a_place() {
        let at = |text: &str, needle: &str| {
            string_at(text, text.find(needle).unwrap()).and_then(|range| text.get(range)).map(str::to_owned)
        };
        let text = r#"{"a": "b\\", "c": ["d \"e\" f", 1]}"#;
        assert_eq!(at(text, "e").as_deref(), Some(r#"d \"e\" f"#));
        assert_eq!(at(text, "b").as_deref(), Some(r"b\\"));
        assert_eq!(at(text, "1").as_deref(), None);
        assert_eq!(at("no string", "s").as_deref(), None);
        assert_eq!(at("{\"a\": \"cut of", "cut").as_deref(), Some("cut of"));
    }
}
