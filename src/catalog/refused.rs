//! Flags that some versions of a runtime reject at start: `refused` in `rules/catalog/runtimes.yaml`.

use serde::Deserialize;

/// Flags with the same versions and the same replacement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RefusedFlag {
    /// Names after `-XX:`, without `+` or `-`. A name that begins with `-` is the whole word, or what is before a colon.
    names: Vec<String>,
    /// The first major version known to reject it.
    #[serde(default)]
    pub from: Option<u32>,
    /// The first major version that has it.
    #[serde(default)]
    pub since: Option<u32>,
    /// An older major version that has it as well, and the first update that does: `[8, 191]`.
    #[serde(default)]
    pub backported: Option<(u32, u32)>,
    /// The advice: lower case, no full stop.
    pub help: String,
    /// The flag that replaced it. `{value}` is the old one's value, `{share}` the percentage that equals a fraction.
    #[serde(default)]
    instead: Option<String>,
    /// The replacement does the same.
    #[serde(default)]
    pub exact: bool,
    /// The source of the claim: a measurement or a document.
    pub source: String,
}

impl RefusedFlag {
    /// True if the row is about this word.
    pub(super) fn names(&self, word: &str) -> bool {
        let name = match word.strip_prefix("-XX:") {
            Some(rest) => {
                let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
                rest.split('=').next().unwrap_or(rest)
            }
            None => word.split(':').next().unwrap_or(word),
        };
        self.names.iter().any(|known| known == name)
    }

    /// True if a version is known to reject it. Of a version without an update, the last one counts.
    #[must_use]
    pub fn is_refused_by(&self, major: u32, update: Option<u32>) -> bool {
        self.from.is_some_and(|from| major >= from) || self.comes_after(major, update)
    }

    /// True if a version does not have it yet.
    #[must_use]
    pub fn comes_after(&self, major: u32, update: Option<u32>) -> bool {
        let is_backported = self
            .backported
            .is_some_and(|(of, since)| major == of && update.is_none_or(|update| update >= since));
        self.since.is_some_and(|since| major < since) && !is_backported
    }

    /// Returns the first version that has it, of those after another one: `8u191` and `10`.
    #[must_use]
    pub fn first_after(&self, major: u32) -> Option<String> {
        match self.backported {
            Some((of, update)) if major <= of => Some(format!("{of}u{update}")),
            _ => self.since.map(|since| since.to_string()),
        }
    }

    /// Returns the flag that replaces this word. None if there is none, and for a word that switches something off.
    #[must_use]
    pub fn instead(&self, word: &str) -> Option<String> {
        if word.starts_with("-XX:-") {
            return None;
        }
        let instead = self.instead.as_deref()?;
        let value = word.split_once('=').map(|(_, value)| value);
        if instead.contains("{value}") {
            return Some(instead.replace("{value}", value?));
        }
        if instead.contains("{share}") {
            let parts: f64 = value?.parse().ok().filter(|parts: &f64| *parts >= 1.0)?;
            return Some(instead.replace("{share}", &format!("{:.1}", 100.0 / parts)));
        }
        Some(instead.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::{Catalog, RuntimeName};

    /// Measured on 11, 17, 21 and 25: a flag, whether each of them rejects it, and its replacement.
    #[test]
    fn versions_refuse_what_was_measured() {
        let runtime = Catalog::builtin().runtime(RuntimeName::Java);
        for (word, refused, instead) in [
            ("-XX:+UseConcMarkSweepGC", [false, true, true, true], Some("-XX:+UseG1GC")),
            ("-XX:-UseConcMarkSweepGC", [false, true, true, true], None),
            ("-XX:+UseParNewGC", [true, true, true, true], None),
            ("-XX:MaxPermSize=256m", [false, true, true, true], Some("-XX:MaxMetaspaceSize=256m")),
            ("-XX:+PrintGCDateStamps", [true, true, true, true], Some("-Xlog:gc::time")),
            (
                "-XX:NumberOfGCLogFiles=3",
                [true, true, true, true],
                Some("-Xlog:gc:file=gc.log::filecount=3,filesize=10M"),
            ),
            ("-XX:CMSInitiatingOccupancyFraction=75", [false, true, true, true], None),
            ("-XX:+UseParallelOldGC", [false, true, true, true], Some("-XX:+UseParallelGC")),
            ("-XX:MaxRAMFraction=4", [false, false, false, true], Some("-XX:MaxRAMPercentage=25.0")),
            ("-XX:MinRAMFraction=0", [false, false, false, true], None),
            ("-XX:-UseBiasedLocking", [false, false, true, true], None),
            ("-XX:+UseCGroupMemoryLimitForHeap", [true, true, true, true], None),
            ("-d64", [true, true, true, true], None),
            ("-Xincgc", [true, true, true, true], None),
            ("-XX:+ZGenerational", [true, true, false, false], None),
            ("-XX:+UseCompactObjectHeaders", [true, true, true, false], None),
            ("-Xlog:gc", [false, false, false, false], None),
        ] {
            let row = runtime.and_then(|runtime| runtime.refused(word));
            let taken = [11, 17, 21, 25].map(|major| row.is_some_and(|row| row.is_refused_by(major, None)));
            assert_eq!(taken, refused, "{word}");
            assert_eq!(row.and_then(|row| row.instead(word)).as_deref(), instead, "{word}");
        }
        for (version, refused) in [
            ((7, None), true),
            ((8, Some(100)), true),
            ((8, Some(181)), true),
            ((8, Some(191)), false),
            ((8, None), false),
            ((9, None), true),
            ((10, None), false),
            ((25, Some(1)), false),
        ] {
            let row = runtime.and_then(|runtime| runtime.refused("-XX:MaxRAMPercentage=70.0"));
            assert_eq!(row.map(|row| row.is_refused_by(version.0, version.1)), Some(refused), "{version:?}");
        }
        for word in ["-Xmx512m", "-XX:+UseG1GC", "-XX:+PrintGCDetails", "-Xloggc:/tmp/gc.log", "", "-XX:"] {
            assert!(runtime.and_then(|runtime| runtime.refused(word)).is_none(), "{word}");
        }
    }
}
