//! Every bound is written down in docs/limits.md with its number, and holds.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use common::Checked;
use oomlint::report::Format;

/// A constant, and the words that stand for it in the page.
const ROWS: &[(&str, &str)] = &[
    ("source/mod.rs MAX_FILE_SIZE", "bytes of a file"),
    ("source/disk.rs MAX_LINKS", "symbolic links on a way"),
    ("syntax/yaml/mod.rs MAX_DEPTH", "levels of a YAML file"),
    ("syntax/yaml/mod.rs MAX_NODES", "values of a YAML file"),
    ("syntax/yaml/repair.rs MAX_ROUNDS", "lines that do not parse"),
    ("model/compose/value.rs MAX_DEPTH", "levels of a project"),
    ("model/compose/value.rs MAX_NODES", "values of a project"),
    ("model/compose/load.rs MAX_FILE_DEPTH", "files on a way of `include`"),
    ("model/project.rs MAX_TAKEN", "what the Compose files of a directory take"),
    ("model/compose/mod.rs MAX_SERVICES", "services of a project |"),
    ("model/allowance.rs MAX_TAKEN", "Dockerfiles and `env_file`s"),
    ("model/compose/interpolate.rs MAX_DEPTH", "defaults within defaults"),
    ("model/compose/interpolate.rs MAX_LENGTH", "a value with its variables"),
    ("syntax/dockerfile/lines.rs MAX_LINE", "a line of a Dockerfile"),
    ("syntax/dockerfile/expand.rs MAX_DEPTH", "variables within variables in a Dockerfile"),
    ("syntax/dockerfile/expand.rs MAX_PUT_IN", "what variables put into one text"),
    ("model/image/variables.rs MAX_VALUES", "all values of ENV and ARG"),
    ("syntax/dockerfile/heredoc.rs MAX_DEPTH", "variables within variables where a here-document"),
    ("syntax/dockerfile/parse.rs MAX_UNTERMINATED", "here-documents without an end"),
    ("workload/start.rs MAX_WRAPPERS", "programs that start each other"),
    ("config/tree.rs MAX_PROBLEMS", "mistakes in a configuration"),
    ("engine/excess.rs MAX_FINDINGS", "findings of one rule"),
    ("rules/sink.rs MAX_RELATED", "other places that a finding names"),
    ("engine/excess.rs MAX_TEXT", "one text of a finding"),
    ("workload/heap/mod.rs MAX_AHEAD", "words that a fix moves"),
    ("engine/fix.rs MAX_ROUNDS", "rounds of fixes"),
    ("engine/fix.rs MAX_TRIALS", "fixes that are tried"),
    ("report/markdown.rs MAX_BYTES", "a page of markdown"),
    ("stats/mod.rs MAX_INPUT", "bytes of measurements"),
    ("stats/mod.rs MAX_SAMPLES", "samples of measurements"),
];

/// Bounds of how something is drawn or done, which nobody meets in a file.
const OTHERS: &[&str] = &[
    "report/patch.rs MAX_LINES",
    "report/patch.rs MAX_WIDTH",
    "report/sarif.rs MAX_RELATED",
    "report/snippet.rs MAX_GAP",
    "report/snippet.rs MAX_RELATED",
    "discover/walk.rs MAX_THREADS",
    "syntax/yaml/resolve.rs MAX_NUMBER",
    "stats/mod.rs MAX_SKIPPED",
    "report/budget/mod.rs MAX_GAPS",
];

/// Every `const MAX_…` of the program with its number.
fn constants() -> Vec<(String, u64)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&src) {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let inside = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        for line in text.lines() {
            let Some((_, rest)) = line.split_once("const MAX_") else { continue };
            let (name, rest) = rest.split_once(':').unwrap();
            let value = rest.split_once('=').unwrap().1.trim().trim_end_matches(';');
            found.push((format!("{inside} MAX_{name}"), number(value)));
        }
    }
    found
}

/// `16 * 1024`, `1 << 20`, `400_000`.
fn number(text: &str) -> u64 {
    if let Some((left, right)) = text.split_once("<<") {
        return number(left) << number(right);
    }
    text.split('*').map(|part| part.trim().replace('_', "").parse::<u64>().unwrap()).product()
}

/// As the page writes it.
fn written(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let unit = match () {
        () if text.contains("MiB") => 1024 * 1024,
        () if text.contains("KiB") => 1024,
        () => 1,
    };
    digits.parse::<u64>().unwrap() * unit
}

#[test]
fn the_page_has_every_bound_and_its_number() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let constants = constants();
    let mut used = BTreeSet::new();
    for (constant, words) in ROWS {
        let (_, value) =
            constants.iter().find(|(name, _)| name == constant).unwrap_or_else(|| panic!("no {constant}"));
        let begin = format!("| {words}");
        let at: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].starts_with(&begin)).collect();
        assert_eq!(at.len(), 1, "{words}: {rows:?}");
        let bound = rows[at[0]].split(" | ").nth(1).unwrap();
        assert_eq!(written(bound), *value, "{constant}: docs/limits.md says {bound}");
        used.insert(at[0]);
    }
    assert_eq!(used.len(), rows.len(), "a row of docs/limits.md is of no constant");
    for (constant, _) in &constants {
        let known =
            ROWS.iter().map(|(known, _)| *known).chain(OTHERS.iter().copied()).any(|known| known == constant);
        assert!(known, "{constant} is a new bound: give it a row in docs/limits.md and a test here");
    }
}

