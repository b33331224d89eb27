//! Recognizes missing env files that are not under version control on purpose, and so are missing in a fresh clone.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::ignored::MAX_RULES;
use crate::hash::HashMap;
use crate::source::{FileSystem, normalize};

/// Words in a file's name that mark it as an example of another file.
const EXAMPLE: [&str; 8] = ["example", "sample", "dist", "template", "tmpl", "tpl", "default", "defaults"];

/// Recognizes files that are missing on purpose. Reads each `.gitignore` once.
#[derive(Default)]
pub struct Untracked {
    known: HashMap<PathBuf, bool>,
    rules: HashMap<PathBuf, Option<Gitignore>>,
}

impl Untracked {
    /// True if `path` has an example file in the same directory or is ignored by git. `exists` tells which files
    /// exist.
    pub fn is_missing_on_purpose(
        &mut self,
        path: &Path,
        exists: &dyn Fn(&Path) -> bool,
        disk: &FileSystem,
    ) -> bool {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let has = examples(path).iter().any(|example| exists(example)) || self.ignores(path, disk);
        self.known.insert(path.to_path_buf(), has);
        has
    }

    /// True if the nearest `.gitignore` with a rule for the file ignores it.
    pub fn ignores(&mut self, path: &Path, disk: &FileSystem) -> bool {
        let absolute = normalize(&disk.current_dir().join(path));
        for directory in absolute.ancestors().skip(1) {
            let rules = self.rules.entry(directory.to_path_buf()).or_insert_with(|| read(directory, disk));
            let below = absolute.strip_prefix(directory).unwrap_or(&absolute);
            match rules.as_ref().map(|rules| rules.matched_path_or_any_parents(below, false)) {
                Some(Match::Ignore(_)) => return true,
                Some(Match::Whitelist(_)) => return false,
                Some(Match::None) | None => {}
            }
            if disk.exists(&directory.join(".git")) {
                break;
            }
        }
        false
    }
}

/// Reads the `.gitignore` of a directory; `None` if it cannot be read or is larger than [`MAX_RULES`].
fn read(directory: &Path, disk: &FileSystem) -> Option<Gitignore> {
    let bytes = disk.read_prefix(&directory.join(".gitignore"), MAX_RULES + 1).ok()?;
    if bytes.len() as u64 > MAX_RULES {
        return None;
    }
    // Paths are matched relative to the directory.
    let mut builder = GitignoreBuilder::new("");
    for line in String::from_utf8_lossy(&bytes).lines() {
        // git skips lines that it cannot parse, too.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok()
}

/// Returns the names that an example of a file may have: `.env.example`, `example.env`, `app.sample.env`.
fn examples(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let bare = name.trim_start_matches('.');
    let (stem, ending) = bare.rsplit_once('.').unwrap_or(("", bare));
    let mut names = Vec::new();
    for word in EXAMPLE {
        for sign in ['.', '-', '_'] {
            names.push(format!("{name}{sign}{word}"));
            names.push(format!("{bare}{sign}{word}"));
            names.push(format!("{word}{sign}{bare}"));
            names.push(format!(".{word}{sign}{bare}"));
            if !stem.is_empty() {
                names.push(format!("{stem}{sign}{word}.{ending}"));
            }
        }
        // `.env.example` is an example of `.env.local`, too.
        if bare.starts_with("env.") {
            names.extend([format!(".env.{word}"), format!("env.{word}"), format!("{word}.env")]);
        }
    }
    names.into_iter().map(|name| path.with_file_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untracked(path: &str, files: &[(&str, &str)]) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        std::fs::create_dir_all(top.join(".git")).unwrap();
        for (path, text) in files {
            let path = top.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let exists = |path: &Path| path.is_file();
        Untracked::default().is_missing_on_purpose(&top.join(path), &exists, &FileSystem::default())
    }

    #[test]
    fn an_example_next_to_it_tells() {
        for example in [
            ".env.example",
            ".env.sample",
            ".env.dist",
            ".env.template",
            ".env.default",
            ".env.defaults",
            ".env-example",
            "env.example",
            "example.env",
            ".example.env",
            "env_sample",
        ] {
            assert!(untracked(".env", &[(example, "")]), "{example}");
        }
        assert!(untracked("config/app.env", &[("config/app.env.example", "")]));
        assert!(untracked("config/app.env", &[("config/app.example.env", "")]));
        assert!(untracked("config/app.env", &[("config/example.app.env", "")]));
        assert!(untracked(".env.local", &[(".env.example", "")]));
        assert!(untracked("vars", &[("vars.sample", "")]));
        for (path, other) in [
            ("config/app.env", "app.env.example"),
            ("config/app.env", "config/db.env.example"),
            (".env", ".env.prod"),
            ("db.env", ".env.example"),
        ] {
            assert!(!untracked(path, &[(other, "")]), "{path} {other}");
        }
    }

    #[test]
    fn a_gitignore_tells() {
        assert!(untracked("a/.env", &[(".gitignore", "# why\n.env\n")]));
        assert!(untracked("a/.env", &[(".gitignore", "/a/*.env\n/a/.env*\n")]));
        assert!(untracked("secrets/db.env", &[(".gitignore", "secrets/\n")]));
        assert!(untracked("a/b/db.env", &[("a/.gitignore", "*.env\n")]));
        assert!(!untracked("a/b/db.env", &[(".gitignore", "*.env\n"), ("a/.gitignore", "!db.env\n")]));
        assert!(!untracked("a/.env", &[(".gitignore", "target\n"), ("b/.gitignore", ".env\n")]));
        // Files outside of the repository do not count.
        assert!(!untracked("a/.env", &[("../.gitignore", ".env\n")]));
    }
}
