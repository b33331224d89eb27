//! Texts that go-yaml refuses and the parser here accepts: tabs, escapes of JSON, directives of YAML 1.2.

use super::{Kind, Node, Style};
use crate::hash::{HashMap, HashSet};
use crate::order;
use crate::source::{SourceId, Span};
use crate::syntax::SyntaxError;

/// Returns the errors of go-yaml (`internal/libyaml/scanner.go` and `parser.go` of go.yaml.in/yaml/v4) in a text without others.
pub(super) fn by_go_yaml(file: SourceId, text: &str, nodes: &[Node]) -> Vec<SyntaxError> {
    let mut errors = Vec::new();
    if let Some(at) = directive(text) {
        let message = "Compose reads YAML 1.1, and refuses other versions".to_owned();
        errors.push(SyntaxError::fatal(message, Span::new(file, at, at + "%YAML".len())));
    }
    errors.extend(nodes.iter().filter_map(|node| anchor(node, text)));
    if [&b"\\/"[..], b"\\ud", b"\\uD"]
        .iter()
        .any(|escape| memchr::memmem::find(text.as_bytes(), escape).is_some())
    {
        errors.extend(escapes(text, nodes));
    }
    if memchr::memchr(b'\t', text.as_bytes()).is_some() {
        errors.extend(tabs(file, text, nodes));
    }
    errors
}

/// Returns the place of a directive for another version than 1.1, before the first document.
fn directive(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_start_matches('\u{feff}').trim_end();
        if let Some(version) = written.strip_prefix("%YAML") {
            return (version.trim() != "1.1")
                .then(|| at + line.len() - line.trim_start_matches('\u{feff}').len());
        }
        if !written.is_empty() && !written.starts_with(['#', '%']) {
            return None;
        }
        at += line.len();
    }
    None
}

/// Returns the error of an anchor's name: for go-yaml it ends at a colon, and what follows is a value that begins with one. Only text and
/// a list in brackets can be read as such a value.
fn anchor(node: &Node, text: &str) -> Option<SyntaxError> {
    let anchor = node.anchor.as_ref()?;
    let is_block = || text.as_bytes().get(node.span.start as usize) != Some(&b'[');
    let message = if !anchor.name.is_ascii() {
        format!("Compose accepts letters of ASCII alone in the name of an anchor: `&{}`", anchor.name)
    } else if anchor.name.ends_with(':')
        || anchor.name.contains(':')
            && match &node.kind {
                Kind::Map(pairs) => !pairs.is_empty(),
                Kind::Seq(_) => is_block(),
                Kind::Scalar(_) | Kind::Alias(_) => false,
            }
    {
        format!("the name of an anchor ends at the colon for Compose: `&{}`", anchor.name)
    } else {
        return None;
    };
    Some(SyntaxError::fatal(message, anchor.span))
}

/// Returns the errors of escapes in double quotes that JSON has and YAML 1.1 does not: `\/`, and one character as two surrogates.
fn escapes(text: &str, nodes: &[Node]) -> Vec<SyntaxError> {
    let mut errors = Vec::new();
    for node in nodes {
        if !matches!(&node.kind, Kind::Scalar(scalar) if scalar.style == Style::DoubleQuoted) {
            continue;
        }
        let raw = text.get(node.span.range()).unwrap_or_default();
        let Some((at, length, message)) = refused_escape(raw) else { continue };
        let start = node.span.start as usize + at;
        errors.push(SyntaxError::fatal(message, Span::new(node.span.file, start, start + length)));
    }
    errors
}

/// Returns the place and length of the first escape that go-yaml refuses, and the message for it.
fn refused_escape(raw: &str) -> Option<(usize, usize, String)> {
    let mut escaped = false;
    for (at, c) in raw.char_indices() {
        let begins = escaped.then(|| at - 1);
        escaped = c == '\\' && !escaped;
        match (begins, c) {
            (Some(start), '/') => {
                return Some((start, 2, "`\\/` is no escape that Compose reads: write `/`".to_owned()));
            }
            (Some(start), 'u') => {
                let unit = |from: usize| u32::from_str_radix(raw.get(from..from + 4)?, 16).ok();
                let Some(high) = unit(start + 2).filter(|unit| (0xD800..0xDC00).contains(unit)) else {
                    continue;
                };
                let low = unit(start + 8).unwrap_or_default();
                let character = char::decode_utf16([high, low].map(|unit| unit as u16)).next();
                let written = raw.get(start..start + 12).unwrap_or_default();
                let message = match character {
                    Some(Ok(character)) => format!(
                        "`{written}` is no escape that Compose reads: write `\\U{:08X}`",
                        u32::from(character)
                    ),
                    _ => "Compose reads no surrogates".to_owned(),
                };
                return Some((start, written.len().max(2), message));
            }
            _ => {}
        }
    }
    None
}

