//! Integration tests, in one executable so that helpers are shared and everything is linked once.
//!
//! `cargo test --test it rule_pages` runs one file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]

mod advice;
mod book;
mod budget;
mod catalog;
mod cli;
mod commands;
mod common;
mod compose_cases;
mod compose_conformance;
mod compose_grammar;
mod compose_merge;
mod compose_refusals;
mod config;
mod corpus;
mod dockerfile;
mod dockerfile_cases;
mod dockerfile_conformance;
mod dockerfile_properties;
mod fingerprints;
mod fixes;
mod formats;
mod hostile;
mod hostile_files;
mod hostile_reports;
mod image_corpus;
mod layering;
mod limits;
mod links;
mod lsp;
mod lsp_restricted;
mod named;
mod offered_probes;
mod output;
mod packaging;
mod pasted_probes;
mod patches;
mod projects;
mod readme;
mod reports;
mod rule_pages;
mod run_properties;
mod sarif;
mod shell_properties;
mod size;
mod stories;
mod suppressions;
mod surroundings;
mod whole;
mod workloads;
mod yaml;
mod yaml_conformance;
mod yaml_properties;
mod yaml_repair;
