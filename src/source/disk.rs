//! The one way to what stands on the disk: bounded, never waiting, and not beyond the directory that a run is kept to.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::MAX_FILE_SIZE;

/// Symbolic links that one path may lead through, as on Linux.
pub const MAX_LINKS: usize = 40;

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// A directory stands there.
    #[error("is a directory")]
    IsDirectory,
    /// More than [`MAX_FILE_SIZE`] bytes.
    #[error("is larger than {} MiB", MAX_FILE_SIZE / 1024 / 1024)]
    TooLarge,
    /// It stands outside of the directory that may be read, whether it is there or not.
    #[error("leads out of `{}`, which is all that may be read", .0.display())]
    Outside(PathBuf),
    /// A pipe, a socket, a device: opening one may wait for ever, or do something.
    #[error("is not a regular file")]
    NotRegular,
    /// The operating system's word, lower case, without its number.
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

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A pipe, a socket, a device.
    Other,
}

/// What may be read: all, or what stands in one directory.
///
/// Where a path leads is decided with every symbolic link followed. Between that look and the opening a directory may become
/// a link: on Linux an open file says where it stands, elsewhere a tree that someone changes while it is read is beyond this.
#[derive(Clone, Debug, Default)]
pub struct FileSystem {
    fence: Option<Arc<AllowedRoot>>,
}

#[derive(Debug)]
struct AllowedRoot {
    /// Without links.
    top: PathBuf,
    /// As it was given.
    shown: PathBuf,
    /// `top` as an open file tells it, where one does.
    opened: Option<PathBuf>,
}

impl FileSystem {
    /// Nothing but what stands in `directory`.
    ///
    /// # Errors
    /// When that is no directory.
    pub fn restricted_to(directory: &Path) -> Result<Self, LoadError> {
        let top = resolve(directory, |_| true)?.unwrap_or_default();
        if !std::fs::metadata(&top)?.is_dir() {
            return Err(LoadError::Io("is not a directory".to_owned()));
        }
        let opened = File::open(&top).ok().and_then(|top| whereabouts(&top));
        Ok(Self { fence: Some(Arc::new(AllowedRoot { top, shown: directory.to_path_buf(), opened })) })
    }

    /// The directory that it is kept to, as it was given.
    #[must_use]
    pub fn allowed_root(&self) -> Option<&Path> {
        self.fence.as_ref().map(|fence| fence.shown.as_path())
    }

    /// True when a path leads to a place that may be read, whether something stands there or not.
    #[must_use]
    pub fn may_read(&self, path: &Path) -> bool {
        self.place(path).is_ok()
    }

    /// What stands at a path.
    ///
    /// # Errors
    /// When nothing does, or nobody may say.
    pub fn entry_kind(&self, path: &Path) -> Result<EntryKind, LoadError> {
        Ok(entry(&std::fs::metadata(self.place(path)?)?))
    }

    /// True when a regular file stands there.
    #[must_use]
    pub fn is_file(&self, path: &Path) -> bool {
        self.entry_kind(path) == Ok(EntryKind::File)
    }

    /// True when a directory stands there.
    #[must_use]
    pub fn is_dir(&self, path: &Path) -> bool {
        self.entry_kind(path) == Ok(EntryKind::Directory)
    }

    /// True when anything stands there.
    #[must_use]
    pub fn exists(&self, path: &Path) -> bool {
        self.entry_kind(path).is_ok()
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When no regular file stands there, or nobody may say.
    pub fn size(&self, path: &Path) -> Result<u64, LoadError> {
        regular(&std::fs::metadata(self.place(path)?)?)
    }

    /// What stands in a directory, in no order; nothing where that cannot be read.
    pub fn entries(&self, directory: &Path) -> impl Iterator<Item = PathBuf> {
        let entries = self.place(directory).ok().and_then(|place| std::fs::read_dir(place).ok());
        let directory = directory.to_path_buf();
        entries.into_iter().flatten().flatten().map(move |entry| directory.join(entry.file_name()))
    }

    /// The first `most` entries of a directory that `keep` takes, by name: which ones are left out does not hang on their order
    /// on the disk.
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

    /// All of a file.
    ///
    /// # Errors
    /// When it is not there, not a file, too large, or not to be read.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        let bytes = self.read_prefix(path, MAX_FILE_SIZE + 1)?;
        if bytes.len() as u64 > MAX_FILE_SIZE { Err(LoadError::TooLarge) } else { Ok(bytes) }
    }

    /// The first bytes of a file, as many as there are of `most`.
    ///
    /// # Errors
    /// As [`Disk::read`].
    pub fn read_prefix(&self, path: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
        self.read_at(&self.place(path)?, most)
    }

    /// The first bytes of what stands at a place that may be read.
    fn read_at(&self, place: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
        let size = regular(&std::fs::metadata(place)?)?;
        let file = open(place, self.fence.is_some())?;
        // What was a file may be something else by now.
        regular(&file.metadata()?)?;
        if let Some(fence) = &self.fence {
            fence.contains_open_file(&file)?;
        }
        let mut bytes = Vec::with_capacity(size.min(most) as usize);
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Where a path leads, when that may be read.
    fn place<'p>(&self, path: &'p Path) -> Result<Cow<'p, Path>, LoadError> {
        let Some(fence) = &self.fence else {
            // The current directory is the path's beginning without a name.
            let here = || Cow::Borrowed(Path::new("."));
            return Ok(if path.as_os_str().is_empty() { here() } else { Cow::Borrowed(path) });
        };
        fence.place(path).map(Cow::Owned)
    }
}

impl AllowedRoot {
    /// The path without links.
    ///
    /// Whoever was inside and left learns nothing of what stands outside, not even whether it is there.
    fn place(&self, path: &Path) -> Result<PathBuf, LoadError> {
        let mut been_inside = false;
        let place = resolve(path, |here| {
            been_inside |= here.starts_with(&self.top);
            !been_inside || here.starts_with(&self.top) || self.top.starts_with(here)
        })?;
        let inside = place.filter(|place| place.starts_with(&self.top));
        inside.ok_or_else(|| LoadError::Outside(self.shown.clone()))
    }

    /// An error where the system says that an open file stands outside.
    fn contains_open_file(&self, file: &File) -> Result<(), LoadError> {
        match (&self.opened, whereabouts(file)) {
            (Some(top), Some(place)) if !place.starts_with(top) => {
                Err(LoadError::Outside(self.shown.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// Where an open file or directory stands, whatever path led to it.
#[cfg(target_os = "linux")]
fn whereabouts(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// Nobody says.
#[cfg(not(target_os = "linux"))]
fn whereabouts(_: &File) -> Option<PathBuf> {
    None
}

/// Follows every link of a path, step by step, as long as `go_on` says so. What is missing is joined without asking the disk.
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
            // The root, or a drive: joining one begins anew.
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

/// The size of a regular file; an error for all else.
fn regular(metadata: &Metadata) -> Result<u64, LoadError> {
    match entry(metadata) {
        EntryKind::File => Ok(metadata.len()),
        EntryKind::Directory => Err(LoadError::IsDirectory),
        EntryKind::Other => Err(LoadError::NotRegular),
    }
}

/// Opens without waiting: a pipe may have come into the place of the file that was looked at.
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

    /// What a thread that is faster than the look would do.
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
        // A file that is gone was inside.
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
