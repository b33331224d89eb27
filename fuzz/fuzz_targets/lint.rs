//! A whole run and every report of it.

#![no_main]

use std::path::Path;

use clap::ValueEnum;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::discover::RepositoryRoot;
use oomlint::check;
use oomlint::diagnostic::Label;
use oomlint::report::{Format, Report, human};
use oomlint_fuzz::{FileSet, check_span, prepare, whole};

/// SARIF describes every rule each time, a hundred kilobytes: one input in so many writes it.
const SARIF_EVERY: usize = 8;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(
    init: prepare(),
    |data: &[u8]| {
        let Some(set) = FileSet::of(data) else { return };
        let all = Format::value_variants().iter().copied();
        let formats: Vec<Format> =
            all.filter(|format| *format != Format::Sarif || data.len() % SARIF_EVERY == 0).collect();
        let first = reports(&set, &formats, true);
        // These two have all that the others have.
        for (format, second) in reports(&set, &[Format::Human, Format::Json], false) {
            let first = first.iter().find(|(other, _)| *other == format).map(|(_, text)| text);
            assert_eq!(first, Some(&second), "{format:?} is another one the second time");
        }
    }
);

fn reports(set: &FileSet, formats: &[Format], check: bool) -> Vec<(Format, String)> {
    let sources = set.sources();
    let outcome = check::run(&set.options(), &sources, &set.discovered());
    if check {
        for finding in &outcome.findings {
            let labels = std::iter::once(&finding.primary).chain(&finding.related);
            labels.for_each(|Label { span, .. }| check_span(*span, &sources, finding.rule));
            let edits = finding.fixes.iter().flat_map(|fix| &fix.edits);
            edits.for_each(|edit| check_span(edit.span, &sources, finding.rule));
        }
    }
    let root = RepositoryRoot::new(Path::new("/repo"), Path::new("/repo"));
    let report = Report::new(&outcome.findings, &outcome.summary, &sources, &root)
        .with_suppressed(&outcome.suppressed);
    let write = |format: Format| {
        let text = written(&report, format);
        if check {
            whole::check(format, &text, outcome.findings.len());
        }
        (format, text)
    };
    formats.iter().copied().map(write).collect()
}

fn written(report: &Report<'_>, format: Format) -> String {
    let mut out = Vec::new();
    report.write(&mut out, format, human::Options::default()).expect("memory takes every byte");
    String::from_utf8(out).expect("UTF-8")
}
