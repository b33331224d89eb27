//! SARIF logs: invariants, and validation by other tools.
//!
//! The tools are Microsoft's SARIF Multitool, whose package contains the official schema, and the Python package sarif-tools.
//! `tests/sarif-tools.sh` installs them in `target/sarif-tools` or the folder that `OOMLINT_SARIF_TOOLS` names. Tests without
//! their tool pass and print that they were skipped.

use crate::common;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Checked;
use oomlint::diagnostic::{Applicability, Confidence, Edit, Finding, Fix, Label, Severity, Summary};
use oomlint::discover::RepositoryRoot;
use oomlint::report::{Format, Report, human};
use oomlint::rules::RULES;
use oomlint::source::{Sources, Span};
use serde_json::Value;

fn projects() -> Vec<(String, Value)> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir("fixtures/projects").unwrap() {
        let path = entry.unwrap().path();
        logs.push((path.display().to_string(), Checked::below(&path).json(Format::Sarif)));
    }
    logs.push(("nothing".to_owned(), Checked::texts(&[]).json(Format::Sarif)));
    logs.push(("odd places".to_owned(), odd_places()));
    logs
}

/// Returns a log with a fix in two files, a path that a URI must escape, a file outside of the repository, and locations at
/// both ends of a file.
fn odd_places() -> Value {
    let sources = Sources::new();
    let odd = sources.add(Path::new("größe: [1] #?%/compose.yaml"), "services:\n  é😀: x\n");
    let outside = sources.add(Path::new("/else where/Dockerfile"), "FROM a\r\n");
    let label = |span: Span, text: &str| Label { span, text: text.to_owned() };
    let edit = |span: Span| Edit { span, replacement: "y\n".to_owned() };
    let found = |span: Span| Finding {
        related: vec![label(Span::new(outside, 0, 8), "[a](1)"), label(Span::new(odd, 99, 99), "")],
        fixes: vec![Fix {
            title: "change both".to_owned(),
            applicability: Applicability::Unsafe,
            edits: vec![
                edit(Span::new(odd, 20, 21)),
                edit(Span::new(outside, 5, 6)),
                edit(Span::new(odd, 0, 0)),
            ],
            ..Fix::default()
        }],
        ..Finding::new(
            "tight-heap",
            Severity::Warning,
            Confidence::Low,
            "see [here](https://example.com) {0}".to_owned(),
            label(span, "here"),
        )
    };
    let findings =
        [found(Span::new(odd, 20, 21)), found(Span::new(odd, 0, 999)), found(Span::new(outside, 8, 8))];
    let summary = Summary::default();
    let root = RepositoryRoot::new(Path::new("/repo/sub"), Path::new("/repo"));
    let mut out = Vec::new();
    let report = Report::new(&findings, &summary, &sources, &root);
    report.write(&mut out, Format::Sarif, human::Options::default()).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

#[test]
fn every_rule_is_described() {
    let log = Checked::texts(&[]).json(Format::Sarif);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    for (rule, meta) in rules.iter().zip(RULES.iter().map(|rule| rule.meta())) {
        assert_eq!(text(rule, "/id"), meta.name);
        assert_eq!(text(rule, "/help/markdown"), meta.page);
        for pointer in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/name", "/helpUri"]
        {
            assert!(!text(rule, pointer).is_empty(), "{pointer} of {}", meta.name);
        }
        let full = text(rule, "/fullDescription/text");
        assert!((20..=1024).contains(&full.chars().count()), "{}: {full}", meta.name);
        assert!(!full.contains("```") && !full.contains('#'), "{}: {full}", meta.name);
        assert!(text(rule, "/shortDescription/text").ends_with('.'));
        assert!(["note", "warning", "error"].contains(&text(rule, "/defaultConfiguration/level")));
    }
}

#[test]
fn results_keep_to_what_readers_need() {
    for (name, log) in projects() {
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut prints = HashSet::new();
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"], "{name}");
            assert!(prints.insert(text(result, "/partialFingerprints/oomlint~1v1").to_owned()), "{name}");
            assert!(text(result, "/partialFingerprints/primaryLocationLineHash").contains(':'), "{name}");
            assert!(!text(result, "/message/text").contains("]("), "{name}");
            let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
            for location in result["locations"].as_array().unwrap().iter().chain(&related) {
                let artifact = &location["physicalLocation"]["artifactLocation"];
                let uri = text(artifact, "/uri");
                let relative = artifact["uriBaseId"] == "%SRCROOT%";
                assert_eq!(relative, !uri.starts_with("file:///"), "{name}: {uri}");
                assert!(!uri.contains([' ', '\\', '[', '#', '?']) && uri.is_ascii(), "{name}: {uri}");
                let region = &location["physicalLocation"]["region"];
                let at = |key: &str| region[key].as_u64().unwrap_or_else(|| panic!("no {key}"));
                let (start, end) = ((at("startLine"), at("startColumn")), (at("endLine"), at("endColumn")));
                assert!(start.0 >= 1 && start.1 >= 1 && start <= end, "{name}: {region}");
            }
        }
    }
    let odd = odd_places();
    let results = &odd["runs"][0]["results"];
    let uri = |pointer: &str| text(results, pointer).to_owned();
    let location = "physicalLocation/artifactLocation/uri";
    assert_eq!(
        uri(&format!("/0/locations/0/{location}")),
        "sub/gr%C3%B6%C3%9Fe%3A%20%5B1%5D%20%23%3F%25/compose.yaml"
    );
    assert_eq!(uri(&format!("/2/locations/0/{location}")), "file:///else%20where/Dockerfile");
    // `é😀` before the location: one UTF-16 code unit and two.
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startColumn"], 8);
    assert_eq!(results[0]["fixes"][0]["artifactChanges"].as_array().unwrap().len(), 2);
}

