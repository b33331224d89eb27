//! Snapshots of the output for whole projects.

use std::path::{Path, PathBuf};

use oomlint::check::{self, Options, Outcome};
use oomlint::discover;
use oomlint::report::{human, inspect};
use oomlint::source::Sources;

/// Checks a project from the root of this repository.
fn run(project: &str) -> (Outcome, Sources) {
    let path = PathBuf::from("fixtures/projects").join(project);
    assert!(Path::new(&path).is_dir(), "no project {project}");
    let sources = Sources::new();
    let discovered = discover::discover(&[path], discover::Options::default()).unwrap();
    (check::run(&Options::default(), &sources, &discovered), sources)
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn human(project: &str) -> String {
    let (outcome, sources) = run(project);
    let options = human::Options { whole: true, ..human::Options::default() };
    text(|out| human::write(out, &outcome.findings, &outcome.summary, &sources, options))
}

fn facts(project: &str) -> String {
    let (outcome, sources) = run(project);
    text(|out| inspect::human(out, &outcome.projects, &sources))
}

#[test]
fn shop() {
    insta::assert_snapshot!("shop", human("shop"));
    insta::assert_snapshot!("shop_facts", facts("shop"));
    let (outcome, sources) = run("shop");
    let facts = text(|out| inspect::json(out, &outcome.projects, &sources));
    insta::assert_snapshot!("shop_facts_json", facts);
}

#[test]
fn overlays_report_only_what_they_bring() {
    insta::assert_snapshot!("overlays", human("overlays"));
}

#[test]
fn values_are_traced_through_anchors_merges_extends_and_includes() {
    insta::assert_snapshot!("provenance", human("provenance"));
    insta::assert_snapshot!("provenance_facts", facts("provenance"));
}

#[test]
fn jobs_and_steps_are_containers_of_their_own() {
    insta::assert_snapshot!("jobs", human("jobs"));
    insta::assert_snapshot!("jobs_facts", facts("jobs"));
}

#[test]
fn broken_files_are_reported_and_the_rest_is_checked() {
    insta::assert_snapshot!("broken", human("broken"));
}
