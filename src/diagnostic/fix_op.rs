//! Fix operations: changes that rules ask for in terms of keys and values.

use crate::source::{SourceId, Span};

/// A change to a Compose file in terms of keys and values; `check` resolves it to edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixOp {
    /// Sets a key below the mapping, such as a service, whose own key is at `owner`.
    Set {
        /// The key of the mapping.
        owner: Span,
        /// The path of keys below it.
        path: &'static [&'static str],
        /// The value, as written.
        value: String,
        /// The sibling key that it goes after, if there is one.
        after: &'static str,
    },
    /// Sets a key near another one, in the file of that one.
    SetNear {
        /// The other key.
        leaf: Span,
        /// The keys that lead to it from the mapping that gets the new key; empty if that is the mapping of `leaf` itself.
        below: &'static [&'static str],
        /// The keys to set, from that mapping.
        path: &'static [&'static str],
        /// The value, as written.
        value: String,
        /// The service that gets the key if it cannot be written near `leaf`. Only for a `path` of one key and in the same
        /// file.
        owner: Span,
    },
    /// Sets variables in the `environment` of a service, in its form: a list or a mapping.
    SetVariables {
        /// The service's key.
        owner: Span,
        /// The names and values.
        variables: Vec<(String, String)>,
    },
    /// Appends words to the value of a variable in a Compose file.
    AppendToVariable {
        /// The variable's name.
        name: Span,
        /// The words.
        words: String,
    },
    /// Sets a key as [`FixOp::Set`] does, and removes the one that had its value. A comment after that one moves along.
    Move {
        /// The key to remove.
        key: Span,
        /// The key of the mapping that gets it.
        owner: Span,
        /// The path of keys below it.
        path: &'static [&'static str],
        /// The value, as written.
        value: String,
    },
    /// Several changes of one service, each applied to the result of the one before it.
    Steps {
        /// The service's key.
        owner: Span,
        /// The changes, in order.
        steps: Vec<Step>,
    },
    /// Moves the last of several words before the first.
    MoveLastToFirst {
        /// The spans of the words, in order.
        words: Vec<Span>,
    },
    /// Inserts a word before the first one of a list.
    PrependItem {
        /// The first word.
        item: Span,
        /// The new word.
        word: &'static str,
    },
    /// Replaces a value.
    Replace {
        /// The value, or the default within `${NAME:-default}`.
        value: Span,
        /// The new value, as written.
        text: String,
    },
    /// Removes a word from a list, or from a text of several words.
    RemoveWord {
        /// The word, without quotes.
        word: Span,
    },
    /// Removes the lines of an instruction that has them to itself.
    RemoveLines {
        /// The instruction.
        lines: Span,
    },
    /// Removes a key with its value.
    Remove {
        /// The key.
        key: Span,
    },
}

impl FixOp {
    /// Returns the keys of a service that the operation sets, by their dotted names, each with the file that it is written to.
    pub(crate) fn keys(&self) -> Vec<(String, SourceId)> {
        match self {
            Self::Set { path, owner: at, .. }
            | Self::Move { path, owner: at, .. }
            | Self::SetNear { path, below: [], leaf: at, .. } => vec![(path.join("."), at.file)],
            Self::Steps { steps, owner } => {
                steps.iter().map(|step| (step.path.join("."), owner.file)).collect()
            }
            Self::SetVariables { variables, owner } => {
                variables.iter().map(|(name, _)| (format!("environment.{name}"), owner.file)).collect()
            }
            // What is written next to a value, or in its place, counts as that does.
            Self::SetNear { .. }
            | Self::AppendToVariable { .. }
            | Self::MoveLastToFirst { .. }
            | Self::PrependItem { .. }
            | Self::Replace { .. }
            | Self::RemoveWord { .. }
            | Self::RemoveLines { .. }
            | Self::Remove { .. } => Vec::new(),
        }
    }
}

/// One change of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The key of the service to remove; `None` to remove nothing.
    pub from: Option<&'static str>,
    /// The path of the key to set, from the service on.
    pub path: &'static [&'static str],
    /// The value, as written.
    pub value: String,
}
