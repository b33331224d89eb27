//! The tool's own failures: what kept it from doing its work. A user's mistake in a file is a finding, never one of these.
//!
//! They speak miette's protocol (code, help), and are drawn by the same code as the findings.

use std::path::PathBuf;

/// Why there is no verdict. Every one of them ends the command with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// A path that was named leads nowhere.
    #[error("there is no `{}`", path.display())]
    #[diagnostic(code(oomlint::path_not_found))]
    NotFound {
        /// As it was given.
        path: PathBuf,
        /// What may have been meant.
        #[help]
        help: Option<String>,
    },

    /// A file or directory that is there and cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    #[diagnostic(code(oomlint::unreadable))]
    Unreadable {
        /// As it was given, or joined below what was given.
        path: PathBuf,
        /// The operating system's word, or ours.
        reason: String,
    },

    /// A file that was named is neither a Dockerfile nor a Compose file.
    #[error("cannot tell whether `{}` is a Dockerfile or a Compose file", path.display())]
    #[diagnostic(
        code(oomlint::unknown_kind),
        help(
            "a Dockerfile begins with `FROM`, `ARG` or `# syntax=`; a Compose file has `services:` at its left edge"
        )
    )]
    UnknownKind {
        /// As it was given.
        path: PathBuf,
    },

    /// A rule's name that no rule has.
    #[error("there is no rule `{name}`")]
    #[diagnostic(code(oomlint::unknown_rule))]
    UnknownRule {
        /// As it was given.
        name: String,
        /// The nearest names, or where to find them all.
        #[help]
        help: Option<String>,
    },

    /// Standard input was asked for in a way that cannot be met.
    #[error("{problem}")]
    #[diagnostic(code(oomlint::usage))]
    Usage {
        /// What does not fit.
        problem: String,
        /// What does.
        #[help]
        help: Option<String>,
    },

    /// A configuration that says something that means nothing.
    #[error("the configuration cannot be used: `{}`", path.display())]
    #[diagnostic(code(oomlint::config))]
    Config {
        /// The file.
        path: PathBuf,
        /// Every place.
        #[related]
        problems: Vec<ConfigProblem>,
    },

    /// Measurements that cannot be used.
    #[error("cannot use `{}`: {problem}", path.display())]
    #[diagnostic(code(oomlint::stats))]
    Stats {
        /// As it was given; `-` is standard input.
        path: PathBuf,
        /// The line, and what is wrong with it.
        problem: String,
        /// The way out.
        #[help]
        help: Option<String>,
    },

    /// A report that cannot be written.
    #[error("cannot write {target}: {reason}")]
    #[diagnostic(code(oomlint::unwritable))]
    Unwritable {
        /// The path in backticks, or `the report`.
        target: String,
        /// The operating system's word.
        reason: String,
    },
}

/// One place of a configuration that means nothing.
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
    /// A problem at `span` of `text`, which stands at `path`.
    #[must_use]
    pub fn new(
        path: &std::path::Path,
        text: &str,
        message: String,
        span: std::ops::Range<usize>,
        help: Option<String>,
    ) -> Self {
        let text = miette::NamedSource::new(path.to_string_lossy(), text.to_owned());
        Self { message, text, span: span.into(), help }
    }
}

/// The candidates that are near enough to `name` to have been meant, nearest first.
#[must_use]
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, candidate)| *score > 0.85 || (name.len() > 3 && candidate.contains(name)))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let rules = ["missing-memory-limit", "missing-memory-reservation", "heap-exceeds-limit"];
        assert_eq!(nearest("mising-memory-limt", rules)[0], "missing-memory-limit");
        assert_eq!(nearest("heap", rules), ["heap-exceeds-limit"]);
        assert!(nearest("zzz", rules).is_empty());
    }
}
