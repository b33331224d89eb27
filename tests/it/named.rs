//! Named files, as hooks pass changed files: findings of all stacks that they are part of are reported.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oomlint::discover::{is_env_file, kind_of};

use crate::common;

/// Creates a repository with these files.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

/// Returns the findings, one per line.
fn check(directory: &Path, arguments: &[&str]) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    let output =
        command.args(["--format", "concise"]).args(arguments).current_dir(directory).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Returns location, severity and rule of the findings.
fn heads(directory: &Path, arguments: &[&str]) -> Vec<String> {
    let head = |line: &String| line.split(']').next().unwrap().replace(['[', ' '], "");
    check(directory, arguments).iter().map(head).collect()
}

const HEAP: &str = "FROM eclipse-temurin:21-jre\nHEALTHCHECK CMD [\"true\"]\nENTRYPOINT [\"java\", \"-Xmx900m\", \"-jar\", \"/a.jar\"]\n";

#[test]
fn a_dockerfile_is_held_against_the_stack_that_builds_it_wherever_that_is() {
    let stack = "services:\n  api: {build: ../api, mem_limit: 512m}\n  other: {image: example/other}\n";
    let dir = repository(&[("deploy/compose.yaml", stack), ("api/Dockerfile", HEAP)]);
    let found = ["deploy/compose.yaml:2:35:errorheap-exceeds-limit"];
    assert_eq!(heads(dir.path(), &["api/Dockerfile"]), found);
    // In its own directory, different paths to one file give one finding with one path.
    let there = dir.path().join("api");
    for name in ["Dockerfile", "./Dockerfile", "../api/Dockerfile"] {
        assert_eq!(heads(&there, &[name]), ["../deploy/compose.yaml:2:35:errorheap-exceeds-limit"], "{name}");
    }
    let absolute = there.join("Dockerfile");
    assert_eq!(heads(&there, &[absolute.to_str().unwrap()]).len(), 1);
    // With `-f` no other stacks are searched.
    std::fs::write(dir.path().join("empty.yml"), "services: {}\n").unwrap();
    assert_eq!(heads(dir.path(), &["-f", "empty.yml", "api/Dockerfile"]), [] as [&str; 0]);
    // A Dockerfile that no service builds is checked on its own.
    std::fs::write(dir.path().join("Dockerfile"), "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n").unwrap();
    assert_eq!(heads(dir.path(), &["Dockerfile"]), ["Dockerfile:1:1:notemissing-healthcheck"]);
}

/// A Dockerfile that only an overlay builds is reported with the overlay, since the base does not build it.
#[test]
fn what_an_overlay_alone_builds_is_checked() {
    let dir = repository(&[
        ("compose.yaml", "services:\n  a: {image: alpine, mem_limit: 64m}\n  c: {build: c, mem_limit: 2g}\n"),
        ("compose.dev.yaml", "services:\n  a: {mem_limit: 65m}\n  b: {build: b, mem_limit: 2g}\n"),
        ("b/Dockerfile", "FROM eclipse-temurin:21-jdk\nCOPY a.jar .\nCMD [\"java\", \"-jar\", \"a.jar\"]\n"),
        ("c/Dockerfile", "FROM eclipse-temurin:21-jdk\nCOPY a.jar .\nCMD [\"java\", \"-jar\", \"a.jar\"]\n"),
    ]);
    let heavy = "b/Dockerfile:1:6:noteheavy-base-image".to_owned();
    assert!(heads(dir.path(), &[]).contains(&heavy));
    assert!(heads(dir.path(), &["b/Dockerfile"]).contains(&heavy));
    // A Dockerfile that the base builds is reported with the base only.
    let of_overlay = heads(dir.path(), &["compose.dev.yaml"]);
    assert!(
        of_overlay.contains(&heavy) && of_overlay.iter().all(|head| !head.starts_with("c/")),
        "{of_overlay:?}"
    );
}

