//! Documentation: generated parts are current, every page is in the book, and every link has a target.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use oomlint::rules::{Group, RULES};
use oomlint::workload::FactName;
use serde_json::Value;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(top().join(name)).unwrap()
}

/// Asserts that a generated file is current. Writes it if `UPDATE` is set.
fn current(name: &str, wanted: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(top().join(name), wanted).unwrap();
        return;
    }
    let is = std::fs::read_to_string(top().join(name)).unwrap_or_default();
    assert!(is == wanted, "{name} is not current: UPDATE=1 cargo test --test it book");
}

const GENERATED: &str = "<!-- Written by `UPDATE=1 cargo test --test it book`. -->";

fn oomlint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "TERM", "COLUMNS"] {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(top().join("fixtures/projects"));
    command
}

fn printed(arguments: &[&str]) -> String {
    String::from_utf8(oomlint(arguments).output().unwrap().stdout).unwrap()
}

/// Returns the commands that the help lists.
fn commands(help: &str) -> Vec<&str> {
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // `help` prints what is here.
    list.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[test]
fn the_command_line_is_that_of_the_program() {
    let help = printed(&["--help"]);
    let mut page =
        format!("{GENERATED}\n\n# Command line\n\nThe output of `--help`.\n\n```text\n{help}```\n");
    // The main help is that of `check`.
    for command in commands(&help).into_iter().filter(|command| *command != "check") {
        let help = printed(&[command, "--help"]);
        assert!(help.contains("Usage"), "{command}");
        write!(page, "\n## oomlint {command}\n\n```text\n{help}```\n").unwrap();
        for below in help.contains("Commands:\n").then(|| commands(&help)).into_iter().flatten() {
            let help = printed(&[command, below, "--help"]);
            write!(page, "\n### oomlint {command} {below}\n\n```text\n{help}```\n").unwrap();
        }
    }
    current("docs/command-line.md", &page);
}

/// The worked example uses a real project, which is not part of this repository.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_worked_example_is_what_is_printed() {
    let stories = crate::common::corpus().join("stories");
    let run = |directory: &str, arguments: &[&str]| {
        let output = oomlint(arguments).current_dir(stories.join(directory)).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let page = read("docs/budget.md");
    let mut parts = page.split("<!-- printed in ");
    let mut wanted = parts.next().unwrap().to_owned();
    for part in parts {
        let (head, rest) = part.split_once(" -->\n```text\n").unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        let (directory, command) = head.split_once(": ").unwrap();
        let stats = top().join("fixtures/cli/otel-demo.csv");
        let arguments: Vec<&str> = command
            .split(' ')
            .map(|word| if word.ends_with(".csv") { stats.to_str().unwrap() } else { word })
            .collect();
        let printed = run(directory, &arguments);
        write!(wanted, "<!-- printed in {head} -->\n```text\n{printed}```\n{after}").unwrap();
    }
    current("docs/budget.md", &wanted);
    let svg = run("C12/after", &["budget", "--host-memory", "4g", "--format", "svg"]);
    current("docs/pictures/otel-demo.svg", &svg);
}

/// Describes the values that a schema allows.
fn values(schema: &Value, definitions: &Value, depth: usize) -> String {
    let join = |parts: Vec<String>| {
        let mut parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.dedup();
        parts.join(" or ")
    };
    let each =
        |list: &Value| list.as_array().unwrap().iter().map(|one| values(one, definitions, depth)).collect();
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let meant = &definitions[name];
        // A page of its own lists them.
        if matches!(name, "RuleName" | "RuleOrGroup") {
            return "[a rule or a group](../rules/README.md)".to_owned();
        }
        return match meant["type"].as_str() {
            Some("object") if depth == 0 => format!("[{name}](#{})", name.to_lowercase()),
            _ => values(meant, definitions, depth),
        };
    }
    for key in ["anyOf", "oneOf"] {
        if schema[key].is_array() {
            return join(each(&schema[key]));
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words
            .iter()
            .filter_map(|word| Some(format!("`{}`", word.as_str()?)))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`{word}`");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let one = |name: &&str| match *name {
        "null" => String::new(),
        "array" => format!("list of {}", values(&schema["items"], definitions, depth)),
        "object" => match &schema["additionalProperties"] {
            Value::Object(_) => {
                format!("mapping to {}", values(&schema["additionalProperties"], definitions, depth))
            }
            _ => "mapping".to_owned(),
        },
        "string" => match schema["examples"].as_array().and_then(|examples| examples.first()) {
            Some(example) => format!("string, as in `{}`", example.as_str().unwrap_or_default()),
            None => "string".to_owned(),
        },
        other => other.to_owned(),
    };
    join(types.iter().map(one).collect())
}

/// Returns a description as one cell of a table: a line break would end the row.
fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

fn rows(properties: &Value, definitions: &Value) -> String {
    let mut out = "| key | value | what it does |\n|---|---|---|\n".to_owned();
    for (key, schema) in properties.as_object().unwrap() {
        let values = values(schema, definitions, 0).replace('|', "\\|");
        let what = description(schema);
        assert!(!what.is_empty(), "{key} has no description");
        writeln!(out, "| `{key}` | {values} | {what} |").unwrap();
    }
    out
}

/// Collects the definitions of mappings that a schema refers to, in order of occurrence.
fn mappings(schema: &Value, definitions: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str) {
                let name = name.rsplit('/').next().unwrap().to_owned();
                let meant = &definitions[&name];
                // The rules have a separate table.
                if name != "Rules" && !found.contains(&name) {
                    let has_keys = meant["properties"].is_object();
                    found.extend(has_keys.then_some(name));
                    mappings(&meant["properties"], definitions, found);
                    mappings(&meant["anyOf"], definitions, found);
                }
            }
            map.values().for_each(|value| mappings(value, definitions, found));
        }
        Value::Array(list) => list.iter().for_each(|value| mappings(value, definitions, found)),
        _ => {}
    }
}

