//! Memory trouble that real projects had and mended: is it named before the fix, and not after it?
//!
//! The stories are `corpus/stories.jsonl`; those with files have the state with the fault and the one without.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::path::Path;

use oomlint::discover::{self, discover};
use oomlint::engine::{self, Options};
use oomlint::finding::Finding;
use oomlint::rules::Preset;
use oomlint::source::Sources;

/// The story, the state with the fault, the rule that names it, and in how many places; whether the other state is sound.
const CAUGHT: [(&str, &str, &str, usize, bool); 11] = [
    ("C09", "before", "unbounded-heap", 2, true),
    ("C10", "after", "malformed-heap-setting", 1, true),
    // The mended state is too large for its limit: the second fault that the story names.
    ("C11", "after", "shm-exceeds-limit", 1, true),
    ("C18", "before", "disabled-oom-killer", 3, true),
    ("C37", "before", "unsized-tmpfs", 3, true),
    // Nobody mended these two: both states have it.
    ("C40", "after", "cache-exceeds-limit", 2, false),
    ("C41", "after", "cache-exceeds-limit", 1, false),
    ("C43", "after", "ulimit-in-build", 1, true),
    ("C44", "after", "memory-lock-without-ulimit", 1, true),
    ("C15", "before", "missing-memory-limit", 1, false),
    ("C30", "before", "missing-memory-limit", 1, false),
];

/// Provable by their own marks, and not named, with the reason.
const MISSED: [(&str, &str); 2] = [
    ("C12", "a heap of half the limit that was too small for the load, and one of two thirds that was not"),
    ("C29", "the files are an env_file alone; with the service that reads it, it is named: see below"),
];

fn findings(path: &Path) -> Vec<Finding> {
    let Ok(found) = discover(&[path.to_path_buf()], discover::Options::default()) else { return Vec::new() };
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    engine::run(&options, &Sources::new(), &found).findings
}

fn count(path: &Path, rule: &str) -> usize {
    findings(path).iter().filter(|finding| finding.rule == rule).count()
}

#[test]
fn the_fault_is_named_and_the_fix_is_quiet() {
    let Some(shared) = common::shared() else { return };
    for (story, bad, rule, places, sound) in CAUGHT {
        let dir = shared.join("corpus/stories").join(story);
        let good = if bad == "before" { "after" } else { "before" };
        let found = count(&dir.join(bad), rule);
        assert!(found >= places, "{story}: {found} of {rule} where there are {places}");
        if sound && dir.join(good).is_dir() {
            assert_eq!(count(&dir.join(good), rule), 0, "{story}: {rule} in the state without the fault");
        }
    }
}

#[test]
fn every_story_that_can_be_proved_is_accounted_for() {
    let Some(shared) = common::shared() else { return };
    let text = std::fs::read_to_string(shared.join("corpus/stories.jsonl")).unwrap();
    let mut provable = 0;
    for line in text.lines() {
        let story: serde_json::Value = serde_json::from_str(line).unwrap();
        let (id, mark) = (story["id"].as_str().unwrap(), story["static"].as_str().unwrap());
        if !matches!(mark, "Y" | "X") || !shared.join("corpus/stories").join(id).is_dir() {
            continue;
        }
        provable += 1;
        let caught = CAUGHT.iter().any(|(known, ..)| *known == id);
        let missed = MISSED.iter().find(|(known, _)| *known == id);
        assert!(caught != missed.is_some(), "{id} is in one of the two lists");
        if let Some((_, reason)) = missed {
            println!("{id} is not named: {reason}");
        }
    }
    println!("{provable} stories with files can be proved");
}

#[test]
fn a_variable_of_another_product_is_named_where_a_service_reads_the_file() {
    let Some(shared) = common::shared() else { return };
    let stories = shared.join("corpus/stories/C29");
    for (state, expected) in [("before", 1), ("after", 0)] {
        let dir = tempfile::tempdir().unwrap();
        let env = std::fs::read(stories.join(state).join("compose/env/opensearch.env")).unwrap();
        std::fs::write(dir.path().join("opensearch.env"), env).unwrap();
        let compose =
            "services:\n  search:\n    image: opensearchproject/opensearch:2\n    env_file: opensearch.env\n";
        std::fs::write(dir.path().join("compose.yaml"), compose).unwrap();
        assert_eq!(count(dir.path(), "unread-heap-variable"), expected, "{state}");
    }
}
