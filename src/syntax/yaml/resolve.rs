//! Resolves the type of a scalar as go-yaml v4 does (`internal/libyaml/resolver.go` of go.yaml.in/yaml/v4).

use super::{Kind, Node, Scalar, Style, Tag, timestamp};

/// A scalar's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Empty, `~` or `null`.
    Null,
    /// `true` or `false`; `yes` and `on` are strings.
    Bool(bool),
    /// An integer in any base.
    Int(i64),
    /// An integer that fits into `u64` but not into `i64`.
    BigInt(u64),
    /// A number with a fraction or exponent, an integer too large for 64 bits, `.inf` or `.nan`.
    Float(f64),
    /// A date, or a date and a time: see [`super::timestamp::printed`].
    Timestamp,
    /// A string, the scalar's text.
    Str,
}

impl Node {
    /// Resolves a scalar by its tag and style; [`None`] for a map, a sequence or an alias.
    #[must_use]
    pub fn resolve(&self) -> Option<Value> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar.resolve(self.tag.as_deref())),
            _ => None,
        }
    }
}

impl Scalar {
    /// Resolves the scalar under `tag`.
    ///
    /// A value that contradicts its tag, which go-yaml rejects, is a string.
    #[must_use]
    pub fn resolve(&self, tag: Option<&Tag>) -> Value {
        let text = self.text.as_str();
        let core = tag.and_then(|tag| core_name(&tag.name));
        match (tag, core) {
            // go-yaml reads a scalar with any other tag as a string. Compose removes what has the tag `!reset`.
            (Some(tag), None) if tag.name != "!reset" => Value::Str,
            (_, None) if self.style != Style::Plain => Value::Str,
            (_, None) => plain(text),
            (_, Some(core)) => match (core, plain(text)) {
                ("null", Value::Null) => Value::Null,
                ("bool", value @ Value::Bool(_)) => value,
                ("int", value @ (Value::Int(_) | Value::BigInt(_))) => value,
                ("float", value @ Value::Float(_)) => value,
                ("float", Value::Int(n)) => Value::Float(n as f64),
                ("timestamp", Value::Timestamp) => Value::Timestamp,
                _ => Value::Str,
            },
        }
    }
}

impl Scalar {
    /// Returns a tag that the value contradicts, as in `!!int 512m` and `!!binary aGVsbG8`, which go-yaml rejects.
    #[must_use]
    pub fn contradicted<'t>(&self, tag: Option<&'t Tag>) -> Option<&'t str> {
        let tag = tag?;
        let is_contradicted = match core_name(&tag.name)? {
            "null" | "bool" | "int" | "float" | "timestamp" => {
                matches!(self.resolve(Some(tag)), Value::Str)
            }
            "binary" => base64(self.text.as_str()).is_none(),
            _ => false,
        };
        is_contradicted.then_some(tag.name.as_str())
    }
}

impl Tag {
    /// True for `!!binary`, whose text is base64.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        core_name(&self.name) == Some("binary")
    }
}

/// Returns the name of a core tag in its short or long spelling.
fn core_name(tag: &str) -> Option<&str> {
    let long = tag.strip_prefix("!<tag:yaml.org,2002:").and_then(|name| name.strip_suffix('>'));
    tag.strip_prefix("!!").or(long)
}

/// Decodes base64, the form of values with the tag `!!binary`, as Go's `base64.StdEncoding`: with padding, and without blanks but for
/// newlines. `None` for other texts.
#[must_use]
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !letters.len().is_multiple_of(4) {
        return None;
    }
    let padding = letters.iter().rev().take_while(|byte| **byte == b'=').count();
    let written = letters.get(..letters.len() - padding)?;
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in written {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    (padding <= 2).then_some(bytes)
}

/// True if a text without quotes and tag is a string, not a number, a truth value, a date or nothing.
#[must_use]
pub fn is_plain_string(text: &str) -> bool {
    plain(text) == Value::Str
}

