//! Here-documents: `<<EOF`, `<<-EOF`, `3<<"EOF"` (BuildKit `parser/parser.go`, `heredocsFromLine`, and its shell lexer).

use crate::source::{Span, Text};

/// What announces a here-document.
pub(super) struct Marker {
    pub(super) name: String,
    pub(super) expand: bool,
    pub(super) chomp: bool,
    pub(super) descriptor: u32,
    pub(super) span: Span,
}

/// The markers in an instruction's text; none when its quotes do not close.
pub(super) fn markers(text: &Text) -> Vec<Marker> {
    if !text.as_str().contains("<<") {
        return Vec::new();
    }
    let Some(words) = shell_words(text.as_str()) else { return Vec::new() };
    words
        .into_iter()
        .filter_map(|word| {
            let span = text.span_of(word.clone());
            marker(text.as_str().get(word)?, span)
        })
        .collect()
}

fn marker(word: &str, span: Span) -> Option<Marker> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = word.get(digits..)?.strip_prefix("<<")?;
    let (chomp, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let (name, quoted) = unquote(rest)?;
    let descriptor = word.get(..digits)?.parse().unwrap_or(0);
    Some(Marker { name, expand: !quoted, chomp, descriptor, span })
}

/// The word without its quotes, and whether it had any; none when it is empty or more than one word.
fn unquote(word: &str) -> Option<(String, bool)> {
    let mut name = String::new();
    let mut quoted = false;
    let mut quote = None;
    let mut characters = word.chars();
    while let Some(c) = characters.next() {
        match quote {
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                quoted = true;
            }
            Some(open) if c == open => quote = None,
            None | Some('"') if c == '\\' => name.extend(characters.next()),
            None if c.is_whitespace() => return None,
            _ => name.push(c),
        }
    }
    (quote.is_none() && !name.is_empty()).then_some((name, quoted))
}

/// The words of a line as a shell sees them, with quotes and `${…}` kept whole; none when something does not close.
fn shell_words(source: &str) -> Option<Vec<std::ops::Range<usize>>> {
    let bytes = source.as_bytes();
    let mut words = Vec::new();
    let mut begun: Option<usize> = None;
    let mut at = 0;
    while at < bytes.len() {
        let c = source.get(at..)?.chars().next()?;
        if c.is_whitespace() {
            words.extend(begun.take().map(|start| start..at));
            at += c.len_utf8();
            continue;
        }
        begun.get_or_insert(at);
        at = match c {
            '\'' => at + 2 + memchr::memchr(b'\'', bytes.get(at + 1..)?)?,
            '"' => double_quoted(source, at + 1)?,
            '\\' => at + 1 + source.get(at + 1..)?.chars().next().map_or(0, char::len_utf8),
            '$' if bytes.get(at + 1) == Some(&b'{') => brace(bytes, at)?,
            '<' if bytes.get(at + 1) == Some(&b'<') => {
                // `<< EOF`: the name may stand apart.
                let rest = source.get(at + 2..)?;
                at + 2 + (rest.len() - rest.trim_start_matches([' ', '\t']).len())
            }
            c => at + c.len_utf8(),
        };
    }
    words.extend(begun.map(|start| start..bytes.len()));
    Some(words)
}

/// One past the closing quote.
fn double_quoted(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' if at + 1 < bytes.len() => at += 1 + source.get(at + 1..)?.chars().next()?.len_utf8(),
            b'$' if bytes.get(at + 1) == Some(&b'{') => at = brace(bytes, at)?,
            _ => at += 1,
        }
    }
}

/// One past the brace that closes `${` at `dollar`.
fn brace(bytes: &[u8], dollar: usize) -> Option<usize> {
    if matches!(bytes.get(dollar + 2), None | Some(b'{' | b'}' | b':')) {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = dollar + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' if bytes.get(at - 1) == Some(&b'$') => depth += 1,
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'\\' => at += 1,
            _ => {}
        }
        at += 1;
    }
    None
}
