//! The directory that access is restricted to, and the resolution of symbolic links that may lead out of it.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use super::LoadError;

/// Maximum number of symbolic links followed for one path, as on Linux.
pub const MAX_LINKS: usize = 40;

/// The directory that access is restricted to.
#[derive(Debug)]
pub(super) struct AllowedRoot {
    /// The directory with all symbolic links resolved.
    top: PathBuf,
    /// The directory as given.
    pub(super) shown: PathBuf,
    /// `top` as the system reports it for the open directory (Linux only).
    opened: Option<PathBuf>,
}

impl AllowedRoot {
    /// Resolves the directory.
    ///
    /// # Errors
    /// If it is not a directory or cannot be resolved.
    pub(super) fn new(directory: &Path) -> Result<Self, LoadError> {
        let top = resolve(directory, |_| true)?.unwrap_or_default();
        if !std::fs::metadata(&top)?.is_dir() {
            return Err(LoadError::Io("is not a directory".to_owned()));
        }
        let opened = File::open(&top).ok().and_then(|top| path_of_open_file(&top));
        Ok(Self { top, shown: directory.to_path_buf(), opened })
    }

    /// Resolves all symbolic links and checks that the result is inside.
    ///
    /// A path that was inside and leaves other than through a parent of the directory fails at once, so that nothing
    /// is revealed about the outside, not even whether a file exists.
    pub(super) fn allowed_path(&self, path: &Path) -> Result<PathBuf, LoadError> {
        let mut been_inside = false;
        let place = resolve(path, |here| {
            been_inside |= here.starts_with(&self.top);
            !been_inside || here.starts_with(&self.top) || self.top.starts_with(here)
        })?;
        let inside = place.filter(|place| place.starts_with(&self.top));
        inside.ok_or_else(|| LoadError::Outside(self.shown.clone()))
    }

    /// Fails if the system reports that the open file is outside.
    pub(super) fn contains_open_file(&self, file: &File) -> Result<(), LoadError> {
        match (&self.opened, path_of_open_file(file)) {
            (Some(top), Some(place)) if !place.starts_with(top) => {
                Err(LoadError::Outside(self.shown.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the path of an open file or directory, whatever path it was opened by.
#[cfg(target_os = "linux")]
fn path_of_open_file(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// Other systems do not tell the path.
#[cfg(not(target_os = "linux"))]
fn path_of_open_file(_: &File) -> Option<PathBuf> {
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
