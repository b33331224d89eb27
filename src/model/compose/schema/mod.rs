//! The Compose format: its keys and the kinds of their values, from `rules/catalog/compose.yaml`.

mod check;
mod messages;
mod read;

pub(super) use check::{check, check_required};
pub(super) use read::decimal;

/// What a value may be.
#[derive(Debug)]
struct Shape {
    /// The kinds that it may have, in the order in which Compose tries them.
    alternatives: &'static [Alternative],
    /// What Compose makes of text in its place.
    reading: Option<Reading>,
}

impl Shape {
    fn takes_text(&self) -> bool {
        self.alternatives.iter().any(|alternative| match alternative {
            Alternative::Scalar { kinds, .. } => kinds.contains(&ScalarKind::Text),
            Alternative::Words(_) => true,
            _ => false,
        })
    }
}

/// One of the kinds that a value may have.
#[derive(Debug)]
enum Alternative {
    Scalar {
        kinds: &'static [ScalarKind],
        least: Option<i64>,
        most: Option<i64>,
    },
    /// Text, one of these.
    Words(&'static [&'static str]),
    List {
        item: &'static Shape,
        /// Nothing may be in it twice.
        unique: bool,
    },
    /// A mapping whose keys are names that the user chooses.
    Map {
        item: &'static Shape,
        /// They are limited to letters, digits, `.`, `_` and `-`.
        names: bool,
    },
    /// A mapping whose keys the format knows.
    Keys(&'static Mapping),
}

/// A kind of scalar in the JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScalarKind {
    Text,
    Integer,
    Number,
    Boolean,
    Nothing,
}

/// What Compose makes of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// An integer, before the schema is applied.
    Whole,
    /// An integer that may not be negative.
    Count,
    /// A number, before the schema is applied.
    Decimal,
    /// A boolean, before the schema is applied.
    Flag,
    Duration,
    Size,
    /// A number or `all`.
    Amount,
    /// When an image is pulled.
    Policy,
    /// The name of a container.
    Name,
    /// An integer, before the schema is applied; not one with a fraction or an exponent.
    Limit,
    /// An integer without fraction and exponent.
    Exact,
    /// Words, split as a shell would split them.
    Command,
}

/// A mapping with known keys.
#[derive(Debug)]
struct Mapping {
    /// Sorted.
    keys: &'static [(&'static str, Shape)],
    required: &'static [&'static str],
    /// `x-…` is taken.
    extensions: bool,
    /// Any other key is taken and ignored.
    others: bool,
    /// It is made of several schemas, for whose unknown keys Compose has another message.
    unevaluated: bool,
}

impl Mapping {
    fn get(&self, key: &str) -> Option<&'static Shape> {
        let at = self.keys.binary_search_by_key(&key, |(name, _)| name).ok()?;
        self.keys.get(at).map(|(_, shape)| shape)
    }
}

include!(concat!(env!("OUT_DIR"), "/compose.rs"));
