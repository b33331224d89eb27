//! Small projects about merging, extends, include and variables. `fixtures/compose/merge.json` has each with the output of
//! `docker compose config`.

use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::report::inspect;
use oomlint::source::Sources;
use serde_json::{Map, Value, json};

/// Returns the services of a project as `oomlint inspect` prints them.
fn inspect(project: &Value) -> Map<String, Value> {
    let sources = Sources::new();
    for (path, text) in project["files"].as_object().unwrap() {
        sources.add(Path::new(path), text.as_str().unwrap());
    }
    let merge: Vec<PathBuf> = project["merge"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| PathBuf::from(path.as_str().unwrap()))
        .collect();
    let mut discovered = Discovered::default();
    if merge.is_empty() {
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    }
    let options = Options { compose_files: merge, ..Options::default() };
    let projects = check::projects(&options, &sources, &discovered);
    let mut out = Vec::new();
    inspect::json(&mut out, &projects, &sources).unwrap();
    let printed: Value = serde_json::from_slice(&out).unwrap();
    let workloads = printed["projects"][0]["workloads"].as_array().unwrap().clone();
    workloads.into_iter().map(|workload| (workload["name"].as_str().unwrap().to_owned(), workload)).collect()
}

/// Returns the value of a fact; null if it is absent or unknown.
fn value(fact: &Value) -> Value {
    fact["value"].clone()
}

/// Converts the facts of a service to the form of the reference answers.
fn facts(workload: &Value) -> Value {
    let facts = &workload["facts"];
    let env: Map<String, Value> =
        facts["env"].as_object().unwrap().iter().map(|(name, fact)| (name.clone(), value(fact))).collect();
    let tmpfs: Vec<Value> =
        facts["tmpfs"].as_array().unwrap().iter().map(|mount| mount["target"].clone()).collect();
    json!({
        "image": workload["image"],
        "memory_limit": value(&facts["memory_limit"]),
        "memory_reservation": value(&facts["memory_reservation"]),
        "restart": value(&facts["restart"]),
        "replicas": value(&facts["replicas"]),
        "init": value(&facts["init"]),
        "profiles": workload["profiles"],
        "depends_on": facts["depends_on"],
        "env": env,
        "healthcheck": value(&facts["healthcheck"]),
        "logging": value(&facts["logging"]),
        "ulimits": facts["ulimits"],
        "tmpfs": tmpfs,
        "build": workload["build"]["context"].as_str().map(clean),
        "entrypoint": value(&facts["start"])["entrypoint"],
        "command": value(&facts["start"])["command"],
    })
}

fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[test]
fn projects_are_put_together_as_docker_compose_does() {
    let text = include_str!("../../fixtures/compose/merge.json");
    let fixture: Value = serde_json::from_str(text).unwrap();
    let mut different = Vec::new();
    let mut compared = 0;
    for project in fixture["projects"].as_array().unwrap() {
        let name = project["name"].as_str().unwrap();
        let ours = inspect(project);
        let theirs = project["services"].as_object().unwrap();
        let mut names: (Vec<&String>, Vec<&String>) = (ours.keys().collect(), theirs.keys().collect());
        names.0.sort();
        names.1.sort();
        if names.0 != names.1 {
            different.push(format!("{name}: services {:?}, ours {:?}", names.1, names.0));
            continue;
        }
        for (service, theirs) in theirs {
            let ours = facts(&ours[service]);
            for (key, theirs) in theirs.as_object().unwrap() {
                let mine = &ours[key];
                // Without a command in the service, that of the image applies: unknown here, null in Compose.
                let unsaid = matches!(key.as_str(), "entrypoint" | "command") && theirs.is_null();
                let is_empty = theirs.is_null() && *mine == json!([]);
                if !(theirs == mine || unsaid || is_empty || (key == "command" && mine.is_null())) {
                    different.push(format!("{name} {service} {key}: theirs {theirs} ours {mine}"));
                }
                compared += 1;
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
    assert!(compared > 1_000, "{compared} facts compared");
}
