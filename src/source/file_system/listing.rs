//! A cache of directory listings.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::fs::{FileType, ReadDir};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{EntryKind, LoadError};
use crate::hash::{HashMap, HashSet};

/// Upper bound on the entries of a directory that are remembered. Larger directories are not cached: each lookup asks the disk.
pub(super) const MAX_REMEMBERED: usize = 10_000;

/// Upper bound on the entries of all directories that are remembered. Beyond it each lookup asks the disk.
pub(super) const MAX_REMEMBERED_IN_ALL: usize = 500_000;

/// The answer for a name in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// The directory has no such entry, or does not exist.
    Missing,
    /// It has an entry of this type, which is no link.
    Is(EntryKind),
    /// The listing does not tell: a link, a directory that cannot be read or is too large.
    Unknown,
}

/// Directories by path: `a`, `./a`, `a/.` and the absolute path are one.
#[derive(Debug)]
pub(super) struct Listings {
    /// The current directory, as the system tells it.
    here: PathBuf,
    known: RwLock<HashMap<OsString, Arc<Listing>>>,
    /// The number of entries in all of them, a directory counted as one.
    remembered: AtomicUsize,
}

/// The entries of a directory.
#[derive(Debug)]
pub(super) enum Listing {
    Entries {
        /// The types by name; `None` for links.
        kinds: HashMap<OsString, Option<EntryKind>>,
        /// Names with upper-case letters, in lower case.
        folded: HashSet<OsString>,
        /// True if a name has other characters than ASCII.
        unicode: bool,
    },
    Unknown,
}

impl Listings {
    /// Lists nothing yet. Relative paths start at `here`.
    pub(super) fn new(here: PathBuf) -> Self {
        Self { here, known: RwLock::default(), remembered: AtomicUsize::new(0) }
    }

    /// Looks up a name in a directory. `read` opens the directory if it was not listed before.
    pub(super) fn lookup(
        &self,
        directory: &Path,
        name: &OsStr,
        read: impl FnOnce() -> Result<ReadDir, LoadError>,
    ) -> Listed {
        self.listing(directory, read).map_or(Listed::Unknown, |listing| listing.lookup(name))
    }

    /// Looks up a name in a directory that was listed before; `None` if it was not.
    pub(super) fn peek(&self, directory: &Path, name: &OsStr) -> Option<Listed> {
        Some(self.known(directory)?.lookup(name))
    }

    /// Returns the names in a directory, unordered; `None` if the listing does not tell. `read` opens the directory if it was not
    /// listed before.
    pub(super) fn names(
        &self,
        directory: &Path,
        read: impl FnOnce() -> Result<ReadDir, LoadError>,
    ) -> Option<Vec<OsString>> {
        match &*self.listing(directory, read)? {
            Listing::Entries { kinds, .. } => Some(kinds.keys().cloned().collect()),
            Listing::Unknown => None,
        }
    }

    /// Returns all entries of a directory. `read` opens the directory if it was not listed before. They are remembered as far as the
    /// bounds allow.
    pub(super) fn whole(
        &self,
        directory: &Path,
        read: impl FnOnce() -> Result<ReadDir, LoadError>,
    ) -> Result<Arc<Listing>, LoadError> {
        if let Some(known) = self.known(directory).filter(|known| matches!(**known, Listing::Entries { .. }))
        {
            return Ok(known);
        }
        let listing = Arc::new(Listing::of_all(read()?, usize::MAX)?);
        if self.remembered.load(Ordering::Relaxed) < MAX_REMEMBERED_IN_ALL {
            let is_large = listing.len() > MAX_REMEMBERED;
            let remembered = if is_large { Arc::new(Listing::Unknown) } else { Arc::clone(&listing) };
            self.remember(directory, remembered);
        }
        Ok(listing)
    }

