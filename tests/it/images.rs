//! `oomlint images`, `oomlint images lock`, and the facts that `.oomlint-images.json` gives.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use oomlint::catalog::Catalog;
use oomlint::lock::{LockFile, Reading, entries};
use oomlint::report::images;
use oomlint::secret;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::tree;

const LOCK: &str = ".oomlint-images.json";

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run_with(directory: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(arguments).current_dir(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input may be gone.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    run_with(directory, arguments, "")
}

fn lock(directory: &Path, inspected: &Value) {
    let ran = run_with(directory, &["images", "lock"], &inspected.to_string());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

fn text(directory: &Path) -> String {
    std::fs::read_to_string(directory.join(LOCK)).unwrap()
}

/// Returns place, severity and rule of the findings of some rules.
fn found(directory: &Path, rules: &str) -> Vec<String> {
    let ran = run(directory, &["--format", "concise", "--select", rules]);
    let line = |line: &str| line.split(']').next().unwrap().replace(['[', ' '], "");
    ran.out.lines().map(line).collect()
}

/// An image as `docker image inspect` prints it.
fn image(name: &str, config: Value) -> Value {
    json!({
        "Id": "sha256:1111", "RepoTags": [name], "RepoDigests": [], "Created": "2026-10-01T09:08:07.5Z",
        "Architecture": "amd64", "Os": "linux", "Config": config, "Size": 1
    })
}

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn api() -> Value {
    image(
        "acme/api:1.2",
        json!({
            "User": "app", "StopSignal": "SIGTERM", "WorkingDir": "/app", "Labels": {"token": "hunter2"},
            "ExposedPorts": {"8080/tcp": {}, "443/tcp": {}, "53/udp": {}},
            "Env": ["PATH=/usr/bin", "API_TOKEN=hunter2", "JAVA_HOME=/opt/java", "JAVA_VERSION=jdk-21.0.5+11",
                    "JAVA_OPTS=-Dkey=hunter2 -Xmx700m", "JAVA_TOOL_OPTIONS=-Xmx900m -Dkey=hunter2"],
            "Entrypoint": ["java", "-jar", "/app.jar", "--db-password=hunter2"], "Cmd": null,
            "Healthcheck": {"Test": ["CMD-SHELL", "curl -f http://localhost:8080/"], "Interval": 30_000_000_000_i64,
                            "Timeout": 1_500_000_000, "Retries": 3}
        }),
    )
}

fn worker() -> Value {
    image(
        "acme/worker:latest",
        json!({"Cmd": ["node", "server.js"], "ExposedPorts": {"9000/tcp": {}}, "Env": ["NODE_VERSION=22.11.0"]}),
    )
}

const STACK: &str = "services:
  api:
    image: acme/api:1.2
    mem_limit: 512m
    depends_on: {worker: {condition: service_healthy}}
  worker:
    image: acme/worker
    mem_limit: 1g
";

#[test]
fn a_lock_keeps_what_is_about_memory_and_nothing_else() {
    let dir = tree(&[("compose.yaml", STACK)]);
    let mut api = api();
    api["RepoDigests"] = json!([format!("acme/api@{DIGEST}")]);
    // Outputs of several commands follow each other.
    let input = format!("{}\n{}", json!([api]), json!([worker()]));
    let ran = run_with(dir.path(), &["images", "lock"], &input);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "2 images in .oomlint-images.json: 2 new\n"),
        "{}",
        ran.err
    );
    let text = text(dir.path());
    assert!(!text.contains("hunter2") && !text.contains("/opt/java"), "{text}");
    let day = regex::Regex::new("\"locked\": \"[0-9-]{10}\"").unwrap();
    insta::assert_snapshot!("lock", day.replace_all(&text, "\"locked\": \"(today)\""));
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(jsonschema::validator_for(&images::lock_schema()).unwrap().is_valid(&value));
    // The same again, and the file itself, change nothing.
    let again = run_with(dir.path(), &["images", "lock"], &input);
    assert_eq!(again.out, "2 images in .oomlint-images.json: 2 as before\n");
    assert_eq!(run(dir.path(), &["images", "lock", LOCK]).code, Some(0));
    assert_eq!(std::fs::read_to_string(dir.path().join(LOCK)).unwrap(), text);
}

#[test]
fn podman_has_the_healthcheck_elsewhere() {
    let dir = tree(&[("compose.yaml", "services: {api: {image: api, ports: ['80:80']}}\n")]);
    let mut image = image("localhost/api:latest", json!({"Cmd": ["/api"]}));
    lock(dir.path(), &json!([image]));
    assert_eq!(found(dir.path(), "missing-healthcheck"), ["compose.yaml:1:12:warningmissing-healthcheck"]);
    image["Healthcheck"] = json!({"Test": ["CMD", "/api", "ping"]});
    lock(dir.path(), &json!([image]));
    assert!(found(dir.path(), "missing-healthcheck").is_empty());
}

