//! Any text as what `docker inspect` prints: it is read, masked in place, and reported without a secret.

#![no_main]

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use libfuzzer_sys::fuzz_target;
use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind, RepositoryRoot};
use oomlint::model::container;
use oomlint::report::{Format, Report, human, inspect};
use oomlint::source::Sources;
use oomlint_fuzz::prepare;

fuzz_target!(
    init: prepare(),
    |data: &[u8]| {
        let sources = Sources::new();
        let file = sources.add(Path::new("x.json"), data.to_vec());
        let text = sources.get(file).text().to_owned();
        let keep = |_: &str, _: &str| None;
        if let Some(masked) = container::masked(file, &text, &keep) {
            assert_eq!(masked.len(), text.len());
            assert_eq!(container::masked(file, &masked, &keep), None);
        }
        for container in container::read(file, &text).containers {
            assert!(text.get(container.span.range()).is_some() && text.get(container.anchor.range()).is_some());
        }
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("x.json"), FileKind::Inspected);
        let outcome = check::run(&Options::default(), &sources, &discovered);
        let root = RepositoryRoot::current();
        let report = Report::new(&outcome.findings, &outcome.summary, &sources, &root);
        let mut out = Vec::new();
        for format in Format::value_variants() {
            assert!(report.write(&mut out, *format, human::Options::default()).is_ok());
        }
        assert!(inspect::json(&mut out, &outcome.projects, &sources).is_ok());
    }
);
