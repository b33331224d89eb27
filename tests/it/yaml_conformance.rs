//! The YAML tree, compared with `serde_yaml` and with the verdict of Docker Compose on real files.

use crate::common::yaml_files;
use crate::yaml;
use std::collections::BTreeMap;
use std::path::Path;

use oomlint::syntax::yaml::{Kind, NodeId, Style, Tag, Tree, Value};
use serde_yaml::Value as Plain;
use yaml::{check_spans, parse};

/// Returns why `serde_yaml` types a scalar differently from go-yaml, which we follow, and the value of `serde_yaml`.
fn otherwise(text: &str, style: Style, tag: Option<&Tag>) -> Option<(&'static str, Plain)> {
    let string = || Plain::String(text.to_owned());
    if style != Style::Plain || tag.is_some_and(|tag| tag.name.starts_with("!!")) {
        return None;
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if unsigned.contains('_') {
        return Some(("underscores in a number: serde_yaml reads a string", string()));
    }
    let digits = unsigned.len() > 1 && unsigned.bytes().all(|b| b.is_ascii_digit());
    if digits && unsigned.starts_with('0') {
        return Some(("a leading zero: go-yaml reads octal, serde_yaml a string", string()));
    }
    None
}

/// Converts a node to the data of `serde_yaml`: aliases are replaced, local tags are kept.
fn lower(tree: &Tree, id: NodeId, classes: &mut BTreeMap<&'static str, usize>) -> Plain {
    let node = tree.node(id);
    let value = match &node.kind {
        Kind::Alias(Some(target)) => lower(tree, *target, classes),
        Kind::Alias(None) => panic!("unresolved alias"),
        Kind::Seq(items) => Plain::Sequence(items.iter().map(|item| lower(tree, *item, classes)).collect()),
        Kind::Map(entries) => Plain::Mapping(
            entries
                .iter()
                .map(|(key, value)| (lower(tree, *key, classes), lower(tree, *value, classes)))
                .collect(),
        ),
        Kind::Scalar(scalar) => {
            let text = scalar.text.as_str();
            if let Some((class, value)) = otherwise(text, scalar.style, node.tag.as_deref()) {
                *classes.entry(class).or_default() += 1;
                value
            } else {
                // serde_yaml types a scalar with a local tag as if it had none.
                let tag = node.tag.as_deref().filter(|tag| tag.name.starts_with("!!"));
                match scalar.resolve(tag) {
                    Value::Null => Plain::Null,
                    Value::Bool(value) => Plain::Bool(value),
                    Value::Int(value) => Plain::Number(value.into()),
                    Value::BigInt(value) => Plain::Number(value.into()),
                    Value::Timestamp => Plain::String(text.to_owned()),
                    Value::Float(value) => Plain::Number(value.into()),
                    Value::Str => Plain::String(text.to_owned()),
                }
            }
        }
    };
    match &node.tag {
        Some(tag) if !tag.name.starts_with("!!") => Plain::Tagged(Box::new(serde_yaml::value::TaggedValue {
            tag: serde_yaml::value::Tag::new(&tag.name),
            value,
        })),
        _ => value,
    }
}

/// Applies merge keys: a key of the mapping itself takes precedence, then the first source that has it.
fn merge(value: &mut Plain) {
    match value {
        Plain::Mapping(map) => {
            for (_, value) in map.iter_mut() {
                merge(value);
            }
            let sources = match map.remove("<<") {
                None => return,
                Some(Plain::Sequence(sources)) => sources,
                Some(source) => vec![source],
            };
            for source in sources {
                let Plain::Mapping(source) = source else { panic!("merge of {source:?}") };
                for (key, value) in source {
                    map.entry(key).or_insert(value);
                }
            }
        }
        Plain::Sequence(items) => items.iter_mut().for_each(merge),
        Plain::Tagged(tagged) => merge(&mut tagged.value),
        _ => {}
    }
}

fn serde_documents(text: &str) -> Result<Vec<Plain>, serde_yaml::Error> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| {
            let mut value: Plain = serde::Deserialize::deserialize(document)?;
            // One pass copies the `<<` of a source without applying it, so this repeats until none is left.
            loop {
                let before = value.clone();
                value.apply_merge()?;
                if value == before {
                    return Ok(value);
                }
            }
        })
        .collect()
}

