//! A serde deserializer for our YAML tree: every error has its place, and all errors of a file are reported.

use std::fmt;
use std::ops::Range;

use serde::de::value::U32Deserializer;
use serde::de::{self, Deserialize, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::place::{NODE, Shape};
use crate::error::nearest;
use crate::hash::HashSet;
use crate::syntax::yaml::{Kind, NodeId, Tree, Value};

/// The largest number of mistakes reported per file.
const MAX_PROBLEMS: usize = 20;

/// A mistake and its byte range.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) at: Range<usize>,
}

/// Deserializes the tree's first document. A rejected entry is left out and the rest read again, so that all mistakes are
/// reported.
pub(super) fn read<T: for<'de> Deserialize<'de> + Default>(tree: &Tree, problems: &mut Vec<Problem>) -> T {
    let Some(root) = tree.documents().first() else { return T::default() };
    let mut left_out = HashSet::default();
    loop {
        let node = Node { tree, left_out: &left_out, id: *root };
        let refusal = match T::deserialize(node) {
            Ok(value) => return value,
            Err(refusal) => refusal,
        };
        if !refusal.echo {
            let at = refusal.at.unwrap_or_default();
            problems.push(Problem { message: refusal.message, help: refusal.help, at });
        }
        match refusal.entry {
            Some(entry) if problems.len() < MAX_PROBLEMS && left_out.insert(entry) => {}
            _ => return T::default(),
        }
    }
}

/// An error in one value.
#[derive(Debug)]
pub(super) struct DeserializeError {
    message: String,
    help: Option<String>,
    at: Option<Range<usize>>,
    /// The key or item to leave out, so that the rest can be read.
    entry: Option<NodeId>,
    /// The required key that is missing.
    missing: Option<&'static str>,
    /// True if it only follows from another error.
    echo: bool,
}

impl DeserializeError {
    fn new(message: String, help: Option<String>) -> Self {
        Self { message, help, at: None, entry: None, missing: None, echo: false }
    }

    fn at(mut self, at: Range<usize>) -> Self {
        self.at.get_or_insert(at);
        self
    }
}

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DeserializeError {}

/// Suggests the nearest of the names, or lists all of them.
fn out_of(name: &str, what: &str, names: &[&str]) -> Option<String> {
    match nearest(name, names.iter().copied()).first() {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if names.is_empty() => None,
        None => Some(format!("{what}: {}", names.join(", "))),
    }
}

impl de::Error for DeserializeError {
    /// Takes the first line as the message, and the rest as the help.
    fn custom<T: fmt::Display>(text: T) -> Self {
        let text = text.to_string();
        match text.split_once('\n') {
            Some((message, help)) => Self::new(message.to_owned(), Some(help.to_owned())),
            None => Self::new(text, None),
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("{found} is not {expected}"), None)
    }

    fn invalid_value(found: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::new(format!("{found} is not allowed here"), None)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown key `{field}`"), out_of(field, "the keys here", expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown value `{variant}`"), out_of(variant, "the values here", expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: Some(field), ..Self::new(format!("`{field}` is missing"), None) }
    }
}

/// One node, to be deserialized.
#[derive(Clone, Copy)]
struct Node<'t> {
    tree: &'t Tree,
    left_out: &'t HashSet<NodeId>,
    id: NodeId,
}

impl<'t> Node<'t> {
    fn of(self, id: NodeId) -> Self {
        Self { id, ..self }
    }

    /// Returns the node itself, or the one that an alias refers to.
    fn kind(self) -> (NodeId, &'t Kind) {
        let mut id = self.id;
        // An alias refers to a node before it, so this ends.
        while let Kind::Alias(Some(named)) = &self.tree.node(id).kind {
            id = *named;
        }
        (id, &self.tree.node(id).kind)
    }

    fn value(self) -> Option<Value> {
        self.tree.node(self.kind().0).resolve()
    }

