//! Compares what Docker Compose rejects in real files with what `invalid-compose-file` reports.

use std::collections::BTreeMap;

use oomlint::model::compose::{Compose, Settings, SizeProblem};
use oomlint::model::project;
use oomlint::source::Sources;
use serde_json::{Value, json};

use crate::common;

/// The kinds of reasons for which Compose rejects a file here, and which are not in it: a variable without a value, which
/// may have one where the project is deployed, a file that is not in the corpus, or a container's name that
/// two services have whose profiles nobody starts together.
const ELSEWHERE: [&str; 9] = [
    "required variable",
    "no port specified",
    "empty section between colons",
    "no such file or directory",
    "failed to cast to expected type",
    "does not match pattern",
    "invalid size: ''",
    "project name must not be empty",
    "is already in use",
];

fn load(answer: &Value) -> Compose {
    let assumed = answer["assumed_env"].as_array().into_iter().flatten();
    let environment = assumed.map(|name| (name.as_str().unwrap().to_owned(), "8080".to_owned())).collect();
    let settings = Settings { environment, ..Settings::default() };
    let file = common::corpus().join(answer["file"].as_str().unwrap());
    project::load_merged(&[file], &settings, &Sources::new()).compose
}

/// True if a rule reports that Compose rejects the project.
fn is_refused(compose: &Compose) -> bool {
    let told = |service: &oomlint::model::compose::Service| {
        service.size_keys.iter().any(|key| matches!(key.problem, Some(SizeProblem::Refused(_))))
            || !service.unknown_keys.is_empty()
            || !service.conflicts.is_empty()
            || service.healthcheck.as_ref().is_some_and(|section| !section.refusals.is_empty())
    };
    !compose.refusals.is_empty()
        || compose.errors.iter().any(|error| error.fatal)
        || compose.services.iter().any(told)
}

/// True if the service that an error names first takes its image from a variable without a value.
fn has_unknown_image(compose: &Compose, error: &str) -> bool {
    let name = error.split('"').nth(1).unwrap_or_default();
    compose.services.iter().any(|service| service.name == name && service.image.is_unknown())
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn nothing_is_refused_that_docker_compose_accepts() {
    let mut wrong = Vec::new();
    let mut accepted = 0;
    for answer in common::answers("compose.jsonl.gz") {
        // What was refused for its variables was asked again with other checks off.
        if answer["ok"] != json!(true) || !answer["strict_error"].is_null() {
            continue;
        }
        accepted += 1;
        for refusal in load(&answer).refusals {
            wrong.push(format!("{}: {}: {}", answer["file"], refusal.message, refusal.upstream));
        }
    }
    assert!(accepted > 900, "only {accepted} answers");
    assert!(wrong.is_empty(), "{} of {accepted}: {wrong:#?}", wrong.len());
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_docker_compose_refuses_is_refused_here() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    let mut reported = 0;
    for mut answer in common::answers("compose.jsonl.gz") {
        let Some(error) = ["strict_error", "error"].iter().find_map(|key| answer[*key].as_str()) else {
            continue;
        };
        let error = error.to_owned();
        // What Compose says without any variable.
        answer["assumed_env"] = Value::Null;
        let compose = load(&answer);
        if is_refused(&compose) {
            reported += 1;
            continue;
        }
        match ELSEWHERE.iter().find(|reason| error.contains(**reason)) {
            Some(reason) => *counts.entry(reason).or_default() += 1,
            None if has_unknown_image(&compose, &error) => {
                *counts.entry("an image of a variable").or_default() += 1;
            }
            None => missed.push(format!("{}: {error}", answer["file"])),
        }
    }
    println!("reported: {reported}");
    for (reason, count) in counts {
        println!("not in the files: {count} with `{reason}`");
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// A file below another project may be a part of it, which `-f` puts together: what it names may be defined there.
#[test]
fn names_are_not_missed_below_another_project() {
    let part = "services:\n  web:\n    image: nginx:1.29\n    networks: [front]\n    depends_on: [db]\n";
    let refusals =
        |files: &[(&str, &str)]| common::Checked::tree(files, "").of_rule("invalid-compose-file").len();
    assert_eq!(refusals(&[("a/b/compose.yaml", part)]), 2);
    let root = ("compose.yaml", "services: {db: {image: 'postgres:17'}}\n");
    assert_eq!(refusals(&[root, ("a/b/compose.yaml", part)]), 0);
    // What is above the repository is another matter.
    assert_eq!(refusals(&[root, ("a/.git/HEAD", ""), ("a/b/compose.yaml", part)]), 2);
}

/// An example of an override file is copied and filled in where the project is deployed: what is named may be defined there.
#[test]
fn names_are_not_missed_where_an_override_file_is_still_to_be_written() {
    let text = "services:\n  web:\n    image: nginx:1.29\n    secrets: [password]\n";
    let refusals = |others: &[&str]| {
        let others = others.iter().map(|name| (*name, "secrets: {password: {file: x}}\n"));
        let files: Vec<(&str, &str)> = [("compose.yaml", text)].into_iter().chain(others).collect();
        common::Checked::tree(&files, "").of_rule("invalid-compose-file").len()
    };
    assert_eq!(refusals(&[]), 1);
    for example in [
        "compose.override.yaml.example",
        "docker-compose.override.yml.dist",
        "compose.override.sample.yaml",
        "example.compose.override.yml",
    ] {
        assert_eq!(refusals(&[example]), 0, "{example}");
    }
    for other in ["compose.example.yaml", "override.example", "compose.overrides.md"] {
        assert_eq!(refusals(&[other]), 1, "{other}");
    }
}

/// Small projects about merging, conversions and decoding, with Docker Compose's answers.
#[test]
fn verdicts_are_those_of_docker_compose() {
    let text = include_str!("../../fixtures/compose/verdicts.json");
    let fixture: Value = serde_json::from_str(text).unwrap();
    let mut wrong = Vec::new();
    for project in fixture["projects"].as_array().unwrap() {
        let files = project["files"].as_object().unwrap();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str().unwrap())).collect();
        let dir = common::tree(&files);
        let names = ["compose.yaml", "compose.override.yaml"].map(|name| dir.path().join(name));
        let names: Vec<_> = names.into_iter().filter(|path| path.exists()).collect();
        let compose = project::load_merged(&names, &Settings::default(), &Sources::new()).compose;
        if is_refused(&compose) != project["refused"].is_string() {
            let ours: Vec<&str> = compose.refusals.iter().map(|refusal| refusal.message.as_str()).collect();
            wrong.push(format!("{}: {}: {ours:?} {:?}", project["name"], project["refused"], compose.errors));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
