//! The files read in a run, and the positions of their lines.

use std::any::Any;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use super::decode::{Decoded, decode};
use super::{FileSystem, LoadError, SourceId, Span, path_text};
use crate::hash::HashMap;

/// One file and its text.
#[derive(Debug)]
pub struct Source {
    id: SourceId,
    path: PathBuf,
    text: String,
    invalid_utf8: Option<u32>,
    /// The file is UTF-16. The text is its content in UTF-8, and offsets are those of the text.
    utf16: bool,
    /// For text embedded in another file (`dockerfile_inline`): the text as traced to the outer file's bytes.
    host: Option<super::TracedText>,
    lines: OnceLock<Vec<u32>>,
    ascii: OnceLock<bool>,
    parsed: Mutex<Weak<dyn Any + Send + Sync>>,
    language: OnceLock<Language>,
}

/// The language of a file, set by the parser that reads it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A Compose file.
    Yaml,
    /// A Dockerfile, whatever its name.
    Dockerfile,
    /// A text with command lines: a script, a Makefile, a Markdown document.
    Commands,
    /// Output of `docker inspect`.
    Json,
}

/// A line and column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

/// A line and column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePosition {
    /// The path for display.
    pub path: PathBuf,
    /// The line and column.
    pub position: Position,
}

/// One line of a file.
#[derive(Clone, Copy, Debug)]
pub struct Line<'s> {
    /// Line number, from 1.
    pub number: u32,
    /// Offset of the first byte in the file.
    pub start: u32,
    /// Text without the line terminator.
    pub text: &'s str,
}

impl Source {
    /// Returns the identifier of this file.
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// Returns the path for display: as given, or joined to a given directory, without redundant `.` and `..`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True for text embedded in another file.
    pub fn is_embedded(&self) -> bool {
        self.host.is_some()
    }

    /// Returns the text. Each byte that is not valid UTF-8 is replaced by `?`, so that offsets match the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the span of the first byte that is not valid UTF-8. UTF-16 is valid in YAML alone: Docker does not read a Dockerfile, and
    /// Compose does not read an env file in it.
    pub fn invalid_utf8(&self) -> Option<Span> {
        let refused = self.utf16 && !matches!(self.language(), Some(Language::Yaml | Language::Json));
        let at = self.invalid_utf8.or(refused.then_some(0));
        at.map(|at| Span { file: self.id, start: at, end: at + 1 })
    }

    /// True if offsets are those of the file: its text is not decoded from UTF-16.
    pub fn has_own_offsets(&self) -> bool {
        !self.utf16
    }

    /// Returns the span of the whole file.
    pub fn span(&self) -> Span {
        Span::new(self.id, 0, self.text.len())
    }

    /// Returns the text at `span`; empty if the span is out of bounds.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Returns where the lines after the first begin.
    fn lines(&self) -> &[u32] {
        self.lines
            .get_or_init(|| memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|i| i as u32 + 1).collect())
    }

    /// Parses the file with `make`, or returns the result of an earlier call while any `Arc` to it is alive.
    ///
    /// A file is parsed for its project, and its tree is needed again to locate a finding or write a fix. The
    /// reference is weak, so that the trees of all files need not stay in memory.
    pub fn parsed<T: Send + Sync + 'static>(&self, make: impl FnOnce(&Self) -> T) -> Arc<T> {
        let mut known = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.upgrade().and_then(|known| known.downcast::<T>().ok()) {
            return known;
        }
        let made = Arc::new(make(self));
        let anything: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&made);
        *known = Arc::downgrade(&anything);
        made
    }

    /// Returns the language that the file was parsed as; `None` for files of variables and others without a parser.
    pub fn language(&self) -> Option<Language> {
        self.language.get().copied()
    }

    /// Sets the language unless another parser has set it.
    pub(crate) fn set_language(&self, language: Language) {
        self.language.get_or_init(|| language);
    }

    /// True if the text is ASCII, so that each byte is one character.
    pub fn is_ascii(&self) -> bool {
        *self.ascii.get_or_init(|| self.text.is_ascii())
    }

    /// Returns the line that contains the byte at `offset`.
    pub fn line_at(&self, offset: u32) -> Line<'_> {
        let lines = self.lines();
        let (begun, later) = lines.split_at(lines.partition_point(|start| *start <= offset));
        let start = begun.last().copied().unwrap_or(0);
        let end = later.first().map_or(self.text.len(), |next| *next as usize);
        let text = self.text.get(start as usize..end).unwrap_or_default();
        Line { number: begun.len() as u32 + 1, start, text: text.trim_end_matches(['\n', '\r']) }
    }

    /// Returns line and column of the byte at `offset`.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_at(offset);
        // A file of one long line may have many positions on it; in ASCII, columns need no counting.
        if self.is_ascii() {
            return Position { line: line.number, column: offset.saturating_sub(line.start) + 1 };
        }
        let before = self.text.get(line.start as usize..offset as usize).unwrap_or_default();
        Position { line: line.number, column: before.chars().count() as u32 + 1 }
    }
}

