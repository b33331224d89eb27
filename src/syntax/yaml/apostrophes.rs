//! The escape `\'` in double quotes, which go-yaml reads and the parser here does not.
//!
//! So that such a file can be parsed, each is replaced by an escape that both know and nobody writes; the scalar then gets the text that
//! the file has.

use std::borrow::Cow;

use super::build::{Built, build};
use super::{Kind, Node, Style, scalar};
use crate::source::{SourceId, TracedText};

/// Takes the place of the apostrophe: `\a`, the bell.
const PLACEHOLDER: u8 = b'a';
const READ_AS: &str = "\u{7}";

/// The escapes that were replaced.
#[derive(Default)]
pub(super) struct Apostrophes {
    /// The places of the apostrophes.
    places: Vec<usize>,
}

impl Apostrophes {
    /// Replaces the escapes of the scalar at which the parser stopped and parses again, while there are such scalars. Takes the bytes
    /// that it parses from `budget`.
    pub(super) fn read(
        &mut self,
        file: SourceId,
        text: &mut Cow<'_, str>,
        keys: &[usize],
        built: &mut Built,
        budget: &mut usize,
    ) {
        while let Some(quote) = built.failure.as_ref().and_then(|failure| failure.escape_in) {
            let places = escaped(text, quote);
            let Some(rest) = budget.checked_sub(text.len()).filter(|_| !places.is_empty()) else { return };
            let mut bytes = text.as_bytes().to_vec();
            for place in &places {
                if let Some(byte) = bytes.get_mut(*place) {
                    *byte = PLACEHOLDER;
                }
            }
            let Ok(replaced) = String::from_utf8(bytes) else { return };
            *budget = rest;
            *built = build(file, &replaced, keys);
            *text = Cow::Owned(replaced);
            self.places.extend(places);
        }
    }

    /// Gives the scalars with replaced escapes their text. `text` is that of the file.
    pub(super) fn restore(&mut self, file: SourceId, text: &str, nodes: &mut [Node]) {
        self.places.sort_unstable();
        if self.places.is_empty() {
            return;
        }
        for node in nodes {
            let (start, end) = (node.span.start as usize, node.span.end as usize);
            let next = self.places.partition_point(|place| *place < start);
            if self.places.get(next).is_none_or(|place| *place >= end) {
                continue;
            }
            if let Kind::Scalar(scalar) = &mut node.kind
                && scalar.style == Style::DoubleQuoted
            {
                let value = scalar.text.as_str();
                let blurred = |text: &str| text.replace(READ_AS, "'");
                let read = scalar::double_quoted(file, text, start..end)
                    .filter(|read| blurred(read.as_str()) == blurred(value));
                scalar.text = read.unwrap_or_else(|| TracedText::derived(blurred(value), node.span));
            }
        }
    }
}

/// Returns the places of escaped apostrophes in the scalar in double quotes that begins at `quote`.
fn escaped(text: &str, quote: usize) -> Vec<usize> {
    let (mut places, mut is_escaped) = (Vec::new(), false);
    for (at, byte) in text.bytes().enumerate().skip(quote + 1) {
        match (is_escaped, byte) {
            (true, b'\'') => places.push(at),
            (false, b'"') => break,
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    places
}
