//! The ignore rules of the directories of a walk, as git and the `ignore` crate know them: `.gitignore` at every level, inside a
//! repository or not, `.ignore`, `.git/info/exclude`, and the user's own rules.
//!
//! The crate's own walker would read each directory once more: it does not hand out what it leaves out, so that its entries are no
//! listing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::shown;
use crate::error::Error;
use crate::source::{EntryKind, FileSystem, LoadError};

/// Size limit of an ignore file in bytes. A compiled rule takes hundreds of times its length in memory.
pub(super) const MAX_RULES: u64 = 256 * 1024;

/// Names of ignore files in each directory; a later one takes precedence.
const FILE_NAMES: [&str; 2] = [".gitignore", ".ignore"];

/// The rules that apply in a directory: its own, and those of all directories above it.
#[derive(Clone)]
pub(super) struct IgnoreRules {
    /// The innermost directory of the walk that has rules.
    innermost: Option<Arc<Level>>,
    outer: Arc<Outer>,
}

/// The rules of a directory's files, those first that win whatever the others say.
type Files = [Gitignore; 3];

/// A directory of the walk that has rules.
struct Level {
    files: Files,
    above: Option<Arc<Level>>,
}

/// The rules from outside of the walk.
struct Outer {
    /// The directory that is walked, as given.
    root: PathBuf,
    /// The same without links.
    absolute: PathBuf,
    /// Those of the directories above it, the nearest first.
    above: Vec<Files>,
    /// The user's own (`core.excludesFile`).
    global: Gitignore,
    /// Access is restricted to a directory: nothing above counts, and the files of a directory are one.
    restricted: bool,
}

impl IgnoreRules {
    /// Reads the rules from outside of `root`.
    pub(super) fn new(root: &Path, disk: &FileSystem) -> Self {
        let restricted = disk.allowed_root().is_some();
        let mut outer = Outer {
            root: root.to_path_buf(),
            absolute: PathBuf::new(),
            above: Vec::new(),
            global: Gitignore::empty(),
            restricted,
        };
        if !restricted {
            outer.global = Gitignore::global().0;
            if let Ok(absolute) = disk.canonical(root) {
                let above = absolute.ancestors().skip(1).map(|directory| outer.files_of(directory, disk));
                outer.above = above.filter(|files| !files.iter().all(Gitignore::is_empty)).collect();
                outer.absolute = absolute;
            }
        }
        Self { innermost: None, outer: Arc::new(outer) }
    }

    /// Returns the rules within a directory of the walk, which has files of its own.
    pub(super) fn within(&self, directory: &Path, disk: &FileSystem) -> Self {
        let files = self.outer.files_of(directory, disk);
        if files.iter().all(Gitignore::is_empty) {
            return self.clone();
        }
        let level = Level { files, above: self.innermost.clone() };
        Self { innermost: Some(Arc::new(level)), outer: Arc::clone(&self.outer) }
    }

    /// True if an entry of the walk is to be left out.
    pub(super) fn leave_out(&self, path: &Path, is_directory: bool) -> bool {
        let mut said = [None; 3];
        let mut hear = |files: &Files, path: &Path| {
            for (said, rules) in said.iter_mut().zip(files) {
                if said.is_none() {
                    *said = verdict(rules, path, is_directory);
                }
            }
        };
        let mut next = self.innermost.as_deref();
        while let Some(level) = next {
            hear(&level.files, path);
            next = level.above.as_deref();
        }
        if !self.outer.above.is_empty()
            && let Ok(below) = path.strip_prefix(&self.outer.root)
        {
            let absolute = self.outer.absolute.join(below);
            self.outer.above.iter().for_each(|files| hear(files, &absolute));
        }
        let said = said.into_iter().flatten().next();
        said.or_else(|| verdict(&self.outer.global, path, is_directory)).unwrap_or(false)
    }
}

/// Returns what one file says about a path: leave it out, or keep it.
fn verdict(rules: &Gitignore, path: &Path, is_directory: bool) -> Option<bool> {
    match rules.matched(path, is_directory) {
        ignore::Match::None => None,
        ignore::Match::Ignore(_) => Some(true),
        ignore::Match::Whitelist(_) => Some(false),
    }
}

impl Outer {
    fn files_of(&self, directory: &Path, disk: &FileSystem) -> Files {
        let read = |paths: &[PathBuf]| {
            let mut builder = GitignoreBuilder::new(directory);
            // Malformed lines are left to git.
            paths.iter().filter(|path| disk.exists(path)).for_each(|path| _ = builder.add(path));
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        };
        let [git, own] = FILE_NAMES.map(|name| directory.join(name));
        if self.restricted {
            return [read(&[git, own]), Gitignore::empty(), Gitignore::empty()];
        }
        let exclude: Vec<PathBuf> = exclude_file(directory, disk).0.into_iter().collect();
        [read(&[own]), read(&[git]), read(&exclude)]
    }
}

/// True for an entry that may bring ignore rules for its directory.
pub(super) fn brings_rules(name: &OsStr) -> bool {
    FILE_NAMES.iter().any(|own| name == *own) || name == ".git"
}