    fn text(self) -> Option<&'t str> {
        match self.kind().1 {
            Kind::Scalar(scalar) => Some(scalar.text.as_str()),
            _ => None,
        }
    }

    fn shape(self) -> Shape {
        match self.kind().1 {
            Kind::Map(_) => Shape::Mapping,
            Kind::Seq(_) => Shape::List,
            _ if matches!(self.value(), None | Some(Value::Null)) => Shape::Null,
            _ => Shape::Scalar,
        }
    }

    /// Returns the bytes to point at: a scalar, or the first key or item of what may be many lines.
    fn place(self) -> Range<usize> {
        let mut id = self.id;
        loop {
            let first = match &self.tree.node(id).kind {
                Kind::Map(pairs) => pairs.first().map(|(key, _)| *key),
                Kind::Seq(items) => items.first().copied(),
                _ => None,
            };
            match first {
                Some(first) => id = first,
                None => return self.tree.node(id).span.range(),
            }
        }
    }

    fn expected(self, what: &str) -> DeserializeError {
        let here = match (self.shape(), self.value()) {
            (Shape::Mapping, _) => "a mapping",
            (Shape::List, _) => "a list",
            (Shape::Null, _) => "nothing",
            (_, Some(Value::Bool(_))) => "true or false",
            (_, Some(Value::Str)) => "a text",
            _ => "a number",
        };
        DeserializeError::new(format!("expected {what}, not {here}"), None).at(self.place())
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        let visited = match self.value() {
            Some(Value::Int(number)) => visitor.visit_i64(number),
            Some(Value::Float(number)) => visitor.visit_f64(number),
            _ => return Err(self.expected("a number")),
        };
        visited.map_err(|refusal: DeserializeError| refusal.at(self.place()))
    }

    fn string<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        match self.text() {
            // Unquoted numbers are accepted as text.
            Some(text) if self.shape() == Shape::Scalar => {
                visitor.visit_str(text).map_err(|refusal: DeserializeError| refusal.at(self.place()))
            }
            _ => Err(self.expected("a text")),
        }
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        let items = match (self.shape(), self.kind().1) {
            (_, Kind::Seq(items)) => items.as_slice(),
            (Shape::Null, _) => &[],
            _ => return Err(self.expected("a list")),
        };
        visitor
            .visit_seq(Items { node: self, items: items.iter() })
            .map_err(|refusal: DeserializeError| refusal.at(self.place()))
    }

    fn map<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        let pairs = match (self.shape(), self.kind().1) {
            (_, Kind::Map(pairs)) => pairs.as_slice(),
            (Shape::Null, _) => &[],
            _ => return Err(self.expected("a mapping")),
        };
        visitor.visit_map(Entries { node: self, pairs, next: 0 }).map_err(|mut refusal: DeserializeError| {
            let left_out = |(key, _): &(NodeId, NodeId)| {
                self.left_out.contains(key) && self.of(*key).text() == refusal.missing
            };
            let here = refusal.missing.is_some() && refusal.at.is_none();
            refusal.echo |= here && pairs.iter().any(left_out);
            refusal.at(self.place())
        })
    }
}

