//! Sizes as runtimes and servers read them in their flags, variables and configuration files, after their own parsers.

use super::{ByteSize, GIB, KIB, MIB};

const TIB: i64 = GIB * 1024;

impl ByteSize {
    /// Parses the value of `-Xmx`: an integer and at most one of `k`, `m`, `g`, `t` in either case (`HotSpot`
    /// `Arguments::atojulong`). None if the JVM rejects it.
    #[must_use]
    pub fn parse_jvm(text: &str) -> Option<Self> {
        in_binary_units(text)
    }

    /// Parses a number of MiB without a unit, as V8's `--max-old-space-size` takes it. None if Node rejects it.
    #[must_use]
    pub fn parse_mebibytes(text: &str) -> Option<Self> {
        whole(text, &[("", MIB)])
    }

    /// Parses a size as Go does for `GOMEMLIMIT` (`runtime.parseByteCount`): an exact suffix, no fractions.
    #[must_use]
    pub fn parse_go(text: &str) -> Option<Self> {
        whole(text, &[("B", 1), ("KiB", KIB), ("MiB", MIB), ("GiB", GIB), ("TiB", TIB), ("", 1)])
    }

    /// Parses a size as Redis does (`memtoull`): `k` is 1000, `kb` is 1024.
    #[must_use]
    pub fn parse_redis(text: &str) -> Option<Self> {
        let units = [
            ("kb", KIB),
            ("mb", MIB),
            ("gb", GIB),
            ("k", 1000),
            ("m", 1_000_000),
            ("g", 1_000_000_000),
            ("b", 1),
            ("", 1),
        ];
        whole(&text.to_ascii_lowercase(), &units)
    }

    /// Parses a number of MiB, with or without `m`, as memcached's `-m` takes it. Another unit is not what its author means:
    /// memcached reads the digits alone (`atoi`).
    #[must_use]
    pub fn parse_memcached(text: &str) -> Option<Self> {
        whole(text, &[("m", MIB), ("M", MIB), ("", MIB)])
    }

    /// Parses a size as PostgreSQL does (`parse_int`), for a setting in blocks of 8 KiB.
    #[must_use]
    pub fn parse_postgres(text: &str) -> Option<Self> {
        let units = [("kB", KIB), ("MB", MIB), ("GB", GIB), ("TB", TIB), ("B", 1), ("", 8 * KIB)];
        let bytes = units.into_iter().find_map(|(suffix, unit)| {
            let number: f64 = text.strip_suffix(suffix)?.trim().parse().ok()?;
            Some(number * unit as f64)
        })?;
        (bytes.is_finite() && bytes > 0.0).then_some(Self(bytes as i64))
    }

    /// Parses a size as MySQL and MariaDB do: an integer and at most one of `k`, `m`, `g`, `t` in either case.
    #[must_use]
    pub fn parse_mysql(text: &str) -> Option<Self> {
        in_binary_units(text)
    }

    /// Parses a number of GiB as MongoDB's `--wiredTigerCacheSizeGB` does.
    #[must_use]
    pub fn parse_gigabytes(text: &str) -> Option<Self> {
        let gigabytes: f64 = text.parse().ok().filter(|number: &f64| *number > 0.0 && *number < 1e6)?;
        Some(Self((gigabytes * GIB as f64) as i64))
    }

    /// Parses a size as PHP does (`ini_parse_quantity`), for values that it does not truncate. None below 2 MiB: PHP replaces
    /// such a value by its default.
    #[must_use]
    pub fn parse_php(text: &str) -> Option<Self> {
        in_binary_units(text).filter(|size| size.0 >= 2 * MIB && !text.ends_with(['t', 'T']))
    }

