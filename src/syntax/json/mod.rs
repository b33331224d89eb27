//! JSON as people paste it: several values one after the other, prompts and prose between them, members without braces, keys without
//! quotes, quoted replies, elisions, cut-off ends.
//!
//! The reader never fails. What it passes over is marked as cut, so that a key that is not there need not be absent.

mod reader;
mod tokens;

pub use reader::read;

use crate::source::{Span, TracedText};

/// Deepest nesting. Brackets below are passed over.
pub const MAX_DEPTH: usize = 64;

/// Upper bound on the values of a text. The rest is not read. A container has about 400.
pub const MAX_NODES: usize = 600_000;

/// The values of a text.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The values, in order.
    pub nodes: Vec<Node>,
    /// There are more than [`MAX_NODES`].
    pub is_truncated: bool,
}

/// A value with its span.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Its bytes, quotes and brackets included.
    pub span: Span,
    /// Something in it was passed over or cut off: it may have further members.
    pub is_cut: bool,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number that fits into 64 bits.
    Integer(i64),
    /// A string, without quotes and escapes.
    Text(TracedText),
    /// An array.
    List(Vec<Node>),
    /// An object, in order. A key may be repeated.
    Map(Vec<Member>),
    /// A fraction, a number that is too large, or a word that is no value.
    Other,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key.
    pub key: TracedText,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns the member of an object by its key. The last one wins.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Member> {
        self.members().iter().rfind(|member| member.key.as_str() == key)
    }

    /// Returns the members of an object; none of another value.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Map(members) => members,
            _ => &[],
        }
    }

    /// Returns the items of an array; none of another value.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&TracedText> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