/// Without a repository root, only directories above a named file are searched for stacks.
#[test]
fn without_a_repository_it_is_the_stacks_above() {
    let stack = "services:\n  api: {build: api, mem_limit: 512m}\n  other: {image: example/other}\n";
    let dir = repository(&[("compose.yaml", stack), ("api/Dockerfile", HEAP)]);
    std::fs::remove_dir(dir.path().join(".git")).unwrap();
    assert_eq!(heads(dir.path(), &["api/Dockerfile"]), ["compose.yaml:2:32:errorheap-exceeds-limit"]);
    assert_eq!(heads(dir.path(), &[dir.path().join("api/Dockerfile").to_str().unwrap()]).len(), 1);
}

#[test]
fn a_file_that_others_read_is_checked_in_their_stacks() {
    let dir = repository(&[
        (
            "compose.yaml",
            "services:\n  web: {extends: {file: parts/common.yaml, service: web}, mem_reservation: 1g}\n",
        ),
        ("compose.prod.yaml", "services:\n  web: {mem_limit: \"${LIMIT}\"}\n"),
        ("parts/common.yaml", "services:\n  web: {image: example/web, mem_limit: 512m, env_file: web.env}\n"),
        ("parts/web.env", "A=1\n"),
        (".env", "LIMIT=5m\n"),
        ("elsewhere/compose.yaml", "services:\n  far: {image: example/far, mem_limit: 5m}\n"),
    ]);
    let reserved = "parts/common.yaml:2:40:errorreservation-exceeds-limit";
    for name in ["parts/common.yaml", "parts/web.env", ".env", "compose.yaml"] {
        let heads = heads(dir.path(), &[name]);
        let whole = heads.iter().any(|head| head.ends_with("errorreservation-exceeds-limit"));
        assert!(whole, "{name}: {heads:?} without {reserved}");
        assert!(heads.iter().all(|head| !head.starts_with("elsewhere")), "{name}: {heads:?}");
    }
    // The finding needs the overlay and the variable, so it belongs to either of them, not to the base.
    let low = |name: &str| {
        let heads = heads(dir.path(), &[name]);
        heads.iter().any(|head| head.ends_with("errormemory-limit-below-minimum"))
    };
    assert!(low("compose.prod.yaml"));
    assert!(low(".env"));
    assert!(!low("compose.yaml"), "it is in the overlay and `.env` alone");
}

#[test]
fn a_suppression_of_what_is_not_spoken_of_is_not_unused() {
    let dir = repository(&[
        (
            "compose.yaml",
            "services:\n  api:\n    build: api\n    # oomlint: ignore[missing-swap-limit]\n    mem_limit: 512m\n  other: # oomlint: ignore[missing-memory-limit, no-such-rule]\n    image: example/other\n",
        ),
        ("api/Dockerfile", HEAP),
    ]);
    assert_eq!(heads(dir.path(), &["api/Dockerfile"]), ["compose.yaml:5:16:errorheap-exceeds-limit"]);
    assert!(heads(dir.path(), &["compose.yaml"]).iter().any(|head| head.ends_with("unknown-rule")));
}

#[test]
fn all_named_files_together_say_what_the_whole_says() {
    let dir = repository(&[]);
    let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in walkdir::WalkDir::new(&projects).into_iter().map(Result::unwrap) {
        let name = entry.path().strip_prefix(&projects).unwrap();
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
        } else {
            std::fs::copy(entry.path(), dir.path().join(name)).unwrap();
            names.push(name.to_path_buf());
        }
    }
    let whole = check(dir.path(), &["--preset", "strict"]);
    assert!(whole.len() > 50);
    let mut together = BTreeSet::new();
    for name in names.iter().filter(|name| kind_of(name).is_some() || is_env_file(name)) {
        let of_one = check(dir.path(), &["--preset", "strict", name.to_str().unwrap()]);
        assert!(of_one.is_subset(&whole), "{name:?}: {:?}", of_one.difference(&whole).collect::<Vec<_>>());
        together.extend(of_one);
    }
    assert_eq!(together, whole);
}

