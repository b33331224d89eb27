//! Converts the tables of `rules/catalog` from YAML, which is easier to edit, to JSON, which is faster to parse at startup.

#[path = "build/shapes.rs"]
mod shapes;

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let out = std::env::var("OUT_DIR")?;
    let out = Path::new(&out);
    for table in ["images", "packages", "probes", "programs", "runtimes", "tags"] {
        let path = format!("rules/catalog/{table}.yaml");
        println!("cargo::rerun-if-changed={path}");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let mut value: Value = serde_yaml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        if let Some(rows) = value.get_mut(table).filter(|_| matches!(table, "images" | "probes")) {
            let rows = rows.take();
            let rows = rows.as_array().ok_or_else(|| format!("{path}: no list of {table}"))?;
            std::fs::write(out.join(format!("{table}.rs")), rows_by_name(rows)?)?;
            value.as_object_mut().ok_or("no table")?.remove(table);
        }
        std::fs::write(out.join(format!("{table}.json")), value.to_string())?;
    }
    let path = "rules/catalog/compose.yaml";
    println!("cargo::rerun-if-changed={path}");
    let table = serde_yaml::from_str(&std::fs::read_to_string(path)?)?;
    let table = shapes::compile(&table).map_err(|error| format!("{path}: {error}"))?;
    std::fs::write(out.join("compose.rs"), table)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/shapes.rs");
    // Tests that need the reference corpus are ignored if this directory is missing. Touch this file after adding it.
    println!("cargo::rustc-check-cfg=cfg(shared)");
    if Path::new("../shared/corpus").is_dir() {
        println!("cargo::rustc-cfg=shared");
    }
    Ok(())
}

/// Returns the Rust expression of a `catalog::rows::Table`: the rows as JSON, and where their repositories are among them.
#[expect(clippy::use_debug, reason = "the debug format of texts and lists is Rust")]
fn rows_by_name(rows: &[Value]) -> Result<String, Failure> {
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
    for row in rows {
        writeln!(out, "        {:?},", row.to_string())?;
    }
    out.push_str("    ],\n}\n");
    Ok(out)
}
