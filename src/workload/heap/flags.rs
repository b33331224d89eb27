//! Parses runtime flags: splits a variable into words, and reads a word's value.

use crate::catalog::{Grammar, Sets};
use crate::model::size::ByteSize;
use crate::source::TracedText;

use super::Bound;

const KIB: i64 = 1 << 10;
const MIB: i64 = 1 << 20;

/// True if the reader accepts the value. `major` is the JVM's major version, if known.
pub(super) fn fits(grammar: Grammar, value: &str, major: Option<u32>) -> bool {
    match grammar {
        Grammar::JvmSize => ByteSize::parse_jvm(value).is_some_and(|size| size.0 > 0),
        // JDK 8 requires a decimal point ("Improperly specified VM option") and accepts more than 100.
        Grammar::JvmPercent => value.parse::<f64>().is_ok_and(|share| {
            let known = major.is_some_and(|major| major > 8);
            share >= 0.0 && (share <= 100.0 || !known) && (major != Some(8) || value.contains('.'))
        }),
        Grammar::JvmInteger => value.parse::<u64>().is_ok(),
        Grammar::Mebibytes => ByteSize::parse_mebibytes(value).is_some() || value == "-1",
        Grammar::PercentInteger => value.parse::<u8>().is_ok_and(|share| (1..=100).contains(&share)),
        Grammar::GoSize => value.is_empty() || value == "off" || size(grammar, value).is_some(),
        Grammar::PhpSize => value == "-1" || size(grammar, value).is_some(),
        Grammar::RedisSize
        | Grammar::MemcachedMebibytes
        | Grammar::PostgresSize
        | Grammar::MysqlSize
        | Grammar::MongoGigabytes => size(grammar, value).is_some(),
        Grammar::PythonAllocator => {
            let plain = ["default", "malloc", "pymalloc", "mimalloc"];
            value.is_empty()
                || plain.iter().any(|name| value.strip_suffix("_debug").unwrap_or(value) == *name)
                || value == "debug"
        }
        Grammar::JvmSizeOrPercent => {
            let share = value.strip_suffix('%').is_some_and(|share| share.parse::<u8>().is_ok());
            value.is_empty() || share || ByteSize::parse_jvm(value).is_some_and(|size| size.0 > 0)
        }
        Grammar::HexBytes | Grammar::HexPercent | Grammar::Switch => true,
    }
}

/// Parses a value that bounds the maximum heap; `None` if it does not match its grammar or bounds nothing.
pub(super) fn bound(sets: Sets, grammar: Grammar, value: &str, major: Option<u32>) -> Option<Bound> {
    match grammar {
        Grammar::JvmSizeOrPercent if !value.ends_with('%') => ByteSize::parse_jvm(value).map(Bound::Bytes),
        Grammar::JvmSizeOrPercent
        | Grammar::JvmPercent
        | Grammar::JvmInteger
        | Grammar::PercentInteger
        | Grammar::HexPercent => share(sets, grammar, value, major).map(Bound::Percent),
        _ => size(grammar, value).map(Bound::Bytes),
    }
}

/// Parses a value as a percentage of the limit; `None` if it does not match its grammar or has no effect.
pub(super) fn share(sets: Sets, grammar: Grammar, value: &str, major: Option<u32>) -> Option<f64> {
    let fraction = matches!(sets, Sets::HeapMaxFraction | Sets::HeapSmallFraction);
    let percent = match grammar {
        Grammar::JvmPercent if !fits(grammar, value, major) => return None,
        // JDK 8 accepts more than 100.
        Grammar::JvmPercent if major == Some(8) => {
            return value.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0);
        }
        Grammar::JvmPercent | Grammar::PercentInteger => value.parse().ok()?,
        Grammar::JvmSizeOrPercent => value.strip_suffix('%')?.parse().ok()?,
        // .NET ignores values outside 1 to 99 and uses its default (`gcconfig`: more than 0 and less than 100).
        Grammar::HexPercent => {
            hexadecimal(value).filter(|share| (1..100).contains(share)).map(|share| share as f64)?
        }
        Grammar::JvmInteger if fraction => {
            let parts: f64 = value.parse().ok().filter(|parts: &f64| *parts >= 1.0)?;
            100.0 / parts
        }
        _ => return None,
    };
    (0.0..=100.0).contains(&percent).then_some(percent)
}

