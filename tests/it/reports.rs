//! Reports of handwritten findings in the human and the machine-readable formats.

use std::path::Path;

use oomlint::diagnostic::{
    Applicability, Confidence, Consequence, Edit, Finding, Fix, GroupMessage, Label, Severity, Summary,
};
use oomlint::discover::RepositoryRoot;
use oomlint::report::{Format, Report, human};
use oomlint::source::{SourceId, Sources, Span, TracedText};

use crate::common::Checked;

struct Case {
    sources: Sources,
    findings: Vec<Finding>,
    services: usize,
}

impl Case {
    fn new() -> Self {
        Self { sources: Sources::new(), findings: Vec::new(), services: 1 }
    }

    fn file(&self, path: &str, text: &str) -> SourceId {
        self.sources.add(Path::new(path), text)
    }

    /// Returns the span of the first occurrence of `needle`.
    fn at(&self, file: SourceId, needle: &str) -> Span {
        let source = self.sources.get(file);
        let start = source.text().find(needle).unwrap_or_else(|| panic!("no {needle:?}"));
        Span::new(file, start, start + needle.len())
    }

    fn before(&self, file: SourceId, needle: &str) -> Span {
        let span = self.at(file, needle);
        Span { end: span.start, ..span }
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary { services: self.services, files: 2, ..Summary::default() };
        summary.count(&self.findings);
        summary
    }

    fn human(&self) -> String {
        self.write(false)
    }

    fn write(&self, color: bool) -> String {
        self.format(Format::Human, color)
    }

    fn format(&self, format: Format, color: bool) -> String {
        let mut out = Vec::new();
        let (summary, root) = (self.summary(), RepositoryRoot::new(Path::new("/repo"), Path::new("/repo")));
        let report = Report::new(&self.findings, &summary, &self.sources, &root);
        report.write(&mut out, format, human::Options { color, ..human::Options::default() }).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.format(Format::Json, false)).unwrap()
    }
}

fn finding(rule: &'static str, severity: Severity, message: &str, span: Span, label: &str) -> Finding {
    Finding::new(rule, severity, Confidence::High, message.to_owned(), Label { span, text: label.to_owned() })
}

fn label(span: Span, text: &str) -> Label {
    Label { span, text: text.to_owned() }
}

fn edit(span: Span, replacement: &str) -> Edit {
    Edit { span, replacement: replacement.to_owned() }
}

const API: &str = "\
services:
  api:
    build: ./api
    deploy:
      resources:
        limits:
          memory: 512M
    restart: unless-stopped
";

/// Returns a finding with labels in two files, a calculation, and a fix that changes both.
fn two_files() -> Case {
    let mut case = Case::new();
    let compose = case.file("compose.yaml", API);
    let dockerfile = case.file(
        "api/Dockerfile",
        "FROM eclipse-temurin:21-jre\nENV JAVA_TOOL_OPTIONS=\"-Xmx768m -XX:+UseG1GC\"\n",
    );
    let mut found = finding(
        "heap-exceeds-limit",
        Severity::Error,
        "the Java heap of `api` may grow to 768 MiB in a container of 512 MiB",
        case.at(compose, "512M"),
        "the kernel kills `api` at 512 MiB",
    );
    found.related = vec![
        label(case.at(compose, "./api"), "built from this Dockerfile"),
        label(case.at(dockerfile, "-Xmx768m"), "the heap may grow to 768 MiB"),
    ];
    found.notes = vec![
        "768 MiB heap + 130-250 MiB outside it = 898-1018 MiB\nlimit                              =      512 MiB".to_owned(),
        "with `restart: unless-stopped` this is a loop of kills (exit code 137)".to_owned(),
    ];
    found.fixes.push(Fix {
        title: "let the heap follow the limit".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![
            edit(case.at(dockerfile, "-Xmx768m"), "-XX:MaxRAMPercentage=70"),
            edit(case.at(compose, "512M"), "1G"),
        ],
        ..Fix::default()
    });
    found.service = Some("api".to_owned());
    case.findings.push(found);
    case
}

/// Returns `count` services without a limit, one of which has an error as well.
fn fold(count: usize) -> Case {
    let mut case = Case::new();
    let mut text = "services:\n".to_owned();
    for number in 0..count {
        text.push_str(&format!("  s{number}:\n    image: a/s{number}:1\n    restart: always\n"));
    }
    let file = case.file("compose.yaml", &text);
    case.services = count;
    for number in (0..count).rev() {
        let name = format!("s{number}");
        let mut found = finding(
            "missing-memory-limit",
            Severity::Warning,
            &format!("`{name}` has no memory limit"),
            case.at(file, &name),
            &format!("`{name}` may take the whole host"),
        );
        found.service = Some(name);
        found.group_message = Some(GroupMessage { subject: "services", says: "have no memory limit" });
        found.notes.push("one container without a limit can freeze the host".to_owned());
        found.help = Some("deploy: { resources: { limits: { memory: 512M } } }".to_owned());
        case.findings.push(found);
    }
    case
}

