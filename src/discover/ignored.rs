//! Checks the ignore files of a directory before the walker reads them: it would block forever if one is a pipe.

use std::path::{Path, PathBuf};

use super::shown;
use crate::error::Error;
use crate::source::{EntryKind, FileSystem, LoadError};

/// Size limit of an ignore file in bytes. A compiled rule takes hundreds of times its length in memory.
pub(super) const MAX_RULES: u64 = 256 * 1024;

/// Names of ignore files in each directory; a later one takes precedence.
pub(super) const FILE_NAMES: [&str; 2] = [".gitignore", ".ignore"];

/// Returns an error for the first ignore file that cannot be used, in `directory` or, with unrestricted access, in
/// `above`.
pub(super) fn unusable_ignore_file(directory: &Path, above: &[&Path], disk: &FileSystem) -> Option<Error> {
    let own =
        std::iter::once(directory).chain(above.iter().copied().filter(|_| disk.allowed_root().is_none()));
    own.flat_map(|directory| files(directory, disk)).find_map(|path| {
        let reason = reason(disk, &path)?.to_string();
        Some(Error::Unreadable { path: shown(&path), reason })
    })
}

/// Returns the ignore files that the walker would open for a directory.
fn files(directory: &Path, disk: &FileSystem) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = FILE_NAMES.iter().map(|name| directory.join(name)).collect();
    // With restricted access the walker does not read these files.
    let git = directory.join(".git");
    match disk.entry_kind(&git) {
        _ if disk.allowed_root().is_some() => {}
        Ok(EntryKind::Directory) => files.push(git.join("info/exclude")),
        // In a work tree or submodule `.git` is a file that names the directory.
        Ok(EntryKind::File) => {
            files.push(git.clone());
            let first = |path: &Path| {
                let text = disk.read_prefix(path, LINE).ok()?;
                Some(String::from_utf8_lossy(&text).lines().next()?.to_owned())
            };
            if let Some(line) = first(&git)
                && let Some(real) = line.strip_prefix("gitdir: ").map(PathBuf::from)
            {
                let named = real.join("commondir");
                if let Some(common) = first(&named) {
                    let common =
                        if common.starts_with('.') { real.join(common) } else { PathBuf::from(common) };
                    files.push(common.join("info/exclude"));
                }
                files.push(named);
            }
        }
        _ => {}
    }
    files
}

/// Bytes read of a one-line file; more than any path has.
const LINE: u64 = 64 * 1024;

/// Returns why an ignore file cannot be used; `None` if it can, or does not exist.
fn reason(disk: &FileSystem, path: &Path) -> Option<LoadError> {
    match disk.entry_kind(path) {
        Ok(EntryKind::File) => match disk.size(path) {
            Ok(size) if size > MAX_RULES => {
                Some(LoadError::Io(format!("is larger than {} KiB", MAX_RULES / 1024)))
            }
            _ => None,
        },
        Ok(EntryKind::Other) => Some(LoadError::NotRegular),
        Err(error @ LoadError::Outside(_)) => Some(error),
        // git does not read rules from a directory or an unreadable file either.
        Ok(EntryKind::Directory) | Err(_) => None,
    }
}
