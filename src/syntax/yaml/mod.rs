//! YAML tree that preserves positions, comments, anchors, aliases and tags.
//!
//! The tree is eager and owned: nodes are in one arena and refer to each other by [`NodeId`], so that parsing does
//! not recurse however deep a file nests. Aliases are kept as aliases; readers of the tree follow them. Only this
//! module uses the event parser (`granit_parser`).

mod alias_keys;
mod apostrophes;
mod build;
mod dump;
pub mod edit;
mod problem;
mod refused;
mod repair;
mod resolve;
mod scalar;
pub mod timestamp;

pub use dump::to_json;
pub use resolve::{Value, base64, is_plain_string};

use std::sync::{Arc, OnceLock};

use crate::source::{Language, Source, SourceId, Span, TracedText};
use crate::syntax::SyntaxError;

/// Maximum nesting. Deeper nodes are dropped and reported.
pub const MAX_DEPTH: usize = 256;

/// Maximum number of nodes per file. The largest real Compose file at hand has 3,092.
pub const MAX_NODES: usize = 1 << 20;

/// Identifier of a node in a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

/// A parsed YAML file.
#[derive(Clone, Debug)]
pub struct Tree {
    file: SourceId,
    nodes: Vec<Node>,
    documents: Vec<NodeId>,
    comments: Vec<Span>,
    errors: Vec<SyntaxError>,
    blanked: Vec<Span>,
    /// Offset of the first CRLF, computed on first use.
    first_crlf: OnceLock<Option<usize>>,
}

/// A value with its tag and anchor.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Its bytes, without tag and anchor. For a scalar: quotes or the block header included, no line terminator after
    /// it; for an empty value: the place where it would be; for a map or sequence: the brackets, or first to last
    /// child.
    pub span: Span,
    /// The tag, if any. Boxed like the anchor, since few nodes have one.
    pub tag: Option<Box<Tag>>,
    /// The anchor, if any.
    pub anchor: Option<Box<Anchor>>,
}

/// A tag as written: `!reset`, `!!str`, `!<tag:yaml.org,2002:str>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The text, with the exclamation marks.
    pub name: String,
    /// Its bytes.
    pub span: Span,
}

/// An anchor: `&name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The name without `&`.
    pub name: String,
    /// Its bytes, with `&`.
    pub span: Span,
}

/// The kind and content of a node.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A string, number, boolean or null.
    Scalar(Scalar),
    /// Keys and values in file order. A duplicate key is kept.
    Map(Vec<(NodeId, NodeId)>),
    /// Items in file order.
    Seq(Vec<NodeId>),
    /// `*name` with its node, which is complete before the alias; `None` for an unknown or enclosing anchor (an error
    /// in [`Tree::errors`]).
    Alias(Option<NodeId>),
}

/// A scalar's text and notation.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The value after unquoting, unescaping and folding, traced to its bytes.
    pub text: TracedText,
    /// How the scalar is written.
    pub style: Style,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Tree {
    /// Parses `text`, the whole content of `file`.
    ///
    /// Never fails: errors are in [`Tree::errors`], and the lines around them are parsed all the same.
    #[must_use]
    pub fn parse(file: SourceId, text: &str) -> Self {
        repair::parse(file, text)
    }

    /// Parses `source`, or returns the tree of an earlier call while any `Arc` to it is alive.
    #[must_use]
    pub fn of(source: &Source) -> Arc<Self> {
        source.set_language(Language::Yaml);
        source.parsed(|source| Self::parse(source.id(), source.text()))
    }

    /// Returns the file it was parsed from.
    #[must_use]
    pub fn file(&self) -> SourceId {
        self.file
    }

    /// Returns the root of each document, in order; none for a file without content.
    #[must_use]
    pub fn documents(&self) -> &[NodeId] {
        &self.documents
    }

    /// Returns a node.
    ///
    /// # Panics
    /// If `id` comes from another tree and is out of bounds.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        node(&self.nodes, id)
    }

    /// True if an alias outside of a place refers to a node in it.
    pub(crate) fn has_alias_into(&self, place: Span) -> bool {
        self.nodes.iter().any(|alias| match alias.kind {
            Kind::Alias(Some(target)) => {
                place.contains(self.node(target).span) && !place.contains(alias.span)
            }
            _ => false,
        })
    }

    /// Returns the scalar of a key of a map.
    #[must_use]
    pub fn scalar_at(&self, map: NodeId, key: &str) -> Option<&Scalar> {
        let Kind::Map(entries) = &self.node(map).kind else { return None };
        let is_key =
            |id: NodeId| matches!(&self.node(id).kind, Kind::Scalar(scalar) if scalar.text.as_str() == key);
        let (_, value) = entries.iter().find(|(name, _)| is_key(*name))?;
        match &self.node(*value).kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Returns all comments in file order, from `#` to the end of the line; none if `oomlint:` occurs nowhere in the file, since
    /// nobody reads them then.
    #[must_use]
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// Returns all errors in file order.
    #[must_use]
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Returns what go-yaml, and so Compose, refuses in a text that parses here: tabs in the indentation, escapes of JSON, other
    /// versions of YAML. `text` is the one that was parsed.
    #[must_use]
    pub fn refused_by_go_yaml(&self, text: &str) -> Vec<SyntaxError> {
        refused::by_go_yaml(self.file, text, &self.nodes)
    }

    /// Returns lines that were skipped so that the rest could be parsed, without surrounding blanks. Their content is
    /// unknown.
    pub fn skipped_lines(&self) -> &[Span] {
        &self.blanked
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "an id is the place of a node that was added, and none is removed"
)]
fn node(nodes: &[Node], id: NodeId) -> &Node {
    &nodes[id.0 as usize]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