/// Resolves a plain scalar.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        "-0" | "-0.0" => return Value::Float(-0.0),
        _ => {}
    }
    let first = text.as_bytes().first().copied().unwrap_or(b' ');
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') || text.len() > MAX_NUMBER {
        return Value::Str;
    }
    if first == b'.' {
        // Underscores are removed only after a leading digit or sign.
        return float(text).map_or(Value::Str, Value::Float);
    }
    if timestamp::printed(text).is_some() {
        return Value::Timestamp;
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| float(&digits).map(Value::Float)).unwrap_or(Value::Str)
}

/// Length in bytes beyond which a scalar is a string without parsing: no number that fits any type is that long.
const MAX_NUMBER: usize = 512;

/// Parses as `strconv.ParseInt` does with base 0: `0x`, `0o`, `0b`, and a leading `0` for octal.
fn integer(text: &str) -> Option<Value> {
    let (negative, signed, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let lower = unsigned.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, &unsigned[2..]),
        Some("0o") => (8, &unsigned[2..]),
        Some("0b") => (2, &unsigned[2..]),
        Some(_) if unsigned.starts_with('0') => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let number = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
    match i64::try_from(number) {
        Ok(number) => Some(Value::Int(number)),
        // `ParseUint` accepts no sign.
        Err(_) if !signed => Some(Value::BigInt(magnitude)),
        Err(_) => None,
    }
}