#[test]
fn what_is_locked_is_a_fact() {
    let dir = tree(&[("compose.yaml", STACK)]);
    let rules = "missing-healthcheck,unhealthy-dependency,heap-exceeds-limit,unbounded-heap";
    assert!(found(dir.path(), rules).is_empty());
    lock(dir.path(), &json!([api(), worker()]));
    assert_eq!(
        found(dir.path(), rules),
        [
            "compose.yaml:4:16:errorheap-exceeds-limit",
            "compose.yaml:5:18:errorunhealthy-dependency",
            "compose.yaml:6:3:warningmissing-healthcheck",
            "compose.yaml:8:16:noteunbounded-heap",
        ]
    );
    let ran = run(dir.path(), &["--format", "json", "--select", "heap-exceeds-limit"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let related = &report["findings"][0]["related"][0];
    assert_eq!(related["file"], LOCK);
    let (from, to) = (&related["range"]["start"]["byte"], &related["range"]["end"]["byte"]);
    let range = from.as_u64().unwrap() as usize..to.as_u64().unwrap() as usize;
    assert_eq!(&text(dir.path())[range], "-Xmx900m");
    let inspected = run(dir.path(), &["inspect"]).out;
    assert!(
        inspected.contains("java -jar /app.jar --db-password=***  (.oomlint-images.json:"),
        "{inspected}"
    );
    assert!(inspected.contains("CMD-SHELL curl -f http://localhost:8080/, every 30s"), "{inspected}");
}

/// Nobody mends anything in the lock file: findings are where the image is named, and no fix changes it.
#[test]
fn findings_are_in_the_users_own_files() {
    let dir = tree(&[("compose.yaml", STACK), ("base/Dockerfile", "FROM acme/api:1.2\nENV A=b\n")]);
    let odd = json!({
        "Entrypoint": ["/bin/sh", "-c", "node a.js & java -XX:+UseConcMarkSweepGC -jar /a.jar"],
        "Env": ["JAVA_OPTS=-Xmx9g", "JAVA_TOOL_OPTIONS=-Xmx2x -XX:MaxPermSize=64m", "JAVA_VERSION=21.0.1"],
        "Healthcheck": {"Test": ["CMD", "java", "-version"], "Interval": 1_000_000_000, "Retries": 1}
    });
    lock(dir.path(), &json!([image("acme/api:1.2", odd), worker()]));
    let before = text(dir.path());
    let ran = run(dir.path(), &["--format", "json", "--preset", "strict"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["related"].to_string().contains(LOCK)), "{findings:#?}");
    for finding in findings {
        assert_ne!(finding["file"], LOCK, "{finding}");
        assert_ne!(finding["rule"], "unread-heap-variable", "{finding}");
        assert!(!finding["fix"].to_string().contains(LOCK), "{finding}");
    }
    run(dir.path(), &["--fix", "--unsafe-fixes"]);
    assert_eq!(text(dir.path()), before);
}

/// What the lock file says is told where the image of the service is named that it is about.
#[test]
fn findings_about_a_locked_image_are_with_its_service() {
    let stack =
        "services:\n  a: {image: 'acme/a:1', mem_limit: 1g}\n  b: {image: 'acme/b:1', mem_limit: 1g}\n";
    let dir = tree(&[("compose.yaml", stack)]);
    let of = |config: Value| {
        let fine = json!({"Cmd": ["java", "-jar", "a.jar"], "Env": ["JAVA_VERSION=21.0.1"]});
        lock(dir.path(), &json!([image("acme/a:1", fine), image("acme/b:1", config)]));
        let rules = "malformed-heap-setting,unread-heap-variable,shell-form-start,costly-healthcheck";
        found(dir.path(), rules)
    };
    let java = |env: &str| json!({"Cmd": ["java", "-jar", "a.jar"], "Env": ["JAVA_VERSION=21.0.1", env]});
    assert_eq!(of(java("JAVA_TOOL_OPTIONS=-Xmx2x")), ["compose.yaml:3:14:errormalformed-heap-setting"]);
    // Only the makers of the image can act on these.
    assert_eq!(of(java("JAVA_OPTS=-Xmx256m")), [""; 0]);
    assert_eq!(of(json!({"Cmd": ["/bin/sh", "-c", "node a.js & node b.js"]})), [""; 0]);
}

#[test]
fn a_dockerfile_builds_on_what_is_locked() {
    let files = [
        ("compose.yaml", "services: {api: {build: ., mem_limit: 512m, ports: ['80:80']}}\n"),
        ("Dockerfile", "FROM acme/api:1.2\nCOPY a b\n"),
    ];
    let dir = tree(&files);
    let rules = "heap-exceeds-limit,missing-healthcheck";
    assert!(found(dir.path(), rules).is_empty());
    lock(dir.path(), &json!([api()]));
    assert_eq!(found(dir.path(), rules), ["compose.yaml:1:39:errorheap-exceeds-limit"]);
    // The Dockerfile's own instructions win.
    let own = "FROM acme/api:1.2\nENV JAVA_TOOL_OPTIONS=-Xmx128m\nHEALTHCHECK NONE\n";
    std::fs::write(dir.path().join("Dockerfile"), own).unwrap();
    assert!(found(dir.path(), "heap-exceeds-limit").is_empty());
    assert!(run(dir.path(), &["inspect"]).out.contains("healthcheck      disabled"));
}

#[test]
fn a_lock_counts_before_rows() {
    let row = "images: [{repositories: [acme/api], healthcheck: none}]\n";
    let stack = "services: {api: {image: 'acme/api:1.2', ports: ['80:80']}, db: {image: 'postgres:17', ports: ['5432:5432']}}\n";
    let dir = tree(&[("compose.yaml", stack), (".oomlint.yaml", row)]);
    assert_eq!(found(dir.path(), "missing-healthcheck").len(), 2);
    let config = json!({"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"],
                        "Healthcheck": {"Test": ["CMD", "pg_isready"]}});
    lock(dir.path(), &json!([api(), image("postgres:17", config)]));
    assert!(found(dir.path(), "missing-healthcheck").is_empty());
    // What its start script does is still known.
    assert!(run(dir.path(), &["inspect"]).out.contains("PostgreSQL cache"));
}

/// Whoever runs a service has its image under the name that `image` gives, even where nobody sees how it is built.
#[test]
fn a_locked_image_is_known_without_its_dockerfile() {
    for (keys, known) in [
        ("image: 'acme/api:1.2'", true),
        ("build: ./gone, image: 'acme/api:1.2'", true),
        ("build: ./gone, image: 'acme/api:9'", false),
        ("build: ./gone", false),
        // The Dockerfile that is here says more.
        ("build: ./own, image: 'acme/api:1.2'", false),
    ] {
        let stack = format!("services: {{it: {{{keys}, mem_limit: 512m}}}}\n");
        let dir = tree(&[("compose.yaml", &stack), ("own/Dockerfile", "FROM acme/other:1\n")]);
        lock(dir.path(), &json!([api()]));
        assert_eq!(found(dir.path(), "heap-exceeds-limit").len(), usize::from(known), "{keys}");
    }
}

/// A row says what the start script of an image does. It holds for a locked image that starts this script.
#[test]
fn what_a_start_script_does_holds_where_it_starts() {
    for (entrypoint, read) in [
        (json!(["docker-entrypoint.sh"]), true),
        (json!(["/usr/local/bin/docker-entrypoint.sh"]), true),
        (json!(["tini", "--", "docker-entrypoint.sh"]), true),
        (json!(["docker-entrypoint.sh", "--verbose"]), true),
        (json!(["/own.sh"]), false),
        (json!(["tini", "--", "/own.sh"]), false),
        (json!(null), false),
    ] {
        // The script puts the server before an option.
        let stack = "services: {it: {image: 'redis:8', mem_limit: 64m, command: [--maxmemory, 100mb]}}\n";
        let dir = tree(&[("compose.yaml", stack)]);
        let config = json!({"Entrypoint": entrypoint, "Cmd": ["redis-server"]});
        lock(dir.path(), &json!([image("redis:8", config)]));
        assert_eq!(found(dir.path(), "cache-exceeds-limit").len(), usize::from(read), "{entrypoint}");
    }
    for (entrypoint, read) in [
        (json!(["/usr/bin/tini", "--", "/usr/local/bin/jenkins.sh"]), true),
        (json!(["/usr/bin/tini", "--", "/own.sh"]), false),
    ] {
        let stack = "services: {it: {image: 'jenkins/jenkins:lts', mem_limit: 512m, environment: {JENKINS_OPTS: x, JAVA_OPTS: -Xmx1g}}}\n";
        let dir = tree(&[("compose.yaml", stack)]);
        lock(dir.path(), &json!([image("jenkins/jenkins:lts", json!({"Entrypoint": entrypoint}))]));
        let inspected = run(dir.path(), &["inspect"]).out;
        assert_eq!(inspected.contains("-Xmx1g in JAVA_OPTS"), read, "{entrypoint}:\n{inspected}");
    }
}

/// The TCP ports of a locked image make it a server, and are asked.
#[test]
fn a_locked_image_has_its_ports() {
    for (ports, severity, help) in [
        (json!({"8080/tcp": {}, "443/tcp": {}, "53/udp": {}}), "warning", "127.0.0.1:8080/"),
        (json!({"3000": {}}), "warning", "127.0.0.1:3000/"),
        (json!({"3000/TCP": {}}), "warning", "127.0.0.1:3000/"),
        (json!({"53/udp": {}}), "note", "no port is declared for it"),
        (json!({"3000/tcp": {}, "4000/tcp": {}}), "warning", "which of its ports to probe: 3000 and 4000"),
        (json!({}), "note", "no port is declared for it"),
    ] {
        let dir = tree(&[("compose.yaml", "services: {it: {image: 'node:22', restart: always}}\n")]);
        let config = json!({"Cmd": ["node", "a.js"], "ExposedPorts": ports, "Env": ["NODE_VERSION=22.1.0"]});
        lock(dir.path(), &json!([image("node:22", config)]));
        let out = run(dir.path(), &["--select", "missing-healthcheck"]).out;
        assert!(out.starts_with(severity) && out.contains(help), "{ports}:\n{out}");
    }
}

/// The server of a locked image is what its entrypoint names, or else its command. A service that starts another program, and names
/// no port, has no use for a probe of its port.
#[test]
fn a_locked_image_has_its_server() {
    for (config, keys, asked) in [
        (json!({"Entrypoint": ["/app", "--port=1"]}), "entrypoint: [/app]", true),
        (json!({"Entrypoint": ["/app", "--port=1"]}), "entrypoint: [node, worker.js]", false),
        (json!({"Entrypoint": ["tini", "--", "/app"], "Cmd": ["serve"]}), "entrypoint: [/app, serve]", true),
        (
            json!({"Entrypoint": ["tini", "--", "/app"], "Cmd": ["serve"]}),
            "entrypoint: [node, worker.js]",
            false,
        ),
        (json!({"Cmd": ["node", "a.js"]}), "command: [node, b.js]", true),
        (json!({"Cmd": ["node", "a.js"]}), "command: [python, b.py]", false),
    ] {
        let stack = format!("services: {{it: {{image: 'acme/a:1', {keys}}}}}\n");
        let dir = tree(&[("compose.yaml", &stack)]);
        let mut config = config;
        config["ExposedPorts"] = json!({"3000/tcp": {}});
        lock(dir.path(), &json!([image("acme/a:1", config.clone())]));
        assert_eq!(found(dir.path(), "missing-healthcheck").len(), usize::from(asked), "{config} {keys}");
    }
}

/// The variables of official images name the runtime, unless they name several.
#[test]
fn variables_of_a_locked_image_name_its_runtime() {
    for (name, env, expected) in [
        ("acme/a:1", &["JAVA_VERSION=21.0.1"][..], "Java 21"),
        ("acme/a:1", &["JAVA_VERSION=1.8.0_392"], "Java 8"),
        ("acme/a:1", &["NODE_VERSION=22.11.0"], "Node 22"),
        ("acme/a:1", &["JAVA_VERSION=21.0.1", "NODE_VERSION=22.11.0"], ""),
        ("acme/a:1", &["NODE_VERSION=22.11.0", "JAVA_VERSION=21.0.1"], ""),
        ("acme/a:1", &["NODE_VERSION=none"], ""),
        ("acme/a:1", &["OTHER_VERSION=21.0.1"], ""),
        // The row knows the runtime, the variable its version.
        ("eclipse-temurin:latest", &["JAVA_VERSION=jdk-21.0.5+11"], "Java 21"),
        ("eclipse-temurin:17", &["JAVA_VERSION=jdk-21.0.5+11"], "Java 21"),
        ("eclipse-temurin:17", &["NODE_VERSION=22.11.0"], "Java 17"),
    ] {
        let dir = tree(&[("compose.yaml", &format!("services: {{it: {{image: '{name}'}}}}\n"))]);
        lock(dir.path(), &json!([image(name, json!({"Cmd": ["/run"], "Env": env}))]));
        let out = run(dir.path(), &["images"]).out;
        let runtime = out.lines().find_map(|line| line.strip_prefix("  runtime ")).unwrap_or_default().trim();
        assert_eq!(runtime, expected, "{name} {env:?}:\n{out}");
    }
}

/// What a program takes of the memory by default is named part by part.
#[test]
fn the_list_says_what_a_program_takes_by_default() {
    for (name, expected) in [
        (
            "neo4j:5",
            "heap: 25 % of the memory it sees, page cache: 512 MiB, its heap takes a quarter of the memory it sees, plus 512 MiB of page cache",
        ),
        ("scylladb/scylla:6.2", "it takes all of the memory it sees where `--memory` does not say how much"),
        (
            "mcr.microsoft.com/mssql/server:2022-latest",
            "all of it: 80 % of the memory it sees, it takes 80 % of the memory it sees",
        ),
        ("opensearchproject/opensearch:3", "a heap of 1 GiB, unless `OPENSEARCH_JAVA_OPTS` is set"),
        ("acme/both:1", "store: 5 % of the memory it sees, at most 300 MiB"),
        ("acme/both:2", "store: 64 MiB"),
        ("acme/none:1", ""),
    ] {
        let rows = "images:
  - {repositories: [acme/both], source: x, memory: [{part: store, kind: cache, default: {percent: 5, most-mib: 300}, before: '2'}, {part: store, kind: cache, default: {mib: 64}, since: '2'}]}
  - {repositories: [acme/none], source: x, memory: [{part: store, kind: cache}]}
";
        let stack = format!("services: {{it: {{image: '{name}'}}}}\n");
        let dir = tree(&[("compose.yaml", &stack), (".oomlint.yaml", rows)]);
        let ran = run(dir.path(), &["images"]);
        let memory = ran.out.lines().filter_map(|line| line.strip_prefix("  memory ")).map(str::trim);
        let memory = memory.collect::<Vec<_>>().join(", ");
        assert_eq!(memory, expected, "{name}:\n{}{}", ran.out, ran.err);
    }
}

#[test]
fn images_are_found_by_tag_or_digest() {
    let mut locked = image("acme/api:1", json!({"Cmd": ["/api"]}));
    locked["RepoDigests"] = json!([format!("acme/api@{DIGEST}")]);
    let other = DIGEST.replace('0', "f");
    for (reference, is_known) in [
        ("acme/api:1".to_owned(), true),
        ("docker.io/acme/api:1".to_owned(), true),
        (format!("acme/api@{DIGEST}"), true),
        (format!("acme/api:9@{DIGEST}"), true),
        (format!("mirror.example/acme/api@{DIGEST}"), true),
        (format!("acme/api:1@{other}"), false),
        ("acme/api:2".to_owned(), false),
        ("acme/api".to_owned(), false),
        ("example.org/acme/api:1".to_owned(), false),
    ] {
        let dir = tree(&[(
            "compose.yaml",
            &format!("services: {{a: {{image: '{reference}', ports: ['80:80']}}}}\n"),
        )]);
        lock(dir.path(), &json!([locked]));
        assert_eq!(found(dir.path(), "missing-healthcheck").len(), usize::from(is_known), "{reference}");
    }
}

#[test]
fn a_tag_moves_on() {
    let dir = tree(&[("compose.yaml", STACK)]);
    lock(dir.path(), &json!([api(), worker()]));
    let ran = run_with(
        dir.path(),
        &["images", "lock"],
        &json!([image("acme/api:1.2", json!({"Cmd": ["x"]}))]).to_string(),
    );
    assert_eq!(ran.out, "2 images in .oomlint-images.json: 1 changed\n");
    assert!(!text(dir.path()).contains("app.jar"));
}

#[test]
fn the_file_is_in_the_directory_of_the_configuration() {
    let dir = tree(&[
        (".oomlint.yaml", ""),
        ("deploy/compose.yaml", STACK),
        ("deploy/in.json", &json!([api()]).to_string()),
    ]);
    let deploy = dir.path().join("deploy");
    assert_eq!(run(&deploy, &["images", "lock", "in.json"]).code, Some(0));
    assert!(dir.path().join(LOCK).is_file() && !deploy.join(LOCK).exists());
    assert_eq!(found(&deploy, "heap-exceeds-limit").len(), 1);
    assert_eq!(run(&deploy, &["images", "lock", "--output", "own.json", "in.json"]).code, Some(0));
    assert!(deploy.join("own.json").is_file());
    // The search ends at a repository.
    std::fs::create_dir(deploy.join(".git")).unwrap();
    assert!(found(&deploy, "heap-exceeds-limit").is_empty());
}

#[test]
fn a_broken_file_is_an_error_with_its_place() {
    let dir = tree(&[("compose.yaml", STACK)]);
    lock(dir.path(), &json!([api()]));
    let good = text(dir.path());
    for (from, to, says, line) in [
        ("\"version\": 1,", "\"version\": 1", "expected `,`", 3),
        ("\"version\": 1,", "\"version\": 2,", "unknown format version 2", 2),
        ("\"user\"", "\"owner\"", "unknown field `owner`", 12),
        ("\"30s\"", "\"soon\"", "`soon` is not a time", 25),
        ("  \"images\"", "<<<<<<< HEAD\n  \"images\"", "key must be a string", 3),
    ] {
        std::fs::write(dir.path().join(LOCK), good.replace(from, to)).unwrap();
        for command in
            [&["check"][..], &["images"], &["inspect"], &["budget"], &["images", "lock", "--check"]]
        {
            let ran = run(dir.path(), command);
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{command:?} {to}");
            assert!(ran.err.contains(says), "{to}: {}", ran.err);
            assert!(ran.err.contains(&format!("{LOCK}:{line}:")), "{to}: {}", ran.err);
        }
        // It is not overwritten either.
        assert_eq!(run_with(dir.path(), &["images", "lock"], &json!([api()]).to_string()).code, Some(2));
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let dir = tree(&[("compose.yaml", STACK)]);
    for (input, says) in [
        ("", "no image in it"),
        ("[]", "no image in it"),
        (
            "[{\"Id\": \"1\", \"State\": {}, \"HostConfig\": {}, \"Config\": {}}]",
            "for a container, not for an image",
        ),
        ("[{\"Id\": \"1\"}]", "not an image: `RepoTags` and `Config` are missing"),
        ("[{", "line 1, column 2"),
        ("[1]", "not an image"),
        ("[{\"RepoTags\": 5, \"Config\": {}}]", "not an image: invalid type"),
    ] {
        let ran = run_with(dir.path(), &["images", "lock"], input);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{input}");
        assert!(ran.err.contains(says), "{input}: {}", ran.err);
        assert!(!dir.path().join(LOCK).exists());
    }
    let nameless =
        json!([{"RepoTags": ["<none>:<none>"], "RepoDigests": [], "Config": {}}, api()]).to_string();
    let ran = run_with(dir.path(), &["images", "lock"], &nameless);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "1 without a name, left out\n"));
}

