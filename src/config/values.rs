//! Validated values: sizes, shares, days, names of rules.

#[cfg(feature = "schema")]
use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

use crate::error::nearest;
use crate::rules::{Group, RULES};
use crate::syntax::size::{ByteSize, SMALLEST_LIMIT};
use crate::workload::Release;

/// A size as Compose writes it, more than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub ByteSize);

/// A share of something, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(pub f64);

/// The factor by which the sum of limits may exceed the host's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor(pub f64);

/// A day, by UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(time::Date);

/// A release of Docker Compose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub Release);

/// The name of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleName(pub &'static str);

/// The name of a rule or of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleOrGroup(pub &'static str);

impl Size {
    /// Parses a size.
    ///
    /// # Errors
    /// The error, and on a second line the text to write instead, if that is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        match ByteSize::parse_compose(text) {
            // No engine starts a container in less, and no host has less: the unit is missing.
            Ok(size)
                if size.0 > 0 && size < SMALLEST_LIMIT && text.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                let help = match size.0 {
                    1..1024 => format!("did you mean `{text}g`?"),
                    1024..=1_048_576 => format!("did you mean `{text}m`?"),
                    _ => "write it as in Compose: 512m, 16g".to_owned(),
                };
                Err(format!("`{text}` is only {size}: the unit is missing\n{help}"))
            }
            Ok(size) if size.0 > 0 => Ok(Self(size)),
            Ok(_) => Err(format!("`{text}` is too small: a size is above 0")),
            Err(_) => {
                // `16Gi`, `16 gb`, `16gigs`: the number and the first letter of the unit show what is meant.
                let number: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
                let rest = text.get(number.len()..).unwrap_or_default().trim_start();
                let unit = rest.chars().next().map(|c| c.to_ascii_lowercase());
                let meant = unit.map(|unit| format!("{number}{unit}"));
                let help = match meant.filter(|meant| ByteSize::parse_compose(meant).is_ok()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "write it as in Compose: 512m, 16g".to_owned(),
                };
                Err(format!("`{text}` is not a size\n{help}"))
            }
        }
    }
}

impl Date {
    /// Returns the current day by the clock of the machine, in UTC.
    #[must_use]
    pub fn today() -> Self {
        Self(time::OffsetDateTime::now_utc().date())
    }

    /// Returns the number of days from another day to this one, negative if that is later.
    #[must_use]
    pub fn days_since(self, other: Self) -> i64 {
        (self.0 - other.0).whole_days()
    }

    /// Parses a day such as `2026-12-31`.
    ///
    /// # Errors
    /// The error, and on a second line the text to write instead, if that is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let format = time::macros::format_description!("[year]-[month]-[day]");
        let date = time::Date::parse(text, &format).map(Self);
        date.map_err(|_| format!("`{text}` is not a date\nwrite it as in 2026-12-31"))
    }
}

/// Returns the names of all rules, for help and for the schema.
fn rules() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.meta().name)
}

/// Returns the names of all rules, then of all groups.
fn rules_and_groups() -> &'static [&'static str] {
    static NAMES: OnceLock<Vec<&str>> = OnceLock::new();
    NAMES.get_or_init(|| rules().chain(Group::ALL.iter().map(|group| group.name())).collect())
}

impl RuleName {
    /// Finds a rule.
    ///
    /// # Errors
    /// The error, and on a second line the text to write instead, if that is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        rules().find(|name| *name == text).map(Self).ok_or_else(|| unknown(text, rules()))
    }
}

impl RuleOrGroup {
    /// Finds a rule or a group.
    ///
    /// # Errors
    /// The error, and on a second line the text to write instead, if that is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names = || rules_and_groups().iter().copied();
        names().find(|name| *name == text).map(Self).ok_or_else(|| unknown(text, names()))
    }
}

fn unknown(text: &str, names: impl Iterator<Item = &'static str>) -> String {
    let help = match nearest(text, names).first() {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`oomlint rules` lists them".to_owned(),
    };
    format!("there is no rule `{text}`\n{help}")
}

fn in_range(number: f64, least: f64, what: &str) -> Result<f64, String> {
    if (least..=100.0).contains(&number) {
        return Ok(number);
    }
    Err(format!("`{number}` is out of range\n{what}, from {least} to 100"))
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_compose())
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Implements `Deserialize`, which reads a `$as` and converts it with `$parse`, and `JsonSchema`, which is `$schema`.
macro_rules! checked {
    ($type:ident, $as:ty, $parse:expr, $schema:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <$as>::deserialize(deserializer)?;
                let parse: fn($as) -> Result<Self, String> = $parse;
                parse(value).map_err(D::Error::custom)
            }
        }

        #[cfg(feature = "schema")]
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

checked!(
    Size,
    String,
    |text| Self::parse(&text),
    json_schema!({
        "description": "A size as in Compose: 512m, 16g; a plain number is bytes",
        "type": ["string", "integer"],
    })
);
checked!(
    Percent,
    f64,
    |number| in_range(number, 1.0, "percent").map(Self),
    json_schema!({ "type": "number", "minimum": 1, "maximum": 100 })
);
checked!(
    Factor,
    f64,
    |number| in_range(number, 0.1, "a factor, as in 1.5").map(Self),
    json_schema!({ "type": "number", "minimum": 0.1, "maximum": 100 })
);
checked!(
    Date,
    String,
    |text| Self::parse(&text),
    json_schema!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
);
checked!(
    Version,
    String,
    |text| match Release::parse(&text) {
        // The format has been another one before.
        Some(release) if release.major >= 2 => Ok(Self(release)),
        _ => Err(format!(
            "`{text}` is no version of Docker Compose\nas in 2.24.0; `docker compose version` prints it"
        )),
    },
    json_schema!({ "type": "string", "pattern": "^v?[0-9]+\\.[0-9]+(\\.[0-9]+)?$", "examples": ["2.24.0"] })
);
checked!(
    RuleName,
    String,
    |text| Self::parse(&text),
    json_schema!({ "description": "A rule", "enum": rules().collect::<Vec<_>>() })
);
checked!(
    RuleOrGroup,
    String,
    |text| Self::parse(&text),
    json_schema!({ "description": "A rule or a group of rules", "enum": rules_and_groups() })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_is_none_is_taken_for_what_is_meant() {
        for (text, meant) in [("16Gi", "`16g`"), ("512 megs", "`512m`"), ("1.5gigs", "`1.5g`")] {
            let help = Size::parse(text).unwrap_err();
            assert!(help.contains(meant), "{help}");
        }
        assert!(Size::parse("much").unwrap_err().ends_with("512m, 16g"));
        assert!(Size::parse("0").is_err());
        for (text, help) in [
            ("16", "did you mean `16g`?"),
            ("1023", "did you mean `1023g`?"),
            ("4096", "did you mean `4096m`?"),
            ("6291455", "write it as in Compose: 512m, 16g"),
        ] {
            let message = Size::parse(text).unwrap_err();
            assert!(message.ends_with(&format!("the unit is missing\n{help}")), "{message}");
        }
        assert!(Size::parse("6291456").is_ok() && Size::parse("16b").is_ok() && Size::parse("4k").is_ok());
        assert_eq!(Size::parse("17179869184"), Size::parse("16g"));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert!(Date::parse("2028-02-29").is_ok());
        for text in ["2026-02-29", "2026-1-1", "31.12.2026", "tomorrow", "2026-12-31T00:00"] {
            assert!(Date::parse(text).is_err(), "{text}");
        }
        assert!(Date::parse("2026-12-31").unwrap() < Date::parse("2027-01-01").unwrap());
    }
}
