//! Releases of Docker Compose.

use std::fmt;

/// A release of Docker Compose, as in `5.6.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number.
    pub patch: u16,
}

impl Release {
    /// Parses `5.6.1`, `v5.6.1` or `5.6`, the first release of that number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?;
        let numbers: Option<Vec<u16>> =
            text.strip_prefix('v').unwrap_or(text).split('.').map(number).collect();
        match *numbers?.as_slice() {
            [major, minor] => Some(Self { major, minor, patch: 0 }),
            [major, minor, patch] => Some(Self { major, minor, patch }),
            _ => None,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