#[test]
fn reports_name_the_images_that_nobody_knows() {
    let stack = "services:
  a: {image: 'acme/api:1', mem_limit: 1g, memswap_limit: 1g, mem_reservation: 1g}
  b: {image: 'acme/api:2', scale: 0}
  c: {image: postgres, healthcheck: {disable: true}, mem_limit: 1g}
  d: {image: '${X}/y', mem_limit: 1g, memswap_limit: 1g, mem_reservation: 1g}
  e: {image: acme/own, build: ., mem_limit: 1g}
";
    let dir = tree(&[("compose.yaml", stack), ("Dockerfile", "FROM acme/base\n")]);
    let line = "unknown images, not checked for heap and healthcheck: acme/api (see `oomlint images`)";
    let human = run(dir.path(), &["--select", "swap-below-limit"]);
    assert_eq!(human.code, Some(0));
    let lines: Vec<&str> = human.out.lines().collect();
    assert!(lines[0].starts_with("nothing found · 5 services") && lines[1] == line, "{}", human.out);
    let markdown = run(dir.path(), &["--format", "markdown"]).out;
    assert!(
        markdown.contains("unknown images, not checked for heap and healthcheck&#58; acme/api &#40;see <code>oomlint images</code>&#41;"),
        "{markdown}"
    );
    let report: Value = serde_json::from_str(&run(dir.path(), &["--format", "json"]).out).unwrap();
    assert_eq!(report["summary"]["unknown_images"], json!(["acme/api:1"]));
    for format in ["concise", "github", "sarif", "junit", "jsonl"] {
        assert!(!run(dir.path(), &["--format", format]).out.contains("not checked for heap"), "{format}");
    }
    assert!(!run(dir.path(), &["--statistics"]).out.contains("not checked"));
    lock(dir.path(), &json!([image("acme/api:1", json!({"Cmd": ["/api"]}))]));
    assert!(!run(dir.path(), &[]).out.contains("not checked"));

    let many: String = (1..8).map(|n| format!("  s{n}: {{image: 'acme/i{n}:1'}}\n")).collect();
    let dir = tree(&[("compose.yaml", &format!("services:\n{many}"))]);
    let out = run(dir.path(), &[]).out;
    assert!(
        out.contains(
            "not checked for heap and healthcheck: acme/i1, acme/i2, acme/i3, acme/i4, acme/i5 and 2 more (see `oomlint images`)\n"
        ),
        "{out}"
    );
}

