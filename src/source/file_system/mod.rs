//! Access to the file system: reads are bounded in size, never block on a pipe or device, and stay inside the
//! directory that a run is restricted to, if any.

mod listing;
mod root;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{File, Metadata, ReadDir};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::listing::{Listed, Listing, Listings};
use self::root::AllowedRoot;
pub use self::root::MAX_LINKS;
use super::{MAX_FILE_SIZE, normalize, path_text};

/// The reason why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// The path is a directory.
    #[error("is a directory")]
    IsDirectory,
    /// The file has more than [`MAX_FILE_SIZE`] bytes.
    #[error("is larger than {} MiB", MAX_FILE_SIZE / 1024 / 1024)]
    TooLarge,
    /// The path leads out of the allowed directory. Does not tell whether the file exists.
    #[error("leads out of `{}`, which is all that may be read", path_text(.0))]
    Outside(PathBuf),
    /// A pipe, socket or device: opening one may block forever or have side effects.
    #[error("is not a regular file")]
    NotRegular,
    /// The operating system's message in lower case, without the error number.
    #[error("{0}")]
    Io(String),
}

impl From<std::io::Error> for LoadError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::NotFound,
            // Windows has no files with some characters in their names, nor any whose name ends with `/`.
            ErrorKind::InvalidFilename if cfg!(windows) => Self::NotFound,
            _ => {
                let text = error.to_string();
                Self::Io(text.split(" (os error").next().unwrap_or(&text).to_lowercase())
            }
        }
    }
}

/// The type of the entry at a path, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A pipe, socket or device.
    Other,
}

/// Access to the file system: all of it, or one directory; with the texts of an overlay in place of files.
///
/// Texts of an overlay are the caller's own, so a restriction does not apply to them. They are found by their path without `.` and
/// `..`; symbolic links to them are not followed.
///
/// [`FileSystem::in_memory`] has the texts alone, for programs without a disk, such as a page in a browser.
///
/// With a restriction, a path is checked with every symbolic link followed. A directory may become a link between
/// that check and the opening of the file: Linux tells the path of the open file, which is checked again. Elsewhere a
/// tree that is changed while it is read can lead out.
#[derive(Clone, Debug, Default)]
pub struct FileSystem {
    root: Option<Arc<AllowedRoot>>,
    listings: Option<Arc<Listings>>,
    overlay: Option<Arc<AbsoluteOverlay>>,
    /// True if there is no disk: nothing exists but the texts of the overlay.
    without_disk: bool,
    /// Files that were read, by all copies.
    reads: Arc<AtomicUsize>,
}

/// Texts that replace files, or stand for files that do not exist, by path: unsaved buffers, fixes that are tried.
pub type Overlay = BTreeMap<PathBuf, String>;

/// An overlay by absolute, normalized path.
#[derive(Debug)]
struct AbsoluteOverlay {
    here: PathBuf,
    texts: BTreeMap<PathBuf, String>,
}

impl FileSystem {
    /// Restricts access to `directory` and what is below it.
    ///
    /// # Errors
    /// If `directory` is not a directory or cannot be resolved.
    pub fn restricted_to(directory: &Path) -> Result<Self, LoadError> {
        Ok(Self { root: Some(Arc::new(AllowedRoot::new(directory)?)), ..Self::default() })
    }

    /// Creates a file system that consists of these texts. Nothing is asked of the disk, and the current directory is the one that
    /// relative paths start at, wherever the process runs.
    #[must_use]
    pub fn in_memory(files: &Overlay) -> Self {
        Self { without_disk: true, ..Self::default() }.with_overlay(files)
    }

