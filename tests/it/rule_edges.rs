//! Single rules at the edges of what they report: each case next to one that differs in one thing.

use std::process::Command;

use oomlint::diagnostic::Severity;

use crate::common::{Checked, tree};

/// Returns the severity of a rule's first finding about the service `it`, in capital letters: `E`, `W`, `N`; `-` without one.
fn severity(keys: &str, rule: &str) -> char {
    let compose = format!("services:\n  it: {{{keys}}}\n");
    let checked = Checked::texts(&[("compose.yaml", &compose)]);
    match checked.of_rule(rule).first().map(|finding| finding.severity) {
        Some(Severity::Error) => 'E',
        Some(Severity::Warning) => 'W',
        Some(Severity::Note) => 'N',
        None => '-',
    }
}

#[track_caller]
fn assert_reported(rule: &str, cases: &[(&str, char)]) {
    for (keys, expected) in cases {
        assert_eq!(severity(keys, rule), *expected, "{rule}: {keys}");
    }
}

#[test]
fn a_tmpfs_without_a_size() {
    let of = |target: &str| severity(&format!("image: x, tmpfs: [{target}]"), "unsized-tmpfs");
    // Sockets, locks and process numbers take a few KiB.
    for target in ["/run", "/run/", "/run/nginx", "/var/run", "/var/run/x", "/lock", "/var/lock", "/run/shmx"]
    {
        assert_eq!(of(target), '-', "{target}");
    }
    for target in
        ["/tmp", "/run/shm", "/var/run/shm", "/runs", "/lock/x", "/var/locks", "/var/lib", "/opt/run"]
    {
        assert_eq!(of(target), 'N', "{target}");
    }
    assert_reported(
        "unsized-tmpfs",
        &[
            ("image: x, tmpfs: ['/tmp:size=1m']", '-'),
            ("image: x, tmpfs: ['/tmp:mode=755']", 'N'),
            ("image: x, volumes: [{type: tmpfs, target: /tmp}]", 'N'),
            ("image: x, volumes: [{type: tmpfs, target: /tmp, tmpfs: {size: 1m}}]", '-'),
            ("image: x, volumes: [{type: tmpfs, target: /run}]", '-'),
        ],
    );
}

/// A test without `CMD` begins with its program. One that the image lacks is the smaller mistake of two.
#[test]
fn a_test_that_lacks_its_first_word() {
    let help = |image: &str, test: &str| {
        let compose = format!("services:\n  it: {{image: '{image}', healthcheck: {{test: {test}}}}}\n");
        let checked = Checked::texts(&[("compose.yaml", &compose)]);
        let found = checked.of_rule("invalid-healthcheck");
        let finding = found.first().unwrap_or_else(|| panic!("{test}: nothing"));
        let fix = finding.fixes.first().map(|fix| fix.title.clone());
        (fix, finding.help.clone())
    };
    let (fix, _) = help("debian:13", "[true]");
    assert!(fix.is_some());
    for (image, test, lacks) in [
        ("alpine:3.22", "[curl, -f, 'http://localhost/']", true),
        ("alpine:3.22", "[/usr/bin/curl, -f, 'http://localhost/']", true),
        ("alpine:3.22", "[wget, -q, 'http://localhost/']", false),
        ("buildpack-deps:trixie", "[curl, -f, 'http://localhost/']", false),
        ("acme/x", "[curl, -f, 'http://localhost/']", false),
    ] {
        let (fix, help) = help(image, test);
        assert_eq!(fix.is_none(), lacks, "{image} {test}: {fix:?} {help:?}");
    }
}

