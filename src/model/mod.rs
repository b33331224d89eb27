//! What the files say, resolved: images from Dockerfiles, services from Compose files, projects from both.

pub mod allowance;
pub mod build;
pub mod compose;
pub mod elsewhere;
pub mod fact;
pub mod image;
pub mod project;
pub mod purpose;
mod reference;
pub mod size;

pub use reference::ImageReference;

use std::path::{Component, Path, PathBuf};

use crate::source::{Sources, Span, normalize};

/// A reference that could not be followed: what depends on it is Unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unresolved {
    /// Where it is written.
    pub span: Span,
    /// Which kind of reference: `include`, `extends`, `env_file`, `dockerfile`, `build context`, `build target`.
    pub what: &'static str,
    /// What it names, as written.
    pub name: String,
    /// Why it cannot be followed: lower case, no full stop.
    pub reason: String,
    /// A variable that it depends on and that has no value.
    pub unset: Option<String>,
    /// Where a file of variables would be that does not exist.
    pub variables: Option<PathBuf>,
    /// The service that needs it.
    pub service: Option<String>,
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, name, reason, unset, .. } = self;
        match unset {
            Some(variable) => write!(f, "`{variable}` is not set, so `{name}` cannot be resolved"),
            None if reason == MISSING => write!(f, "{what} names `{name}`, which does not exist"),
            None if reason == ELSEWHERE => write!(f, "{what} names `{name}`, which is not on this machine"),
            None => write!(f, "{what} names `{name}`: {reason}"),
        }
    }
}

/// The reason of a file that only a registry, a Git server or another host has.
pub(crate) const ELSEWHERE: &str = "is not on this machine";

/// Directories above a project's in which a path of it is looked for.
const MAX_ABOVE: usize = 6;

/// True where a path that is not there from `directory` is there from one above: the file that names it is merged over another
/// one, whose directory is the project's. A bare name tells nothing: there may be one in any directory.
pub(crate) fn is_from_above(directory: &Path, path: &Path, sources: &Sources) -> bool {
    let named = path.components().filter(|part| matches!(part, Component::Normal(_))).count();
    let mut above = directory.to_path_buf();
    named > 1
        && path.is_relative()
        && (0..MAX_ABOVE).any(|_| {
            above.push("..");
            sources.exists(&normalize(&above.join(path)))
        })
}

/// The reason of a file that does not exist.
const MISSING: &str = "no such file";
