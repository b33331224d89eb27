//! Command lines through the executable: `--run`, standard input, files that are named.

use crate::cli::{pipe, run};
use crate::common::tree;

const LINE: &str = "docker run -d --name web -m 1g --memory-swap 512m acme/web";

#[test]
fn a_command_line_is_checked_and_shown() {
    let dir = tree(&[("compose.yaml", "services: {a: {image: x, mem_limit: 1Mi}}\n")]);
    let ran = run(dir.path(), &["check", "--run", LINE, "--format", "concise"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.out.contains("<run>:1:46") && ran.out.contains("swap-below-limit"), "{}", ran.out);
    assert!(!ran.out.contains("compose.yaml"), "{}", ran.out);
    let twice = run(dir.path(), &["--run", LINE, "--run", "docker run --rm -it x sh"]);
    assert!(twice.out.contains("2 containers in 2 files"), "{}", twice.out);
    let facts = run(dir.path(), &["inspect", "--run", LINE, "--format", "json"]);
    let facts: serde_json::Value = serde_json::from_str(&facts.out).unwrap();
    let workload = &facts["projects"][0]["workloads"][0];
    assert_eq!(workload["name"], "web");
    assert_eq!(workload["kind"], "container");
    assert_eq!(workload["facts"]["memory_limit"]["value"], 1 << 30);
    assert_eq!(workload["facts"]["memory_limit"]["from"]["column"], 29);
}

#[test]
fn what_starts_no_container_is_a_mistake() {
    let dir = tree(&[]);
    for line in ["docker ps", "docker run --help", "", "docker run -d"] {
        let ran = run(dir.path(), &["check", "--run", line]);
        assert_eq!(ran.code, Some(2), "{line}");
        assert!(ran.err.contains("no command that starts a container"), "{}", ran.err);
    }
    let ran = run(dir.path(), &["check", "--fix", "--run", LINE]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`--fix` cannot change"), "{}", ran.err);
    let ran = run(dir.path(), &["check", "--stdin-kind", "run", "x"]);
    assert_eq!(ran.code, Some(2));
    let ran = run(dir.path(), &["check", "--diff", "--run", LINE]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn standard_input_has_a_kind() {
    let dir = tree(&[]);
    for (arguments, text) in [
        (&["check", "-", "--stdin-kind", "run"][..], format!("$ {LINE}\n")),
        (&["check", "-", "--stdin-kind", "markdown"], format!("# x\n\n```\n{LINE}\n```\n")),
        (&["check", "-", "--stdin-kind", "shell"], format!("if {LINE}; then :; fi\n")),
        (&["check", "-", "--stdin-filename", "docs/README.md"], format!("`{LINE}`\n")),
        (&["check", "-"], format!("#!/bin/sh\n{LINE}\n")),
    ] {
        let ran = pipe(dir.path(), arguments, &text);
        assert!(ran.out.contains("error[swap-below-limit]"), "{arguments:?}: {} {}", ran.out, ran.err);
    }
}

#[test]
fn files_with_command_lines_are_checked_where_they_are_named() {
    let unit = format!("[Service]\nExecStart=/usr/bin/{LINE}\n");
    let dir = tree(&[
        ("README.md", &format!("```sh\n{LINE}\n```\n")),
        ("Makefile", &format!("run:\n\t@{LINE}\n")),
        ("web.service", &unit),
        ("run.sh", LINE),
        ("start", &format!("#!/bin/bash\n{LINE}\n")),
        ("Dockerfile", "FROM alpine:3.22\n"),
        (
            ".devcontainer/devcontainer.json",
            "{ // x\n \"image\": \"acme/x\", \"runArgs\": [\"-m\", \"1g\", \"--memory-swap=512m\"] }",
        ),
    ]);
    for name in ["README.md", "Makefile", "web.service", "run.sh", "start", ".devcontainer/devcontainer.json"]
    {
        let ran = run(dir.path(), &["check", name]);
        assert!(ran.out.contains("error[swap-below-limit]"), "{name}: {} {}", ran.out, ran.err);
    }
    let ran = run(dir.path(), &["check"]);
    assert!(!ran.out.contains("swap-below-limit"), "{}", ran.out);
}

#[test]
fn a_devcontainer_names_its_compose_files() {
    let dir = tree(&[
        (
            ".devcontainer/devcontainer.json",
            "{\"dockerComposeFile\": [\"../base.yml\", \"dev.yml\"], \"service\": \"a\"}",
        ),
        ("base.yml", "services:\n  a: {image: acme/x, mem_limit: 1g}\n"),
        (".devcontainer/dev.yml", "services:\n  a: {memswap_limit: 512m}\n"),
    ]);
    let ran = run(dir.path(), &["check", ".devcontainer/devcontainer.json", "--format", "concise"]);
    assert!(ran.out.contains("dev.yml:2") && ran.out.contains("swap-below-limit"), "{} {}", ran.out, ran.err);
}