#[test]
fn the_list_says_what_is_known_from_where() {
    let stack = "services:
  a: {image: 'acme/api:1.2'}
  b: {image: 'docker.io/acme/api:1.2'}
  c: {image: acme/worker}
  d: {image: 'postgres:16'}
  e: {image: acme/proxy}
  f: {build: own}
  g: {image: '${X}'}
  h: {image: '-x.y/z'}
";
    let files = [
        ("compose.yaml", stack),
        ("own/Dockerfile", "FROM acme/base:1\nHEALTHCHECK CMD [\"true\"]\nENTRYPOINT [\"/own\"]\n"),
        (
            ".oomlint.yaml",
            "images: [{repositories: [acme/proxy], healthcheck: present, minimum: {mib: 64}}]\n",
        ),
    ];
    let dir = tree(&files);
    lock(dir.path(), &json!([api()]));
    let ran = run(dir.path(), &["images"]);
    assert_eq!(ran.code, Some(0));
    let day = regex::Regex::new("locked on [0-9-]{10}").unwrap();
    insta::assert_snapshot!("images", day.replace_all(&ran.out, "locked on (today)"));
    assert_eq!(run(dir.path(), &["images", "--unknown"]).out, "acme/worker\n");
    let json: Value = serde_json::from_str(&run(dir.path(), &["images", "--format", "json"]).out).unwrap();
    let validator = jsonschema::validator_for(&images::schema()).unwrap();
    assert!(validator.is_valid(&json), "{json:#}");
    assert_eq!(json["unknown"], json!(["-x.y/z", "acme/worker"]));
    let of = |reference: &str| {
        json["images"]
            .as_array()
            .unwrap()
            .iter()
            .find(|image| image["reference"] == reference)
            .unwrap()
            .clone()
    };
    assert_eq!(of("acme/api:1.2")["services"], json!(["a", "b"]));
    assert_eq!(of("acme/api:1.2")["known_from"], "lock");
    assert_eq!(of("acme/proxy")["known_from"], "configuration");
    assert_eq!(of("acme/base:1")["base_of"], json!(["f"]));
    assert_eq!(of("postgres:16")["known_from"], "catalogue");
    assert_eq!(of("own/Dockerfile")["known_from"], "dockerfile");
}