    /// True if it was made by [`FileSystem::in_memory`].
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.without_disk
    }

    /// Returns the directory that relative paths start at: the current one of the process, or an empty path in memory.
    #[must_use]
    pub fn current_dir(&self) -> PathBuf {
        if self.without_disk { PathBuf::new() } else { std::env::current_dir().unwrap_or_default() }
    }

    /// Returns a copy that caches directory listings, with none cached yet. It does not see changes to directories that it has
    /// listed, so it is for one run.
    #[must_use]
    pub fn with_listings(&self) -> Self {
        Self { listings: Some(Arc::new(Listings::new(self.current_dir()))), ..self.clone() }
    }

    /// Returns a copy with these texts in place of files, over those of its own overlay. Relative paths start at the current directory.
    #[must_use]
    pub fn with_overlay(&self, overlay: &Overlay) -> Self {
        let here = self.current_dir();
        // A text of this overlay replaces one of the overlay below it.
        let below = self.overlay.iter().flat_map(|below| below.texts.clone());
        let own = overlay.iter().map(|(path, text)| (normalize(&here.join(path)), text.clone()));
        let texts = below.chain(own).collect();
        Self { overlay: Some(Arc::new(AbsoluteOverlay { here, texts })), ..self.clone() }
    }

    /// Returns how many files were read so far, also by copies.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// True if the file system itself has an entry at this path, whatever the overlay.
    fn is_on_disk(&self, path: &Path) -> bool {
        self.place(path).is_ok_and(|place| std::fs::symlink_metadata(place).is_ok())
    }

    /// Returns the text of the overlay for a path.
    fn overlaid(&self, path: &Path) -> Option<&str> {
        let overlay = self.overlay.as_ref()?;
        overlay.texts.get(&normalize(&overlay.here.join(path))).map(String::as_str)
    }

    /// Returns the paths of the overlay's files below a directory, relative to the directory.
    fn overlaid_below<'f>(&'f self, directory: &'f Path) -> impl Iterator<Item = &'f Path> {
        self.overlay.iter().flat_map(move |overlay| {
            let top = normalize(&overlay.here.join(directory));
            // Paths are ordered by their parts, so that those below a directory follow it.
            let from = overlay.texts.range(top.clone()..).map(|(path, _)| path);
            from.map_while(move |path| path.strip_prefix(&top).ok())
        })
    }

    /// Returns the paths of the overlay's files below a directory that are not on the disk, relative to the directory.
    #[must_use]
    pub fn added_below(&self, directory: &Path) -> Vec<PathBuf> {
        let added = self.overlaid_below(directory).filter(|below| !self.is_on_disk(&directory.join(below)));
        added.map(Path::to_path_buf).collect()
    }

    /// Returns the directory that access is restricted to, as given.
    #[must_use]
    pub fn allowed_root(&self) -> Option<&Path> {
        self.root.as_ref().map(|root| root.shown.as_path())
    }

    /// True if the path resolves to a place that may be read. The file need not exist.
    #[must_use]
    pub fn may_read(&self, path: &Path) -> bool {
        self.without_disk || self.overlaid(path).is_some() || self.place(path).is_ok()
    }

    /// Returns the type of the entry at `path`.
    ///
    /// # Errors
    /// If nothing is there, or it is outside of the allowed directory.
    pub fn entry_kind(&self, path: &Path) -> Result<EntryKind, LoadError> {
        if self.overlaid(path).is_some() {
            return Ok(EntryKind::File);
        }
        match self.entry_kind_on_disk(path) {
            Err(LoadError::NotFound) if self.is_top(path) || self.overlaid_below(path).next().is_some() => {
                Ok(EntryKind::Directory)
            }
            kind => kind,
        }
    }

    /// True for the directory that holds all texts in memory, which exists even without any.
    fn is_top(&self, path: &Path) -> bool {
        self.without_disk && normalize(path).as_os_str().is_empty()
    }

    fn entry_kind_on_disk(&self, path: &Path) -> Result<EntryKind, LoadError> {
        if let Some((listings, (directory, name))) = self.listings.as_ref().zip(split(path)) {
            match listings.lookup(directory, name, || self.read_directory(directory)) {
                Listed::Missing => return Err(LoadError::NotFound),
                Listed::Is(kind) => return Ok(kind),
                Listed::Unknown => {}
            }
        }
        Ok(entry(&std::fs::metadata(self.place(path)?)?))
    }

    fn read_directory(&self, directory: &Path) -> Result<ReadDir, LoadError> {
        Ok(std::fs::read_dir(self.place(directory)?)?)
    }

    /// Returns the absolute path of a directory on the disk, without links.
    ///
    /// # Errors
    /// If it cannot be read, or is outside of the allowed directory.
    pub fn canonical(&self, directory: &Path) -> Result<PathBuf, LoadError> {
        Ok(std::fs::canonicalize(self.place(directory)?)?)
    }

    /// Calls `each` with the names in a directory on the disk, unordered, and what they are; `None` for links. Whatever is asked about
    /// the directory afterwards is known.
    ///
    /// # Errors
    /// If the directory cannot be read, or is outside of the allowed directory.
    pub fn list(
        &self,
        directory: &Path,
        mut each: impl FnMut(&OsStr, Option<EntryKind>),
    ) -> Result<(), LoadError> {
        let read = || self.read_directory(directory);
        let listing = match &self.listings {
            Some(listings) => listings.whole(directory, read)?,
            None => Arc::new(Listing::of_all(read()?, usize::MAX)?),
        };
        listing.entries().for_each(|(name, kind)| each(name, kind));
        Ok(())
    }

    /// Returns what the listing of a directory tells about `path`, if it was listed.
    fn peek(&self, path: &Path) -> Option<Listed> {
        let (listings, (directory, name)) = self.listings.as_ref().zip(split(path))?;
        listings.peek(directory, name)
    }

    /// True if there is a regular file at `path`.
    #[must_use]
    pub fn is_file(&self, path: &Path) -> bool {
        self.entry_kind(path) == Ok(EntryKind::File)
    }

    /// True if there is a directory at `path`.
    #[must_use]
    pub fn is_dir(&self, path: &Path) -> bool {
        self.entry_kind(path) == Ok(EntryKind::Directory)
    }

    /// Returns the root of the repository that `path` lies in: its nearest ancestor with a `.git`, which is a file in worktrees and
    /// submodules. `path` is absolute.
    #[must_use]
    pub fn repository_root<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        path.ancestors().skip(1).find(|above| self.exists(&above.join(".git")))
    }

    /// True if anything exists at `path`.
    #[must_use]
    pub fn exists(&self, path: &Path) -> bool {
        self.entry_kind(path).is_ok()
    }

    /// Returns the size of a file in bytes.
    ///
    /// # Errors
    /// If there is no regular file at `path`, or it is outside of the allowed directory.
    pub fn size(&self, path: &Path) -> Result<u64, LoadError> {
        if let Some(text) = self.overlaid(path) {
            return Ok(text.len() as u64);
        }
        regular(&std::fs::metadata(self.place(path)?)?)
    }

    /// Returns the paths of a directory's entries, unordered; none if it cannot be read.
    pub fn entries(&self, directory: &Path) -> impl Iterator<Item = PathBuf> {
        let added = self.added_below(directory);
        // A text may be in a directory that only exists because of it.
        let added: BTreeSet<PathBuf> = added
            .iter()
            .filter_map(|below| Some(directory.join(below.components().next()?)))
            .filter(|path| !self.is_on_disk(path))
            .collect();
        let listings = self.listings.as_ref();
        let listed = listings.and_then(|all| all.names(directory, || self.read_directory(directory)));
        let names = listed.unwrap_or_else(|| {
            let entries = self.read_directory(directory).into_iter().flatten();
            entries.flatten().map(|entry| entry.file_name()).collect()
        });
        let directory = directory.to_path_buf();
        names.into_iter().map(move |name| directory.join(name)).chain(added)
    }

    /// Returns the first `most` entries of a directory that satisfy `keep`, sorted by path, so that the selection
    /// does not depend on the order on disk.
    pub fn first_entries(
        &self,
        directory: &Path,
        most: usize,
        keep: impl Fn(&PathBuf) -> bool,
    ) -> Vec<PathBuf> {
        let mut entries: Vec<PathBuf> = self.entries(directory).filter(keep).collect();
        entries.sort();
        entries.truncate(most);
        entries
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// If the file does not exist, is not a regular file, exceeds [`MAX_FILE_SIZE`] or is outside of the allowed
    /// directory.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let bytes = self.read_prefix(path, MAX_FILE_SIZE + 1)?;
        if bytes.len() as u64 > MAX_FILE_SIZE { Err(LoadError::TooLarge) } else { Ok(bytes) }
    }

    /// Reads at most the first `most` bytes of a file.
    ///
    /// # Errors
    /// As for [`FileSystem::read`], except that a large file is no error.
    pub fn read_prefix(&self, path: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
        match self.overlaid(path) {
            Some(text) => Ok(text.as_bytes().get(..most as usize).unwrap_or(text.as_bytes()).to_vec()),
            None => self.read_on_disk(path, most),
        }
    }

    fn read_on_disk(&self, path: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
        let place = self.place(path)?;
        match self.peek(path) {
            Some(Listed::Missing) => return Err(LoadError::NotFound),
            Some(Listed::Is(EntryKind::File)) => {}
            // Opening a device may have side effects.
            _ => _ = regular(&std::fs::metadata(&place)?)?,
        }
        self.read_at(&place, most)
    }

    /// Reads at most `most` bytes of the file at `place`, a path that [`Self::place`] has checked.
    fn read_at(&self, place: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
        let file = open(place, self.root.is_some())?;
        // The file may have been replaced since it was checked.
        let size = regular(&file.metadata()?)?;
        if let Some(root) = &self.root {
            root.contains_open_file(&file)?;
        }
        let mut bytes = Vec::with_capacity(size.min(most) as usize);
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Resolves a path to one that may be opened.
    fn place<'p>(&self, path: &'p Path) -> Result<Cow<'p, Path>, LoadError> {
        if self.without_disk {
            return Err(LoadError::NotFound);
        }
        let Some(root) = &self.root else {
            // An empty path is the current directory.
            let here = || Cow::Borrowed(Path::new("."));
            return Ok(if path.as_os_str().is_empty() { here() } else { Cow::Borrowed(path) });
        };
        root.allowed_path(path).map(Cow::Owned)
    }
}

