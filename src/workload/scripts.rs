//! Scripts of the project that a container runs: copied from the build context, mounted, or written in the Dockerfile.

use std::cell::Cell;
use std::path::{Component, Path, PathBuf};

use crate::model::compose::Mount;
use crate::model::image::{CopyInstruction, TargetImage, tidy};
use crate::source::{Sources, Span, TracedText, normalize};
use crate::syntax::shell::{base_name, is_shell};

/// Maximum size of a script that is read, in bytes.
const MAX_SCRIPT: usize = 256 * 1024;

/// Maximum number of scripts that are read from one container's directories.
pub(super) const MAX_READ: usize = 48;

/// Maximum number of directory entries that are searched for scripts.
pub(super) const MAX_ENTRIES: usize = 400;

/// The directories in which a program without a path is searched.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Finds and reads the scripts of one container.
pub(super) struct Scripts<'s> {
    sources: Option<&'s Sources>,
    /// Directories that may be the build context, the most likely first.
    contexts: Vec<PathBuf>,
    target: Option<&'s TargetImage>,
    /// Bind mounts: the path in the container, and the host path.
    pub(super) mounts: Vec<(String, PathBuf)>,
    /// Container paths of other mounts, which have no file here: volumes, secrets, configs from elsewhere.
    pub(super) volumes: Vec<String>,
    /// Container paths and texts of configs that the Compose file has itself.
    pub(super) configs: Vec<(String, TracedText)>,
    /// The base image's own `WORKDIR`.
    home: String,
    /// The number of scripts read while walking through directories.
    walked: Cell<usize>,
}

