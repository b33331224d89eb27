//! Hash maps and sets with a fast hasher (foldhash).
//!
//! Each map has its own seed, so that a file cannot be written to make all its keys collide.

use foldhash::fast::RandomState;

/// The standard library's map, with this hasher.
pub type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
/// The standard library's set, with this hasher.
pub type HashSet<T> = std::collections::HashSet<T, RandomState>;
/// A map that keeps insertion order, which is the order of the file.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, RandomState>;
/// A set that keeps insertion order, which is the order of the file.
pub type IndexSet<T> = indexmap::IndexSet<T, RandomState>;