/// Returns the errors of tabs in the indentation. Inside of quotes and brackets tabs are blanks, and so they are after a plain
/// scalar further in than its line; in a block scalar they are text.
fn tabs(file: SourceId, text: &str, nodes: &[Node]) -> Vec<SyntaxError> {
    let is_scalar = |node: &&Node| matches!(node.kind, Kind::Scalar(_)) && !node.span.is_empty();
    let ends: HashSet<usize> = nodes
        .iter()
        .filter(is_scalar)
        .filter(|node| matches!(&node.kind, Kind::Scalar(scalar) if scalar.style == Style::Plain))
        .map(|node| node.span.end as usize)
        .collect();
    let is_flow = |node: &Node| {
        let first = text.as_bytes().get(node.span.start as usize);
        matches!(node.kind, Kind::Map(_) | Kind::Seq(_)) && matches!(first, Some(b'{' | b'['))
    };
    let enclosing = nodes.iter().filter(|node| is_flow(node) || is_scalar(node));
    let mut spans: Vec<Span> = enclosing.map(|node| node.span).collect();
    order::by_key(&mut spans, |span| span.start);
    // Spans are nested or apart, so that the outermost ones tell.
    let mut outermost: Vec<Span> = Vec::new();
    for span in spans {
        if outermost.last().is_none_or(|last| span.start >= last.end) {
            outermost.push(span);
        }
    }
    let covers = |at: usize| {
        let begun = outermost.partition_point(|span| (span.start as usize) < at);
        begun.checked_sub(1).and_then(|last| outermost.get(last)).is_some_and(|span| at < span.end as usize)
    };
    let blocks = block_scalars(text, nodes);
    let mut errors = Vec::new();
    let (mut at, mut above): (usize, Option<(usize, &str)>) = (0, None);
    for line in text.split_inclusive('\n') {
        let column = line.bytes().take_while(|byte| *byte == b' ').count();
        if line.as_bytes().get(column) == Some(&b'\t') && !covers(at + column) {
            let (start, before) = above.unwrap_or_default();
            let end = start + before.trim_end().len();
            let is_refused = if let Some(inner) = blocks.get(&end) {
                column < *inner
            } else {
                let indent = before.bytes().take_while(|byte| *byte == b' ').count();
                let comments = before.trim_start().starts_with('#') && line.trim_start().starts_with('#');
                let elsewhere = !ends.contains(&end) && !covers(end) && !comments;
                elsewhere || ends.contains(&end) && column <= indent
            };
            if is_refused && errors.len() < TABS_SHOWN {
                let message = "a tab in the indentation, which Compose rejects".to_owned();
                errors.push(SyntaxError::fatal(message, Span::new(file, at + column, at + column + 1)));
            }
        }
        if !line.trim().is_empty() {
            above = Some((at, line));
        }
        at += line.len();
    }
    errors
}

/// Returns the ends of block scalars, without blank lines after them, and how far in their lines are.
fn block_scalars(text: &str, nodes: &[Node]) -> HashMap<usize, usize> {
    let spaces = |line: &str| line.bytes().take_while(|byte| *byte == b' ').count();
    let first = |lines: &str, skipped: usize| {
        lines.lines().skip(skipped).find(|line| !line.trim().is_empty()).map(spaces)
    };
    let indent = |node: &Node| {
        let Kind::Scalar(scalar) = &node.kind else { return None };
        if !matches!(scalar.style, Style::Literal | Style::Folded) {
            return None;
        }
        let raw = text.get(node.span.range())?;
        let end = node.span.start as usize + raw.trim_end().len();
        // A header as `|2` leaves blanks in the text.
        let inner = first(raw, 1)?.checked_sub(first(scalar.text.as_str(), 0)?)?;
        Some((end, inner))
    };
    nodes.iter().filter_map(indent).collect()
}

/// Upper bound on the tabs that are reported: one is mended with all.
const TABS_SHOWN: usize = 20;
