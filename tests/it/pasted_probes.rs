//! Suggested health checks can be pasted: `missing-healthcheck` is gone afterwards, and there are no new findings.

#![allow(clippy::unwrap_used, clippy::use_debug)]

use std::collections::BTreeMap;
use std::fmt::Write;

use oomlint::check;
use oomlint::diagnostic::{Finding, Severity};
use oomlint::discover::{self, discover};
use oomlint::source::Sources;
use serde::Deserialize;

const TABLE: &str = include_str!("../../rules/catalog/probes.yaml");

#[derive(Deserialize)]
struct Table {
    probes: Vec<Row>,
}

/// Part of a row that the test needs. The program checks the whole schema.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    repositories: Vec<String>,
    #[serde(default)]
    program: Vec<String>,
    #[serde(default)]
    probes: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Entry {
    when: Vec<String>,
    since: Option<String>,
    before: Option<String>,
    set: BTreeMap<String, String>,
    only_set: Vec<String>,
    only_flags: Vec<String>,
    only_settings: Vec<String>,
    port_by: PortBy,
    http: Option<Http>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PortBy {
    flags: Vec<String>,
}

#[derive(Deserialize)]
struct Http {
    port: u16,
}

/// Service to which a probe applies.
struct Case {
    image: String,
    variables: Vec<(String, String)>,
    command: Vec<String>,
}

impl Case {
    fn of(row: &Row, entry: &Entry) -> Self {
        let version = match (&entry.before, &entry.since) {
            (Some(line), _) => {
                let (above, last) = line.rsplit_once('.').unwrap_or(("", line));
                let last = last.parse::<u32>().unwrap() - 1;
                Some(if above.is_empty() { format!("{last}.9") } else { format!("{above}.{last}") })
            }
            (None, since) => since.clone(),
        };
        let words: Vec<String> = version.into_iter().chain(entry.when.first().cloned()).collect();
        let tag = if words.is_empty() { "latest".to_owned() } else { words.join("-") };
        let some = |name: &String| if name.ends_with("LISTENERS") { "PLAINTEXT://it:9092" } else { "some" };
        let variables = entry
            .set
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(entry.only_set.iter().map(|name| (name.clone(), some(name).to_owned())));
        let flag = entry.only_flags.first();
        let port = entry.http.as_ref().map(|http| http.port.to_string());
        let value = port.filter(|_| flag.is_some_and(|flag| entry.port_by.flags.contains(flag)));
        let command =
            flag.map(|flag| row.program.iter().take(1).chain([flag]).chain(&value).cloned().collect());
        Self {
            image: format!("{}:{tag}", row.repositories.first().unwrap()),
            variables: variables.collect(),
            command: command.unwrap_or_default(),
        }
    }

    fn compose(&self) -> String {
        let mut text = format!("services:\n  it:\n    image: {:?}\n    mem_limit: 4g\n", self.image);
        if !self.command.is_empty() {
            writeln!(text, "    command: {:?}", self.command).unwrap();
        }
        if !self.variables.is_empty() {
            text.push_str("    environment:\n");
        }
        for (name, value) in &self.variables {
            writeln!(text, "      {name}: {value:?}").unwrap();
        }
        text
    }

    fn dockerfile(&self) -> String {
        let mut text = format!("FROM {}\nEXPOSE 1\n", self.image);
        for (name, value) in &self.variables {
            writeln!(text, "ENV {name}={value:?}").unwrap();
        }
        if !self.command.is_empty() {
            writeln!(text, "CMD {:?}", self.command).unwrap();
        }
        text
    }
}

fn lint(name: &str, text: &str) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), text).unwrap();
    let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
    check::run(&check::Options::default(), &Sources::new(), &found).findings
}

/// Returns the lines of a help text to paste, which are those after the first, with `depth` blanks of indentation.
fn snippet(finding: &Finding, depth: usize) -> Option<String> {
    let (_, lines) = finding.help.as_deref()?.split_once('\n')?;
    let indented =
        lines.lines().map(|line| format!("{}{}\n", " ".repeat(depth), line.strip_prefix("  ").unwrap()));
    Some(indented.collect())
}

fn missing(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.rule == "missing-healthcheck")
}

/// Returns the messages of new warnings and errors.
fn worse(before: &[Finding], after: &[Finding]) -> Vec<String> {
    let heavy = after.iter().filter(|finding| finding.severity != Severity::Note);
    let new = heavy.filter(|finding| !before.iter().any(|old| old.message == finding.message));
    new.map(|finding| finding.message.clone()).collect()
}

#[test]
fn every_probe_of_the_table_can_be_pasted() {
    let table: Table = serde_yaml::from_str(TABLE).unwrap();
    let mut problems = String::new();
    let mut pasted = 0;
    for row in &table.probes {
        for entry in row.probes.iter().filter(|entry| entry.only_settings.is_empty()) {
            let case = Case::of(row, entry);
            let mut text = case.compose();
            let before = lint("compose.yaml", &text);
            let offer = missing(&before).and_then(|finding| snippet(finding, 4));
            let Some(offer) = offer else {
                let help = missing(&before).and_then(|finding| finding.help.clone());
                writeln!(problems, "nothing is offered for {}: {help:?}", case.image).unwrap();
                continue;
            };
            text.push_str(&offer);
            let after = lint("compose.yaml", &text);
            if missing(&after).is_some() || !worse(&before, &after).is_empty() {
                writeln!(problems, "{text}{:?}", worse(&before, &after)).unwrap();
            }
            pasted += 1;
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
    assert!(pasted > 70, "{pasted} probes");
}

#[test]
fn every_probe_of_the_table_can_be_an_instruction() {
    let table: Table = serde_yaml::from_str(TABLE).unwrap();
    let mut problems = String::new();
    for row in &table.probes {
        for entry in row.probes.iter().filter(|entry| entry.only_settings.is_empty()) {
            let mut text = Case::of(row, entry).dockerfile();
            let before = lint("Dockerfile", &text);
            let Some(offer) = missing(&before).and_then(|finding| snippet(finding, 0)) else {
                writeln!(problems, "nothing is offered for\n{text}").unwrap();
                continue;
            };
            text.push_str(&offer);
            let after = lint("Dockerfile", &text);
            if !offer.starts_with("HEALTHCHECK ")
                || missing(&after).is_some()
                || !worse(&before, &after).is_empty()
            {
                writeln!(problems, "{text}{:?}", worse(&before, &after)).unwrap();
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}
