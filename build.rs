//! Turns the tables of `rules/catalog` from YAML, which people read and edit, into JSON, which a start of the program can
//! afford to read.

use std::path::Path;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let out = std::env::var("OUT_DIR")?;
    for table in ["images", "packages", "probes", "runtimes", "tags"] {
        let path = format!("rules/catalog/{table}.yaml");
        println!("cargo::rerun-if-changed={path}");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let value: serde_json::Value =
            serde_yaml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        std::fs::write(Path::new(&out).join(format!("{table}.json")), value.to_string())?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    // Tests that need the reference material are ignored where it is not beside the project. When it comes later, touch this file.
    println!("cargo::rustc-check-cfg=cfg(shared)");
    if Path::new("../shared/corpus").is_dir() {
        println!("cargo::rustc-cfg=shared");
    }
    Ok(())
}
