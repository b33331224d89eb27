//! A cache of directory listings.

use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::fs::{FileType, ReadDir};
use std::path::Path;
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

/// Directories by path, as they were asked for.
#[derive(Debug, Default)]
pub(super) struct Listings {
    known: RwLock<HashMap<OsString, Arc<Listing>>>,
    /// The number of entries in all of them, a directory counted as one.
    remembered: AtomicUsize,
}

#[derive(Debug)]
enum Listing {
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

    fn known(&self, directory: &Path) -> Option<Arc<Listing>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(directory.as_os_str()).map(Arc::clone)
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
        let listing = Arc::new(Listing::of(read()));
        self.remembered.fetch_add(listing.len() + 1, Ordering::Relaxed);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        Some(match known.entry(directory.as_os_str().to_owned()) {
            Entry::Occupied(other) => Arc::clone(other.get()),
            Entry::Vacant(free) => Arc::clone(free.insert(listing)),
        })
    }
}

impl Listing {
    fn of(entries: Result<ReadDir, LoadError>) -> Self {
        let entries = match entries {
            Ok(entries) => entries,
            Err(LoadError::NotFound) => {
                let (kinds, folded) = (HashMap::default(), HashSet::default());
                return Self::Entries { kinds, folded, unicode: false };
            }
            Err(_) => return Self::Unknown,
        };
        let (mut kinds, mut folded, mut unicode) = (HashMap::default(), HashSet::default(), false);
        for entry in entries {
            let Ok((name, kind)) = entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) else {
                return Self::Unknown;
            };
            if kinds.len() == MAX_REMEMBERED {
                return Self::Unknown;
            }
            if !is_lower_case(&name) {
                folded.insert(name.to_ascii_lowercase());
            }
            unicode |= !name.is_ascii();
            kinds.insert(name, (!kind.is_symlink()).then(|| entry_kind(kind)));
        }
        Self::Entries { kinds, folded, unicode }
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
        let listings = Listings::default();
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
    fn directories_beyond_the_bound_are_not_remembered() {
        let listings = Listings::default();
        let look =
            |path: &str| listings.lookup(Path::new(path), OsStr::new("x"), || Err(LoadError::NotFound));
        assert_eq!(look("known"), Listed::Missing);
        listings.remembered.store(MAX_REMEMBERED_IN_ALL, Ordering::Relaxed);
        assert_eq!(look("known"), Listed::Missing);
        assert_eq!(look("other"), Listed::Unknown);
    }

    #[test]
    fn a_directory_that_is_not_there_has_no_entries() {
        let listings = Listings::default();
        let look =
            |path: &str, error: LoadError| listings.lookup(Path::new(path), OsStr::new("x"), || Err(error));
        assert_eq!(look("gone", LoadError::NotFound), Listed::Missing);
        assert_eq!(look("closed", LoadError::Io("permission denied".to_owned())), Listed::Unknown);
    }
}
