//! Dates and times as go-yaml reads them (`internal/libyaml/resolver.go` of go.yaml.in/yaml/v4) and Go prints them.

/// Returns a date, or a date and a time, as Go prints it: `2001-01-31 10:00:00 +0000 UTC`. `None` for other texts.
#[must_use]
pub fn printed(text: &str) -> Option<String> {
    let end = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let (date, time) = text.split_at_checked(end)?;
    let date = date_of(date)?;
    let mut rest = time.chars();
    let (clock, zone) = match rest.next() {
        None => ("0:0:0", "+0000 UTC".to_owned()),
        // Only a time without a zone may have blanks before it.
        Some(' ') => (rest.as_str().trim_start_matches(' '), "+0000 UTC".to_owned()),
        Some(_) => zone_of(rest.as_str())?,
    };
    Some(format!("{date} {} {zone}", clock_of(clock)?))
}

/// Parses a year of four digits, a month and a day.
fn date_of(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    let (year, month, day) = (number(year, 4, 9999)?, number(month, 2, 12)?, number(day, 2, 31)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        0 => return None,
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=days).contains(&day).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// Parses hours, minutes and seconds with an optional fraction.
fn clock_of(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || text.contains('.') && !is_fraction {
        return None;
    }
    let clock =
        format!("{:02}:{:02}:{:02}", number(hours, 2, 23)?, number(minutes, 2, 59)?, number(seconds, 2, 59)?);
    // Nanoseconds, the rest is dropped.
    let fraction = fraction.get(..9).unwrap_or(fraction).trim_end_matches('0');
    Some(if fraction.is_empty() { clock } else { format!("{clock}.{fraction}") })
}

/// Splits the zone off a time: `Z`, or hours and minutes.
fn zone_of(text: &str) -> Option<(&str, String)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, "+0000 UTC".to_owned()));
    }
    let at = text.rfind(['+', '-'])?;
    let (clock, zone) = text.split_at_checked(at)?;
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    // Go takes offsets of 24 hours and of 60 minutes (`time/format.go`).
    let minutes = number(hours, 2, 24)? * 60 + number(minutes, 2, 60)?;
    if minutes == 0 {
        return Some((clock, "+0000 UTC".to_owned()));
    }
    let offset = format!("{}{:02}{:02}", zone.get(..1)?, minutes / 60, minutes % 60);
    // Go prints the name of the local zone if it is the same: unknown here.
    Some((clock, format!("{offset} {offset}")))
}

fn number(text: &str, digits: usize, most: u32) -> Option<u32> {
    let is_number = (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten().filter(|number| *number <= most)
}

#[cfg(test)]
mod tests {
    use super::printed;

    #[test]
    fn times_are_printed_as_go_prints_them() {
        for (text, printed_as) in [
            ("2001-01-31", "2001-01-31 00:00:00 +0000 UTC"),
            ("2001-1-3", "2001-01-03 00:00:00 +0000 UTC"),
            ("2001-01-31T10:00:00Z", "2001-01-31 10:00:00 +0000 UTC"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1 -0500 -0500"),
            ("2001-12-14T21:59:43+00:00", "2001-12-14 21:59:43 +0000 UTC"),
            ("2001-12-14 21:59:43.1", "2001-12-14 21:59:43.1 +0000 UTC"),
        ] {
            assert_eq!(printed(text).as_deref(), Some(printed_as), "{text}");
        }
        for other in
            ["2001-02-30", "01-01-31", "2001-01-31T10:00:00", "2001-01-31T10:00Z", "2001-01-31 1", "1:2:3"]
        {
            assert_eq!(printed(other), None, "{other}");
        }
    }
}
