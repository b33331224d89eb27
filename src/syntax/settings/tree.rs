//! Reads YAML settings.

use super::{Entry, MAX_DEPTH, MAX_ENTRIES};
use crate::source::TracedText;
use crate::syntax::yaml::{Kind, NodeId, Tree};

/// Returns the settings of the first document in order. `None` if it does not parse, or has several documents.
pub(super) fn entries(text: &TracedText) -> Option<Vec<Entry>> {
    let tree = Tree::parse(text.span().file, text.as_str());
    if !tree.errors().is_empty() || tree.documents().len() > 1 {
        return None;
    }
    let mut found = Vec::new();
    if let Some(root) = tree.documents().first() {
        let mut walk = Walk { tree: &tree, text, found: &mut found };
        walk.below(*root, "", 0)?;
    }
    Some(found)
}

struct Walk<'t> {
    tree: &'t Tree,
    text: &'t TracedText,
    found: &'t mut Vec<Entry>,
}

impl Walk<'_> {
    /// Adds what is below a mapping. `None` if that is too much, or an alias.
    fn below(&mut self, node: NodeId, path: &str, depth: usize) -> Option<()> {
        let Kind::Map(entries) = &self.tree.node(node).kind else { return Some(()) };
        if depth > MAX_DEPTH {
            return None;
        }
        for (name, value) in entries {
            let (name, value_node) = (self.tree.node(*name), self.tree.node(*value));
            let Kind::Scalar(key) = &name.kind else { return None };
            let key = match path {
                "" => key.text.as_str().to_owned(),
                above => format!("{above}.{}", key.text.as_str()),
            };
            match &value_node.kind {
                Kind::Map(_) => self.below(*value, &key, depth + 1)?,
                Kind::Seq(_) => {}
                Kind::Alias(_) => return None,
                Kind::Scalar(scalar) => {
                    let place = scalar.text.verbatim_span();
                    let lead = name.span.start as usize..place.unwrap_or(value_node.span).start as usize;
                    let value = place.map(|place| self.text.slice(place.range()));
                    let lead = self.text.as_str().get(lead).unwrap_or_default().to_owned();
                    self.found.push(Entry { section: String::new(), key, lead, value });
                }
            }
            if self.found.len() > MAX_ENTRIES {
                return None;
            }
        }
        Some(())
    }
}