/// Parses a size in the reader's own grammar.
pub(super) fn size(grammar: Grammar, value: &str) -> Option<ByteSize> {
    match grammar {
        Grammar::JvmSize => ByteSize::parse_jvm(value),
        Grammar::Mebibytes => ByteSize::parse_mebibytes(value),
        // Go's `runtime.parseByteCount` requires an exact suffix and takes no fractions.
        Grammar::GoSize => {
            let units =
                [("B", 1), ("KiB", KIB), ("MiB", MIB), ("GiB", MIB * KIB), ("TiB", MIB * MIB), ("", 1)];
            units.into_iter().find_map(|(suffix, unit)| whole(value.strip_suffix(suffix)?, unit))
        }
        Grammar::HexBytes => hexadecimal(value).map(ByteSize),
        // Redis's `memtoull`: `k` is 1000, `kb` is 1024.
        Grammar::RedisSize => {
            let value = value.to_ascii_lowercase();
            let units = [
                ("kb", KIB),
                ("mb", MIB),
                ("gb", MIB * KIB),
                ("k", 1000),
                ("m", 1_000_000),
                ("g", 1_000_000_000),
                ("b", 1),
                ("", 1),
            ];
            units.into_iter().find_map(|(suffix, unit)| whole(value.strip_suffix(suffix)?, unit))
        }
        Grammar::MemcachedMebibytes => whole(value.trim_end_matches(['m', 'M']), MIB),
        // PostgreSQL's `parse_int`, for a setting in blocks of 8 KiB.
        Grammar::PostgresSize => {
            let units =
                [("kB", KIB), ("MB", MIB), ("GB", MIB * KIB), ("TB", MIB * MIB), ("B", 1), ("", 8 * KIB)];
            let bytes = units.into_iter().find_map(|(suffix, unit)| {
                let number: f64 = value.strip_suffix(suffix)?.trim().parse().ok()?;
                Some(number * unit as f64)
            })?;
            (bytes.is_finite() && bytes > 0.0).then_some(ByteSize(bytes as i64))
        }
        Grammar::MysqlSize => {
            let value = value.to_ascii_lowercase();
            let units = [("k", KIB), ("m", MIB), ("g", MIB * KIB), ("t", MIB * MIB), ("", 1)];
            units.into_iter().find_map(|(suffix, unit)| whole(value.strip_suffix(suffix)?, unit))
        }
        Grammar::MongoGigabytes => {
            let gigabytes: f64 = value.parse().ok().filter(|number: &f64| *number > 0.0 && *number < 1e6)?;
            Some(ByteSize((gigabytes * (MIB * KIB) as f64) as i64))
        }
        // PHP's `ini_parse_quantity`, for values that it does not truncate.
        Grammar::PhpSize => {
            let value = value.to_ascii_lowercase();
            let units = [("k", KIB), ("m", MIB), ("g", MIB * KIB), ("", 1)];
            let size =
                units.into_iter().find_map(|(suffix, unit)| whole(value.strip_suffix(suffix)?, unit))?;
            // PHP replaces values below this by its default, since no script starts with less.
            (size.0 >= 2 * MIB).then_some(size)
        }
        _ => None,
    }
}

/// Parses a size in any common notation: a number with any unit. `None` without a unit, since the intended one is not known.
pub(super) fn meant(value: &str) -> Option<ByteSize> {
    let end = value.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (number, unit) = value.split_at(end);
    let unit = unit.trim().to_ascii_lowercase();
    let letter = unit
        .strip_suffix("ib")
        .or_else(|| unit.strip_suffix('b'))
        .or_else(|| unit.strip_suffix('i'))
        .unwrap_or(&unit);
    let unit = match letter {
        "k" => KIB,
        "m" => MIB,
        "g" => MIB * KIB,
        "t" => MIB * MIB,
        _ => return None,
    };
    let number: f64 = number.parse().ok().filter(|number: &f64| *number > 0.0 && *number < 1e6)?;
    Some(ByteSize((number * unit as f64) as i64))
}

