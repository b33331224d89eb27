//! YAML as a tree that keeps positions, comments, anchors, aliases and tags.
//!
//! The tree is eager and owned: nodes stand in one arena and name each other by [`NodeId`], so that nothing here
//! recurses however deep a file nests. Aliases are kept as aliases; who reads the tree follows them. This folder is
//! the only place that names the event parser (`granit_parser`).

mod build;
mod dump;
pub mod edit;
mod problem;
mod repair;
mod resolve;
mod scalar;

pub use dump::to_json;
pub use resolve::Value;

use std::sync::{Arc, OnceLock};

use crate::source::{Source, SourceId, Span, TracedText};
use crate::syntax::SyntaxError;

/// Deepest nesting that is kept. What stands deeper is dropped and reported.
pub const MAX_DEPTH: usize = 256;

/// Most nodes that are kept of one file. The largest real Compose file at hand has 3,092.
pub const MAX_NODES: usize = 1 << 20;

/// Names one node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

/// One YAML file.
#[derive(Clone, Debug)]
pub struct Tree {
    file: SourceId,
    nodes: Vec<Node>,
    documents: Vec<NodeId>,
    comments: Vec<Span>,
    errors: Vec<SyntaxError>,
    blanked: Vec<Span>,
    /// Where the first line ends as Windows ends them, once somebody wants to know.
    first_crlf: OnceLock<Option<usize>>,
}

/// One value, with what was written before it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Its bytes, without tag and anchor. Of a scalar: quotes or the block header included, no line end after it; of
    /// an empty value: the place where it would stand. Of a map or sequence: the brackets, or first to last child.
    pub span: Span,
    /// The tag, when one is written.
    pub tag: Option<Tag>,
    /// The anchor, when one is written.
    pub anchor: Option<Anchor>,
}

/// A tag as written: `!reset`, `!!str`, `!<tag:yaml.org,2002:str>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its text, with the exclamation marks.
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

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A string, number, boolean or nothing.
    Scalar(Scalar),
    /// Keys and values in the order of the file. A key that is written twice stands twice.
    Map(Vec<(NodeId, NodeId)>),
    /// Items.
    Seq(Vec<NodeId>),
    /// `*name`, and the node that it names: one that is complete before the alias. `None` when there is none (an
    /// error in [`Tree::errors`]).
    Alias(Option<NodeId>),
}

/// A scalar's text and notation.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The value after unquoting, unescaping and folding, traced to its bytes.
    pub text: TracedText,
    /// How it is written.
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
    /// Reads `text`, which is the whole of `file`.
    ///
    /// Never fails: what does not parse is in [`Tree::errors`], and the lines around it are read all the same.
    #[must_use]
    pub fn parse(file: SourceId, text: &str) -> Self {
        repair::parse(file, text)
    }

    /// The tree of `source`, parsed once for all who hold it at the same time.
    #[must_use]
    pub fn of(source: &Source) -> Arc<Self> {
        source.parsed(|source| Self::parse(source.id(), source.text()))
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> SourceId {
        self.file
    }

    /// The root of each document, in order. None for a file without content.
    #[must_use]
    pub fn documents(&self) -> &[NodeId] {
        &self.documents
    }

    /// The node.
    ///
    /// # Panics
    /// Never for an identity that this tree gave.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Every comment in the order of the file, from `#` to the end of its line.
    #[must_use]
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// What is wrong with the file, in its order.
    #[must_use]
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Lines that were left out so that the rest could be read, from the first byte that is no blank: what stands there is
    /// not known.
    pub fn skipped_lines(&self) -> &[Span] {
        &self.blanked
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
