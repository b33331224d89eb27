//! Flags of runtimes: splitting a variable into words, and reading a word's value.

use crate::catalog::{Grammar, Sets};
use crate::model::size::ByteSize;
use crate::source::Text;

use super::heap::Bound;

/// True when the runtime takes the value; for a JVM of a known major version where that matters.
pub(super) fn fits(grammar: Grammar, value: &str, major: Option<u32>) -> bool {
    match grammar {
        Grammar::JvmSize => ByteSize::parse_jvm(value).is_some_and(|size| size.0 > 0),
        // JDK 8 wants a decimal point ("Improperly specified VM option").
        Grammar::JvmPercent => {
            let number = value.parse::<f64>().is_ok_and(|share| (0.0..=100.0).contains(&share));
            number && (major != Some(8) || value.contains('.'))
        }
        Grammar::JvmInteger => value.parse::<u64>().is_ok(),
        Grammar::Mebibytes => ByteSize::parse_mebibytes(value).is_some() || value == "-1",
        Grammar::PercentInteger => value.parse::<u8>().is_ok_and(|share| (1..=100).contains(&share)),
        _ => true,
    }
}

/// Reads a value that bounds the largest heap; none when it does not fit its grammar.
pub(super) fn bound(sets: Sets, grammar: Grammar, value: &str) -> Option<Bound> {
    let percent = |value: f64| (0.0..=100.0).contains(&value).then_some(Bound::Percent(value));
    match (sets, grammar) {
        (_, Grammar::JvmSize) => ByteSize::parse_jvm(value).map(Bound::Bytes),
        (_, Grammar::JvmSizeOrPercent) => match value.strip_suffix('%') {
            Some(share) => percent(share.parse().ok()?),
            None => ByteSize::parse_jvm(value).map(Bound::Bytes),
        },
        (_, Grammar::Mebibytes) => ByteSize::parse_mebibytes(value).map(Bound::Bytes),
        (_, Grammar::JvmPercent | Grammar::PercentInteger) => percent(value.parse().ok()?),
        (Sets::HeapMaxFraction, Grammar::JvmInteger) => {
            let parts: f64 = value.parse().ok()?;
            if parts >= 1.0 { percent(100.0 / parts) } else { None }
        }
        _ => None,
    }
}

/// The words of a variable's value: separated by white space, kept together by quotes.
pub(super) fn words(value: &Text) -> Vec<Text> {
    let text = value.as_str();
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => {
                quote = Some(c);
                start.get_or_insert(at);
            }
            (c, None) if c.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(value.slice(start..at));
                }
            }
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    if let Some(start) = start {
        words.push(value.slice(start..text.len()));
    }
    // Quotes around a whole word are the reader's, not the flag's.
    words.into_iter().map(unquoted).filter(|word| !word.as_str().is_empty()).collect()
}

fn unquoted(word: Text) -> Text {
    let text = word.as_str();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            let length = inner.len();
            return word.slice(1..1 + length);
        }
    }
    word
}
