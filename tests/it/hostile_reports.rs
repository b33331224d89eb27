//! Hostile text in linted files cannot control what reads the output: terminals, logs of CI runners, browsers, XML and JSON
//! parsers. Runs the executable with every format and every command.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;
use oomlint::report::Format;

/// Hostile texts that YAML can contain as they are.
const TEXTS: &[&str] = &[
    "::error file=x,line=1::owned",
    " ::set-output name=a::b",
    "##vso[task.setvariable variable=x]y",
    "##[error]z ##[command]",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "](javascript:alert(1)) [d](http://e.example) ![i](http://e.example/i.png)",
    "| a | b | `c` ``` ~~~ <!-- --> --> ]]> <![CDATA[ &amp; &#x1b; \" ' \\ {0} 100% %0A %1B[31m, e=f;g]",
    "\u{202e}gnp.exe\u{2066}\u{2069}\u{200b}\u{2028}\u{2029}\u{feff}\u{61c}\u{200e}",
    "\u{85}\u{9b}31m\u{90}q\u{9d}0;title\u{9c}",
];

/// Hostile texts that YAML can contain only in double quotes, and Dockerfiles and file names as they are.
const CONTROLS: &[&str] =
    &["\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://e.example\x07link", "a\u{8}\u{7f}"];

/// Returns the text as a double-quoted YAML scalar.
fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// Returns a Compose file with the text in every position that reports quote.
fn compose(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = quoted(text);
    let name = quoted(&format!("name {plain}\n{plain}"));
    format!(
        "# oomlint: ignore-file[{plain}] {plain}
x-anchor: &anchor{} 1
services:
  {text}:
    image: {text}
    mem_limit: {text}
    environment: {{JAVA_TOOL_OPTIONS: {text}, {text}: {text}}}
    env_file: [{text}]
    healthcheck: {{test: {text}, interval: {text}}}
    restart: {text}
  {name}:
    build: {{context: {text}, dockerfile: {text}, target: {text}}}
    mem_limit: ${{X:?{plain}}}
    x-oomlint: {{ignore: [missing-pids-limit, {text}], reason: {text}}}
    depends_on: {{{text}: {{condition: {text}}}}}
    memswap_limit: *{}
  extended:
    extends: {{file: {text}, service: {text}}}
  unsized: # oomlint: ignore[{plain}] {plain}
    image: \"node:22\"
    {text}: {text}
    tmpfs: [{text}]
    mem_limit: 512Mi  # {plain}
    # {plain}
  {text}: {{}}
include: [{text}]
",
        "a".repeat(3),
        plain.replace([' ', ',', '[', ']', '{', '}'], ""),
    )
}

fn dockerfile(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    format!(
        "# {line}\nFROM node:22 AS {line}\n# oomlint: ignore[{line}] {line}\nENV NODE_OPTIONS=\"--max-old-space-size=9 {line}\"\n\
         {line}\nCOPY --from={line} . .\nENV JAVA_OPTS=-Xmx{line}\nHEALTHCHECK --interval={line} CMD {line}\nCMD {line}\n\
         RUN <<{line}\n"
    )
}

