//! Converts the tables of `rules/catalog` from YAML, which is easier to edit, to JSON, which is faster to parse at startup.

use std::path::Path;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let out = std::env::var("OUT_DIR")?;
    for table in ["images", "packages", "probes", "programs", "runtimes", "tags"] {
        let path = format!("rules/catalog/{table}.yaml");
        println!("cargo::rerun-if-changed={path}");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let value: serde_json::Value =
            serde_yaml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        std::fs::write(Path::new(&out).join(format!("{table}.json")), value.to_string())?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    // Tests that need the reference corpus are ignored if this directory is missing. Touch this file after adding it.
    println!("cargo::rustc-check-cfg=cfg(shared)");
    if Path::new("../shared/corpus").is_dir() {
        println!("cargo::rustc-cfg=shared");
    }
    Ok(())
}
