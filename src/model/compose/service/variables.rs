//! `environment`, `env_file` and `args`.

use std::borrow::Cow;

use super::super::convert::to_key_values;
use super::super::field::{Fields, read_scalar, text_of};
use super::super::value::{Kind, Map, Value};
use super::items;
use crate::hash::IndexMap;
use crate::model::fact::{Fact, Why};
use crate::source::{Span, TracedText};

/// One entry of `env_file`.
#[derive(Clone, Debug)]
pub struct EnvFile {
    /// Its path, relative to the project's directory.
    pub path: Fact<TracedText>,
    /// False for `required: false`.
    pub required: bool,
    /// `format: raw`: no quotes, no variables.
    pub raw: bool,
}

/// Returns `environment` or `args` as a mapping, whether written as a mapping or as a list.
pub(super) fn pairs(value: &Value) -> Cow<'_, Map> {
    if let Kind::Map(map) = &value.kind {
        return Cow::Borrowed(map);
    }
    let mut value = value.clone();
    to_key_values(&mut value);
    match value.kind {
        Kind::Map(map) => Cow::Owned(map),
        _ => Cow::Owned(Map::default()),
    }
}

/// Returns the value of each name. A bare name is Unknown: its value comes from the environment of Compose.
pub(super) fn values(pairs: &Map) -> IndexMap<String, Fact<TracedText>> {
    pairs
        .iter()
        .map(|(name, entry)| {
            let fact = match entry.value.kind {
                Kind::Null => Fact::Unknown { at: entry.key, why: Why::Variable(name.clone()) },
                _ => read_scalar(&entry.value, |scalar| Some(text_of(scalar))),
            };
            (name.clone(), fact)
        })
        .collect()
}

/// Returns the span of each name.
pub(super) fn places(pairs: &Map) -> IndexMap<String, Span> {
    pairs.iter().map(|(name, entry)| (name.clone(), entry.key)).collect()
}

pub(super) fn env_files(fields: Fields<'_>) -> Vec<EnvFile> {
    let Some(value) = fields.get(&["env_file"]) else { return Vec::new() };
    items(value)
        .into_iter()
        .map(|item| {
            let long = Fields { value: item, anchor: item.span };
            let path = match item.kind {
                Kind::Map(_) => long.text(&["path"]),
                _ => read_scalar(item, |scalar| Some(scalar.text.clone())),
            };
            EnvFile {
                path,
                required: long.boolean(&["required"]).value() != Some(&false),
                raw: long.string(&["format"]).value().is_some_and(|format| format == "raw"),
            }
        })
        .collect()
}
