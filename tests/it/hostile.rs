//! Files that try to use excessive time or memory: each runs into a limit, which is reported.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use oomlint::check::{self, Options, Outcome};
use oomlint::discover::{Discovered, FileKind};
use oomlint::source::Sources;

fn run(files: &[(&str, &str)]) -> Outcome {
    let sources = Sources::new();
    for (path, text) in files {
        sources.add(Path::new(path), *text);
    }
    let mut discovered = Discovered::default();
    for (path, _) in files {
        let kind = if path.ends_with("Dockerfile") { FileKind::Dockerfile } else { FileKind::Compose };
        if !path.ends_with(".env") && !path.contains("part") {
            discovered.add(PathBuf::from(path), kind);
        }
    }
    check::run(&Options::default(), &sources, &discovered)
}

fn says(outcome: &Outcome, text: &str) -> bool {
    outcome.findings.iter().any(|finding| finding.message.contains(text))
}

#[test]
fn aliases_and_merge_keys_do_not_explode() {
    let mut aliases = "x0: &a0 [lol]\n".to_owned();
    let mut merges = "x0: &m0 {k: v}\n".to_owned();
    for i in 1..30 {
        let before = format!("*a{}", i - 1);
        writeln!(aliases, "x{i}: &a{i} [{}]", [before.as_str(); 9].join(",")).unwrap();
        writeln!(merges, "x{i}: &m{i}\n  <<: [*m{0}, *m{0}]\n  k{i}: v", i - 1).unwrap();
    }
    aliases.push_str("services:\n  a:\n    image: x\n    labels: *a29\n");
    merges.push_str("services:\n  a:\n    <<: *m29\n    image: x\n");
    assert!(says(&run(&[("compose.yaml", &aliases)]), "expand to more than"));
    assert!(says(&run(&[("compose.yaml", &merges)]), "expand to more than"));
}

#[test]
fn circles_end() {
    let circle = "services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n";
    assert!(says(&run(&[("compose.yaml", circle)]), "extends goes in a circle: a → b → c → a"));
    let includes = [
        ("compose.yaml", "include: [part.yaml]\nservices: {a: {image: x}}\n"),
        ("part.yaml", "include: [compose.yaml]\nservices: {b: {image: x}}\n"),
    ];
    assert!(says(&run(&includes), "include goes in a circle"));
}

#[test]
fn long_ways_end() {
    let mut chain = "services:\n".to_owned();
    for i in 0..500 {
        writeln!(chain, "  s{i}: {{extends: s{}}}", i + 1).unwrap();
    }
    chain.push_str("  s500: {image: x}\n");
    assert!(says(&run(&[("compose.yaml", &chain)]), "extends leads through more than"));
    let mut files =
        vec![("compose.yaml".to_owned(), "include: [part0.yaml]\nservices: {q: {image: x}}\n".to_owned())];
    for i in 0..12 {
        let four = format!("  - part{}.yaml\n", i + 1).repeat(4);
        files.push((format!("part{i}.yaml"), format!("include:\n{four}services: {{s{i}: {{image: x}}}}\n")));
    }
    files.push(("part12.yaml".to_owned(), "services: {z: {image: x}}\n".to_owned()));
    let borrowed: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert!(says(&run(&borrowed), "expand to more than"));
}

#[test]
fn variables_do_not_double_for_ever() {
    let env = format!("A=xxxxxxxxxxxxxxxx\n{}", "A=${A}${A}\n".repeat(60));
    let outcome = run(&[("compose.yaml", "services: {a: {image: \"${A}\"}}\n"), (".env", &env)]);
    assert!(says(&outcome, "variables expand to more than"));
    let image =
        outcome.projects[0].workloads[0].service.image.value().map_or(0, |image| image.as_str().len());
    assert!(image < 2 << 20, "{image} bytes");
    let dockerfile = format!("FROM a\nENV A=xxxxxxxxxxxxxxxx\n{}", "ENV A=$A$A\n".repeat(60));
    let outcome = run(&[("Dockerfile", &dockerfile)]);
    let value = outcome.projects[0].workloads[0].env["A"].value.value().map_or(0, |text| text.as_str().len());
    assert!(value <= 32 << 20, "{value} bytes");
}

#[test]
fn deep_nesting_is_an_error() {
    let nested = format!("services: {}1{}", "{a: ".repeat(20_000), "}".repeat(20_000));
    assert!(says(&run(&[("compose.yaml", &nested)]), "nested"));
    let defaults =
        format!("services: {{a: {{image: \"{}y{}\"}}}}\n", "${X:-".repeat(5_000), "}".repeat(5_000));
    assert!(says(&run(&[("compose.yaml", &defaults)]), "defaults nested more than 16 deep"));
}

#[test]
fn many_services_and_stages_are_read() {
    let mut services = "services:\n".to_owned();
    let mut stages = "FROM a AS s0\n".to_owned();
    for i in 0..3_000 {
        writeln!(services, "  s{i}: {{image: x}}").unwrap();
        writeln!(stages, "FROM s{i} AS s{}\nENV E{i}=1", i + 1).unwrap();
    }
    let outcome = run(&[("compose.yaml", &services), ("other/Dockerfile", &stages)]);
    assert_eq!((outcome.summary.services, outcome.summary.images), (3_000, 1));
    let image = outcome.projects.last().unwrap();
    assert_eq!(image.workloads[0].env.len(), 3_000);
}

