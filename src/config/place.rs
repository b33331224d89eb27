//! Configuration values with their place in the file, and values with two spellings.

#[cfg(feature = "schema")]
use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Range;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// The struct name for which the tree's deserializer returns a node with its place and its shape.
pub(super) const NODE: &str = "oomlint::config::Node";

/// The shape of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    Scalar,
    List,
    Mapping,
}

/// A value and the bytes that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its byte range in the file.
    pub at: Range<usize>,
}

/// One value, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

/// Keys and values in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<K, V>(pub Vec<(Located<K>, V)>);

/// A scalar, or a mapping with options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalarOr<W, O> {
    /// The scalar alone.
    Scalar(Located<W>),
    /// The mapping.
    Mapping(O),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A type that is read from a node whose shape is known first.
trait FromNode<'de>: Sized {
    fn from_node<A: SeqAccess<'de>>(shape: Shape, at: Range<usize>, node: &mut A) -> Result<Self, A::Error>;
}

fn value<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(node: &mut A) -> Result<T, A::Error> {
    node.next_element()?.ok_or_else(|| A::Error::custom("a value is missing here"))
}

fn from_node<'de, T: FromNode<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Reader<T>(PhantomData<T>);
    impl<'de, T: FromNode<'de>> Visitor<'de> for Reader<T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a node of the tree")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut node: A) -> Result<T, A::Error> {
            let (start, end, shape): (u32, u32, u32) =
                (value(&mut node)?, value(&mut node)?, value(&mut node)?);
            let shapes = [Shape::Null, Shape::Scalar, Shape::List, Shape::Mapping];
            let shape = shapes.into_iter().find(|known| *known as u32 == shape).unwrap_or(Shape::Null);
            T::from_node(shape, start as usize..end as usize, &mut node)
        }
    }
    deserializer.deserialize_tuple_struct(NODE, 4, Reader(PhantomData))
}

impl<'de, T: Deserialize<'de>> FromNode<'de> for Located<T> {
    fn from_node<A: SeqAccess<'de>>(_: Shape, at: Range<usize>, node: &mut A) -> Result<Self, A::Error> {
        Ok(Self { value: value(node)?, at })
    }
}

impl<'de, T: Deserialize<'de>> FromNode<'de> for OneOrMany<T> {
    fn from_node<A: SeqAccess<'de>>(shape: Shape, _: Range<usize>, node: &mut A) -> Result<Self, A::Error> {
        match shape {
            Shape::List | Shape::Null => value(node).map(Self),
            Shape::Scalar | Shape::Mapping => Ok(Self(vec![value(node)?])),
        }
    }
}

impl<'de, W: Deserialize<'de>, O: Deserialize<'de>> FromNode<'de> for ScalarOr<W, O> {
    fn from_node<A: SeqAccess<'de>>(shape: Shape, at: Range<usize>, node: &mut A) -> Result<Self, A::Error> {
        match shape {
            Shape::Mapping => value(node).map(Self::Mapping),
            _ => Ok(Self::Scalar(Located { value: value(node)?, at })),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_node(deserializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_node(deserializer)
    }
}

impl<'de, W: Deserialize<'de>, O: Deserialize<'de>> Deserialize<'de> for ScalarOr<W, O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_node(deserializer)
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Reader<K, V> {
            type Value = Table<K, V>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Table(entries))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

#[cfg(feature = "schema")]
impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(feature = "schema")]
impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

#[cfg(feature = "schema")]
impl<W: JsonSchema, O: JsonSchema> JsonSchema for ScalarOr<W, O> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", W::schema_name(), O::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (word, more) = (generator.subschema_for::<W>(), generator.subschema_for::<O>());
        json_schema!({ "anyOf": [word, more] })
    }
}

#[cfg(feature = "schema")]
impl<K: JsonSchema, V: JsonSchema> JsonSchema for Table<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TableOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (names, values) = (generator.subschema_for::<K>(), generator.subschema_for::<V>());
        json_schema!({ "type": "object", "propertyNames": names, "additionalProperties": values })
    }
}
