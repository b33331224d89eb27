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
        Self::containing(&current_directory())
    }

    /// Finds the root for a run on these paths, so that reports and baselines do not depend on the current directory.
    ///
    /// It is the repository around the current directory if it holds all paths, else the one that holds them all. Without a
    /// repository it is the nearest directory above the paths with one of `marks`, names of files that are at a project's
    /// root, else the current directory.
    #[must_use]
    pub fn of_paths<'p>(paths: impl Iterator<Item = &'p Path>, marks: &[&str]) -> Self {
        Self::of_paths_from(&current_directory(), paths, marks)
    }

    fn of_paths_from<'p>(here: &Path, paths: impl Iterator<Item = &'p Path>, marks: &[&str]) -> Self {
        let has = |directory: &Path, mark: &str| directory.join(mark).exists();
        let own = here.ancestors().find(|directory| has(directory, ".git"));
        let Some(common) =
            paths.map(|path| normalize(&here.join(path))).reduce(|one, other| common(&one, &other))
        else {
            return Self::new(here, own.unwrap_or(here));
        };
        if let Some(own) = own.filter(|own| common.starts_with(normalize(own))) {
            return Self::new(here, own);
        }
        // The path may lead to the repository through a symbolic link.
        let real = common.canonicalize();
        let shown = common.ancestors().find(|directory| has(directory, ".git"));
        let root = shown
            .or_else(|| real.as_ref().ok()?.ancestors().find(|directory| has(directory, ".git")))
            .or(own);
        let marked = || common.ancestors().find(|directory| marks.iter().any(|mark| has(directory, mark)));
        Self::new(here, root.or_else(marked).unwrap_or(here))
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

    /// Returns the directory whose configuration concerns the whole run: the current one if it is below the root, as an empty
    /// path, else the root.
    #[must_use]
    pub fn configured(&self) -> &Path {
        if self.here.starts_with(&self.root) { Path::new("") } else { &self.root }
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

/// Returns the current directory. Without one no relative path can be read, so there is nothing to report.
fn current_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Returns the longest path that both begin with.
fn common(one: &Path, other: &Path) -> PathBuf {
    one.components().zip(other.components()).take_while(|(a, b)| a == b).map(|(part, _)| part).collect()
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

    #[test]
    fn the_root_does_not_depend_on_the_current_directory() {
        let scratch = tempfile::tempdir().unwrap();
        let top = scratch.path().canonicalize().unwrap();
        for directory in ["repo/deploy", "repo/.git", "repo/sub/.git", "plain/deep", "other/.git"] {
            std::fs::create_dir_all(top.join(directory)).unwrap();
        }
        std::fs::write(top.join("plain/mark"), "").unwrap();
        let root = |here: &str, paths: &[&str]| {
            let here = top.join(here);
            let root = RepositoryRoot::of_paths_from(&here, paths.iter().map(Path::new), &["mark"]);
            root.path().strip_prefix(&top).unwrap().to_str().unwrap().to_owned()
        };
        for (here, path) in [
            ("repo", "."),
            ("repo/deploy", ".."),
            ("repo/deploy", "x.yaml"),
            ("other", "../repo"),
            ("", "repo/deploy"),
        ] {
            assert_eq!(root(here, &[path]), "repo", "{here} {path}");
        }
        assert_eq!(root("", &["repo/a", "repo/deploy/b"]), "repo");
        // A submodule is a part of the repository that is worked in.
        assert_eq!(root("repo", &["sub"]), "repo");
        assert_eq!(root("", &["repo/sub"]), "repo/sub");
        for (here, path) in [("plain", "."), ("plain/deep", ".."), ("", "plain/deep"), ("", "plain")] {
            assert_eq!(root(here, &[path]), "plain", "{here} {path}");
        }
        // Nothing holds both, so the current directory counts.
        assert_eq!(root("other", &["../repo/a", "../plain/b"]), "other");
        assert_eq!(root("", &["repo/a", "plain/b"]), "");
        assert_eq!(root("plain/deep", &[]), "plain/deep");
    }
}
