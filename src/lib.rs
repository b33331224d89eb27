//! oomlint reads Dockerfiles and Compose files and tells how their containers will misbehave over memory.
//!
//! `source → syntax → model → workload → rules → findings → report`: each stage uses only those before it.

pub mod catalog;
pub mod finding;
pub mod model;
pub mod source;
pub mod syntax;
pub mod workload;
