//! What the files say, resolved: images from Dockerfiles, services from Compose files, projects from both.

mod reference;
pub mod size;

pub use reference::ImageReference;
