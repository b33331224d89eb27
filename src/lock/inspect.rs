//! Reads what `docker image inspect` and `podman image inspect` print.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::entry::{Entry, LockFile, LockedHealthcheck, is_day};
use super::variables;
use crate::catalog::Catalog;
use crate::model::ImageReference;
use crate::syntax::duration;

/// How the output of `docker image inspect` is read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The day of the lock: `2026-12-31`.
    pub today: &'a str,
    /// Names the variables that size memory.
    pub catalog: &'a Catalog,
    /// Masks secrets in the words of a command line.
    pub mask: &'a dyn Fn(&[&str]) -> Vec<String>,
}

/// One image as Docker prints it. Podman has the healthcheck next to the configuration.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Image {
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
    created: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    os: Option<String>,
    config: Option<Config>,
    healthcheck: Option<Health>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    user: Option<String>,
    exposed_ports: Option<BTreeMap<String, Value>>,
    env: Option<Vec<String>>,
    entrypoint: Option<Words>,
    cmd: Option<Words>,
    healthcheck: Option<Health>,
    stop_signal: Option<String>,
}

/// A list of words, or one word.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Many(Vec<String>),
    One(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Health {
    test: Option<Vec<String>>,
    interval: Option<i64>,
    timeout: Option<i64>,
    start_period: Option<i64>,
    start_interval: Option<i64>,
    retries: Option<i64>,
}

/// Returns the images of a text: arrays one after the other, single objects, and whole lock files.
///
/// An image without a name is left out, since nothing can refer to it; the second number counts those.
///
/// # Errors
/// The error, and on a second line the remedy, if that is known.
pub fn entries(text: &str, reading: &Reading<'_>) -> Result<(Vec<Entry>, usize), String> {
    let (mut found, mut nameless) = (Vec::new(), 0);
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value
            .map_err(|error| format!("line {}, column {}: {}", error.line(), error.column(), said(&error)))?;
        if value.get("images").is_some() && value.get("version").is_some() {
            let lock: LockFile = serde_json::from_value(value)
                .map_err(|error| format!("not a lock file of images: {error}"))?;
            found.extend(lock.images);
            continue;
        }
        let images = match value {
            Value::Array(images) => images,
            other => vec![other],
        };
        for image in images {
            match entry(image, reading)? {
                Some(entry) => found.push(entry),
                None => nameless += 1,
            }
        }
    }
    for entry in &mut found {
        entry.normalize();
    }
    Ok((found, nameless))
}

/// Returns what an error of the parser says, without the place, which it repeats at the end.
pub(super) fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text).to_owned()
}

fn entry(image: Value, reading: &Reading<'_>) -> Result<Option<Entry>, String> {
    const COMMAND: &str = "docker image inspect $(oomlint images --unknown) | oomlint images lock";
    let has = |key: &str| image.get(key).is_some();
    if has("HostConfig") || has("State") {
        return Err(format!(
            "this is the output of `docker inspect` for a container, not for an image\n{COMMAND}"
        ));
    }
    if !has("Config") || !(has("RepoTags") || has("RepoDigests")) {
        return Err(format!("not an image: `RepoTags` and `Config` are missing\n{COMMAND}"));
    }
    let image: Image = serde_json::from_value(image).map_err(|error| format!("not an image: {error}"))?;
    let config = image.config.unwrap_or_default();
    let health = config.healthcheck.or(image.healthcheck).and_then(|health| healthcheck(health, reading));
    let names = image.repo_tags.unwrap_or_default();
    let row = names
        .iter()
        .chain(image.repo_digests.iter().flatten())
        .find_map(|name| reading.catalog.image(&ImageReference::parse(name)?));
    let variables = config.env.unwrap_or_default();
    let kept = variables.iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), variables::kept(name, value, reading.catalog, row)?))
    });
    let (entrypoint, command) = start(config.entrypoint, config.cmd, reading);
    let platform = [image.os, image.architecture, image.variant].into_iter().flatten();
    let platform: Vec<String> = platform.filter(|part| !part.is_empty()).collect();
    let mut entry = Entry {
        environment: kept.collect(),
        names,
        digests: image.repo_digests.unwrap_or_default(),
        platform: (!platform.is_empty()).then(|| platform.join("/")),
        created: image.created.and_then(|at| day(&at)),
        locked: reading.today.to_owned(),
        user: config.user.filter(|user| !user.is_empty()),
        entrypoint,
        command,
        healthcheck: health,
        ports: config.exposed_ports.unwrap_or_default().into_keys().collect(),
        stop_signal: config.stop_signal.filter(|signal| !signal.is_empty()),
    };
    entry.normalize();
    Ok((!entry.names.is_empty() || !entry.digests.is_empty()).then_some(entry))
}

/// Returns entrypoint and command. They are masked as one line, since the entrypoint may end in a flag whose value comes next.
fn start(
    entrypoint: Option<Words>,
    command: Option<Words>,
    reading: &Reading<'_>,
) -> (Vec<String>, Vec<String>) {
    let words = |words: Option<Words>| match words {
        None => Vec::new(),
        Some(Words::Many(words)) => words,
        Some(Words::One(word)) => vec![word],
    };
    let (entrypoint, command) = (words(entrypoint), words(command));
    let all: Vec<&str> = entrypoint.iter().chain(&command).map(String::as_str).collect();
    let mut masked = (reading.mask)(&all);
    let command = masked.split_off(entrypoint.len().min(masked.len()));
    (masked, command)
}

fn healthcheck(health: Health, reading: &Reading<'_>) -> Option<LockedHealthcheck> {
    // Docker stores 0 for a time that is not set.
    let time = |nanoseconds: Option<i64>| nanoseconds.filter(|time| *time > 0).map(duration::display);
    let test = health.test.filter(|test| !test.is_empty())?;
    let test = (reading.mask)(&test.iter().map(String::as_str).collect::<Vec<_>>());
    Some(LockedHealthcheck {
        test,
        interval: time(health.interval),
        timeout: time(health.timeout),
        start_period: time(health.start_period),
        start_interval: time(health.start_interval),
        retries: health.retries.filter(|retries| *retries > 0),
    })
}

/// Returns the day of a time such as `2026-10-01T12:30:00.5Z`; `None` for that of images without one.
fn day(time: &str) -> Option<String> {
    let day = time.get(..10)?;
    (is_day(day) && !day.starts_with("0001-")).then(|| day.to_owned())
}
