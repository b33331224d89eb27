//! YAML texts with the spans of their nodes.

use std::ops::Range;

use oomlint::source::Sources;
use oomlint::syntax::yaml::{Kind, Node, NodeId, Tree};

/// YAML text with its tree.
pub struct Doc {
    pub text: String,
    tree: Tree,
}

impl Doc {
    pub fn new(text: &str) -> Self {
        let file = Sources::new().add(std::path::Path::new("x"), text);
        Self { text: text.to_owned(), tree: Tree::parse(file, text) }
    }

    pub fn root(&self) -> Option<NodeId> {
        self.tree.documents().first().copied()
    }

    pub fn node(&self, id: NodeId) -> &Node {
        self.tree.node(id)
    }

    pub fn range(&self, id: NodeId) -> Range<usize> {
        self.node(id).span.range()
    }

    /// Returns the start of a node, with its tag and anchor. Keys may have a tag, as in `!!merge <<`.
    pub fn start(&self, id: NodeId) -> usize {
        let node = self.node(id);
        let tag = node.tag.as_ref().map(|tag| tag.span.range().start);
        let anchor = node.anchor.as_ref().map(|anchor| anchor.span.range().start);
        tag.into_iter().chain(anchor).chain([self.range(id).start]).min().unwrap_or_default()
    }

    pub fn written(&self, id: NodeId) -> &str {
        &self.text[self.range(id)]
    }

    /// Returns the text of a scalar, unquoted.
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Scalar(scalar) => Some(scalar.text.as_str()),
            _ => None,
        }
    }

    /// Resolves an alias.
    pub fn real(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            Kind::Alias(Some(real)) => real,
            _ => id,
        }
    }

    pub fn pairs(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.node(id).kind {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    pub fn is_map(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Map(_))
    }

    pub fn is_seq(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Seq(_))
    }

    /// True for `{…}` and `[…]`.
    pub fn is_flow(&self, id: NodeId) -> bool {
        self.text[self.range(id).start..].starts_with(['{', '['])
    }

    /// True if the first key is in double quotes, as in JSON.
    pub fn is_json(&self, map: NodeId) -> bool {
        self.pairs(map).first().is_some_and(|(key, _)| self.written(*key).starts_with('"'))
    }

    pub fn get(&self, map: NodeId, name: &str) -> Option<(NodeId, NodeId)> {
        self.pairs(map).iter().find(|(key, _)| self.scalar(*key) == Some(name)).copied()
    }

    /// Returns key and value of a service. Files of Compose format 1 have services at the top level.
    pub fn service(&self, name: &str) -> Option<(NodeId, NodeId)> {
        let root = self.root()?;
        self.get(self.get(root, "services").map_or(root, |(_, services)| services), name)
    }

    pub fn services(&self) -> Vec<String> {
        let services = self.root().and_then(|root| self.get(root, "services"));
        let pairs = services.map_or(&[][..], |(_, services)| self.pairs(services));
        pairs.iter().filter_map(|(key, _)| Some(self.scalar(*key)?.to_owned())).collect()
    }

    /// True if the service has this key.
    pub fn has(&self, service: &str, key: &str) -> bool {
        self.service(service).is_some_and(|(_, map)| self.get(self.real(map), key).is_some())
    }

    /// Returns the pairs of key and value that enclose an offset, from the root. For a list item, both are the item.
    pub fn path(&self, at: usize) -> Vec<(NodeId, NodeId)> {
        let mut found = Vec::new();
        let mut open = self.root();
        while let Some(id) = open.take() {
            let pairs =
                self.pairs(id).iter().copied().chain(self.items(id).iter().map(|item| (*item, *item)));
            let holds = |(key, value): &(NodeId, NodeId)| {
                let (key, value) = (self.range(*key), self.range(*value));
                key.start <= at && at <= value.end.max(key.end)
            };
            // Of two adjacent pairs the later one begins here.
            if let Some(pair) = pairs.filter(holds).last() {
                found.push(pair);
                open = Some(pair.1);
            }
        }
        found
    }

    /// Formats a value in flow style, or as JSON.
    pub fn flow(&self, id: NodeId, json: bool) -> String {
        let join = |parts: Vec<String>| parts.join(", ");
        match &self.node(id).kind {
            Kind::Map(pairs) => {
                let pair = |(key, value): &(NodeId, NodeId)| {
                    format!("{}: {}", self.flow_key(*key, json), self.flow(*value, json))
                };
                format!("{{{}}}", join(pairs.iter().map(pair).collect()))
            }
            Kind::Seq(items) => {
                format!("[{}]", join(items.iter().map(|item| self.flow(*item, json)).collect()))
            }
            _ => {
                let written = self.written(id);
                let quoted = written.starts_with(['"', '\'']);
                let bare = written.parse::<f64>().is_ok() || matches!(written, "true" | "false" | "null");
                if quoted && !(json && written.starts_with('\'')) || (bare && json) {
                    written.to_owned()
                } else if json || written.contains([',', '{', '}', '[', ']']) {
                    serde_json::to_string(self.scalar(id).unwrap_or(written)).unwrap()
                } else {
                    written.to_owned()
                }
            }
        }
    }

    pub fn flow_key(&self, key: NodeId, json: bool) -> String {
        if json {
            serde_json::to_string(self.scalar(key).unwrap_or_default()).unwrap()
        } else {
            self.written(key).to_owned()
        }
    }

    /// Returns the number of characters before an offset in its line.
    pub fn column(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |line| line + 1);
        self.text[start..at].trim_start_matches('\u{feff}').chars().count()
    }

    /// Returns the line end of the text.
    pub fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Returns the offset of the end of a line, before its line end.
    pub fn end_of_line(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |line| at + line);
        if self.text[..end].ends_with('\r') { end - 1 } else { end }
    }
}
