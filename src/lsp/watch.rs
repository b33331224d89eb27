//! Asks the client to watch the files that diagnostics depend on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use globset::{Glob, GlobSet, GlobSetBuilder};
use lsp_types::notification::{DidChangeWatchedFiles, Notification as _};
use lsp_types::request::{RegisterCapability, Request as _, UnregisterCapability};
use lsp_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, Registration,
    RegistrationParams, Unregistration, UnregistrationParams,
};

use super::server::{Server, ServerError};
use super::session::{Analysis, absolute};
use crate::source::{Sources, path_text};

/// ID of the registration for files that were read.
const READ: &str = "oomlint-read";
/// Upper bound on the files that the client is asked to watch.
const MAX_WATCHED: usize = 1000;

/// Globs of the files whose creation and change matter. Others that a stack reads are watched once they have been read.
const GLOBS: [&str; 10] = [
    "**/*.{yml,yaml}",
    "**/*Dockerfile*",
    "**/*.dockerfile",
    "**/*Containerfile*",
    "**/.env",
    "**/*.env",
    "**/.env.*",
    "**/.{docker,git}ignore",
    "**/devcontainer.json",
    "**/.oomlint-images.json",
];

/// True if one of [`GLOBS`] matches the file.
fn is_watched_by_name(path: &Path) -> bool {
    static SET: LazyLock<GlobSet> = LazyLock::new(|| {
        let mut set = GlobSetBuilder::new();
        GLOBS.iter().filter_map(|glob| Glob::new(glob).ok()).for_each(|glob| _ = set.add(glob));
        set.build().unwrap_or_default()
    });
    SET.is_match(path)
}

/// Returns the files of an analysis that were read, or looked for, and that no glob of [`GLOBS`] matches: scripts, settings of
/// servers, environment files with other names.
pub(super) fn other_names(sources: &Sources) -> Vec<PathBuf> {
    let mut paths = sources.paths();
    paths.retain(|path| !is_watched_by_name(path));
    paths.into_iter().map(|path| absolute(&path)).collect()
}

/// Returns a glob that matches one file. `None` if the path is not UTF-8.
fn glob_of(path: &Path) -> Option<String> {
    let _ = path.to_str()?;
    // Characters of globs stand for any one character.
    Some(path_text(path).replace(['*', '?', '[', ']', '{', '}', '!', ',', '\\'], "?"))
}

impl Server<'_> {
    /// Asks the client to report files that change on disk.
    pub(super) fn watch(&mut self) -> Result<(), ServerError> {
        if !self.watches {
            return Ok(());
        }
        self.register("oomlint-files", GLOBS.iter().map(|glob| (*glob).to_owned()))
    }

    fn register(&mut self, id: &str, globs: impl Iterator<Item = String>) -> Result<(), ServerError> {
        let watcher = |glob| FileSystemWatcher { glob_pattern: GlobPattern::String(glob), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: globs.map(watcher).collect() };
        let registration = Registration {
            id: id.to_owned(),
            method: DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: Some(serde_json::to_value(options)?),
        };
        self.ask(RegisterCapability::METHOD, &RegistrationParams { registrations: vec![registration] })
    }

    /// Asks the client to watch files that analyses have read and that no glob of [`GLOBS`] matches. What was read once stays watched.
    pub(super) fn watch_read(&mut self, analyses: &[Arc<Analysis>]) -> Result<(), ServerError> {
        if !self.watches {
            return Ok(());
        }
        let known = self.watched.len();
        for path in analyses.iter().flat_map(|analysis| analysis.other_names()) {
            if self.watched.len() < MAX_WATCHED && !self.watched.contains(path) {
                self.watched.insert(path.clone());
            }
        }
        if self.watched.len() == known {
            return Ok(());
        }
        if known > 0 {
            let id = READ.to_owned();
            let gone = Unregistration { id, method: DidChangeWatchedFiles::METHOD.to_owned() };
            self.ask(UnregisterCapability::METHOD, &UnregistrationParams { unregisterations: vec![gone] })?;
        }
        let globs: Vec<String> = self.watched.iter().filter_map(|path| glob_of(path)).collect();
        self.register(READ, globs.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_watched_without_reading_them() {
        for name in [
            "compose.yml",
            "x.yaml",
            "Dockerfile",
            "Dockerfile.dev",
            "api.dockerfile",
            ".env",
            "a.env",
            ".env.local",
        ] {
            assert!(is_watched_by_name(&Path::new("/stack/api").join(name)), "{name}");
        }
        for name in ["vars/production", "start.sh", "redis.conf", "environment"] {
            assert!(!is_watched_by_name(&Path::new("/stack").join(name)), "{name}");
        }
    }

    #[test]
    fn signs_of_globs_in_a_path_stand_for_one_character() {
        assert_eq!(glob_of(Path::new("/a[b]/{c},d*.sh")).as_deref(), Some("/a?b?/?c??d?.sh"));
    }
}