/// Returns the first difference of two values.
fn difference(ours: &Plain, theirs: &Plain) -> Option<String> {
    match (ours, theirs) {
        (Plain::Mapping(a), Plain::Mapping(b)) if a.len() == b.len() => a.iter().find_map(|(key, value)| {
            let there = difference(value, b.get(key).unwrap_or(&Plain::Null));
            there.map(|there| format!("{key:?}/{there}"))
        }),
        (Plain::Sequence(a), Plain::Sequence(b)) if a.len() == b.len() => {
            a.iter().zip(b).find_map(|(a, b)| difference(a, b))
        }
        _ if ours == theirs => None,
        _ => Some(format!("{ours:?} but {theirs:?}")),
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn plain_data_is_what_serde_yaml_reads() {
    let files = yaml_files();
    let (mut compared, mut refused, mut wrong) = (0, Vec::new(), Vec::new());
    let mut classes = BTreeMap::new();
    for (path, text) in &files {
        let tree = parse(text);
        let theirs = match serde_documents(text) {
            Ok(theirs) => theirs,
            Err(error) => {
                let ours = tree.errors().iter().any(|error| error.fatal);
                refused.push(format!("{}: {error}", path.display()));
                if !ours {
                    wrong.push(format!("{}: accepted, but {error}", path.display()));
                }
                continue;
            }
        };
        if tree.errors().iter().any(|error| error.fatal) {
            wrong.push(format!("{}: {:?}", path.display(), tree.errors()));
            continue;
        }
        let mut ours: Vec<Plain> =
            tree.documents().iter().map(|root| lower(&tree, *root, &mut classes)).collect();
        ours.iter_mut().for_each(merge);
        // An empty file has no document here, and one null document in serde_yaml.
        let empty = ours.is_empty() && theirs.iter().all(|document| *document == Plain::Null);
        if ours != theirs && !empty {
            let first = ours.iter().zip(&theirs).find_map(|(ours, theirs)| difference(ours, theirs));
            wrong.push(format!("{}: {first:?}", path.display()));
        }
        compared += 1;
    }
    println!("{compared} files compared; refused by both:\n{}", refused.join("\n"));
    classes.iter().for_each(|(class, count)| println!("{count} scalars: {class}"));
    assert!(wrong.is_empty(), "{} of {compared}: {}", wrong.len(), wrong.join("\n"));
    assert!(compared > 1_000);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn spans_hold() {
    let files = yaml_files();
    let (mut scalars, mut most) = (0, 0);
    let mut untraced = Vec::new();
    for (path, text) in &files {
        let tree = parse(text);
        check_spans(&tree, text);
        most = most.max(yaml::nodes(&tree).len());
        for scalar in yaml::scalars(&tree) {
            scalars += 1;
            let Kind::Scalar(scalar) = &tree.node(scalar).kind else { continue };
            let value = scalar.text.as_str();
            let raw = text.get(scalar.text.span().range()).unwrap();
            match scalar.style {
                Style::Plain if !raw.contains('\n') => assert_eq!(raw, value, "{}", path.display()),
                Style::SingleQuoted => assert!(raw.starts_with('\'') && raw.ends_with('\''), "{raw:?}"),
                Style::DoubleQuoted => assert!(raw.starts_with('"') && raw.ends_with('"'), "{raw:?}"),
                Style::Literal => assert!(raw.starts_with('|') && !raw.ends_with('\n'), "{raw:?}"),
                Style::Folded => assert!(raw.starts_with('>') && !raw.ends_with('\n'), "{raw:?}"),
                Style::Plain => {}
            }
            // Each word is a copy of the file, so its span must contain it.
            let mut at = 0;
            for word in value.split_inclusive(char::is_whitespace) {
                let trimmed = word.trim_end();
                let span = scalar.text.span_of(at..at + trimmed.len());
                if !trimmed.is_empty()
                    && text.get(span.range()) != Some(trimmed)
                    && !raw.contains('\\')
                    && !raw.contains("''")
                {
                    untraced.push(format!("{}: {trimmed:?} of {raw:?}", path.display()));
                }
                at += word.len();
            }
        }
        for comment in tree.comments() {
            assert!(text[comment.range()].starts_with('#') && !text[comment.range()].contains('\n'));
        }
    }
    println!("{scalars} scalars, at most {most} nodes in a file");
    assert!(untraced.is_empty(), "{} of {scalars}: {}", untraced.len(), untraced.join("\n"));
    assert!(scalars > 50_000);
}

#[derive(serde::Deserialize)]
struct Answer {
    file: String,
    ok: bool,
    #[serde(default)]
    error: Option<String>,
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_compose_accepts_has_no_fatal_error() {
    let shared = crate::common::shared();
    let (mut accepted, mut wrong) = (0, Vec::new());
    for answer in crate::common::answers("compose.jsonl.gz") {
        let answer: Answer = serde_json::from_value(answer).unwrap();
        let Ok(text) = std::fs::read_to_string(shared.join("corpus").join(Path::new(&answer.file))) else {
            continue;
        };
        let tree = parse(&text);
        let fatal = tree.errors().iter().find(|error| error.fatal);
        match (answer.ok, fatal) {
            (true, Some(error)) => wrong.push(format!("{}: {error:?}", answer.file)),
            (true, None) => accepted += 1,
            (false, None) => {
                // Only these errors are go-yaml's. All others are errors of Compose.
                let error = answer.error.unwrap_or_default();
                if error.contains("go-yaml load error") || error.contains("mapping key") {
                    wrong.push(format!("{}: accepted, but {error}", answer.file));
                }
            }
            (false, Some(_)) => {}
        }
    }
    println!("{accepted} accepted");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted > 1_000);
}
