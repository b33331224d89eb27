//! Effect of exceeding each limit: it is reported at its location, or has the documented effect, and does not change the
//! findings of another file.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use oomlint::diagnostic::{Finding, Severity};
use oomlint::report::Format;
use oomlint::source::path_text;
use oomlint::workload::Workload;

use crate::common::{self, Checked};

const UNRELATED: (&str, &str) = ("unrelated/compose.yaml", "services: {unrelated: {image: x}}\n");

/// Returns `path:line` of a finding.
fn place(checked: &Checked, finding: &Finding) -> String {
    let at = checked.sources.to_outer_span(finding.primary.span);
    let source = checked.sources.get(at.file);
    format!("{}:{}", path_text(source.path()), source.position(at.start).line)
}

/// Returns the findings of the unrelated file.
fn of_unrelated(checked: &Checked) -> Vec<String> {
    let findings = checked.outcome.findings.iter().map(|found| (place(checked, found), &found.message));
    findings.filter(|(at, _)| at.starts_with(UNRELATED.0)).map(|(at, message)| at + message).collect()
}

/// Checks the files and the unrelated one, which must have the same findings as on its own.
fn check(files: &[(&str, &str)]) -> Checked {
    let checked = Checked::texts(&[files, &[UNRELATED]].concat());
    let alone = of_unrelated(&Checked::texts(&[UNRELATED]));
    assert!(!alone.is_empty() && of_unrelated(&checked) == alone, "{:?}", of_unrelated(&checked));
    checked
}

/// Asserts that a finding of `rule` at `at` has a message with `words`.
fn says(files: &[(&str, &str)], rule: &str, words: &str, at: &str) -> Checked {
    let checked = check(files);
    let of_rule = checked.outcome.findings.iter().filter(|found| found.rule == rule);
    let said: Vec<(String, String)> = of_rule
        .map(|found| (place(&checked, found), found.message.chars().take(200).collect()))
        .take(40)
        .collect();
    assert!(said.iter().any(|(place, message)| place == at && message.contains(words)), "{words}: {said:#?}");
    checked
}

fn compose_says(compose: &str, words: &str, line: usize) -> Checked {
    says(&[("compose.yaml", compose)], "syntax-error", words, &format!("compose.yaml:{line}"))
}

/// Returns the workload that is not of the unrelated file.
fn workload(checked: &Checked) -> &Workload {
    let mut workloads = checked.outcome.projects.iter().flat_map(|project| &project.workloads);
    workloads.find(|workload| workload.name != "unrelated").unwrap()
}

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Creates a directory with the files and the unrelated one.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    common::tree(&files.iter().copied().chain([UNRELATED]).collect::<Vec<_>>())
}

