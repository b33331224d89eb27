//! Finds the Dockerfiles and Compose files to check.
//!
//! Directories are walked as git sees them: `.gitignore` applies at every level, inside a repository or not. Hidden
//! directories are searched (`.devcontainer` holds real Compose files); `.git`, `vendor` and `node_modules` are not,
//! unless named. Links to directories are not followed, so that the walk cannot loop.

mod content;
mod context;
mod devcontainer;
mod ignored;
mod kind;
mod root;
mod untracked;
mod walk;

pub use content::is_template;
pub use devcontainer::{
    Devcontainer, DevcontainerBuild, HostRequirement, host_requirement, is_devcontainer, read_devcontainer,
};
use kind::may_be_linted;
pub use kind::{
    FileKind, IMAGE_LOCK, is_env_file, is_image_lock, is_pipeline, kind_in_editor, kind_in_walk, kind_of,
    kind_of_file, kind_of_named, kind_of_text,
};
pub use root::RepositoryRoot;
pub use untracked::Untracked;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;
use crate::source::{EntryKind, FileSystem, compare_paths, named_from, normalize, path_text, relative_to};

/// A file to check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiscoveredFile {
    /// Path for display: as given, or joined to a given directory; without `./` if that is the current directory.
    pub path: PathBuf,
    /// Its kind.
    pub kind: FileKind,
    /// True if the user named the file; false if a directory walk found it.
    pub explicit: bool,
}

/// The files found for the paths of the command line.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// Each file once, sorted by path.
    pub files: Vec<DiscoveredFile>,
    /// Env files named on the command line: `.env`, and files that a service's `env_file` may name.
    pub env_files: Vec<PathBuf>,
    /// Files of locked images that are named on the command line.
    pub image_locks: Vec<PathBuf>,
    /// Compose files near the named files that may use them.
    pub related_compose_files: Vec<PathBuf>,
    /// Compose files that are not checked, and may override services of those that are.
    pub unchecked_compose_files: Vec<PathBuf>,
    /// Named files that have a Compose file's name but are CI pipelines; they are not checked.
    pub pipelines: Vec<PathBuf>,
    /// Entries below the given paths that could not be read, ignore files included. The rest was searched.
    pub unreadable: Vec<Error>,
}

/// Tells which files the configuration names as Compose files, whatever they are called.
#[derive(Clone, Default)]
pub struct NamedFiles(Option<Arc<IsNamed>>);

/// Tells whether a file is named.
type IsNamed = dyn Fn(&Path) -> bool + Send + Sync;

impl NamedFiles {
    /// Asks `is_named` of every file that is not recognized otherwise.
    pub fn new(is_named: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(is_named)))
    }

    /// True if it may name any.
    fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the kind of a file that is named.
    fn kind_of(&self, path: &Path) -> Option<FileKind> {
        self.0.as_ref().is_some_and(|is_named| is_named(path)).then_some(FileKind::Compose)
    }
}

impl fmt::Debug for NamedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedFiles").field(&self.0.is_some()).finish()
    }
}

/// Options of discovery.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The files that the configuration names as Compose files.
    pub named: NamedFiles,
    /// Also search what `.gitignore` excludes.
    pub no_ignore: bool,
    /// The file system to search.
    pub disk: FileSystem,
}

/// Finds the files at and below `paths`, or below the current directory if there are none.
///
/// A file that is named is always taken, except for a CI pipeline: its kind is determined by its name, else by its
/// content. Compose files that may use it are searched for in its repository.
///
/// # Errors
/// If a path does not exist, cannot be read, or is a file of neither kind.
pub fn discover(paths: &[PathBuf], options: Options) -> Result<Discovered, Error> {
    let begun = tracing::enabled!(tracing::Level::DEBUG).then(std::time::Instant::now);
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    // One file has one name: where some paths are relative, those below the current directory all are.
    let current = paths.iter().any(|path| path.is_relative()).then(|| options.disk.current_dir());
    let one_name =
        |path| current.as_ref().map_or_else(|| PathBuf::clone(path), |here| named_from(path, here));
    let mut discovered = Discovered::default();
    for path in &paths.iter().map(one_name).collect::<Vec<_>>() {
        if options.disk.entry_kind(path).map_err(|error| Error::of_named_file(path, &error))?
            == EntryKind::Directory
        {
            walk::walk(path, &options, &mut discovered);
        } else if kind_of(path).is_none() && options.named.kind_of(path).is_some() {
            discovered.files.push(DiscoveredFile {
                path: shown(path),
                kind: FileKind::Compose,
                explicit: true,
            });
        } else if is_env_file(path) {
            discovered.env_files.push(shown(path));
        } else if is_image_lock(path) {
            discovered.image_locks.push(shown(path));
        } else if let Some(kind) = kind::kind_of_argument(path, &options.disk)? {
            discovered.files.push(DiscoveredFile { path: shown(path), kind, explicit: true });
        } else {
            discovered.pipelines.push(shown(path));
        }
    }
    discovered.sort();
    discovered.related_compose_files = context::related_compose_files(&discovered, &options);
    for path in &discovered.related_compose_files {
        tracing::debug!("related: `{}`", path_text(path));
    }
    if let Some(begun) = begun {
        tracing::debug!("found {} files: {} ms", discovered.files.len(), begun.elapsed().as_millis());
    }
    Ok(discovered)
}

impl Discovered {
    /// Adds a file that is not on disk, or that was named otherwise than by a path.
    pub fn add(&mut self, path: PathBuf, kind: FileKind) {
        self.files.push(DiscoveredFile { path, kind, explicit: true });
        self.sort();
    }

    /// Sorts by path. A file that was both named and found by a walk counts as named.
    fn sort(&mut self) {
        self.files.sort_by(|a, b| compare_paths(&a.path, &b.path).then(b.explicit.cmp(&a.explicit)));
        self.files.dedup_by(|later, earlier| later.path == earlier.path);
    }
}

/// Returns the path for display: `./a` becomes `a`, and so does `../here/a` in the directory `here`.
fn shown(path: &Path) -> PathBuf {
    let path = match path.strip_prefix(".") {
        Ok(rest) if !rest.as_os_str().is_empty() => rest,
        _ => path,
    };
    if !path.starts_with("..") {
        return path.to_path_buf();
    }
    relative_to(&normalize(path), &std::env::current_dir().unwrap_or_default())
}
