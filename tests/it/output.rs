//! Written files: complete or unchanged, and never changed by a command that only reads.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clap::ValueEnum;
use oomlint::report::Format;

const COMPOSE: &str = "services:\n  a:\n    image: node:22\n    mem_limit: 512Mi\n";

fn tree() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("compose.yaml"), COMPOSE).unwrap();
    scratch
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let output = command(directory, arguments).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{arguments:?}");
    output
}

fn formats() -> Vec<String> {
    let values = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}

/// Returns content, modification time and mode of every entry.
fn state(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime, u32)> {
    use std::os::unix::fs::PermissionsExt;
    let entries = walkdir::WalkDir::new(directory).into_iter().map(|entry| entry.unwrap().into_path());
    let state = entries.map(|path| {
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let bytes = if metadata.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        (path, (bytes, metadata.modified().unwrap(), metadata.permissions().mode()))
    });
    state.collect()
}

#[test]
fn looking_changes_nothing() {
    let tree = tree();
    let before = state(tree.path());
    for format in formats() {
        run(tree.path(), &["--format", &format, "--preset", "strict", "--show-suppressed"]);
    }
    for arguments in [
        &["--diff", "--unsafe-fixes"][..],
        &["--statistics"],
        &["--quiet"],
        &["inspect"],
        &["inspect", "--syntax"],
        &["config", "show"],
        &["baseline", "--check"],
        &["--restrict-to", "."],
    ] {
        run(tree.path(), arguments);
    }
    assert!(before == state(tree.path()));
    run(tree.path(), &["--fix"]);
    assert!(before != state(tree.path()), "there is something to fix: the test would see it");
}

#[test]
fn a_reader_that_is_gone_before_the_first_byte_is_no_failure() {
    let tree = tree();
    let formats = formats();
    let mut all: Vec<Vec<&str>> = formats.iter().map(|format| vec!["--format", format.as_str()]).collect();
    all.extend([
        vec!["inspect"],
        vec!["rules"],
        vec!["--help"],
        vec!["--diff"],
        vec!["explain", "syntax-error"],
    ]);
    for arguments in all {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(tree.path(), &arguments).stdout(writer).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {:?} {error}", output.status);
        assert!(!error.contains("error") && !error.contains("panicked"), "{arguments:?}: {error}");
    }
}

#[test]
fn a_full_disk_is_exit_code_2() {
    if !Path::new("/dev/full").exists() {
        println!("skipped: there is no /dev/full here");
        return;
    }
    let tree = tree();
    let formats = formats();
    for format in &formats {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(tree.path(), &["--format", format]).stdout(full).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{format}: {error}");
        assert!(error.contains("cannot write the report"), "{format}: {error}");
        let output = run(tree.path(), &["--quiet", "--output", &format!("{format}=/dev/full")]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{format}: {error}");
        assert!(error.contains("cannot write `/dev/full`"), "{format}: {error}");
    }
    std::fs::write(tree.path().join("stats.jsonl"), "{\"Name\":\"a\",\"MemUsage\":\"12MiB / 1GiB\"}\n")
        .unwrap();
    for arguments in [
        &["budget"][..],
        &["size", "stats.jsonl"],
        &["inspect"],
        &["config", "show"],
        &["config", "schema"],
        &["rules"],
        &["explain", "syntax-error"],
        &["completions", "bash"],
        &["--statistics"],
        &["--diff"],
        &["--help"],
        &["check", "-h"],
        &["--version"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(tree.path(), arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    // With standard error full as well, the error cannot be reported.
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = command(tree.path(), &[]).stdout(full()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

/// Runs with a limit for the size of files, so that writing fails in the middle, as on a full disk.
fn with_room(directory: &Path, blocks: usize, arguments: &str) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {arguments}");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_oomlint")]).current_dir(directory);
    command.output().unwrap()
}

#[test]
fn what_cannot_be_written_leaves_what_was_there() {
    let tree = tree();
    std::fs::write(tree.path().join("report.json"), "old").unwrap();
    std::fs::write(tree.path().join(".oomlint-baseline.json"), "old").unwrap();
    let before: Vec<PathBuf> = state(tree.path()).into_keys().collect();
    for (arguments, file, text) in [
        ("--fix --no-baseline", "compose.yaml", COMPOSE),
        ("--no-baseline --output json=report.json", "report.json", "old"),
        ("baseline", ".oomlint-baseline.json", "old"),
    ] {
        let output = with_room(tree.path(), 0, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {error}");
        assert!(error.contains(&format!("cannot write `{file}`")), "{arguments}: {error}");
        assert_eq!(std::fs::read_to_string(tree.path().join(file)).unwrap(), text, "{arguments}");
        let after: Vec<PathBuf> = state(tree.path()).into_keys().collect();
        assert_eq!(before, after, "{arguments}: something is left lying about");
    }
}

#[test]
fn fixes_are_written_to_all_files_or_to_none() {
    let tree = tempfile::tempdir().unwrap();
    let long = format!("{COMPOSE}    # {}\n", "x".repeat(5_000));
    let files = [("a/compose.yaml", COMPOSE), ("b/compose.yaml", long.as_str()), ("c/compose.yaml", COMPOSE)];
    for (path, text) in files {
        std::fs::create_dir(tree.path().join(path).parent().unwrap()).unwrap();
        std::fs::write(tree.path().join(path), text).unwrap();
    }
    let before = state(tree.path());
    let with_room = |blocks: usize| with_room(tree.path(), blocks, "--fix --no-baseline");
    // Room only for the short files. A block is 512 or 1024 bytes.
    let output = with_room(3);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("cannot write `b/compose.yaml`"), "{error}");
    let texts = |state: BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime, u32)>| -> Vec<(PathBuf, Vec<u8>)> {
        state.into_iter().map(|(path, (bytes, ..))| (path, bytes)).collect()
    };
    assert!(texts(before) == texts(state(tree.path())));
    with_room(30);
    for (path, text) in files {
        let new = std::fs::read_to_string(tree.path().join(path)).unwrap();
        assert_eq!(new, text.replace("512Mi", "512MiB"), "{path}");
    }
}

#[test]
fn reports_go_where_they_are_sent_or_nowhere() {
    let tree = tree();
    let at = |path: &str| tree.path().join(path);
    for path in ["none/report.json", "compose.yaml/report.json", "."] {
        let output = run(tree.path(), &["--output", &format!("json={path}")]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{path}: {error}");
        assert!(error.contains("cannot write"), "{path}: {error}");
    }
    assert!(!at("none").exists());
    std::fs::create_dir(at("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere/real.json", at("link.json")).unwrap();
    std::fs::write(at("elsewhere/real.json"), "old").unwrap();
    assert_eq!(run(tree.path(), &["--output", "json=link.json"]).status.code(), Some(1));
    assert!(std::fs::symlink_metadata(at("link.json")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(at("elsewhere/real.json")).unwrap().starts_with("{\"version\""));
    // A symbolic link to itself has no target.
    std::os::unix::fs::symlink("circle", at("circle")).unwrap();
    let output = run(tree.path(), &["--output", "json=circle"]);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
}
