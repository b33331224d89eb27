//! Access to the file system: reads are bounded in size, never block on a pipe or device, and stay inside the
//! directory that a run is restricted to, if any.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::MAX_FILE_SIZE;

/// Maximum number of symbolic links followed for one path, as on Linux.
pub const MAX_LINKS: usize = 40;

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
    #[error("leads out of `{}`, which is all that may be read", .0.display())]
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

/// Access to the file system: all of it, or one directory.
///
/// With a restriction, a path is checked with every symbolic link followed. A directory may become a link between
/// that check and the opening of the file: Linux tells the path of the open file, which is checked again. Elsewhere a
/// tree that is changed while it is read can lead out.
#[derive(Clone, Debug, Default)]
pub struct FileSystem {
    root: Option<Arc<AllowedRoot>>,
}

#[derive(Debug)]
struct AllowedRoot {
    /// The directory with all symbolic links resolved.
    top: PathBuf,
    /// The directory as given.
    shown: PathBuf,
    /// `top` as the system reports it for the open directory (Linux only).
    opened: Option<PathBuf>,
}

impl FileSystem {
    /// Restricts access to `directory` and what is below it.
    ///
    /// # Errors
    /// If `directory` is not a directory or cannot be resolved.
    pub fn restricted_to(directory: &Path) -> Result<Self, LoadError> {
        let top = resolve(directory, |_| true)?.unwrap_or_default();
        if !std::fs::metadata(&top)?.is_dir() {
            return Err(LoadError::Io("is not a directory".to_owned()));
        }
        let opened = File::open(&top).ok().and_then(|top| whereabouts(&top));
        Ok(Self { root: Some(Arc::new(AllowedRoot { top, shown: directory.to_path_buf(), opened })) })
    }

    /// Returns the directory that access is restricted to, as given.
    #[must_use]
    pub fn allowed_root(&self) -> Option<&Path> {
        self.root.as_ref().map(|fence| fence.shown.as_path())
    }

    /// True if the path resolves to a place that may be read. The file need not exist.
    #[must_use]
    pub fn may_read(&self, path: &Path) -> bool {
        self.place(path).is_ok()
    }

    /// Returns the type of the entry at `path`.
    ///
    /// # Errors
    /// If nothing is there, or it is outside of the allowed directory.
    pub fn entry_kind(&self, path: &Path) -> Result<EntryKind, LoadError> {
        Ok(entry(&std::fs::metadata(self.place(path)?)?))
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
        regular(&std::fs::metadata(self.place(path)?)?)
    }

    /// Returns the paths of a directory's entries, unordered; none if it cannot be read.
    pub fn entries(&self, directory: &Path) -> impl Iterator<Item = PathBuf> {
        let entries = self.place(directory).ok().and_then(|place| std::fs::read_dir(place).ok());
        let directory = directory.to_path_buf();
        entries.into_iter().flatten().flatten().map(move |entry| directory.join(entry.file_name()))
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
        let bytes = self.read_prefix(path, MAX_FILE_SIZE + 1)?;
        if bytes.len() as u64 > MAX_FILE_SIZE { Err(LoadError::TooLarge) } else { Ok(bytes) }
    }

    /// Reads at most the first `most` bytes of a file.
    ///
    /// # Errors
    /// As for [`FileSystem::read`], except that a large file is no error.
    pub fn read_prefix(&self, path: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
        self.read_at(&self.place(path)?, most)
    }

    /// Reads at most `most` bytes of the file at `place`, a path that [`Self::place`] has checked.
    fn read_at(&self, place: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
        let size = regular(&std::fs::metadata(place)?)?;
        let file = open(place, self.root.is_some())?;
        // The file may have been replaced since it was checked.
        regular(&file.metadata()?)?;
        if let Some(fence) = &self.root {
            fence.contains_open_file(&file)?;
        }
        let mut bytes = Vec::with_capacity(size.min(most) as usize);
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Resolves a path to one that may be opened.
    fn place<'p>(&self, path: &'p Path) -> Result<Cow<'p, Path>, LoadError> {
        let Some(fence) = &self.root else {
            // An empty path is the current directory.
            let here = || Cow::Borrowed(Path::new("."));
            return Ok(if path.as_os_str().is_empty() { here() } else { Cow::Borrowed(path) });
        };
        fence.allowed_path(path).map(Cow::Owned)
    }
}

impl AllowedRoot {
    /// Resolves all symbolic links and checks that the result is inside.
    ///
    /// A path that was inside and leaves other than through a parent of the directory fails at once, so that nothing
    /// is revealed about the outside, not even whether a file exists.
    fn allowed_path(&self, path: &Path) -> Result<PathBuf, LoadError> {
        let mut been_inside = false;
        let place = resolve(path, |here| {
            been_inside |= here.starts_with(&self.top);
            !been_inside || here.starts_with(&self.top) || self.top.starts_with(here)
        })?;
        let inside = place.filter(|place| place.starts_with(&self.top));
        inside.ok_or_else(|| LoadError::Outside(self.shown.clone()))
    }

