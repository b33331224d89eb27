//! Parses the values of runtime flags, each in the grammar of its reader.

use super::Bound;
use crate::catalog::{Grammar, Sets};
use crate::syntax::size::{ByteSize, MIB};

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
        | Grammar::MongoGigabytes
        | Grammar::Bytes
        | Grammar::AnySize => size(grammar, value).is_some(),
        Grammar::Ratio | Grammar::Percent => share(Sets::HeapMaxPercent, grammar, value, major).is_some(),
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
        | Grammar::Ratio
        | Grammar::Percent
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
        Grammar::Ratio => value.parse::<f64>().ok()? * 100.0,
        Grammar::Percent => value.strip_suffix('%').unwrap_or(value).trim_end().parse().ok()?,
        // .NET ignores values outside 1 to 99 and uses its default (`gcconfig`: more than 0 and less than 100).
        Grammar::HexPercent => ByteSize::parse_hexadecimal(value)
            .map(|size| size.0)
            .filter(|share| (1..100).contains(share))
            .map(|share| share as f64)?,
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
        Grammar::GoSize => ByteSize::parse_go(value),
        Grammar::HexBytes => ByteSize::parse_hexadecimal(value),
        Grammar::RedisSize => ByteSize::parse_redis(value),
        Grammar::MemcachedMebibytes => ByteSize::parse_memcached(value),
        Grammar::PostgresSize => ByteSize::parse_postgres(value),
        Grammar::MysqlSize => ByteSize::parse_mysql(value),
        Grammar::MongoGigabytes => ByteSize::parse_gigabytes(value),
        Grammar::PhpSize => ByteSize::parse_php(value),
        Grammar::Bytes => value.parse().ok().filter(|bytes| *bytes >= 0).map(ByteSize),
        Grammar::AnySize => ByteSize::parse_any(value),
        _ => None,
    }
}