/// Returns an error for the first ignore file that cannot be used, in `directory` or, with unrestricted access, in
/// `above`: reading it would block forever if it is a pipe.
pub(super) fn unusable_ignore_file(directory: &Path, above: &[&Path], disk: &FileSystem) -> Option<Error> {
    let own =
        std::iter::once(directory).chain(above.iter().copied().filter(|_| disk.allowed_root().is_none()));
    own.flat_map(|directory| files(directory, disk)).find_map(|path| {
        let reason = reason(disk, &path)?.to_string();
        Some(Error::Unreadable { path: shown(&path), reason })
    })
}

/// Returns the files that are opened for the rules of a directory.
fn files(directory: &Path, disk: &FileSystem) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = FILE_NAMES.iter().map(|name| directory.join(name)).collect();
    // With restricted access these files are not read.
    if disk.allowed_root().is_none() {
        let (exclude, on_the_way) = exclude_file(directory, disk);
        files.extend(on_the_way.into_iter().chain(exclude));
    }
    files
}

/// Returns the path of git's `info/exclude` for a directory with a `.git`, and the files that lead to it.
fn exclude_file(directory: &Path, disk: &FileSystem) -> (Option<PathBuf>, Vec<PathBuf>) {
    let git = directory.join(".git");
    match disk.entry_kind(&git) {
        Ok(EntryKind::Directory) => (Some(git.join("info/exclude")), Vec::new()),
        // In a work tree or submodule `.git` is a file that names the directory.
        Ok(EntryKind::File) => {
            let first = |path: &Path| {
                let text = disk.read_prefix(path, LINE).ok()?;
                Some(String::from_utf8_lossy(&text).lines().next()?.to_owned())
            };
            let real = first(&git).and_then(|line| line.strip_prefix("gitdir: ").map(PathBuf::from));
            let Some(real) = real else { return (None, vec![git]) };
            let named = real.join("commondir");
            let common = first(&named).map(|common| {
                if common.starts_with('.') { real.join(common) } else { PathBuf::from(common) }
            });
            (common.map(|common| common.join("info/exclude")), vec![git, named])
        }
        _ => (None, Vec::new()),
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::{Options, discover};
    use super::*;

    const DIRECTORIES: [&str; 7] = ["", "a", "a/b", "a/b/c", "b", "b/a", ".c"];
    const RULES: [&str; 14] = [
        "a",
        "/a",
        "a/",
        "!a",
        "b/",
        "!b/",
        "/a/b",
        "a/**",
        "**/c",
        "Dockerfile",
        "!Dockerfile",
        "/Dockerfile",
        "*.Dockerfile",
        ".*",
    ];

    /// Returns the Dockerfiles that the crate's own walker meets.
    fn of_the_crate(root: &Path, restricted: bool) -> BTreeSet<PathBuf> {
        let mut walker = ignore::WalkBuilder::new(root);
        walker.hidden(false).require_git(false).filter_entry(|entry| entry.file_name() != ".git");
        if restricted {
            walker.parents(false).ignore(false).git_ignore(false).git_global(false).git_exclude(false);
            FILE_NAMES.iter().for_each(|name| _ = walker.add_custom_ignore_filename(name));
        }
        let entries = walker.build().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
        files
            .map(|entry| entry.path().to_path_buf())
            .filter(|path| path.ends_with("Dockerfile") || path.extension().is_some())
            .collect()
    }

    fn ours(root: &Path, disk: FileSystem) -> BTreeSet<PathBuf> {
        let options = Options { disk, ..Options::default() };
        let found = discover(&[root.to_path_buf()], options).unwrap();
        found.files.into_iter().map(|found| found.path).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn the_same_is_left_out_as_by_the_walker_of_the_crate(
            rules in prop::collection::vec((0..DIRECTORIES.len(), 0..3_usize, prop::collection::vec(0..RULES.len(), 1..4)), 0..6),
            below in 0..DIRECTORIES.len(),
        ) {
            let scratch = tempfile::tempdir().unwrap();
            for directory in DIRECTORIES {
                let directory = scratch.path().join(directory);
                std::fs::create_dir_all(&directory).unwrap();
                for name in ["Dockerfile", "a.Dockerfile"] {
                    std::fs::write(directory.join(name), "FROM a\n").unwrap();
                }
            }
            for (directory, file, lines) in rules {
                let path = scratch.path().join(DIRECTORIES[directory]).join([".gitignore", ".ignore", ".git/info/exclude"][file]);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, lines.iter().map(|line| format!("{}\n", RULES[*line])).collect::<String>()).unwrap();
            }
            // What is above the directory counts, too.
            let root = scratch.path().join(DIRECTORIES[below]);
            for disk in [FileSystem::default(), FileSystem::default().with_listings()] {
                prop_assert_eq!(ours(&root, disk), of_the_crate(&root, false));
            }
            let restricted = FileSystem::restricted_to(&root).unwrap();
            prop_assert_eq!(ours(&root, restricted), of_the_crate(&root, true));
        }
    }
}
