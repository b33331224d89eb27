//! Conversion between URIs and positions of LSP, and paths and byte offsets.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::{Position, PositionEncodingKind, Range, Uri};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::source::{Source, Sources, Span, path_text};

/// Characters that are percent-encoded in the path of a URI.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b':');

/// Position encoding agreed with the client: the unit of columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes of UTF-8.
    Utf8,
    /// UTF-16 code units, which every client supports.
    #[default]
    Utf16,
}

impl Encoding {
    /// Returns UTF-8 if the client offers it, since byte columns need no conversion, else UTF-16.
    pub(super) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let utf8 = offered.is_some_and(|kinds| kinds.contains(&PositionEncodingKind::UTF8));
        if utf8 { Self::Utf8 } else { Self::Utf16 }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn columns(self, text: &str) -> u32 {
        let count = match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Converts a byte offset to a position, at most the end of its line.
    pub(super) fn position(self, source: &Source, at: u32) -> Position {
        let line = source.line_at(at);
        let column = (at.saturating_sub(line.start) as usize).min(line.text.len());
        let column = (0..=column).rev().find(|at| line.text.is_char_boundary(*at)).unwrap_or(0);
        let before = line.text.get(..column).unwrap_or_default();
        Position { line: line.number - 1, character: self.columns(before) }
    }

    /// Converts a span to a range of its outermost file.
    pub(super) fn range(self, sources: &Sources, span: Span) -> Range {
        let span = sources.to_outer_span(span);
        let source = sources.get(span.file);
        Range { start: self.position(&source, span.start), end: self.position(&source, span.end) }
    }

    /// Converts a position to a byte offset. Positions after the end of a line or of the text are moved to that end.
    pub(super) fn offset(self, text: &str, position: Position) -> usize {
        let mut start = 0;
        for _ in 0..position.line {
            match text.get(start..).and_then(|rest| rest.find('\n')) {
                Some(at) => start += at + 1,
                None => return text.len(),
            }
        }
        let line = text.get(start..).unwrap_or_default();
        let line = line.split(['\n', '\r']).next().unwrap_or_default();
        let mut columns = 0;
        for (at, c) in line.char_indices() {
            if columns >= position.character {
                return start + at;
            }
            columns += self.columns(c.encode_utf8(&mut [0; 4]));
        }
        start + line.len()
    }
}

/// Returns the path of a `file:` URI; `None` for other schemes.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    if !uri.scheme().is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case("file")) {
        return None;
    }
    let path = percent_decode_str(uri.path().as_str()).decode_utf8().ok()?;
    let host = uri.authority().map_or("", |authority| authority.host().as_str());
    Some(PathBuf::from(if cfg!(windows) { windows_path(host, &path) } else { path.into_owned() }))
}

/// Returns the path on Windows of a `file:` URI: of `/C:/stack`, or of `/share/stack` on another host.
fn windows_path(host: &str, path: &str) -> String {
    let drive = path.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':'));
    match drive {
        Some(drive) => drive.to_owned(),
        None if host.is_empty() || host == "localhost" => path.to_owned(),
        None => format!("//{host}{path}"),
    }
}

/// Returns the `file:` URI of an absolute path; `None` if the path is not UTF-8.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let _ = path.to_str()?;
    Uri::from_str(&file_uri(&path_text(path))).ok()
}

fn file_uri(shown: &str) -> String {
    let before = match shown {
        // The first part is the host, which is the URI's, too.
        share if share.starts_with("//") => "file:",
        rooted if rooted.starts_with('/') => "file://",
        _ => "file:///",
    };
    format!("{before}{}", utf8_percent_encode(shown, PATH))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths_lead_to_each_other() {
        for path in ["/a/b c/compose.yaml", "/ü/[x]%20#1?.yaml"] {
            let uri = uri_of(Path::new(path)).unwrap();
            assert_eq!(path_of(&uri).unwrap(), Path::new(path), "{}", uri.as_str());
        }
        assert_eq!(path_of(&Uri::from_str("untitled:Untitled-1").unwrap()), None);
    }

    #[test]
    fn addresses_and_paths_of_windows_lead_to_each_other() {
        for (host, path, shown, uri) in [
            ("", "/c:/a b/compose.yaml", "c:/a b/compose.yaml", "file:///c%3A/a%20b/compose.yaml"),
            ("host", "/share/compose.yaml", "//host/share/compose.yaml", "file://host/share/compose.yaml"),
        ] {
            assert_eq!(windows_path(host, path), shown);
            assert_eq!(file_uri(shown), uri);
            let read = Uri::from_str(uri).unwrap();
            assert_eq!(read.authority().map_or("", |authority| authority.host().as_str()), host);
            assert_eq!(percent_decode_str(read.path().as_str()).decode_utf8().unwrap(), path);
        }
        assert_eq!(windows_path("localhost", "/C:/a"), "C:/a");
    }

    /// A `\` is a character of names on Unix.
    #[cfg(unix)]
    #[test]
    fn a_backslash_of_a_name_stays() {
        let path = Path::new(r"/a\b/compose.yaml");
        assert_eq!(path_of(&uri_of(path).unwrap()).unwrap(), path);
    }

    #[test]
    fn columns_are_counted_as_agreed() {
        let sources = Sources::new();
        let text = "a: 1\r\né😀: x\n";
        let id = sources.add(Path::new("f"), text);
        let source = sources.get(id);
        let at = text.find('x').unwrap();
        for (encoding, column) in [(Encoding::Utf8, 8), (Encoding::Utf16, 5)] {
            let position = encoding.position(&source, at as u32);
            assert_eq!((position.line, position.character), (1, column));
            assert_eq!(encoding.offset(text, position), at);
            assert_eq!(encoding.offset(text, Position { line: 0, character: 99 }), 4);
            assert_eq!(encoding.offset(text, Position { line: 9, character: 0 }), text.len());
        }
    }
}
