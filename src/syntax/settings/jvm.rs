//! Reads `jvm.options`: a flag of the JVM in each line.

use crate::source::TracedText;

/// A flag of a file of flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JvmFlag {
    /// The flag as written.
    pub flag: TracedText,
    /// False if it is for some versions only, and nobody knows whether the JVM is one of them.
    pub certain: bool,
}

/// Returns the flags in order that a JVM of the version `major` reads. A line may begin with the versions that it is for: `8:`,
/// `8-13:`, `14-:`.
#[must_use]
pub fn jvm_options(text: &TracedText, major: Option<u32>) -> Vec<JvmFlag> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.as_str().split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let line = line.trim();
        let versions = line.split_once(':').filter(|(versions, _)| {
            versions.starts_with(|c: char| c.is_ascii_digit())
                && versions.chars().all(|c| c.is_ascii_digit() || c == '-')
        });
        let skip = versions.map_or(0, |(versions, _)| versions.len() + 1);
        let fits = versions.is_none_or(|(versions, _)| major.is_none_or(|major| is_for(versions, major)));
        let flags = line.get(skip..).unwrap_or_default();
        if !fits || !flags.starts_with('-') {
            continue;
        }
        // Some start scripts take several flags in one line, others do not start.
        found.extend(
            crate::syntax::words::split_options(&text.slice(start + skip..start + line.len()))
                .into_iter()
                .map(|flag| JvmFlag { flag, certain: versions.is_none() || major.is_some() }),
        );
    }
    found
}

/// True if a version is one of `8`, `8-13` or `14-`.
fn is_for(versions: &str, major: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    let (first, last) = match versions.split_once('-') {
        Some((first, "")) => (number(first), Some(u32::MAX)),
        Some((first, last)) => (number(first), number(last)),
        None => (number(versions), number(versions)),
    };
    first.zip(last).is_some_and(|(first, last)| first <= major && major <= last)
}