#[test]
fn many_flags_behind_the_program_do_not_multiply() {
    let flags: String = (0..1_000).map(|i| format!(" -Xmx{i}m")).collect();
    let compose = format!("services: {{a: {{image: 'openjdk:21', command: java -jar a.jar{flags}}}}}\n");
    let outcome = run(&[("compose.yaml", &compose)]);
    let (findings, edits) = outcome.findings.iter().fold((0, 0), |(findings, edits), finding| {
        (findings + 1, edits + finding.fixes.iter().map(|fix| fix.edits.len()).sum::<usize>())
    });
    assert!(findings >= 1_000, "{findings} findings");
    assert!(edits < 10_000, "{edits} edits");
    let words: usize = outcome.projects[0].workloads[0].pools.heaps[0]
        .problems
        .iter()
        .map(|problem| problem.ahead.len())
        .sum();
    assert!(words < 10_000, "{words} words to move flags ahead of");
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let sources = Sources::new();
    sources.add(Path::new("Dockerfile"), b"FROM a\nRUN \xff\xfe\n".to_vec());
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("Dockerfile"), FileKind::Dockerfile);
    assert!(says(&check::run(&Options::default(), &sources, &discovered), "not UTF-8"));
}

/// These would take minutes if every item of a list were compared with every item of another.
#[test]
fn lists_that_meet_are_not_multiplied() {
    let list = |item: &dyn Fn(usize) -> String| -> String { (0..60_000).map(item).collect() };
    let numbered = list(&|i| format!("      - V{i}=1\n"));
    let repeated = list(&|i| format!("      - V{i}=2\n"));
    let once = format!("services:\n  a:\n    image: x\n    environment:\n{numbered}{repeated}");
    let outcome = run(&[("compose.yaml", &once)]);
    let env = &outcome.projects[0].workloads[0].env;
    assert_eq!((env.len(), env.get_index(0).map(|(name, _)| name.as_str())), (60_000, Some("V0")));

    let files = list(&|i| format!("      - {i}.env\n"));
    let with_files = format!("services:\n  a:\n    image: x\n    tmpfs:\n{files}");
    let keys = list(&|i| format!("      V{i}: 1\n"));
    let reset = list(&|i| format!("      V{i}: !reset 1\n"));
    let base = format!("{with_files}    environment:\n{keys}");
    let over = format!("services:\n  a:\n    tmpfs:\n{files}    environment:\n{reset}");
    let outcome = run(&[("compose.yaml", &base), ("compose.override.yaml", &over)]);
    assert!(outcome.projects[0].workloads[0].env.is_empty());

    let script = format!("{}java -jar a.jar", "then ".repeat(200_000));
    let start = format!("services:\n  a:\n    image: x\n    command: [sh, -c, \"{script}\"]\n");
    let outcome = run(&[("compose.yaml", &start)]);
    assert_eq!(outcome.summary.services, 1);
}

#[test]
fn copies_of_long_values_are_counted() {
    let long = "x".repeat(200_000);
    let services =
        |more: &str| -> String { (0..200).map(|i| format!("  s{i}: {{image: x, {more}}}\n")).collect() };
    let base = format!(
        "services:\n  base: {{image: x, environment: {{A: \"{long}\"}}}}\n{}",
        services("extends: base")
    );
    let alias = format!("x-a: &a \"{long}\"\nservices:\n{}", services("environment: {A: *a}"));
    for text in [base, alias] {
        assert!(says(&run(&[("compose.yaml", &text)]), "expand to more than 400000 nodes"));
    }
}

#[test]
fn services_do_not_multiply_what_variables_make() {
    // Short lines expand to long values, and every service has all of them.
    let doubled = |set: &str, end: &str| -> String {
        let doubles = (1..13).map(|i| format!("{set}A{i}=${{A{}}}${{A{}}}{end}", i - 1, i - 1));
        let copies = (0..150).map(|i| format!("{set}V{i}=${{A12}}{end}"));
        std::iter::once(format!("{set}A0={}{end}", "x".repeat(16))).chain(doubles).chain(copies).collect()
    };
    let services = |key: &str| -> String {
        let each = (0..200).map(|i| format!("  s{i}:\n    image: x\n    {key}\n"));
        std::iter::once("services:\n".to_owned()).chain(each).collect()
    };
    let reason = "the services take more than 16 MiB of Dockerfiles and env_files in all";
    let (with_file, with_build) = (services("env_file: [part.env]"), services("build: ."));
    let file = doubled("", "\n");
    assert!(says(&run(&[("compose.yaml", &with_file), ("part.env", &file)]), reason));
    let dockerfile = format!("FROM a\n{}", doubled("ENV ", "\n"));
    assert!(says(&run(&[("compose.yaml", &with_build), ("Dockerfile", &dockerfile)]), reason));
}

#[test]
fn findings_in_a_file_that_stacks_share_are_reported_once() {
    let texts: Vec<(String, String)> = (0..150)
        .map(|number| {
            (format!("{number:03}/compose.yaml"), "include: [../common.yml]\nservices: {}\n".to_owned())
        })
        .collect();
    let mut files: Vec<(&str, &str)> =
        texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let known = "  known:\n    image: x\n    x-oomlint: {ignore: [missing-memory-limit], reason: batch}\n";
    let common = format!("services:\n  db:\n    image: x\n{known}");
    files.push(("common.yml", &common));
    let outcome = run(&files);
    let of_rule = |finding: &&oomlint::diagnostic::Finding| finding.rule == "missing-memory-limit";
    let found: Vec<_> = outcome.findings.iter().filter(of_rule).collect();
    assert_eq!(found.len(), 1);
    // Up to the maximum of related labels, in the order of the files.
    assert_eq!(found[0].related.len(), 100);
    assert!(found[0].related.is_sorted_by_key(|label| label.span.file));
    assert!(found[0].related.iter().all(|label| label.text == "merged in here"));
    let held: Vec<_> = outcome.suppressed.iter().filter(|held| of_rule(&&held.finding)).collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].justification.as_deref(), Some("batch"));
    assert_eq!(outcome.summary.services, 2);
}
