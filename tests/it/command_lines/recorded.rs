//! Command lines with the answer of the real Docker CLI, recorded once: images, commands, sizes and errors agree.

use std::path::PathBuf;

use oomlint::source::{Sources, Span, TracedText};
use oomlint::syntax::command_line::{Argument, Command, Notation, find};
use oomlint::syntax::size::ByteSize;
use serde_json::Value;

use crate::common::shared;

/// Lines for which the recorded answer is not that of the command as written, each with the reason.
const OTHERWISE: [(&str, &str); 23] = [
    ("031", "a template of m4"),
    ("039", "Podman's flag, asked of Docker"),
    ("066", "Podman's flag, asked of Docker"),
    ("169", "Podman's value, asked of Docker"),
    ("115", "a comment in backticks is no word to a shell"),
    ("178", "a comment in backticks is no word to a shell"),
    ("181", "a comment in backticks is no word to a shell"),
    ("214", "a comment in backticks is no word to a shell"),
    ("215", "a comment in backticks is no word to a shell"),
    ("217", "a comment in backticks is no word to a shell"),
    ("218", "a comment in backticks is no word to a shell"),
    ("179", "a comment in backticks is no word to a shell"),
    ("114", "the fourth word has a substitution in quotes of two kinds"),
    ("150", "a placeholder in percent signs"),
    ("221", "a placeholder with a bar in it"),
    ("099", "a value that was replaced"),
    ("137", "a value that was replaced"),
    ("197", "a path that was replaced"),
    ("209", "the answer of the daemon"),
    ("210", "values that were replaced are the same"),
    ("186", "the line is cut off"),
    ("213", "the line is cut off"),
    ("062", "a sentence"),
];

