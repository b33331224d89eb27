//! Reads `jvm.options`: a flag of the JVM in each line.

use crate::source::TracedText;

/// Returns the flags in order. A line may begin with the versions that it is for: `8:`, `8-13:`, `14-:`. With an unknown version
/// (`major`), the lines for the newest count.
#[must_use]
pub fn jvm_options(text: &TracedText, major: Option<u32>) -> Vec<TracedText> {
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
        let (skip, fits) = match versions {
            Some((versions, _)) => (versions.len() + 1, is_for(versions, major)),
            None => (0, true),
        };
        let flag = line.get(skip..).unwrap_or_default();
        if fits && flag.starts_with('-') {
            found.push(text.slice(start + skip..start + line.len()));
        }
    }
    found
}

/// True if a version is one of `8`, `8-13` or `14-`.
fn is_for(versions: &str, major: Option<u32>) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    let (first, last) = match versions.split_once('-') {
        Some((first, "")) => (number(first), Some(u32::MAX)),
        Some((first, last)) => (number(first), number(last)),
        None => (number(versions), number(versions)),
    };
    let major = major.unwrap_or(u32::MAX);
    first.zip(last).is_some_and(|(first, last)| first <= major && major <= last)
}