impl<'de> de::Deserializer<'de> for Node<'_> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        match (self.shape(), self.value()) {
            (Shape::Mapping, _) => self.map(visitor),
            (Shape::List, _) => self.list(visitor),
            (Shape::Null, _) => {
                visitor.visit_unit().map_err(|refusal: DeserializeError| refusal.at(self.place()))
            }
            (_, Some(Value::Bool(_))) => self.deserialize_bool(visitor),
            (_, Some(Value::Str)) => self.string(visitor),
            _ => self.number(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        match self.value() {
            Some(Value::Bool(value)) => visitor.visit_bool(value),
            _ => Err(self.expected("true or false")),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        match self.value() {
            Some(Value::Int(number)) if u32::try_from(number).is_ok() => self.number(visitor),
            Some(Value::Int(_) | Value::BigInt(_) | Value::Float(_)) => {
                Err(DeserializeError::new("not a whole number in range".to_owned(), None).at(self.place()))
            }
            _ => Err(self.expected("a whole number")),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        self.number(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        self.string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        self.string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        self.string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        if self.shape() == Shape::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        if name == NODE { visitor.visit_seq(Parts { node: self, next: 0 }) } else { self.list(visitor) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        self.map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        self.map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        match self.text() {
            Some(text) if self.shape() == Shape::Scalar => {
                let word: de::value::StrDeserializer<'_, DeserializeError> = text.into_deserializer();
                visitor.visit_enum(word).map_err(|refusal: DeserializeError| refusal.at(self.place()))
            }
            _ => Err(self.expected("a word")),
        }
    }

    forward_to_deserialize_any! { i8 i16 i32 i64 i128 u8 u16 u64 u128 f32 char bytes byte_buf unit unit_struct tuple ignored_any }
}

/// The parts of [`NODE`]: start, end, shape, and the node itself.
struct Parts<'t> {
    node: Node<'t>,
    next: usize,
}

impl<'de> de::SeqAccess<'de> for Parts<'_> {
    type Error = DeserializeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeserializeError> {
        self.next += 1;
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let number = match self.next {
            1 => clip(self.node.place().start),
            2 => clip(self.node.place().end),
            3 => self.node.shape() as u32,
            4 => {
                let value = seed.deserialize(self.node).map_err(|refusal| refusal.at(self.node.place()))?;
                return Ok(Some(value));
            }
            _ => return Ok(None),
        };
        let number: U32Deserializer<DeserializeError> = number.into_deserializer();
        seed.deserialize(number).map(Some)
    }
}

struct Items<'t> {
    node: Node<'t>,
    items: std::slice::Iter<'t, NodeId>,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = DeserializeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeserializeError> {
        let Some(item) = self.items.by_ref().find(|item| !self.node.left_out.contains(item)) else {
            return Ok(None);
        };
        let node = self.node.of(*item);
        let value = seed.deserialize(node).map_err(|mut refusal| {
            refusal.entry.get_or_insert(*item);
            refusal.at(node.place())
        })?;
        Ok(Some(value))
    }
}

struct Entries<'t> {
    node: Node<'t>,
    pairs: &'t [(NodeId, NodeId)],
    next: usize,
}

impl Entries<'_> {
    /// True if the next key was left out or repeats an earlier one, which the tree has reported.
    fn skipped(&self, key: NodeId) -> bool {
        let text = |key: NodeId| self.node.of(key).text();
        self.node.left_out.contains(&key)
            || (!self.node.tree.errors().is_empty()
                && text(key).is_some()
                && self.pairs.iter().take(self.next).any(|(other, _)| text(*other) == text(key)))
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = DeserializeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeserializeError> {
        let key = loop {
            match self.pairs.get(self.next) {
                None => return Ok(None),
                Some((key, _)) if self.skipped(*key) => self.next += 1,
                Some((key, _)) => break *key,
            }
        };
        let node = self.node.of(key);
        let name = seed.deserialize(node).map_err(|mut refusal| {
            refusal.entry.get_or_insert(key);
            refusal.at(node.place())
        })?;
        Ok(Some(name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, DeserializeError> {
        let Some((key, value)) = self.pairs.get(self.next).copied() else {
            return Err(de::Error::custom("a value was asked for after the last key"));
        };
        self.next += 1;
        let node = self.node.of(value);
        seed.deserialize(node).map_err(|refusal| {
            let mut refusal = refusal.at(node.place());
            refusal.entry.get_or_insert(key);
            // An empty value has no bytes to point at, so the key is shown.
            if refusal.at.as_ref().is_none_or(Range::is_empty) {
                refusal.at = Some(self.node.of(key).place());
            }
            refusal
        })
    }
}
