//! Durations as Compose reads them: Go's, with days and weeks (xhit/go-str2duration), in nanoseconds.

/// Reads `1m30s`, `1.5h`, `10ms`, `1d`.
///
/// # Errors
/// A number without a unit, an unknown unit, or more than 292 years.
pub fn parse(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no duration: write `30s` or `1m30s`");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    let mut total = 0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest.get(..end).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
        rest = rest.get(end..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match rest.get(..end).unwrap_or_default() {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3_600e9,
            "d" => 86_400e9,
            "w" => 604_800e9,
            _ => return Err(wrong()),
        };
        total += number * unit;
        rest = rest.get(end..).unwrap_or_default();
    }
    if text.is_empty() || total >= i64::MAX as f64 {
        return Err(wrong());
    }
    let total = total.round() as i64;
    Ok(if negative { -total } else { total })
}

/// As Go prints it, and `docker compose config` with it: `1m30s`, `1h0m0s`, `500ms`.
#[must_use]
pub fn display(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let all = nanoseconds.unsigned_abs();
    let fraction = |value: u64, unit: u64| {
        let digits = unit.to_string().len() - 1;
        let text = format!("{}.{:0digits$}", value / unit, value % unit);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let text = match all {
        0 => "0s".to_owned(),
        1..1_000 => format!("{all}ns"),
        1_000..1_000_000 => format!("{}µs", fraction(all, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", fraction(all, 1_000_000)),
        _ => {
            let (minutes, rest) = (all / 60_000_000_000, all % 60_000_000_000);
            let seconds = fraction(rest, 1_000_000_000);
            match minutes {
                0 => format!("{seconds}s"),
                1..60 => format!("{minutes}m{seconds}s"),
                _ => format!("{}h{}m{seconds}s", minutes / 60, minutes % 60),
            }
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_go_prints_them() {
        for (text, printed) in [
            ("30s", "30s"),
            ("90s", "1m30s"),
            ("1.5h", "1h30m0s"),
            ("1d", "24h0m0s"),
            ("500ms", "500ms"),
            ("1s500ms", "1.5s"),
            ("1m0s", "1m0s"),
            ("0", "0s"),
            ("1500us", "1.5ms"),
        ] {
            assert_eq!(parse(text).map(display), Ok(printed.to_owned()), "{text}");
        }
        for text in ["", "5", "1x", "s", "1..5s", "9999999w"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