/// A row of the configuration says what an image needs of /dev/shm, and when.
#[test]
fn what_decides_on_shared_memory() {
    let row = "images: [{repositories: [acme/x], source: x, shared-memory: {enough: 256m, why: it needs it, only-flags: [--big], unless-flags: [--no-shm], unless-set: [NO_SHM], source: x}}]\n";
    let found = |keys: &str, preset: &str| {
        let compose = format!("services: {{it: {{image: acme/x, {keys}}}}}\n");
        let dir = tree(&[("compose.yaml", &compose), (".oomlint.yaml", row)]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
        command.args(["--format", "concise", "--select", "small-shm", "--preset", preset]);
        let output = command.current_dir(dir.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        text.split_once(": ").and_then(|(_, rest)| rest.split('[').next()).unwrap_or_default().to_owned()
    };
    for (keys, recommended, strict) in [
        ("command: run --big", "warning", "warning"),
        ("command: run --bigger", "warning", "warning"),
        ("command: run --small", "", "note"),
        ("command: run", "", "note"),
        ("command: run --big --no-shm", "", ""),
        ("command: 'run --big ${X}'", "", ""),
        ("command: run --big, environment: {NO_SHM: '1'}", "", ""),
        ("command: run --big, environment: {NO_SHM: '${X}'}", "", ""),
        ("command: run --big, environment: {SHM: '1'}", "warning", "warning"),
        ("command: run, environment: {ARGS: --big}", "warning", "warning"),
        ("command: run --big, env_file: gone.env", "", ""),
        ("command: run --big, shm_size: 64m", "", ""),
        ("command: run --big, shm_size: 65m", "", ""),
        ("command: run --big, ipc: host", "", ""),
    ] {
        let all = (found(keys, "recommended"), found(keys, "strict"));
        assert_eq!(all, (recommended.to_owned(), strict.to_owned()), "{keys}");
    }
}

/// Returns the messages about suppressions that nothing needs.
fn suppressions(files: &[(&str, &str)]) -> Vec<String> {
    let dir = tree(files);
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args([
        "--format",
        "concise",
        "--select",
        "unused-suppression,unknown-rule,missing-memory-limit,heap-exceeds-limit",
    ]);
    let output = command.current_dir(dir.path()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// A service's own suppressions are about all the files that it is merged of: each name is unused at most once.
#[test]
fn suppressions_of_a_service_are_unused_once() {
    let service = |ignore: &str, limit: &str| {
        format!(
            "services:\n  it:\n    image: acme/x\n{limit}    x-oomlint: {{ignore: [{ignore}], reason: x}}\n"
        )
    };
    let over = |number: usize| (format!("compose.{number}.yaml"), "services: {it: {cpus: 1}}\n".to_owned());
    for overlays in [0, 1, 3] {
        for (ignore, limit, expected) in [
            ("missing-memory-limit", "", 0),
            ("missing-memory-limit", "    mem_limit: 1g\n", 1),
            ("heap-exceeds-limit, missing-memory-limit", "", 1),
            ("heap-exceeds-limit, missing-memory-limit", "    mem_limit: 1g\n", 2),
            ("limits", "", 0),
            ("no-such-rule", "    mem_limit: 1g\n", 1),
        ] {
            let base = service(ignore, limit);
            let mut files = vec![("compose.yaml".to_owned(), base)];
            files.extend((0..overlays).map(over));
            let files: Vec<(&str, &str)> =
                files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let found = suppressions(&files);
            assert_eq!(found.len(), expected, "{overlays} {ignore} {limit}: {found:#?}");
        }
    }
}

/// A suppression of a service holds in each override file of its base.
#[test]
fn suppressions_of_a_service_hold_in_every_override_file() {
    let base = |ignore: &str| {
        format!("services: {{it: {{image: acme/x, x-oomlint: {{ignore: [{ignore}], reason: x}}}}}}\n")
    };
    let over = "services: {it: {mem_limit: 1g, memswap_limit: 512m}}\n";
    for (ignore, expected) in [("swap-below-limit, missing-memory-limit", 0), ("missing-memory-limit", 3)] {
        let base = base(ignore);
        let files = [
            ("compose.yaml", base.as_str()),
            ("compose.dev.yaml", over),
            ("compose.prod.yaml", over),
            ("compose.test.yaml", over),
        ];
        let checked = Checked::tree(&files, "");
        let found = checked.of_rule("swap-below-limit").len();
        let unused = checked.of_rule("unused-suppression").len();
        assert_eq!((found, unused), (expected, 0), "{ignore}");
    }
}

/// A stack without services has a budget only if something of it cannot be read.
#[test]
fn a_stack_without_services_may_have_gaps() {
    let budget = |files: &[(&str, &str)]| {
        let dir = tree(files);
        let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
        let output = command.args(["budget", "--format", "json"]).current_dir(dir.path()).output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let stacks = json["stacks"].as_array().cloned().unwrap_or_default();
        stacks
            .iter()
            .map(|stack| {
                (stack["services"].as_array().unwrap().len(), stack["gaps"].as_array().unwrap().len())
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(budget(&[("compose.yaml", "services: {it: {image: x}}\n")]), [(1, 0)]);
    assert_eq!(budget(&[("compose.yaml", "services: {}\n")]), []);
    assert_eq!(budget(&[("compose.yaml", "include: [gone.yaml]\nservices: {}\n")]), [(0, 1)]);
    assert_eq!(budget(&[("compose.yaml", "include: [gone.yaml]\nservices: {it: {image: x}}\n")]), [(1, 1)]);
    // A lone Dockerfile is no stack.
    assert_eq!(
        budget(&[("Dockerfile", "FROM eclipse-temurin:21-jre\nCMD [\"java\", \"-jar\", \"a.jar\"]\n")]),
        []
    );
    let two = [("a/compose.yaml", "services: {}\n"), ("b/compose.yaml", "services: {it: {image: x}}\n")];
    assert_eq!(budget(&two), [(1, 0)]);
}

/// The minimum of an image is for its server, or for what may be it.
#[test]
fn the_minimum_is_for_the_server() {
    let keycloak = |keys: &str| format!("image: 'quay.io/keycloak/keycloak:26', mem_limit: 256m, {keys}");
    for (keys, expected) in [
        ("command: start", 'W'),
        ("command: '${X}'", 'W'),
        ("command: [/other]", 'W'),
        ("entrypoint: ['/opt/keycloak/bin/kc.sh', start]", 'W'),
        ("entrypoint: '${X}'", '-'),
        ("entrypoint: [/other]", '-'),
        ("entrypoint: [sleep]", '-'),
    ] {
        assert_eq!(severity(&keycloak(keys), "limit-below-image-minimum"), expected, "{keys}");
    }
    let mssql =
        |keys: &str| format!("image: 'mcr.microsoft.com/mssql/server:2022-latest', mem_limit: 1g, {keys}");
    for (keys, expected) in [
        ("restart: always", 'W'),
        ("command: /run.sh", 'W'),
        ("entrypoint: /run.sh", '-'),
        ("entrypoint: [sleep, '1']", '-'),
    ] {
        assert_eq!(severity(&mssql(keys), "limit-below-image-minimum"), expected, "{keys}");
    }
}

/// `sh` of Debian is dash, unless the build makes it another shell.
#[test]
fn the_shell_of_an_image_may_be_replaced() {
    for (steps, stays) in [
        ("", true),
        ("RUN echo x\n", true),
        ("RUN ln -sf bash /bin/sh\n", false),
        ("RUN dpkg-reconfigure dash\n", false),
        (
            "RUN echo 'dash dash/sh boolean false' | debconf-set-selections && dpkg-reconfigure -f noninteractive dash\n",
            false,
        ),
        ("COPY sh /bin/sh\n", false),
        ("COPY sh /usr/local/bin/ash\n", true),
    ] {
        let dockerfile = format!("FROM debian:13-slim\n{steps}CMD node a.js\n");
        let checked = Checked::texts(&[("Dockerfile", &dockerfile)]);
        assert_eq!(!checked.of_rule("shell-form-start").is_empty(), stays, "{steps}");
    }
}

/// The key of the limit in effect is the one that sets it, also where an anchor gives several keys one value.
#[test]
fn the_key_of_a_limit_is_its_own() {
    let keys = |keys: &str| {
        let checked =
            Checked::texts(&[("compose.yaml", &format!("services:\n  it: {{image: x, {keys}}}\n"))]);
        let workload = &checked.outcome.projects[0].workloads[0];
        let name = |key: Option<&oomlint::workload::SizeKey>| key.map(|key| key.name);
        (name(workload.limit_key()), name(workload.reservation_key()))
    };
    let (limit, below) = (Some("mem_limit"), Some("deploy.resources.limits.memory"));
    let (reservation, reserved) = (Some("mem_reservation"), Some("deploy.resources.reservations.memory"));
    for (text, expected) in [
        ("mem_limit: 1g", (limit, None)),
        ("mem_limit: 1g, mem_reservation: 1g", (limit, reservation)),
        ("mem_limit: &m 1g, mem_reservation: *m", (limit, reservation)),
        ("mem_reservation: &m 1g, memswap_limit: *m, mem_limit: *m", (limit, reservation)),
        ("deploy: {resources: {limits: {memory: 1g}}}", (below, None)),
        ("deploy: {resources: {limits: {memory: &m 1g}, reservations: {memory: *m}}}", (below, reserved)),
        ("mem_limit: &m 1g, deploy: {resources: {limits: {memory: *m}}}", (below, None)),
        ("mem_limit: 2g, deploy: {resources: {limits: {memory: 1g}}}", (below, None)),
        ("mem_limit: 2g, deploy: {resources: {limits: {memory: '0'}}}", (limit, None)),
        ("mem_limit: '${X}'", (None, None)),
        ("memswap_limit: 1g", (None, None)),
    ] {
        assert_eq!(keys(text), expected, "{text}");
    }
}

/// `MinRAMPercentage` is the largest heap where memory is small, and no minimum of any.
#[test]
fn a_minimum_of_the_heap_that_is_none() {
    let java = |flags: &str, limit: &str| {
        format!("image: 'amazoncorretto:21', command: java {flags} -jar a.jar{limit}")
    };
    for (flags, limit, expected) in [
        ("-XX:MinRAMPercentage=60.0", "", 'N'),
        ("-XX:MinRAMPercentage=60.0 -XX:MaxRAMPercentage=60.0", "", '-'),
        ("-XX:MinRAMPercentage=60.0 -XX:MaxRAMPercentage=70.0", "", 'N'),
        ("-XX:MinRAMPercentage=60.0 -Xmx512m", "", 'N'),
        ("-XX:MinRAMPercentage=0.0", "", '-'),
        ("-XX:MinRAMPercentage=60.0", ", mem_limit: '${X}'", '-'),
        ("-XX:MinRAMPercentage=60.0 -XX:MaxRAM=1g", "", '-'),
        ("-XX:MaxRAMPercentage=60.0", "", '-'),
    ] {
        let found = severity(&java(flags, limit), "min-ram-percentage");
        assert_eq!(found, expected, "{flags} {limit}");
    }
}

/// A service that serves, with a limit, stays down after a kill unless a policy is set.
#[test]
fn what_stays_down_after_a_kill() {
    assert_reported(
        "unstated-restart",
        &[
            ("image: 'redis:8', mem_limit: 1g", 'N'),
            ("image: 'redis:8'", '-'),
            ("image: 'redis:8', mem_limit: 0", '-'),
            ("image: 'redis:8', mem_limit: 1g, restart: always", '-'),
            ("image: 'redis:8', mem_limit: 1g, restart: 'no'", '-'),
            ("image: 'redis:8', mem_limit: 1g, restart: '${X}'", '-'),
            ("image: 'redis:8', mem_limit: 1g, deploy: {restart_policy: {condition: any}}", '-'),
            ("image: 'redis:8', mem_limit: 1g, scale: 0", '-'),
            ("image: 'redis:8', mem_limit: 1g, command: sleep infinity", '-'),
            ("image: 'python:3.13', mem_limit: 1g, command: pytest", '-'),
            ("image: 'python:3.13', mem_limit: 1g, command: sh -c 'while true; do date; sleep 5; done'", '-'),
            ("image: 'python:3.13', mem_limit: 1g, command: python app.py", 'N'),
        ],
    );
}

/// Returns message and help of a rule's findings.
fn told(files: &[(&str, &str)], rule: &str) -> Vec<(String, String)> {
    let checked = Checked::texts(files);
    let found = checked.of_rule(rule);
    found.iter().map(|found| (found.message.clone(), found.help.clone().unwrap_or_default())).collect()
}

/// The engine takes an interval of 0 for its default.
#[test]
fn a_probe_with_a_jvm_is_as_frequent_as_the_engine_makes_it() {
    for (interval, expected) in [
        ("", " every 30s"),
        (", interval: 0s", " every 30s"),
        (", interval: 1s", " every 1s"),
        (", interval: 5m", " every 5m"),
        (", interval: '${I}'", "`)"),
    ] {
        let text = format!(
            "services: {{it: {{image: 'eclipse-temurin:21-jre', healthcheck: {{test: [CMD, java, -version]{interval}}}}}}}\n"
        );
        let found = told(&[("compose.yaml", &text)], "costly-healthcheck");
        let found = found.first().unwrap_or_else(|| panic!("{interval}: nothing"));
        assert!(found.0.ends_with(expected), "{interval}: {}", found.0);
    }
}

/// A heap that may be bound where nobody can look is a note, as is one of a program that is assumed.
#[test]
fn a_heap_that_may_be_bound_elsewhere_is_a_note() {
    let known = "image: 'eclipse-temurin:21-jre', command: [java, -jar, a.jar]";
    assert_reported("unbounded-heap", &[(known, 'W')]);
    let script = "image: 'eclipse-temurin:21-jre', command: [/start.sh], volumes: ['./start.sh:/start.sh']";
    let assumed = severity(script, "unbounded-heap");
    assert!(matches!(assumed, 'N' | '-'), "{assumed}");
    let env = format!("{known}, env_file: gone.env");
    let unseen = severity(&env, "unbounded-heap");
    assert!(matches!(unseen, 'N' | '-'), "{unseen}");
}

/// Nothing that idles, that ends or that never runs has data to write before it stops.
#[test]
fn who_has_nothing_to_write_may_be_killed() {
    let database = "image: 'postgres:17'";
    let with = |more: &str| format!("{database}{more}");
    assert_reported(
        "short-stop-grace-period",
        &[
            (&with(""), 'N'),
            (&with(", stop_grace_period: 89s"), 'N'),
            (&with(", stop_grace_period: 90s"), '-'),
            (&with(", stop_grace_period: '${P}'"), '-'),
            (&with(", scale: 0"), '-'),
            (&with(", restart: 'no', command: [psql, -c, select 1]"), '-'),
            (&with(", entrypoint: [sleep, infinity]"), '-'),
        ],
    );
}

/// Paths of an extended file are relative to that file, in each form of `env_file`.
#[test]
fn an_extended_env_file_is_where_its_service_is() {
    let whole = "services: {it: {extends: {file: below/base.yaml, service: base}}}\n";
    for form in ["heap.env", "[heap.env]", "[{path: heap.env}]", "[{path: heap.env, required: false}]"] {
        let base = format!(
            "services: {{base: {{image: 'eclipse-temurin:21-jre', command: [java, -jar, a.jar], mem_limit: 1g, env_file: {form}}}}}\n"
        );
        let files = [
            ("compose.yaml", whole),
            ("below/base.yaml", &base),
            ("below/heap.env", "JAVA_TOOL_OPTIONS=-Xmx2g\n"),
        ];
        let checked = Checked::tree(&files, "");
        let found = checked.of_rule("heap-exceeds-limit");
        assert!(
            found.iter().any(|found| found.message.contains("2 GiB")),
            "{form}: {:?}",
            checked.outcome.findings
        );
    }
}

/// A healthcheck that is there gets a test alone: its other keys stay.
#[test]
fn a_probe_is_offered_with_the_keys_that_are_not_there() {
    for (healthcheck, expected) in
        [("", "  healthcheck:\n    test:"), (", healthcheck: {interval: 10s}", "  test:")]
    {
        let text = format!("services: {{it: {{image: 'redis:8'{healthcheck}}}}}\n");
        let found = told(&[("compose.yaml", &text)], "missing-healthcheck");
        let help = found.first().map_or("", |(_, help)| help.as_str());
        assert!(help.contains(expected), "{healthcheck}: {help}");
        assert_eq!(help.contains("interval: 30s"), healthcheck.is_empty(), "{help}");
    }
}