#[test]
fn the_configuration_is_that_of_the_schema() {
    let schema: Value = serde_json::from_str(&printed(&["config", "schema"])).unwrap();
    let definitions = &schema["$defs"];
    let mut page = format!("{GENERATED}\n\n# Configuration\n\n");
    page.push_str(
        "oomlint reads `.oomlint.yaml` or `oomlint.yaml`, the nearest one above each file, up to the directory with `.git`. The \
         command line overrides it. A mistake in it is an error that shows its place, with exit code 2.\n\n`oomlint config init` writes a file with an example of every key. `oomlint config \
         show PATH` prints the settings that apply to a path and where each comes from. `oomlint config schema` prints the \
         JSON Schema from which this page is made.\n\n",
    );
    page.push_str(&rows(&schema["properties"], definitions));
    page.push_str(
        "\n## Rules\n\nEach rule's name takes a severity (`off`, `note`, `warning`, `error`), or a mapping with `severity` and \
         the rule's own options:\n\n| rule | option | value | what it does |\n|---|---|---|---|\n",
    );
    let rules = definitions["Rules"]["properties"].as_object().unwrap();
    let mut options = 0;
    for (rule, setting) in rules {
        let forms = setting["anyOf"].as_array().or_else(|| setting["oneOf"].as_array()).into_iter().flatten();
        for form in forms {
            let name = form["$ref"].as_str().unwrap_or_default().rsplit('/').next().unwrap();
            let Some(properties) = definitions[name]["properties"].as_object() else { continue };
            for (option, schema) in properties.iter().filter(|(option, _)| *option != "severity") {
                options += 1;
                let values = values(schema, definitions, 0);
                let what = description(schema);
                writeln!(page, "| [{rule}](../rules/{rule}.md) | `{option}` | {values} | {what} |").unwrap();
            }
        }
    }
    assert!(options > 3, "the options of rules are not found in the schema");
    let mut found = Vec::new();
    // `images` is rarely used and comes last.
    let (images, others): (Vec<_>, Vec<_>) =
        schema["properties"].as_object().unwrap().iter().partition(|(key, _)| *key == "images");
    for (_, part) in others.into_iter().chain(images) {
        mappings(part, definitions, &mut found);
    }
    for name in found {
        let meant = &definitions[&name];
        let what = meant["description"].as_str().unwrap_or_default();
        assert!(!what.is_empty(), "{name} has no description");
        write!(page, "\n## {name}\n\n{what}\n\n{}", rows(&meant["properties"], definitions)).unwrap();
    }
    current("docs/configuration.md", &page);
}

/// Last handwritten line of the summary. Unlike other pages it has no comment as a marker, since mdBook allows none in a list.
const LAST: &str = "- [The rules](../rules/README.md)\n";

/// docs/facts.md lists the facts that `inspect` prints.
#[test]
fn the_facts_are_those_of_a_workload() {
    let page = read("docs/facts.md");
    let (before, rest) = page.split_once("<!-- facts -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /facts -->\n").unwrap();
    let mut table = "| fact | |\n|---|---|\n".to_owned();
    for fact in FactName::ALL {
        writeln!(table, "| `{}` | {} |", fact.name(), fact.summary()).unwrap();
    }
    current("docs/facts.md", &format!("{before}<!-- facts -->\n{table}<!-- /facts -->\n{after}"));
}

#[test]
fn the_summary_has_every_rule_and_every_page() {
    let summary = read("docs/SUMMARY.md");
    let (before, _) = summary.split_once(LAST).unwrap();
    let mut list = String::new();
    for group in Group::ALL {
        for meta in RULES.iter().map(|rule| rule.meta()).filter(|meta| meta.group == group) {
            writeln!(list, "    - [{0}](../rules/{0}.md)", meta.name).unwrap();
        }
    }
    current("docs/SUMMARY.md", &format!("{before}{LAST}{list}"));
    let summary = read("docs/SUMMARY.md");
    for entry in std::fs::read_dir(top().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_page = name.ends_with(".md") && name != "SUMMARY.md";
        assert!(!is_page || summary.contains(&format!("]({name})")), "docs/{name} is not in docs/SUMMARY.md");
    }
}