fn entry(metadata: &Metadata) -> EntryKind {
    if metadata.is_file() {
        EntryKind::File
    } else if metadata.is_dir() {
        EntryKind::Directory
    } else {
        EntryKind::Other
    }
}

/// Returns the size of a regular file in bytes; an error for anything else.
fn regular(metadata: &Metadata) -> Result<u64, LoadError> {
    match entry(metadata) {
        EntryKind::File => Ok(metadata.len()),
        EntryKind::Directory => Err(LoadError::IsDirectory),
        EntryKind::Other => Err(LoadError::NotRegular),
    }
}

/// Splits a path into its directory and name; `None` if it ends with `/`, `.` or `..`.
#[cfg(unix)]
fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = path.as_os_str().as_bytes();
    let (directory, name) = match memchr::memrchr(b'/', bytes) {
        Some(0) => (b"/".as_slice(), bytes.get(1..)?),
        Some(slash) => (bytes.get(..slash)?, bytes.get(slash + 1..)?),
        None => (b"".as_slice(), bytes),
    };
    let is_name = !matches!(name, b"" | b"." | b"..");
    is_name.then(|| (Path::new(OsStr::from_bytes(directory)), OsStr::from_bytes(name)))
}

/// Splits a path into its directory and name; `None` if it ends with a separator or `..`.
#[cfg(not(unix))]
fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    let ends_with_separator = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    path.parent().zip(path.file_name()).filter(|_| !ends_with_separator)
}

/// Opens a file without blocking: a pipe may have replaced the file since it was checked.
fn open(path: &Path, resolved: bool) -> Result<File, LoadError> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let no_link = if resolved { libc::O_NOFOLLOW } else { 0 };
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | no_link);
    }
    #[cfg(not(unix))]
    let _ = resolved;
    Ok(options.open(path)?)
}

#[cfg(test)]
mod tests;