/// All files read in a run, each once.
#[derive(Debug)]
pub struct Sources {
    here: PathBuf,
    disk: FileSystem,
    inner: RwLock<Inner>,
}

impl Default for Sources {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Default)]
struct Inner {
    files: Vec<Arc<Source>>,
    /// By normalized path: each path has one spelling, so its bytes are the key.
    by_path: HashMap<OsString, Result<SourceId, LoadError>>,
}

impl Sources {
    /// Creates an empty set with unrestricted file access; relative paths start at the current directory.
    #[must_use]
    pub fn new() -> Self {
        Self::with_file_system(FileSystem::default())
    }

    /// Creates an empty set that reads from `disk`.
    #[must_use]
    pub fn with_file_system(disk: FileSystem) -> Self {
        Self { here: disk.current_dir(), disk, inner: RwLock::default() }
    }

    /// Creates an empty set whose relative paths start at the absolute path `here`.
    #[must_use]
    pub fn with_current_dir(here: &Path) -> Self {
        Self { here: here.to_path_buf(), disk: FileSystem::default(), inner: RwLock::default() }
    }

    /// Reads a file, or returns the earlier result for the same path.
    ///
    /// # Errors
    /// As for [`FileSystem::read`].
    pub fn load(&self, path: &Path) -> Result<SourceId, LoadError> {
        let key = self.key(path);
        if let Some(known) = self.read().by_path.get(key.as_os_str()) {
            return known.clone();
        }
        let bytes = self.disk.read(path);
        match &bytes {
            Ok(bytes) => tracing::debug!("read `{}`: {} bytes", path_text(&key), bytes.len()),
            Err(error) => tracing::debug!("`{}`: {error}", path_text(&key)),
        }
        let mut inner = self.write();
        if let Some(known) = inner.by_path.get(key.as_os_str()) {
            return known.clone();
        }
        let result = bytes.map(|bytes| inner.push(key.clone(), bytes, None));
        inner.by_path.insert(key.into_os_string(), result.clone());
        result
    }

    /// Adds text under a path without reading the disk: standard input, an editor's buffer, a test. Later calls of
    /// [`Sources::load`] for that path return this text.
    pub fn add(&self, path: &Path, text: impl Into<Vec<u8>>) -> SourceId {
        let mut inner = self.write();
        let key = self.key(path);
        let id = inner.push(key.clone(), text.into(), None);
        inner.by_path.insert(key.into_os_string(), Ok(id));
        id
    }

    /// Adds text embedded in another file; [`Sources::to_outer_span`] maps its spans to that file.
    pub fn embed(&self, path: &Path, text: super::TracedText) -> SourceId {
        let bytes = text.as_str().as_bytes().to_vec();
        self.write().push(path.to_path_buf(), bytes, Some(text))
    }

