//! Fingerprints: stable under edits elsewhere in the files, and different once the evidence of a finding changes.

use crate::common;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Command;

use common::Checked;
use oomlint::check::fingerprints;
use oomlint::discover::RepositoryRoot;

const STACK: &str = "\
services:
  api:
    image: eclipse-temurin:21-jre
    command: [java, -Xmx768m, -jar, /api.jar]
    mem_limit: 512m
  db:
    image: postgres:17
    shm_size: 64Mi
    mem_limit: 1Gi
";

/// Returns fingerprints by rule, service and text of the finding, which identify it for a reader.
fn prints(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let checked = Checked::texts(files);
    let findings = &checked.outcome.findings;
    let named = findings.iter().zip(checked.fingerprints()).map(|(finding, print)| {
        let source = checked.sources.get(finding.primary.span.file);
        let place = source.slice(finding.primary.span);
        let service = finding.service.as_deref().unwrap_or_default();
        (format!("{} {service} {place}", finding.rule), print)
    });
    named.collect()
}

fn stack(text: &str) -> BTreeMap<String, String> {
    prints(&[("compose.yaml", text)])
}

#[test]
fn edits_elsewhere_leave_every_fingerprint() {
    let before = stack(STACK);
    assert!(before.len() > 8, "{before:#?}");
    assert_eq!(before.values().collect::<HashSet<_>>().len(), before.len());
    let comment = format!("# a comment\n\n{STACK}");
    let crlf = STACK.replace('\n', "\r\n");
    let indented = STACK.replace("    ", "        ").replace("\n  ", "\n    ");
    let (api, db) = STACK["services:\n".len()..].split_at(STACK.find("  db").unwrap() - "services:\n".len());
    let moved = format!("services:\n{db}{api}");
    for edited in [&comment, &crlf, &indented, &moved] {
        assert_eq!(stack(edited), before, "{edited}");
    }
    let longer = stack(&format!("{STACK}  other:\n    image: redis:8\n    mem_limit: 3Gi\n"));
    for (name, print) in &before {
        assert_eq!(longer.get(name), Some(print), "{name}");
    }
}

#[test]
fn another_value_is_another_finding() {
    let (before, after) = (stack(STACK), stack(&STACK.replace("1Gi", "2Gi")));
    let changed: Vec<_> = before.iter().filter(|(name, print)| after.get(*name) != Some(print)).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].0.starts_with("invalid-memory-value db"), "{changed:?}");
    let values: HashSet<_> = before.values().collect();
    assert_eq!(after.values().filter(|print| !values.contains(print)).count(), 1);
}

#[test]
fn another_file_service_or_key_is_another_finding() {
    let before: HashSet<String> = stack(STACK).into_values().collect();
    let apart = |other: BTreeMap<String, String>, most: usize| {
        let same = other.values().filter(|print| before.contains(*print)).count();
        assert!(same <= most, "{same} are the same: {other:#?}");
    };
    apart(prints(&[("other/compose.yaml", STACK)]), 0);
    apart(stack(&STACK.replace("api:", "web:").replace("db:", "sql:")), 0);
    // The value moves to another key: its finding is a new one, the others are not.
    let other = stack(&STACK.replace("shm_size: 64Mi", "mem_reservation: 64Mi"));
    let name = other.keys().find(|name| name.ends_with("64Mi")).unwrap();
    assert!(!before.contains(&other[name]), "{name}");
}

#[test]
fn equal_evidence_is_counted() {
    let dockerfile = "FROM alpine\nENV A=1\nCOPPY a b\nCOPPY a b\n";
    let checked = Checked::texts(&[("Dockerfile", dockerfile)]);
    let prints = checked.fingerprints();
    assert!(prints.len() >= 2);
    assert_eq!(prints.iter().collect::<HashSet<_>>().len(), prints.len());
    assert_eq!(prints, Checked::texts(&[("Dockerfile", dockerfile)]).fingerprints());
}

#[test]
fn a_new_tag_is_no_new_stage() {
    let of = |text: &str| prints(&[("Dockerfile", text)]);
    let (before, after) = (of("FROM node:20-slim\nCOPPY a b\n"), of("FROM node:22-slim\n\nCOPPY a b\n"));
    let found = |prints: &BTreeMap<String, String>| {
        prints.iter().find(|(name, _)| name.contains("COPPY")).map(|(_, print)| print.clone()).unwrap()
    };
    assert_eq!(found(&before), found(&after));
}

/// Fingerprints do not depend on the current directory.
#[test]
fn paths_count_from_the_repository() {
    let of = |path: &str, here: &str| {
        let checked = Checked::texts(&[(path, STACK)]);
        let root = RepositoryRoot::new(Path::new(here), Path::new("/repo"));
        fingerprints(&checked.outcome.findings, &checked.sources, &root)
    };
    let top = of("deploy/compose.yaml", "/repo");
    assert_eq!(top, of("compose.yaml", "/repo/deploy"));
    assert_eq!(top, of("../deploy/compose.yaml", "/repo/api"));
    assert_eq!(top, of("/repo/deploy/compose.yaml", "/elsewhere"));
    assert_ne!(top, of("compose.yaml", "/repo"));
}

/// Runs the program in a directory and returns its exit code and the fingerprints of its JSON report.
fn fingerprints_from(here: &Path, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    let ran = command.args(["--format", "json"]).args(arguments).current_dir(here).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let print = |finding: &serde_json::Value| finding["fingerprint"].as_str().unwrap().to_owned();
    (ran.status.code(), report["findings"].as_array().unwrap().iter().map(print).collect())
}

/// A run from anywhere has the fingerprints, the configuration and the baseline of a run in the repository.
#[test]
fn a_run_from_elsewhere_knows_the_baseline() {
    for with_git in [true, false] {
        let scratch = tempfile::tempdir().unwrap();
        let top = scratch.path().canonicalize().unwrap();
        let (repo, deploy) = (top.join("repo"), top.join("repo/deploy"));
        std::fs::create_dir_all(&deploy).unwrap();
        if with_git {
            std::fs::create_dir(repo.join(".git")).unwrap();
        }
        std::fs::write(deploy.join("compose.yaml"), STACK).unwrap();
        std::fs::write(repo.join(".oomlint.yaml"), "baseline: known.json\n").unwrap();
        let absolute = repo.to_str().unwrap();
        let runs: [(&Path, &str); 5] =
            [(&repo, "."), (&deploy, ".."), (&top, "repo"), (Path::new("/"), absolute), (&deploy, absolute)];
        let (_, all) = fingerprints_from(&repo, &["--no-baseline", "."]);
        assert!(all.len() > 4, "{all:?}");
        for (here, path) in runs {
            let found = fingerprints_from(here, &["--no-baseline", path]);
            assert_eq!(found, (Some(1), all.clone()), "{} {path}", here.display());
        }
        let mut baseline = Command::new(env!("CARGO_BIN_EXE_oomlint"));
        assert!(baseline.args(["baseline", absolute]).current_dir("/").output().unwrap().status.success());
        assert!(repo.join("known.json").exists());
        for (here, path) in runs {
            assert_eq!(fingerprints_from(here, &[path]), (Some(0), Vec::new()), "{} {path}", here.display());
        }
    }
}