/// Runs oomlint and returns exit code, standard output and standard error.
fn run(directory: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(arguments).current_dir(directory).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A hook passes every file that is named like a Compose file.
#[test]
fn a_ci_pipeline_is_not_checked_and_that_is_said() {
    let workflow = "on: push\njobs: {a: {runs-on: x, steps: [{run: \"echo ${{ github.sha }}\"}]}}\n";
    let name = ".github/workflows/docker-compose-ci.yaml";
    let dir = repository(&[(name, workflow), ("compose.yaml", "services: {a: {image: example}}\n")]);
    let limit = ["compose.yaml:1:12:warningmissing-memory-limit"];
    assert_eq!(heads(dir.path(), &["--select", "missing-memory-limit,syntax-error"]), limit);
    assert_eq!(
        heads(dir.path(), &["--select", "missing-memory-limit,syntax-error", name, "compose.yaml"]),
        limit
    );
    let said = format!("not checked: `{name}` is a CI pipeline, not a Compose file\n");
    for (arguments, input) in [(&[name][..], ""), (&["-", "--stdin-filename", name], workflow)] {
        let (code, out, error) = run(dir.path(), arguments, input);
        assert_eq!((code, error.as_str()), (Some(0), said.as_str()), "{out}");
    }
    // `-f` forces a file to be checked.
    assert_eq!(run(dir.path(), &["-f", name], "").0, Some(1));
}

#[test]
fn a_path_together_with_f_is_checked_on_its_own_and_that_is_reported() {
    let base = "services:\n  a: {image: openjdk:17, command: java -Xmx768m -jar x.jar, mem_limit: 1g}\n";
    let prod = "services:\n  a: {mem_limit: 512m}\n";
    let dir =
        repository(&[("compose.yaml", base), ("compose.prod.yaml", prod), ("Dockerfile", "FROM alpine:3\n")]);
    let select = ["--select", "heap-exceeds-limit"];
    let (code, _, error) =
        run(dir.path(), &[&select[..], &["compose.yaml", "-f", "compose.prod.yaml"]].concat(), "");
    assert_eq!(code, Some(0));
    assert_eq!(
        error,
        "`compose.yaml` is checked on its own; to merge it: `-f compose.yaml -f compose.prod.yaml`\n"
    );
    let merged = ["-f", "compose.yaml", "-f", "./compose.prod.yaml"];
    for more in [&[][..], &["Dockerfile"], &["compose.yaml"], &["."]] {
        let (code, _, error) = run(dir.path(), &[&select[..], &merged, more].concat(), "");
        assert_eq!((code, error.as_str()), (Some(1), ""), "{more:?}");
    }
}

#[test]
fn a_file_that_is_named_in_two_ways_is_one_file() {
    let dir = repository(&[
        ("p/compose.yaml", "services:\n  db: {image: postgres:17}\n"),
        ("p/compose.prod.yaml", "x:\n  a: 1\ninclude: [compose.yaml]\n"),
    ]);
    let here = common::real(dir.path());
    let absolute = |name: &str| here.join(name).to_str().unwrap().to_owned();
    let (folder, file) = (absolute("p"), absolute("p/compose.prod.yaml"));
    let once = heads(&here, &["p", "p/compose.prod.yaml"]);
    assert!(once.len() > 3, "{once:?}");
    for named in [["p", &file], [&folder, "p/compose.prod.yaml"], [&file, "."]] {
        assert_eq!(heads(&here, &named), once, "{named:?}");
    }
    assert_eq!(heads(&here, &[".", here.to_str().unwrap()]), heads(&here, &[]));
    // Where all paths are absolute, so are the names.
    assert!(heads(&here, &[&folder, &file]).iter().all(|head| head.starts_with(&folder)));
}