/// Formats a size in the given grammar.
pub(super) fn spelled(grammar: Grammar, size: ByteSize) -> Option<String> {
    let mebibytes = (size.0 % MIB == 0).then_some(size.0 / MIB)?;
    Some(match grammar {
        Grammar::JvmSize | Grammar::JvmSizeOrPercent => format!("{mebibytes}m"),
        Grammar::Mebibytes | Grammar::MemcachedMebibytes => mebibytes.to_string(),
        Grammar::GoSize => format!("{mebibytes}MiB"),
        Grammar::RedisSize => format!("{mebibytes}mb"),
        Grammar::PostgresSize => format!("{mebibytes}MB"),
        Grammar::MysqlSize | Grammar::PhpSize => format!("{mebibytes}M"),
        Grammar::HexBytes => format!("{:#X}", size.0).replace("0X", "0x"),
        _ => return None,
    })
}

/// Parses a .NET setting: hexadecimal, with or without `0x`.
pub(super) fn hexadecimal(value: &str) -> Option<i64> {
    let digits = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")).unwrap_or(value);
    i64::from_str_radix(digits, 16).ok().filter(|number| *number >= 0)
}

fn whole(number: &str, unit: i64) -> Option<ByteSize> {
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = if digits { number.parse().ok()? } else { return None };
    number.checked_mul(unit).map(ByteSize)
}

/// Splits a variable's value into words at white space outside quotes.
pub(super) fn words(value: &TracedText) -> Vec<TracedText> {
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
    // The reader strips quotes around a whole word.
    words.into_iter().map(unquoted).filter(|word| !word.as_str().is_empty()).collect()
}

fn unquoted(word: TracedText) -> TracedText {
    let text = word.as_str();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            let length = inner.len();
            return word.slice(1..1 + length);
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: i64 = 1 << 30;

    #[test]
    fn every_reader_has_its_own_units() {
        for (grammar, value, bytes) in [
            (Grammar::GoSize, "512MiB", Some(512 * MIB)),
            (Grammar::GoSize, "1000", Some(1000)),
            (Grammar::GoSize, "512MB", None),
            (Grammar::GoSize, "0.5GiB", None),
            (Grammar::RedisSize, "256mb", Some(256 * MIB)),
            (Grammar::RedisSize, "256m", Some(256_000_000)),
            (Grammar::RedisSize, "1g", Some(1_000_000_000)),
            (Grammar::RedisSize, "256MiB", None),
            (Grammar::RedisSize, "0.5gb", None),
            (Grammar::RedisSize, "80%", None),
            (Grammar::MemcachedMebibytes, "64m", Some(64 * MIB)),
            (Grammar::MemcachedMebibytes, "1g", None),
            (Grammar::PostgresSize, "1GB", Some(GIB)),
            (Grammar::PostgresSize, "1.5 GB", Some(GIB * 3 / 2)),
            (Grammar::PostgresSize, "16384", Some(128 * MIB)),
            (Grammar::PostgresSize, "1g", None),
            (Grammar::MysqlSize, "1G", Some(GIB)),
            (Grammar::MysqlSize, "1GB", None),
            (Grammar::MongoGigabytes, "0.25", Some(256 * MIB)),
            (Grammar::PhpSize, "512M", Some(512 * MIB)),
            (Grammar::PhpSize, "512MB", None),
            (Grammar::PhpSize, "64", None),
            (Grammar::HexBytes, "0x20000000", Some(512 * MIB)),
            (Grammar::HexBytes, "536870912", Some(0x5_3687_0912)),
        ] {
            assert_eq!(size(grammar, value), bytes.map(ByteSize), "{grammar:?} {value}");
        }
    }

    #[test]
    fn what_was_meant_is_spelled_in_the_reader_s_grammar() {
        for (grammar, value, spelling) in [
            (Grammar::GoSize, "512M", "512MiB"),
            (Grammar::RedisSize, "0.5GiB", "512mb"),
            (Grammar::MemcachedMebibytes, "1g", "1024"),
            (Grammar::PhpSize, "512MB", "512M"),
            (Grammar::JvmSize, "1.5G", "1536m"),
        ] {
            assert_eq!(meant(value).and_then(|size| spelled(grammar, size)).as_deref(), Some(spelling));
        }
        assert_eq!(meant("512"), None);
        assert_eq!(meant("80%"), None);
    }
}