/// Returns the Markdown pages of this repository.
fn pages() -> Vec<PathBuf> {
    let below = |directory: &str| {
        let entries = walkdir::WalkDir::new(top().join(directory)).into_iter();
        let skipped = |entry: &walkdir::DirEntry| entry.file_name() == "node_modules";
        entries.filter_entry(move |entry| !skipped(entry)).map(|entry| entry.unwrap().into_path())
    };
    let all = ["docs", "rules", "editors", "benches"].into_iter().flat_map(below);
    let mut pages: Vec<PathBuf> =
        all.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| top().join(name)));
    pages
}

/// Removes code blocks and code spans from a text.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let spans = line.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "" });
            out.extend(spans);
            out.push('\n');
        }
    }
    out
}

/// Returns the anchors that GitHub and mdBook generate for headings.
fn slugs(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let heads = text.lines().filter(|line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced && line.starts_with('#')
    });
    let slug = |head: &str| {
        let kept = head.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    heads.map(slug).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let prose = prose(&text);
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let there = slugs(&std::fs::read_to_string(&target).unwrap());
                assert!(there.contains(anchor), "{}: {link}: no such heading in {there:?}", page.display());
            }
        }
    }
    assert!(seen > 100, "only {seen} links were looked at");
}

/// The columns of a picture: more would make its letters too small to read.
const COLUMNS: &str = "96";

/// Renders the output of a command as SVG, from the line that begins with `from` to before the one that begins with `until`.
fn picture(arguments: &[&str], from: &str, until: &str) -> String {
    let mut arguments = arguments.to_vec();
    arguments.push("--color=always");
    let ran = oomlint(&arguments).env("COLUMNS", COLUMNS).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let shown = |line: &&str| anstream::adapter::strip_str(line).to_string();
    let lines = text.lines().skip_while(|line| !shown(line).starts_with(from));
    let lines: Vec<&str> =
        lines.take_while(|line| until.is_empty() || !shown(line).starts_with(until)).collect();
    assert!(lines.len() > 5, "{text}");
    let prompt = format!("$ oomlint {}\n", arguments[..arguments.len() - 1].join(" "));
    let text = format!("{prompt}{}\n", lines.join("\n").trim_end());
    anstyle_svg::Term::new().min_width_px(860).render_svg(&text)
}

#[test]
fn the_pictures_show_what_is_printed() {
    current("docs/pictures/heap.svg", &picture(&["shop"], "error[heap", "warning["));
    current("docs/pictures/inspect.svg", &picture(&["inspect", "shop"], "", "worker ("));
}

/// Runs a step of `packaging/book.sh`.
#[cfg(target_os = "linux")]
fn book(what: &str, directory: &Path) -> std::process::Output {
    let mut script = Command::new("bash");
    script.arg("packaging/book.sh").arg(what).current_dir(top()).env("BOOK", directory).output().unwrap()
}

/// Links are rewritten when pages are copied to the book: they must have targets there, by the names that mdBook uses.
#[cfg(target_os = "linux")]
#[test]
fn the_book_is_laid_out_with_links_and_examples_that_hold() {
    let scratch = tempfile::tempdir().unwrap();
    let ran = book("sources", scratch.path());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let src = scratch.path().join("src");
    let summary = std::fs::read_to_string(src.join("SUMMARY.md")).unwrap();
    // mdBook also uses the first page as the index at the root. Links of a page from elsewhere would break there.
    let first = summary.split("](").nth(1).and_then(|rest| rest.split(')').next());
    assert_eq!(first, Some("index.md"));
    let (mut links, mut examples) = (0, 0);
    for entry in walkdir::WalkDir::new(&src) {
        let page = entry.unwrap().into_path();
        if page.extension().is_none_or(|ending| ending != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&page).unwrap();
        for link in prose(&text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            if link.contains("://") || path.is_empty() {
                continue;
            }
            links += 1;
            assert!(page.parent().unwrap().join(path).exists(), "{}: {link}", page.display());
            assert!(!path.ends_with("README.md"), "{}: mdBook calls it index: {link}", page.display());
        }
        for line in text.lines() {
            let shown = line.strip_prefix('*').and_then(|rest| rest.split_once("* `"));
            examples += usize::from(shown.is_some());
            assert!(shown.is_none_or(|(_, file)| file.len() > 1), "{}: {line}", page.display());
            let marked =
                line.starts_with("```") && [" bad", " good", " fixed"].iter().any(|word| line.contains(word));
            assert!(!marked, "{}: {line}", page.display());
        }
    }
    assert!(links > 150 && examples > 50, "{links} links, {examples} named examples");
}

/// `packaging/book.sh` reads the pages that mdBook builds with `packaging/book_check.py`, here without a browser.
#[cfg(target_os = "linux")]
#[test]
fn the_built_book_has_no_dead_link() {
    if !top().join("target/packaging/tools/bin/mdbook").exists() {
        println!("skipped: mdbook is not there; packaging/book.sh installs it");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let ran = book("build", scratch.path());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}