    /// Returns a file.
    ///
    /// # Panics
    /// If there is no file with this identifier, because it comes from other [`Sources`].
    #[expect(
        clippy::indexing_slicing,
        reason = "files are never removed, so that only foreign ids have none"
    )]
    pub fn get(&self, id: SourceId) -> Arc<Source> {
        Arc::clone(&self.read().files[id.0 as usize])
    }

    /// Maps a span in embedded text to the outer file; other spans are returned unchanged.
    pub fn to_outer_span(&self, span: Span) -> Span {
        let source = self.get(span.file);
        match &source.host {
            Some(host) => host.span_of(span.range()),
            None => span,
        }
    }

    /// Returns the path, line and column where a span begins, in the outer file for embedded text.
    pub fn position_of(&self, span: Span) -> FilePosition {
        let span = self.to_outer_span(span);
        let source = self.get(span.file);
        FilePosition { path: source.path().to_path_buf(), position: source.position(span.start) }
    }

    /// Returns the absolute, normalized path.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        normalize(&self.here.join(path))
    }

    /// True if the file at `path` was added or loaded, whether it could be read or not.
    pub fn has_loaded(&self, path: &Path) -> bool {
        self.read().by_path.contains_key(self.key(path).as_os_str())
    }

    /// Returns the paths that were added or loaded, whether they could be read or not.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.read().by_path.keys().map(PathBuf::from).collect()
    }

    /// True if `path` was added, was read, or is a regular file on disk.
    pub fn exists(&self, path: &Path) -> bool {
        match self.read().by_path.get(self.key(path).as_os_str()) {
            Some(known) => known.is_ok(),
            None => self.disk.is_file(path),
        }
    }

    /// Returns the file system that files are read from.
    #[must_use]
    pub fn disk(&self) -> &FileSystem {
        &self.disk
    }

    /// Returns the same path for every spelling of it.
    fn key(&self, path: &Path) -> PathBuf {
        relative_to(&normalize(path), &self.here)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Inner {
    fn push(&mut self, path: PathBuf, bytes: Vec<u8>, host: Option<super::TracedText>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let Decoded { text, invalid: invalid_utf8, utf16 } = decode(bytes);
        let source = Source {
            id,
            path,
            text,
            invalid_utf8,
            utf16,
            host,
            lines: OnceLock::new(),
            ascii: OnceLock::new(),
            parsed: Mutex::new(Weak::<()>::new()),
            language: OnceLock::new(),
        };
        self.files.push(Arc::new(source));
        id
    }
}

/// Removes `.` and resolves `..` lexically, without asking the disk: `a/./b/../c` becomes `a/c`.
pub(crate) fn normalize(path: &Path) -> PathBuf {
    use std::path::Component;
    if is_normal(path) {
        return path.to_path_buf();
    }
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    out
}

/// Fast check by bytes: true only for paths that [`normalize`] leaves as they are. False for some of those, too.
fn is_normal(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let plain = |at: usize| bytes.get(at).is_some_and(|next| *next != b'/' && *next != b'.');
    cfg!(unix)
        && plain(usize::from(bytes.starts_with(b"/")))
        && memchr::memchr_iter(b'/', bytes).all(|at| plain(at + 1))
}

/// Compares paths by components, as [`Path`] does.
///
/// If neither of the first bytes that differ is a dot or can be a separator, comparing the two gives the same result.
pub(crate) fn compare_paths(a: &Path, b: &Path) -> std::cmp::Ordering {
    let (one, other) = (a.as_os_str().as_encoded_bytes(), b.as_os_str().as_encoded_bytes());
    let unclear = |byte: &u8| matches!(byte, b'/' | b'.' | b'\\' | b':');
    match one.iter().zip(other).find(|(x, y)| x != y) {
        Some((x, y)) if !unclear(x) && !unclear(y) => x.cmp(y),
        _ => a.cmp(b),
    }
}

/// Returns the name of a path below `here`, which is `.` for `here` itself; other paths are returned unchanged.
pub(crate) fn named_from(path: &Path, here: &Path) -> PathBuf {
    match path.strip_prefix(here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_path_buf(),
        Err(_) => path.to_path_buf(),
    }
}

/// Simplifies a normalized relative path that goes up and back down into `here`: `../api/x` is `x` if `here` ends in
/// `api`.
pub(crate) fn relative_to(path: &Path, here: &Path) -> PathBuf {
    use std::path::Component;
    if !path.as_os_str().as_encoded_bytes().starts_with(b"..") {
        return path.to_path_buf();
    }
    let ups = path.components().take_while(|part| *part == Component::ParentDir).count();
    let mut left: Vec<Component<'_>> = here.components().rev().take(ups).collect();
    left.reverse();
    let back =
        left.iter().zip(path.components().skip(ups)).take_while(|(left, taken)| *left == taken).count();
    if back == 0 || left.len() < ups {
        return path.to_path_buf();
    }
    let up = std::iter::repeat_n(Component::ParentDir, ups - back);
    up.chain(path.components().skip(ups + back)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_a_file_is_shared_and_not_kept() {
        let sources = Sources::new();
        let source = sources.get(sources.add(Path::new("a"), "text"));
        let mut made = 0;
        let mut length = || {
            source.parsed(|source| {
                made += 1;
                source.text().len()
            })
        };
        let (one, other) = (length(), length());
        assert!(Arc::ptr_eq(&one, &other));
        drop((one, other));
        assert_eq!(*length(), 4);
        assert_eq!(made, 2);
        assert_eq!(*source.parsed(|_| "another kind"), "another kind");
    }

    #[test]
    fn lines_and_columns_count_characters() {
        let sources = Sources::new();
        let id = sources.add(Path::new("a"), "é x\r\nyz");
        let source = sources.get(id);
        assert_eq!(source.position(3), Position { line: 1, column: 3 });
        assert_eq!(source.position(7), Position { line: 2, column: 2 });
        assert_eq!(source.line_at(0).text, "é x");
    }

    #[test]
    fn bytes_that_are_not_utf8_keep_their_offsets() {
        let sources = Sources::new();
        let id = sources.add(Path::new("a"), b"a\xff\xfeb\xc3".to_vec());
        let source = sources.get(id);
        assert_eq!(source.text(), "a??b?");
        assert_eq!(source.invalid_utf8().map(|s| s.start), Some(1));
    }

    #[test]
    fn one_file_is_read_once_whatever_its_spelling() {
        let sources = Sources::new();
        let id = sources.add(Path::new("a/b"), "x");
        assert_eq!(sources.load(Path::new("./a/c/../b")), Ok(id));
        assert_eq!(sources.load(Path::new("a/none")), Err(LoadError::NotFound));
        let sources = Sources::with_current_dir(Path::new("/repo/deploy/api"));
        let id = sources.add(Path::new("Dockerfile"), "FROM a");
        assert_eq!(sources.load(Path::new("../api/Dockerfile")), Ok(id));
        assert_eq!(sources.load(Path::new("../../deploy/api/./Dockerfile")), Ok(id));
    }

    #[test]
    fn paths_are_in_the_order_of_their_parts() {
        let paths = [
            "", "/", "/a", "a", "a/", "a//b", "a/b", "a/./b", "a/../b", "a-b", "a.b", "ab", "a/b/c", "./a",
            ".a", "b",
        ];
        for (a, b) in paths.iter().flat_map(|a| paths.iter().map(move |b| (Path::new(a), Path::new(b)))) {
            assert_eq!(compare_paths(a, b), a.cmp(b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn what_is_normal_already_stays() {
        for path in
            ["a", "/a/b", "/", "", ".", "a/", "a//b", "./a", "a/.b", "a/./b", "../a", "/..", "a/b.c/d"]
        {
            let rebuilt: PathBuf = normalize(Path::new(path)).components().collect();
            assert_eq!(normalize(Path::new(path)).as_os_str(), rebuilt.as_os_str(), "{path}");
        }
    }

    #[test]
    fn a_way_up_does_not_lead_back_down() {
        let seen = |path: &str| relative_to(Path::new(path), Path::new("/repo/deploy/api"));
        assert_eq!(seen("../compose.yaml"), Path::new("../compose.yaml"));
        assert_eq!(seen("../../deploy/compose.yaml"), Path::new("../compose.yaml"));
        assert_eq!(seen("../../web/api/x"), Path::new("../../web/api/x"));
        assert_eq!(seen("../../../../x"), Path::new("../../../../x"));
        assert_eq!(seen("/repo/deploy/api/x"), Path::new("/repo/deploy/api/x"));
        assert_eq!(seen("api/x"), Path::new("api/x"));
    }
}
