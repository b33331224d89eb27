//! Errors, masked values and messages of single commands.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::common::tree;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    let output =
        Command::new(env!("CARGO_BIN_EXE_oomlint")).args(arguments).current_dir(directory).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn no_configuration_holds_for_a_path_that_is_not_there() {
    let dir = tree(&[("compose.yaml", "services: {}\n")]);
    for path in ["nothere", "nothere/compose.yaml"] {
        let ran = run(dir.path(), &["config", "show", path]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert_eq!(ran.err, format!("error: there is no `{path}`\n"));
    }
    for arguments in [&["config", "show"][..], &["config", "show", "compose.yaml"]] {
        assert_eq!(run(dir.path(), arguments).code, Some(0));
    }
}

#[test]
fn where_nothing_is_checked_no_baseline_is_written() {
    let dir = tree(&[("notes.md", "")]);
    let ran = run(dir.path(), &["baseline"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.starts_with("error: nothing to check"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    // Files without findings are not an error.
    std::fs::write(dir.path().join("compose.yaml"), "services: {}\n").unwrap();
    assert_eq!(run(dir.path(), &["baseline"]).code, Some(0));
    assert!(dir.path().join(".oomlint-baseline.json").is_file());
    // `--update` empties the baseline even if all files are gone.
    std::fs::remove_file(dir.path().join("compose.yaml")).unwrap();
    assert_eq!(run(dir.path(), &["baseline", "--update"]).code, Some(0));
}

#[test]
fn a_host_of_a_few_bytes_lacks_a_unit() {
    let dir = tree(&[("compose.yaml", "services: {a: {image: x, mem_limit: 1g}}\n")]);
    for command in [&["--host-memory", "16"][..], &["budget", "--host-memory", "16"]] {
        let ran = run(dir.path(), command);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.err.contains("`16` is only 16 bytes: the unit is missing: did you mean `16g`?"),
            "{}",
            ran.err
        );
    }
    for value in ["16", "\"16\"", "16 # GiB"] {
        std::fs::write(dir.path().join(".oomlint.yaml"), format!("host-memory: {value}\n")).unwrap();
        let ran = run(dir.path(), &[]);
        assert_eq!(ran.code, Some(2), "{value}: {}", ran.out);
        assert!(
            ran.err.contains("the unit is missing") && ran.err.contains("did you mean `16g`?"),
            "{}",
            ran.err
        );
    }
    std::fs::write(dir.path().join(".oomlint.yaml"), "host-memory: 17179869184\n").unwrap();
    assert_ne!(run(dir.path(), &[]).code, Some(2));
}

const SECRETS: &str = "services:
  db:
    image: postgres:17
    mem_limit: 1g
    env_file: db.env
    environment:
      POSTGRES_PASSWORD: hunter2hunter2
      POSTGRES_PASSWORD_FILE: /run/secrets/db
      BROKER: amqp://guest:hunter2hunter2@mq:5672/
      JAVA_OPTS: -Xmx512m -Djavax.net.ssl.trustStorePassword=hunter2hunter2
      KEYCLOAK_JAVA_OPTS: -Xmx256m
    logging: {driver: splunk, options: {splunk-token: hunter2hunter2, max-size: 10m}}
    healthcheck: {test: [CMD-SHELL, \"mysqladmin ping -uroot -phunter2hunter2\"]}
  cache:
    image: redis:8
    command: [redis-server, --requirepass, hunter2hunter2, --maxmemory, 512mb]
";

#[test]
fn inspect_masks_what_looks_like_a_secret_and_no_memory() {
    let dir = tree(&[("compose.yaml", SECRETS), ("db.env", "API_TOKEN=hunter2hunter2\nMODE=hot\n")]);
    let human = run(dir.path(), &["inspect"]);
    let json = run(dir.path(), &["inspect", "--format", "json"]);
    for shown in [&human.out, &json.out] {
        assert!(!shown.contains("hunter2"), "{shown}");
        for kept in
            ["/run/secrets/db", "-Xmx512m", "-Xmx256m", "amqp://guest:***@mq:5672/", "--maxmemory", "512mb"]
        {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let workloads = json["projects"][0]["workloads"].as_array().unwrap();
    let db = &workloads.iter().find(|workload| workload["name"] == "db").unwrap()["facts"];
    assert_eq!(db["env"]["POSTGRES_PASSWORD"]["value"], "***");
    assert_eq!(db["env"]["API_TOKEN"]["value"], "***");
    assert_eq!(db["env"]["MODE"]["value"], "hot");
    assert_eq!(db["logging"]["value"]["options"]["splunk-token"], "***");
    assert_eq!(db["logging"]["value"]["options"]["max-size"], "10m");
}

/// `--watch` checks again when a file that was read changes, when one appears next to it, and after a mistake in the configuration.
#[test]
fn a_watch_checks_again_when_something_changes() {
    let dir = tree(&[("compose.yaml", "services: {a: {image: x, mem_limit: 1g, restart: always}}\n")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(["--watch", "--format", "concise", "--select", "limits"]).current_dir(dir.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One reader for both streams, so that a test that fails ends.
    let (lines, read) = channel();
    let streams: [Box<dyn Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    for stream in streams {
        let lines = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
    }
    let await_line = |what: &str| {
        let found = std::iter::from_fn(|| read.recv_timeout(Duration::from_secs(60)).ok());
        found.into_iter().any(|line: String| line.contains(what))
    };
    let steps = [
        (None, "no reservation"),
        (Some(("compose.yaml", "services: {a: {image: x, mem_limit: 2m}}\n")), "is below 6 MiB"),
        (Some(("compose.override.yaml", "services: {a: {mem_limit: 3m}}\n")), "3 MiB is below"),
        (Some((".oomlint.yaml", "presett: strict\n")), "unknown key `presett`"),
        (
            Some((".oomlint.yaml", "rules: {memory-limit-below-minimum: warning}\n")),
            "warning[memory-limit-below-minimum]",
        ),
    ];
    let mut missed = None;
    for (change, says) in steps {
        if let Some((path, text)) = change {
            // The state of the files is noted before a report is written; clocks of file systems are coarse.
            std::thread::sleep(Duration::from_millis(100));
            std::fs::write(dir.path().join(path), text).unwrap();
        }
        if !await_line(says) {
            missed = Some(says);
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(missed, None);
    assert_eq!(run(dir.path(), &["--watch", "-"]).code, Some(2), "standard input cannot change");
}