fn says(files: &[(&str, &str)], rule: &str, text: &str) -> Checked {
    let checked = Checked::texts(files);
    let said =
        checked.outcome.findings.iter().any(|found| found.rule == rule && found.message.contains(text));
    let messages: Vec<String> = checked
        .outcome
        .findings
        .iter()
        .map(|found| found.message.chars().take(200).collect())
        .take(20)
        .collect();
    assert!(said, "{text}: {messages:#?}");
    // The rest of the run is as ever.
    let beside = checked.outcome.findings.iter().any(|found| found.message.contains("`beside`"));
    assert!(beside, "{text}: the file beside is not looked at: {messages:#?}");
    checked
}

const BESIDE: (&str, &str) = ("beside/compose.yaml", "services: {beside: {image: x}}\n");

fn compose_says(compose: &str, text: &str) -> Checked {
    says(&[("compose.yaml", compose), BESIDE], "syntax-error", text)
}

#[test]
fn yaml_is_bounded() {
    let nested = |depth: usize| {
        format!("x-a: {}1{}\nservices: {{a: {{image: x}}}}\n", "[".repeat(depth), "]".repeat(depth))
    };
    compose_says(&nested(300), "nested deeper than 256 levels; what stands deeper is not read");
    compose_says(&nested(200), "nested deeper than 128 levels");
    let many = format!("x-a: [{}]\nservices: {{}}\n", "1,".repeat(1 << 20));
    compose_says(&many, "more than 1048576 values; the rest is not read");
    let aliases =
        format!("x-a: &a [{}]\nservices: {{a: {{labels: [{}]}}}}\n", "1,".repeat(1000), "*a,".repeat(500));
    compose_says(&aliases, "aliases, extends and includes expand to more than 400000 nodes");
    let broken = format!("services:\n  a: {{image: x}}\n{}", "  \"b\n".repeat(200));
    let checked = compose_says(&broken, "");
    let errors = checked.outcome.findings.iter().filter(|found| found.rule == "syntax-error").count();
    assert!(errors <= 34, "{errors}");
}