/// Creates one tree per text, with the text in every position, file names included.
fn trees() -> Vec<(String, tempfile::TempDir)> {
    let texts = TEXTS.iter().chain(CONTROLS).map(|text| (*text).to_owned());
    let all = [TEXTS.concat(), CONTROLS.concat(), format!("a\n{}\r\n{}", TEXTS[0], TEXTS[2])];
    let trees = texts.chain(all).map(|text| {
        let scratch = tempfile::tempdir().unwrap();
        let top = scratch.path();
        // File names contain no slash, and have at most 255 bytes.
        let name: String = text.replace('/', "_").chars().take(60).collect();
        let below = top.join(&name);
        std::fs::create_dir_all(&below).unwrap();
        for directory in [top, &below] {
            std::fs::write(directory.join("compose.yaml"), compose(&text)).unwrap();
            std::fs::write(directory.join("Dockerfile"), dockerfile(&text)).unwrap();
        }
        let image: String = text.chars().filter(|c| !c.is_control()).collect();
        std::fs::write(below.join("Dockerfile.other"), format!("FROM {image}\n")).unwrap();
        let mend = format!(
            "services:\n  {0}:\n    image: x\n    # {1}\n    mem_limit: 512Mi\n    # {1}\n    labels: {{a: {0}}}\n",
            quoted(&text),
            text.chars().filter(|c| !c.is_control() || *c == '\u{9b}').collect::<String>(),
        );
        std::fs::write(below.join("compose.mend.yaml"), mend).unwrap();
        (text, scratch)
    });
    trees.collect()
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(arguments).current_dir(directory).env_remove("CLICOLOR_FORCE");
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    assert!(ran.code.is_some() && !ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
    ran
}

/// Counts lines that are commands to GitHub's runner, and asserts that none controls a terminal or Azure's runner.
fn commands(what: &str, text: &str, allowed: &[char]) -> usize {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    for line in text.lines() {
        let steering = line.chars().find(|c| steers(*c) && !allowed.contains(c));
        assert_eq!(steering, None, "{what}: {line:?}");
        let line =
            line.strip_prefix("##vso[task.logissue type=").filter(|_| what.contains("azure")).unwrap_or(line);
        // GitHub's runner takes a path unescaped, and does not read these within a `::` command.
        let runner = !line.contains("##vso[") && !line.contains("##[");
        assert!(runner || what == "github", "{what}: {line:?}");
    }
    text.lines().filter(|line| line.trim_start().starts_with("::")).count()
}

#[test]
fn no_format_lets_text_through() {
    let mut findings = 0;
    for (text, tree) in trees() {
        for format in Format::value_variants() {
            let value = format.to_possible_value().unwrap();
            let name = value.get_name();
            let ran = run(tree.path(), &["--preset", "strict", "--show-suppressed", "--format", name]);
            assert_eq!(ran.code, Some(1), "{name} {text:?}: {}", ran.err);
            assert_eq!(commands(name, &ran.err, &[]), 0, "{name}: {}", ran.err);
            let commands = commands(name, &ran.out, &[]);
            match format {
                Format::Github => {
                    assert_eq!(commands, ran.out.lines().count(), "{name}: {}", ran.out);
                    let ours = |line: &str| {
                        ["::error ", "::warning ", "::notice "].iter().any(|begin| line.starts_with(begin))
                            && line.contains("title=oomlint (")
                    };
                    assert!(ran.out.lines().all(ours), "{name}: {}", ran.out);
                    findings += commands;
                }
                _ => assert_eq!(commands, 0, "{name} {text:?}: {}", ran.out),
            }
            match format {
                Format::Json | Format::Sarif | Format::Gitlab => {
                    serde_json::from_str::<serde_json::Value>(&ran.out).unwrap();
                }
                Format::Jsonl | Format::Rdjson => {
                    for line in ran.out.lines() {
                        serde_json::from_str::<serde_json::Value>(line).unwrap();
                    }
                }
                Format::Junit | Format::Checkstyle => {
                    let read = roxmltree::Document::parse(&ran.out)
                        .unwrap_or_else(|error| panic!("{error}: {}", ran.out));
                    let known = [
                        "testsuites",
                        "testsuite",
                        "testcase",
                        "failure",
                        "skipped",
                        "checkstyle",
                        "file",
                        "error",
                    ];
                    for node in read.descendants().filter(roxmltree::Node::is_element) {
                        assert!(known.contains(&node.tag_name().name()), "{name}: {:?}", node.tag_name());
                    }
                    // Nothing is lost: an XML parser gets the original text.
                    if text.starts_with("##vso[") {
                        let vso = |node: roxmltree::Node<'_, '_>| {
                            node.attributes().any(|found| found.value().contains("##vso["))
                        };
                        let apart = ran.out.contains("# #vso[");
                        assert!(apart || read.descendants().any(vso), "{name}: {}", ran.out);
                    }
                }
                Format::Markdown => {
                    let rows = ran.out.lines().filter(|line| line.starts_with('|'));
                    for row in rows {
                        assert_eq!(row.matches('|').count(), 4, "{row}");
                        let rest = row.replace("<code>", "").replace("</code>", "").replace("<!-- -->", "");
                        assert!(!rest.contains('<') && rest.matches("](").count() <= 1, "{row}");
                    }
                    assert!(!ran.out.contains("<script"), "{}", ran.out);
                }
                Format::Human | Format::Concise | Format::Github | Format::Azure => {}
            }
        }
    }
    assert!(findings > 300, "only {findings} findings: the texts are where nobody looks");
}

#[test]
fn no_other_command_lets_text_through() {
    for (text, tree) in trees() {
        let mut shown = 0;
        for arguments in [
            &["inspect"][..],
            &["inspect", "--format", "json"],
            &["inspect", "--syntax"],
            &["--statistics"],
            &["baseline"],
            &["explain", &text],
            &["--select", &text],
            &["check", &text],
            &["check", &format!("{text}/none")],
            &["-f", &text],
            &["--env-file", &text],
            &["--config", &text],
            &["--baseline", &text],
            &["--restrict-to", &text, ".."],
            &["config", "show", &text],
            &["config", "show", &text, "--format", "json"],
            &["--output", &format!("json={text}/none/report.json")],
            &["rules"],
            &[&text],
        ] {
            // No text contains a NUL, which arguments cannot, or begins with a dash, as an option does.
            let ran = run(tree.path(), arguments);
            shown += ran.out.len() + ran.err.len();
            let what = format!("{arguments:?}");
            assert_eq!(commands(&what, &ran.out, &[]), 0, "{what}: {}", ran.out);
            assert_eq!(commands(&what, &ran.err, &[]), 0, "{what}: {}", ran.err);
        }
        assert!(shown > 1000, "{text:?}");
    }
}

#[test]
fn patches_configurations_and_baselines_let_nothing_through() {
    let mut seen = [0; 3];
    for (text, tree) in trees() {
        let ran = run(tree.path(), &["--diff", "--unsafe-fixes", "--preset", "strict"]);
        assert_eq!(commands("--diff", &ran.out, &['\t', '\r']), 0, "{text:?}: {}", ran.out);
        assert_eq!(commands("--diff", &ran.err, &[]), 0, "{text:?}: {}", ran.err);
        seen[0] += ran.out.matches("@@").count();
        // Findings of the baseline are fixed afterwards, so that `--check` prints them.
        run(tree.path(), &["baseline", "--preset", "strict"]);
        let files = walkdir::WalkDir::new(tree.path()).into_iter().map(|entry| entry.unwrap().into_path());
        for file in files.filter(|file| file.file_name().is_some_and(|name| name == "compose.mend.yaml")) {
            std::fs::write(file, "services: {a: {image: x}}\n").unwrap();
        }
        let ran = run(tree.path(), &["baseline", "--check"]);
        seen[1] += ran.out.matches("is no longer found").count();
        assert_eq!(commands("baseline --check", &ran.out, &[]), 0, "{text:?}: {}", ran.out);
        let (quoted, plain) = (quoted(&text), text.replace(|c: char| c.is_control(), ""));
        for config in [
            format!("services: {{{quoted}: {{ignore: [limits], reason: {quoted}}}}}\n"),
            format!("exclude: [{quoted}]\n# {plain}\n"),
            format!("{quoted}: 1\npreset: {quoted} # {plain}\nrules: {{{quoted}: {quoted}}}\n"),
            format!("baseline: {quoted}\n"),
            format!("images: [{{names: [{quoted}], {quoted}: {quoted}}}]\n"),
            format!("preset: [ # {plain}\n  {plain}\n"),
        ] {
            std::fs::write(tree.path().join(".oomlint.yaml"), &config).unwrap();
            for arguments in
                [&["config", "show"][..], &["config", "show", "--format", "json"], &["--format", "concise"]]
            {
                let ran = run(tree.path(), arguments);
                assert_eq!(commands("config", &ran.out, &[]), 0, "{config}: {}", ran.out);
                assert_eq!(commands("config", &ran.err, &[]), 0, "{config}: {}", ran.err);
                seen[2] += ran.err.len();
            }
        }
    }
    assert!(seen.iter().all(|seen| *seen > 10), "{seen:?}: the texts are where nobody looks");
}

/// The names of services and measured containers are the hostile text.
#[test]
fn budgets_and_sizes_let_nothing_through() {
    for (text, _) in trees() {
        let scratch = tempfile::tempdir().unwrap();
        let name: String = text.replace('/', "_").chars().take(60).collect();
        let below = scratch.path().join(&name);
        std::fs::create_dir_all(&below).unwrap();
        let name = quoted(&text);
        let stack = format!(
            "services:\n  {name}: {{image: x, mem_limit: 1g, container_name: {name}, profiles: [{name}]}}\n  {}: {{image: x, mem_limit: {name}}}\n  \
             {}: {{image: \"mongo:8\"}}\n",
            quoted(&format!("b{text}")),
            quoted(&format!("c{text}"))
        );
        std::fs::write(below.join("compose.yaml"), stack).unwrap();
        let row = |name: &str| serde_json::json!({ "Name": name, "MemUsage": "12MiB / 1GiB" }).to_string();
        let off = serde_json::json!({ "Name": text, "MemUsage": "-- / --" }).to_string();
        let stats = [row(&text), row(&format!("other {text}")), off].join("\n");
        std::fs::write(scratch.path().join("stats.jsonl"), stats).unwrap();
        for format in oomlint::report::budget::Format::value_variants() {
            let value = format.to_possible_value().unwrap();
            let name = value.get_name();
            let arguments = ["budget", "--host-memory", "512m", "--profile", "*", "--format", name];
            let ran = run(scratch.path(), &arguments);
            assert_eq!(ran.code, Some(1), "{name} {text:?}: {}", ran.err);
            assert_eq!(commands(name, &ran.out, &[]), 0, "{name} {text:?}: {}", ran.out);
            match name {
                "json" => drop(serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()),
                "svg" => {
                    let read = roxmltree::Document::parse(&ran.out).unwrap();
                    let known = ["svg", "style", "rect", "text", "line", "g", "title", "path"];
                    for node in read.descendants().filter(roxmltree::Node::is_element) {
                        assert!(known.contains(&node.tag_name().name()), "{:?}", node.tag_name());
                    }
                }
                "html" => assert!(!ran.out.contains("<script") && !ran.out.contains("<img"), "{}", ran.out),
                "markdown" => {
                    for row in ran.out.lines().filter(|line| line.starts_with('|')) {
                        assert_eq!(row.matches('|').count(), 11, "{row}");
                    }
                    assert!(!ran.out.contains("<script") && !ran.out.contains("]("), "{}", ran.out);
                }
                _ => {}
            }
        }
        for format in ["human", "json", "markdown"] {
            let ran = run(scratch.path(), &["size", "stats.jsonl", "--format", format]);
            assert_eq!(ran.code, Some(0), "{format} {text:?}: {}", ran.err);
            assert_eq!(commands(format, &ran.out, &[]), 0, "{format} {text:?}: {}", ran.out);
            assert!(format != "markdown" || !ran.out.contains("<script"), "{}", ran.out);
        }
        std::fs::write(
            scratch.path().join("stats.jsonl"),
            row(&text).replace("12MiB", &text.replace(['"', '\\'], "").escape_default().to_string()),
        )
        .unwrap();
        let ran = run(scratch.path(), &["size", "stats.jsonl"]);
        assert_eq!(commands("size", &ran.err, &[]), 0, "{text:?}: {}", ran.err);
    }
}