/// Returns the path of a file of the tools; `None` if it does not exist.
fn tool(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("OOMLINT_SARIF_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sarif-tools"), PathBuf::from);
    let path = folder.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not here", path.display());
    None
}

/// Returns the logs of the fixtures and, with the reference corpus, of thousands of real files.
fn all_logs() -> Vec<(String, Value)> {
    let mut logs = projects();
    if cfg!(shared) {
        logs.push(("corpus".to_owned(), Checked::below(&common::corpus()).json(Format::Sarif)));
    }
    logs
}

#[test]
fn the_official_schema_accepts_every_log() {
    let Some(schema) = tool("node_modules/@microsoft/sarif-multitool-linux/sarif-2.1.0.json") else { return };
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for (name, log) in all_logs() {
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .take(5)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        println!("{name}: {} results", log["runs"][0]["results"].as_array().unwrap().len());
    }
    let mut broken = Checked::texts(&[]).json(Format::Sarif);
    broken["runs"][0]["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"] = "fatal".into();
    assert!(!validator.is_valid(&broken), "the schema refuses nothing");
}

/// Validates a log and returns the results, which the Multitool writes to a log of its own. Its exit code is meaningless.
fn multitool(program: &Path, log: &Value) -> Vec<Value> {
    let scratch = tempfile::tempdir().unwrap();
    let (input, output) = (scratch.path().join("in.sarif"), scratch.path().join("out.sarif"));
    std::fs::write(&input, serde_json::to_vec(log).unwrap()).unwrap();
    // It sends telemetry and waits for it, except without a network.
    let alone = Command::new("unshare").args(["-n", "true"]).status().is_ok_and(|status| status.success());
    let mut command = if alone { Command::new("unshare") } else { Command::new(program) };
    if alone {
        command.arg("-n").arg(program);
    }
    let ran = command
        .args(["validate", "--log", "ForceOverwrite", "--rule-kind", "Sarif;Ghas"])
        .args(["--max-file-size-in-kb", "1000000", "-o"])
        .args([&output, &input])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    // A file that it does not recognize would have no results either.
    assert!(said.contains("1 files scanned") && !said.contains("skipped"), "{said}");
    let verdict: Value =
        serde_json::from_str(std::fs::read_to_string(output).unwrap().trim_start_matches('\u{feff}'))
            .unwrap();
    verdict["runs"][0]["results"].as_array().cloned().unwrap_or_default()
}

#[test]
fn microsofts_validator_finds_nothing() {
    let Some(program) = tool("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool") else { return };
    for (name, mut log) in all_logs() {
        // Tens of thousands of results would take minutes.
        let results = log["runs"][0]["results"].as_array_mut().unwrap();
        if results.len() > 2_000 {
            *results = results.drain(..).step_by(20).collect();
        }
        let found = multitool(&program, &log);
        assert!(found.is_empty(), "{name}: {} results, the first: {:#}", found.len(), found[0]);
        println!("{name}: nothing");
    }
    let mut broken = Checked::below(Path::new("fixtures/projects/shop")).json(Format::Sarif);
    broken["runs"][0]["results"][0]["ruleIndex"] = 9_999.into();
    assert!(!multitool(&program, &broken).is_empty(), "it finds nothing in a broken log either");
}

#[test]
fn another_reader_counts_the_same_findings() {
    let Some(program) = tool("venv/bin/sarif") else { return };
    let checked = Checked::below(Path::new("fixtures/projects/shop"));
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("shop.sarif");
    std::fs::write(&path, checked.report(Format::Sarif)).unwrap();
    let ran = Command::new(program).arg("summary").arg(&path).output().unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    let summary = checked.outcome.summary;
    for (name, count) in [("error", summary.errors), ("warning", summary.warnings), ("note", summary.notes)] {
        assert!(said.lines().any(|line| line == format!("{name}: {count}")), "{name} {count}: {said}");
    }
}
