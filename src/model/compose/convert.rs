//! Converts the forms that a key may have into one another, where values are merged or read.

use super::field::text_of;
use super::value::{Entry, Kind, Map, MergeMode, Unset, Value};
use crate::source::TracedText;
use crate::syntax::yaml;

/// Converts `- KEY=value` lists to mappings. An item without `=` has no value. Later items win.
pub(super) fn to_key_values(value: &mut Value) {
    let Kind::Seq(items) = &mut value.kind else { return };
    let mut map = Map::default();
    // The last item of a name wins and keeps its place, so items are read from the end.
    for mut item in std::mem::take(items).into_iter().rev() {
        let Kind::Scalar(scalar) = &mut item.kind else { continue };
        let text = scalar.text.as_str();
        let (name, entry) = match memchr::memchr(b'=', text.as_bytes()) {
            Some(at) => {
                let name = text[..at].to_owned();
                let key = scalar.text.span_of(0..at);
                scalar.text = scalar.text.slice(at + 1..text.len());
                if !scalar.text.as_str().is_empty() {
                    item.span = scalar.text.span();
                }
                (name, Entry::new(key, item))
            }
            None => {
                let (name, key) = (text.to_owned(), item.span);
                item.kind = Kind::Null;
                (name, Entry::new(key, item))
            }
        };
        map.entry(name).or_insert(entry);
    }
    map.reverse();
    value.kind = Kind::Map(map);
}

/// Converts `environment` and the like where it is merged with another one, as compose-go's `convertIntoSequence` does: a text is
/// one item, other scalars are nothing, and every value becomes text.
pub(super) fn merged_pairs(value: &mut Value) {
    match &mut value.kind {
        Kind::Scalar(_) => {
            to_sequence(value);
            to_key_values(value);
        }
        Kind::Seq(_) => to_key_values(value),
        Kind::Map(map) => map.retain(|_, entry| {
            // `!reset []` takes away what is below it, whatever follows the tag.
            if entry.value.merge_mode == MergeMode::Remove {
                return true;
            }
            if let Kind::Seq(items) = &mut entry.value.kind {
                // One `NAME=item` for each, of which the last one holds.
                let Some(item) = items.pop() else { return false };
                let span = entry.value.span;
                entry.value = item;
                if entry.value.is_null() {
                    entry.value = Value::string(TracedText::derived("<nil>", span));
                }
            }
            if matches!(entry.value.kind, Kind::Seq(_) | Kind::Map(_))
                && let Some(text) = printed(&entry.value)
            {
                let text = TracedText::derived(text, entry.value.span);
                entry.value = Value { via: std::mem::take(&mut entry.value.via), ..Value::string(text) };
            }
            true
        }),
        Kind::Null => {}
    }
}

/// Prints a value as Go's `%v`: `map[a:1 b:2]`, `[1 2]`. None if a variable in it has no value.
fn printed(value: &Value) -> Option<String> {
    Some(match &value.kind {
        Kind::Null => "<nil>".to_owned(),
        Kind::Scalar(scalar) if scalar.unset.is_some() => return None,
        Kind::Scalar(scalar) => text_of(scalar).as_str().to_owned(),
        Kind::Seq(items) => {
            let items: Vec<String> = items.iter().map(printed).collect::<Option<_>>()?;
            format!("[{}]", items.join(" "))
        }
        Kind::Map(map) => {
            let pair = |(name, entry): (&String, &Entry)| Some(format!("{name}:{}", printed(&entry.value)?));
            let mut pairs: Vec<String> = map.iter().map(pair).collect::<Option<_>>()?;
            pairs.sort_unstable();
            format!("map[{}]", pairs.join(" "))
        }
    })
}

/// Converts `tmpfs` and the like where it is merged with another one: a text is one item, a mapping has `key=value` items, other
/// scalars are nothing.
pub(super) fn to_sequence(value: &mut Value) {
    let items = match &mut value.kind {
        Kind::Seq(_) => return,
        Kind::Scalar(scalar) if matches!(scalar.typed, yaml::Value::Str) => vec![value.clone()],
        Kind::Scalar(_) | Kind::Null => Vec::new(),
        Kind::Map(map) => map.iter().flat_map(|(name, entry)| to_items(name, &entry.value)).collect(),
    };
    value.kind = Kind::Seq(items);
}

/// Returns the items `name=value` of a mapping that becomes a list: one for each item of a list, and the name alone without a value.
fn to_items(name: &str, value: &Value) -> Vec<Value> {
    let with = |value: &Value| to_item(format!("{name}={}", printed(value).unwrap_or_default()), value);
    match &value.kind {
        Kind::Seq(items) => items.iter().map(with).collect(),
        Kind::Null => vec![to_item(name.to_owned(), value)],
        _ => vec![with(value)],
    }
}

fn to_item(text: String, value: &Value) -> Value {
    let unset = value.as_scalar().and_then(|scalar| scalar.unset.clone());
    let mut item = Value::string(TracedText::derived(text, value.span));
    item.via.clone_from(&value.via);
    if let Kind::Scalar(scalar) = &mut item.kind {
        scalar.unset = unset.map(|unset| Box::new(Unset { partial: None, ..*unset }));
    }
    item
}

/// Converts `build: ./dir` to `build: {context: ./dir}`.
pub(super) fn to_build(value: &mut Value) {
    if value.as_scalar().is_some() {
        let entry = Entry::new(value.span, value.clone());
        value.kind = Kind::Map(Map::from_iter([("context".to_owned(), entry)]));
    }
}

/// Converts `networks: [front]` to `networks: {front: }`.
pub(super) fn to_names(value: &mut Value) {
    let Kind::Seq(items) = &mut value.kind else { return };
    let mut map = Map::default();
    for mut item in std::mem::take(items) {
        let Some(scalar) = item.as_scalar() else { continue };
        let name = scalar.text.as_str().to_owned();
        item.kind = Kind::Null;
        map.insert(name, Entry::new(item.span, item));
    }
    value.kind = Kind::Map(map);
}

/// Converts `depends_on: [db]` to `depends_on: {db: {condition: service_started}}`.
pub(super) fn to_depends_on(value: &mut Value) {
    let Kind::Seq(items) = &mut value.kind else { return };
    let mut map = Map::default();
    for item in std::mem::take(items) {
        let Some(scalar) = item.as_scalar() else { continue };
        let condition = Value::string(TracedText::derived("service_started", item.span));
        let condition = Entry::new(item.span, condition);
        let name = scalar.text.as_str().to_owned();
        let body = Value::map(Map::from_iter([("condition".to_owned(), condition)]), item.span);
        map.insert(name, Entry::new(item.span, body));
    }
    value.kind = Kind::Map(map);
}
