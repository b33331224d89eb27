//! What a named Dockerfile is built for: a hook names the files that changed, and the stack that they belong to stands above.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Discovered, FileKind, kind_of, shown};

/// The Compose files in the directories above named Dockerfiles that are not looked at anyway. From a relative path the way
/// up ends where the tool was called, from an absolute one at the repository's root.
pub(super) fn above(discovered: &Discovered) -> Vec<PathBuf> {
    let named = discovered.files.iter().filter(|found| found.named && found.kind == FileKind::Dockerfile);
    let directories: BTreeSet<&Path> = named.flat_map(|found| ways_up(&found.path)).collect();
    let mut files: Vec<PathBuf> = directories.into_iter().flat_map(compose_files).collect();
    files.retain(|path| !discovered.files.iter().any(|found| found.path == *path));
    files
}

/// The directory of a file and those above it.
fn ways_up(file: &Path) -> Vec<&Path> {
    let mut directories: Vec<&Path> = file.ancestors().skip(1).collect();
    if file.is_absolute() {
        // Without a repository: beside it, and one above, as in `app/Dockerfile`.
        let root = directories.iter().position(|directory| directory.join(".git").exists()).unwrap_or(1);
        directories.truncate(root + 1);
    }
    directories
}

/// What cannot be read holds nothing.
fn compose_files(directory: &Path) -> Vec<PathBuf> {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = std::fs::read_dir(here).into_iter().flatten().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.path().is_file()).map(|entry| shown(&entry.path()));
    let mut files: Vec<PathBuf> = files.filter(|path| kind_of(path) == Some(FileKind::Compose)).collect();
    files.sort();
    files
}
