//! Sizes as the measuring tools print them. Unlike in Compose, `MB` is decimal.

use super::ByteSize;

/// Units and their bytes: `B`, `KiB` to `PiB` as `docker stats` prints them (docker/go-units `BytesSize`), `kB` to `PB` of old
/// clients and of Podman (`HumanSize`), `Ki` to `Pi` and `k` to `P` of Kubernetes. A number alone is bytes.
const UNITS: [(&str, f64); 23] = [
    ("", 1.0),
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("PiB", 1_125_899_906_842_624.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("PB", 1e15),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
];

impl ByteSize {
    /// Parses a size that a measuring tool printed. None if it is not a size, is negative, or is more than any machine has.
    #[must_use]
    pub fn parse_measured(text: &str) -> Option<Self> {
        let text = text.trim();
        // The unit is what follows the last digit or dot: `1e9` has none.
        let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')? + 1;
        let (number, unit) = text.split_at(end);
        let unit = unit.trim_start();
        let factor = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        if !number.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return None;
        }
        let bytes = number.parse::<f64>().ok()? * factor;
        (bytes < (1_u64 << 60) as f64).then(|| Self(bytes.round() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_every_tool() {
        for (text, bytes) in [
            ("0B", 0),
            ("512B", 512),
            ("1.5KiB", 1536),
            ("12.34MiB", 12_939_428),
            ("1.945GiB", 2_088_427_848),
            ("1TiB", 1 << 40),
            ("812kB", 812_000),
            ("12.3MB", 12_300_000),
            ("2GB", 2_000_000_000),
            ("23Mi", 23 << 20),
            ("1Gi", 1 << 30),
            ("129M", 129_000_000),
            ("123k", 123_000),
            ("128974848", 128_974_848),
            ("1.28974848e+08", 128_974_848),
            (" 5 MiB ", 5 << 20),
        ] {
            assert_eq!(ByteSize::parse_measured(text), Some(ByteSize(bytes)), "{text}");
        }
        for text in ["", "--", "-5MiB", "5m", "5 mib", "MiB", "1e30", "NaN", "inf", "12.3.4MiB", "+1B"] {
            assert_eq!(ByteSize::parse_measured(text), None, "{text}");
        }
    }

    proptest::proptest! {
        /// Docker prints four significant digits: they read back to within half of the last.
        #[test]
        fn printed_sizes_read_back(bytes in 0_i64..1 << 45) {
            let units = ["B", "KiB", "MiB", "GiB", "TiB"];
            let mut value = bytes as f64;
            let mut unit = 0;
            while value >= 1024.0 {
                value /= 1024.0;
                unit += 1;
            }
            let digits = if value >= 1000.0 { 0 } else if value >= 100.0 { 1 } else if value >= 10.0 { 2 } else { 3 };
            let text = format!("{value:.digits$}{}", units[unit]);
            let read = ByteSize::parse_measured(&text).unwrap().0 as f64;
            assert!((read - bytes as f64).abs() <= bytes as f64 * 0.0006 + 1.0, "{text}: {read} for {bytes}");
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,12}") {
            let _ = ByteSize::parse_measured(&text);
        }
    }
}
