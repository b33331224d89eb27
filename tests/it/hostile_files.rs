//! Hostile file systems: they must not make a run hang, read or write outside of `--restrict-to`, or crash.

#![cfg(unix)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// Returns rule and message of the findings in a JSON report.
    fn findings(&self) -> Vec<(String, String)> {
        let report: serde_json::Value =
            serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{} {}", self.out, self.err));
        let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|finding| (text(finding, "rule"), text(finding, "message"))).collect()
    }

    fn says(&self, rule: &str, text: &str) -> bool {
        self.findings().iter().any(|(name, message)| name == rule && message.contains(text))
    }
}

/// Runs the command, and panics if it does not terminate.
fn run(directory: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(arguments).current_dir(directory).env_remove("CLICOLOR_FORCE").env("HOME", directory);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(Duration::from_secs(120)) else {
        Command::new("kill").args(["-9", &id.to_string()]).status().unwrap();
        panic!("{arguments:?} waits for ever");
    };
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Directory `tree` with files, in a temporary directory.
struct Tree {
    scratch: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { scratch: tempfile::tempdir().unwrap() };
        std::fs::create_dir(tree.top()).unwrap();
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    fn top(&self) -> PathBuf {
        self.scratch.path().join("tree")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.top().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn pipe(&self, path: &str) {
        let path = self.top().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    fn link(&self, target: &str, path: &str) {
        let path = self.top().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(&self.top(), arguments)
    }

    fn json(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--format", "json"]].concat())
    }
}

const API: &str = "services:\n  api:\n    build: .\n    env_file: [vars]\n    mem_limit: 512mb\n";

#[test]
fn pipes_in_every_place_are_not_waited_for() {
    for (pipe, finding) in [
        ("Dockerfile", Some("dockerfile `Dockerfile`: is not a regular file")),
        ("vars", Some("env_file `vars`: is not a regular file")),
        (".env", Some("variables file `.env`: is not a regular file")),
        (".dockerignore", None),
        ("Dockerfile.dockerignore", None),
        ("compose.override.yaml", None),
        ("other/compose.yaml", None),
        ("other/Dockerfile", None),
    ] {
        let tree = Tree::new(&[("compose.yaml", API)]);
        for (path, text) in [("Dockerfile", "FROM alpine:3\nCOPY . /\n"), ("vars", "A=1\n")] {
            if path != pipe {
                tree.write(path, text);
            }
        }
        tree.pipe(pipe);
        let ran = tree.json(&[]);
        if let Some(message) = finding {
            assert!(ran.says("unresolved-reference", message), "{pipe}: {}", ran.out);
        }
        assert!(ran.out.contains("compose.yaml"), "{pipe}: {}", ran.err);
        assert!(matches!(ran.code, Some(0 | 1)), "{pipe}: {}", ran.err);
        assert_eq!(tree.run(&["inspect"]).code, Some(0), "{pipe}");
        assert_eq!(tree.run(&["baseline"]).code, Some(0), "{pipe}");
        assert!(matches!(tree.run(&["--diff"]).code, Some(0 | 1)), "{pipe}");
    }
}

#[test]
fn pipes_that_are_named_are_refused() {
    for arguments in [
        &["pipe.yaml"][..],
        &["-f", "pipe.yaml"],
        &["--env-file", "pipe.yaml"],
        &["pipe.env"],
        &["--config", "pipe.yaml"],
        &["--baseline", "pipe.yaml"],
        &["baseline", "--check", "--baseline", "pipe.yaml"],
        &["config", "show", "--config", "pipe.yaml"],
    ] {
        let tree = Tree::new(&[("compose.yaml", "services: {a: {image: x}}\n")]);
        tree.pipe("pipe.yaml");
        tree.pipe("pipe.env");
        let ran = tree.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.err.contains("is not a regular file"), "{arguments:?}: {}", ran.err);
    }
    for (name, argument) in [(".oomlint.yaml", "check"), (".oomlint-baseline.json", "check")] {
        let tree = Tree::new(&[("compose.yaml", "services: {a: {image: x}}\n")]);
        tree.pipe(name);
        let ran = tree.run(&[argument]);
        assert_eq!(ran.code, Some(2), "{name}");
        assert!(ran.err.contains("is not a regular file"), "{name}: {}", ran.err);
    }
    // A pipe named Dockerfile is a finding, not an error.
    let tree = Tree::new(&[]);
    tree.pipe("Dockerfile");
    assert!(tree.json(&["Dockerfile"]).says("syntax-error", "is not a regular file"));
}

/// The walker opens these files itself, so those on which it would hang are detected before.
#[test]
fn rules_of_what_git_ignores_are_looked_at_first() {
    for name in [".gitignore", ".ignore", ".git/info/exclude"] {
        for place in ["sub/", ""] {
            for hostile in ["pipe", "/dev/zero", "sparse"] {
                let tree = Tree::new(&[
                    ("sub/Dockerfile", "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n"),
                    ("sibling/Dockerfile", "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n"),
                ]);
                let path = format!("{place}{name}");
                match hostile {
                    "pipe" => tree.pipe(&path),
                    "sparse" => {
                        tree.write(&path, "");
                        let file = std::fs::File::options().write(true).open(tree.top().join(&path));
                        file.unwrap().set_len(64 << 30).unwrap();
                    }
                    target => tree.link(target, &path),
                }
                let ran = tree.json(&[]);
                assert_eq!(ran.code, Some(2), "{path} {hostile}");
                assert!(ran.err.contains(&format!("cannot read `{path}`")), "{path}: {}", ran.err);
                assert_eq!(ran.out.contains("sibling/Dockerfile"), place == "sub/", "{path}: {}", ran.out);
                let all = tree.json(&["--no-ignore"]);
                assert!(all.out.contains("sub/Dockerfile") && all.code != Some(2), "{path}: {}", all.err);
            }
        }
    }
    // The same above the searched directory, and through the `.git` file of a work tree.
    let tree = Tree::new(&[("sub/Dockerfile", "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n")]);
    tree.pipe(".gitignore");
    assert!(tree.run(&["sub"]).err.contains("is not a regular file"));
    let tree = Tree::new(&[("sub/Dockerfile", "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n")]);
    tree.pipe("real/commondir");
    tree.write("sub/.git", &format!("gitdir: {}\n", tree.top().join("real").display()));
    assert!(tree.run(&[]).err.contains("is not a regular file"));
}

#[test]
fn what_is_no_file_is_passed_over_or_named() {
    let tree = Tree::new(&[
        (
            "compose.yaml",
            "services:\n  a: {build: a}\n  b: {build: b}\n  c: {build: c}\n  d: {build: ./loop}\n",
        ),
        ("a/Dockerfile/inside", ""),
    ]);
    std::fs::create_dir(tree.top().join("b")).unwrap();
    let socket = UnixListener::bind(tree.top().join("b/Dockerfile"));
    tree.link("/dev/full", "c/Dockerfile");
    tree.link("loop", "loop");
    tree.link("..", "a/up");
    let ran = tree.json(&[]);
    assert!(ran.says("unresolved-reference", "`Dockerfile`: is a directory"), "{}", ran.out);
    assert!(ran.says("unresolved-reference", "`./loop`: too many levels of symbolic links"), "{}", ran.out);
    assert!(ran.says("unresolved-reference", "`Dockerfile`: is not a regular file"), "{}", ran.out);
    if socket.is_err() {
        println!("skipped: no socket can be made here");
    }
    assert_eq!(tree.run(&["c/Dockerfile", "compose.yaml"]).code, Some(1));
}

#[test]
fn names_that_are_no_text_are_shown_and_resolved() {
    let tree = Tree::new(&[]);
    let odd = OsStr::from_bytes(b"a\xff\nb");
    let directory = tree.top().join(odd);
    if std::fs::create_dir(&directory).is_err() {
        println!("skipped: the file system takes no such name");
        return;
    }
    std::fs::write(directory.join("compose.yaml"), "services: {a: {build: ., mem_limit: 1x}}\n").unwrap();
    std::fs::write(directory.join("Dockerfile"), "FROM alpine:3\n").unwrap();
    for format in ["human", "json", "sarif", "github", "junit", "markdown"] {
        let ran = tree.run(&["--format", format]);
        assert_eq!(ran.code, Some(1), "{format}: {}", ran.err);
        assert!(ran.out.contains("invalid-memory-value"), "{format}: {}", ran.out);
    }
    assert!(!tree.json(&[]).says("unresolved-reference", ""));
    assert_eq!(tree.run(&["--restrict-to", ".", "--quiet"]).code, Some(1));
}

/// Every kind of reference, each to a file outside that would change the findings.
#[test]
fn nothing_outside_is_read() {
    let outside = Tree::new(&[
        ("Dockerfile", "FROM node:22\nENV NODE_OPTIONS=--max-old-space-size=9999\nCMD node secret.js\n"),
        ("compose.yaml", "services:\n  api: {image: x, environment: {OUTER: 9999m}}\n"),
        ("vars", "OUTER=9999m\nNODE_OPTIONS=--max-old-space-size=9999\n"),
        (".oomlint.yaml", "preset: secret\n"),
        (".gitignore", "*\n"),
        (".oomlint-baseline.json", "secret"),
    ]);
    let away = outside.top();
    let away = away.to_str().unwrap();
    let relative = "../outside";
    let limit = "    mem_limit: 512m\n";
    let service = |key: &str| format!("services:\n  api:\n    image: node:22\n{limit}    {key}\n");
    let cases = [
        ("env_file", service("env_file: [@/vars]"), None),
        ("env_file", service("env_file: [link]"), Some(("@/vars", "link"))),
        ("extends", service("extends: {file: @/compose.yaml, service: api}"), None),
        ("extends", service("extends: {file: link, service: api}"), Some(("@/compose.yaml", "link"))),
        (
            "include",
            format!("include: [@/compose.yaml]\n{}", service("init: true").replace("api", "own")),
            None,
        ),
        (
            "env_file",
            format!("include: [{{path: ok.yaml, env_file: @/vars}}]\n{}", service("init: true")),
            None,
        ),
        ("build context", format!("services:\n  api:\n    build: @\n{limit}"), None),
        ("build context", format!("services:\n  api:\n    build: link\n{limit}"), Some(("@", "link"))),
        (
            "dockerfile",
            format!("services:\n  api:\n    build: {{context: ., dockerfile: @/Dockerfile}}\n{limit}"),
            None,
        ),
        (
            "dockerfile",
            format!("services:\n  api:\n    build: .\n{limit}"),
            Some(("@/Dockerfile", "Dockerfile")),
        ),
        ("variables file", service("environment: {A: \"${OUTER:-1m}\"}"), Some(("@/vars", ".env"))),
    ];
    for target in [away, relative] {
        for (what, compose, link) in &cases {
            let tree = Tree::new(&[
                ("compose.yaml", &compose.replace('@', target)),
                ("ok.yaml", "services: {other: {image: \"x:${OUTER:-1}\"}}\n"),
            ]);
            symlink(away, tree.scratch.path().join("outside")).unwrap();
            if let Some((to, at)) = link {
                tree.link(&to.replace('@', target), at);
            }
            let free = tree.run(&["inspect", "--format", "json"]);
            let kept = tree.run(&["inspect", "--format", "json", "--restrict-to", "."]);
            assert!(!kept.out.contains("9999"), "{what} {target}: {}", kept.out);
            assert!(!kept.out.contains("secret"), "{what} {target}: {}", kept.out);
            let read = free.out.contains("9999") || free.out.contains("secret");
            assert!(read, "{what} {target} {link:?}: nothing is read without the bound: {}", free.out);
            let ran = tree.json(&["--restrict-to", "."]);
            let message = "leads out of `.`, which is all that may be read";
            assert!(ran.says("unresolved-reference", message), "{what} {target}: {}", ran.out);
            let says = format!("{what} `");
            assert!(ran.says("unresolved-reference", &says), "{what} {target}: {}", ran.out);
        }
    }
}

#[test]
fn what_may_be_set_outside_is_not_known() {
    let tree = Tree::new(&[
        (
            "compose.yaml",
            "services:\n  api:\n    image: \"${IMAGE:-node:22}\"\n    mem_limit: \"${LIMIT:-1m}\"\n    environment: [LIMIT]\n",
        ),
        ("out.yaml", "services:\n  api: {build: ./away}\n"),
    ]);
    let limit = |arguments: &[&str]| {
        let ran = tree.run(&[&["inspect", "--format", "json", "-f", "compose.yaml"], arguments].concat());
        let inspected: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        inspected["projects"][0]["workloads"][0]["facts"]["memory_limit"].clone()
    };
    let written = limit(&["--restrict-to", "."]);
    tree.link("../outside.env", ".env");
    std::fs::write(tree.scratch.path().join("outside.env"), "LIMIT=2m\n").unwrap();
    let (free, kept) = (limit(&[]), limit(&["--restrict-to", "."]));
    assert!(written != free && written != kept && free != kept, "{written} {free} {kept}");
    let ran = tree.json(&["--restrict-to", ".", "-f", "compose.yaml"]);
    assert!(!ran.says("memory-limit-below-minimum", ""), "{}", ran.out);
    // Whether a build context outside has a .dockerignore is unknown.
    let away = Tree::new(&[("Dockerfile", "FROM alpine:3\nCOPY . /\n")]);
    tree.link(away.top().to_str().unwrap(), "away");
    let rule = ["--select", "missing-dockerignore", "-f", "out.yaml"];
    assert!(tree.json(&rule).says("missing-dockerignore", ""));
    assert_eq!(tree.json(&[&rule[..], &["--restrict-to", "."]].concat()).findings(), []);
}

#[test]
fn what_is_met_on_the_way_does_not_lead_out() {
    let tree = Tree::new(&[
        ("inner/Dockerfile", "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n"),
        ("sibling/.gitignore", ""),
    ]);
    let top = tree.scratch.path();
    for (path, text) in [
        (".gitignore", "Dockerfile\n"),
        (".oomlint.yaml", "preset: nonsense\n"),
        (".oomlint-baseline.json", "nonsense"),
        ("compose.yaml", "services: {outer: {build: tree/inner}}\n"),
    ] {
        std::fs::write(top.join(path), text).unwrap();
    }
    std::fs::create_dir(top.join(".git")).unwrap();
    assert_eq!(tree.run(&["inner/Dockerfile"]).code, Some(2), "the configuration above is read");
    let ran = tree.json(&["--restrict-to", "."]);
    assert!(ran.out.contains("inner/Dockerfile"), "{} {}", ran.out, ran.err);
    let ran = tree.json(&["--restrict-to", ".", "inner/Dockerfile"]);
    assert!(!ran.out.contains("outer") && ran.code != Some(2), "{} {}", ran.out, ran.err);
    assert_eq!(tree.run(&["config", "show", "--restrict-to", "."]).code, Some(0));
    assert_eq!(tree.run(&["baseline", "--restrict-to", "."]).code, Some(0));
    assert!(tree.top().join(".oomlint-baseline.json").is_file());
    // Symbolic links with names that discovery looks for.
    for (target, name, code) in [
        ("../compose.yaml", "compose.yaml", Some(1)),
        ("../.oomlint.yaml", ".oomlint.yaml", Some(2)),
        ("../.gitignore", ".gitignore", Some(2)),
        ("../../.gitignore", "inner/.ignore", Some(2)),
    ] {
        let tree = Tree::new(&[("inner/Dockerfile", "FROM alpine:3\nEXPOSE 80\nCMD [\"/serve\"]\n")]);
        tree.link(target, name);
        let ran = tree.json(&["--restrict-to", "."]);
        assert_eq!(ran.code, code, "{name}: {}", ran.err);
        assert!(format!("{}{}", ran.out, ran.err).contains("leads out of `.`"), "{name}: {}", ran.err);
    }
}

/// A baseline is written outside only if the command line names that file.
#[test]
fn nothing_outside_is_written() {
    for (link, config) in
        [(Some("../precious"), None), (Some("../new"), None), (None, Some("baseline: ../precious\n"))]
    {
        let tree = Tree::new(&[("compose.yaml", "services: {a: {image: x}}\n")]);
        let outside = |name: &str| tree.scratch.path().join(name);
        std::fs::write(outside("precious"), "mine").unwrap();
        if let Some(target) = link {
            tree.link(target, ".oomlint-baseline.json");
        }
        if let Some(config) = config {
            tree.write(".oomlint.yaml", config);
        }
        for arguments in
            [&["baseline", "--restrict-to", "."][..], &["baseline", "--update", "--restrict-to", "."]]
        {
            let ran = tree.run(arguments);
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{link:?} {config:?}");
            assert!(ran.err.contains("leads out of `.`"), "{}", ran.err);
            assert_eq!(std::fs::read_to_string(outside("precious")).unwrap(), "mine");
            assert!(!outside("new").exists());
        }
        let named = tree.run(&["baseline", "--restrict-to", ".", "--baseline", "../named.json"]);
        assert_eq!(named.code, Some(0), "{}", named.err);
        assert!(outside("named.json").is_file());
    }
}

#[test]
fn paths_that_are_named_do_not_lead_out() {
    let tree = Tree::new(&[("compose.yaml", "services: {a: {image: x}}\n")]);
    std::fs::write(tree.scratch.path().join("other.yaml"), "services: {a: {image: x}}\n").unwrap();
    tree.link("../other.yaml", "link.yaml");
    for arguments in [
        &["../other.yaml"][..],
        &["../none.yaml"],
        &["/etc"],
        &["link.yaml"],
        &["-f", "../other.yaml"],
        &["-f", "compose.yaml", "--env-file", "/etc/hostname"],
        &["--config", "../other.yaml"],
        &["--baseline", "../other.yaml"],
        &["inspect", ".."],
        &["baseline", ".."],
        &["baseline", "--check", "--baseline", "../other.yaml"],
        &["config", "show", ".."],
    ] {
        let ran = tree.run(&[arguments, &["--restrict-to", "."]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?} {}", ran.err);
        assert!(ran.err.contains("leads out of `.`"), "{arguments:?}: {}", ran.err);
    }
    let ran = tree.run(&["--restrict-to", "none"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("no such file"), "{}", ran.err);
    // Files inside are read, by whatever path.
    let inside = tree.top().join("compose.yaml");
    for path in ["compose.yaml", "../tree/compose.yaml", inside.to_str().unwrap()] {
        assert_eq!(tree.run(&["--restrict-to", ".", path]).code, Some(1), "{path}");
    }
}

/// Files are created and removed while they are read.
#[test]
fn vanishing_files_are_no_failure() {
    let tree = Tree::new(&[]);
    for index in 0..40 {
        tree.write(&format!("d{index}/compose.yaml"), "services: {a: {build: .}}\n");
        tree.write(&format!("d{index}/Dockerfile"), "FROM alpine:3\n");
    }
    let (top, done) = (tree.top(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let over = std::sync::Arc::clone(&done);
    let churn = std::thread::spawn(move || {
        let mut round = 0;
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            let directory = top.join(format!("d{}", round % 40));
            let _ = std::fs::remove_dir_all(&directory);
            std::fs::create_dir_all(&directory).unwrap();
            let compose = directory.join("compose.yaml");
            if round % 3 == 0 {
                let _ = Command::new("mkfifo").arg(compose).status();
            } else {
                std::fs::write(compose, "services: {a: {build: .}}\n").unwrap();
            }
            round += 1;
        }
    });
    for _ in 0..20 {
        let ran = tree.run(&["--quiet"]);
        assert!(matches!(ran.code, Some(0..=2)), "{:?} {}", ran.code, ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    churn.join().unwrap();
}