/// Lines with what Docker 28.2.2 made of them.
const RECORDED: [(&str, &str); 20] = [
    ("docker run -m512m img", r#"{"image": "img", "Memory": 536870912}"#),
    ("docker run -itm=1g img sh", r#"{"image": "img", "cmd": ["sh"], "Memory": 1073741824}"#),
    ("docker run --memory .5g img", r#"{"image": "img", "Memory": 536870912}"#),
    ("docker run --memory 512MiB img", r#"{"image": "img", "Memory": 536870912}"#),
    ("docker run --memory 1e9 img", r#"{"image": "img", "Memory": 1000000000}"#),
    ("docker run -m 512m --memory-swap=-1 img", r#"{"image": "img", "Memory": 536870912, "MemorySwap": -1}"#),
    ("docker run img -m 512m", r#"{"image": "img", "cmd": ["-m", "512m"]}"#),
    ("docker run -- img sh -c x", r#"{"image": "img", "cmd": ["sh", "-c", "x"]}"#),
    ("docker run --rm true img", r#"{"image": "true", "cmd": ["img"], "AutoRemove": true}"#),
    ("docker run --oom-kill-disable=false img", r#"{"image": "img"}"#),
    ("docker run -tie A=1 -e B img", r#"{"image": "img", "env": ["A=1", "B"]}"#),
    ("docker run --entrypoint \"java -Xmx1g\" img", r#"{"image": "img", "entrypoint": ["java -Xmx1g"]}"#),
    ("docker run img \"a b\" 'c d' e\\ f", r#"{"image": "img", "cmd": ["a b", "c d", "e f"]}"#),
    (
        "docker run --memory 512Mi img",
        r#"{"error": "invalid argument \"512Mi\" for \"-m, --memory\" flag: invalid suffix: 'mi'"}"#,
    ),
    (
        "docker run --memory -1 img",
        r#"{"error": "invalid argument \"-1\" for \"-m, --memory\" flag: invalid size: '-1'"}"#,
    ),
    (
        "docker run --ulimit memlock=unlimited img",
        r#"{"error": "invalid argument \"memlock=unlimited\" for \"--ulimit\" flag: strconv.ParseInt: parsing \"unlimited\": invalid syntax"}"#,
    ),
    (
        "docker run --restart always --rm img",
        r#"{"error": "docker: conflicting options: cannot specify both --restart and --rm"}"#,
    ),
    (
        "docker run --no-healthcheck --health-cmd x img",
        r#"{"error": "docker: --no-healthcheck conflicts with --health-* options"}"#,
    ),
    ("docker run -M 512m img", r#"{"error": "unknown shorthand flag: 'M' in -M"}"#),
    ("docker run --memory_swap 1g img", r#"{"error": "unknown flag: --memory_swap"}"#),
];

fn postmortem() -> PathBuf {
    shared().join("knowledge/postmortem")
}

fn first(text: &str, notation: Notation) -> Option<Command> {
    let sources = Sources::new();
    let file = sources.add(std::path::Path::new("line"), text);
    let traced = TracedText::verbatim(text, Span::new(file, 0, text.len()));
    find(&traced, notation).into_iter().next()
}

/// What came of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Agrees,
    Refused,
    Uncertain,
    NotFound,
}

/// Compares a command with the recorded answer.
fn compare(command: &Command, answer: &Value, word: &dyn Fn(&Argument) -> String) -> Result<Outcome, String> {
    if command.uncertain.is_some() {
        return Ok(Outcome::Uncertain);
    }
    if !answer["error"].is_null() {
        let refused = command.refusals.first();
        return refused.map(|_| Outcome::Refused).ok_or_else(|| format!("taken, but {}", answer["error"]));
    }
    if let Some(refusal) = command.refusals.first() {
        return Err(format!("refused: {}", refusal.message));
    }
    let mut differences = String::new();
    let mut equal = |what: &str, ours: Value, theirs: &Value| {
        if ours != *theirs {
            differences.push_str(&format!("{what}: {ours} is {theirs}; "));
        }
    };
    let in_swarm = answer["kind"] == "service";
    let mut image = command.image.as_ref().map(word).unwrap_or_default();
    if in_swarm && !image.contains(':') {
        image.push_str(":latest");
    }
    equal("image", image.into(), &answer["image"]);
    let words: Vec<String> = command.arguments.iter().map(word).collect();
    let words = if words.is_empty() { Value::Null } else { words.into() };
    equal("command", words, &answer[if in_swarm { "args" } else { "cmd" }]);
    for (flag, key) in [
        ("memory", "Memory"),
        ("memory-swap", "MemorySwap"),
        ("memory-reservation", "MemoryReservation"),
        ("memory-swappiness", "MemorySwappiness"),
        ("shm-size", "ShmSize"),
        ("oom-score-adj", "OomScoreAdj"),
        ("pids-limit", "PidsLimit"),
        ("cpu-quota", "CpuQuota"),
    ] {
        let value = command.flag(flag).and_then(|flag| flag.value.as_ref()).map(word);
        let size = value.map(|value| ByteSize::parse_compose(&value).unwrap().0);
        let size = size.filter(|size| *size != 0 || flag == "memory-swappiness");
        equal(flag, size.map_or(Value::Null, Value::from), &answer[key]);
    }
    if let Some(limits) = answer["limits"].as_object() {
        let value = command.flag("limit-memory").and_then(|flag| flag.literal());
        let size = value.map(|value| ByteSize::parse_compose(value).unwrap().0);
        let none = Value::Null;
        equal(
            "limit-memory",
            size.map_or(Value::Null, Value::from),
            limits.get("MemoryBytes").unwrap_or(&none),
        );
    }
    for (flag, key) in [("oom-kill-disable", "OomKillDisable"), ("rm", "AutoRemove")] {
        if !in_swarm {
            let set = if command.is_set(flag) { Value::Bool(true) } else { Value::Null };
            equal(flag, set, &answer[key]);
        }
    }
    let entrypoint = command.flag("entrypoint").and_then(|flag| flag.value.as_ref()).map(word);
    let entrypoint = entrypoint.map_or(Value::Null, |word| Value::from(vec![word]));
    if !in_swarm {
        equal("entrypoint", entrypoint, &answer["entrypoint"]);
    }
    if let Some(theirs) = answer["env"].as_array() {
        let mut ours: Vec<String> =
            command.all("env").filter_map(|flag| flag.value.as_ref()).map(word).collect();
        let mut theirs: Vec<&str> = theirs.iter().filter_map(Value::as_str).collect();
        ours.sort();
        theirs.sort_unstable();
        equal("env", ours.into(), &Value::from(theirs));
    }
    if differences.is_empty() { Ok(Outcome::Agrees) } else { Err(differences) }
}

/// Compares lines with their answers, and returns the number of lines and what is wrong.
fn differences(rows: impl IntoIterator<Item = (String, Value)>) -> (usize, Vec<String>) {
    let (mut count, mut wrong) = (0, Vec::new());
    for (line, answer) in rows {
        let command = first(&line, Notation::Lines).unwrap_or_else(|| panic!("{line}"));
        count += 1;
        match compare(&command, &answer, &|word| word.text.as_str().to_owned()) {
            Ok(Outcome::Agrees) => {}
            Ok(Outcome::Refused) => {
                // The same words, behind the client's name.
                let (theirs, ours) = (answer["error"].as_str().unwrap(), &command.refusals[0].message);
                if !theirs.ends_with(ours.as_str()) {
                    wrong.push(format!("{line}: {ours} is {theirs}"));
                }
            }
            other => wrong.push(format!("{line}: {other:?}")),
        }
    }
    (count, wrong)
}

#[test]
fn some_forms_of_flags_are_read_as_the_client_reads_them() {
    let rows = RECORDED.map(|(line, answer)| (line.to_owned(), serde_json::from_str(answer).unwrap()));
    let (_, wrong) = differences(rows);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_form_of_a_flag_is_read_as_the_client_reads_it() {
    let rows = std::fs::read_to_string(postmortem().join("run-grammar.jsonl")).unwrap();
    let rows = rows.lines().map(|row| {
        let row: Value = serde_json::from_str(row).unwrap();
        let line = row["line"].as_str().unwrap().replace("IMG", "img").replace("<64 hex>", &"a".repeat(64));
        let answer = if row["gives"].is_null() { row } else { row["gives"].clone() };
        (line, answer)
    });
    let (count, wrong) = differences(rows);
    assert!(count >= 139 && wrong.is_empty(), "{count} lines\n{}", wrong.join("\n"));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn no_line_of_the_field_is_read_wrongly() {
    let directory = postmortem();
    // What stands for a variable in the recorded answers.
    let placeholder = regex::Regex::new(
        r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\$\{[^}]*\}|\$\$?[A-Za-z_]\w*|\$[0-9@*#?]|\{\{[^}]*\}\}|<[A-Za-z][\w .:/-]*>",
    )
    .unwrap();
    let rows = std::fs::read_to_string(directory.join("run.jsonl")).unwrap();
    let mut counts: std::collections::BTreeMap<Outcome, usize> = std::collections::BTreeMap::new();
    let (mut wrong, mut otherwise) = (Vec::new(), 0);
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let (file, context) = (row["file"].as_str().unwrap(), row["context"].as_str().unwrap());
        let text = std::fs::read_to_string(directory.join(file)).unwrap();
        let notation = match context {
            "Makefile" => Notation::Makefile,
            "shell" => Notation::Shell,
            _ if text.starts_with("ExecStart") => Notation::Unit,
            _ => Notation::Lines,
        };
        let answer = &row["docker_cli_28_2_2"];
        let outcome = match first(&text, notation) {
            None => Ok(Outcome::NotFound),
            // Nothing is recorded of it.
            Some(_) if answer.is_null() => continue,
            Some(command) => {
                let word = |word: &Argument| placeholder.replace_all(word.text.as_str(), "8765").into_owned();
                compare(&command, answer, &word)
            }
        };
        match outcome {
            Ok(outcome) => *counts.entry(outcome).or_default() += 1,
            Err(_) if OTHERWISE.iter().any(|(number, _)| file.contains(number)) => otherwise += 1,
            Err(why) => wrong.push(format!("{file} ({context}): {why}")),
        }
    }
    let of = |outcome: Outcome| counts.get(&outcome).copied().unwrap_or_default();
    println!(
        "{} agree, {} refused alike, {} uncertain, {} not found, {otherwise} recorded otherwise",
        of(Outcome::Agrees),
        of(Outcome::Refused),
        of(Outcome::Uncertain),
        of(Outcome::NotFound)
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(of(Outcome::Agrees) >= 120);
}