#[test]
fn projects_are_bounded() {
    let mut chain = "services:\n".to_owned();
    for i in 0..40 {
        writeln!(chain, "  s{i}: {{extends: s{}}}", i + 1).unwrap();
    }
    compose_says(&(chain + "  s40: {image: x}\n"), "extends leads through more than 32 services");
    let mut files =
        vec![("compose.yaml".to_owned(), "include: [part0.yml]\nservices: {a: {image: x}}\n".to_owned())];
    for i in 0..40 {
        files.push((format!("part{i}.yml"), format!("include: [part{}.yml]\nservices: {{}}\n", i + 1)));
    }
    files.push((BESIDE.0.to_owned(), BESIDE.1.to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    says(&files, "syntax-error", "include goes in a circle");
    let services: String = (0..50_001).map(|i| format!("  s{i}:\n")).collect();
    let checked = compose_says(
        &format!("services:\n{services}"),
        "more than 50000 services; the rest is not looked at",
    );
    assert_eq!(checked.outcome.summary.services, 50_001);
}

#[test]
fn what_services_share_is_bounded() {
    let line = format!("# {}\n", "x".repeat(998));
    let big = line.repeat(1000);
    let dockerfile = format!("FROM alpine:3\n{big}");
    let services: String = (0..40).map(|i| format!("  s{i}: {{build: ., mem_limit: 1g}}\n")).collect();
    let compose = format!("services:\n{services}");
    let reason = "the services take more than 16 MiB of Dockerfiles and env_files in all";
    let files = [("compose.yaml", compose.as_str()), ("Dockerfile", dockerfile.as_str()), BESIDE];
    let checked = says(&files, "unresolved-reference", reason);
    let beyond = checked.outcome.findings.iter().filter(|found| found.message.contains(reason)).count();
    assert_eq!(beyond, 40 - 16);
    let services: String = (0..40).map(|i| format!("  s{i}: {{image: x, env_file: [vars]}}\n")).collect();
    let compose = format!("services:\n{services}");
    let vars = format!("A=1\n{big}");
    let files = [("compose.yaml", compose.as_str()), ("vars", vars.as_str()), BESIDE];
    says(&files, "unresolved-reference", reason);
}

#[test]
fn values_are_bounded() {
    let defaults = |depth: usize| {
        format!("services: {{a: {{image: \"{}y{}\"}}}}\n", "${X:-".repeat(depth), "}".repeat(depth))
    };
    compose_says(&defaults(20), "invalid interpolation format");
    let env = format!("A=xxxxxxxxxxxxxxxx\n{}", "A=${A}${A}\n".repeat(20));
    let files = [("compose.yaml", "services: {a: {image: \"${A}${A}\"}}\n"), (".env", env.as_str()), BESIDE];
    says(&files, "syntax-error", "expand to more than 256 KiB");
}

fn dockerfile_says(dockerfile: &str, text: &str) {
    says(&[("Dockerfile", dockerfile), BESIDE], "syntax-error", text);
}

#[test]
fn dockerfiles_are_bounded() {
    dockerfile_says(
        &format!("FROM alpine:3\nRUN {}\n", "x".repeat(65_535)),
        "more than the 65535 that BuildKit reads",
    );
    let nested = format!("FROM alpine:3\nENV A={}x{}\n", "${X:-".repeat(40), "}".repeat(40));
    let checked = Checked::texts(&[("Dockerfile", &nested)]);
    assert!(checked.outcome.projects[0].workloads[0].env["A"].value.value().is_none());
    let doubled = format!("FROM alpine:3\nENV A=xxxxxxxxxxxxxxxx\n{}", "ENV A=$A$A\n".repeat(30));
    let checked = Checked::texts(&[("Dockerfile", &doubled)]);
    let value =
        checked.outcome.projects[0].workloads[0].env["A"].value.value().map_or(0, |text| text.as_str().len());
    assert!(value <= 256 * 1024, "{value}");
    let open = format!("FROM alpine:3\n{}", "RUN <<END\n".repeat(20));
    dockerfile_says(&open, "the here-document has no end");
}

#[test]
fn reports_are_bounded() {
    let services: String = (0..20_000).map(|i| format!("  s{i}: {{image: x}}\n")).collect();
    let mut checked = Checked::texts(&[("compose.yaml", &format!("services:\n{services}")), BESIDE]);
    let warnings = checked.outcome.summary.warnings;
    let all = checked.outcome.findings.len();
    checked.outcome.shorten(&checked.sources);
    assert!(warnings >= 20_000 && checked.outcome.summary.warnings == warnings);
    let of_rule = |rule: &str| checked.outcome.findings.iter().filter(|found| found.rule == rule).count();
    assert_eq!(of_rule("missing-memory-limit"), 1_000 + 1 + 1, "and that of the file beside");
    let rest = checked.outcome.findings.iter().find(|found| found.message.contains("more findings")).unwrap();
    assert_eq!(rest.message, "19000 more findings of this rule in this file");
    assert!(checked.outcome.findings.len() * 10 < all, "{} of {all}", checked.outcome.findings.len());
    assert!(checked.report(Format::Json).len() < 20 << 20);
    // A name as long as a file is not said ten times.
    let name = "n".repeat(1 << 20);
    let mut checked =
        Checked::texts(&[("compose.yaml", &format!("services: {{? {name} : {{image: {name}}}}}\n"))]);
    checked.outcome.shorten(&checked.sources);
    assert!(checked.outcome.findings.len() > 3);
    let report = checked.report(Format::Json);
    assert!(report.len() < 1 << 20, "{}", report.len());
    assert!(checked.report(Format::Human).len() < 4 << 20);
    // Each flag too late is a finding; none names all the others.
    let flags = |count: usize| {
        let flags: String = (0..count).map(|i| format!("-Xmx{i}Q ")).collect();
        let compose =
            format!("services:\n  a:\n    image: eclipse-temurin:21\n    command: java -jar x.jar {flags}\n");
        let mut checked = Checked::texts(&[("compose.yaml", &compose)]);
        checked.outcome.shorten(&checked.sources);
        checked.report(Format::Json).len()
    };
    assert!(flags(4_000) < 8 << 20, "{}", flags(4_000));
    // A page of markdown fits where it goes.
    let many: Vec<(String, String)> = (0..6)
        .map(|i| (format!("d{i}/compose.yaml"), format!("services:\n{}", &services[..20_000])))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let checked = Checked::texts(&many);
    assert!(checked.report(Format::Markdown).len() < 1 << 20);
}

#[test]
fn programs_that_start_each_other_come_to_an_end() {
    let command = format!(
        "services: {{a: {{image: \"node:22\", command: {}node --max-old-space-size=9 x}}}}\n",
        "exec ".repeat(40)
    );
    let checked = Checked::texts(&[("compose.yaml", &command), BESIDE]);
    assert!(checked.outcome.findings.iter().any(|found| found.message.contains("`beside`")));
}

#[test]
fn mistakes_in_a_configuration_are_told_up_to_a_number() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join(".oomlint.yaml");
    let keys: String = (0..60).map(|i| format!("nothing{i}: 1\n")).collect();
    std::fs::write(&path, keys).unwrap();
    let error = oomlint::config::Config::read(&path, &oomlint::source::Disk::default()).unwrap_err();
    let oomlint::error::Error::Config { problems, .. } = error else { panic!("{error}") };
    assert_eq!(problems.len(), 20);
}
