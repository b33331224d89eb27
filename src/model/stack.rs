//! Finds what `docker stack deploy` refuses in a Compose file and Docker Compose takes. It reads the file as written, with a schema of
//! its own (docker/cli `cli/compose/schema/data`).

use super::elsewhere::{child, pairs, scalar, target};
use crate::source::{Span, Spanned};
use crate::syntax::size::ByteSize;
use crate::syntax::yaml::{Kind, NodeId, Style, Tree};

/// One thing in a Compose file for which `docker stack deploy` refuses all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackRefusal {
    /// The key, with its place.
    pub key: Spanned<String>,
    /// The service that has it; `None` at the top level.
    pub service: Option<String>,
    /// The reason.
    pub why: StackMistake,
}

/// The reason to refuse a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackMistake {
    /// It does not know the key, or forbids it.
    Unknown,
    /// Another version of the format than 3: its text.
    Version(String),
    /// `depends_on` with conditions: the names of the services.
    Conditions(Vec<String>),
    /// `env_file` with mappings: the paths of the files, if they are all known.
    Mappings(Option<Vec<String>>),
    /// The size of a tmpfs as a string: its place, and its number of bytes.
    SizeWithUnit(Span, Option<i64>),
}

/// Keys at the top level that it does not know.
const TOP_LEVEL: [&str; 3] = ["name", "include", "models"];

/// Returns what it refuses in a file.
#[must_use]
pub fn refusals(tree: &Tree) -> Vec<StackRefusal> {
    let mut found = Vec::new();
    for root in tree.documents() {
        for (key, value) in pairs(tree, *root) {
            let Some(name) = scalar(tree, *key) else { continue };
            let why = match name {
                "version" => version(tree, target(tree, *value)),
                name => TOP_LEVEL.contains(&name).then_some(StackMistake::Unknown),
            };
            let key = Spanned::new(name.to_owned(), tree.node(*key).span);
            found.extend(why.map(|why| StackRefusal { key, service: None, why }));
        }
        let services = child(tree, *root, "services").map(|services| pairs(tree, services));
        for (name, service) in services.unwrap_or_default() {
            let Some(name) = scalar(tree, *name) else { continue };
            for (key, value) in pairs(tree, *service) {
                let Some(text) = scalar(tree, *key) else { continue };
                let key = Spanned::new(text.to_owned(), tree.node(*key).span);
                let why = of_service(tree, text, target(tree, *value));
                let service = Some(name.to_owned());
                found.extend(why.into_iter().map(|why| StackRefusal {
                    key: key.clone(),
                    service: service.clone(),
                    why,
                }));
            }
        }
    }
    found
}

/// True for the versions of the format that it has a schema for.
fn is_known_version(text: &str) -> bool {
    const LATEST: u32 = 13;
    text == "3"
        || text
            .strip_prefix("3.")
            .and_then(|minor| minor.parse::<u32>().ok())
            .is_some_and(|minor| minor <= LATEST)
}

/// Judges a version. Compose refuses a number, too.
fn version(tree: &Tree, value: NodeId) -> Option<StackMistake> {
    let text = scalar(tree, value)?;
    let refused = !(is_known_version(text) || text.is_empty() || text.contains('$'));
    refused.then(|| StackMistake::Version(text.to_owned()))
}

fn of_service(tree: &Tree, key: &str, value: NodeId) -> Vec<StackMistake> {
    match key {
        "extends" => vec![StackMistake::Unknown],
        "depends_on" => {
            let Kind::Map(entries) = &tree.node(value).kind else { return Vec::new() };
            let names = entries.iter().filter_map(|(name, _)| scalar(tree, *name).map(str::to_owned));
            vec![StackMistake::Conditions(names.collect())]
        }
        "env_file" => {
            let items = match &tree.node(value).kind {
                Kind::Seq(items) => items.as_slice(),
                _ => std::slice::from_ref(&value),
            };
            let is_mapping = |item: &NodeId| matches!(tree.node(target(tree, *item)).kind, Kind::Map(_));
            if !items.iter().any(is_mapping) {
                return Vec::new();
            }
            let path = |item: &NodeId| {
                let item = target(tree, *item);
                let text = scalar(tree, item).or_else(|| scalar(tree, child(tree, item, "path")?));
                text.map(str::to_owned)
            };
            vec![StackMistake::Mappings(items.iter().map(path).collect())]
        }
        "volumes" => {
            let Kind::Seq(items) = &tree.node(value).kind else { return Vec::new() };
            let sizes = items.iter().filter_map(|item| {
                let size = child(tree, child(tree, *item, "tmpfs")?, "size")?;
                let node = tree.node(size);
                let Kind::Scalar(scalar) = &node.kind else { return None };
                let text = scalar.text.as_str();
                let is_integer = scalar.style == Style::Plain && text.parse::<i64>().is_ok();
                // A variable may have an integer.
                if is_integer || text.contains('$') || text.is_empty() {
                    return None;
                }
                let bytes = ByteSize::parse_compose(text).ok().map(|size| size.0);
                Some(StackMistake::SizeWithUnit(node.span, bytes))
            });
            sizes.collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn keys(text: &str) -> Vec<String> {
        let found = refusals(&Tree::parse(SourceId(0), text));
        found.into_iter().map(|refusal| refusal.key.value).collect()
    }

    /// The answers of `docker stack config` 28.2.2 to these files.
    #[test]
    fn what_docker_refuses_is_found() {
        let none: [&str; 0] = [];
        for (text, expected) in [
            ("name: shop", vec!["name"]),
            ("include: [x.yml]", vec!["include"]),
            ("models: {a: {model: x}}", vec!["models"]),
            ("x-a: 1", none.to_vec()),
            ("version: '2.4'", vec!["version"]),
            ("version: '3.14'", vec!["version"]),
            ("version: x", vec!["version"]),
            ("version: '3.13'", none.to_vec()),
            ("version: \"3\"", none.to_vec()),
        ] {
            assert_eq!(keys(&format!("{text}\nservices: {{a: {{image: x}}}}\n")), expected, "{text}");
        }
        for (text, expected) in [
            ("extends: {service: b}", vec!["extends"]),
            ("depends_on: {b: {condition: service_started}}", vec!["depends_on"]),
            ("depends_on: [b]", none.to_vec()),
            ("env_file: [{path: a.env}]", vec!["env_file"]),
            ("env_file: {path: a.env}", vec!["env_file"]),
            ("env_file: [a.env]", none.to_vec()),
            ("env_file: a.env", none.to_vec()),
            ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: 64m}}]", vec!["volumes"]),
            ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: '64000000'}}]", vec!["volumes"]),
            ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: 64000000}}]", none.to_vec()),
            ("tmpfs: '/x:size=64m'", none.to_vec()),
        ] {
            assert_eq!(keys(&format!("services: {{a: {{image: x, {text}}}}}\n")), expected, "{text}");
        }
    }
}