impl<'s> Scripts<'s> {
    /// Returns an instance that finds nothing.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self {
            sources: None,
            contexts: Vec::new(),
            target: None,
            mounts: Vec::new(),
            volumes: Vec::new(),
            configs: Vec::new(),
            home: "/".to_owned(),
            walked: Cell::default(),
        }
    }

    /// Finds the scripts of a service. `context` is its build context, `directory` the project's.
    pub(super) fn of_service(
        sources: &'s Sources,
        target: Option<&'s TargetImage>,
        context: Option<PathBuf>,
        (mounts, directory): (&[Mount], &Path),
    ) -> Self {
        let configs = mounts.iter().filter_map(|mount| Some((mount.target.clone(), mount.content.clone()?)));
        let (bound, others): (Vec<&Mount>, Vec<&Mount>) = mounts
            .iter()
            .filter(|mount| mount.content.is_none())
            .partition(|mount| mount.source.starts_with(['.', '/']) && !mount.source.contains('$'));
        let mounts = bound.into_iter().map(|mount| (mount.target.clone(), directory.join(&mount.source)));
        Self {
            sources: Some(sources),
            contexts: context.into_iter().collect(),
            target,
            mounts: mounts.collect(),
            volumes: others.into_iter().map(|mount| mount.target.clone()).collect(),
            configs: configs.collect(),
            home: "/".to_owned(),
            walked: Cell::default(),
        }
    }

    /// Finds the scripts of a lone Dockerfile. Its context is its directory, or for a relative path any directory above it.
    pub(super) fn of_dockerfile(sources: &'s Sources, target: &'s TargetImage, file: &Path) -> Self {
        let above = if file.is_absolute() { 1 } else { usize::MAX };
        let contexts = file.ancestors().skip(1).take(above).map(Path::to_path_buf).collect();
        Self {
            sources: Some(sources),
            contexts,
            target: Some(target),
            mounts: Vec::new(),
            volumes: Vec::new(),
            configs: Vec::new(),
            home: "/".to_owned(),
            walked: Cell::default(),
        }
    }

    /// Sets the `WORKDIR` of the base image.
    pub(super) fn at_home(mut self, home: &str) -> Self {
        home.clone_into(&mut self.home);
        self
    }

    pub(super) fn home(&self) -> &str {
        &self.home
    }

    pub(super) fn copies(&self) -> &'s [CopyInstruction] {
        self.target.map(|target| target.copies.as_slice()).unwrap_or_default()
    }

    /// Returns the name that a script's file has in the project: a mount or `COPY` may give it another one. `None` for a script
    /// within a Dockerfile or Compose file.
    pub(super) fn name_of(&self, text: &TracedText) -> Option<String> {
        let source = self.sources?.get(text.span().file);
        let name = source.path().file_name()?.to_str()?;
        (source.language().is_none()).then(|| name.to_owned())
    }

    /// Returns the shell script that a word of a start line or probe names; `None` if unavailable, or not for a shell.
    pub(super) fn find(&self, word: &str) -> Option<TracedText> {
        // A file with another ending needs a shebang: `redis.conf` is no script.
        let name = base_name(word);
        let plain = !name.contains('.') || [".sh", ".bash", ".ash"].iter().any(|end| name.ends_with(end));
        self.file_at(word).filter(|text| plain || text.as_str().starts_with("#!"))
    }

    /// Returns the text of the file that a word names, if it is a script by [`is_script`].
    fn file_at(&self, word: &str) -> Option<TracedText> {
        let places = self.places(word);
        let mounted = places.iter().find_map(|place| {
            let (target, source) = self.mounts.iter().rfind(|(target, _)| below(place, target).is_some())?;
            let rest = below(place, target)?;
            Some(if rest.is_empty() { source.clone() } else { source.join(rest) })
        });
        if let Some(path) = mounted {
            return self.read(&path).filter(is_script);
        }
        // The last `COPY` wins.
        self.copies()
            .iter()
            .rev()
            .find_map(|copied| places.iter().find_map(|place| self.copied(copied, place)))?
    }

    /// Returns the file's text at this span.
    pub(super) fn written(&self, place: Span) -> Option<String> {
        let text = self.sources?.get(place.file).slice(place).to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// Returns every script that the container gets from the context and bind mounts, up to the limits.
    pub(super) fn all(&self) -> Vec<TracedText> {
        let mut entries = 0;
        let mut found: Vec<TracedText> = Vec::new();
        for copied in self.copies().iter().filter(|copied| copied.from.is_none()) {
            found.extend(copied.contents.iter().filter(|text| is_script(text)).cloned());
            let Some((_, sources)) = copied.words.split_last() else { continue };
            for path in sources.iter().flat_map(|word| self.in_context(word.as_str())) {
                self.walk(&path, 0, &mut entries, &mut found);
            }
        }
        for (_, path) in &self.mounts {
            self.walk(path, 0, &mut entries, &mut found);
        }
        found
    }

    fn walk(&self, path: &Path, depth: usize, entries: &mut usize, found: &mut Vec<TracedText>) {
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
            for path in sources.disk().first_entries(path, MAX_ENTRIES, |_| true) {
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

    /// Returns the paths in the container that a word may mean.
    fn places(&self, word: &str) -> Vec<String> {
        if word.starts_with('/') {
            return vec![tidy(word)];
        }
        if !word.contains('/') {
            let here = self.workdir().map(|workdir| tidy(&format!("{workdir}/{word}")));
            return PATH.iter().map(|path| format!("{path}/{word}")).chain(here).collect();
        }
        let workdir = self.workdir().unwrap_or_default();
        vec![tidy(&format!("{workdir}/{word}"))]
    }

    /// Returns the absolute path of one relative to the container's working directory.
    pub(super) fn place(&self, path: &str) -> String {
        tidy(&format!("{}/{path}", self.workdir().unwrap_or_default()))
    }

    fn workdir(&self) -> Option<String> {
        let workdir = match self.target.map(|target| &target.workdir) {
            Some(Some(workdir)) => workdir.as_ref().ok()?.as_str(),
            _ => "",
        };
        let above = if workdir.starts_with('/') { "" } else { &self.home };
        Some(tidy(&format!("{above}/{workdir}")))
    }

    /// Returns the script that a `COPY` puts at a path: `None` if it puts nothing there, `Some(None)` if the file is no script
    /// or not available.
    fn copied(&self, copied: &CopyInstruction, place: &str) -> Option<Option<TracedText>> {
        let (_, sources) = copied.words.split_last()?;
        let Some(to) = copied.to(&self.home) else {
            // The unknown destination may be this path.
            let named = sources.iter().any(|source| base_name(source.as_str()) == base_name(place));
            return named.then_some(None);
        };
        let rest = below(place, &to)?;
        if let [content] = copied.contents.as_slice() {
            return (rest.is_empty()).then(|| Some(content.clone()).filter(is_script));
        }
        if copied.from.is_some() {
            // Files of other stages are not followed.
            return (rest.is_empty() || copied.into_directory()).then_some(None);
        }
        sources.iter().find_map(|source| {
            let found = self.in_context(source.as_str()).into_iter().find_map(|path| {
                match (rest.is_empty(), self.is_dir(&path)) {
                    (true, false) => self.read(&path),
                    (false, true) => self.read(&path.join(rest)),
                    (false, false) if path.file_name().is_some_and(|name| name == rest) => self.read(&path),
                    _ => None,
                }
            });
            found.map(|text| Some(text).filter(is_script))
        })
    }

    /// True for a `COPY` source that may match several files.
    pub(super) fn is_glob(&self, word: &str) -> bool {
        word.contains(['*', '?', '['])
    }

    /// Returns the paths in the context that a `COPY` source matches; several for `conf/*.conf`.
    pub(super) fn in_context(&self, word: &str) -> Vec<PathBuf> {
        let (directory, pattern) = match word.rsplit_once('/') {
            _ if !self.is_glob(word) => (word, None),
            Some((directory, pattern)) => (directory, Some(pattern)),
            None => (".", Some(word)),
        };
        if directory.contains(['$', '*', '?', '[']) || word.contains("://") {
            return Vec::new();
        }
        let inside = normalize(Path::new(directory.trim_start_matches('/')));
        if inside.components().any(|part| part == Component::ParentDir) {
            return Vec::new();
        }
        let there =
            self.contexts.iter().map(|context| context.join(&inside)).find(|path| self.is_there(path));
        let (Some(path), Some(pattern)) = (&there, pattern) else { return there.into_iter().collect() };
        let name = |path: &PathBuf| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| glob_matches(pattern, name))
        };
        self.entries(path, MAX_ENTRIES, name)
    }

    pub(super) fn is_there(&self, path: &Path) -> bool {
        self.sources.is_some_and(|sources| sources.exists(path) || sources.disk().is_dir(path))
    }

    pub(super) fn is_dir(&self, path: &Path) -> bool {
        self.sources.is_some_and(|sources| sources.disk().is_dir(path))
    }

    /// Returns the first `most` entries of a directory that `keep` accepts, by name.
    pub(super) fn entries(
        &self,
        directory: &Path,
        most: usize,
        keep: impl Fn(&PathBuf) -> bool,
    ) -> Vec<PathBuf> {
        self.sources.map(|sources| sources.disk().first_entries(directory, most, keep)).unwrap_or_default()
    }

    pub(super) fn read(&self, path: &Path) -> Option<TracedText> {
        let sources = self.sources?;
        if !sources.exists(path) {
            return None;
        }
        // A file that exists only in memory has no size on disk.
        if sources.disk().size(path).is_ok_and(|size| size > MAX_SCRIPT as u64) {
            return None;
        }
        let file = sources.load(path).ok()?;
        let source = sources.get(file);
        if source.text().len() > MAX_SCRIPT {
            return None;
        }
        Some(TracedText::verbatim(source.text(), source.span()))
    }
}

