//! Scripts that a container runs and that stand in the project: copied from the build context, mounted, or written in the
//! Dockerfile.

use std::cell::Cell;
use std::path::{Component, Path, PathBuf};

use crate::model::compose::Mount;
use crate::model::image::{Copied, TargetImage};
use crate::source::{Sources, Text, normalize};
use crate::syntax::shell::{base_name, is_shell};

/// Largest script that is read, in bytes.
const MAX_SCRIPT: usize = 256 * 1024;

/// Most scripts that are read in the directories of one container.
const MAX_READ: usize = 48;

/// Entries of directories that are looked at for scripts.
const MAX_ENTRIES: usize = 400;

/// The directories in which a program without a path is looked for.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The way to the scripts of one container.
pub(super) struct Scripts<'s> {
    sources: Option<&'s Sources>,
    /// Directories that may be the build context, the likeliest first.
    contexts: Vec<PathBuf>,
    target: Option<&'s TargetImage>,
    /// Paths in the container, and what is seen there.
    mounts: Vec<(String, PathBuf)>,
    /// Scripts that were read on walks through directories.
    walked: Cell<usize>,
}

impl<'s> Scripts<'s> {
    /// Nothing is in sight.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self {
            sources: None,
            contexts: Vec::new(),
            target: None,
            mounts: Vec::new(),
            walked: Cell::default(),
        }
    }

    /// Those of a service: `context` is its build context, `directory` the project's.
    pub(super) fn of_service(
        sources: &'s Sources,
        target: Option<&'s TargetImage>,
        context: Option<PathBuf>,
        (mounts, directory): (&[Mount], &Path),
    ) -> Self {
        let bound = mounts.iter().filter(|mount| mount.source.starts_with(['.', '/']));
        let mounts = bound.map(|mount| (mount.target.clone(), directory.join(&mount.source))).collect();
        let contexts = context.into_iter().collect();
        Self { sources: Some(sources), contexts, target, mounts, walked: Cell::default() }
    }

    /// Those of a Dockerfile that nothing builds: its context is its directory, or one above within the current one.
    pub(super) fn of_dockerfile(sources: &'s Sources, target: &'s TargetImage, file: &Path) -> Self {
        let above = if file.is_absolute() { 1 } else { usize::MAX };
        let contexts = file.ancestors().skip(1).take(above).map(Path::to_path_buf).collect();
        Self {
            sources: Some(sources),
            contexts,
            target: Some(target),
            mounts: Vec::new(),
            walked: Cell::default(),
        }
    }

    /// The shell script that a word of a start line or a probe names; none when it is not here, or no shell's.
    pub(super) fn find(&self, word: &str) -> Option<Text> {
        let places = self.places(word);
        let mounted = places.iter().find_map(|place| {
            let (target, source) = self.mounts.iter().rfind(|(target, _)| below(place, target).is_some())?;
            let rest = below(place, target)?;
            Some(if rest.is_empty() { source.clone() } else { source.join(rest) })
        });
        if let Some(path) = mounted {
            return self.read(&path).filter(is_script);
        }
        let copies = self.target.map(|target| target.copies.as_slice()).unwrap_or_default();
        // The last one wins.
        copies.iter().rev().find_map(|copied| places.iter().find_map(|place| self.copied(copied, place)))?
    }

    /// Every script that the image takes from its context, as far as the bounds go.
    pub(super) fn all(&self) -> Vec<Text> {
        let copies = self.target.map(|target| target.copies.as_slice()).unwrap_or_default();
        let mut entries = 0;
        let mut found: Vec<Text> = Vec::new();
        for copied in copies.iter().filter(|copied| copied.from.is_none()) {
            found.extend(copied.contents.iter().filter(|text| is_script(text)).cloned());
            let Some((_, sources)) = copied.words.split_last() else { continue };
            for path in sources.iter().filter_map(|word| self.in_context(word.as_str())) {
                self.walk(&path, 0, &mut entries, &mut found);
            }
        }
        for (_, path) in &self.mounts {
            self.walk(path, 0, &mut entries, &mut found);
        }
        found
    }

    /// The texts that a container gets below a directory; none when a part of them is not here.
    pub(super) fn below(&self, directory: &str) -> Option<Vec<Text>> {
        let copies = self.target.map(|target| target.copies.as_slice()).unwrap_or_default();
        let mut found = Vec::new();
        for copied in copies {
            let Some((to, sources)) = copied.words.split_last() else { continue };
            let base =
                copied.workdir.as_ref().and_then(|workdir| workdir.as_ref().ok()).map_or("/", Text::as_str);
            let to = to.as_str();
            let to = if to.starts_with('/') { tidy(to) } else { tidy(&format!("{base}/{to}")) };
            if below(&to, directory).is_none() {
                continue;
            }
            if copied.from.is_some() {
                return None;
            }
            found.extend(copied.contents.iter().cloned());
            for source in sources.iter().filter(|_| copied.contents.is_empty()) {
                self.texts(&self.in_context(source.as_str())?, &mut found)?;
            }
        }
        for (_, path) in self.mounts.iter().filter(|(target, _)| below(target, directory).is_some()) {
            self.texts(path, &mut found)?;
        }
        Some(found)
    }

    /// A file, or the files of a directory.
    fn texts(&self, path: &Path, found: &mut Vec<Text>) -> Option<()> {
        let disk = self.sources?.disk();
        if !disk.is_dir(path) {
            found.push(self.read(path)?);
            return Some(());
        }
        let mut inside: Vec<PathBuf> = disk.entries(path).take(MAX_ENTRIES).collect();
        inside.sort();
        for path in inside.iter().filter(|path| !disk.is_dir(path)) {
            if found.len() >= MAX_READ {
                return None;
            }
            found.push(self.read(path)?);
        }
        Some(())
    }

    fn walk(&self, path: &Path, depth: usize, entries: &mut usize, found: &mut Vec<Text>) {
        let Some(sources) = self.sources else { return };
        *entries += 1;
        if depth > 3 || *entries > MAX_ENTRIES || found.len() >= MAX_READ {
            return;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if sources.disk().is_dir(path) {
            let skipped = [".git", "node_modules", "vendor", "target", ".venv", "test", "tests", "docs"];
            if depth > 0 && skipped.contains(&name) {
                return;
            }
            let mut inside: Vec<PathBuf> = sources.disk().entries(path).take(MAX_ENTRIES).collect();
            inside.sort();
            for path in inside {
                self.walk(&path, depth + 1, entries, found);
            }
            return;
        }
        let plain = !name.contains('.') || name.ends_with(".sh") || name.ends_with(".bash");
        if plain && !name.starts_with("Dockerfile") && self.walked.get() < MAX_READ {
            self.walked.set(self.walked.get() + 1);
            found.extend(self.read(path).filter(is_script));
        }
    }

    /// Paths in the container that a word may mean.
    fn places(&self, word: &str) -> Vec<String> {
        if word.starts_with('/') {
            return vec![tidy(word)];
        }
        if !word.contains('/') {
            let here = self.workdir().map(|workdir| tidy(&format!("{workdir}/{word}")));
            return PATH.iter().map(|path| format!("{path}/{word}")).chain(here).collect();
        }
        let workdir = self.workdir().unwrap_or("/");
        vec![tidy(&format!("{workdir}/{word}"))]
    }

    fn workdir(&self) -> Option<&str> {
        self.target?.workdir.as_ref()?.as_ref().ok().map(Text::as_str)
    }

    /// The script that a `COPY` puts at a place of the container: none when it puts nothing there, `Some(None)` for no script or
    /// not here.
    fn copied(&self, copied: &Copied, place: &str) -> Option<Option<Text>> {
        let (to, sources) = copied.words.split_last()?;
        let base = copied.workdir.as_ref().and_then(|workdir| workdir.as_ref().ok());
        let base = base.map_or("/", Text::as_str);
        let written = to.as_str();
        let absolute =
            if written.starts_with('/') { tidy(written) } else { tidy(&format!("{base}/{written}")) };
        let rest = below(place, &absolute)?;
        if let [content] = copied.contents.as_slice() {
            return (rest.is_empty()).then(|| Some(content.clone()).filter(is_script));
        }
        if copied.from.is_some() {
            // From another stage: there it is not followed.
            return (rest.is_empty() || written.ends_with('/')).then_some(None);
        }
        sources.iter().find_map(|source| {
            let (folder, pattern) = source.as_str().rsplit_once('/').unwrap_or((".", source.as_str()));
            if pattern.contains('*') && fits(pattern, rest) {
                let path = self.in_context(folder)?.join(rest);
                return self.read(&path).map(|text| Some(text).filter(is_script));
            }
            let path = self.in_context(source.as_str())?;
            let is_directory = self.sources?.disk().is_dir(&path);
            let found = match (rest.is_empty(), is_directory) {
                (true, false) => self.read(&path),
                (false, true) => self.read(&path.join(rest)),
                (false, false) if base_name(source.as_str()) == rest => self.read(&path),
                _ => None,
            };
            found.map(|text| Some(text).filter(is_script))
        })
    }

    /// The path of a word of `COPY`, inside of the context.
    fn in_context(&self, word: &str) -> Option<PathBuf> {
        if word.contains(['$', '*', '?', '[']) || word.contains("://") {
            return None;
        }
        let inside = normalize(Path::new(word.trim_start_matches('/')));
        if inside.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        let sources = self.sources?;
        let there = |path: &PathBuf| sources.exists(path) || sources.disk().is_dir(path);
        self.contexts.iter().map(|context| context.join(&inside)).find(there)
    }

    fn read(&self, path: &Path) -> Option<Text> {
        let sources = self.sources?;
        if !sources.exists(path) {
            return None;
        }
        // One that is in memory alone has no size on the disk.
        if sources.disk().size(path).is_ok_and(|size| size > MAX_SCRIPT as u64) {
            return None;
        }
        let file = sources.load(path).ok()?;
        let source = sources.get(file);
        if source.text().len() > MAX_SCRIPT {
            return None;
        }
        Some(Text::verbatim(source.text(), source.span()))
    }
}

/// A script for a shell: by its first line, or without one.
fn is_script(text: &Text) -> bool {
    let first = text.as_str().lines().next().unwrap_or_default();
    let Some(interpreter) = first.strip_prefix("#!") else { return !text.as_str().contains('\0') };
    let mut words = interpreter.split_whitespace().map(base_name).filter(|word| !word.starts_with('-'));
    words.find(|word| *word != "env" && *word != "with-contenv").is_some_and(is_shell)
}

/// True for a file of a name like `*`, `*.sh`, `run-*`.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((front, back)) = pattern.split_once('*') else { return false };
    let long = name.len() >= front.len() + back.len();
    !name.is_empty() && !name.contains('/') && long && name.starts_with(front) && name.ends_with(back)
}

/// The rest of `place` below `above`; empty for the same.
fn below<'p>(place: &'p str, above: &str) -> Option<&'p str> {
    let above = above.trim_end_matches('/');
    let rest = place.strip_prefix(above)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// An absolute path without `.`, `..` and needless slashes.
fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
