//! Finds Compose files that may use the files named on the command line: a pre-commit hook names only changed files,
//! and the Compose files that use them may be elsewhere in the repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Discovered, DiscoveredFile, FileKind, Options, kind_in_walk, shown, walk};
use crate::source::{FileSystem, normalize};

/// Returns the Compose files of the repositories that contain explicitly named files, without those already
/// discovered.
///
/// Outside of a repository only the file's directory and its ancestors are searched: all of them up to the current
/// directory for a relative path, the nearest two for an absolute one (`compose.yaml` above `app/Dockerfile`).
pub(super) fn related_compose_files(discovered: &Discovered, options: &Options) -> Vec<PathBuf> {
    // No Compose file uses what `docker inspect` prints, or a script.
    let uses = |found: &&DiscoveredFile| {
        found.explicit && matches!(found.kind, FileKind::Compose | FileKind::Dockerfile)
    };
    let named = discovered.files.iter().filter(uses).map(|found| &found.path);
    let named: Vec<&PathBuf> = named.chain(&discovered.env_files).chain(&discovered.image_locks).collect();
    let here = options.disk.current_dir();
    let mut repositories = BTreeSet::new();
    let mut directories = BTreeSet::new();
    for path in named {
        match repository(path, &here, &options.disk) {
            Some(top) => {
                repositories.insert(top);
            }
            None => directories.extend(ways_up(path)),
        }
    }
    let mut met = Discovered::default();
    for top in &repositories {
        walk::walk(top, options, &mut met);
    }
    let met = met.files.into_iter().filter(|found| found.kind == FileKind::Compose).map(|found| found.path);
    let mut files: Vec<PathBuf> = met
        .chain(directories.into_iter().flat_map(|directory| compose_files(&directory, &options.disk)))
        .collect();
    files.sort();
    files.dedup();
    let known: BTreeSet<PathBuf> = discovered.files.iter().map(|found| normalize(&found.path)).collect();
    files.retain(|path| !known.contains(&normalize(path)));
    files
}

/// Returns the root of the repository that contains `file`, relative to the current directory if `file` is relative.
fn repository(file: &Path, here: &Path, disk: &FileSystem) -> Option<PathBuf> {
    let absolute = normalize(&here.join(file));
    let top = disk.repository_root(&absolute)?;
    if file.is_absolute() {
        return Some(top.to_path_buf());
    }
    // The deepest directory that contains both.
    let common = here.ancestors().find(|above| top.starts_with(above))?;
    let ups = here.strip_prefix(common).ok()?.components().map(|_| "..");
    let way: PathBuf = ups.collect::<PathBuf>().join(top.strip_prefix(common).ok()?);
    Some(if way.as_os_str().is_empty() { PathBuf::from(".") } else { way })
}

/// Returns the directory of a file and its ancestors; two in all for an absolute path.
fn ways_up(file: &Path) -> impl Iterator<Item = PathBuf> {
    let all = if file.is_absolute() { 2 } else { usize::MAX };
    file.ancestors().skip(1).take(all).map(Path::to_path_buf)
}

/// Returns the Compose files in a directory; none if it cannot be read.
fn compose_files(directory: &Path, disk: &FileSystem) -> Vec<PathBuf> {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let is_compose = |path: &PathBuf| {
        let name = path.file_name().map_or(path.as_path(), Path::new);
        kind_in_walk(path, name, disk) == Some(FileKind::Compose)
    };
    disk.entries(here).filter(is_compose).filter(|path| disk.is_file(path)).map(|path| shown(&path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_repository_is_told_from_the_current_directory() {
        let scratch = tempfile::tempdir().unwrap();
        let top = scratch.path().canonicalize().unwrap();
        for directory in ["a/.git", "a/b/c", "z"] {
            std::fs::create_dir_all(top.join(directory)).unwrap();
        }
        let way =
            |here: &str, file: &str| repository(Path::new(file), &top.join(here), &FileSystem::default());
        assert_eq!(way("a", "b/Dockerfile"), Some(PathBuf::from(".")));
        assert_eq!(way("a/b/c", "Dockerfile"), Some(PathBuf::from("../..")));
        assert_eq!(way("a/b/c", "../x"), Some(PathBuf::from("../..")));
        assert_eq!(way("z", "../a/b/x"), Some(PathBuf::from("../a")));
        assert_eq!(way("", "a/b/x"), Some(PathBuf::from("a")));
        let absolute = top.join("a/b/x");
        assert_eq!(repository(&absolute, &top.join("z"), &FileSystem::default()), Some(top.join("a")));
    }
}