/// Runs oomlint and returns exit code, standard output and standard error.
fn oomlint(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    let output = command.args(arguments).current_dir(directory).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Runs `check` on the disk. The unrelated file must have its finding.
fn concise(directory: &Path, arguments: &[&str]) -> String {
    let (code, out, err) = oomlint(directory, &[arguments, &["--format", "concise"]].concat());
    assert_eq!(code, Some(1), "{err}");
    assert!(out.contains("unrelated/compose.yaml:1:12: warning[missing-memory-limit]"), "{out}");
    out
}

pub(crate) fn bytes_of_a_file() {
    let scratch = tree(&[("compose.yaml", "services: {a: {image: x, env_file: [vars]}}\n"), ("vars", "")]);
    write(scratch.path(), "Dockerfile", "");
    for path in ["vars", "Dockerfile"] {
        let file = std::fs::File::options().write(true).open(scratch.path().join(path)).unwrap();
        file.set_len((16 << 20) + 1).unwrap();
    }
    let out = concise(scratch.path(), &[]);
    let says = "compose.yaml:1:37: note[unresolved-reference] env_file `vars`: is larger than 16 MiB";
    assert!(out.contains(says), "{out}");
    assert!(out.contains("Dockerfile:1:1: error[syntax-error] is larger than 16 MiB"), "{out}");
}

pub(crate) fn bytes_of_rules() {
    let rules = |length: usize| format!("#{}\n", "x".repeat(length - 2));
    let scratch = tree(&[
        ("sub/Dockerfile", "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n"),
        ("sub/.gitignore", &rules(256 << 10)),
    ]);
    assert!(concise(scratch.path(), &["--preset", "strict"]).contains("sub/Dockerfile"));
    write(scratch.path(), "sub/.gitignore", &rules((256 << 10) + 1));
    let (code, out, err) = oomlint(scratch.path(), &["--preset", "strict", "--format", "concise"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("cannot read `sub/.gitignore`: is larger than 256 KiB"), "{err}");
    assert!(out.contains("unrelated/compose.yaml") && !out.contains("sub/Dockerfile"), "{out}");
}

pub(crate) fn bytes_that_are_looked_at() {
    let services = |before: usize| format!("#{}\nservices: {{a: {{image: x}}}}\n", "x".repeat(before));
    for (before, seen) in [(250 << 10, true), (256 << 10, false)] {
        let scratch = tree(&[("docker-compose.other.yaml", &services(before))]);
        assert_eq!(concise(scratch.path(), &[]).contains("docker-compose.other.yaml"), seen, "{before}");
    }
}

pub(crate) fn bytes_of_a_configuration() {
    let config = |length: usize| format!("#{}\n", "x".repeat(length - 2));
    let scratch = tree(&[(".oomlint.yaml", &config(256 << 10))]);
    concise(scratch.path(), &[]);
    write(scratch.path(), ".oomlint.yaml", &config((256 << 10) + 1));
    let (code, out, err) = oomlint(scratch.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("larger than 256 KiB") && err.contains(".oomlint.yaml"), "{err}");
}

pub(crate) fn bytes_of_an_image_lock() {
    let lock = |length: usize| {
        let text = "{\"version\": 1, \"images\": []}";
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    let scratch = tree(&[(".oomlint-images.json", &lock(4 << 20)), ("compose.yaml", "services: {}\n")]);
    concise(scratch.path(), &[]);
    write(scratch.path(), ".oomlint-images.json", &lock((4 << 20) + 1));
    let (code, out, err) = oomlint(scratch.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("larger than 4 MiB") && err.contains(".oomlint-images.json"), "{err}");
}

/// A line of the kernel on a kill at the limit of a container.
fn kill(number: usize) -> String {
    let path = format!("/docker/{number:064x}");
    format!(
        "[1.5] oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg={path},task_memcg={path},task=a,pid=1,uid=0\n"
    )
}

pub(crate) fn bytes_of_evidence() {
    let scratch = tree(&[("kern.log", &format!("{}\n{}", "a".repeat((32 << 20) + 1000), kill(7)))]);
    let (code, out, err) = oomlint(scratch.path(), &["why", "kern.log"]);
    assert!(code == Some(0) && out.contains("kern.log:2  [1.5]"), "{out}{err}");
    assert!(err.contains("the first 32 MiB of `kern.log` are not read"), "{err}");
}

pub(crate) fn kills_of_a_log() {
    let scratch = tree(&[("kern.log", &kill(7).repeat(20_003))]);
    let (code, out, err) = oomlint(scratch.path(), &["why", "kern.log"]);
    assert!(code == Some(0) && out.contains("it happened 20000 times in this log"), "{out}{err}");
    assert!(out.contains("not in the log, or not shown: 3 more kills"), "{out}");
}

pub(crate) fn kills_of_programs() {
    let oomd = "Jul 25 10:00:00 host systemd-oomd[1]: Killed /system.slice/docker-".to_owned()
        + &"a".repeat(64)
        + ".scope due to memory pressure for /system.slice being 80.00% > 60.00% for > 30s with reclaim activity\n";
    let early = "Jul 25 10:00:00 host earlyoom[1]: sending SIGTERM to process 7 uid 0 \"java\": badness 800, VmRSS 900 MiB\n";
    for line in [oomd.as_str(), early] {
        let scratch = tree(&[("journal.log", &line.repeat(10_003))]);
        let (_, out, err) = oomlint(scratch.path(), &["why", "journal.log"]);
        assert!(out.contains("not in the log, or not shown: 3 more kills"), "{line}{out}{err}");
        let scratch = tree(&[("journal.log", &line.repeat(10_000))]);
        let (_, out, _) = oomlint(scratch.path(), &["why", "journal.log"]);
        assert!(!out.contains("more kill"), "{out}");
    }
}

pub(crate) fn pieces_of_evidence() {
    let event = "2026-07-25T14:23:17.000000000+02:00 container oom 6c1f (image=nginx, name=web)\n";
    let says = |count: usize| {
        let scratch = tree(&[("events.log", &event.repeat(count))]);
        oomlint(scratch.path(), &["why", "events.log"]).2
    };
    let message = "more than 50000 events, rows or lines of one kind; 2 of them not looked at";
    assert!(says(50_002).contains(message), "{}", says(50_002));
    assert!(!says(50_000).contains("not looked at"));
}

pub(crate) fn containers_that_are_answered() {
    let scratch = tree(&[("kern.log", &(0..1003).map(kill).collect::<String>())]);
    let (_, out, err) = oomlint(scratch.path(), &["why", "kern.log"]);
    assert!(err.contains("more than 1000 containers; the rest is not answered"), "{err}");
    assert!(out.ends_with("1000 containers, explained\n"), "{}", out.lines().last().unwrap_or_default());
}

pub(crate) fn levels_of_an_inspected_output() {
    let nested = |levels| format!("{}{{\"RestartCount\": 0}}{}", "[".repeat(levels), "]".repeat(levels));
    let scratch = tree(&[("x.json", &nested(63))]);
    let (code, out, err) = oomlint(scratch.path(), &["x.json"]);
    assert!(code == Some(0) && out.contains("1 container"), "{out}{err}");
    write(scratch.path(), "x.json", &nested(64));
    let (code, _, err) = oomlint(scratch.path(), &["x.json"]);
    assert!(code == Some(2) && err.contains("no container is in it"), "{err}");
}

pub(crate) fn values_of_an_inspected_output() {
    let many = format!("[{{\"RestartCount\": 0}}, {}]", "1,".repeat(600_000));
    inspected_says(&many, "more than 2000 containers, or 600000 values; the rest is not looked at");
}

pub(crate) fn containers_of_an_output() {
    let many = "{\"RestartCount\": 0}\n".repeat(2001);
    inspected_says(&many, "more than 2000 containers, or 600000 values; the rest is not looked at");
}

fn inspected_says(text: &str, message: &str) {
    let scratch = tree(&[("x.json", text)]);
    let (_, out, err) = oomlint(scratch.path(), &["x.json"]);
    assert!(out.contains(message), "{out}{err}");
}

#[cfg(not(unix))]
pub(crate) fn links_on_a_way() {}

#[cfg(unix)]
pub(crate) fn links_on_a_way() {
    let scratch =
        tree(&[("compose.yaml", "services: {a: {image: x, env_file: [link1]}}\n"), ("vars", "A=1\n")]);
    let link = |index: usize, target: &str| {
        std::os::unix::fs::symlink(target, scratch.path().join(format!("link{index}"))).unwrap();
    };
    (1..40).for_each(|index| link(index, &format!("link{}", index + 1)));
    link(40, "vars");
    let out = concise(scratch.path(), &["--restrict-to", "."]);
    assert!(!out.contains("unresolved-reference"), "{out}");
    link(0, "link1");
    write(scratch.path(), "compose.yaml", "services: {a: {image: x, env_file: [link0]}}\n");
    let out = concise(scratch.path(), &["--restrict-to", "."]);
    let says =
        "compose.yaml:1:37: note[unresolved-reference] env_file `link0`: too many levels of symbolic links";
    assert!(out.contains(says), "{out}");
}

pub(crate) fn entries_of_a_directory() {
    let scratch =
        tree(&[("compose.yaml", "services: {a: {image: x, env_file: [vars, none]}}\n"), ("vars", "A=1\n")]);
    for index in 0..10_001 {
        std::fs::write(scratch.path().join(format!("entry{index}")), "").unwrap();
    }
    let out = concise(scratch.path(), &[]);
    assert!(out.contains("env_file `none`") && !out.contains("`vars`"), "{out}");
}

fn nested(depth: usize) -> String {
    format!("services: {{a: {{image: x}}}}\nx-a: {}1{}\n", "[".repeat(depth), "]".repeat(depth))
}

pub(crate) fn levels_of_a_yaml_file() {
    compose_says(&nested(300), "nested deeper than 256 levels; what is deeper is not read", 2);
}

pub(crate) fn levels_of_a_project() {
    let checked = compose_says(&nested(200), "nested deeper than 128 levels", 2);
    assert_eq!(workload(&checked).name, "a");
}

pub(crate) fn values_of_a_yaml_file() {
    let many = format!("services: {{}}\nx-a: [{}]\n", "1,".repeat(1 << 20));
    compose_says(&many, "more than 1048576 values; the rest is not read", 2);
}

pub(crate) fn values_of_a_project() {
    let aliases =
        format!("x-a: &a [{}]\nservices: {{a: {{labels: [{}]}}}}\n", "1,".repeat(1000), "*a,".repeat(500));
    compose_says(&aliases, "aliases, extends and includes expand to more than 400000 nodes", 1);
}

/// A file with many syntax errors has a finding for the first ones and for where parsing ended.
pub(crate) fn lines_that_do_not_parse() {
    let broken = |lines: usize| format!("services:\n  a: {{image: x}}\n{}", "  \"b\" c\n".repeat(lines));
    let checked = compose_says(&broken(200), "the rest is not read", 3 + 32);
    let errors = checked.outcome.findings.iter().filter(|found| found.rule == "syntax-error").count();
    assert_eq!(errors, 12 + 1);
    let checked = check(&[("compose.yaml", &broken(32))]);
    assert!(!checked.outcome.findings.iter().any(|found| found.message.contains("not read")));
}

pub(crate) fn ways_of_include_and_extends() {
    let chain = |length: usize| {
        let mut chain = "services:\n".to_owned();
        for i in 0..length {
            writeln!(chain, "  s{i}: {{extends: s{}}}", i + 1).unwrap();
        }
        chain + &format!("  s{length}: {{image: x}}\n")
    };
    compose_says(&chain(40), "extends leads through more than 32 services", 2 + 33);
    let mut files =
        vec![("compose.yaml".to_owned(), "include: [part0.yml]\nservices: {a: {image: x}}\n".to_owned())];
    for i in 0..40 {
        files.push((format!("part{i}.yml"), format!("include: [part{}.yml]\nservices: {{}}\n", i + 1)));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let checked = says(&files, "syntax-error", "include leads through more than 32 files", "part31.yml:1");
    assert_eq!(workload(&checked).name, "a");
}

pub(crate) fn what_a_directory_takes() {
    let note = "  a line that each overlay takes again\n".repeat(3 * 1024 * 1024 / 39);
    let base = format!("services: {{a: {{image: x}}}}\nx-note: |\n{note}");
    let overlays: Vec<String> = (0..8).map(|number| format!("compose.{number}.yaml")).collect();
    let mut files = vec![("compose.yaml", base.as_str())];
    files.extend(overlays.iter().map(|path| (path.as_str(), "services:\n  a:\n    mem_limit: 1\n")));
    let words = "not looked at: the Compose files next to it take more than 16 MiB of other files";
    let checked = says(&files, "syntax-error", words, "compose.7.yaml:1");
    let limit = |path: &str| {
        let mut limits = checked.outcome.findings.iter().map(|finding| place(&checked, finding));
        limits.any(|at| at == format!("{path}:3"))
    };
    assert!(limit("compose.5.yaml") && !limit("compose.6.yaml"));
}

pub(crate) fn services_of_a_project() {
    let services: String = (0..50_001).map(|i| format!("  s{i}:\n")).collect();
    let words = "more than 50000 services; the rest is not looked at";
    let checked = compose_says(&format!("services:\n{services}"), words, 50_002);
    assert_eq!(checked.outcome.summary.services, 50_000 + 1, "and the unrelated one");
}

pub(crate) fn what_services_take() {
    let big = format!("# {}\n", "x".repeat(998)).repeat(1000);
    let words = "the services take more than 16 MiB of Dockerfiles and env_files in all";
    for (key, path, text) in [
        ("build: .", "Dockerfile", format!("FROM alpine:3\n{big}")),
        ("image: x, env_file: [vars]", "vars", format!("A=1\n{big}")),
    ] {
        let services: String = (0..40).map(|i| format!("  s{i}: {{{key}, mem_limit: 1g}}\n")).collect();
        let compose = format!("services:\n{services}");
        let files = [("compose.yaml", compose.as_str()), (path, text.as_str())];
        let checked = says(&files, "unresolved-reference", words, "compose.yaml:18");
        let beyond = checked.outcome.findings.iter().filter(|found| found.message.contains(words)).count();
        assert_eq!(beyond, 40 - 16, "{key}");
    }
}

pub(crate) fn what_all_projects_take() {
    let text = |bytes: usize| format!("services: {{b: {{image: x}}}}\n{}", "# shared\n".repeat(bytes / 9));
    let (small, large) = (text(200 * 1024), text(300 * 1024));
    let stacks: Vec<(String, String)> = (0..1024)
        .map(|number| {
            let shared = if number == 7 { "large" } else { "small" };
            (
                format!("{number}/compose.yaml"),
                format!("include: [../{shared}.yml]\nservices: {{a: {{image: x}}}}\n"),
            )
        })
        .collect();
    let mut files: Vec<(&str, &str)> =
        stacks.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.extend([("small.yml", small.as_str()), ("large.yml", large.as_str())]);
    let words = "the project takes more than 256 KiB of other files in all";
    let checked = says(&files, "unresolved-reference", words, "7/compose.yaml:1");
    let refused = checked.outcome.findings.iter().filter(|found| found.message.contains(words));
    assert_eq!(refused.count(), 1);
}

pub(crate) fn defaults_within_defaults() {
    let defaults = |depth: usize| {
        format!("services:\n  a:\n    image: \"{}y{}\"\n", "${X:-".repeat(depth), "}".repeat(depth))
    };
    let checked = compose_says(&defaults(20), "defaults nested more than 16 deep", 3);
    assert!(workload(&checked).service.image.value().is_none(), "the value is not known");
}

pub(crate) fn a_value_with_its_variables() {
    let env = format!("A=xxxxxxxxxxxxxxxx\n{}", "A=${A}${A}\n".repeat(20));
    let files = [("compose.yaml", "services:\n  a: {image: \"${A}${A}\"}\n"), (".env", env.as_str())];
    let checked = says(&files, "syntax-error", "expand to more than 256 KiB", ".env:17");
    assert!(workload(&checked).service.image.value().is_none(), "the value is not known");
}

fn dockerfile_says(lines: &str, words: &str, line: usize) -> Checked {
    let dockerfile = format!("FROM alpine:3\n{lines}");
    says(&[("Dockerfile", &dockerfile)], "syntax-error", words, &format!("Dockerfile:{line}"))
}

pub(crate) fn values_of_an_env_file() {
    let mut text = format!("BIG={}\n", "x".repeat(200 * 1024));
    for number in 0..100 {
        writeln!(text, "V{number}=${{BIG}}").unwrap();
    }
    text.push_str("PLAIN=1g\nMADE=${PLAIN}\n");
    let compose = "services:\n  a:\n    image: x\n    mem_limit: ${PLAIN}\n    mem_reservation: ${MADE}\n    env_file: [.env]\n";
    let words = "the variables of this file expand to more than 16 MiB; the rest is not known";
    let checked = says(&[("compose.yaml", compose), (".env", &text)], "syntax-error", words, ".env:83");
    let memory = &workload(&checked).memory;
    assert!(memory.limit.value().is_some() && memory.reservation.is_unknown());
}

pub(crate) fn a_line_of_a_dockerfile() {
    let line = format!("RUN {}\n", "x".repeat(65_535));
    dockerfile_says(&line, "more than the 65535 that BuildKit reads", 2);
}

/// Returns the value of `A` in an image, if it is known.
fn value_of_a(lines: &str) -> Option<String> {
    let checked = check(&[("Dockerfile", &format!("FROM alpine:3\n{lines}"))]);
    workload(&checked).env["A"].value.value().map(|text| text.as_str().to_owned())
}

pub(crate) fn variables_within_variables() {
    let nested = |depth: usize| format!("ARG X\nENV A={}x{}\n", "${X:-".repeat(depth), "}".repeat(depth));
    assert_eq!(value_of_a(&nested(40).replace("ARG X\n", "")), None);
    assert_eq!(value_of_a("ENV X=\nENV A=${X:-${X:-y}}\n").as_deref(), Some("y"));
}

pub(crate) fn what_variables_put_in() {
    let doubled = |times: usize| format!("ENV A=xxxxxxxxxxxxxxxx\n{}", "ENV A=$A$A\n".repeat(times));
    assert_eq!(value_of_a(&doubled(13)).map(|value| value.len()), Some(128 << 10));
    assert_eq!(value_of_a(&doubled(14)), None);
}

pub(crate) fn values_of_env_and_arg() {
    let line = format!("ENV B={}\n", "x".repeat(60_000));
    let lines = |times: usize| format!("{line}{}ENV C=c\nENV A=$C\n", "ENV D=$B$B\n".repeat(times));
    assert_eq!(value_of_a(&lines(138)).as_deref(), Some("c"));
    assert_eq!(value_of_a(&lines(140)), None);
}

/// A delimiter nested too deeply begins no here-document, so that the body is parsed as instructions.
pub(crate) fn variables_where_a_heredoc_begins() {
    let nested = |depth: usize| {
        let name = format!("{}x{}", "${X:-".repeat(depth), "}".repeat(depth));
        format!("RUN <<{name}\nnonsense\n{name}\n")
    };
    dockerfile_says(&nested(70), "unknown instruction `nonsense`", 3);
    let checked = check(&[("Dockerfile", &format!("FROM alpine:3\n{}", nested(60)))]);
    assert!(!checked.outcome.findings.iter().any(|found| found.rule == "syntax-error"));
}

pub(crate) fn heredocs_without_an_end() {
    let checked = dockerfile_says(&"RUN <<END\n".repeat(20), "the here-document has no end", 9);
    let errors = checked.outcome.findings.iter().filter(|found| found.rule == "syntax-error").count();
    assert_eq!(errors, 8);
}

pub(crate) fn programs_that_start_each_other() {
    let heaps = |depth: usize| {
        let words = "exec ".repeat(depth) + "node --max-old-space-size=9 x";
        let checked = check(&[(
            "compose.yaml",
            &format!("services: {{a: {{image: \"node:22\", command: {words}}}}}\n"),
        )]);
        workload(&checked).pools.heaps.iter().filter(|heap| heap.bound.value().is_some()).count()
    };
    assert_eq!((heaps(12), heaps(13)), (1, 0));
}

/// True if a shell is recognized to stay PID 1 with this entrypoint and this content of `start.sh`.
fn stays(line: &str, script: &str) -> bool {
    let text = format!("FROM debian:13-slim\nCOPY start.sh /start.sh\nENTRYPOINT {line}\n");
    let checked = check(&[("Dockerfile", &text), ("start.sh", script)]);
    checked.outcome.findings.iter().any(|found| found.rule == "shell-form-start")
}

pub(crate) fn scripts_within_scripts() {
    let nested = |depth: usize| format!("echo {}{}; node x", "$(".repeat(depth), ")".repeat(depth));
    assert!(stays(&nested(39), "") && !stays(&nested(41), ""));
}

pub(crate) fn commands_of_a_script() {
    let long = |count: usize| format!("{}node x", "a;".repeat(count));
    assert!(stays(&long(4_990), "") && !stays(&long(5_010), ""));
}

pub(crate) fn constructs_around_each_other() {
    let nested = |depth: usize| format!("{}node x; {}", "{ ".repeat(depth), "}; ".repeat(depth));
    assert!(stays(&nested(99), "") && !stays(&nested(102), ""));
}

pub(crate) fn bytes_of_a_script() {
    let long = |length: usize| format!("#!/bin/sh\n# {}\nnode x\n", "-".repeat(length));
    let line = "[\"/start.sh\"]";
    assert!(stays(line, &long(200 << 10)) && !stays(line, &long(257 << 10)));
}

pub(crate) fn bytes_of_a_readme() {
    for (length, read) in [(15 << 10, true), (17 << 10, false)] {
        let text = format!("{}\n\nNone of these files are for production.\n", "a ".repeat(length / 2));
        let files = [(".git/HEAD", ""), ("a/compose.yaml", BASE.1), ("a/README.md", &text)];
        let out = oomlint(tree(&files).path(), &[]).1;
        assert_eq!(out.contains("note[missing-memory-limit]"), read, "{out}");
    }
}

pub(crate) fn bytes_of_submodules() {
    for (length, read) in [(60 << 10, true), (65 << 10, false)] {
        let text = format!("# {}\n[submodule \"x\"]\n\tpath = x\n", "-".repeat(length));
        let build = "services: {a: {build: ./x}}\n";
        let files = [(".git/HEAD", ""), (".gitmodules", text.as_str()), ("compose.yaml", build)];
        let out = oomlint(tree(&files).path(), &[]).1;
        assert_eq!(!out.contains("unresolved-reference"), read, "{out}");
    }
}

const USES_A: (&str, &str) =
    ("compose.yaml", "services: {a: {image: x, environment: {A: b}, command: sh -c 'x $A'}}\n");

pub(crate) fn files_of_examples() {
    for (count, given) in [(39, true), (40, false)] {
        let names: Vec<String> = (0..count).map(|i| format!("a{i:02}.env")).collect();
        let others = names.iter().map(|name| (name.as_str(), "B=1\n"));
        let files: Vec<_> = others.chain([USES_A, ("z.env", "A=1\n")]).collect();
        let out = oomlint(tree(&files).path(), &[]).1;
        assert_eq!(!out.contains("compose-expands-variable"), given, "{out}");
    }
}

pub(crate) fn bytes_of_an_example() {
    for (length, given) in [(60 << 10, true), (65 << 10, false)] {
        let text = format!("# {}\nA=1\n", "-".repeat(length));
        let out = oomlint(tree(&[USES_A, (".env.example", &text)]).path(), &[]).1;
        assert_eq!(!out.contains("compose-expands-variable"), given, "{out}");
    }
}

pub(crate) fn mistakes_in_a_configuration() {
    let keys: String = (0..60).map(|i| format!("nothing{i}: 1\n")).collect();
    let scratch = tree(&[(".oomlint.yaml", &keys)]);
    let (code, out, err) = oomlint(scratch.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err.matches("unknown key").count(), 20, "{err}");
}

/// Returns services that all have the same findings.
fn services(count: usize) -> String {
    let services: String = (0..count).map(|i| format!("  s{i}: {{image: x}}\n")).collect();
    format!("services:\n{services}")
}

pub(crate) fn findings_of_one_rule() {
    let mut checked = check(&[("compose.yaml", &services(20_000))]);
    let (warnings, all) = (checked.outcome.summary.warnings, checked.outcome.findings.len());
    checked.outcome.truncate(&checked.sources);
    assert!(warnings >= 20_000 && checked.outcome.summary.warnings == warnings);
    let of_rule = |rule: &str| checked.outcome.findings.iter().filter(|found| found.rule == rule).count();
    assert_eq!(of_rule("missing-memory-limit"), 1_000 + 1 + 1, "and that of the unrelated file");
    let rest = checked.outcome.findings.iter().find(|found| found.message.contains("more findings")).unwrap();
    assert_eq!(rest.message, "19000 more findings of this rule in this file");
    assert_eq!((place(&checked, rest).as_str(), rest.severity), ("compose.yaml:1002", Severity::Warning));
    assert!(checked.outcome.findings.len() * 10 < all, "{} of {all}", checked.outcome.findings.len());
    assert!(checked.report(Format::Json).len() < 20 << 20);
}

/// Of 2000 keys that Compose rejects, 500 are named.
pub(crate) fn refused_places() {
    let keys: String = (0..2_000).map(|i| format!("    no{i}: x\n")).collect();
    let checked = check(&[("compose.yaml", &format!("services:\n  a:\n    image: x\n{keys}"))]);
    let refused = checked.outcome.findings.iter().filter(|found| found.rule == "invalid-compose-file");
    assert_eq!(refused.count(), 500);
}

/// A value from 150 variables has at most 100 related labels, and 4000 misplaced flags do not each list all others.
pub(crate) fn other_places() {
    let compose = format!("services:\n  a:\n    image: x\n    mem_limit: \"{}\"\n", "${A}".repeat(150));
    let files = [("compose.yaml", compose.as_str()), (".env", "A=x\n")];
    let checked = says(&files, "invalid-memory-value", "of `a`", "compose.yaml:4");
    let most = checked.outcome.findings.iter().map(|found| found.related.len()).max();
    assert_eq!(most, Some(100));
    let flags: String = (0..4_000).map(|i| format!("-Xmx{i}Q ")).collect();
    let compose =
        format!("services:\n  a:\n    image: eclipse-temurin:21\n    command: java -jar x.jar {flags}\n");
    let mut checked = check(&[("compose.yaml", &compose)]);
    checked.outcome.truncate(&checked.sources);
    assert!(checked.report(Format::Json).len() < 8 << 20);
}

/// A name of 1 MiB is truncated in findings.
pub(crate) fn a_text_of_a_finding() {
    let name = "n".repeat(1 << 20);
    let mut checked = check(&[("compose.yaml", &format!("services: {{? {name} : {{image: {name}}}}}\n"))]);
    checked.outcome.truncate(&checked.sources);
    let longest = checked.outcome.findings.iter().map(|found| found.message.len()).max();
    assert_eq!(longest, Some(8 * 1024 + "…".len()));
    let report = checked.report(Format::Json);
    assert!(report.len() < 1 << 20, "{}", report.len());
    assert!(checked.report(Format::Human).len() < 4 << 20);
}

pub(crate) fn words_ahead_of_a_flag() {
    let fixes = |words: usize| {
        let command = format!("java -jar x.jar{} -Xmx9m", " -Dx=y".repeat(words));
        let compose = format!("services:\n  a:\n    image: eclipse-temurin:21\n    command: {command}\n");
        let checked = check(&[("compose.yaml", &compose)]);
        let mut findings = checked.outcome.findings.iter();
        findings.find(|found| found.rule == "misplaced-heap-flag").unwrap().fix().is_some()
    };
    assert!(fixes(90) && !fixes(110));
}

/// Returns a Java service with these arguments of the program and this environment.
fn java(name: &str, arguments: &str, environment: &str) -> String {
    format!(
        "  {name}:\n    image: eclipse-temurin:21\n    mem_limit: 1g\n    memswap_limit: 1g\n    command: java -jar x.jar{arguments}\n    \
         environment: {environment}\n"
    )
}

const GOES_ON: &str = "there are more fixes than one run tries: the next run goes on";

/// All flags move to the same position, so that each round of fixes can move only one.
pub(crate) fn rounds_of_fixes() {
    let flags: String = (100..112).map(|i| format!(" -Xmx{i}m")).collect();
    let scratch = tree(&[("compose.yaml", &format!("services:\n{}", java("a", &flags, "[]")))]);
    let fix = || oomlint(scratch.path(), &["--fix", "--unsafe-fixes", "--select", "misplaced-heap-flag"]).2;
    let (first, second, third) = (fix(), fix(), fix());
    assert!(first.starts_with("8 fixes in 1 file") && first.contains(GOES_ON), "{first}");
    assert!(second.starts_with("4 fixes in 1 file") && !second.contains(GOES_ON), "{second}");
    assert_eq!(third, "");
}

/// None of these can be fixed, since another variable shares the text.
pub(crate) fn fixes_that_are_tried() {
    let flags: String = (0..510).map(|i| format!(" -Xmx{i}MB")).collect();
    let shared = format!("\n      JAVA_TOOL_OPTIONS: &shared{flags}");
    let compose = format!("services:\n{}{}", java("a", "", &shared), java("b", "", "{NOTE: *shared}"));
    let scratch = tree(&[("compose.yaml", &compose)]);
    let (code, out, err) =
        oomlint(scratch.path(), &["--diff", "--unsafe-fixes", "--select", "malformed-heap-setting"]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    let refused = err.matches("not fixed: compose.yaml: malformed-heap-setting").count();
    assert!((490..510).contains(&refused) && err.contains(GOES_ON), "{refused}: {err}");
}

pub(crate) fn a_page_of_markdown() {
    // Each of these findings has a row of its own.
    let service = |i| format!("  s{i}: {{image: x, mem_limit: 2m}}\n");
    let text = format!("services:\n{}", (0..1_200).map(service).collect::<String>());
    let files: Vec<(String, String)> = (0..6).map(|i| (format!("d{i}/compose.yaml"), text.clone())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let page = check(&files).report(Format::Markdown);
    assert!((899 << 10..901 << 10).contains(&page.len()), "{}", page.len());
    assert!(page.contains(" more did not fit on this page"), "{}", &page[page.len() - 500..]);
}

/// Asserts that `oomlint size` rejects the measurements.
fn refused(scratch: &tempfile::TempDir, words: &str) {
    let (code, out, err) = oomlint(scratch.path(), &["size", "stats.csv"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains(words), "{err}");
}

pub(crate) fn bytes_of_measurements() {
    let scratch = tree(&[("stats.csv", "name,memory\n")]);
    let file = std::fs::File::options().write(true).open(scratch.path().join("stats.csv")).unwrap();
    file.set_len((256 << 20) + 1).unwrap();
    refused(&scratch, "it is larger than 256 MiB");
}

pub(crate) fn samples_of_measurements() {
    let rows = "a,1MiB\n".repeat(4_000_001);
    refused(&tree(&[("stats.csv", &format!("name,memory\n{rows}"))]), "more than 4000000 samples");
}

/// A path that exists relative to an ancestor directory within the limit is not reported as missing.
pub(super) fn directories_above_a_project() {
    let is_reported = |levels: usize| {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join(vec!["d"; levels].join("/"));
        std::fs::create_dir_all(&below).unwrap();
        std::fs::create_dir(dir.path().join("app")).unwrap();
        std::fs::write(dir.path().join("app/Dockerfile"), "FROM nginx\n").unwrap();
        std::fs::write(below.join("compose.yaml"), "services: {a: {build: app}}\n").unwrap();
        let checked = Checked::below(&below);
        checked.outcome.findings.iter().any(|finding| finding.rule == "unresolved-reference")
    };
    assert!(!is_reported(6));
    assert!(is_reported(7));
}

const BASE: (&str, &str) = ("compose.yaml", "services: {web: {image: x}}\n");
const OVERLAY: &str = "services: {web: {mem_limit: 256m}}\n";

pub(crate) fn files_that_may_be_overlays() {
    let others: Vec<String> = (0..300).map(|i| format!("m{i:03}.yaml")).collect();
    let others = others.iter().map(|name| (name.as_str(), "kind: Job\n"));
    for (name, seen) in [("a.yaml", true), ("z.yaml", false)] {
        let files: Vec<_> = others.clone().chain([BASE, (name, OVERLAY)]).collect();
        let out = oomlint(tree(&files).path(), &[]).1;
        assert_eq!(out.contains(&format!("`{name}` has its own limit for `web`")), seen, "{out}");
    }
}

pub(crate) fn bytes_of_an_overlay() {
    for (length, seen) in [(60 << 10, true), (65 << 10, false)] {
        let text = format!("# {}\n{OVERLAY}", "-".repeat(length));
        let out = oomlint(tree(&[BASE, ("a.yaml", &text)]).path(), &[]).1;
        assert_eq!(out.contains("`a.yaml` has its own limit for `web`"), seen, "{out}");
    }
}