#[test]
fn a_finding_in_two_files_with_a_patch() {
    insta::assert_snapshot!(two_files().human());
}

#[test]
fn a_finding_in_colour() {
    insta::assert_snapshot!(two_files().write(true).replace('\x1b', "<"));
}

#[test]
fn absences_of_one_file_are_one_block() {
    insta::assert_snapshot!(fold(5).human());
}

#[test]
fn many_absences_are_named_below_the_first() {
    insta::assert_snapshot!(fold(20).human());
}

#[test]
fn one_absence_speaks_for_itself() {
    let text = fold(1).human();
    assert!(text.starts_with("warning[missing-memory-limit]: `s0` has no memory limit\n"), "{text}");
    assert!(text.contains("\n1 warning · 1 service in 2 files\n"), "{text}");
}

/// The text before and in the span has more bytes than characters, and wide characters. Lines end in CRLF and are indented
/// with tabs.
#[test]
fn columns_count_characters_whatever_comes_before() {
    let mut case = Case::new();
    let file = case.file(
        "überall/compose.yaml",
        "services:\r\n  größe:\r\n\timage: 日本語/app:1 # \u{1b}[31m\r\n    mem_limit: 512Mi\r\n",
    );
    let mut found = finding(
        "invalid-memory-value",
        Severity::Error,
        "Compose cannot read `512Mi`",
        case.at(file, "app:1"),
        "hier → 日本",
    );
    found.related.push(label(case.at(file, "größe"), "größe"));
    found.related.push(label(case.at(file, "512Mi\r\n"), "to the line's end"));
    found.notes.push("a note with \u{1b}[31m in it".to_owned());
    case.findings.push(found);
    insta::assert_snapshot!(case.human());
    let range = &case.json()["findings"][0]["range"]["start"];
    assert_eq!(range["line"], 3);
    assert_eq!(range["column"], 19);
    assert_eq!(range["column_utf16"], 13);
    assert_eq!(range["byte"], 41);
}

#[test]
fn patches_show_what_goes_what_comes_and_where() {
    let mut case = Case::new();
    let file = case.file("compose.yaml", "services:\n  db:\n    image: postgres:17\n    mem_limit: 1g\n    mem_swappiness: 0\n    restart: always\n    init: true");
    let end = Span { start: case.at(file, "true").end, ..case.at(file, "true") };
    let mut found = finding(
        "ineffective-swappiness",
        Severity::Warning,
        "`mem_swappiness: 0` does not turn swap off for `db`",
        case.at(file, "mem_swappiness: 0"),
        "dropped: Compose reads 0 as not set",
    );
    found.fixes.push(Fix {
        title: "to forbid swap, make RAM and swap together equal to the RAM".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![
            edit(case.at(file, "    mem_swappiness: 0\n"), ""),
            edit(case.before(file, "    mem_swappiness"), "    memswap_limit: 1g\n"),
            edit(end, "\n    pids_limit: 100"),
        ],
        ..Fix::default()
    });
    case.findings.push(found);
    insta::assert_snapshot!(case.human());
}

#[test]
fn text_inside_another_file_is_shown_there() {
    let mut case = Case::new();
    let host = case.file("compose.yaml", "services:\n  api:\n    build:\n      dockerfile_inline: |\n        FROM node:22\n        CMD node app.js\n");
    let mut text = TracedText::empty(case.sources.get(host).span());
    text.push_verbatim("FROM node:22\n", case.at(host, "FROM node:22\n"));
    text.push_verbatim("CMD node app.js\n", case.at(host, "CMD node app.js\n"));
    let inline = case.sources.embed(Path::new("compose.yaml"), text);
    case.findings.push(finding(
        "shell-form-start",
        Severity::Note,
        "SIGTERM does not reach `node` in `api`",
        case.at(inline, "node app.js"),
        "run by a shell",
    ));
    insta::assert_snapshot!(case.human());
    assert_eq!(case.json()["findings"][0]["range"]["start"]["line"], 6);
}

