//! Three-valued knowledge, each with its place.

use crate::source::{Span, Spanned};

/// Why something cannot be known from the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A variable without a value: its name.
    Variable(String),
    /// A file that is not there or cannot be read: its path as written.
    File(String),
    /// An image that the catalogue does not know: its reference.
    Image(String),
    /// A value that does not fit its key's grammar: another rule speaks of it.
    Malformed(String),
    /// What the text before it leaves open.
    Other(&'static str),
}

/// What is known of one property of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// Written down, here.
    Known(Spanned<T>),
    /// Written down or inherited, but its value cannot be told from the files.
    Unknown {
        /// The nearest place that shows it.
        at: Span,
        /// What is missing.
        why: Why,
    },
    /// Not set anywhere.
    Absent {
        /// Where it would be set: the service's key or the `FROM` line.
        anchor: Span,
    },
}

impl<T> Fact<T> {
    /// The value, when it is known.
    pub fn known(&self) -> Option<&Spanned<T>> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The bare value, when it is known.
    pub fn value(&self) -> Option<&T> {
        self.known().map(|spanned| &spanned.value)
    }

    /// True when it is certain that nothing sets it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }

    /// True when something sets it and nobody can tell to what.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// The place that speaks of it: the value, the unknown, or where it would stand.
    pub fn span(&self) -> Span {
        match self {
            Self::Known(value) => value.span,
            Self::Unknown { at, .. } => *at,
            Self::Absent { anchor } => *anchor,
        }
    }

    /// The same knowledge of something derived from it.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(value.map(f)),
            Self::Unknown { at, why } => Fact::Unknown { at, why },
            Self::Absent { anchor } => Fact::Absent { anchor },
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "`${{{name}}}` has no value here"),
            Self::File(path) => write!(f, "`{path}` is not here"),
            Self::Image(reference) => write!(f, "nothing is known of `{reference}`"),
            Self::Malformed(text) => write!(f, "`{text}` does not fit the grammar"),
            Self::Other(text) => f.write_str(text),
        }
    }
}
