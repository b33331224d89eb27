//! Comments and keys that suppress findings, through the program.

use std::process::Command;

use serde_json::Value;

use crate::common::tree;

/// Returns the rules of the reported findings, and how many are suppressed.
fn checked(files: &[(&str, &str)], arguments: &[&str]) -> (Vec<String>, u64) {
    let scratch = tree(files);
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    let command = command.args(["--format", "json"]).args(arguments).current_dir(scratch.path());
    let report: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let rules = report["findings"].as_array().unwrap().iter();
    let rules = rules.map(|finding| finding["rule"].as_str().unwrap().to_owned());
    (rules.collect(), report["summary"]["suppressed"].as_u64().unwrap())
}

#[test]
fn rules_about_suppressions_are_chosen_like_others() {
    let text = "services:\n  # oomlint: ignore[nonsense, swap-below-limit] y\n  api: {image: x}\n";
    let files = [("compose.yaml", text)];
    let has = |arguments: &[&str], rule: &str| checked(&files, arguments).0.iter().any(|other| other == rule);
    assert!(has(&[], "unknown-rule") && has(&[], "unused-suppression"));
    for arguments in [
        ["--ignore", "unknown-rule,unused-suppression"],
        ["--ignore", "lint"],
        ["--select", "missing-memory-limit"],
    ] {
        assert!(!has(&arguments, "unknown-rule") && !has(&arguments, "unused-suppression"), "{arguments:?}");
    }
    let one = ["--select", "unknown-rule"];
    assert!(has(&one, "unknown-rule") && !has(&one, "unused-suppression"));
}

#[test]
fn a_finding_of_a_rule_that_is_off_is_not_counted_as_suppressed() {
    let text =
        "services:\n  # oomlint: ignore[missing-healthcheck] y\n  api: {image: nginx, ports: [\"80:80\"]}\n";
    assert_eq!(checked(&[("compose.yaml", text)], &[]).1, 1);
    let off = (".oomlint.yaml", "rules:\n  missing-healthcheck: off\n");
    let (rules, suppressed) = checked(&[("compose.yaml", text), off], &[]);
    assert!(suppressed == 0 && !rules.contains(&"unused-suppression".to_owned()), "{rules:?}");
}

#[test]
fn comments_within_an_inline_dockerfile_count() {
    let report = |comment: &str| {
        let text = format!(
            "services:\n  api:\n    build:\n      dockerfile_inline: |\n        FROM python:3.6\n        {comment}\n        CMD python x.py\n"
        );
        checked(&[("compose.yaml", &text)], &["--select", "shell-form-start,small-shm,lint"])
    };
    assert_eq!(report("# plain"), (vec!["shell-form-start".to_owned()], 0));
    assert_eq!(report("# oomlint: ignore[shell-form-start] known"), (vec![], 1));
    assert_eq!(report("# oomlint: ignore[small-shm]").0.len(), 2);
}

/// A suppression in a base may be for what an override file adds there: it is not unused, although the finding is not shown.
#[test]
fn what_suppresses_a_finding_that_is_not_shown_is_used() {
    let base = "services:\n  # oomlint: ignore[missing-healthcheck]\n  api: {image: 'nginx:1.27', ports: ['80:80'], restart: 'no'}\n";
    let unused = |files: &[(&str, &str)]| {
        checked(files, &["--preset", "strict"]).0.contains(&"unused-suppression".to_owned())
    };
    let overlay = "services:\n  api: {restart: always}\n";
    assert!(unused(&[("compose.yaml", base)]));
    assert!(!unused(&[("compose.yaml", base), ("compose.prod.yaml", overlay)]));
}