#[test]
fn far_labels_end_of_file_and_long_lines_are_drawn() {
    let mut case = Case::new();
    let long = format!("  cmd: {}needle{}\n", "x".repeat(300), "y".repeat(5000));
    let file = case.file(
        "compose.yaml",
        &format!("services:\n  a: 1\n{long}{}  last: 2\n\n", "  # filler\n".repeat(5000)),
    );
    let mut found = finding(
        "syntax-error",
        Severity::Error,
        "the file ends too early",
        Span::new(file, 1_000_000, 2_000_000),
        "here",
    );
    found.related.push(label(case.at(file, "a: 1"), "begun here"));
    found.related.push(label(case.at(file, "needle"), "far to the right"));
    case.findings.push(found);
    insta::assert_snapshot!(case.human());
}

#[test]
fn errors_come_first_and_the_order_does_not_depend_on_the_order_of_reading() {
    let build = |paths: [&str; 3]| {
        let mut case = Case::new();
        for path in paths {
            let file = case.file(path, "services:\n  a:\n  b:\n");
            case.findings.push(finding("note-rule", Severity::Note, "n", case.at(file, "a"), ""));
            case.findings.push(finding("error-rule", Severity::Error, "e", case.at(file, "b"), ""));
            case.findings.push(finding("warning-rule", Severity::Warning, "w", case.at(file, "a"), ""));
        }
        case.human()
    };
    let text = build(["b.yaml", "a.yaml", "c.yaml"]);
    assert_eq!(text, build(["c.yaml", "b.yaml", "a.yaml"]));
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with(|c: char| c.is_lowercase())).collect();
    assert_eq!(
        heads[..4],
        ["error[error-rule]: e", "error[error-rule]: e", "error[error-rule]: e", "warning[warning-rule]: w"]
    );
    // The errors are repeated on the last screen.
    assert_eq!(heads.iter().filter(|line| line.starts_with("error: ")).count(), 3);
    assert_eq!(heads.last(), Some(&"next: `oomlint explain error-rule` has the reasons and what to do"));
}

#[test]
fn of_a_rule_that_many_files_break_the_first_are_drawn_and_the_others_take_a_line() {
    let mut case = Case::new();
    for number in 0..8 {
        let file = case.file(&format!("stacks/{number}/compose.yaml"), "services:\n  web:\n");
        let mut found = finding(
            "missing-healthcheck",
            Severity::Warning,
            "`web` has no healthcheck",
            case.at(file, "web"),
            "",
        );
        found.help = Some("healthcheck: { test: curl -f http://localhost }".to_owned());
        case.findings.push(found);
    }
    let text = case.human();
    assert_eq!(text.matches("warning[missing-healthcheck]").count(), 8);
    assert_eq!(text.matches("--> ").count(), 2);
    assert_eq!(text.matches("help: healthcheck:").count(), 1);
    assert!(
        text.contains(
            "\nstacks/7/compose.yaml:2:3: warning[missing-healthcheck]: `web` has no healthcheck\n"
        ),
        "{text}"
    );
}

/// A finding whose cause is another one is told with it, and none is lost, whichever service of a block it is about.
#[test]
fn places_of_lone_dockerfiles_are_listed_without_a_name() {
    let text = "FROM ubuntu:24.04\nEXPOSE 8080\nCMD [\"/server\"]\n";
    let files = ["a/Dockerfile", "b/Dockerfile", "c/Dockerfile", "d/Dockerfile"].map(|path| (path, text));
    let report = Checked::tree(&files, "").report(Format::Human);
    assert!(report.contains("missing-healthcheck") && !report.contains(":1: 1\n"), "{report}");
    assert!(report.lines().any(|line| line.ends_with("/b/Dockerfile:1")), "{report}");
}

