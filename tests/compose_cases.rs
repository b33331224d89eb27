//! 195 small Compose files of which Compose was asked whether it takes them: what it refuses over memory is an error here,
//! and what it takes is none.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::path::{Path, PathBuf};

use oomlint::discover::{Discovered, FileKind};
use oomlint::engine::{self, Options};
use oomlint::finding::{Finding, Severity};
use oomlint::source::Sources;
use serde_json::Value;

/// What stands in for Compose's refusal. The engine's refusals are other rules, and come later.
const REFUSALS: [&str; 5] = [
    "invalid-memory-value",
    "conflicting-limits",
    "unknown-memory-key",
    "invalid-healthcheck",
    "syntax-error",
];

/// Refusals that no rule speaks of yet: not about memory, or about what only the run shows.
const SILENT: [&str; 15] = [
    "oom_score_adj -1001",
    "oom_score_adj \"5000\"",
    "volume tmpfs size float",
    "replicas + container_name",
    "replicas negative",
    "restart false",
    "ulimits memlock soft only",
    "ulimits as string 512m",
    "stop_grace_period int",
    "container_name+replicas",
    "env_file missing",
    "tmpfs dup",
    // A variable without a value is unknown here, whatever Compose does where it is run.
    "unset var",
    "unset var deploy",
    "req var",
];

/// Taken when the file is loaded, and wrong all the same: `up` refuses the one, the other can never pass.
const LATER: [&str; 2] = ["hc \"NONE\" string", "hc start_interval without start_period"];

fn findings(compose: &str) -> Vec<Finding> {
    let sources = Sources::new();
    sources.add(Path::new("compose.yaml"), compose);
    sources.add(Path::new(".env"), "");
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    engine::run(&Options::default(), &sources, &discovered).findings
}

#[test]
fn what_compose_refuses_is_an_error_and_what_it_takes_is_not() {
    let Some(shared) = common::shared() else { return };
    let text = std::fs::read_to_string(shared.join("knowledge/compose_cases.json")).unwrap();
    let cases: Value = serde_json::from_str(&text).unwrap();
    let (mut right, mut silent, mut wrong) = (0, 0, Vec::new());
    for case in cases["compose"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let answer = &case["compose_go_HEAD_e70e961"];
        let accepted = answer["accepted"].as_bool().unwrap();
        let found = findings(case["compose_yaml"].as_str().unwrap());
        let refusals: Vec<&Finding> = found
            .iter()
            .filter(|finding| finding.severity == Severity::Error && REFUSALS.contains(&finding.rule))
            .collect();
        match (accepted, refusals.first()) {
            (true, None) | (false, Some(_)) => right += 1,
            (true, Some(_)) if LATER.contains(&name) => right += 1,
            (false, None) if SILENT.contains(&name) => silent += 1,
            (true, Some(finding)) => {
                wrong.push(format!("{name}: taken, but {}: {}", finding.rule, finding.message))
            }
            (false, None) => wrong.push(format!("{name}: refused, {}", answer["message"])),
        }
    }
    println!("{right} cases right, {silent} that no rule speaks of, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(right + silent, 195);
}
