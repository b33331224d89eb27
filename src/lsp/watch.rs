//! Asks the client to watch the files that diagnostics depend on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::notification::{DidChangeWatchedFiles, Notification as _};
use lsp_types::request::{RegisterCapability, Request as _, UnregisterCapability};
use lsp_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, Registration,
    RegistrationParams, Unregistration, UnregistrationParams,
};

use super::server::{Server, ServerError};
use super::session::{Analysis, absolute};

/// ID of the registration for files that were read.
const READ: &str = "oomlint-read";
/// Upper bound on the files that the client is asked to watch.
const MAX_WATCHED: usize = 1000;

/// True if a glob of [`Server::watch`] matches the file.
fn is_watched_by_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    matches!(ending, "yml" | "yaml" | "dockerfile" | "env")
        || name.contains("Dockerfile")
        || name.contains("Containerfile")
        || name.starts_with(".env")
        || matches!(name, ".dockerignore" | ".gitignore" | "devcontainer.json" | ".oomlint-images.json")
}

/// Returns a glob that matches one file. `None` if the path is not UTF-8.
fn glob_of(path: &Path) -> Option<String> {
    let text = path.to_str()?.replace('\\', "/");
    // Characters of globs stand for any one character.
    Some(text.replace(['*', '?', '[', ']', '{', '}', '!', ','], "?"))
}

impl Server<'_> {
    /// Asks the client to report files that change on disk.
    pub(super) fn watch(&mut self) -> Result<(), ServerError> {
        if !self.watches {
            return Ok(());
        }
        // Files whose creation matters. Others that a project reads are watched once they have been read.
        let globs = [
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
        self.register("oomlint-files", globs.iter().map(|glob| (*glob).to_owned()))
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

    /// Asks the client to watch files that an analysis has read and that have other names than those of [`Self::watch`]: scripts,
    /// settings of servers, environment files.
    pub(super) fn watch_read(&mut self, analyses: &[Arc<Analysis>]) -> Result<(), ServerError> {
        if !self.watches {
            return Ok(());
        }
        let read = analyses.iter().flat_map(|analysis| analysis.sources.paths());
        let read = read.map(|path| absolute(&path)).filter(|path| !is_watched_by_name(path));
        let read: BTreeSet<PathBuf> = read.take(MAX_WATCHED).collect();
        if read.is_subset(&self.watched) {
            return Ok(());
        }
        if !self.watched.is_empty() {
            let id = READ.to_owned();
            let gone = Unregistration { id, method: DidChangeWatchedFiles::METHOD.to_owned() };
            self.ask(UnregisterCapability::METHOD, &UnregistrationParams { unregisterations: vec![gone] })?;
        }
        self.watched = read;
        let globs: Vec<String> = self.watched.iter().filter_map(|path| glob_of(path)).collect();
        self.register(READ, globs.into_iter())
    }
}
