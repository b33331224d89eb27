//! `oomlint why`: the cases of fixtures/why, those of the shared knowledge, and evidence in every form.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common;

/// What the command answered.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

/// Runs `oomlint why` in a directory.
fn why(directory: &Path, arguments: &[&str], stdin: Option<&[u8]>) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.arg("why").args(arguments).current_dir(directory).env_remove("COLUMNS");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // A program that stops early does not read all.
    let _ = input.write_all(stdin.unwrap_or_default());
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A case: files of evidence, files of the project, and what is true of it.
struct Case {
    name: String,
    evidence: Vec<(String, String)>,
    project: Vec<(String, String)>,
    verdict: String,
    rules: Vec<String>,
    says: Vec<String>,
}

impl Case {
    fn answer(&self) -> Value {
        let mut files: Vec<(&str, &str)> = Vec::new();
        for (name, text) in self.evidence.iter().chain(&self.project) {
            files.push((name, text));
        }
        let directory = common::tree(&files);
        let mut arguments: Vec<&str> = vec!["--format", "json"];
        arguments.extend(self.evidence.iter().map(|(name, _)| name.as_str()));
        let said = why(directory.path(), &arguments, None);
        assert!(matches!(said.code, Some(0 | 1)), "{}: {}{}", self.name, said.out, said.err);
        said.json()["containers"][0].clone()
    }

    /// Returns what is wrong with the answer.
    fn faults(&self, answer: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        if answer["verdict"] != self.verdict.as_str() {
            faults.push(format!(
                "{}: {} and not {}: {}",
                self.name, answer["verdict"], self.verdict, answer["answer"]
            ));
        }
        for word in &self.says {
            if !answer["answer"].as_str().unwrap().contains(word) {
                faults.push(format!("{}: does not say `{word}`: {}", self.name, answer["answer"]));
            }
        }
        faults
    }

    /// Returns the rules that are not among those that explain the answer.
    fn unexplained(&self, answer: &Value) -> Vec<String> {
        let found: Vec<&str> = answer["explained_by"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["rule"].as_str().unwrap())
            .collect();
        self.rules.iter().filter(|rule| !found.contains(&rule.as_str())).cloned().collect()
    }
}

fn strings(value: &serde_yaml::Value) -> Vec<String> {
    let items = value.as_sequence().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn pairs(value: &serde_yaml::Value) -> Vec<(String, String)> {
    let pairs = value.as_mapping().into_iter().flatten();
    pairs.map(|(name, text)| (name.as_str().unwrap().to_owned(), text.as_str().unwrap().to_owned())).collect()
}

fn own_cases() -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/why");
    let files = walkdir::WalkDir::new(directory).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "yaml"));
    files
        .map(|file| {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let case: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            Case {
                name: file.path().file_stem().unwrap().to_string_lossy().into_owned(),
                evidence: pairs(&case["evidence"]),
                project: pairs(&case["project"]),
                verdict: case["verdict"].as_str().unwrap().to_owned(),
                rules: strings(&case["explained-by"]),
                says: strings(&case["says"]),
            }
        })
        .collect()
}

#[test]
fn cases_from_public_issues_are_answered() {
    let cases = own_cases();
    assert!(cases.len() >= 15);
    let mut faults = Vec::new();
    for case in &cases {
        let answer = case.answer();
        faults.extend(case.faults(&answer));
        faults.extend(
            case.unexplained(&answer).iter().map(|rule| format!("{}: {rule} does not explain it", case.name)),
        );
    }
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

fn knowledge() -> PathBuf {
    common::shared().join("knowledge/postmortem")
}

fn shared_cases() -> Vec<Case> {
    let text = std::fs::read_to_string(knowledge().join("cases.jsonl")).unwrap();
    let file = |name: &Value| {
        name.as_str()
            .map(|name| (name.replace('/', "-"), std::fs::read_to_string(knowledge().join(name)).unwrap()))
    };
    text.lines()
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            let inline =
                |key: &str, name: &str| case[key].as_str().map(|text| (name.to_owned(), text.to_owned()));
            let evidence = [
                file(&case["inspect"]),
                inline("kernel", "kernel.txt"),
                file(&case["kernel_file"]),
                file(&case["events"]),
                inline("logs", "app.log"),
            ];
            let project = [inline("compose", "compose.yaml"), inline("env_file", ".env")];
            Case {
                name: case["id"].as_str().unwrap().to_owned(),
                evidence: evidence.into_iter().flatten().collect(),
                project: project.into_iter().flatten().collect(),
                verdict: case["verdict"].as_str().unwrap().to_owned(),
                rules: case["rules"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|rule| rule.as_str().unwrap().to_owned())
                    .collect(),
                says: Vec::new(),
            }
        })
        .collect()
}

#[test]
#[cfg_attr(not(shared), ignore = "the cases are in ../shared")]
fn shared_cases_are_answered_with_their_true_cause() {
    let cases = shared_cases();
    let (mut faults, mut explained, mut rules) = (Vec::new(), 0, 0);
    for case in &cases {
        let answer = case.answer();
        faults.extend(case.faults(&answer));
        let unexplained = case.unexplained(&answer);
        rules += case.rules.len();
        explained += case.rules.len() - unexplained.len();
        if !unexplained.is_empty() {
            println!("{}: not explained by {unexplained:?}, but {}", case.name, answer["explained_by"]);
        }
    }
    println!("{explained} of {rules} rules explain their case");
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}
