//! Integration tests, in one executable so that helpers are shared and everything is linked once.
//!
//! `cargo test --test it rule_pages` runs one file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]
// What only the developer sees may be as the system writes it.
#![allow(clippy::disallowed_methods)]

mod advice;
mod alerts;
mod book;
mod budget;
mod catalog;
mod catalog_proof;
mod cli;
mod command_lines;
mod commands;
mod common;
mod compose_cases;
mod compose_conformance;
mod compose_grammar;
mod compose_merge;
mod compose_refusals;
mod config;
mod corpus;
mod differential;
mod dockerfile;
mod dockerfile_cases;
mod dockerfile_conformance;
mod dockerfile_properties;
mod field;
mod filled_in;
mod filled_in_later;
mod fingerprints;
mod fit;
mod fixes;
mod formats;
mod hostile;
mod hostile_files;
mod hostile_reports;
mod image_corpus;
mod images;
mod in_memory;
mod inspected;
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
mod plain_words;
mod platforms;
mod projects;
mod readme;
mod refusals_page;
mod reports;
mod rule_pages;
mod run_properties;
mod sarif;
mod server_settings;
mod shell_properties;
mod size;
mod stories;
mod suppressions;
mod surroundings;
mod whole;
mod why;
mod why_changes;
mod why_grounds;
mod workloads;
mod yaml;
mod yaml_conformance;
mod yaml_properties;
mod yaml_repair;