    /// Fails if the system reports that the open file is outside.
    fn contains_open_file(&self, file: &File) -> Result<(), LoadError> {
        match (&self.opened, whereabouts(file)) {
            (Some(top), Some(place)) if !place.starts_with(top) => {
                Err(LoadError::Outside(self.shown.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the path of an open file or directory, whatever path it was opened by.
#[cfg(target_os = "linux")]
fn whereabouts(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// Other systems do not tell the path.
#[cfg(not(target_os = "linux"))]
fn whereabouts(_: &File) -> Option<PathBuf> {
    None
}

/// Resolves every symbolic link of a path, one component at a time, while `go_on` returns true for the path so far;
/// `None` once it returns false. Components that do not exist are appended as they are.
fn resolve(path: &Path, mut go_on: impl FnMut(&Path) -> bool) -> Result<Option<PathBuf>, LoadError> {
    let steps = |path: &Path| -> Vec<PathBuf> {
        path.components().rev().map(|step| PathBuf::from(step.as_os_str())).collect()
    };
    let mut left = steps(&std::env::current_dir().unwrap_or_default().join(path));
    let (mut here, mut links) = (PathBuf::new(), 0);
    while let Some(step) = left.pop() {
        match step.components().next() {
            Some(Component::ParentDir) => _ = here.pop(),
            Some(Component::Normal(name)) => {
                here.push(name);
                let is_link = std::fs::symlink_metadata(&here).is_ok_and(|found| found.is_symlink());
                if is_link && let Ok(target) = std::fs::read_link(&here) {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(LoadError::Io("too many levels of symbolic links".to_owned()));
                    }
                    here.pop();
                    left.extend(steps(&target));
                    continue;
                }
            }
            // Pushing a root or a drive prefix replaces the path.
            Some(_) => here.push(&step),
            None => {}
        }
        if !go_on(&here) {
            return Ok(None);
        }
    }
    Ok(Some(here))
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
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn every_way_out_is_seen_and_every_way_back() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |path: &str| scratch.path().join(path);
        for directory in ["in/a", "out"] {
            std::fs::create_dir_all(at(directory)).unwrap();
        }
        std::fs::write(at("in/a/file"), "inside").unwrap();
        std::fs::write(at("out/file"), "outside").unwrap();
        let link = |target: &str, path: &str| std::os::unix::fs::symlink(target, at(path)).unwrap();
        link("../out", "in/way");
        link("../out/none", "in/dangling");
        link("a/../../in/a/file", "in/back");
        link("circle", "in/circle");
        link("in", "alias");
        let disk = FileSystem::restricted_to(&at("alias")).unwrap();
        let outside = Err(LoadError::Outside(at("alias")));
        for path in ["in/a/file", "in/back", "alias/a/file", "in/a/../back", "out/../in/a/file"] {
            assert_eq!(disk.read(&at(path)), Ok(b"inside".to_vec()), "{path}");
        }
        for path in [
            "out/file",
            "out/none",
            "in/way/file",
            "in/dangling",
            "in/none/../../out/file",
            "in/way/../in/a/file",
        ] {
            assert_eq!(disk.read(&at(path)), outside, "{path}");
            assert_eq!(disk.entries(&at(path)).count(), 0, "{path}");
        }
        assert_eq!(disk.read(Path::new("/etc/passwd")), outside);
        assert_eq!(disk.read(&at("in/none/file")), Err(LoadError::NotFound));
        assert!(matches!(disk.read(&at("in/circle")), Err(LoadError::Io(_))));
        assert!(matches!(FileSystem::default().read(&at("in/circle")), Err(LoadError::Io(_))));
        assert_eq!(FileSystem::default().read(&at("in/way/file")), Ok(b"outside".to_vec()));
        assert_eq!(FileSystem::restricted_to(&at("none")).unwrap_err(), LoadError::NotFound);
        assert!(FileSystem::restricted_to(&at("out/file")).is_err());
    }

    /// Does what a concurrent thread could do between the check and the opening.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_directory_that_becomes_a_link_does_not_lead_out() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |path: &str| scratch.path().join(path);
        for directory in ["in/a", "out"] {
            std::fs::create_dir_all(at(directory)).unwrap();
            std::fs::write(at(directory).join("file"), directory).unwrap();
        }
        let disk = FileSystem::restricted_to(&at("in")).unwrap();
        let place = disk.place(&at("in/a/file")).unwrap().into_owned();
        assert_eq!(disk.read_at(&place, 9), Ok(b"in/a".to_vec()));
        std::fs::rename(at("in/a"), at("in/b")).unwrap();
        std::os::unix::fs::symlink("../out", at("in/a")).unwrap();
        assert_eq!(disk.read_at(&place, 9), Err(LoadError::Outside(at("in"))));
        assert_eq!(FileSystem::default().read_at(&place, 9), Ok(b"out".to_vec()));
        // A path that was inside and no longer exists is `NotFound`, not `Outside`.
        std::fs::remove_file(at("in/a")).unwrap();
        assert_eq!(disk.read_at(&place, 9), Err(LoadError::NotFound));
    }

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(FileSystem::default().read(scratch.path()), Err(LoadError::IsDirectory));
        let path = scratch.path().join("file");
        let file = File::create(&path).unwrap();
        file.set_len(MAX_FILE_SIZE).unwrap();
        assert_eq!(FileSystem::default().read(&path).unwrap().len() as u64, MAX_FILE_SIZE);
        file.set_len(MAX_FILE_SIZE + 1).unwrap();
        assert_eq!(FileSystem::default().read(&path), Err(LoadError::TooLarge));
        assert_eq!(FileSystem::default().read_prefix(&path, 3), Ok(vec![0; 3]));
        #[cfg(unix)]
        for device in ["/dev/zero", "/dev/null", "/dev/tty"] {
            let read = FileSystem::default().read(Path::new(device));
            assert!(matches!(read, Err(LoadError::NotRegular | LoadError::NotFound)), "{device}");
        }
    }
}
