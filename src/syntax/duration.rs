//! Durations in Go's notation, in nanoseconds. BuildKit accepts Go's own units, Compose also days and weeks.

/// Parses `1m30s`, `1.5h`, `1d` as Compose does (xhit/go-str2duration) and returns nanoseconds.
///
/// # Errors
/// If a number or unit is missing, a unit is unknown, or the duration exceeds 292 years.
pub fn parse(text: &str) -> Result<i64, String> {
    read(text, true)
}

/// Parses `1m30s`, `1.5h` as BuildKit does (Go's `time.ParseDuration`) and returns nanoseconds.
///
/// # Errors
/// As for [`parse`], and for days and weeks.
pub fn parse_go(text: &str) -> Result<i64, String> {
    read(text, false)
}

fn read(text: &str, days: bool) -> Result<i64, String> {
    let (negative, mut rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err("empty duration".to_owned());
    }
    let too_long = || format!("`{text}` is more than 292 years");
    let mut total = 0_i64;
    while !rest.is_empty() {
        let (number, after) = split_at_first(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_at_first(after, |c| c.is_ascii_digit() || c == '.');
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(format!("no number in `{text}`"));
        }
        let nanoseconds: i64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" if days => 86_400_000_000_000,
            "w" if days => 604_800_000_000_000,
            "" => return Err(format!("`{text}` has no unit: did you mean `{text}s`?")),
            _ => return Err(format!("unknown unit `{unit}` in `{text}`")),
        };
        let whole = if whole.is_empty() { Ok(0) } else { whole.parse::<i64>() };
        let whole = whole.ok().and_then(|whole| whole.checked_mul(nanoseconds)).ok_or_else(too_long)?;
        let part = fraction_of(fraction, nanoseconds);
        total = whole.checked_add(part).and_then(|n| total.checked_add(n)).ok_or_else(too_long)?;
        rest = after;
    }
    Ok(if negative { -total } else { total })
}

/// Returns `0.digits` of a unit in nanoseconds. Only this part uses floating point, and truncates, as Go does.
fn fraction_of(digits: &str, unit: i64) -> i64 {
    let (mut number, mut scale) = (0_i64, 1.0);
    for digit in digits.bytes().map(|b| i64::from(b.saturating_sub(b'0'))) {
        // Further digits would overflow and do not matter.
        let Some(more) = number.checked_mul(10).and_then(|n| n.checked_add(digit)) else { break };
        (number, scale) = (more, scale * 10.0);
    }
    (number as f64 * (unit as f64 / scale)) as i64
}

fn split_at_first(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

/// Formats nanoseconds as Go and `docker compose config` print them: `1m30s`, `1h0m0s`, `500ms`.
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
            ("1.9ns", "1ns"),
            ("-1.5h", "-1h30m0s"),
            (".5s", "500ms"),
            ("1.h", "1h0m0s"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
        ] {
            assert_eq!(parse(text).map(display), Ok(printed.to_owned()), "{text}");
        }
        assert_eq!(parse("5"), Err("`5` has no unit: did you mean `5s`?".to_owned()));
        assert_eq!(parse("-1s"), Ok(-1_000_000_000));
        assert!(parse_go("1d").is_err());
        for text in ["", "1x", "s", "1..5s", "1.2.3s", "9999999w", ".s", "1s1", "-", "15251w", "1 s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_reads_back(nanoseconds in -i64::MAX..) {
            proptest::prop_assert_eq!(parse_go(&display(nanoseconds)), Ok(nanoseconds));
        }

        #[test]
        fn nothing_panics(text in "[0-9.smhdwnuµ+ -]{0,24}") {
            let _ = parse(&text);
        }
    }
}
