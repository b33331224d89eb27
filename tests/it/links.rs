//! Dockerfiles that the services of real projects build.

use crate::common;
use std::path::{Path, PathBuf};

use oomlint::model::allowance::{ByteBudget, MAX_TAKEN};
use oomlint::model::build::{Dockerfiles, resolve_build};
use oomlint::model::compose::Settings;
use oomlint::model::project;
use oomlint::source::{Sources, path_text};
use serde_json::Value;

/// Returns the Dockerfile that `service` of `compose` builds, relative to `root`.
fn dockerfile_of(root: &Path, compose: &str, service: &str) -> Result<String, String> {
    let sources = Sources::new();
    let project = project::load_merged(&[root.join(compose)], &Settings::default(), &sources);
    let Some(service) = project.compose.services.iter().find(|ours| ours.name == service) else {
        return Err(format!("no service {service} in {compose}"));
    };
    let Some(build) = &service.build else {
        return Err(format!("{compose} {} builds nothing", service.name));
    };
    let (directory, dockerfiles) = (&project.request.directory, Dockerfiles::default());
    let files = (&sources, &dockerfiles);
    let budget = &mut ByteBudget::of_services(MAX_TAKEN);
    let built = resolve_build(build, &service.name, &project.compose, directory, files, budget);
    let path = built.path.ok_or_else(|| format!("{compose} {}: {:?}", service.name, built.image.err()))?;
    let inside = path.strip_prefix(normal(root)).map_err(|_| format!("{} is outside", path.display()))?;
    Ok(path_text(inside))
}

/// Resolves `..` in a path, as the program does.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => _ = out.pop(),
            other => out.push(other),
        }
    }
    out
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn services_lead_to_their_dockerfiles() {
    let corpus = common::corpus();
    let layouts: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(corpus.join("layouts.json")).unwrap()).unwrap();
    let (mut right, mut wrong, mut invented) = (0, Vec::new(), Vec::new());
    for layout in &layouts {
        let root = corpus.join("layouts").join(layout["layout"].as_str().unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        for link in layout["links"].as_array().unwrap() {
            match dockerfile_of(&root, &text(&link["compose"]), &text(&link["service"])) {
                Ok(path) if path == text(&link["resolves_to"]) => right += 1,
                other => wrong.push(format!("{} {link}: {other:?}", layout["layout"])),
            }
        }
        for link in layout["unresolved"].as_array().unwrap() {
            if let Ok(path) = dockerfile_of(&root, &text(&link["compose"]), &text(&link["service"]))
                && root.join(&path).is_file()
            {
                invented.push(format!("{} {link}: {path}", layout["layout"]));
            }
        }
    }
    println!("{right} links right, {} wrong; {} of the unresolvable found", wrong.len(), invented.len());
    for line in &invented {
        println!("found although said to be unresolvable: {line}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(right, 166);
}
