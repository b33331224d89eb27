//! Maps whose hash is made for speed.
//!
//! Each map has a seed of its own, so that a file cannot be written to make all its keys collide.

use foldhash::fast::RandomState;

/// The standard library's map.
pub type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
/// The standard library's set.
pub type HashSet<T> = std::collections::HashSet<T, RandomState>;
/// A map that keeps the order people wrote.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, RandomState>;
/// A set that keeps the order people wrote.
pub type IndexSet<T> = indexmap::IndexSet<T, RandomState>;
