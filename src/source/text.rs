//! Text in which each piece is traced to the bytes of the file it came from.

use compact_str::CompactString;
use smallvec::SmallVec;

use super::Span;

/// Returns the beginning of a text: at most `most` bytes, cut between two characters.
#[must_use]
pub fn head(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// A string read from a file, after unquoting, joining and expanding.
///
/// [`TracedText::span_of`] returns the bytes of a part of it, one flag of `JAVA_TOOL_OPTIONS` for example.
#[derive(Clone, Debug)]
pub struct TracedText {
    value: CompactString,
    span: Span,
    /// Sorted by `at`; covers the whole value unless it is empty.
    pieces: SmallVec<[Piece; 1]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// Offset of the piece in the value.
    at: u32,
    /// The bytes of the file it came from.
    span: Span,
    /// True if copied byte for byte, so that offsets inside it are exact.
    exact: bool,
    /// True for the value or default of a variable: another environment may have another value.
    variable: bool,
}

impl TracedText {
    /// Creates empty text at `span`, to which pieces are pushed.
    #[must_use]
    pub fn empty(span: Span) -> Self {
        Self { value: CompactString::default(), span, pieces: SmallVec::new() }
    }

    /// Creates text that is copied byte for byte from `span`.
    #[must_use]
    pub fn verbatim(value: impl Into<CompactString>, span: Span) -> Self {
        let value = value.into();
        let exact = value.len() == span.len();
        Self::of_one_piece(value, span, exact)
    }

    /// Creates text that comes from `span` as a whole, not byte for byte.
    #[must_use]
    pub fn derived(value: impl Into<CompactString>, span: Span) -> Self {
        Self::of_one_piece(value.into(), span, false)
    }

    fn of_one_piece(value: CompactString, span: Span, exact: bool) -> Self {
        let piece = Piece { at: 0, span, exact, variable: false };
        let pieces = if value.is_empty() { SmallVec::new() } else { SmallVec::from_elem(piece, 1) };
        Self { value, span, pieces }
    }

    /// Appends `part`, copied byte for byte from `span` (`part.len() == span.len()`).
    pub fn push_verbatim(&mut self, part: &str, span: Span) {
        let exact = part.len() == span.len();
        if let Some(last) = self.pieces.last().copied() {
            let length = self.value.len() as u32 - last.at;
            if exact
                && last.exact
                && !last.variable
                && last.span.file == span.file
                && last.span.start + length == span.start
            {
                self.value.push_str(part);
                if let Some(piece) = self.pieces.last_mut() {
                    piece.span.end = span.end;
                }
                return;
            }
        }
        self.push(part, span, exact);
    }

    /// Appends `part`, which comes from `span` as a whole (an escape, an expanded variable).
    pub fn push_derived(&mut self, part: &str, span: Span) {
        self.push(part, span, false);
    }

    /// Appends a part of another text and keeps its spans: like pushing [`TracedText::slice`], without allocating
    /// that text.
    pub fn push_slice(&mut self, other: &Self, range: std::ops::Range<usize>) {
        for (index, piece) in other.pieces.iter().enumerate().skip(other.first_piece(range.start as u32)) {
            if piece.at as usize >= range.end {
                break;
            }
            let end = other.pieces.get(index + 1).map_or(other.value.len(), |next| next.at as usize);
            let (from, to) = (range.start.max(piece.at as usize), range.end.min(end));
            let Some(part) = other.value.get(from..to.max(from)).filter(|part| !part.is_empty()) else {
                continue;
            };
            if piece.exact {
                let start = piece.span.start + (from as u32 - piece.at);
                let span = Span { start, end: start + part.len() as u32, ..piece.span };
                if piece.variable {
                    self.pieces.push(Piece { at: self.value.len() as u32, span, ..*piece });
                    self.value.push_str(part);
                } else {
                    self.push_verbatim(part, span);
                }
            } else if piece.variable {
                self.pieces.push(Piece { at: self.value.len() as u32, ..*piece });
                self.value.push_str(part);
            } else {
                self.push(part, piece.span, false);
            }
        }
    }

    /// Appends another text and keeps its spans.
    pub fn push_text(&mut self, other: &Self) {
        let base = self.value.len() as u32;
        self.pieces.extend(other.pieces.iter().map(|p| Piece { at: p.at + base, ..*p }));
        self.value.push_str(&other.value);
    }

    fn push(&mut self, part: &str, span: Span, exact: bool) {
        if part.is_empty() {
            return;
        }
        self.pieces.push(Piece { at: self.value.len() as u32, span, exact, variable: false });
        self.value.push_str(part);
    }

    /// Returns the string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Returns the span of the whole text, quotes included.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// Replaces the span of the whole text.
    #[must_use]
    pub fn with_span(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// Sets the span of the whole text to what comes from `place`, if something does: values that were filled in from elsewhere
    /// would spread it over all that is between.
    #[must_use]
    pub fn within(mut self, place: Span) -> Self {
        let inside = self.pieces.iter().map(|piece| piece.span).filter(|span| place.contains(*span));
        if let Some(span) = inside.reduce(Span::cover) {
            self.span = span;
        }
        self
    }

    /// Returns the bytes that `range` of the value came from.
    ///
    /// Exact where the value was copied; elsewhere the span of the whole escape, variable or scalar. For a range over
    /// pieces of several files, the bytes in the first one's file.
    #[must_use]
    pub fn span_of(&self, range: std::ops::Range<usize>) -> Span {
        let (from, to) = (range.start as u32, range.end as u32);
        // Most texts are of one piece.
        if let [piece] = self.pieces.as_slice()
            && to > 0
            && (from as usize) < self.value.len()
        {
            if !piece.exact {
                return piece.span;
            }
            let start = piece.span.start;
            let stop = start + to.min(self.value.len() as u32);
            return Span { file: piece.span.file, start: start + from, end: stop };
        }
        let mut found: Option<Span> = None;
        for (index, piece) in self.pieces.iter().enumerate().skip(self.first_piece(from)) {
            let end = self.pieces.get(index + 1).map_or(self.value.len() as u32, |next| next.at);
            if piece.at >= to {
                break;
            }
            if end <= from {
                continue;
            }
            let span = if piece.exact {
                let start = piece.span.start + (from.max(piece.at) - piece.at);
                let stop = piece.span.start + (to.min(end) - piece.at);
                Span { file: piece.span.file, start, end: stop }
            } else {
                piece.span
            };
            found = Some(found.map_or(span, |so_far| so_far.cover(span)));
        }
        found.unwrap_or(self.span)
    }

    /// Marks everything from this byte on as the value or default of a variable.
    pub fn mark_variable(&mut self, from: usize) {
        let added = self.pieces.iter_mut().rev().take_while(|piece| piece.at as usize >= from);
        added.for_each(|piece| piece.variable = true);
    }

    /// True if any part is the value or default of a variable: another environment may have another value.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.pieces.iter().any(|piece| piece.variable)
    }

    /// Returns the bytes that the value was copied from, if in one piece. These may be the default of a variable: see
    /// [`TracedText::varies`].
    #[must_use]
    pub fn verbatim_span(&self) -> Option<Span> {
        match self.pieces.as_slice() {
            [piece] if piece.exact => Some(piece.span),
            _ => None,
        }
    }

    /// Returns the bytes to replace and the replacement that turn the value into `new`. Replaces the whole value if
    /// it was copied in one piece, else from the piece with the first difference on; `None` if that is more than one piece.
    #[must_use]
    pub fn change_to(&self, new: &str) -> Option<(Span, String)> {
        let same = self.value.chars().zip(new.chars()).take_while(|(a, b)| a == b);
        let at = same.map(|(c, _)| c.len_utf8()).sum::<usize>().min(self.value.len());
        // A word of a command is replaced as a whole: what is left of it may need quotes.
        let at = self
            .pieces
            .iter()
            .map(|piece| piece.at as usize)
            .take_while(|begin| *begin <= at)
            .last()
            .unwrap_or(at);
        let whole = self.verbatim_span().map(|span| (span, new.to_owned()));
        whole.or_else(|| Some((self.slice(at..self.value.len()).verbatim_span()?, new.get(at..)?.to_owned())))
    }

    /// True if the other text is the same, read from the same bytes.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.value == other.value && self.span == other.span && self.pieces == other.pieces
    }

    /// Returns the index of the piece that holds the byte at `at`, by binary search: texts may have thousands of
    /// lines.
    fn first_piece(&self, at: u32) -> usize {
        self.pieces.partition_point(|piece| piece.at <= at).saturating_sub(1)
    }

    /// Returns a part of this text and keeps its spans.
    ///
    /// `range` must lie on character boundaries; out of bounds gives empty text.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let mut out = Self::empty(self.span_of(range.clone()));
        out.push_slice(self, range);
        out
    }
}

