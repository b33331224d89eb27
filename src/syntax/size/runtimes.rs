//! Sizes as runtimes and servers read them in their flags, variables and configuration files, after their own parsers.

use super::{ByteSize, GIB, KIB, MIB};

const TIB: i64 = GIB * 1024;

impl ByteSize {
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

    /// Parses a number of MiB as memcached's `-m` does.
    #[must_use]
    pub fn parse_memcached(text: &str) -> Option<Self> {
        whole(text.trim_end_matches(['m', 'M']), &[("", MIB)])
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

    /// Parses a size as MySQL and MariaDB do.
    #[must_use]
    pub fn parse_mysql(text: &str) -> Option<Self> {
        let units = [("k", KIB), ("m", MIB), ("g", GIB), ("t", TIB), ("", 1)];
        whole(&text.to_ascii_lowercase(), &units)
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
        let size = whole(&text.to_ascii_lowercase(), &[("k", KIB), ("m", MIB), ("g", GIB), ("", 1)])?;
        (size.0 >= 2 * MIB).then_some(size)
    }

    /// Parses a .NET setting: hexadecimal, with or without `0x`.
    #[must_use]
    pub fn parse_hexadecimal(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        i64::from_str_radix(digits, 16).ok().filter(|number| *number >= 0).map(Self)
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

/// Parses digits before one of the suffixes, the first that matches.
fn whole(text: &str, units: &[(&str, i64)]) -> Option<ByteSize> {
    units.iter().find_map(|(suffix, unit)| {
        let number = text.strip_suffix(suffix)?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = if digits { number.parse().ok()? } else { return None };
        number.checked_mul(*unit).map(ByteSize)
    })
}
