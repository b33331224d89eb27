//! oomlint is a static linter for memory problems of containers in Dockerfiles and Compose files.
//!
//! `discover → source → syntax → model → workload → rules → findings → report`: each stage uses only those before it.

pub mod capacity;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod discover;
pub mod error;
pub mod fix;
pub mod hash;
pub mod lsp;
pub mod model;
mod parallel;
pub mod report;
pub mod rules;
pub mod source;
pub mod stats;
pub mod syntax;
pub mod workload;
