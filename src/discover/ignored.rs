//! The files that say what git does not see: the walker reads them, and waits for ever where one is a pipe.

use std::path::{Path, PathBuf};

use super::shown;
use crate::error::Error;
use crate::source::{EntryKind, FileSystem, LoadError};

/// Largest file of rules, in bytes. Each rule takes hundreds of times its length once it is compiled.
pub(super) const MAX_RULES: u64 = 256 * 1024;

/// The names that are looked for in each directory; the later one wins.
pub(super) const FILE_NAMES: [&str; 2] = [".gitignore", ".ignore"];

/// The first file of rules, in a directory or those above it, that cannot be read as one.
pub(super) fn unusable_ignore_file(directory: &Path, above: &[&Path], disk: &FileSystem) -> Option<Error> {
    let own =
        std::iter::once(directory).chain(above.iter().copied().filter(|_| disk.allowed_root().is_none()));
    own.flat_map(|directory| files(directory, disk)).find_map(|path| {
        let reason = reason(disk, &path)?.to_string();
        Some(Error::Unreadable { path: shown(&path), reason })
    })
}

/// What the walker would open for a directory.
fn files(directory: &Path, disk: &FileSystem) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = FILE_NAMES.iter().map(|name| directory.join(name)).collect();
    // Where a run is kept to one directory these are not read at all.
    let git = directory.join(".git");
    match disk.entry_kind(&git) {
        _ if disk.allowed_root().is_some() => {}
        Ok(EntryKind::Directory) => files.push(git.join("info/exclude")),
        // A work tree or a submodule: the file names the directory.
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

/// Longer than any path.
const LINE: u64 = 64 * 1024;

/// Why a file of rules cannot be read; none for one that can, and for one that is not there.
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
        // git, too, reads no rules from a directory, or from what it may not read.
        Ok(EntryKind::Directory) | Err(_) => None,
    }
}
