//! GitHub's line fingerprint in SARIF: `primaryLocationLineHash`.
//!
//! GitHub's upload action adds it to results without one and warns if a present one differs from its own. Uploads through
//! the API have only what the report contains, so this computes the same hash: a polynomial in 37 modulo 2^64 over the 100
//! UTF-16 code units that follow the start of the line, without spaces and tabs and with every line end as `\n`. The suffix
//! `:n` counts the occurrences of that value in the file.

use crate::hash::HashMap;

/// UTF-16 code units that one hash covers.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;

/// Code unit that marks the end of the file.
const END: u16 = u16::MAX;

/// Returns one hash per line. A final line end is followed by one more, empty line.
pub(super) fn of_lines(text: &str) -> Vec<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len() + 1);
    let mut starts = Vec::new();
    let mut begins = true;
    let mut after_return = false;
    for unit in text.encode_utf16() {
        let skipped =
            unit == u16::from(b' ') || unit == u16::from(b'\t') || (after_return && unit == u16::from(b'\n'));
        after_return = unit == u16::from(b'\r') && !skipped;
        if skipped {
            continue;
        }
        if std::mem::take(&mut begins) {
            starts.push(units.len());
        }
        let unit = if after_return { u16::from(b'\n') } else { unit };
        begins = unit == u16::from(b'\n');
        units.push(unit);
    }
    if begins {
        starts.push(units.len());
    }
    units.push(END);
    let mut seen: HashMap<u64, usize> = HashMap::default();
    let named = hashes_at(&starts, &units).into_iter().map(|hash| {
        let count = seen.entry(hash).or_default();
        *count += 1;
        format!("{hash:x}:{count}")
    });
    named.collect()
}

/// Returns the hash of the window at each of the ascending `starts`. Windows are padded with zeros at the end of the file.
fn hashes_at(starts: &[usize], units: &[u16]) -> Vec<u64> {
    let top = (1..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(FACTOR));
    let at = |index: usize| units.get(index).copied().map_or(0, u64::from);
    let mut hash = (0..WINDOW).fold(0_u64, |hash, index| hash.wrapping_mul(FACTOR).wrapping_add(at(index)));
    let mut begin = 0;
    let mut hashes = Vec::with_capacity(starts.len());
    for start in starts {
        while begin < *start {
            let without = hash.wrapping_sub(at(begin).wrapping_mul(top));
            hash = without.wrapping_mul(FACTOR).wrapping_add(at(begin + WINDOW));
            begin += 1;
        }
        hashes.push(hash);
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::of_lines;

    /// Compares with values that other implementations of the hash agree on.
    #[test]
    fn hashes_are_those_of_github() {
        assert_eq!(of_lines(""), ["c129715d7a2bc9a3:1"]);
        let four = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(of_lines(" a\nb\n  \t\tc\n d"), four);
        assert_eq!(of_lines("a\r\nb\rc\nd"), four);
        let more = ["8d07ce75f7b3af45:1", "ca140c3f893ffa65:1", "26f09ff008857193:1", "c129715d7a2bc9a3:1"];
        assert_eq!(of_lines("alpha\nbeta\nalpha\n"), more);
    }

    #[test]
    fn equal_lines_are_counted() {
        let text = format!("{}\n", "x".repeat(120)).repeat(2);
        let hashes = of_lines(&text);
        assert_eq!(hashes.len(), 3);
        assert!(hashes[0].ends_with(":1") && hashes[1].ends_with(":2"), "{hashes:?}");
        assert_eq!(hashes[0].split(':').next(), hashes[1].split(':').next());
    }
}
