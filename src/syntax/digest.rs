//! SHA-256 digests in a text: those of images, and the IDs of containers.

use std::borrow::Cow;
use std::ops::Range;

/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// Returns the ranges of the digests: 64 digits, no more.
pub(crate) fn digests(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    let runs = text.as_bytes().chunk_by(|one, next| one.is_ascii_hexdigit() && next.is_ascii_hexdigit());
    runs.filter_map(move |run| {
        let start = end;
        end += run.len();
        (run.len() == DIGITS).then_some(start..end)
    })
}

/// Replaces each of the ranges, which are in order, by `…`.
pub(crate) fn without(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    for range in ranges {
        out.push_str(text.get(done..range.start).unwrap_or_default());
        out.push('…');
        done = range.end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_64_digits_and_no_more() {
        let id = "0123456789abcDEF".repeat(4);
        let found = |text: &str| digests(text).map(|range| text[range].to_owned()).collect::<Vec<_>>();
        assert_eq!(found(&format!("/docker/{id}/docker/{id}")), [id.clone(), id.clone()]);
        assert_eq!(found(&format!("é{id}é")).concat(), id);
        for text in [format!("{id}0"), id[1..].to_owned(), String::new(), "é".repeat(64)] {
            assert_eq!(found(&text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(without(&format!("a {id} b"), digests(&format!("a {id} b"))), "a … b");
    }
}