/// True for a shell script: its shebang names a shell, or it has none and no NUL.
fn is_script(text: &TracedText) -> bool {
    let first = text.as_str().lines().next().unwrap_or_default();
    let Some(interpreter) = first.strip_prefix("#!") else { return !text.as_str().contains('\0') };
    let mut words = interpreter.split_whitespace().map(base_name).filter(|word| !word.starts_with('-'));
    words.find(|word| *word != "env" && *word != "with-contenv").is_some_and(is_shell)
}

/// Returns the path of `place` relative to `above`, empty if they are equal; `None` if it is not below.
pub(super) fn below<'p>(place: &'p str, above: &str) -> Option<&'p str> {
    let above = above.trim_end_matches('/');
    let rest = place.strip_prefix(above)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// True if a name matches a pattern with `*` and `?`, neither of which matches `/`. Character classes match nothing.
pub(super) fn glob_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where to resume if the text after the last star does not match.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(from) {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at + 1, from));
                at += 1;
            }
            (Some(b'?'), _) if *byte != b'/' => (at, from) = (at + 1, from + 1),
            (Some(wanted), _) if wanted == byte => (at, from) = (at + 1, from + 1),
            (_, Some((behind, taken))) if name.get(taken) != Some(&b'/') => {
                star = Some((behind, taken + 1));
                (at, from) = (behind, taken + 1);
            }
            _ => return false,
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::glob_matches;

    #[test]
    fn patterns_fit_names() {
        assert!(
            glob_matches("*.conf", "a.conf")
                && glob_matches("/x/*/y?", "/x/ab/yz")
                && glob_matches("a*b*c", "a1b2b3c")
        );
        assert!(
            glob_matches("**", "")
                && !glob_matches("?", "")
                && !glob_matches("/x?b", "/x/b")
                && !glob_matches("a*?c", "ab/c")
                && !glob_matches("/x/*", "/x/a/b")
                && !glob_matches("*.conf", "a.conf~")
        );
    }
}
