//! Compiles tables with a row for each family of images: `rules/catalog/images.yaml` with the files of `rules/catalog/images`, and
//! the same of `probes`.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Map, Value};

type Failure = Box<dyn std::error::Error>;

/// Keys of a row that only people and `packaging/catalog` read.
const FOR_PEOPLE: [&str; 3] = ["source", "sources", "upstream"];

/// Keys that a row does not take over from the row that it is `like`.
const OWN: [&str; 4] = ["repositories", "deprecated", "lighter", "like"];

/// Takes the rows out of `table`, adds those of the directory of its name, and returns the Rust expression of a
/// `catalog::rows::Table`: the rows as JSON, and where their repositories are among them.
pub(crate) fn compile(table: &mut Value, name: &str) -> Result<String, Failure> {
    let mut rows = Vec::new();
    take(table.as_object_mut().and_then(|table| table.remove(name)), &mut rows)?;
    for path in files(name)? {
        println!("cargo::rerun-if-changed={}", path.display());
        let file: Value = serde_yaml::from_str(&std::fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        take(file.get(name).cloned(), &mut rows).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    inherit(&mut rows)?;
    rows.iter_mut().for_each(|row| FOR_PEOPLE.iter().for_each(|key| drop(row.remove(*key))));
    by_name(rows.into_iter().map(|row| without_sources(Value::Object(row))).collect())
}

fn take(rows: Option<Value>, out: &mut Vec<Map<String, Value>>) -> Result<(), Failure> {
    let Some(Value::Array(rows)) = rows else { return Err("no list of rows".into()) };
    for row in rows {
        let Value::Object(row) = row else { return Err("a row that is no mapping".into()) };
        if !row.contains_key("source") && !row.contains_key("sources") {
            return Err(format!("{:?} has no source", row.get("repositories")).into());
        }
        out.push(row);
    }
    Ok(())
}

/// Returns the files of `rules/catalog/NAME`, sorted.
fn files(name: &str) -> Result<Vec<PathBuf>, Failure> {
    let directory = PathBuf::from(format!("rules/catalog/{name}"));
    println!("cargo::rerun-if-changed={}", directory.display());
    let Ok(entries) = std::fs::read_dir(directory) else { return Ok(Vec::new()) };
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_, Failure>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

/// Gives each row that is `like` another the keys that it does not have itself.
fn inherit(rows: &mut [Map<String, Value>]) -> Result<(), Failure> {
    let mut by_repository = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        for name in row.get("repositories").and_then(Value::as_array).into_iter().flatten() {
            by_repository.insert(name.as_str().unwrap_or_default().to_owned(), at);
        }
    }
    for at in 0..rows.len() {
        let Some(like) = rows.get(at).and_then(|row| row.get("like")?.as_str().map(str::to_owned)) else {
            continue;
        };
        let parent = by_repository.get(&like).and_then(|at| rows.get(*at)).cloned();
        let parent = parent.filter(|parent| !parent.contains_key("like"));
        let parent = parent.ok_or_else(|| format!("no row of its own for `{like}`"))?;
        let Some(row) = rows.get_mut(at) else { continue };
        for (key, value) in parent.into_iter().filter(|(key, _)| !OWN.contains(&key.as_str())) {
            row.entry(key).or_insert(value);
        }
        row.remove("like");
    }
    Ok(())
}

/// Drops the sources of claims.
fn without_sources(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| key != "source");
            Value::Object(kept.map(|(key, value)| (key, without_sources(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_sources).collect()),
        other => other,
    }
}

#[expect(clippy::use_debug, reason = "the debug format of texts and lists is Rust")]
fn by_name(rows: Vec<Value>) -> Result<String, Failure> {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let repositories = row.get("repositories").and_then(Value::as_array).ok_or("a row without names")?;
        names.extend(repositories.iter().filter_map(|name| Some((name.as_str()?, at))));
    }
    let (mut prefixes, mut names): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|(name, _)| name.ends_with('*'));
    names.sort_unstable();
    for (prefix, _) in &mut prefixes {
        *prefix = prefix.trim_end_matches('*');
    }
    prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
    let mut out = format!("Table {{\n    names: &{names:?},\n    prefixes: &{prefixes:?},\n    rows: &[\n");
    for row in &rows {
        writeln!(out, "        {:?},", row.to_string())?;
    }
    out.push_str("    ],\n}\n");
    Ok(out)
}
