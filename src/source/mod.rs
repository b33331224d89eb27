//! Files as bytes: identities, spans, text that remembers where it stands.
//!
//! Everything to the right of this room speaks of places as [`Span`]s. Lines and columns are made
//! only where something is printed.

mod disk;
mod sources;
mod text;

pub use disk::{EntryKind, FileSystem, LoadError, MAX_LINKS};
pub use sources::{Line, Position, Source, Sources};
pub(crate) use sources::{compare_paths, normalize, relative_to};
pub use text::TracedText;

/// Largest file that is read, in bytes. Spans are 32-bit, and no real Dockerfile or Compose file comes near it.
pub const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// Names one file of [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(crate) u32);

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: SourceId,
    /// First byte, counted from 0.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`.
    #[must_use]
    pub fn new(file: SourceId, start: usize, end: usize) -> Self {
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { file, start: clip(start), end: clip(end.max(start)) }
    }

    /// The bytes as a range, to index the file's text.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// True when no byte is covered: a place between two bytes.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest span that covers both; `self` when they stand in different files.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// True when `other` lies inside.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// A value and the bytes that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
    /// The alias, merge, extends, include, override or variable sites that brought it here, outermost first.
    pub via: Vec<Span>,
    /// The variable whose default it is, as in `${MEMORY:-512m}`: elsewhere it may be another.
    pub default_for: Option<String>,
}

impl<T> Spanned<T> {
    /// A value written at `span` and used there.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span, via: Vec::new(), default_for: None }
    }

    /// A value written at `span` that came by way of `via`.
    pub fn with_provenance(value: T, span: Span, via: Vec<Span>) -> Self {
        Self { value, span, via, default_for: None }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span, via: self.via, default_for: self.default_for }
    }
}
