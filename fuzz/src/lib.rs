//! What the targets share: file sets out of one input, a place with an empty disk, and assertions. Those on syntax trees
//! and reports are the ones of the project's own tests.

#[path = "../../tests/it/dockerfile/mod.rs"]
pub mod dockerfile;
#[path = "../../tests/it/whole/mod.rs"]
pub mod whole;
#[path = "../../tests/it/yaml/mod.rs"]
pub mod yaml;

mod facts;
mod lines;
mod set;

pub use facts::check_projects;
pub use lines::mutate;
pub use set::FileSet;

use oomlint::source::{Sources, Span};

/// To be called once, before the first input: an empty directory, so that no file of this machine is read by accident, and
/// one thread.
pub fn prepare() {
    let empty = std::env::temp_dir().join("oomlint-fuzz").join("empty");
    std::fs::create_dir_all(&empty).expect("a directory to be in");
    std::env::set_current_dir(&empty).expect("a directory to be in");
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("the only pool of threads");
}

/// The span lies in its file, on character boundaries; so it does in the file around that one.
pub fn check_span(span: Span, sources: &Sources, what: &str) {
    let good = |span: Span| {
        let source = sources.get(span.file);
        assert!(source.text().get(span.range()).is_some(), "{what}: {span:?} in {:?}", source.text());
    };
    good(span);
    good(sources.to_outer_span(span));
}
