//! Exec form: a JSON array of strings (BuildKit `parser/line_parsers.go`, `parseJSON`).

use crate::source::Text;

/// Why text is no exec form.
pub(super) enum NotExec {
    /// Not JSON: shell form.
    Shell,
    /// A JSON array with something else than strings in it: BuildKit refuses it.
    NotStrings,
}

/// Reads an array of strings; each keeps the place of its text, quotes not included.
pub(super) fn array(text: &Text) -> Result<Vec<Text>, NotExec> {
    let source = text.as_str();
    if !source.starts_with('[') {
        return Err(NotExec::Shell);
    }
    match serde_json::from_str::<Vec<serde_json::Value>>(source) {
        Err(_) => return Err(NotExec::Shell),
        Ok(values) if values.iter().any(|value| !value.is_string()) => return Err(NotExec::NotStrings),
        Ok(_) => {}
    }
    // It is an array of strings: what is left is to find where each stands.
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(open) = source.get(at..).and_then(|rest| rest.find('"')).map(|i| at + i) {
        let Some(close) = closing_quote(source, open + 1) else { break };
        words.push(unescape(text, open + 1, close));
        at = close + 1;
    }
    Ok(words)
}

fn closing_quote(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The text between two quotes with its escapes resolved: runs without escapes keep their places.
fn unescape(text: &Text, from: usize, to: usize) -> Text {
    let source = text.as_str();
    let mut out = Text::empty(text.span_of(from.saturating_sub(1)..to + 1));
    let mut at = from;
    while let Some(slash) = source.get(at..to).and_then(|rest| rest.find('\\')).map(|i| at + i) {
        out.push_text(&text.slice(at..slash));
        let mut end = slash + escape_length(source, slash, to);
        // Two halves of a character beyond the basic plane are one escape.
        if source.get(end..).is_some_and(|rest| rest.starts_with("\\u"))
            && source.get(slash..).is_some_and(|rest| rest.starts_with("\\u"))
        {
            let pair = end + escape_length(source, end, to);
            let alone = decode(source.get(slash..end).unwrap_or_default());
            if alone.is_none() && decode(source.get(slash..pair).unwrap_or_default()).is_some() {
                end = pair;
            }
        }
        let decoded = decode(source.get(slash..end).unwrap_or_default());
        out.push_derived(&decoded.unwrap_or_else(|| "\u{fffd}".to_owned()), text.span_of(slash..end));
        at = end;
    }
    out.push_text(&text.slice(at..to));
    out
}

fn escape_length(source: &str, slash: usize, to: usize) -> usize {
    let length = if source.get(slash + 1..).is_some_and(|rest| rest.starts_with('u')) { 6 } else { 2 };
    length.min(to - slash)
}

fn decode(escape: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{escape}\"")).ok()
}
