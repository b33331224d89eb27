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

/// Returns the small projects with the verdicts of Docker Compose: about merging and decoding, and about the forms of values.
fn fixtures() -> impl Iterator<Item = Value> {
    let files = [
        include_str!("../../fixtures/compose/verdicts.json"),
        include_str!("../../fixtures/compose/forms.json"),
    ];
    files.into_iter().flat_map(|text| {
        let mut fixture: Value = serde_json::from_str(text).unwrap();
        let Value::Array(projects) = fixture["projects"].take() else { panic!("no projects") };
        projects
    })
}

/// Loads a project of [`fixtures`].
fn load_fixture(project: &Value) -> Compose {
    let sources = Sources::new();
    let mut names = Vec::new();
    for (path, text) in project["files"].as_object().unwrap() {
        let at = std::path::Path::new("fixture").join(path);
        sources.add(&at, text.as_str().unwrap());
        if matches!(path.as_str(), "compose.yaml" | "compose.override.yaml") {
            names.push(at);
        }
    }
    names.sort_by_key(|path| path.ends_with("compose.override.yaml"));
    project::load_merged(&names, &Settings::default(), &sources).compose
}

/// Small projects about merging, conversions and decoding, with Docker Compose's answers.
#[test]
fn verdicts_are_those_of_docker_compose() {
    let mut wrong = Vec::new();
    for project in fixtures() {
        let compose = load_fixture(&project);
        if is_refused(&compose) != project["refused"].is_string() {
            let ours: Vec<&str> = compose.refusals.iter().map(|refusal| refusal.message.as_str()).collect();
            wrong.push(format!("{}: {}: {ours:?} {:?}", project["name"], project["refused"], compose.errors));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Parts of messages of Docker Compose, and of ours for the same: where another step or another alternative of the schema refuses the
/// project, too, or where we say more.
const OTHER_WORDS: [(&str, &str); 33] = [
    // A second file is held against the format before it is merged, and lists after it.
    ("cannot override", " must be a "),
    ("unexpected type", " must be a string"),
    ("cannot merge logging", " must be a mapping"),
    ("failed to cast to expected type", " must be a mapping"),
    ("extra_hosts.1 must be a string", "extra_hosts.0 must be a string"),
    // The decoder has no range of 0, and of the alternatives of a schema the first is named.
    ("as 'uint32'", "as 'uint64'"),
    (": must be greater than or equal to 0", " must be greater than or equal to 0"),
    (" must be a string", " must be greater than"),
    (" must be a string", " must be less than"),
    ("services.a.extra_hosts must be a mapping", "items at 0 and 1 are equal"),
    ("must be a boolean, mapping or string", "must be a boolean or string"),
    ("expected type 'uint16'", "parsing \"x\""),
    ("unconvertible type", " must be a "),
    // What is read without the schema.
    ("unsupported expose value", " must be a "),
    ("as a mapping key", " must be a string"),
    ("`include` must be a list", "include must be a "),
    ("expected a map or struct", "must be a "),
    ("for string list", "must be a "),
    ("cannot extend service \"a\"", "extend"),
    ("must declare either `file` or `environment`", "one of file|environment must be set"),
    ("is already in use", "is already in use"),
    ("missing ']' in address", "invalid IP address"),
    ("non-string key in", "non-string key"),
    ("time: invalid duration", "services.a."),
    ("time: missing unit in duration", "has no unit"),
    ("time: unknown unit", "unknown unit"),
    // Of a date each reader says in its own words that it wants none.
    ("time.Time", "time.Time"),
    ("2024-01-01", "time.Time"),
    ("time.Time", " must be "),
    ("!!timestamp", "time.Time"),
    ("for extra_hosts entry", "time.Time"),
    // Jobs and steps have other places.
    ("extra_hosts invalid additional host", "extra_hosts invalid additional host"),
    ("additional_contexts invalid value", "additional_contexts invalid value"),
];

/// Returns what Compose says about a place and about what is wrong there, without the file, the parser's names and the brackets of a path.
fn words(said: &str) -> String {
    let said = said.trim_end_matches(": invalid compose project").trim();
    let decoded =
        said.strip_prefix("decoding failed due to the following error(s):").unwrap_or(said).trim_start();
    let decoded = match decoded.strip_prefix('\'') {
        Some(quoted) => quoted.replacen('\'', "", 1),
        None => decoded.to_owned(),
    };
    let steps =
        ["validating compose.yaml: ", "validating compose.override.yaml: ", "error while interpolating "];
    let said = steps.iter().find_map(|step| decoded.strip_prefix(step)).unwrap_or(&decoded).trim_start();
    let parsers = ["ParseInt", "ParseFloat", "Atoi"].map(|name| format!("strconv.{name}: "));
    let said = parsers.iter().fold(said.to_owned(), |said, parser| said.replace(parser, ""));
    // `services[a].ports[0]`, `services.a.ports.[0]`, `services.a.ports.0`
    let place = said.split([' ', '"']).next().unwrap_or_default();
    let dotted = place.replace(".[", ".").replace('[', ".").replace(']', "").replace("..", ".0.");
    let rest = said.get(place.len()..).unwrap_or_default();
    format!("{}{rest}", dotted.trim_end_matches(':'))
}

/// A finding quotes the message of Docker Compose, so that people can search the web for it.
#[test]
fn refusals_have_the_words_of_docker_compose() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for project in fixtures() {
        let compose = load_fixture(&project);
        let Some(said) = project["refused"].as_str().filter(|_| !compose.refusals.is_empty()) else {
            continue;
        };
        let ours: Vec<String> = compose.refusals.iter().map(|refusal| words(&refusal.upstream)).collect();
        compared += 1;
        let said = words(said);
        let is_other = |(theirs, own): &(&str, &str)| {
            said.contains(theirs) && ours.iter().any(|ours| ours.contains(own))
        };
        if !ours.contains(&said) && !OTHER_WORDS.iter().any(is_other) {
            wrong.push(format!("{}: {:?} and not {ours:?}", project["name"], said));
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}: {wrong:#?}", wrong.len());
}