    fn known(&self, directory: &Path) -> Option<Arc<Listing>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(self.key(directory).as_os_str()).map(Arc::clone)
    }

    /// Returns the same path for every spelling of a directory that tells so by itself. `..` stays: behind a link it leads elsewhere.
    fn key<'p>(&self, directory: &'p Path) -> Cow<'p, Path> {
        let inside = directory.is_absolute().then(|| directory.strip_prefix(&self.here).ok()).flatten();
        let directory = inside.unwrap_or(directory);
        if is_plain(directory.as_os_str().as_encoded_bytes()) {
            return Cow::Borrowed(directory);
        }
        Cow::Owned(directory.components().filter(|part| *part != Component::CurDir).collect())
    }

    fn listing(
        &self,
        directory: &Path,
        read: impl FnOnce() -> Result<ReadDir, LoadError>,
    ) -> Option<Arc<Listing>> {
        if let Some(known) = self.known(directory) {
            return Some(known);
        }
        if self.remembered.load(Ordering::Relaxed) >= MAX_REMEMBERED_IN_ALL {
            return None;
        }
        Some(self.remember(directory, Arc::new(Listing::of(read()))))
    }

    /// Remembers a listing and returns it, or the one that is known by now.
    fn remember(&self, directory: &Path, listing: Arc<Listing>) -> Arc<Listing> {
        self.remembered.fetch_add(listing.len() + 1, Ordering::Relaxed);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match known.entry(self.key(directory).into_owned().into_os_string()) {
            Entry::Occupied(other) => Arc::clone(other.get()),
            Entry::Vacant(free) => Arc::clone(free.insert(listing)),
        }
    }
}

/// Fast check by bytes: true only for paths without `.` and repeated or trailing slashes. False for some of those, too.
fn is_plain(path: &[u8]) -> bool {
    let begins_name = |at: usize| path.get(at).is_some_and(|next| *next != b'/' && *next != b'.');
    path.is_empty()
        || cfg!(unix)
            && begins_name(usize::from(path.starts_with(b"/")))
            && memchr::memchr_iter(b'/', path).all(|at| begins_name(at + 1))
}

impl Listing {
    fn of(entries: Result<ReadDir, LoadError>) -> Self {
        match entries {
            Ok(entries) => Self::of_all(entries, MAX_REMEMBERED).unwrap_or(Self::Unknown),
            Err(LoadError::NotFound) => {
                let (kinds, folded) = (HashMap::default(), HashSet::default());
                Self::Entries { kinds, folded, unicode: false }
            }
            Err(_) => Self::Unknown,
        }
    }

    /// Reads the entries of a directory, unless there are more than `most`.
    pub(super) fn of_all(entries: ReadDir, most: usize) -> Result<Self, LoadError> {
        let (mut kinds, mut folded, mut unicode) = (HashMap::default(), HashSet::default(), false);
        for entry in entries {
            let entry = entry?;
            // One that has disappeared since is not there.
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            if kinds.len() == most {
                return Ok(Self::Unknown);
            }
            if !is_lower_case(&name) {
                folded.insert(name.to_ascii_lowercase());
            }
            unicode |= !name.is_ascii();
            kinds.insert(name, (!kind.is_symlink()).then(|| entry_kind(kind)));
        }
        Ok(Self::Entries { kinds, folded, unicode })
    }

    /// Returns the names in it, unordered, and what they are; `None` for links.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&OsStr, Option<EntryKind>)> {
        let kinds = match self {
            Self::Entries { kinds, .. } => Some(kinds),
            Self::Unknown => None,
        };
        kinds.into_iter().flatten().map(|(name, kind)| (name.as_os_str(), *kind))
    }

    fn len(&self) -> usize {
        match self {
            Self::Entries { kinds, .. } => kinds.len(),
            Self::Unknown => 0,
        }
    }

    fn lookup(&self, name: &OsStr) -> Listed {
        let Self::Entries { kinds, folded, unicode } = self else { return Listed::Unknown };
        match kinds.get(name) {
            Some(Some(kind)) => Listed::Is(*kind),
            Some(None) => Listed::Unknown,
            // A file system that ignores case, or normalizes Unicode, may find it under another spelling.
            None if *unicode || !name.is_ascii() || is_short_name(name) => Listed::Unknown,
            None if is_lower_case(name) => {
                if folded.contains(name) {
                    Listed::Unknown
                } else {
                    Listed::Missing
                }
            }
            None => {
                let lower = name.to_ascii_lowercase();
                let other = folded.contains(&lower) || kinds.contains_key(&lower);
                if other { Listed::Unknown } else { Listed::Missing }
            }
        }
    }
}