/// Formats a size in the given grammar.
pub(super) fn spelled(grammar: Grammar, size: ByteSize) -> Option<String> {
    let mebibytes = (size.0 % MIB == 0).then_some(size.0 / MIB)?;
    Some(match grammar {
        Grammar::JvmSize | Grammar::JvmSizeOrPercent | Grammar::AnySize => format!("{mebibytes}m"),
        Grammar::Mebibytes | Grammar::MemcachedMebibytes => mebibytes.to_string(),
        Grammar::GoSize => format!("{mebibytes}MiB"),
        Grammar::RedisSize => format!("{mebibytes}mb"),
        Grammar::PostgresSize => format!("{mebibytes}MB"),
        Grammar::MysqlSize | Grammar::PhpSize => format!("{mebibytes}M"),
        Grammar::Bytes => size.0.to_string(),
        // Two decimals, rounded down. MongoDB takes no less than 0.25 (manual, storage.wiredTiger.engineConfig.cacheSizeGB).
        Grammar::MongoGigabytes if mebibytes < 256 => return None,
        Grammar::MongoGigabytes => {
            let hundredths = mebibytes * 100 / 1024;
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Grammar::HexBytes => format!("{:#X}", size.0).replace("0X", "0x"),
        _ => return None,
    })
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
    fn what_a_reader_accepts_depends_on_its_version() {
        for (grammar, value, major, expected) in [
            (Grammar::JvmSize, "0", None, false),
            (Grammar::JvmSize, "1", None, true),
            (Grammar::JvmPercent, "50", Some(21), true),
            (Grammar::JvmPercent, "50", Some(8), false),
            (Grammar::JvmPercent, "50.0", Some(8), true),
            (Grammar::JvmPercent, "100.0", Some(9), true),
            (Grammar::JvmPercent, "100.1", Some(9), false),
            (Grammar::JvmPercent, "100.1", Some(8), true),
            (Grammar::JvmPercent, "100.1", None, true),
            (Grammar::JvmPercent, "0.0", Some(21), true),
            (Grammar::JvmPercent, "-1.0", Some(21), false),
            (Grammar::JvmInteger, "2", None, true),
            (Grammar::JvmInteger, "-2", None, false),
            (Grammar::Mebibytes, "512", None, true),
            (Grammar::Mebibytes, "-1", None, true),
            (Grammar::Mebibytes, "512m", None, false),
            (Grammar::PercentInteger, "1", None, true),
            (Grammar::PercentInteger, "100", None, true),
            (Grammar::PercentInteger, "0", None, false),
            (Grammar::PercentInteger, "101", None, false),
            (Grammar::GoSize, "", None, true),
            (Grammar::GoSize, "off", None, true),
            (Grammar::GoSize, "1GB", None, false),
            (Grammar::PhpSize, "-1", None, true),
            (Grammar::PhpSize, "-2", None, false),
            (Grammar::Bytes, "0", None, true),
            (Grammar::Bytes, "-1", None, false),
            (Grammar::Bytes, "1k", None, false),
            (Grammar::PythonAllocator, "", None, true),
            (Grammar::PythonAllocator, "debug", None, true),
            (Grammar::PythonAllocator, "malloc_debug", None, true),
            (Grammar::PythonAllocator, "mimalloc", None, true),
            (Grammar::PythonAllocator, "jemalloc", None, false),
            (Grammar::JvmSizeOrPercent, "", None, true),
            (Grammar::JvmSizeOrPercent, "70%", None, true),
            (Grammar::JvmSizeOrPercent, "x%", None, false),
            (Grammar::JvmSizeOrPercent, "1g", None, true),
            (Grammar::JvmSizeOrPercent, "0", None, false),
        ] {
            assert_eq!(fits(grammar, value, major), expected, "{grammar:?} {value} {major:?}");
        }
    }

    #[test]
    fn shares_are_percentages_of_the_limit() {
        let most = Sets::HeapMaxPercent;
        for (sets, grammar, value, major, expected) in [
            (most, Grammar::JvmPercent, "62.5", Some(21), Some(62.5)),
            (most, Grammar::JvmPercent, "150.0", Some(8), Some(150.0)),
            (most, Grammar::JvmPercent, "150.0", None, None),
            (most, Grammar::PercentInteger, "100", None, Some(100.0)),
            (most, Grammar::JvmSizeOrPercent, "70%", None, Some(70.0)),
            (most, Grammar::JvmSizeOrPercent, "1g", None, None),
            (most, Grammar::Ratio, "0.5", None, Some(50.0)),
            (most, Grammar::Ratio, "1.5", None, None),
            (most, Grammar::Percent, "50 %", None, Some(50.0)),
            (most, Grammar::Percent, "50", None, Some(50.0)),
            (most, Grammar::HexPercent, "0x4B", None, Some(75.0)),
            (most, Grammar::HexPercent, "1", None, Some(1.0)),
            (most, Grammar::HexPercent, "63", None, Some(99.0)),
            (most, Grammar::HexPercent, "64", None, None),
            (most, Grammar::HexPercent, "0", None, None),
            (Sets::HeapMaxFraction, Grammar::JvmInteger, "4", None, Some(25.0)),
            (Sets::HeapMaxFraction, Grammar::JvmInteger, "1", None, Some(100.0)),
            (Sets::HeapMaxFraction, Grammar::JvmInteger, "0", None, None),
            (most, Grammar::JvmInteger, "4", None, None),
        ] {
            assert_eq!(share(sets, grammar, value, major), expected, "{grammar:?} {value} {major:?}");
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
            (Grammar::JvmSizeOrPercent, "1g", "1024m"),
            (Grammar::Mebibytes, "1g", "1024"),
            (Grammar::PostgresSize, "1g", "1024MB"),
            (Grammar::MysqlSize, "1g", "1024M"),
            (Grammar::Bytes, "1g", "1073741824"),
            (Grammar::MongoGigabytes, "1g", "1"),
            (Grammar::MongoGigabytes, "512m", "0.5"),
            (Grammar::MongoGigabytes, "300m", "0.29"),
            (Grammar::HexBytes, "512m", "0x20000000"),
        ] {
            assert_eq!(
                ByteSize::parse_any(value).and_then(|size| spelled(grammar, size)).as_deref(),
                Some(spelling)
            );
        }
        assert_eq!(ByteSize::parse_any("512"), None);
        assert_eq!(ByteSize::parse_any("80%"), None);
    }
}