#[test]
fn a_check_says_what_is_old_unused_or_missing() {
    let dir = tree(&[("compose.yaml", STACK)]);
    assert_eq!(run(dir.path(), &["images", "lock", "--check"]).code, Some(2));
    lock(dir.path(), &json!([api(), worker()]));
    let ran = run(dir.path(), &["images", "lock", "--check"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "all 2 locked images are used, and none is older than 90 days\n")
    );
    let day = regex::Regex::new("\"locked\": \"[0-9-]{10}\"").unwrap();
    let old = day.replace(&text(dir.path()), "\"locked\": \"2026-01-01\"").into_owned();
    std::fs::write(dir.path().join(LOCK), old).unwrap();
    let stack = "services: {api: {image: 'acme/api:1.2'}, db: {image: postgres}}\n";
    std::fs::write(dir.path().join("compose.yaml"), stack).unwrap();
    let ran = run(dir.path(), &["images", "lock", "--check"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(
        lines[0].starts_with("acme/api:1.2 was locked ") && lines[0].ends_with(" days ago"),
        "{}",
        ran.out
    );
    assert_eq!(
        lines[1..],
        [
            "acme/worker:latest is no longer used",
            "postgres is not locked",
            "docker image inspect acme/api:1.2 postgres | oomlint images lock"
        ]
    );
    let young = run(dir.path(), &["images", "lock", "--check", "--older-than", "100000"]);
    assert!(!young.out.contains("days ago"), "{}", young.out);
}

/// A hook is given the lock file that changed: the stacks that it holds for are checked.
#[test]
fn a_named_lock_puts_its_stacks_in_scope() {
    let stack = "services: {a: {image: 'acme/api:1.2', mem_limit: 512m}}\n";
    let dir = tree(&[("sub/compose.yaml", stack), ("compose.yaml", stack), ("other/compose.yaml", stack)]);
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    lock(dir.path(), &json!([api()]));
    std::fs::write(dir.path().join("other").join(LOCK), "{\"version\": 1, \"images\": []}").unwrap();
    let ran = run(dir.path(), &["--format", "concise", "--select", "heap-exceeds-limit", LOCK]);
    let places: Vec<&str> = ran.out.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(places, ["compose.yaml", "sub/compose.yaml"], "{}", ran.err);
    // Those that lose a fact are checked, too.
    let ran = run(
        dir.path(),
        &["--format", "concise", "--select", "missing-swap-limit", "other/.oomlint-images.json"],
    );
    assert!(ran.out.starts_with("other/compose.yaml:") && ran.out.lines().count() == 1, "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_fence_is_read() {
    let dir = tree(&[("in/compose.yaml", STACK)]);
    lock(dir.path(), &json!([api()]));
    let inside = dir.path().join("in");
    assert_eq!(found(&inside, "heap-exceeds-limit").len(), 1);
    let fenced = |arguments: &[&str]| run(&inside, &[arguments, &["--restrict-to", "."]].concat());
    assert_eq!(fenced(&["--select", "heap-exceeds-limit"]).code, Some(0));
    std::os::unix::fs::symlink(dir.path().join(LOCK), inside.join(LOCK)).unwrap();
    let ran = fenced(&["--select", "heap-exceeds-limit"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.err.contains(LOCK) && !ran.err.contains("app.jar"), "{}", ran.err);
    let before = text(dir.path());
    let ran = run_with(&inside, &["images", "lock", "--restrict-to", "."], &json!([worker()]).to_string());
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert_eq!(text(dir.path()), before);
}

#[test]
fn a_row_is_something_that_is_known() {
    let dir = tree(&[
        ("compose.yaml", "services: {a: {image: acme/proxy}, b: {image: acme/other}}\n"),
        (".oomlint.yaml", "images: [{repositories: [acme/proxy], minimum: {mib: 64}}]\n"),
    ]);
    let out = run(dir.path(), &["inspect"]).out;
    assert!(out.contains("unknown: not known for `acme/proxy`"), "{out}");
    assert!(out.contains("unknown: `acme/other` is an unknown image"), "{out}");
    assert!(run(dir.path(), &[]).out.contains("healthcheck: acme/other ("));
}

/// Returns the entries of a text, as of a day.
fn read(text: &str) -> Vec<oomlint::lock::Entry> {
    let mask: &dyn Fn(&[&str]) -> Vec<String> = &|words| secret::words(words);
    entries(text, &Reading { today: "2026-12-31", catalog: Catalog::builtin(), mask }).unwrap().0
}

fn locked(entries: Vec<oomlint::lock::Entry>) -> String {
    let mut file = LockFile::default();
    file.merge(entries);
    file.to_text().unwrap()
}

/// Begins every text that must not be kept.
const MARK: &str = "qzqjv";

/// Names of variables: ones that runtimes read, ones that sound so, and any.
fn variable() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "JAVA_OPTS",
            "JAVA_TOOL_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "NODE_OPTIONS",
            "GOMEMLIMIT",
            "ES_JAVA_OPTS",
            "JAVA_VERSION",
            "MAX_HEAP_SIZE",
            "PYTHONMALLOC",
            "DOTNET_GCHeapHardLimit",
            "MY_HEAP_KEY",
            "JAVA_SECRET",
            "PATH",
            "MEMORY",
            "PHP_MEMORY_LIMIT",
            "KAFKA_HEAP_OPTS",
            "NODE_VERSION",
            "CATALINA_OPTS",
        ])
        .prop_map(str::to_owned),
        "[A-Z_]{1,12}",
    ]
}

