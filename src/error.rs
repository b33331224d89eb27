//! Errors that keep the tool from doing its work. A user's mistake in a file is a finding, never one of these.
//!
//! They implement [`miette::Diagnostic`] (code, help) and are rendered by the same code as findings.

use std::path::{Path, PathBuf};

use crate::order;
use crate::source::{LoadError, path_text};

/// The reason why a run has no result. Each ends the command with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// A path on the command line does not exist.
    #[error("there is no `{}`", path_text(path))]
    #[diagnostic(code(oomlint::path_not_found))]
    NotFound {
        /// The path as given.
        path: PathBuf,
        /// The value that the user may have meant.
        #[help]
        help: Option<String>,
    },

    /// A file or directory exists and cannot be read.
    #[error("cannot read `{}`: {reason}", path_text(path))]
    #[diagnostic(code(oomlint::unreadable))]
    Unreadable {
        /// The path as given, or joined to a given directory.
        path: PathBuf,
        /// The operating system's message, or the tool's own.
        reason: String,
    },

    /// A file on the command line is neither a Dockerfile nor a Compose file.
    #[error("cannot tell whether `{}` is a Dockerfile or a Compose file", path_text(path))]
    #[diagnostic(
        code(oomlint::unknown_kind),
        help(
            "a Dockerfile begins with `FROM`, `ARG` or `# syntax=`; a Compose file has `services:` at its left edge; the output of `docker inspect` has `State` and `HostConfig`"
        )
    )]
    UnknownKind {
        /// The path as given.
        path: PathBuf,
    },

    /// No rule has the given name.
    #[error("there is no rule `{name}`")]
    #[diagnostic(code(oomlint::unknown_rule))]
    UnknownRule {
        /// The name as given.
        name: String,
        /// The most similar names, or where all of them are listed.
        #[help]
        help: Option<String>,
    },

    /// Command-line arguments that contradict each other or cannot be satisfied.
    #[error("{problem}")]
    #[diagnostic(code(oomlint::usage))]
    Usage {
        /// The error in words.
        problem: String,
        /// How to call the command instead.
        #[help]
        help: Option<String>,
    },

    /// A configuration file is invalid.
    #[error("the configuration cannot be used: `{}`", path_text(path))]
    #[diagnostic(code(oomlint::config))]
    Config {
        /// Path of the configuration file.
        path: PathBuf,
        /// Everything that is wrong with it.
        #[related]
        problems: Vec<ConfigProblem>,
    },

    /// The file of locked images is invalid.
    #[error("the locked images cannot be used: `{}`", path_text(path))]
    #[diagnostic(code(oomlint::images))]
    Images {
        /// Path of the file.
        path: PathBuf,
        /// The error in words.
        #[related]
        problems: Vec<ConfigProblem>,
    },

    /// Output of `docker inspect` that cannot be used.
    #[error("cannot use `{}`: {problem}", path_text(path))]
    #[diagnostic(code(oomlint::inspected))]
    Inspected {
        /// The path as given; `-` is standard input.
        path: PathBuf,
        /// The error in words.
        problem: String,
        /// How to get what can be used.
        #[help]
        help: Option<String>,
    },

    /// A file of measurements cannot be used.
    #[error("cannot use `{}`: {problem}", path_text(path))]
    #[diagnostic(code(oomlint::stats))]
    Stats {
        /// The path as given; `-` is standard input.
        path: PathBuf,
        /// The line, and what is wrong with it.
        problem: String,
        /// How to fix it.
        #[help]
        help: Option<String>,
    },

    /// A report cannot be written.
    #[error("cannot write {target}: {reason}")]
    #[diagnostic(code(oomlint::unwritable))]
    Unwritable {
        /// The path in backticks, or `the report`.
        target: String,
        /// The operating system's message.
        reason: String,
    },
}

impl Error {
    /// Returns the error for a file that is named on the command line and cannot be read.
    #[must_use]
    pub fn of_named_file(path: &Path, error: &LoadError) -> Self {
        let path = path.to_path_buf();
        match error {
            LoadError::NotFound => Self::NotFound { path, help: None },
            error => Self::Unreadable { path, reason: error.to_string() },
        }
    }
}

/// An invalid place in a configuration file or in the file of locked images.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
pub struct ConfigProblem {
    message: String,
    #[source_code]
    text: miette::NamedSource<String>,
    #[label]
    span: miette::SourceSpan,
    #[help]
    help: Option<String>,
}

impl ConfigProblem {
    /// Creates a problem at the bytes `span` of `text`, the content of the file at `path`.
    #[must_use]
    pub fn new(
        path: &std::path::Path,
        text: &str,
        message: String,
        span: std::ops::Range<usize>,
        help: Option<String>,
    ) -> Self {
        let text = miette::NamedSource::new(path_text(path), text.to_owned());
        Self { message, text, span: span.into(), help }
    }
}

/// Returns up to three candidates that resemble `name`, most similar first.
#[must_use]
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, candidate)| *score > 0.85 || (name.len() > 3 && candidate.contains(name)))
        .collect();
    order::by(&mut scored, |a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Returns the only candidate that is a slip of the pen away from `name`: one letter more, less, other or swapped, in longer names two.
#[must_use]
pub fn only_slip<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let most = if name.len() < 6 { 1 } else { 2 };
    let mut near = candidates.into_iter().filter(|candidate| strsim::osa_distance(name, candidate) <= most);
    let only = near.next()?;
    near.next().is_none().then_some(only)
}

#[cfg(test)]
mod tests {
    use super::{nearest, only_slip};

    #[test]
    fn a_slip_is_told_from_another_word() {
        let keys = ["restart", "pre_start", "ports", "expose", "environment", "env_file"];
        assert_eq!(only_slip("restrat", keys), Some("restart"));
        assert_eq!(only_slip("port", keys), Some("ports"));
        assert_eq!(only_slip("enviroment", keys), Some("environment"));
        assert_eq!(only_slip("env", keys), None);
        assert_eq!(only_slip("a", ["b", "c"]), None);
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let rules = ["missing-memory-limit", "missing-memory-reservation", "heap-exceeds-limit"];
        assert_eq!(nearest("mising-memory-limt", rules)[0], "missing-memory-limit");
        assert_eq!(nearest("heap", rules), ["heap-exceeds-limit"]);
        assert!(nearest("zzz", rules).is_empty());
    }
}
