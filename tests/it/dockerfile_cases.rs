//! Small Dockerfiles with what BuildKit's parser says about each: `fixtures/dockerfile/answers.json`, written by
//! `tests/dockerfile-answers.py`.

use std::path::Path;

use oomlint::source::Sources;
use oomlint::syntax::dockerfile::{parse, to_json};
use serde_json::{Value, json};

/// Returns an instruction of ours with the keys of the answers, without what is empty.
fn comparable(ours: &Value) -> Value {
    let mut out = ours.as_object().unwrap().clone();
    out.remove("span");
    let heredocs = out.remove("heredocs");
    let heredocs = heredocs.as_ref().and_then(Value::as_array).into_iter().flatten();
    let heredocs: Vec<Value> =
        heredocs.map(|here| json!({"name": here["name"], "text": here["content"]})).collect();
    if !heredocs.is_empty() {
        out.insert("heredocs".to_owned(), heredocs.into());
    }
    out.into()
}

#[test]
fn small_files_read_as_buildkit_reads_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dockerfile/answers.json");
    let table: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let files = table["files"].as_array().unwrap();
    assert!(files.len() >= 50, "{} files", files.len());
    for file in files {
        let (name, text) = (file["name"].as_str().unwrap(), file["text"].as_str().unwrap());
        let sources = Sources::new();
        let source = sources.get(sources.add(Path::new("Dockerfile"), text));
        let ours = parse(source.id(), source.text());
        if let Some(error) = file.get("error") {
            assert!(ours.errors.iter().any(|error| error.fatal), "{name}: BuildKit says {error}");
            continue;
        }
        let fatal = ours.errors.iter().find(|error| error.fatal);
        assert_eq!(fatal.is_some(), file.get("build").is_some(), "{name}: {fatal:?}");
        let ours = to_json(&ours, &source);
        let ours: Vec<Value> = ours["instructions"].as_array().unwrap().iter().map(comparable).collect();
        assert_eq!(Value::from(ours), file["instructions"], "{name}: {text}");
    }
}
