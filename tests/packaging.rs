//! What installs oomlint and calls it agrees with what it is.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use oomlint::discover::{FileKind, kind_of};
use regex::Regex;
use serde_yaml::Value;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Names that people give to their files, and what is behind them.
const NAMES: &[(&str, Option<FileKind>)] = &[
    ("compose.yaml", Some(FileKind::Compose)),
    ("deploy/compose.override.yml", Some(FileKind::Compose)),
    ("compose-dev.yaml", Some(FileKind::Compose)),
    ("compose2.yml", Some(FileKind::Compose)),
    ("compose_test.yml", Some(FileKind::Compose)),
    ("docker-compose.yml", Some(FileKind::Compose)),
    ("docker-compose.prod.yaml", Some(FileKind::Compose)),
    ("a b/docker-composeX.yml", Some(FileKind::Compose)),
    ("composer.yaml", None),
    ("my-compose.yaml", None),
    ("compose.json", None),
    ("values.yaml", None),
    ("Dockerfile", Some(FileKind::Dockerfile)),
    ("api/Dockerfile", Some(FileKind::Dockerfile)),
    ("dockerfile", Some(FileKind::Dockerfile)),
    ("Containerfile", Some(FileKind::Dockerfile)),
    ("Dockerfile.prod", Some(FileKind::Dockerfile)),
    ("Dockerfile-dev", Some(FileKind::Dockerfile)),
    ("Containerfile.x", Some(FileKind::Dockerfile)),
    ("api.Dockerfile", Some(FileKind::Dockerfile)),
    ("api.dockerfile", Some(FileKind::Dockerfile)),
    ("dev.Containerfile", Some(FileKind::Dockerfile)),
    ("dev.containerfile", Some(FileKind::Dockerfile)),
    ("Dockerfile.dockerignore", None),
    ("Dockerfile.md", None),
    ("Dockerfile.yml", None),
    ("Dockerfile.yaml", None),
    ("Dockerfile.j2", None),
    ("Dockerfile.prod~", None),
    ("Dockerfiles", None),
    ("Dockerfile.", None),
    (".dockerfile", None),
    ("Dockerfile.MD", None),
    ("README.md", None),
];

#[test]
fn hooks_are_given_the_files_that_are_looked_at() {
    let hooks: Vec<Value> = serde_yaml::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    assert_eq!(hooks.len(), 3);
    for hook in &hooks {
        let pattern = |key: &str| Regex::new(hook[key].as_str().unwrap()).unwrap();
        let (files, exclude) = (pattern("files"), pattern("exclude"));
        for (name, kind) in NAMES {
            assert_eq!(kind_of(Path::new(name)), *kind, "{name}");
            let given = files.is_match(name) && !exclude.is_match(name);
            assert_eq!(given, kind.is_some(), "{}: {name}", hook["id"].as_str().unwrap());
        }
        // Every other file that is told by its name in the real trees, where these are at hand.
        for name in corpus_names() {
            let given = files.is_match(&name) && !exclude.is_match(&name);
            assert_eq!(given, kind_of(Path::new(&name)).is_some(), "{name}");
        }
    }
}

fn corpus_names() -> Vec<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let files = walkdir::WalkDir::new(corpus).into_iter().filter_map(Result::ok);
    files
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.path().to_str().map(str::to_owned))
        .collect()
}

/// The wheel has no version of its own to fall behind.
#[test]
fn the_version_stands_in_one_place() {
    let project = read("pyproject.toml");
    assert!(project.contains("dynamic = [\"version\""));
    assert!(!project.lines().any(|line| line.starts_with("version")));
}

#[test]
fn what_the_readme_says_of_hooks_is_there() {
    let hooks: Vec<Value> = serde_yaml::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    let ids: Vec<&str> = hooks.iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    let readme = read("README.md");
    let named: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- id: ")?.split_whitespace().next())
        .collect();
    assert!(!named.is_empty());
    assert!(named.iter().all(|id| ids.contains(id)), "{named:?}");
}