    /// Parses a .NET setting: hexadecimal, with or without `0x`, of 64 bits. What is beyond `i64` is as good as no bound.
    #[must_use]
    pub fn parse_hexadecimal(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let number = u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        Some(Self(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    /// Parses a size in any common notation: a number with any unit. None without a unit, since the intended one is not known.
    #[must_use]
    pub fn parse_any(text: &str) -> Option<Self> {
        let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
        let (number, unit) = text.split_at(end);
        let unit = unit.trim().to_ascii_lowercase();
        let letter = unit
            .strip_suffix("ib")
            .or_else(|| unit.strip_suffix('b'))
            .or_else(|| unit.strip_suffix('i'))
            .unwrap_or(&unit);
        let unit = match letter {
            "k" => KIB,
            "m" => MIB,
            "g" => GIB,
            "t" => TIB,
            _ => return None,
        };
        let number: f64 = number.parse().ok().filter(|number: &f64| *number > 0.0 && *number < 1e6)?;
        Some(Self((number * unit as f64) as i64))
    }
}

/// Parses an integer with at most one of `k`, `m`, `g`, `t` in either case, each 1024 times the one before.
fn in_binary_units(text: &str) -> Option<ByteSize> {
    whole(&text.to_ascii_lowercase(), &[("k", KIB), ("m", MIB), ("g", GIB), ("t", TIB), ("", 1)])
}

/// Parses digits before one of the suffixes, the first that matches.
fn whole(text: &str, units: &[(&str, i64)]) -> Option<ByteSize> {
    units.iter().find_map(|(suffix, unit)| {
        let number = text.strip_suffix(suffix)?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = if digits { number.parse().ok()? } else { return None };
        number.checked_mul(*unit).map(ByteSize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A parser, texts with the bytes that it reads, and texts that it refuses.
    type Case = (fn(&str) -> Option<ByteSize>, &'static [(&'static str, i64)], &'static [&'static str]);

    #[test]
    fn each_program_has_its_own_units() {
        let cases: &[Case] = &[
            (
                ByteSize::parse_jvm,
                &[("512m", 512 * MIB), ("2G", 2 * GIB), ("1T", TIB), ("1024", 1024), ("64K", 64 * KIB)],
                &["512MB", "0.5g", "512Mi", "80%", "-1", "", " 5m", "+5m", "m", "9000000T"],
            ),
            (
                ByteSize::parse_mebibytes,
                &[("300", 300 * MIB)],
                &["300m", "", "-1", "+1", "9223372036854775807"],
            ),
            (
                ByteSize::parse_go,
                &[("512MiB", 512 * MIB), ("1GiB", GIB), ("100B", 100), ("100", 100), ("2TiB", 2 * TIB)],
                &["512m", "1gib", "1.5GiB", "1 GiB", "MiB", "9000000TiB"],
            ),
            (
                ByteSize::parse_redis,
                &[
                    ("100mb", 100 * MIB),
                    ("100m", 100_000_000),
                    ("1G", 1_000_000_000),
                    ("1GB", GIB),
                    ("5b", 5),
                ],
                &["1gib", "1.5gb", "", "mb", "-1"],
            ),
            (
                ByteSize::parse_memcached,
                &[("64", 64 * MIB), ("64m", 64 * MIB), ("64M", 64 * MIB)],
                &["", "m", "-1", "64mm", "1g"],
            ),
            (
                ByteSize::parse_postgres,
                &[
                    ("128MB", 128 * MIB),
                    ("1GB", GIB),
                    ("16384", 128 * MIB),
                    ("1.5GB", GIB * 3 / 2),
                    ("8 kB", 8192),
                ],
                &["128mb", "1G", "", "0", "-1", "inf"],
            ),
            (ByteSize::parse_mysql, &[("128M", 128 * MIB), ("1g", GIB), ("5", 5)], &["128MB", "1.5G", ""]),
            (ByteSize::parse_gigabytes, &[("0.25", GIB / 4), ("2", 2 * GIB)], &["1g", "0", "-1", "1e9", ""]),
            (ByteSize::parse_php, &[("128M", 128 * MIB), ("1g", GIB)], &["1M", "-1", "1t", "128MB", ""]),
            (
                ByteSize::parse_hexadecimal,
                &[("0x10", 16), ("1F", 31), ("0XC8", 200), ("FFFFFFFFFFFFFFFF", i64::MAX)],
                &["+1F", "-1", "", "0x", "1FFFFFFFFFFFFFFFF", "512m"],
            ),
            (
                ByteSize::parse_any,
                &[("512Mi", 512 * MIB), ("1.5 GB", GIB * 3 / 2), ("2g", 2 * GIB), ("64KiB", 64 * KIB)],
                &["512", "", "g", "1e9g", "5x"],
            ),
        ];
        for (number, (parse, read, refused)) in cases.iter().enumerate() {
            for (text, bytes) in *read {
                assert_eq!(parse(text), Some(ByteSize(*bytes)), "{number}: {text}");
            }
            for text in *refused {
                assert_eq!(parse(text), None, "{number}: {text}");
            }
        }
    }
}
