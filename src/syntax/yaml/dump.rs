//! JSON dump of the tree, for bug reports.

use serde_json::{Value as Json, json};

use super::{Kind, NodeId, Style, Tree};
use crate::source::{Source, Span};
use crate::syntax::SyntaxError;

/// Returns the whole tree with bytes and line of each node: `{"documents", "comments", "errors"}`.
#[must_use]
pub fn to_json(tree: &Tree, source: &Source) -> Json {
    let documents: Vec<Json> = tree.documents().iter().map(|root| node(tree, source, *root)).collect();
    let comments: Vec<Json> = tree.comments().iter().map(|comment| place(*comment)).collect();
    let errors: Vec<Json> = tree.errors().iter().map(|problem| error(problem, source)).collect();
    json!({ "documents": documents, "comments": comments, "errors": errors })
}

/// Recurses at most [`super::MAX_DEPTH`] levels: deeper nodes are not in the tree, and aliases are not followed.
fn node(tree: &Tree, source: &Source, id: NodeId) -> Json {
    let node_ = tree.node(id);
    let mut out = serde_json::Map::new();
    match &node_.kind {
        Kind::Scalar(scalar) => {
            out.insert("scalar".to_owned(), json!(scalar.text.as_str()));
            out.insert("style".to_owned(), json!(style(scalar.style)));
        }
        Kind::Map(entries) => {
            let pairs = entries
                .iter()
                .map(|(key, value)| json!([node(tree, source, *key), node(tree, source, *value)]));
            out.insert("map".to_owned(), Json::Array(pairs.collect()));
        }
        Kind::Seq(items) => {
            let items = items.iter().map(|item| node(tree, source, *item));
            out.insert("seq".to_owned(), Json::Array(items.collect()));
        }
        Kind::Alias(target) => {
            let target = target.map_or(Json::Null, |target| place(tree.node(target).span));
            out.insert("alias".to_owned(), json!({ "name": source.slice(node_.span), "target": target }));
        }
    }
    if let Some(tag) = &node_.tag {
        out.insert("tag".to_owned(), json!({ "name": tag.name, "span": place(tag.span) }));
    }
    if let Some(anchor) = &node_.anchor {
        out.insert("anchor".to_owned(), json!({ "name": anchor.name, "span": place(anchor.span) }));
    }
    out.insert("line".to_owned(), json!(source.line_at(node_.span.start).number));
    out.insert("span".to_owned(), place(node_.span));
    Json::Object(out)
}

fn place(span: Span) -> Json {
    json!([span.start, span.end])
}

fn error(problem: &SyntaxError, source: &Source) -> Json {
    json!({
        "message": problem.message,
        "fatal": problem.fatal,
        "line": source.line_at(problem.span.start).number,
        "span": place(problem.span),
    })
}

fn style(style: Style) -> &'static str {
    match style {
        Style::Plain => "plain",
        Style::SingleQuoted => "single-quoted",
        Style::DoubleQuoted => "double-quoted",
        Style::Literal => "literal",
        Style::Folded => "folded",
    }
}
