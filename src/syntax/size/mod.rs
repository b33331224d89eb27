//! Sizes in bytes: parsers for the syntax of Compose and of mount options, and the display format; `runtimes` has
//! those of programs, `measured` that of measuring tools.

mod measured;
mod runtimes;

use std::fmt;

/// The number of bytes in a KiB.
pub const KIB: i64 = 1024;
/// The number of bytes in a MiB.
pub const MIB: i64 = KIB * 1024;
/// The number of bytes in a GiB.
pub const GIB: i64 = MIB * 1024;

/// A number of bytes; negative where a key gives -1 a meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub i64);

/// The smallest memory limit that the engine accepts: 6 MiB since 20.10 (moby `daemon/daemon_unix.go`, `linuxMinMemory`).
pub const SMALLEST_LIMIT: ByteSize = ByteSize(6 * 1024 * 1024);

impl ByteSize {
    /// Parses a size as Compose does: `strconv.ParseInt`, then go-units `RAMInBytes`. All units are binary, so that `1g`, `1gb`
    /// and `1GiB` are the same. `512Mi` is rejected.
    ///
    /// # Errors
    /// The text of the upstream error.
    pub fn parse_compose(text: &str) -> Result<Self, String> {
        if let Ok(bytes) = text.parse() {
            return Ok(Self(bytes));
        }
        let invalid = || format!("invalid size: '{text}'");
        // go-units splits after the last digit, dot or blank: the rest is the suffix.
        let end = text.rfind(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' ')).ok_or_else(invalid)?;
        let (number, suffix) = text.split_at(end + 1);
        let number = number.strip_suffix(' ').unwrap_or(number);
        let value =
            go_float(number).map_err(|why| format!("strconv.ParseFloat: parsing \"{number}\": {why}"))?;
        if value < 0.0 {
            return Err(invalid());
        }
        let lower = suffix.to_lowercase();
        let unknown = || format!("invalid suffix: '{lower}'");
        let mut letters = lower.chars();
        let power = match letters.next() {
            None | Some('b') => 0,
            Some(unit) => 1 + i32::try_from("kmgtp".find(unit).ok_or_else(unknown)?).unwrap_or(0),
        };
        if !matches!(letters.as_str(), "" | "b" | "ib") || (power == 0 && !letters.as_str().is_empty()) {
            return Err(unknown());
        }
        let bytes = value * 1024_f64.powi(power);
        // Go's float-to-int conversion on amd64: an overflow becomes the smallest integer, which the engine then rejects.
        Ok(Self(if bytes >= i64::MAX as f64 { i64::MIN } else { bytes as i64 }))
    }

    /// Parses the `size=` of a tmpfs mount as the kernel does (`lib/cmdline.c`, `memparse`): an integer with at most one of k,
    /// m, g, t, p, e in either case. None if the mount fails.
    #[must_use]
    pub fn parse_mount(text: &str) -> Option<Self> {
        let split = text.len() - usize::from(text.ends_with(|c: char| c.is_ascii_alphabetic()));
        let (number, unit) = (text.get(..split)?, text.get(split..)?);
        let shift = match unit.to_ascii_lowercase().as_str() {
            "" => 0,
            "k" => 10,
            "m" => 20,
            "g" => 30,
            "t" => 40,
            "p" => 50,
            "e" => 60,
            _ => return None,
        };
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let number = if digits { number.parse::<i64>().ok()? } else { return None };
        number.checked_mul(1 << shift).map(Self)
    }

    /// Returns whole MiB, rounded down.
    #[must_use]
    pub fn mebibytes(self) -> i64 {
        self.0 / MIB
    }

    /// Returns `percent` of it in MiB, rounded down, for suggested settings.
    #[must_use]
    pub fn percent_in_mebibytes(self, percent: i64) -> i64 {
        i64::try_from(i128::from(self.0) * i128::from(percent) / 100 / i128::from(MIB)).unwrap_or(i64::MAX)
    }

    /// Returns `percent` of it in MiB, for a part of a limit. `None` below 16 MiB: hardly a program does anything with so little, and
    /// many take 0 for no limit.
    #[must_use]
    pub fn useful_percent(self, percent: i64) -> Option<i64> {
        Some(self.percent_in_mebibytes(percent)).filter(|mebibytes| *mebibytes >= 16)
    }

    /// Rounds up to a usual limit: a multiple of 16 MiB up to 256 MiB, of 64 MiB up to 4 GiB, of 256 MiB beyond.
    #[must_use]
    pub fn rounded_up(self) -> Self {
        let step = if self.0 <= 256 * MIB {
            16 * MIB
        } else if self.0 <= 4 * GIB {
            64 * MIB
        } else {
            256 * MIB
        };
        let steps = self.0 / step + i64::from(self.0 % step > 0);
        Self(steps.saturating_mul(step))
    }

    /// Formats it for a Compose file: `512m`, `1g`, a number of bytes if no unit divides it.
    #[must_use]
    pub fn to_compose(self) -> String {
        match self.0 {
            bytes if bytes > 0 && bytes % GIB == 0 => format!("{}g", bytes / GIB),
            bytes if bytes > 0 && bytes % MIB == 0 => format!("{}m", bytes / MIB),
            bytes if bytes > 0 && bytes % KIB == 0 => format!("{}k", bytes / KIB),
            bytes => bytes.to_string(),
        }
    }
}

/// Parses what Go's `strconv.ParseFloat` accepts before a unit: decimals, also with an exponent, and underscores between
/// digits. Names (`inf`) and hexadecimal fractions (`0x1p4`), which it accepts too, do not occur in sizes.
fn go_float(text: &str) -> Result<f64, &'static str> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let known = |at: usize, b: u8| match b {
        b'_' => at.checked_sub(1).is_some_and(digit) && digit(at + 1),
        _ => b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E'),
    };
    let value = bytes.iter().enumerate().all(|(at, b)| known(at, *b)).then(|| text.replace('_', "").parse());
    match value {
        Some(Ok(value)) if f64::is_finite(value) => Ok(value),
        Some(Ok(_)) => Err("value out of range"),
        _ => Err("invalid syntax"),
    }
}

