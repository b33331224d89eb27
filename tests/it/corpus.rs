//! Runs all stages on every real file: no panic, and valid spans.

use crate::common;
use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use oomlint::check::{self, Options};
use oomlint::diagnostic::Finding;
use oomlint::discover::{self, Discovered, RepositoryRoot};
use oomlint::report::{Format, Report, human, inspect};
use oomlint::source::Sources;

fn check_spans(findings: &[Finding], sources: &Sources) {
    for finding in findings {
        let labels = std::iter::once(&finding.primary).chain(&finding.related);
        for span in labels.map(|label| sources.to_outer_span(label.span)) {
            let source = sources.get(span.file);
            assert!(
                source.text().get(span.range()).is_some(),
                "{}: {span:?} of {} does not fit",
                finding.rule,
                source.path().display()
            );
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_whole_corpus_is_checked_and_reported() {
    let corpus = common::corpus();
    let sources = Sources::new();
    let discovered = discover::discover(&[corpus], discover::Options::default()).unwrap();
    let outcome = check::run(&Options::default(), &sources, &discovered);
    check_spans(&outcome.findings, &sources);
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &outcome.findings {
        *rules.entry(finding.rule).or_default() += 1;
    }
    let counts: Vec<String> = rules.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    println!(
        "{} files, {} services: {}",
        discovered.files.len(),
        outcome.summary.services,
        counts.join(", ")
    );
    assert!(discovered.files.len() > 3_000, "only {} files", discovered.files.len());
    assert!(outcome.summary.services > 3_000, "only {} services", outcome.summary.services);
    let mut text = Vec::new();
    let options = human::Options::default();
    let root = RepositoryRoot::current();
    let report = Report::new(&outcome.findings, &outcome.summary, &sources, &root);
    for format in Format::value_variants() {
        let before = text.len();
        report.write(&mut text, *format, options).unwrap();
        assert!(text.len() > before, "{format:?}");
    }
    inspect::json(&mut text, &outcome.projects, &sources).unwrap();
    inspect::human(&mut text, &outcome.projects, &sources).unwrap();
    assert!(!text.is_empty());
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn each_file_alone_is_checked_and_reported() {
    let corpus = common::corpus();
    let all = discover::discover(&[corpus], discover::Options::default()).unwrap();
    let files: Vec<PathBuf> = all.files.iter().map(|found| found.path.clone()).collect();
    for found in all.files {
        let sources = Sources::new();
        let alone = Discovered { files: vec![found], ..Discovered::default() };
        let outcome = check::run(&Options::default(), &sources, &alone);
        check_spans(&outcome.findings, &sources);
        let mut text = Vec::new();
        let options = human::Options::default();
        human::write(&mut text, &outcome.findings, &outcome.summary, &sources, options).unwrap();
    }
    println!("{} files, each alone", files.len());
}