impl PartialEq for TracedText {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for TracedText {}

impl std::fmt::Display for TracedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.value)
    }
}

impl AsRef<str> for TracedText {
    fn as_ref(&self) -> &str {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SourceId, Span};
    use super::{TracedText, head};

    fn at(start: usize, end: usize) -> Span {
        Span::new(SourceId(0), start, end)
    }

    #[test]
    fn parts_are_traced_through_copied_and_derived_pieces() {
        let mut text = TracedText::empty(at(10, 40));
        text.push_verbatim("abc", at(11, 14));
        text.push_derived("\n", at(14, 16));
        text.push_verbatim("def", at(20, 23));
        assert_eq!(text.as_str(), "abc\ndef");
        assert_eq!(text.span_of(1..3), at(12, 14));
        assert_eq!(text.span_of(3..4), at(14, 16));
        assert_eq!(text.span_of(2..6), at(13, 22));
        assert_eq!(text.slice(4..6).span_of(1..2), at(21, 22));
        assert_eq!(text.span_of(90..91), at(10, 40));
    }

    #[test]
    fn parts_of_variables_stay_parts_of_variables() {
        let mut text = TracedText::verbatim("-Xmx", at(0, 4));
        text.push_verbatim("512m", at(10, 14));
        text.mark_variable(4);
        text.push_verbatim(" -Xms1g", at(15, 22));
        assert!(text.varies() && text.slice(4..8).varies() && text.slice(6..9).varies());
        assert!(!text.slice(0..4).varies() && !text.slice(8..15).varies());
        assert_eq!(text.slice(9..15).verbatim_span(), Some(at(16, 22)));
        assert_eq!(text.verbatim_span(), None);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!((head("aßc", 2), head("aßc", 3), head("aßc", 9), head("ß", 1)), ("a", "aß", "aßc", ""));
    }

    #[test]
    fn neighbouring_copies_join() {
        let mut text = TracedText::verbatim("ab", at(0, 2));
        text.push_verbatim("cd", at(2, 4));
        assert_eq!(text.span_of(1..3), at(1, 3));
        assert_eq!(text.slice(1..4).as_str(), "bcd");
    }
}
