//! `docs/refusals.md` shows files, and what Docker Compose and oomlint say about them.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use oomlint::rules::RULES;

use crate::advice::program;
use crate::common::page_lock;
use crate::rule_pages;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/refusals.md");

/// How often Docker Compose is asked.
const TRIES: usize = 30;

/// A block of the page: what follows its three backticks, and its text.
struct Block<'p> {
    info: &'p str,
    text: &'p str,
}

/// Splits a section into its blocks.
fn blocks(section: &str) -> Vec<Block<'_>> {
    let parts = section.split("```").skip(1).step_by(2);
    parts
        .map(|part| {
            let (info, text) = part.split_once('\n').unwrap();
            Block { info, text }
        })
        .collect()
}

/// Returns what oomlint prints, without its last lines: they have the elapsed time.
fn oomlint(directory: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    let output = command.args(["--select", "lint", "--color=never"]).current_dir(directory).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let findings = printed.rsplit_once("\n\n").unwrap().0;
    format!("{findings}\n")
}

/// Returns the error message of Docker Compose.
fn compose(program: &Path, directory: &Path) -> String {
    let mut command = Command::new(program);
    let output = command.args(["config", "--quiet"]).current_dir(directory).output().unwrap();
    assert!(!output.status.success(), "Docker Compose accepts it");
    let said = String::from_utf8(output.stderr).unwrap();
    let place = directory.canonicalize().unwrap();
    said.replace(&format!("{}/", place.display()), "").replace(&format!("{}/", directory.display()), "")
}

/// Returns what Docker Compose says about the first bad example on a rule's page that it rejects.
fn answer_to_an_example(program: &Path, rule: &str) -> Option<String> {
    let page = std::fs::read_to_string(format!("{}/rules/{rule}.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let examples = page.split("```yaml bad\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    examples.into_iter().find_map(|example| {
        let directory = crate::common::tree(&[("compose.yaml", example)]);
        let output =
            Command::new(program).args(["config", "--quiet"]).current_dir(directory.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let place = format!("{}/", directory.path().canonicalize().unwrap().display());
        let last = said.trim().lines().last().unwrap_or_default().replace(&place, "");
        (!output.status.success()).then_some(last)
    })
}

/// Rules with an example that Docker Compose rejects. Of the others, Docker Engine rejects those whose findings quote it.
const OF_COMPOSE: [&str; 7] = [
    "invalid-memory-value",
    "unknown-memory-key",
    "conflicting-limits",
    "invalid-healthcheck",
    "invalid-compose-file",
    "syntax-error",
    "unresolved-reference",
];

#[test]
fn the_rules_that_repeat_docker_are_listed() {
    let _held = page_lock();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once("<!-- sayings -->\n").unwrap();
    let (is, after) = rest.split_once("<!-- /sayings -->\n").unwrap();
    let Some(program) = program::compose() else {
        println!("skipped: Docker Compose is not there; tests/compose-oracle.sh installs it");
        return;
    };
    let findings = rule_pages::every_finding();
    let mut table = "| rule | refused by | in its own words |\n|---|---|---|\n".to_owned();
    for rule in RULES.iter().map(|rule| rule.meta().name) {
        let of_engine =
            findings.iter().filter(|(_, finding)| finding.rule == rule).find_map(|(_, finding)| {
                finding.notes.iter().find(|note| note.starts_with("Error response from daemon: "))
            });
        let row = if OF_COMPOSE.contains(&rule) {
            ("Compose", answer_to_an_example(&program, rule).unwrap())
        } else if let Some(said) = of_engine {
            ("Engine", said.clone())
        } else {
            continue;
        };
        let said = row.1.replace('|', "\\|");
        writeln!(table, "| [{rule}](../rules/{rule}.md) | {} | `{said}` |", row.0).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, format!("{before}<!-- sayings -->\n{table}<!-- /sayings -->\n{after}")).unwrap();
        return;
    }
    assert!(
        is == table,
        "docs/refusals.md is not current: UPDATE=1 cargo test --test it refusals_page\n{table}"
    );
}

#[test]
fn the_refusals_are_what_both_programs_print() {
    let _held = page_lock();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let program = program::compose();
    let (mut wanted, mut shown) = (page.clone(), 0);
    for section in page.split("\n### ").skip(1) {
        let blocks = blocks(section);
        let files: Vec<(&str, &str)> = blocks
            .iter()
            .filter(|block| block.info.starts_with("yaml"))
            .map(|block| {
                (block.info.split_once("file=").map_or("compose.yaml", |(_, name)| name), block.text)
            })
            .collect();
        let texts: Vec<&Block<'_>> = blocks.iter().filter(|block| block.info == "text").collect();
        let [theirs, ours] = texts.as_slice() else { continue };
        let directory = crate::common::tree(&files);
        // Docker Compose goes through mappings in no order, and stops at the first mistake that it comes to.
        let mut said =
            program.iter().flat_map(|program| (0..TRIES).map(|_| compose(program, directory.path())));
        let last = said.next().unwrap_or_else(|| theirs.text.to_owned());
        let is_shown = last == theirs.text || said.any(|said| said == theirs.text);
        let said = if is_shown { theirs.text.to_owned() } else { last };
        let printed = oomlint(directory.path());
        assert!(printed.contains("error["), "{printed}");
        let shows = |theirs: &str, ours: &str| format!("```text\n{theirs}```\n\n```text\n{ours}```");
        let new = section.replace(&shows(theirs.text, ours.text), &shows(&said, &printed));
        wanted = wanted.replace(section, &new);
        shown += 1;
    }
    assert!(shown >= 5, "{shown} refusals are shown");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &wanted).unwrap();
        return;
    }
    assert!(
        page == wanted,
        "docs/refusals.md is not current: UPDATE=1 cargo test --test it refusals_page\n{wanted}"
    );
}
