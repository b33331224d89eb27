//! The command line, tested through the executable.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::tree;

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(arguments).current_dir(directory);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "TERM", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

fn collect(output: std::process::Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Ran {
    collect(command(directory, arguments).output().unwrap())
}

pub(crate) fn pipe(directory: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut command = command(directory, arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    collect(child.wait_with_output().unwrap())
}

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn the_version_and_the_help_are_printed() {
    let dir = empty();
    let version = run(dir.path(), &["--version"]);
    assert_eq!(
        (version.code, version.out.as_str()),
        (Some(0), concat!("oomlint ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    let help = run(dir.path(), &["-h"]);
    assert_eq!(help.code, Some(0));
    insta::assert_snapshot!(help.out);
    insta::assert_snapshot!("long_help", run(dir.path(), &["--help"]).out);
}

#[test]
fn a_directory_without_files_is_said_to_be_one() {
    let dir = empty();
    for arguments in [&[][..], &["."], &["check"], &["check", "."], &["--color", "never", "check", "."]] {
        let ran = run(dir.path(), arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "nothing to check: no Dockerfile and no Compose file here\n", "{arguments:?}");
    }
}

#[test]
fn a_path_that_is_not_there_is_exit_code_2() {
    let dir = empty();
    let ran = run(dir.path(), &["nope/compose.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert_eq!(ran.err, "error: there is no `nope/compose.yaml`\n");
    let ran = run(dir.path(), &["exlpain"]);
    assert_eq!(ran.err, "error: there is no `exlpain`\nhelp: did you mean `oomlint explain`?\n");
    let ran = run(dir.path(), &["-f", "nope.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), "error: there is no `nope.yaml`\n"));
}

#[test]
fn a_named_file_of_neither_kind_is_exit_code_2() {
    let dir = empty();
    std::fs::write(dir.path().join("values.yaml"), "image: a\n").unwrap();
    let ran = run(dir.path(), &["values.yaml"]);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.err);
}

#[test]
fn an_unknown_rule_is_exit_code_2_with_a_way_on() {
    let ran = run(empty().path(), &["explain", "no-such-rule-at-all"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.starts_with("error: there is no rule `no-such-rule-at-all`\nhelp: "), "{}", ran.err);
}

#[test]
fn bad_usage_is_exit_code_2() {
    let dir = empty();
    for arguments in [
        &["--no-such-flag"][..],
        &["--format", "xml"],
        &["--output", "report.json"],
        &["--output", "xml=report"],
        &["--stdin-filename", "Dockerfile"],
        &["--fail-on", "error", "check", "."],
        &["explain"],
    ] {
        let ran = run(dir.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.err.starts_with("error: "), "{arguments:?}: {}", ran.err);
    }
    let ran = run(dir.path(), &["--fail-on", "error", "check", "."]);
    assert!(ran.err.starts_with("error: `--fail-on` belongs behind `check`\n"), "{}", ran.err);
}

#[test]
fn standard_input_is_a_file_of_the_given_name() {
    let dir = empty();
    let by_text = pipe(dir.path(), &["-", "--format", "json"], "FROM alpine\n");
    assert_eq!(by_text.code, Some(0), "{}", by_text.err);
    let report: serde_json::Value = serde_json::from_str(&by_text.out).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!(report["summary"]["files"], 1);
    let by_name = pipe(dir.path(), &["check", "-", "--stdin-filename", "a/compose.yaml"], "services: {}\n");
    assert_eq!(by_name.code, Some(0), "{}", by_name.err);
    let neither = pipe(dir.path(), &["-"], "hello\n");
    assert_eq!(neither.code, Some(2));
}

#[test]
fn several_reports_are_written_in_one_run() {
    let dir = empty();
    std::fs::write(dir.path().join("values.yaml"), "services: {}\n").unwrap();
    let ran = run(dir.path(), &["values.yaml", "--output", "json=a.json", "--output", "human=b.txt"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let json = std::fs::read_to_string(dir.path().join("a.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["tool"]["name"], "oomlint");
    let human = std::fs::read_to_string(dir.path().join("b.txt")).unwrap();
    assert!(human.starts_with("nothing found · "), "{human}");

    let ran = run(dir.path(), &["values.yaml", "--output", "json=no/such/a.json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.starts_with("error: cannot write `no/such/a.json`: "), "{}", ran.err);
}

#[test]
fn one_report_goes_to_standard_output() {
    let dir = tree(&[("compose.yaml", "services: {a: {image: x, mem_limit: 512Mi}}\n")]);
    let out = |arguments: &[&str]| run(dir.path(), arguments).out;
    assert!(out(&["--output", "json=a.json"]).starts_with("error[invalid-memory-value]"));
    let github = out(&["--output", "sarif=a.sarif", "--output", "github=-"]);
    assert!(github.lines().all(|line| line.starts_with("::")), "{github}");
    assert_eq!(github, out(&["--format", "github"]));
    let sarif = std::fs::read_to_string(dir.path().join("a.sarif")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&sarif).unwrap()["version"], "2.1.0");
    for arguments in [
        &["--output", "github=-", "--output", "json=-"][..],
        &["--format", "concise", "--output", "json=-"],
        &["--format", "json", "--output", "json=-"],
    ] {
        let ran = run(dir.path(), arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(
            ran.err.starts_with("error: only one report can go to standard output\nhelp: "),
            "{}",
            ran.err
        );
    }
}

#[test]
fn paths_for_other_machines_count_from_the_repository() {
    let dir = tree(&[
        (".git", "gitdir: elsewhere\n"),
        ("deploy/compose.yaml", "services: {a: {image: x, mem_limit: 512Mi}}\n"),
        ("here/keep", ""),
    ]);
    let here = dir.path().join("here");
    let github = run(&here, &["../deploy", "--format", "github"]).out;
    assert!(github.starts_with("::error file=deploy/compose.yaml,line=1,"), "{github}");
    let concise = run(&here, &["../deploy", "--format", "concise"]).out;
    assert!(concise.starts_with("../deploy/compose.yaml:1:"), "{concise}");
    let print = |here: &Path, path: &str| {
        let lines = run(here, &[path, "--format", "jsonl"]).out;
        let finding: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        finding["fingerprint"].as_str().unwrap().to_owned()
    };
    assert_eq!(print(&here, "../deploy"), print(dir.path(), "."));
}

/// A report replaces a file atomically, keeps its mode, follows a symbolic link, and is written to devices.
#[cfg(unix)]
#[test]
fn reports_are_written_in_place_of_what_stood_there() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tree(&[("compose.yaml", "services: {}\n"), ("old.json", "old"), ("new/keep", "")]);
    let old = dir.path().join("old.json");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("old.json", dir.path().join("link.json")).unwrap();
    let outputs = ["--output", "json=link.json", "--output", "json=new/a.json", "--output", "json=/dev/null"];
    let ran = run(dir.path(), &outputs);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(dir.path().join("link.json").is_symlink());
    assert!(std::fs::read_to_string(&old).unwrap().starts_with("{\"version\":1"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&old), 0o600);
    assert_eq!(mode(&dir.path().join("new/a.json")) & 0o600, 0o600);
    assert_ne!(mode(&dir.path().join("new/a.json")) & 0o044, 0, "others may read a new report");
    assert_eq!(std::fs::read_dir(dir.path().join("new")).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn colours_follow_the_flag_before_the_environment() {
    let dir = empty();
    let colored = |flag: &str, variable: Option<(&str, &str)>| {
        let mut command = command(dir.path(), &["nope", "--color", flag]);
        command.envs(variable);
        collect(command.output().unwrap()).err.contains('\x1b')
    };
    assert!(!colored("auto", None));
    assert!(colored("auto", Some(("CLICOLOR_FORCE", "1"))));
    assert!(!colored("auto", Some(("CLICOLOR_FORCE", "0"))));
    assert!(colored("always", Some(("NO_COLOR", "1"))));
    assert!(!colored("never", Some(("CLICOLOR_FORCE", "1"))));
}

#[test]
fn rules_are_listed_for_programs() {
    let ran = run(empty().path(), &["rules", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let rules = list["rules"].as_array().unwrap();
    assert_eq!(rules.len(), oomlint::rules::RULES.len());
    for rule in rules {
        let name = rule["name"].as_str().unwrap();
        let page = run(empty().path(), &["explain", name]);
        assert_eq!(page.code, Some(0), "{name}");
        assert_eq!(page.out, oomlint::rules::find(name).unwrap().meta().page);
    }
}

/// `oomlint … | head` ends without an error.
#[cfg(unix)]
#[test]
fn a_reader_that_went_away_is_no_failure() {
    let dir = empty();
    let mut command = command(dir.path(), &["--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Returns the memory limits of `oomlint inspect` by service.
fn limits(dir: &Path, arguments: &[&str]) -> Vec<(String, serde_json::Value)> {
    let ran = run(dir, &[&["inspect", "--format", "json"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let printed: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let projects = printed["projects"].as_array().unwrap();
    let workloads = projects.iter().flat_map(|project| project["workloads"].as_array().unwrap());
    let limit = |workload: &serde_json::Value| workload["facts"]["memory_limit"].clone();
    workloads.map(|workload| (workload["name"].as_str().unwrap().to_owned(), limit(workload))).collect()
}

#[test]
fn files_are_merged_in_the_order_of_f() {
    let dir = tree(&[
        ("base.yaml", "services: {a: {image: x, mem_limit: 1g}}\n"),
        ("over.yaml", "services: {a: {mem_limit: 2g}}\n"),
    ]);
    let value = |arguments: &[&str]| limits(dir.path(), arguments)[0].1["value"].clone();
    assert_eq!(value(&["-f", "base.yaml", "-f", "over.yaml"]), 2_u64 << 30);
    assert_eq!(value(&["-f", "over.yaml", "-f", "base.yaml"]), 1_u64 << 30);
}

#[test]
fn variables_come_from_files_and_from_the_environment_only_when_asked() {
    let dir = tree(&[
        ("compose.yaml", "services: {a: {image: x, mem_limit: \"${OOMLINT_TEST_LIMIT}\"}}\n"),
        ("other.env", "OOMLINT_TEST_LIMIT=2g\n"),
    ]);
    let state = |arguments: &[&str], set: bool| {
        let mut command = command(dir.path(), &[&["inspect", "--format", "json"], arguments].concat());
        if set {
            command.env("OOMLINT_TEST_LIMIT", "1g");
        }
        let ran = collect(command.output().unwrap());
        let printed: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let fact = &printed["projects"][0]["workloads"][0]["facts"]["memory_limit"];
        fact["value"]
            .as_u64()
            .map_or_else(|| fact["state"].as_str().unwrap().to_owned(), |bytes| bytes.to_string())
    };
    assert_eq!(state(&[], true), "unknown");
    assert_eq!(state(&["--use-environment"], true), (1_u64 << 30).to_string());
    assert_eq!(state(&["--env-file", "other.env"], false), (2_u64 << 30).to_string());
}

#[test]
fn files_that_env_names_are_one_project() {
    let dir = tree(&[
        (".env", "COMPOSE_FILE=one.yaml:two.yaml\n"),
        ("one.yaml", "services: {a: {image: x}}\n"),
        ("two.yaml", "services: {a: {mem_limit: 1g}}\n"),
        ("docker-compose.yml", "services: {b: {image: y}}\n"),
    ]);
    let found = limits(dir.path(), &[]);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(found[0].1["value"], 1_u64 << 30);
}

#[test]
fn an_included_file_is_not_checked_a_second_time() {
    let dir = tree(&[
        ("compose.yaml", "include: [part/compose.yaml]\nservices: {a: {image: x}}\n"),
        ("part/compose.yaml", "services: {p: {image: y}}\n"),
    ]);
    assert_eq!(limits(dir.path(), &[]).len(), 2);
    assert_eq!(limits(dir.path(), &["part"]).len(), 1);
}

#[test]
fn the_exit_code_follows_the_worst_finding() {
    let dir = tree(&[
        ("bad/compose.yaml", "services: {a: {image: x, mem_limit: 512Mi}}\n"),
        ("warn/compose.yaml", "services: {a: {image: x}}\n"),
        ("note/compose.yaml", "services: {a: {image: x, mem_limit: 1g}}\n"),
    ]);
    let code = |arguments: &[&str]| run(dir.path(), arguments).code;
    assert_eq!(code(&["bad"]), Some(1));
    assert_eq!(code(&["warn"]), Some(1));
    assert_eq!(code(&["note"]), Some(0));
    assert_eq!(code(&["warn", "--fail-on", "error"]), Some(0));
    assert_eq!(code(&["bad", "--fail-on", "error"]), Some(1));
    assert_eq!(code(&["note", "--fail-on", "note"]), Some(1));
    assert_eq!(code(&["bad", "--fail-on", "never"]), Some(0));
    assert_eq!(code(&["bad", "--format", "json"]), Some(1));
}

#[test]
fn syntax_trees_are_printed_a_line_a_file() {
    let dir = tree(&[("Dockerfile", "FROM a\nRUN x\n"), ("compose.yaml", "services: {a: {image: x}}\n")]);
    let ran = run(dir.path(), &["inspect", "--syntax", "."]);
    let lines: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["instructions"][1]["cmd"], "run");
}

#[test]
fn suppressions_hold_back_what_they_name_and_are_counted() {
    let dir = empty();
    let compose = "# oomlint: ignore-file[health] probed from outside\nservices:\n  # oomlint: ignore[missing-memory-limit, limits] alone on its host\n  api:\n    image: nginx:stable\n  web:\n    image: nginx:stable # oomlint: ignore[heap-exceeds-limit]\n    x-oomlint: {ignore: [missing-memory-limt], reason: a slip}\n";
    std::fs::write(dir.path().join("compose.yaml"), compose).unwrap();
    let ran = run(dir.path(), &["."]);
    assert_eq!(ran.code, Some(1));
    let out = time_removed(&ran.out);
    insta::assert_snapshot!(out);
    std::fs::write(
        dir.path().join("compose.yaml"),
        compose.replace("limt", "limit").replace(" # oomlint: ignore[heap-exceeds-limit]", ""),
    )
    .unwrap();
    let ran = run(dir.path(), &["."]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("`ignore[limits]` suppresses nothing"), "{}", ran.out);
    assert!(ran.out.contains("4 suppressed"), "{}", ran.out);
}

/// Removes the elapsed time from the summary line.
fn time_removed(out: &str) -> String {
    out.lines()
        .map(|line| match line.rsplit_once(" · ") {
            Some((rest, time)) if time.ends_with("ms") => rest,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

const FIXABLE: &str = "services:\r\n  api:\r\n    image: example/api\r\n    mem_limit: 512Mi # ü\r\n";

#[test]
fn fixes_are_shown_and_applied_and_files_keep_their_ways() {
    let dir = empty();
    let path = dir.path().join("compose.yaml");
    std::fs::write(&path, FIXABLE).unwrap();
    let shown = run(dir.path(), &["--diff", "."]);
    assert_eq!(shown.code, Some(1));
    assert!(shown.out.contains("+    mem_limit: 512MiB # ü"), "{}", shown.out);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FIXABLE);
    let fixed = run(dir.path(), &["--fix", "."]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FIXABLE.replace("512Mi ", "512MiB "));
    assert!(fixed.err.contains("1 fix in 1 file"), "{}", fixed.err);
    assert!(!fixed.out.contains("invalid-memory-value"), "{}", fixed.out);
    let nothing = run(dir.path(), &["--diff", "."]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), ""));
    let more = run(dir.path(), &["--diff", "--unsafe-fixes", "."]);
    assert!(more.out.contains("+    memswap_limit: 512MiB\r"), "{}", more.out);
}

#[test]
fn standard_input_is_not_written_to_and_options_for_nothing_are_refused() {
    let dir = empty();
    let arguments = ["--diff", "-", "--stdin-filename", "compose.yaml"];
    let shown = pipe(dir.path(), &arguments, FIXABLE);
    assert!(shown.out.contains("+    mem_limit: 512MiB"), "{}{}", shown.out, shown.err);
    let refused = pipe(dir.path(), &["--fix", "-", "--stdin-filename", "compose.yaml"], FIXABLE);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("cannot change standard input"), "{}", refused.err);
    assert_eq!(run(dir.path(), &["--unsafe-fixes", "."]).code, Some(2));
}

#[cfg(unix)]
#[test]
fn links_and_read_only_files_are_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let dir = empty();
    let path = dir.path().join("compose.yaml");
    std::fs::write(dir.path().join("real"), FIXABLE).unwrap();
    std::os::unix::fs::symlink("real", &path).unwrap();
    let link = run(dir.path(), &["--fix", "compose.yaml"]);
    assert_eq!(link.code, Some(2), "{}", link.out);
    assert!(link.err.contains("symbolic link"), "{}", link.err);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, FIXABLE).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let read_only = run(dir.path(), &["--fix", "compose.yaml"]);
    assert!(read_only.err.contains("read-only"), "{}", read_only.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FIXABLE);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(run(dir.path(), &["--fix", "compose.yaml"]).code, Some(0));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_baseline_holds_back_what_is_known_and_only_that() {
    let dir = empty();
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    let path = dir.path().join("compose.yaml");
    let old =
        "services:\n  web:\n    image: nginx:stable\n  api:\n    image: example/api\n    mem_limit: 512m\n";
    std::fs::write(&path, old).unwrap();
    assert_eq!(run(dir.path(), &[]).code, Some(1));
    let written = run(dir.path(), &["baseline"]);
    assert_eq!(written.code, Some(0), "{}", written.err);
    let first = std::fs::read_to_string(dir.path().join(".oomlint-baseline.json")).unwrap();
    let quiet = run(dir.path(), &[]);
    assert_eq!(quiet.code, Some(0), "{}", quiet.out);
    assert!(quiet.out.starts_with("nothing found") && quiet.out.contains("in the baseline"), "{}", quiet.out);
    // Moved lines, reordered services and new comments give no new finding.
    let moved = "# why\n\nservices:\n  api:\n    image: example/api\n    mem_limit: 512m # enough\n\n  web: # the front\n    image: nginx:stable\n";
    std::fs::write(&path, moved).unwrap();
    assert_eq!(run(dir.path(), &[]).code, Some(0), "{}", run(dir.path(), &[]).out);
    // The same baseline applies in a directory below.
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    assert_eq!(run(&dir.path().join("sub"), &["../compose.yaml"]).code, Some(0));
    // Only a new fault is reported, and a changed value is a new one.
    std::fs::write(&path, format!("{moved}    shm_size: 64Mi\n")).unwrap();
    let new = run(dir.path(), &[]);
    assert_eq!(new.code, Some(1));
    assert!(new.out.contains("1 error ·") && new.out.contains("invalid-memory-value"), "{}", new.out);
    let wrong = dir.path().join("wrong");
    std::fs::create_dir_all(wrong.join(".git")).unwrap();
    for (size, code) in [("64Mi", 0), ("65Mi", 1)] {
        std::fs::write(wrong.join("compose.yaml"), format!("{old}    shm_size: {size}\n")).unwrap();
        if code == 0 {
            run(&wrong, &["baseline"]);
        }
        assert_eq!(run(&wrong, &[]).code, Some(code), "{size}");
    }
    std::fs::remove_dir_all(&wrong).unwrap();
    // `--update` removes fixed findings and adds none.
    std::fs::write(
        &path,
        old.replace("    image: nginx:stable\n", "    image: nginx:stable\n    mem_limit: 64m\n"),
    )
    .unwrap();
    assert_eq!(run(dir.path(), &["baseline", "--check"]).code, Some(1));
    run(dir.path(), &["baseline", "--update"]);
    let second = std::fs::read_to_string(dir.path().join(".oomlint-baseline.json")).unwrap();
    assert!(second.len() < first.len() && !second.contains("64m"), "{second}");
    assert_eq!(run(dir.path(), &["baseline", "--check"]).code, Some(0));
    assert_eq!(run(dir.path(), &["--no-baseline"]).code, Some(1));
    std::fs::write(dir.path().join(".oomlint-baseline.json"), "[]").unwrap();
    assert_eq!(run(dir.path(), &[]).code, Some(2));
}

#[test]
fn rules_are_chosen_by_name_group_and_preset() {
    let dir = empty();
    std::fs::write(
        dir.path().join("compose.yaml"),
        "services:\n  web:\n    image: nginx:stable\n    mem_limit: 64Mi\n",
    )
    .unwrap();
    let rules = |arguments: &[&str]| {
        let ran = run(dir.path(), arguments);
        let rules = ran.out.lines().filter_map(|line| line.split_once('[')?.1.split_once("]: "));
        rules.map(|(rule, _)| rule.to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(rules(&["--preset", "minimal"]), "invalid-memory-value");
    assert_eq!(rules(&["--select", "health"]), "missing-healthcheck");
    assert_eq!(rules(&["--select", "missing-cpu-limit,health", "--ignore", "health"]), "missing-cpu-limit");
    assert!(!rules(&["--ignore", "limits"]).contains("invalid-memory-value"));
    assert!(rules(&["--preset", "strict"]).contains("unbounded-logs"));
    let wrong = run(dir.path(), &["--select", "missing-helthcheck"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("did you mean `missing-healthcheck`?"), "{}", wrong.err);
}

#[test]
fn what_is_suppressed_is_shown_on_request_with_its_reason() {
    let dir = empty();
    let compose =
        "services:\n  # oomlint: ignore[limits] alone on its host\n  api:\n    image: example/api\n";
    std::fs::write(dir.path().join("compose.yaml"), compose).unwrap();
    let json = |arguments: &[&str]| -> serde_json::Value {
        let ran = run(dir.path(), arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    };
    assert!(json(&["--format", "json"]).get("suppressed").is_none());
    let shown = json(&["--format", "json", "--show-suppressed"]);
    assert_eq!(shown["findings"].as_array().unwrap().len(), 0);
    let known = &shown["suppressed"][0];
    assert_eq!(known["rule"], "missing-memory-limit");
    assert_eq!(known["suppression"]["kind"], "inSource");
    assert_eq!(known["suppression"]["justification"], "alone on its host");
    assert_eq!(json(&["--format", "sarif"])["runs"][0]["results"].as_array().unwrap().len(), 0);
    let sarif = json(&["--format", "sarif", "--show-suppressed"]);
    assert_eq!(sarif["runs"][0]["results"][0]["suppressions"][0]["kind"], "inSource");
}

#[test]
fn a_run_may_be_silent_or_count_alone() {
    let dir = empty();
    let text = "services:\n  api: {image: example/api, mem_limit: 512Mi}\n  other: {image: example/other}\n";
    std::fs::write(dir.path().join("compose.yaml"), text).unwrap();
    let ran = run(dir.path(), &["--quiet", "--output", "concise=report"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(1), "", ""));
    let written = std::fs::read_to_string(dir.path().join("report")).unwrap();
    assert!(written.contains("invalid-memory-value"));
    let ran = run(dir.path(), &["--statistics"]);
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["error", "1", "invalid-memory-value"]);
    assert_eq!(rows[1], ["warning", "1", "missing-memory-limit"]);
    assert!(ran.out.lines().last().unwrap().starts_with("1 error, 1 warning"), "{}", ran.out);
    assert_eq!(run(dir.path(), &["--quiet", "--format", "json"]).code, Some(2));
}

#[test]
fn completions_and_the_manual_name_every_command() {
    let dir = empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(dir.path(), &["completions", shell]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.out.contains("baseline") && ran.out.contains("host-memory"), "{shell}");
    }
    let manual = run(dir.path(), &["man"]).out;
    for command in ["BASELINE", "CONFIG", "EXPLAIN", "INSPECT", "LSP", "RULES", "COMPLETIONS"] {
        assert!(manual.contains(&format!(".SH \"OOMLINT {command}\"")), "{command}");
    }
    let mistaken = run(dir.path(), &["completions", "fihs"]);
    assert_eq!(mistaken.code, Some(2));
    assert!(mistaken.err.contains("'fish'"), "{}", mistaken.err);
}

/// A line that does not parse may contain the setting that seems to be missing.
#[test]
fn a_service_with_a_broken_line_lacks_nothing() {
    let dir = empty();
    let text = "services:\n  api:\n    image: alpine\n     mem_limit: 5m\n  other:\n    image: alpine\n";
    std::fs::write(dir.path().join("compose.yaml"), text).unwrap();
    let ran = run(dir.path(), &["--format", "concise"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("compose.yaml:4:15: error[syntax-error]"), "{}", ran.out);
    assert!(!ran.out.contains("`api`") && ran.out.contains("`other` has no memory limit"), "{}", ran.out);
}

/// `-v` explains which files belong together, `-vv` what is read; file names cannot write commands of CI runners.
#[cfg(unix)]
#[test]
fn decisions_are_printed_on_request() {
    let scratch = tree(&[
        ("oomlint.yaml", "preset: strict\n"),
        ("compose.yaml", "services: {a: {build: ., extends: {file: parts/base.yaml, service: a}}}\n"),
        ("compose.override.yaml", "services: {a: {mem_limit: 1g}}\n"),
        ("compose.prod.yaml", "services: {a: {restart: always}}\n"),
        ("parts/base.yaml", "services: {a: {environment: [A=1]}}\n"),
        ("Dockerfile", "FROM alpine\n"),
        ("x\n::error::y/compose.yaml", "services: {}\n"),
    ]);
    let out = run(scratch.path(), &["-q"]);
    assert_eq!(out.err, "");
    let out = run(scratch.path(), &["-q", "-v"]).err;
    let lines: Vec<&str> = out.lines().collect();
    let has = |part: &str| lines.iter().any(|line| line.contains(part));
    assert!(has("`: `compose.yaml`, `compose.override.yaml`"), "{out}");
    let read = "; reads `parts/base.yaml`, `Dockerfile`";
    assert!(lines.iter().any(|line| line.starts_with("project `") && line.ends_with(read)), "{out}");
    let over = format!("override file `compose.prod.yaml`, merged over `compose.yaml`{read}");
    assert_eq!(lines.iter().filter(|line| **line == over).count(), 1, "{out}");
    assert_eq!(lines.iter().filter(|line| **line == "configuration `oomlint.yaml`").count(), 1, "{out}");
    assert!(!lines.iter().any(|line| line.trim_start().starts_with("::")) && !has("read `"), "{out}");
    let out = run(scratch.path(), &["-q", "-vv"]).err;
    assert!(out.contains("read `Dockerfile`: 12 bytes") && out.contains(" ms\n"), "{out}");
}

#[test]
fn a_file_is_counted_once_however_it_is_named() {
    let scratch = tree(&[("shop/compose.yaml", "services: {a: {image: nginx, mem_limit: 1g}}\n")]);
    std::fs::create_dir(scratch.path().join(".git")).unwrap();
    for path in ["shop/compose.yaml", "./shop/../shop/compose.yaml"] {
        let out = run(scratch.path(), &["--format", "json", path]).out;
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["summary"]["files"], 1, "{path}");
    }
}

#[test]
fn a_rule_is_explained_as_the_report_shows_it_and_mistakes_are_told() {
    let scratch = empty();
    for name in ["missing-memory-limit", "[missing-memory-limit]", "warning[missing-memory-limit]:"] {
        assert!(run(scratch.path(), &["explain", name]).out.starts_with("# missing-memory-limit"), "{name}");
    }
    let mistaken = run(scratch.path(), &["explain", "warning[missing-memory-limt]"]);
    assert!(mistaken.err.contains("did you mean `missing-memory-limit`"), "{}", mistaken.err);
}

#[test]
fn blanks_before_a_comment_do_not_hide_a_dockerfile() {
    let scratch = tree(&[("image.build", "  # the base\n  FROM alpine\n")]);
    let out = run(scratch.path(), &["image.build"]);
    assert_eq!(out.code, Some(0), "{}", out.err);
}

#[test]
fn a_stack_of_any_name_is_sized_and_is_no_measurement() {
    let stack = "services: {web: {image: nginx, deploy: {resources: {limits: {memory: 64M}}}}}\n";
    let stats = "{\"Name\":\"web\",\"MemUsage\":\"300MiB / 1GiB\"}\n";
    let scratch = tree(&[("docker-stack.yml", stack), ("measured.json", stats)]);
    let out = run(scratch.path(), &["size", "docker-stack.yml", "measured.json"]);
    assert!(out.code == Some(0) && out.out.contains("web"), "{}{}", out.out, out.err);
}

#[test]
fn the_note_about_a_generated_file_names_it_where_it_is_another() {
    let compose = |limit: &str| format!("services:\n  a:\n    build: app\n    mem_limit: {limit}\n");
    let generated = "# Code generated by make. DO NOT EDIT.\nFROM eclipse-temurin:21-jre\nENV JAVA_TOOL_OPTIONS=-Xmx512m\nCMD [\"java\", \"-jar\", \"/a.jar\"]\n";
    let notes = |compose: &str, dockerfile: &str| -> Vec<String> {
        let scratch = tree(&[("compose.yaml", compose), ("app/Dockerfile", dockerfile)]);
        let out = run(scratch.path(), &["--format", "json", "--select", "heap-exceeds-limit"]).out;
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let finding = &report["findings"][0];
        assert_eq!(finding["rule"], "heap-exceeds-limit");
        let notes = finding["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned());
        notes.filter(|note| note.contains("generated")).collect()
    };
    // The limit can be raised in the Compose file: no word on the Dockerfile.
    assert_eq!(notes(&compose("512m"), generated), [""; 0]);
    let both = format!("# Code generated by make. DO NOT EDIT.\n{}", compose("512m"));
    assert_eq!(notes(&both, generated), ["this file is generated: edit its source instead"]);
}