/// Parses a decimal number with optional sign, fraction and exponent; `None` if it overflows `f64`.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|part| part.strip_prefix(['-', '+']).unwrap_or(part));
    if !digits(whole)
        || !digits(fraction)
        || (whole.is_empty() && fraction.is_empty())
        || exponent.is_some_and(|part| part.is_empty() || !digits(part))
    {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::Style;
    use super::*;
    use crate::source::{SourceId, Span, TracedText};

    fn resolve(text: &str, style: Style, tag: Option<&str>) -> Value {
        let span = Span::new(SourceId(0), 0, 0);
        let tag = tag.map(|name| Tag { name: name.to_owned(), span });
        Scalar { text: TracedText::derived(text, span), style }.resolve(tag.as_ref())
    }

    #[test]
    fn plain_scalars_are_typed_as_go_yaml_types_them() {
        use Value::{BigInt, Bool, Float, Int, Null, Str, Timestamp};
        let table = [
            ("", Null),
            ("~", Null),
            ("null", Null),
            ("Null", Null),
            ("NULL", Null),
            ("nULL", Str),
            ("true", Bool(true)),
            ("True", Bool(true)),
            ("FALSE", Bool(false)),
            ("tRUE", Str),
            ("yes", Str),
            ("no", Str),
            ("on", Str),
            ("off", Str),
            ("y", Str),
            ("Off", Str),
            ("0", Int(0)),
            ("7", Int(7)),
            ("-7", Int(-7)),
            ("+7", Int(7)),
            ("-0", Float(-0.0)),
            ("0440", Int(0o440)),
            ("0o440", Int(0o440)),
            ("0x1F", Int(31)),
            ("0X1f", Int(31)),
            ("0b1", Int(1)),
            ("-0b11", Int(-3)),
            ("1_000", Int(1000)),
            ("1__0", Int(10)),
            ("0_7", Int(7)),
            ("08", Float(8.0)),
            ("089.5", Float(89.5)),
            ("00", Int(0)),
            ("0x", Str),
            ("0xg", Str),
            ("0b2", Str),
            ("0o8", Str),
            ("9223372036854775807", Int(i64::MAX)),
            ("9223372036854775808", BigInt(9_223_372_036_854_775_808)),
            ("-9223372036854775808", Int(i64::MIN)),
            ("-9223372036854775809", Float(-9.223372036854776e18)),
            ("+9223372036854775808", Float(9.223372036854776e18)),
            ("18446744073709551615", BigInt(u64::MAX)),
            ("18446744073709551616", Float(1.8446744073709552e19)),
            ("0xFFFFFFFFFFFFFFFF", BigInt(u64::MAX)),
            ("0x1FFFFFFFFFFFFFFFF", Str),
            ("1.5", Float(1.5)),
            (".5", Float(0.5)),
            ("5.", Float(5.0)),
            ("1e3", Float(1000.0)),
            ("-1.5E-1", Float(-0.15)),
            ("+.5", Float(0.5)),
            ("1_0.5", Float(10.5)),
            (".5_0", Str),
            (".", Str),
            ("-", Str),
            ("+", Str),
            ("1e", Str),
            ("1e999", Str),
            ("1.2.3", Str),
            ("0.5e+1", Float(5.0)),
            ("e5", Str),
            ("_1", Str),
            ("1 2", Str),
            (".inf", Float(f64::INFINITY)),
            ("-.INF", Float(f64::NEG_INFINITY)),
            ("inf", Str),
            ("-inf", Str),
            ("NaN", Str),
            ("2001-12-14", Timestamp),
            ("2000-2-29", Timestamp),
            ("2001-2-29", Str),
            ("201-12-14", Str),
            ("2001-12-14 1", Str),
            ("12:30:45", Str),
            ("512m", Str),
            ("<<", Str),
            ("é", Str),
            ("0é", Str),
            ("-é", Str),
        ];
        for (text, value) in table {
            assert_eq!(resolve(text, Style::Plain, None), value, "{text:?}");
        }
        assert!(matches!(resolve(".nan", Style::Plain, None), Value::Float(n) if n.is_nan()));
    }

    #[test]
    fn base64_is_decoded_as_go_decodes_it() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("aQ==", b"i"),
            ("aGVsbG8=", b"hello"),
            ("aGVsbG8h", b"hello!"),
            ("aGVs\nbG8=\r\n", b"hello"),
            // Bits beyond the last byte are ignored.
            ("aGVsbG9=", b"hello"),
            ("/+8=", b"\xff\xef"),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes), "{text:?}");
        }
        for other in [
            "aGVsbG8",
            "aGVsbG8==",
            "aGV sbG8h",
            "=",
            "====",
            "a===",
            "a",
            "aGVs=",
            "aGVsbG8=aGVs",
            "_-8=",
            "aG=s",
        ] {
            assert_eq!(base64(other), None, "{other:?}");
        }
    }

    #[test]
    fn tags_and_quotes_decide() {
        assert_eq!(resolve("1", Style::DoubleQuoted, None), Value::Str);
        assert_eq!(resolve("", Style::SingleQuoted, None), Value::Str);
        assert_eq!(resolve("1", Style::Literal, None), Value::Str);
        assert_eq!(resolve("1", Style::Plain, Some("!!str")), Value::Str);
        assert_eq!(resolve("", Style::Plain, Some("!!str")), Value::Str);
        assert_eq!(resolve("1", Style::DoubleQuoted, Some("!!int")), Value::Int(1));
        assert_eq!(resolve("1", Style::Plain, Some("!!float")), Value::Float(1.0));
        assert_eq!(resolve("1", Style::Plain, Some("!<tag:yaml.org,2002:str>")), Value::Str);
        assert_eq!(resolve("true", Style::Plain, Some("!!bool")), Value::Bool(true));
        assert_eq!(resolve("true", Style::Plain, Some("!!int")), Value::Str);
        assert_eq!(resolve("2001-12-14", Style::DoubleQuoted, Some("!!timestamp")), Value::Timestamp);
        assert_eq!(resolve("2001-12-14", Style::Plain, Some("!!str")), Value::Str);
        assert_eq!(resolve("5", Style::Plain, Some("!!timestamp")), Value::Str);
        assert_eq!(resolve("1", Style::Plain, Some("!other")), Value::Str);
        assert_eq!(resolve("1", Style::Plain, Some("!")), Value::Str);
        assert_eq!(resolve("1", Style::Plain, Some("!reset")), Value::Int(1));
        assert_eq!(resolve("1", Style::Plain, Some("!override")), Value::Str);
        assert_eq!(resolve("", Style::Plain, Some("!reset")), Value::Null);
    }
}
