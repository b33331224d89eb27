//! What the files say, resolved: images from Dockerfiles, services from Compose files, projects from both.

pub mod allowance;
pub mod build;
pub mod compose;
pub mod elsewhere;
pub mod fact;
pub mod image;
pub mod project;
mod reference;
pub mod size;

pub use reference::ImageReference;

use std::path::PathBuf;

use crate::source::Span;

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

/// The reason of a file that does not exist.
const MISSING: &str = "no such file";
