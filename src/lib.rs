//! oomlint is a static linter for memory problems of containers in Dockerfiles and Compose files.
//!
//! `discover → source → syntax → model → workload → rules → findings → report`: each stage uses only those before it.

pub mod budget;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod discover;
pub mod engine;
pub mod error;
pub mod finding;
pub mod hash;
pub mod lsp;
pub mod model;
mod parallel;
pub mod report;
pub mod rules;
pub mod sizing;
pub mod source;
pub mod stats;
pub mod syntax;
pub mod workload;
