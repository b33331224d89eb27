//! Source files, byte spans, and text that is traced to its bytes.
//!
//! All other modules identify a place in a file by its [`Span`]. Lines and columns are computed only for output.

mod decode;
mod file_system;
mod shown;
mod sources;
mod text;

pub use file_system::{EntryKind, FileSystem, LoadError, MAX_LINKS, Overlay};
pub use shown::path_text;
pub use sources::{FilePosition, Language, Line, Position, Source, Sources};
pub(crate) use sources::{compare_paths, named_from, normalize, relative_to};
pub use text::{TracedText, head};

/// Size in bytes of the largest file that is read. Spans are 32-bit, and no real Dockerfile or Compose file comes
/// near it.
pub const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// Identifier of a file in [`Sources`].
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
    /// Creates the span of the bytes `start..end` of `file`.
    #[must_use]
    pub fn new(file: SourceId, start: usize, end: usize) -> Self {
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { file, start: clip(start), end: clip(end.max(start)) }
    }

    /// Returns the byte range, for indexing the file's text.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// True if the span is empty: a position between two bytes.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns the smallest span that covers both; `self` if they are in different files.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// True if `other` lies inside this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// A value with the bytes it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The bytes where it is written.
    pub span: Span,
    /// Places by which the value got here, outermost first: aliases, merge keys, `extends`, `include`, override
    /// files, variables.
    pub via: Vec<Span>,
    /// Name of the variable whose default the value is, as in `${MEMORY:-512m}`: another environment may have another
    /// value.
    pub default_for: Option<String>,
}

impl<T> Spanned<T> {
    /// Creates a value that is written at `span` and used there.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span, via: Vec::new(), default_for: None }
    }

    /// Creates a value that is written at `span` and got here through `via`.
    pub fn with_provenance(value: T, span: Span, via: Vec<Span>) -> Self {
        Self { value, span, via, default_for: None }
    }

    /// Replaces the value and keeps where it came from.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span, via: self.via, default_for: self.default_for }
    }
}
