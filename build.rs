//! Converts the tables of `rules/catalog` from YAML, which is easier to edit, to JSON, which is faster to parse at startup.
// Cargo is told paths as the system writes them.
#![allow(clippy::disallowed_methods)]

#[path = "build/rows.rs"]
mod rows;
#[path = "build/shapes.rs"]
mod shapes;

use std::path::Path;

use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let out = std::env::var("OUT_DIR")?;
    let out = Path::new(&out);
    for table in ["classes", "images", "packages", "probes", "programs", "runtimes", "tags"] {
        let path = format!("rules/catalog/{table}.yaml");
        println!("cargo::rerun-if-changed={path}");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let mut value: Value = serde_yaml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        if matches!(table, "images" | "probes") {
            let rows = rows::compile(&mut value, table).map_err(|error| format!("{path}: {error}"))?;
            std::fs::write(out.join(format!("{table}.rs")), rows)?;
        }
        std::fs::write(out.join(format!("{table}.json")), value.to_string())?;
    }
    let path = "rules/catalog/compose.yaml";
    println!("cargo::rerun-if-changed={path}");
    let table = serde_yaml::from_str(&std::fs::read_to_string(path)?)?;
    let table = shapes::compile(&table).map_err(|error| format!("{path}: {error}"))?;
    std::fs::write(out.join("compose.rs"), table)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    // Tests that need the reference corpus are ignored if this directory is missing. Touch this file after adding it.
    println!("cargo::rustc-check-cfg=cfg(shared)");
    if Path::new("../shared/corpus").is_dir() {
        println!("cargo::rustc-cfg=shared");
    }
    // Tests that run promtool are ignored without it.
    println!("cargo::rustc-check-cfg=cfg(promtool)");
    println!("cargo::rerun-if-env-changed=PATH");
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|directory| directory.join("promtool").is_file()) {
        println!("cargo::rustc-cfg=promtool");
    }
    Ok(())
}