fn is_lower_case(name: &OsStr) -> bool {
    !name.as_encoded_bytes().iter().any(u8::is_ascii_uppercase)
}

/// True for a name that Windows finds although it does not list it: `PROGRA~1`, `file.`.
fn is_short_name(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    cfg!(windows) && (bytes.contains(&b'~') || bytes.ends_with(b".") || bytes.ends_with(b" "))
}

fn entry_kind(kind: FileType) -> EntryKind {
    if kind.is_file() {
        EntryKind::File
    } else if kind.is_dir() {
        EntryKind::Directory
    } else {
        EntryKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_read_once() {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join("file"), "").unwrap();
        std::fs::write(scratch.path().join("README"), "").unwrap();
        std::fs::create_dir(scratch.path().join("directory")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("file", scratch.path().join("link")).unwrap();
        let listings = Listings::new(std::env::current_dir().unwrap());
        let mut reads = 0;
        let mut look = |name: &str| {
            listings.lookup(scratch.path(), OsStr::new(name), || {
                reads += 1;
                Ok(std::fs::read_dir(scratch.path())?)
            })
        };
        assert_eq!(look("file"), Listed::Is(EntryKind::File));
        assert_eq!(look("directory"), Listed::Is(EntryKind::Directory));
        assert_eq!(look("none"), Listed::Missing);
        // Whether these exist depends on the file system.
        assert_eq!(look("FILE"), Listed::Unknown);
        assert_eq!(look("readme"), Listed::Unknown);
        assert_eq!(look("é"), Listed::Unknown);
        #[cfg(unix)]
        assert_eq!(look("link"), Listed::Unknown);
        assert_eq!(reads, 1);
    }

    #[test]
    fn a_directory_has_one_listing_whatever_its_spelling() {
        let here = std::env::current_dir().unwrap();
        let listings = Listings::new(here.clone());
        let key = |path: &str| listings.key(Path::new(path)).into_owned();
        for path in ["a/b", "./a/b", "a/./b", "a//b", "a/b/", "a/b/.", "././a/b"] {
            assert_eq!(key(path), Path::new("a/b"), "{path}");
            assert_eq!(
                key(&format!("{}/{path}", crate::source::path_text(&here))),
                Path::new("a/b"),
                "{path}"
            );
        }
        assert_eq!(key("."), Path::new(""));
        assert_eq!(key(here.to_str().unwrap()), Path::new(""));
        // What `..` is behind a link only the disk tells.
        assert_eq!(key("./a/../b"), Path::new("a/../b"));
        for path in ["/", "/a/.b", "..", ".a", "a/...", "/somewhere/else"] {
            assert_eq!(key(path), Path::new(path));
        }
    }

    #[test]
    fn directories_beyond_the_bound_are_not_remembered() {
        let listings = Listings::new(std::env::current_dir().unwrap());
        let look =
            |path: &str| listings.lookup(Path::new(path), OsStr::new("x"), || Err(LoadError::NotFound));
        assert_eq!(look("known"), Listed::Missing);
        listings.remembered.store(MAX_REMEMBERED_IN_ALL, Ordering::Relaxed);
        assert_eq!(look("known"), Listed::Missing);
        assert_eq!(look("other"), Listed::Unknown);
    }

    #[test]
    fn a_directory_that_is_not_there_has_no_entries() {
        let listings = Listings::new(std::env::current_dir().unwrap());
        let look =
            |path: &str, error: LoadError| listings.lookup(Path::new(path), OsStr::new("x"), || Err(error));
        assert_eq!(look("gone", LoadError::NotFound), Listed::Missing);
        assert_eq!(look("closed", LoadError::Io("permission denied".to_owned())), Listed::Unknown);
    }
}
