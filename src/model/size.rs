//! Sizes in bytes.

/// A number of bytes; negative where a key gives -1 a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub i64);
