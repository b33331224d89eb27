//! Shortens image digests for people: `golang@sha256:4c9fe6a…`.

use std::borrow::Cow;
use std::ops::Range;

/// The prefix of a digest, before its hexadecimal digits.
const PREFIX: &str = "@sha256:";

/// Digits of a SHA-256 digest.
const DIGITS: usize = 64;

/// Digits that are shown.
const SHOWN: usize = 7;

/// Returns the ranges of the digits that are left out.
pub(super) fn left_out(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(PREFIX).filter_map(|(at, _)| {
        let first = at + PREFIX.len();
        let digits = text.get(first..first + DIGITS)?;
        let ends = !text[first + DIGITS..].starts_with(|c: char| c.is_ascii_hexdigit());
        (ends && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| first + SHOWN..first + DIGITS)
    })
}

/// Replaces most digits of each digest by `…`.
pub(super) fn shorten(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    for range in left_out(text) {
        out.push_str(&text[done..range.start]);
        out.push('…');
        done = range.end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
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
