//! The tool that proves the catalogue's claims by upstream's repositories, tried on small made-up ones.
//!
//! `packaging/catalog` has the tool, its README the commands. What it says about the real catalogue needs those repositories, and is
//! asked once a week by `.github/workflows/catalog.yml`.

use std::path::Path;
use std::process::Command;

#[test]
fn the_tool_proves_moves_and_contradicts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("python3");
    command.current_dir(root).args(["-B", "packaging/catalog/self_test.py", env!("CARGO_BIN_EXE_oomlint")]);
    let Ok(output) = command.output() else {
        println!("skipped: there is no python3");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    // 77 is that of a test that is skipped: the reason is its output.
    let passes = output.status.success() || output.status.code() == Some(77);
    assert!(passes, "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn sources_that_quote_words_are_of_the_form_that_the_tool_reads() {
    let quote =
        regex::Regex::new(r#"^[\w.-]+/[\w.-]+@[0-9a-f]{40} [^\s:]+(:[0-9]+(-[0-9]+)?)? has ".{1,100}"$"#)
            .unwrap();
    let short = regex::Regex::new(r"/[\w.-]+@[0-9a-f]{7,39}\b").unwrap();
    let mut seen = 0;
    for path in ["images", "probes"].iter().flat_map(|table| files(table)) {
        let table: serde_yaml::Value =
            serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        texts(&table, &mut |text| {
            let quotes = text.contains(" has \"");
            seen += usize::from(quotes);
            assert!(!quotes || quote.is_match(text), "{}: {text}", path.display());
            assert!(!short.is_match(text), "{}: a commit has 40 digits: {text}", path.display());
        });
    }
    assert!(seen > 40, "only {seen} sources quote words");
}

fn files(table: &str) -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/catalog");
    let below = std::fs::read_dir(root.join(table)).into_iter().flatten().flatten().map(|entry| entry.path());
    let below = below.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    std::iter::once(root.join(format!("{table}.yaml"))).chain(below).collect()
}

/// Calls `see` with every text below `source` and `sources`.
fn texts(value: &serde_yaml::Value, see: &mut dyn FnMut(&str)) {
    match value {
        serde_yaml::Value::Mapping(map) => {
            for (key, below) in map {
                match key.as_str() {
                    Some("source" | "sources") => every_text(below, see),
                    _ => texts(below, see),
                }
            }
        }
        serde_yaml::Value::Sequence(items) => items.iter().for_each(|item| texts(item, see)),
        _ => {}
    }
}

fn every_text(value: &serde_yaml::Value, see: &mut dyn FnMut(&str)) {
    match value {
        serde_yaml::Value::String(text) => see(text),
        serde_yaml::Value::Sequence(items) => items.iter().for_each(|item| every_text(item, see)),
        serde_yaml::Value::Mapping(map) => map.values().for_each(|item| every_text(item, see)),
        _ => {}
    }
}
