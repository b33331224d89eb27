//! Which files are Dockerfiles and which are Compose files.
//!
//! Directories are walked as git sees them: `.gitignore` counts at every level, inside a repository or not. Hidden
//! directories are searched (`.devcontainer` holds real Compose files), `.git` is not, nor is what others wrote (`vendor`,
//! `node_modules`) unless it is named. Links to directories are not followed, so that a loop cannot be entered.

mod content;
mod context;
mod devcontainer;
mod ignored;
mod kind;
mod root;
mod untracked;
mod walk;

pub use devcontainer::{HostRequirement, host_requirement};
pub use kind::{FileKind, is_env_file, is_pipeline, kind_met, kind_of, kind_of_text, kind_open};
pub use root::RepositoryRoot;
pub use untracked::Untracked;

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::source::{EntryKind, FileSystem, LoadError, compare_paths, normalize, relative_to};

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiscoveredFile {
    /// As it is shown: as given, or joined below what was given; without `./` when that was the current directory.
    pub path: PathBuf,
    /// What is in it.
    pub kind: FileKind,
    /// Named by the user rather than met on the way.
    pub explicit: bool,
}

/// What there is to look at.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// Each file once, sorted by path.
    pub files: Vec<DiscoveredFile>,
    /// Files of variables that were named: `.env` and what a service's `env_file` may be.
    pub env_files: Vec<PathBuf>,
    /// Compose files around those that were named, for the stacks that these have a part in.
    pub related_compose_files: Vec<PathBuf>,
    /// Files that were named, are called like Compose files, and are a CI system's: they are left out.
    pub pipelines: Vec<PathBuf>,
    /// Directories below those given that could not be read. The rest was searched.
    pub unreadable: Vec<Error>,
}

/// How to look.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Search what `.gitignore` hides, too.
    pub no_ignore: bool,
    /// What may be read.
    pub disk: FileSystem,
}

/// Finds the files at and below `paths`; below the current directory when there are none.
///
/// A file that is named is always taken: its kind is told by its name, else by a look into it. The stacks that it has a part
/// in are looked for in its repository.
///
/// # Errors
/// When a path is not there, cannot be read, or names a file that is neither kind.
pub fn discover(paths: &[PathBuf], options: Options) -> Result<Discovered, Error> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut discovered = Discovered::default();
    for path in paths {
        if options.disk.entry_kind(path).map_err(|error| failure(path, error))? == EntryKind::Directory {
            walk::walk(path, &options, &mut discovered);
        } else if is_env_file(path) {
            discovered.env_files.push(shown(path));
        } else if let Some(kind) = kind::kind_named(path, &options.disk)? {
            discovered.files.push(DiscoveredFile { path: shown(path), kind, explicit: true });
        } else {
            discovered.pipelines.push(shown(path));
        }
    }
    discovered.sort();
    discovered.related_compose_files = context::around(&discovered, &options);
    Ok(discovered)
}

impl Discovered {
    /// Adds a file that is not on the disk, or that something else than a path named.
    pub fn add(&mut self, path: PathBuf, kind: FileKind) {
        self.files.push(DiscoveredFile { path, kind, explicit: true });
        self.sort();
    }

    /// By path; of one that was both named and met, the named one stays.
    fn sort(&mut self) {
        self.files.sort_by(|a, b| compare_paths(&a.path, &b.path).then(b.explicit.cmp(&a.explicit)));
        self.files.dedup_by(|later, earlier| later.path == earlier.path);
    }
}

/// `./a` is shown as `a`, and so is `../here/a`.
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

/// Why a named path cannot be read.
fn failure(path: &Path, error: LoadError) -> Error {
    let path = path.to_path_buf();
    match error {
        LoadError::NotFound => Error::NotFound { path, help: None },
        error => Error::Unreadable { path, reason: error.to_string() },
    }
}
