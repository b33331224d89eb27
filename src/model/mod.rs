//! The resolved model: images from Dockerfiles, services from Compose files and command lines, projects from both.

pub mod allowance;
pub mod build;
pub mod compose;
pub mod container;
pub mod elsewhere;
pub mod fact;
pub mod image;
pub mod launch;
pub mod project;
pub mod purpose;
pub(crate) mod reference;
pub mod stack;

pub use reference::ImageReference;

use std::path::{Component, Path, PathBuf};

use crate::source::{Sources, Span, normalize};

/// A reference that could not be followed. Facts that depend on it are Unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unresolved {
    /// Span of the reference.
    pub span: Span,
    /// The kind of reference: `include`, `extends`, `env_file`, `dockerfile`, `build`, `build context`, `build target`, `the
    /// project`.
    pub what: &'static str,
    /// The referenced name, as written.
    pub name: String,
    /// The reason it cannot be followed: lower case, no full stop.
    pub reason: String,
    /// A variable in it that has no value.
    pub unset: Option<String>,
    /// The path of the missing env file, if it is one.
    pub variables: Option<PathBuf>,
    /// The service that needs it, if one does.
    pub service: Option<String>,
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, name, reason, unset, .. } = self;
        match unset {
            Some(variable) => write!(f, "`{variable}` is not set, so `{name}` cannot be resolved"),
            None if reason == MISSING => write!(f, "{what} `{name}` does not exist"),
            None if reason == NOT_LOCAL => write!(f, "{what} `{name}` is not on this machine"),
            None => write!(f, "{what} `{name}`: {reason}"),
        }
    }
}

/// [`Unresolved::reason`] of a file that only a registry, a Git server or another host has.
pub(crate) const NOT_LOCAL: &str = "is not on this machine";

/// How many parent directories of a project are searched for one of its paths.
const MAX_ABOVE: usize = 6;

/// Returns the directories above a project's, the nearest first: at most [`MAX_ABOVE`], and none above the repository.
pub(crate) fn directories_above(directory: &Path, sources: &Sources) -> Vec<PathBuf> {
    let directory = sources.absolute(directory);
    let file = directory.join("compose.yaml");
    let root = sources.disk().repository_root(&file);
    let inside = |above: &&Path| root.as_ref().is_none_or(|root| above.starts_with(root));
    let above = directory.ancestors().skip(1).take(MAX_ABOVE).take_while(inside);
    above.map(Path::to_path_buf).collect()
}

/// True if `path`, relative to a parent of `directory`, exists: the file that names it is an override, and the project
/// directory is its base file's. False for a bare name, which may exist in any directory.
pub(crate) fn resolves_above(directory: &Path, path: &Path, sources: &Sources) -> bool {
    let named = path.components().filter(|part| matches!(part, Component::Normal(_))).count();
    let mut above = directory.to_path_buf();
    named > 1
        && !path.has_root()
        && (0..MAX_ABOVE).any(|_| {
            above.push("..");
            sources.exists(&normalize(&above.join(path)))
        })
}

/// [`Unresolved::reason`] of a file that does not exist.
pub(crate) const MISSING: &str = "no such file";
