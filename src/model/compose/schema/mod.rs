//! The Compose format: its keys and the kinds of their values, from `rules/catalog/compose.yaml`.

mod check;
mod messages;
mod read;
mod release;

pub(super) use check::{check, check_casts, check_required};
pub(super) use read::decimal;
pub use release::Release;

/// The types that a value may have.
#[derive(Debug)]
struct Shape {
    /// The kinds that it may have, in the order in which Compose tries them.
    alternatives: &'static [Alternative],
    /// The conversion by Compose of text in its place.
    reading: Option<Reading>,
    /// It makes that of the merged project, not of each file.
    is_late: bool,
}

impl Shape {
    fn takes_scalars(&self) -> bool {
        let is_scalar = |alternative: &Alternative| {
            matches!(alternative, Alternative::Scalar { .. } | Alternative::Words(_))
        };
        self.alternatives.iter().any(is_scalar)
    }

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
        keys: Names,
    },
    /// A mapping whose keys the format knows.
    Keys(&'static Mapping),
}

/// The keys that the user may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Any,
    /// Any but an empty one.
    NotEmpty,
    /// Letters, digits, `.`, `_` and `-`: those of services, networks and the like.
    Simple,
}

impl Names {
    fn take(self, name: &str) -> bool {
        let is_simple = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        match self {
            Self::Any => true,
            Self::NotEmpty => !name.is_empty(),
            Self::Simple => !name.is_empty() && name.bytes().all(is_simple),
        }
    }
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

/// The conversion of text by Compose.
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

/// A key that the format knows.
#[derive(Debug)]
struct Key {
    name: &'static str,
    shape: Shape,
    /// The first release that takes it; `None` for all.
    since: Option<Release>,
}

/// A mapping with known keys.
#[derive(Debug)]
struct Mapping {
    /// Sorted by name.
    keys: &'static [Key],
    required: &'static [&'static str],
    /// `x-…` is taken.
    extensions: bool,
    /// Any other key is taken and ignored.
    others: bool,
    /// It is made of several schemas, for whose unknown keys Compose has another message.
    unevaluated: bool,
}

impl Mapping {
    fn get(&self, name: &str) -> Option<&'static Key> {
        let at = self.keys.binary_search_by_key(&name, |key| key.name).ok()?;
        self.keys.get(at)
    }
}

include!(concat!(env!("OUT_DIR"), "/compose.rs"));
