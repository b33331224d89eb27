//! Snapshots of all that is printed for small inputs: a change of a word, a number or a place is seen in review.
//!
//! Written by `INSTA_UPDATE=always cargo test --test it reviewed`.

use std::path::{Path, PathBuf};
use std::process::Command;

use oomlint::rules::RULES;

use crate::{rule_pages, why};

/// Compares a text with its snapshot in a directory below `snapshots`.
fn assert_reviewed(directory: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("snapshots").join(directory));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The projects of fixtures/incidents as they were, each with its name.
fn incidents() -> Vec<(String, PathBuf)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/incidents");
    let entries = walkdir::WalkDir::new(directory).min_depth(1).max_depth(1).sort_by_file_name().into_iter();
    let directories = entries.map(Result::unwrap).filter(|entry| entry.file_type().is_dir());
    directories
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().join("before")))
        .collect()
}

/// Compares what a command prints in each incident.
fn assert_of_incidents(command: &str) {
    let incidents = incidents();
    assert!(incidents.len() >= 30);
    let words: Vec<&str> = command.split(' ').collect();
    for (name, directory) in incidents {
        let output = Command::new(env!("CARGO_BIN_EXE_oomlint"))
            .args(&words)
            .current_dir(&directory)
            .env_remove("COLUMNS")
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let took = |line: &str| {
            line.rsplit_once(" · ")
                .map(|(rest, last)| (rest.to_owned(), last.ends_with(" ms") || last.ends_with(" s")))
        };
        let lines = printed.lines().map(|line| match took(line) {
            Some((rest, true)) => rest,
            _ => line.to_owned(),
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        assert_reviewed(words[0], &name, &format!("exit code {:?}\n{text}", output.status.code()));
    }
}

#[test]
fn findings_of_rule_pages() {
    for rule in RULES {
        assert_reviewed("pages", rule.meta().name, &rule_pages::reports(rule.meta()));
    }
}

#[test]
fn answers_of_why() {
    let answers = why::answers();
    assert!(answers.len() >= 15);
    for (name, printed) in answers {
        assert_reviewed("why", &name, &printed);
    }
}

#[test]
fn findings_of_incidents() {
    assert_of_incidents("check -v --color never --preset strict");
}

#[test]
fn facts_of_incidents() {
    assert_of_incidents("inspect --color never");
}

#[test]
fn budgets_of_incidents() {
    assert_of_incidents("budget --color never --host-memory 8g");
}

#[test]
fn plans_of_incidents() {
    assert_of_incidents("fit --color never --host-memory 4g");
}