impl ByteSize {
    /// Returns an estimate as text, without the digits that it is not known to: `3.32 GiB`, `842 MiB`.
    #[must_use]
    pub fn about(self) -> String {
        if self.0 < GIB {
            return format!("{} MiB", self.0.saturating_add(MIB / 2) / MIB);
        }
        let number = format!("{:.2}", self.0 as f64 / GIB as f64);
        format!("{} GiB", number.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl fmt::Display for ByteSize {
    /// Formats as `512 MiB`, `1.5 GiB`, `7.52 GiB`, `900 KiB`, `512 bytes`: whole MiB as people write them, and other sizes with
    /// one decimal, GiB with two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0;
        let (unit, name) = match bytes.unsigned_abs() {
            n if n >= GIB.unsigned_abs() => (GIB, "GiB"),
            n if n >= MIB.unsigned_abs() => (MIB, "MiB"),
            n if n >= KIB.unsigned_abs() => (KIB, "KiB"),
            _ => return write!(f, "{bytes} bytes"),
        };
        // 1536 MiB is 1.5 GiB, but 1025 MiB is better not rounded to 1 GiB.
        let (unit, name) = if unit == GIB && bytes % (GIB / 2) != 0 && bytes % MIB == 0 && bytes < 10 * GIB {
            (MIB, "MiB")
        } else {
            (unit, name)
        };
        if bytes % unit == 0 {
            return write!(f, "{} {name}", bytes / unit);
        }
        let decimals = if unit == GIB && bytes < 10 * GIB { 2 } else { 1 };
        let number = format!("{:.decimals$}", bytes as f64 / unit as f64);
        write!(f, "{} {name}", number.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compose_sizes_are_binary() {
        for (text, bytes) in [
            ("512", 512),
            ("512b", 512),
            ("512k", 512 * KIB),
            ("512KiB", 512 * KIB),
            ("512m", 512 * MIB),
            ("512Mb", 512 * MIB),
            ("512mib", 512 * MIB),
            ("1g", GIB),
            ("1GiB", GIB),
            ("1t", 1024 * GIB),
            ("1p", 1024 * 1024 * GIB),
            ("0.5g", 512 * MIB),
            (".5g", 512 * MIB),
            ("1.5g", 1536 * MIB),
            ("512.m", 512 * MIB),
            ("+512m", 512 * MIB),
            ("512 m", 512 * MIB),
            ("512 MB", 512 * MIB),
            ("-1", -1),
            ("1e3", 1000),
            ("1_000_000", 1_000_000),
            ("1_0.5m", 21 * MIB / 2),
            ("8192p", i64::MIN),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(ByteSize::parse_compose(text), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn compose_refuses_the_rest() {
        for (text, message) in [
            ("512Mi", "invalid suffix: 'mi'"),
            ("1Gi", "invalid suffix: 'gi'"),
            ("50%", "invalid suffix: '%'"),
            ("512mm", "invalid suffix: 'mm'"),
            ("8E", "invalid suffix: 'e'"),
            ("512bytes", "invalid suffix: 'bytes'"),
            ("", "invalid size: ''"),
            ("abc", "invalid size: 'abc'"),
            ("1,5g", "strconv.ParseFloat: parsing \"1,5\": invalid syntax"),
            (" 512m", "strconv.ParseFloat: parsing \" 512\": invalid syntax"),
            ("512  m", "strconv.ParseFloat: parsing \"512 \": invalid syntax"),
            ("1g512m", "strconv.ParseFloat: parsing \"1g512\": invalid syntax"),
            ("-1m", "invalid size: '-1m'"),
            ("inf", "invalid size: 'inf'"),
            ("1__0", "strconv.ParseFloat: parsing \"1__0\": invalid syntax"),
            ("1_m", "invalid suffix: '_m'"),
            ("1e400", "strconv.ParseFloat: parsing \"1e400\": value out of range"),
        ] {
            assert_eq!(ByteSize::parse_compose(text), Err(message.to_owned()), "{text}");
        }
        assert!(ByteSize::parse_compose("512m ").is_err());
    }

    #[test]
    fn sizes_print_short() {
        for (bytes, text) in [
            (512 * MIB, "512 MiB"),
            (1536 * MIB, "1.5 GiB"),
            (1025 * MIB, "1025 MiB"),
            (GIB, "1 GiB"),
            (512, "512 bytes"),
            (1_000_000_000, "953.7 MiB"),
            (64 * GIB + 100, "64 GiB"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
        assert_eq!(ByteSize(512 * MIB).percent_in_mebibytes(75), 384);
        for (mebibytes, part) in [(0, None), (20, None), (21, None), (22, Some(16)), (512, Some(384))] {
            assert_eq!(ByteSize(mebibytes * MIB).useful_percent(75), part, "{mebibytes} MiB");
        }
        assert_eq!(ByteSize(512 * MIB).to_compose(), "512m");
        assert_eq!(ByteSize(1_000_000_001).to_compose(), "1000000001");
    }

    proptest::proptest! {
        #[test]
        fn what_is_pasted_reads_back(bytes in 1_i64..1 << 50) {
            let size = ByteSize(bytes);
            assert_eq!(ByteSize::parse_compose(&size.to_compose()), Ok(size));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,12}") {
            let _ = ByteSize::parse_compose(&text);
            let _ = ByteSize::parse_mount(&text);
        }
    }
}
