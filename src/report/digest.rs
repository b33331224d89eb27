//! Shortens image digests for people: `golang@sha256:4c9fe6a…`.

use std::borrow::Cow;
use std::ops::Range;

use crate::syntax::digest::{digests, without};

/// The text before the digits of a digest.
const PREFIX: &str = "@sha256:";

/// Digits that are shown.
const SHOWN: usize = 7;

/// Returns the ranges of the digits that are left out.
pub(super) fn left_out(text: &str) -> impl Iterator<Item = Range<usize>> {
    let of_image = |range: &Range<usize>| text.get(..range.start).is_some_and(|text| text.ends_with(PREFIX));
    digests(text).filter(of_image).map(|range| range.start + SHOWN..range.end)
}

/// Replaces most digits of each digest by `…`.
pub(super) fn shorten(text: &str) -> Cow<'_, str> {
    without(text, left_out(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_digests_are_shortened() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(shorten(&format!("`go:1@sha256:{digits}` is old")), "`go:1@sha256:0123456…` is old");
        for text in ["a@sha256:0123", &format!("a@sha256:{digits}0"), "plain"] {
            assert_eq!(shorten(text), text);
        }
    }
}
