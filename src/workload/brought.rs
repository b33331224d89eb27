//! The files that a container has at a path: copied into its image, or mounted.

use std::path::Path;

use super::runs::{Runs, has_word};
use super::scripts::{MAX_ENTRIES, MAX_READ, Scripts, below};
use crate::model::image::{CopyInstruction, TargetImage};
use crate::source::TracedText;
use crate::syntax::shell::{Command, base_name};

/// Maximum depth of directories that are followed.
const MAX_DEPTH: usize = 4;

/// Maximum number of files at one path. With more, their contents count as unknown.
const MAX_BROUGHT: usize = 1_000;

/// Commands whose arguments are not files that they write to.
const LEAVES_AS_IT_IS: [&str; 12] =
    ["rm", "mkdir", "chmod", "chown", "chgrp", "touch", "ls", "test", "[", "rmdir", "stat", "install"];

/// A file at a path in the container.
#[derive(Clone, Debug)]
pub(super) struct ProvidedFile {
    /// Its path, or that of a directory whose contents are not available.
    pub(super) path: String,
    /// Its text; `None` if it is not available.
    pub(super) text: Option<TracedText>,
    /// True if it is mounted, which hides the image's files there.
    pub(super) mounted: bool,
}

impl Scripts<'_> {
    /// Returns the files at a path or below it. Of several at one path the last wins.
    pub(super) fn files_at(&self, place: &str) -> Vec<ProvidedFile> {
        let mut found = Vec::new();
        for copied in self.copies() {
            self.copied_to(copied, place, &mut found);
        }
        for (target, path) in &self.mounts {
            self.put(target, path, (place, true), &mut found);
        }
        for (target, text) in self.configs.iter().filter(|(target, _)| below(target, place).is_some()) {
            found.push(ProvidedFile { path: target.clone(), text: Some(text.clone()), mounted: true });
        }
        for target in self.volumes.iter().filter(|target| below(target, place).is_some()) {
            found.push(ProvidedFile { path: target.clone(), text: None, mounted: true });
        }
        if found.len() > MAX_BROUGHT {
            return vec![ProvidedFile { path: place.to_owned(), text: None, mounted: true }];
        }
        let mut last: Vec<ProvidedFile> = Vec::new();
        for file in found.into_iter().rev() {
            if !last.iter().any(|other| other.path == file.path) {
                last.push(file);
            }
        }
        last.reverse();
        last
    }

    fn copied_to(&self, copied: &CopyInstruction, place: &str, found: &mut Vec<ProvidedFile>) {
        let unread = |path: &str| ProvidedFile { path: path.to_owned(), text: None, mounted: false };
        let (Some(to), Some((_, sources))) = (copied.to(self.home()), copied.words.split_last()) else {
            found.push(unread(place));
            return;
        };
        if below(&to, place).is_none() && below(place, &to).is_none() {
            return;
        }
        let inside = |source: &str| format!("{}/{}", to.trim_end_matches('/'), base_name(source));
        if !copied.contents.is_empty() {
            let names = sources.iter().map(|word| word.as_str().trim_start_matches(['<', '-', '"', '\'']));
            for (name, text) in names.zip(&copied.contents) {
                let name = name.trim_end_matches(['"', '\'']);
                let path = if copied.into_directory() { inside(name) } else { to.clone() };
                if below(&path, place).is_some() {
                    found.push(ProvidedFile { path, text: Some(text.clone()), mounted: false });
                }
            }
            return;
        }
        for source in sources.iter().map(TracedText::as_str) {
            let local = (copied.from.is_none()).then(|| self.in_context(source));
            let paths = local.unwrap_or_default();
            for path in &paths {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(source);
                let file = !self.is_dir(path);
                let into = copied.into_directory() || self.is_glob(source);
                let at = if file && into { inside(name) } else { to.clone() };
                self.put(&at, path, (place, false), found);
            }
            if paths.is_empty() {
                // An unavailable source is a file if its name has an ending, else maybe a directory.
                let file = base_name(source).trim_start_matches('.').contains('.') && !source.ends_with('/');
                let at = if file && copied.into_directory() && !self.is_glob(source) {
                    inside(source)
                } else {
                    to.clone()
                };
                let hidden = below(&at, place).is_some() || !file && below(place, &at).is_some();
                found.extend(hidden.then(|| unread(&at)));
            }
        }
    }

    /// Adds a local file or directory that appears at `at` in the container, as far as it is at or below `place`.
    fn put(&self, at: &str, path: &Path, (place, mounted): (&str, bool), found: &mut Vec<ProvidedFile>) {
        if below(at, place).is_some() {
            self.add(at.trim_end_matches('/'), path, (0, mounted), found);
        } else if let Some(rest) = below(place, at) {
            if !self.is_there(path) {
                found.push(ProvidedFile { path: at.to_owned(), text: None, mounted });
            } else if self.is_there(&path.join(rest)) {
                self.add(place, &path.join(rest), (0, mounted), found);
            }
        }
    }

    fn add(&self, at: &str, path: &Path, (depth, mounted): (usize, bool), found: &mut Vec<ProvidedFile>) {
        if !self.is_dir(path) || depth > MAX_DEPTH || found.len() >= MAX_READ {
            let text = self.read(path).filter(|_| found.len() < MAX_READ);
            found.push(ProvidedFile { path: at.to_owned(), text, mounted });
            return;
        }
        let inside = self.entries(path, MAX_ENTRIES + 1, |_| true);
        if inside.len() > MAX_ENTRIES {
            found.push(ProvidedFile { path: at.to_owned(), text: None, mounted });
            return;
        }
        for path in inside {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            self.add(&format!("{at}/{name}"), &path, (depth + 1, mounted), found);
        }
    }
}

/// True if a `RUN` writes to a path that contains one of the names, or may.
pub(super) fn is_edited(target: &TargetImage, names: &[&str]) -> bool {
    if !target.runs.iter().any(|run| has_word(run, names)) {
        return false;
    }
    let named = |text: &str| names.iter().any(|name| text.contains(name));
    Runs::new(target).all().any(|(run, script)| match script {
        None => has_word(run, names),
        Some(script) => script.commands.iter().any(|command| {
            let into = command.redirections.iter().any(|redirection| {
                redirection.operator.as_str().contains('>') && named(redirection.target.as_ref())
            });
            let words = command.words.iter().any(|word| named(word.as_ref()));
            into && !says_nothing_of_ports(command)
                || words && !command.program().is_some_and(|name| LEAVES_AS_IT_IS.contains(&base_name(name)))
        }),
    })
}

/// True if a `RUN` puts something into a file whose path contains one of the names.
pub(super) fn is_redirected_to(target: &TargetImage, names: &[&str]) -> bool {
    let named = |text: &str| names.iter().any(|name| text.contains(name));
    target.runs.iter().any(|run| has_word(run, names))
        && Runs::new(target).all().filter_map(|(_, script)| script).any(|script| {
            let all = script.commands.iter().flat_map(|command| &command.redirections);
            all.into_iter().any(|redirection| {
                redirection.operator.as_str().contains('>') && named(redirection.target.as_ref())
            })
        })
}

/// True for an `echo` of text without ports: `echo "daemon off;" >> nginx.conf`
fn says_nothing_of_ports(command: &Command) -> bool {
    command.program() == Some("echo")
        && command.arguments().iter().all(|word| {
            let text = word.as_ref().to_ascii_lowercase();
            !word.expands && !["listen", "port", "include", "\n"].iter().any(|part| text.contains(part))
        })
}
