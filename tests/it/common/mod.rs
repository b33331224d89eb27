//! Helpers of several tests: the reference corpus in `../shared`, and reports of checked files.
#![allow(unreachable_pub)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use oomlint::check::fingerprints;
use oomlint::check::{self, Options, Outcome};
use oomlint::diagnostic::Finding;
use oomlint::discover::{self, Discovered, RepositoryRoot};
use oomlint::report::{Format, Report, human};
use oomlint::rules::Preset;
use oomlint::source::{Sources, path_text};

/// Returns the directory of the reference corpus. Tests that need it are ignored unless `build.rs` sets `cfg(shared)`.
pub fn shared() -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    assert!(path.join("corpus").is_dir(), "../shared is gone since the tests were built");
    path
}

/// Returns the directory of the real files.
pub fn corpus() -> PathBuf {
    shared().join("corpus")
}

/// Returns whether `OOMLINT_TESTS=all` asks for what `cargo test` leaves out because it takes minutes.
pub fn all_is_tested() -> bool {
    std::env::var_os("OOMLINT_TESTS").is_some_and(|value| value == "all")
}

/// Reads the JSON lines of one file of reference answers.
pub fn answers(name: &str) -> Vec<serde_json::Value> {
    let file = std::fs::File::open(corpus().join("answers").join(name)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Creates a directory with files.
pub fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = scratch.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    scratch
}

/// Held while a page of the book is compared or, with `UPDATE`, written: some pages have parts of several tests.
pub fn page_lock() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the path of a directory without links, as a user would write it.
pub fn real(directory: &Path) -> PathBuf {
    path_text(&directory.canonicalize().unwrap()).into()
}

/// Returns the `file:` URI of an absolute path, as editors write it: on Windows with an escaped `:` behind the drive.
pub fn uri_of(path: &Path) -> String {
    let text = path_text(path).replace(':', "%3A");
    format!("file://{}{text}", if text.starts_with('/') { "" } else { "/" })
}

/// Result of a run, with what is needed to report it.
pub struct Checked {
    pub sources: Sources,
    pub outcome: Outcome,
    root: RepositoryRoot,
}

impl Checked {
    /// Checks the directory `path`, absolute or relative to the root of this project.
    pub fn below(path: &Path) -> Self {
        let sources = Sources::new();
        let discovered = discover::discover(&[path.to_path_buf()], discover::Options::default()).unwrap();
        Self::of(sources, &discovered)
    }

    /// Checks `below` a new directory with files.
    pub fn tree(files: &[(&str, &str)], below: &str) -> Self {
        let scratch = tree(files);
        Self::below(&scratch.path().join(below))
    }

    /// Returns the findings of a rule.
    pub fn of_rule(&self, rule: &str) -> Vec<&Finding> {
        self.outcome.findings.iter().filter(|finding| finding.rule == rule).collect()
    }

    /// Checks texts in memory.
    pub fn texts(files: &[(&str, &str)]) -> Self {
        let sources = Sources::new();
        let mut discovered = Discovered::default();
        for (path, text) in files {
            sources.add(Path::new(path), *text);
            let kind = discover::kind_of(Path::new(path)).or_else(|| discover::kind_of_text(text));
            if let Some(kind) = kind {
                discovered.add(PathBuf::from(path), kind);
            }
        }
        Self::of(sources, &discovered)
    }

    fn of(sources: Sources, discovered: &Discovered) -> Self {
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        let outcome = check::run(&options, &sources, discovered);
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { sources, outcome, root: RepositoryRoot::new(here, here) }
    }

    pub fn fingerprints(&self) -> Vec<String> {
        let prints = fingerprints(&self.outcome.findings, &self.sources, &self.root);
        prints.iter().map(ToString::to_string).collect()
    }

    pub fn report(&self, format: Format) -> String {
        let mut out = Vec::new();
        self.write(&mut out, format);
        String::from_utf8(out).unwrap()
    }

    pub fn json(&self, format: Format) -> serde_json::Value {
        serde_json::from_str(&self.report(format)).unwrap()
    }

    pub fn write(&self, out: &mut dyn Write, format: Format) {
        let report = Report::new(&self.outcome.findings, &self.outcome.summary, &self.sources, &self.root);
        report.write(out, format, human::Options::default()).unwrap();
    }
}

/// Returns the YAML files of the corpus that are UTF-8.
pub fn yaml_files() -> Vec<(PathBuf, String)> {
    let corpus = corpus();
    let mut out = Vec::new();
    for part in ["files", "limits", "layouts", "stories"] {
        for entry in walkdir::WalkDir::new(corpus.join(part)).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            let yaml = path.extension().is_some_and(|e| e == "yml" || e == "yaml");
            if yaml
                && path.is_file()
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                out.push((path, text));
            }
        }
    }
    out
}
