//! The repository root that reported paths are relative to.

use std::path::{Path, PathBuf};

use crate::source::normalize;

/// The current directory and the root of its repository.
///
/// Reports for other machines, fingerprints and baselines name files relative to the root, whatever the current
/// directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRoot {
    here: PathBuf,
    root: PathBuf,
}

impl RepositoryRoot {
    /// Finds the root of the repository around `here`, an absolute path: the nearest directory with a `.git`, which
    /// is a file in work trees and submodules. Without one, `here` is the root.
    #[must_use]
    pub fn containing(here: &Path) -> Self {
        let root = here.ancestors().find(|directory| directory.join(".git").exists()).unwrap_or(here);
        Self::new(here, root)
    }

    /// Finds the root of the repository around the current directory.
    #[must_use]
    pub fn current() -> Self {
        // Without a current directory no relative path can be read, so there is nothing to report.
        Self::containing(&std::env::current_dir().unwrap_or_default())
    }

    /// Creates a root from both directories, for tests and for editors that know their workspace.
    #[must_use]
    pub fn new(here: &Path, root: &Path) -> Self {
        Self { here: normalize(here), root: normalize(root) }
    }

    /// Returns the path of the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Returns the path relative to the root; `None` if it is outside of the repository.
    #[must_use]
    pub fn relative(&self, path: &Path) -> Option<PathBuf> {
        let absolute = self.absolute(path);
        if let Ok(below) = absolute.strip_prefix(&self.root) {
            return Some(below.to_path_buf());
        }
        // The path may lead to the repository through a symbolic link.
        let real = absolute.canonicalize().ok()?;
        real.strip_prefix(self.root.canonicalize().ok()?).ok().map(Path::to_path_buf)
    }

    /// Returns the absolute, normalized path.
    #[must_use]
    pub fn absolute(&self, path: &Path) -> PathBuf {
        normalize(&self.here.join(path))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_the_repository() {
        let root = RepositoryRoot::new(Path::new("/repo/deploy"), Path::new("/repo"));
        let relative = |path: &str| root.relative(Path::new(path));
        assert_eq!(relative("compose.yaml"), Some(PathBuf::from("deploy/compose.yaml")));
        assert_eq!(relative("../api/./Dockerfile"), Some(PathBuf::from("api/Dockerfile")));
        assert_eq!(relative("/repo/a"), Some(PathBuf::from("a")));
        assert_eq!(relative("../../other/a"), None);
        assert_eq!(root.absolute(Path::new("../../other/a")), PathBuf::from("/other/a"));
    }

    #[test]
    fn the_nearest_git_is_the_root_be_it_a_file() {
        let scratch = tempfile::tempdir().unwrap();
        let top = scratch.path().canonicalize().unwrap();
        std::fs::create_dir_all(top.join("a/b/c")).unwrap();
        std::fs::write(top.join("a/.git"), "gitdir: elsewhere\n").unwrap();
        std::fs::create_dir(top.join(".git")).unwrap();
        let below = |here: &str| RepositoryRoot::containing(&top.join(here)).relative(&top.join("a/b/x"));
        assert_eq!(below("a/b/c"), Some(PathBuf::from("b/x")));
        assert_eq!(below(""), Some(PathBuf::from("a/b/x")));
    }
}
