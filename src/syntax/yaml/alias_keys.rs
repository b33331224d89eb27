//! Aliases as keys that are close to the colon: `*name: value`.
//!
//! For go-yaml an anchor's name ends at a colon, for the parser here the colon is a part of it. So that such a file can be parsed,
//! each `*` of such a key is replaced by a letter; the builder makes an alias of the scalar that comes out.

use std::borrow::Cow;

/// Takes the place of `*`.
const PLACEHOLDER: u8 = b'_';

/// The text of a file, with the keys that are aliases in another form.
pub(super) struct Marked<'t> {
    /// As long as the file.
    pub(super) text: Cow<'t, str>,
    /// The places of the keys, in order.
    pub(super) keys: Vec<usize>,
}

impl<'t> Marked<'t> {
    pub(super) fn none(text: &'t str) -> Self {
        Self { text: Cow::Borrowed(text), keys: Vec::new() }
    }

    /// Marks the keys at these places, each of which has a `*`.
    pub(super) fn at(text: &'t str, keys: Vec<usize>) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        for key in &keys {
            if let Some(byte) = bytes.get_mut(*key) {
                *byte = PLACEHOLDER;
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self { text: Cow::Owned(text), keys },
            Err(_) => Self::none(text),
        }
    }
}

/// Returns the places of what looks like such a key, also in comments and in quotes.
pub(super) fn places(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let is_key = |at: &usize| {
        let begins = at.checked_sub(1).and_then(|before| bytes.get(before));
        let name = bytes.get(at + 1..).unwrap_or_default();
        let length = name.iter().take_while(|byte| is_name(**byte)).count();
        let after = name.get(length + 1);
        matches!(begins, None | Some(b' ' | b'\n' | b'{' | b',' | b'['))
            && length > 0
            && name.get(length) == Some(&b':')
            && after.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'}'))
    };
    memchr::memchr_iter(b'*', bytes).filter(is_key).collect()
}

/// True for the letters of an anchor's name in go-yaml.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b':' | b',' | b'[' | b']' | b'{' | b'}')
}
