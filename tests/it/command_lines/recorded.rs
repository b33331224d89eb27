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

fn postmortem() -> Option<PathBuf> {
    Some(shared().join("knowledge/postmortem")).filter(|directory| directory.is_dir())
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

#[test]
fn every_form_of_a_flag_is_read_as_the_client_reads_it() {
    let Some(directory) = postmortem() else { return };
    let rows = std::fs::read_to_string(directory.join("run-grammar.jsonl")).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let line = row["line"].as_str().unwrap();
        let line = line.replace("IMG", "img").replace("<64 hex>", &"a".repeat(64));
        let answer = if row["gives"].is_null() { &row } else { &row["gives"] };
        let command = first(&line, Notation::Lines).unwrap_or_else(|| panic!("{line}"));
        count += 1;
        match compare(&command, answer, &|word| word.text.as_str().to_owned()) {
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
    assert!(count >= 139 && wrong.is_empty(), "{count} lines\n{}", wrong.join("\n"));
}

#[test]
fn no_line_of_the_field_is_read_wrongly() {
    let Some(directory) = postmortem() else { return };
    // What stands for a variable in the recorded answers.
    let stand_in = regex::Regex::new(
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
                let word = |word: &Argument| stand_in.replace_all(word.text.as_str(), "8765").into_owned();
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