#[test]
fn what_follows_from_another_finding_is_shown_with_it() {
    let mut case = Case::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    for path in ["compose.yaml", "below/compose.yaml"] {
        let services: String = names.iter().map(|name| format!("  {name}{name}:\n    image: x\n")).collect();
        let file = case.file(path, &format!("services:\n{services}"));
        for name in names {
            let span = case.at(file, &format!("{name}{name}"));
            let mut cause = finding("missing-memory-limit", Severity::Warning, "no limit", span, "no limit");
            cause.group_message = Some(GroupMessage { subject: "services", says: "have no memory limit" });
            cause.service = Some(name.to_owned());
            let heap = format!("the heap of `{name}` has no limit");
            let mut follows =
                finding("unbounded-heap", Severity::Warning, &heap, case.before(file, "services"), "");
            follows.related.push(label(span, "no limit here"));
            follows.service = Some(name.to_owned());
            follows.consequence = Some(Consequence {
                of: "missing-memory-limit",
                group_message: "heap sized from the host's memory",
            });
            case.findings.extend([cause, follows]);
        }
    }
    let mut alone = case.findings[1].clone();
    alone.related.clear();
    alone.message = "a heap without such a cause".to_owned();
    case.findings.push(alone);
    let text = case.human();
    assert!(text.contains("12 services have no memory limit"), "{text}");
    let twice = "a, b, c, d, e, f, a, b, c, d, e, f: heap sized from the host's memory [unbounded-heap]";
    assert!(text.contains(twice), "{text}");
    assert!(text.contains("warning[unbounded-heap]: a heap without such a cause"), "{text}");
    let markdown = case.format(Format::Markdown, false);
    assert!(markdown.contains("heap sized from the host"), "{markdown}");
    let whole = {
        let mut out = Vec::new();
        let options = human::Options { whole: true, ..human::Options::default() };
        human::write(&mut out, &case.findings, &case.summary(), &case.sources, options).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(whole.matches("warning[unbounded-heap]").count(), 13, "{whole}");
}

#[test]
fn a_whole_tree_of_findings_is_written_quickly() {
    let mut case = Case::new();
    for number in 0..2_000 {
        let file = case.file(&format!("{number}/compose.yaml"), &"  service:\n    image: a\n".repeat(1_000));
        for line in 0..10 {
            let span = Span::new(file, line * 24 + 2, line * 24 + 9);
            let mut found = finding("missing-memory-limit", Severity::Warning, "no limit", span, "here");
            found.group_message = Some(GroupMessage { subject: "services", says: "have no memory limit" });
            case.findings.push(found);
        }
    }
    let begun = std::time::Instant::now();
    let text = case.human();
    assert!(text.contains("20000 services have no memory limit"), "{text}");
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[test]
fn nothing_found_says_what_was_checked() {
    let mut case = Case::new();
    case.services = 5;
    assert_eq!(case.human(), "nothing found · 5 services in 2 files\n");
    let mut out = Vec::new();
    let options = human::Options { time: true, ..human::Options::default() };
    human::write(&mut out, &[], &Summary::default(), &case.sources, options).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "nothing to check: no Dockerfile and no Compose file here\n");
}

#[test]
fn json_is_the_documented_shape() {
    let report = two_files().json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
}

mod properties {
    use super::*;
    use clap::ValueEnum;
    use proptest::prelude::*;

    proptest! {
        /// Every format can be written for any spans and text.
        #[test]
        fn nothing_makes_a_report_panic(
            text in "[a-z:# \t\r\n\u{e9}\u{65e5}\u{1b}]{0,120}",
            spans in prop::collection::vec((0usize..140, 0usize..140, 0usize..2), 1..7),
            edits in prop::collection::vec((0usize..140, 0usize..140, "[a\n\r\u{e9} ]{0,12}"), 0..5),
            color in any::<bool>(),
        ) {
            let mut case = Case::new();
            let files = [case.file("a", &text), case.file("b", "short\n")];
            let labels: Vec<Label> =
                spans.iter().map(|(start, end, file)| label(Span::new(files[*file], *start, *end), "l\u{65e5}\nl")).collect();
            let mut found = finding("rule", Severity::Error, "m\u{e9}", labels[0].span, "p");
            found.related = labels[1..].to_vec();
            let edits = edits.iter().map(|(start, end, new)| edit(Span::new(files[0], *start, *end), new)).collect();
            found.fixes.push(Fix {
                title: "t".to_owned(),
                applicability: Applicability::Safe,
                edits,
                ..Fix::default()
            });
            case.findings.push(found);
            prop_assert!(case.write(color).contains("rule"));
            prop_assert_eq!(case.json()["findings"].as_array().map(Vec::len), Some(1));
            for format in Format::value_variants() {
                prop_assert!(!case.format(*format, false).is_empty());
            }
        }
    }
}

/// A digest is shortened where it is drawn, and what follows it on its line is still marked.
#[test]
fn labels_behind_a_shortened_digest_are_below_their_text() {
    let mut case = Case::new();
    let digest = "0123456789abcdef".repeat(4);
    let file = case.file("Dockerfile", &format!("FROM go:1@sha256:{digest} AS build\nRUN go build\n"));
    let message = format!("`go:1@sha256:{digest}` is no longer updated");
    case.findings.push(finding(
        "unsupported-base-image",
        Severity::Warning,
        &message,
        case.at(file, "build"),
        "here",
    ));
    let text = case.human();
    assert!(text.contains("`go:1@sha256:0123456…` is no longer updated"), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("AS build")).unwrap();
    let column = |line: &str, what: &str| {
        line.chars()
            .collect::<Vec<_>>()
            .windows(what.len())
            .position(|window| window.iter().collect::<String>() == what)
    };
    assert_eq!(column(lines[at], "build"), column(lines[at + 1], "^^^^^"), "{text}");
    assert_eq!(case.json()["findings"][0]["message"], message.as_str());
}
