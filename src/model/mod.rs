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

use crate::source::Span;

/// A reference that could not be followed: what hangs on it is Unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unresolved {
    /// Where it is written.
    pub span: Span,
    /// Which kind of reference: `include`, `extends`, `env_file`, `dockerfile`, `build context`, `build target`.
    pub what: &'static str,
    /// What it names, as written.
    pub name: String,
    /// Why it leads nowhere: lower case, no full stop.
    pub reason: String,
    /// The service that needs it.
    pub service: Option<String>,
}
