//! oomlint is a static linter for memory problems of containers in Dockerfiles and Compose files.
//!
//! [`check()`] lints files and returns findings. What this page lists is the library; modules that it does not list are public for
//! the program, its tests and its fuzz targets, and change without notice.
//!
//! ```
//! use std::path::{Path, PathBuf};
//!
//! use oomlint::check::Options;
//! use oomlint::diagnostic::Severity;
//! use oomlint::source::{FileSystem, Overlay};
//!
//! // An overlay has files that are not on the disk.
//! let compose = "services: {db: {image: 'mysql:8', mem_limit: 512m, memswap_limit: 256m}}\n";
//! let files = Overlay::from([(PathBuf::from("compose.yaml"), compose.to_owned())]);
//! let options = Options { disk: FileSystem::default().with_overlay(&files), ..Options::default() };
//! let checked = oomlint::check(&[PathBuf::from("compose.yaml")], options)?;
//!
//! let errors = checked.outcome.findings.iter().filter(|finding| finding.severity == Severity::Error);
//! let finding = errors.last().expect("it has one");
//! let place = checked.sources.position_of(finding.primary.span);
//! assert_eq!(finding.rule, "swap-below-limit");
//! assert_eq!(finding.message, "`memswap_limit` of `db` is 256 MiB, less than its memory limit of 512 MiB");
//! assert_eq!((place.path.as_path(), place.position.line), (Path::new("compose.yaml"), 1));
//! # Ok::<(), oomlint::error::Error>(())
//! ```
//!
//! Features: `cli` (the program), `lsp` (the language server), `schema` (JSON Schemas), `threads` (work on all cores). Without
//! default features the library needs no terminal, no threads and no allocator of its own.
//!
//! `docs/architecture.md` explains the modules and which of them may use which.

#[doc(hidden)]
pub mod capacity;
#[doc(hidden)]
pub mod catalog;
pub mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod discover;
pub mod error;
#[doc(hidden)]
pub mod evidence;
pub mod fix;
#[doc(hidden)]
pub mod hash;
#[doc(hidden)]
pub mod lock;
#[cfg(feature = "lsp")]
#[doc(hidden)]
pub mod lsp;
#[doc(hidden)]
pub mod model;
mod order;
mod parallel;
#[doc(hidden)]
pub mod postmortem;
pub mod report;
pub mod rules;
#[doc(hidden)]
pub mod secret;
pub mod source;
#[doc(hidden)]
pub mod stats;
#[doc(hidden)]
pub mod syntax;
#[doc(hidden)]
pub mod workload;

use std::path::PathBuf;

/// The result of [`check()`].
#[derive(Debug)]
pub struct Checked {
    /// The findings, and counts of the run.
    pub outcome: check::Outcome,
    /// The files that were read, to which the spans of findings refer.
    pub sources: source::Sources,
    /// The files that were found, and those that could not be read or are not checked.
    pub discovered: discover::Discovered,
}

/// Lints files and directories, as `oomlint PATH…` does; without a path the current directory, unless `compose_files` are set.
///
/// Configurations are read only if `options.configs` is set, locked images only if `options.locks` is. Configurations are read from the disk, even where an overlay has others.
///
/// # Errors
/// If a path does not exist, cannot be read, or is neither a Dockerfile nor a Compose file, and if a configuration or
/// a file of locked images cannot be used.
pub fn check(paths: &[PathBuf], options: check::Options) -> Result<Checked, error::Error> {
    let disk = options.disk.with_listings();
    let options = check::Options { disk: disk.clone(), ..options };
    let named = options
        .configs
        .clone()
        .map(|configs| discover::NamedFiles::new(move |path| configs.names_compose_file(path)));
    let named = named.unwrap_or_default();
    let looking = discover::Options { disk: disk.clone(), named, ..discover::Options::default() };
    let sources = source::Sources::with_file_system(disk);
    let mut discovered = match paths {
        [] if !options.compose_files.is_empty() => discover::Discovered::default(),
        paths => discover::discover(paths, looking)?,
    };
    for path in &options.compose_files {
        sources.load(path).map_err(|error| error::Error::of_named_file(path, &error))?;
        discovered.add(path.clone(), discover::FileKind::Compose);
    }
    if let Some(configs) = &options.configs {
        let files: Vec<&std::path::Path> =
            discovered.files.iter().map(|found| found.path.as_path()).collect();
        configs.preload(&files)?;
    }
    if let Some(locks) = &options.locks {
        let files = discovered.files.iter().map(|found| found.path.as_path());
        locks.preload(files.map(|file| file.parent().unwrap_or(file)))?;
    }
    options.remove_excluded(&mut discovered);
    let outcome = check::findings(&options, &sources, &discovered);
    Ok(Checked { outcome, sources, discovered })
}