/// Values with secrets in them, around flags that are kept.
fn value() -> impl Strategy<Value = String> {
    let secret = "[a-z0-9=/+-]{0,8}".prop_map(|rest| format!("{MARK}{rest}"));
    let word = prop_oneof![
        secret.clone(),
        secret.clone().prop_map(|secret| format!("-Dkey={secret}")),
        secret.clone().prop_map(|secret| format!("-Xmx{secret}")),
        secret.clone().prop_map(|secret| format!("-XX:HeapSize={secret}")),
        secret.clone().prop_map(|secret| format!("-XX:{secret}")),
        secret.clone().prop_map(|secret| format!("-XX:+{secret}")),
        secret.clone().prop_map(|secret| format!("--max-old-space-size={secret}")),
        secret.prop_map(|secret| format!("--max-old-space-size {secret}")),
        Just("-Xmx512m".to_owned()),
        Just("--max-old-space-size=300".to_owned()),
        Just("--require".to_owned()),
    ];
    proptest::collection::vec(word, 1..5).prop_map(|words| words.join(" "))
}

fn any_image() -> impl Strategy<Value = Value> {
    let words = proptest::option::of(proptest::collection::vec("[ -~]{0,12}", 0..4));
    let health =
        proptest::option::of((proptest::collection::vec("[ -~]{0,12}", 0..4), 0_i64..9_000_000_000_000));
    let names = proptest::collection::vec("[a-c]{1,2}(/[a-c])?(:[0-9])?", 0..3);
    let environment = proptest::collection::vec((variable(), value()), 0..8);
    (names, words.clone(), words, health, environment, proptest::bool::ANY).prop_map(
        |(names, entrypoint, command, health, environment, digest)| {
            let environment: Vec<String> =
                environment.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            json!({
                "RepoTags": names,
                "RepoDigests": if digest { vec![format!("a@{DIGEST}")] } else { Vec::new() },
                "Config": {
                    "Entrypoint": entrypoint, "Cmd": command, "Env": environment,
                    "Healthcheck": health.map(|(test, interval)| json!({"Test": test, "Interval": interval})),
                }
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// No value of a variable appears that is not about memory, whatever the variable and whatever is around it.
    #[test]
    fn no_other_value_ever_appears(images in proptest::collection::vec(any_image(), 1..4)) {
        let text = locked(read(&Value::Array(images).to_string()));
        prop_assert!(!text.contains(MARK), "{text}");
    }

    /// The lock of a lock is the same, and so is what is merged again, in any order.
    #[test]
    fn a_lock_of_a_lock_is_the_same(images in proptest::collection::vec(any_image(), 1..5)) {
        let inspected = Value::Array(images).to_string();
        let once = locked(read(&inspected));
        prop_assert_eq!(&locked(read(&once)), &once);
        let mut file: LockFile = serde_json::from_str(&once).unwrap();
        let changes = file.merge(read(&once));
        prop_assert_eq!((changes.added, changes.changed), (0, 0));
        prop_assert_eq!(&file.to_text().unwrap(), &once);
        let mut backwards = read(&once);
        backwards.reverse();
        prop_assert_eq!(&locked(backwards), &once);
        let source = oomlint::source::Sources::new();
        let file = source.add(Path::new(LOCK), once.clone());
        prop_assert!(oomlint::lock::ImageLock::parse(&source.get(file)).is_ok());
    }
}
