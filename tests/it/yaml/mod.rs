//! Helpers of the tests of the YAML tree.
#![allow(dead_code, unreachable_pub)]

use std::path::Path;

use oomlint::source::{Sources, Span};
use oomlint::syntax::yaml::{Kind, NodeId, Tree};

pub fn parse(text: &str) -> Tree {
    let sources = Sources::new();
    Tree::parse(sources.add(Path::new("test.yaml"), text), text)
}

/// Returns all reachable nodes, parents first.
pub fn nodes(tree: &Tree) -> Vec<NodeId> {
    let mut out = Vec::new();
    let mut rest: Vec<NodeId> = tree.documents().iter().rev().copied().collect();
    while let Some(id) = rest.pop() {
        out.push(id);
        match &tree.node(id).kind {
            Kind::Map(entries) => rest.extend(entries.iter().rev().flat_map(|(key, value)| [*value, *key])),
            Kind::Seq(items) => rest.extend(items.iter().rev()),
            _ => {}
        }
    }
    out
}

pub fn scalars(tree: &Tree) -> impl Iterator<Item = NodeId> {
    nodes(tree).into_iter().filter(|id| matches!(tree.node(*id).kind, Kind::Scalar(_)))
}

/// Asserts that spans are within the text, on character boundaries, and that children are within their parents.
pub fn check_spans(tree: &Tree, text: &str) {
    let good = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} of {text:?}");
    for id in nodes(tree) {
        let node = tree.node(id);
        good(node.span);
        if let Some(tag) = &node.tag {
            good(tag.span);
            assert_eq!(text[tag.span.range()], tag.name);
        }
        if let Some(anchor) = &node.anchor {
            good(anchor.span);
            assert_eq!(text[anchor.span.range()], format!("&{}", anchor.name));
        }
        match &node.kind {
            Kind::Scalar(scalar) => {
                assert_eq!(scalar.text.span(), node.span);
                let value = scalar.text.as_str();
                for (at, c) in value.char_indices() {
                    good(scalar.text.span_of(at..at + c.len_utf8()));
                    if at > 300 {
                        break;
                    }
                }
            }
            Kind::Map(entries) => {
                for child in entries.iter().flat_map(|(key, value)| [*key, *value]) {
                    let child = tree.node(child).span;
                    assert!(node.span.contains(child), "{child:?} in {:?} of {text:?}", node.span);
                }
            }
            Kind::Seq(items) => {
                for item in items {
                    let child = tree.node(*item).span;
                    assert!(node.span.contains(child), "{child:?} in {:?} of {text:?}", node.span);
                }
            }
            Kind::Alias(_) => {}
        }
    }
    tree.comments().iter().for_each(|comment| good(*comment));
    tree.errors().iter().for_each(|error| good(error.span));
}
