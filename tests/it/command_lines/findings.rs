//! What is reported of containers that command lines start.

use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::diagnostic::{Finding, Severity};
use oomlint::discover::{Discovered, FileKind};
use oomlint::rules::Preset;
use oomlint::source::Sources;
use oomlint::syntax::command_line::Notation;

fn check(path: &str, text: &str, notation: Notation) -> Vec<Finding> {
    let sources = Sources::new();
    sources.add(Path::new(path), text);
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from(path), FileKind::Commands(notation));
    check::run(&Options::default(), &sources, &discovered).findings
}

pub(super) fn run(line: &str) -> Vec<Finding> {
    check("<run>", line, Notation::Lines)
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule).collect()
}

/// Shows rule, severity and text at the primary place.
fn shown(line: &str) -> Vec<String> {
    let severity = |finding: &Finding| match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let found = run(line);
    found
        .iter()
        .map(|finding| {
            format!("{} {} {}", severity(finding), finding.rule, &line[finding.primary.span.range()])
        })
        .collect()
}

#[test]
fn the_rules_of_compose_hold_for_flags() {
    for (line, expected) in [
        ("docker run -d -m 1g --memory-swap 512m acme/x", "error swap-below-limit 512m"),
        ("docker run -d --memory-swap 1g acme/x", "error swap-without-limit 1g"),
        ("docker run -d -m 512Mi acme/x", "error invalid-memory-value 512Mi"),
        ("docker run -d --memory=-1 acme/x", "error invalid-memory-value -1"),
        ("docker run -d --shm-size 1,5g acme/x", "error invalid-memory-value 1,5g"),
        ("docker run -d -m 4m acme/x", "error memory-limit-below-minimum 4m"),
        ("docker run -d -m 1g --memory-reservation 2g acme/x", "error reservation-exceeds-limit 2g"),
        (
            "docker run -d -m 512m -e JAVA_TOOL_OPTIONS=-Xmx1g eclipse-temurin:21 java -jar a.jar",
            "error heap-exceeds-limit 512m",
        ),
        ("docker run -d -m 512m eclipse-temurin:21 java -Xmx1g -jar a.jar", "error heap-exceeds-limit 512m"),
        ("docker run -d --oom-kill-disable acme/x", "error disabled-oom-killer --oom-kill-disable"),
        (
            "docker service create --limit-memory 1g --reserve-memory 2g acme/x",
            "warning reservation-exceeds-limit 2g",
        ),
        ("docker run -d --mem 1g acme/x", "error unknown-memory-key --mem"),
        ("docker run -d -m 1g --memory_swap 1g acme/x", "error unknown-memory-key --memory_swap"),
        ("docker service create -m 1g acme/x", "error unknown-memory-key -m"),
        ("docker run -d acme/x", "warning missing-memory-limit docker run"),
        ("docker run -d redis:7", "warning missing-healthcheck docker run"),
        ("podman run -d --restart always -m 1g --memory-swap 512m acme/x", "error swap-below-limit 512m"),
    ] {
        let found = shown(line);
        assert!(found.iter().any(|one| one == expected), "{line}: {found:?}");
    }
}

#[test]
fn flags_without_effect_are_named() {
    for (line, expected) in [
        ("docker run -d nginx -m 512m", "warning ineffective-flag -m 512m"),
        ("docker run -d nginx --memory=512m --name x", "warning ineffective-flag --memory=512m"),
        ("docker run -d redis -e A=1 --memory-swap 1g", "error ineffective-flag --memory-swap 1g"),
        ("docker run -d acme/x --memory-swap -1", "error ineffective-flag --memory-swap -1"),
        ("docker run -d acme/x --oom-kill-disable", "error ineffective-flag --oom-kill-disable"),
        ("docker run -d acme/x --shm-size=1g", "error ineffective-flag --shm-size=1g"),
        ("docker run -d acme/x --pids-limit 10", "error ineffective-flag --pids-limit 10"),
        ("docker run -d acme/x --memory-swappiness -1", "error ineffective-flag --memory-swappiness -1"),
        ("docker run -d acme/x -e JAVA_OPTS=-Xmx1g", "warning ineffective-flag -e JAVA_OPTS=-Xmx1g"),
        ("docker run --rm true nginx", "error ineffective-flag true"),
        (
            "docker run -d --entrypoint 'java -Xmx1g' acme/x",
            "error ineffective-flag --entrypoint 'java -Xmx1g'",
        ),
        ("docker run -d -m 1g --kernel-memory 50m acme/x", "warning ineffective-flag --kernel-memory 50m"),
    ] {
        let found = shown(line);
        assert!(found.iter().any(|one| one == expected), "{line}: {found:?}");
    }
    for line in [
        "docker run -d memcached:1.6 -m 64m",
        "docker run -d acme/x -m 4",
        "docker run -d acme/x --memory-swap 0",
        "docker run -d acme/x --memory-swap on",
        "docker run -d acme/x --memory-swap -2",
        "docker run -d acme/x --memory-reservation low",
        "docker run -d acme/x --cpus 1",
        "docker run -d acme/x tool -m 512m",
        "docker run -d acme/x sh -c 'x -m 512m'",
        "docker run -d --entrypoint x acme/x -m 512m",
        "docker run -d $IMAGE -m 512m",
        "docker run -d acme/x -e perl",
        "docker service create --entrypoint 'java -Xmx1g' acme/x",
        "docker run --rm=true acme/x",
    ] {
        assert!(!rules(&run(line)).contains(&"ineffective-flag"), "{line}");
    }
}

#[test]
fn what_runs_for_a_moment_lacks_nothing() {
    for line in [
        "docker run --rm -it ubuntu bash",
        "docker run -it redis redis-cli",
        "docker run --rm -v $PWD:/x node:22 npm test",
        "docker run --rm --network host acme/x",
        "docker run --help",
        "docker run [OPTIONS] IMAGE [COMMAND]",
        "docker run $OPTS acme/x",
        "docker run -d $DOCKER_ARGS redis",
    ] {
        assert_eq!(rules(&run(line)), Vec::<&str>::new(), "{line}");
    }
    // In the foreground, or removed at its end: notes.
    for line in ["docker run -p 80:80 nginx", "docker run -d --rm redis"] {
        let found = run(line);
        assert!(!found.is_empty(), "{line}");
        assert!(
            found.iter().all(|finding| finding.severity == Severity::Note),
            "{line}: {:?}",
            rules(&found)
        );
    }
}

#[test]
fn variables_are_unknown_and_not_absent() {
    for line in [
        "docker run -d -m $MEM redis:7",
        "docker run -d -m \"${MEM:-512m}\" --memory-swap 256m redis:7",
        "docker run -d -m 1g --memory-swap ${SWAP} redis:7",
    ] {
        let found = run(line);
        let silent = ["missing-memory-limit", "swap-below-limit", "swap-without-limit", "missing-swap-limit"];
        assert!(!rules(&found).iter().any(|rule| silent.contains(rule)), "{line}: {:?}", rules(&found));
    }
}

#[test]
fn help_is_flags_and_never_keys() {
    let keys = [
        "mem_limit",
        "mem_reservation",
        "memswap_limit",
        "mem_swappiness",
        "oom_kill_disable",
        "pids_limit",
        "`cpus",
        "`restart",
        "stop_grace_period",
        "`logging",
        "`test",
        "deploy.",
        "environment`",
        "shm_size",
        "Compose",
        "healthcheck:\n",
        "merged in",
    ];
    for line in [
        "docker run -d -m 1g --memory-swap 512m redis:7",
        "docker run -d --memory-swap 1g acme/x",
        "docker run -d -m 512Mi acme/x",
        "docker run -d -m 512m -e JAVA_TOOL_OPTIONS=-Xmx1g eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 256m postgres:17",
        "docker run -d -m 512m --memory-swap -1 redis:7",
        "docker run -d --memory-swappiness 0 -m 1g redis:7",
        "docker run -d --restart=sometimes -m 1g redis:7",
        "docker run -d --tmpfs /run -m 1g redis:7",
        "docker run -d --health-cmd NONE -m 1g redis:7",
        "docker run -d --oom-kill-disable redis:7",
        "docker run -d selenium/standalone-chrome:4.25.0",
        "docker service create --name db postgres:17",
        "docker service create --limit-memory 100k --name db postgres:17",
        "docker run -d -m 1g -e bootstrap.memory_lock=true elasticsearch:8.1.0",
        "docker run -d -m 2g -e JAVA_OPTS=-Xmx1g eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 2g -e 'JAVA_TOOL_OPTIONS=-Xmx1gb' eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 1g --memory-swap 2g --oom-kill-disable --memory-swappiness 50 redis:7",
        "docker run -d -m 64 redis:7",
        "docker run -d -m 1g --memory-reservation 2g --restart always -v /dev/shm:/dev/shm redis:7",
        "docker run -d -m 1g --shm-size -1 --cpus 0 --pids-limit -1 redis:7",
        "docker run -d -m 1g --stop-timeout 1 --log-opt max-file=3 --no-healthcheck postgres:17",
        "docker run -d -m 1g --restart always -e JAVA_TOOL_OPTIONS=-Xmx2g eclipse-temurin:21 java -jar a.jar",
        "docker run -d --health-cmd 'java -version' eclipse-temurin:21 java -XX:MaxRAMPercentage=80 -jar a.jar",
        "docker run -d -m 1g acme/x sh -c 'a & b & wait'",
        "M=512Mi; docker run -d -m $M --name mem acme/x",
        "docker service create --limit-memory 512Mi --memory-swap 1g --no-healthcheck postgres:17",
        "docker service create --memory-swappiness 50 --limit-memory 1g --stop-grace-period 1s postgres:17",
    ] {
        let options = Options { preset: Some(oomlint::rules::Preset::Strict), ..Options::default() };
        let sources = Sources::new();
        sources.add(Path::new("<run>"), line);
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("<run>"), FileKind::Commands(Notation::Lines));
        let found = check::run(&options, &sources, &discovered).findings;
        assert!(!found.is_empty(), "{line}");
        for finding in found {
            assert!(finding.fixes.is_empty(), "{line}");
            // Help has something to write: in backticks, or on a line of its own.
            let help = finding.help.as_deref().unwrap_or("`");
            let is_advice = help.contains('`') || help.contains("\n  -");
            let of_image = finding.rule == "unsupported-base-image";
            assert!(is_advice || of_image, "{line}: {}: {help}", finding.rule);
            assert!(!help.contains("the line"), "{line}: {help}");
            let texts =
                finding.notes.iter().chain(&finding.help).chain([&finding.message, &finding.primary.text]);
            let texts: Vec<&String> = texts.chain(finding.related.iter().map(|label| &label.text)).collect();
            for text in texts {
                assert!(!keys.iter().any(|key| text.contains(key)), "{line}: {}: {text}", finding.rule);
                let of_service = line.starts_with("docker run") && text.contains("service");
                assert!(!of_service, "{line}: {}: {text}", finding.rule);
            }
        }
    }
}

#[test]
fn help_has_the_flag_to_write() {
    for (line, rule, expected) in [
        (
            "docker run -d -m 1g --oom-kill-disable redis:7",
            "disabled-oom-killer",
            "remove `--oom-kill-disable`",
        ),
        (
            "docker run -d -m 1g --memory-swappiness=50 redis:7",
            "ineffective-swappiness",
            "a `--memory-swap` equal to the memory limit",
        ),
        (
            "docker run -d -m 1g -e bootstrap.memory_lock=true elasticsearch:8.1.0",
            "memory-lock-without-ulimit",
            "allow it:\n  --ulimit memlock=-1",
        ),
        (
            "docker run -d -m 2g -e JAVA_OPTS=-Xmx1g eclipse-temurin:21 java -jar a.jar",
            "unread-heap-variable",
            "-e JAVA_TOOL_OPTIONS=-Xmx1g",
        ),
        ("docker run -d --memory 64 redis:7", "memory-limit-below-minimum", "--memory 64m"),
        (
            "docker run -d -m 1g -e JAVA_TOOL_OPTIONS=-Dx=y eclipse-temurin:21 java -jar a.jar",
            "unbounded-heap",
            "in `JAVA_TOOL_OPTIONS`:\n  -e \"JAVA_TOOL_OPTIONS=-Dx=y -XX:MaxRAMPercentage=70.0\"",
        ),
        (
            "docker run -d -m 1g eclipse-temurin:21 java -Xmx512mb -jar a.jar",
            "malformed-heap-setting",
            "write `-Xmx512m`",
        ),
        (
            "docker run -d -m 1g eclipse-temurin:21 java -XX:MaxPermSize=1g -jar a.jar",
            "removed-jvm-flag",
            "-XX:MaxMetaspaceSize=1g",
        ),
        (
            "docker run -d --mount type=tmpfs,destination=/x redis:7",
            "unsized-tmpfs",
            "`tmpfs-size=<size>` in its `--mount`",
        ),
        ("docker run -d --tmpfs /x:rw,noexec redis:7", "unsized-tmpfs", "`/x:rw,noexec,size=<size>`"),
        (
            "docker run -d -e JAVA_TOOL_OPTIONS=-Xmx1g acme/x",
            "missing-memory-limit",
            "set `--memory` of `x` to 1408m:\n  --memory 1408m",
        ),
        (
            "docker service create -e JAVA_TOOL_OPTIONS=-Xmx1g acme/x",
            "missing-memory-limit",
            "set `--limit-memory` of `x` to 1408m:\n  --limit-memory 1408m",
        ),
        (
            "docker service create --limit-memory 64 redis:7",
            "memory-limit-below-minimum",
            "--limit-memory 64m",
        ),
        (
            "docker run -d -m 1g redis:7",
            "missing-swap-limit",
            "(`--memory-swap` is memory plus swap):\n  --memory-swap 1g",
        ),
        ("docker run -d -v /dev/shm:/dev/shm redis:7", "unsized-tmpfs", "use `--shm-size <size>` instead"),
        (
            "docker service create --mount type=bind,source=/dev/shm,destination=/dev/shm redis:7",
            "unsized-tmpfs",
            "write `--mount type=tmpfs,destination=/dev/shm,tmpfs-size=<size>`",
        ),
    ] {
        let found = run(line);
        let finding = found.iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("{line}"));
        let help = finding.help.as_deref().unwrap_or_default();
        assert!(help.contains(expected), "{line}: {help}");
    }
}

#[test]
fn only_a_number_without_a_unit_lacks_one() {
    let says = |line: &str| {
        let found = run(line);
        found.iter().flat_map(|finding| &finding.notes).any(|note| note.contains("without a unit"))
    };
    assert!(says("docker run -d -m 64 redis:7") && says("docker run -d -m 1024 redis:7"));
    assert!(!says("docker run -d -m 64k redis:7") && !says("docker run -d -m 64b redis:7"));
}

/// The help of a missing flag is the flag.
#[test]
fn help_adds_the_flag_that_is_missing() {
    let mut named = std::collections::BTreeSet::new();
    for line in [
        "docker run -d redis:7",
        "docker run -d -m 1g redis:7",
        "docker service create --limit-memory 1g nginx",
    ] {
        let sources = Sources::new();
        sources.add(Path::new("<run>"), line);
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("<run>"), FileKind::Commands(Notation::Lines));
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        for finding in check::run(&options, &sources, &discovered).findings {
            let label = finding.primary.text.clone();
            let Some(flag) = label.strip_prefix("no `").and_then(|rest| rest.strip_suffix('`')) else {
                continue;
            };
            let help = finding.help.clone().unwrap_or_default();
            assert!(help.contains(flag), "{}: {label}: {help}", finding.rule);
            named.insert(flag.to_owned());
        }
    }
    assert!(named.contains("--log-driver") && named.len() > 1, "{named:?}");
}

/// Podman hands logs to journald, and has no driver `local`.
#[test]
fn logs_of_podman_are_not_reported() {
    let of = |line: &str| {
        let sources = Sources::new();
        sources.add(Path::new("<run>"), line);
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("<run>"), FileKind::Commands(Notation::Lines));
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        rules(&check::run(&options, &sources, &discovered).findings).contains(&"unbounded-logs")
    };
    assert!(of("docker run -d -m 1g redis:7"));
    assert!(!of("podman run -d -m 1g redis:7"));
    assert!(of("podman run -d -m 1g --log-driver json-file redis:7"));
}

#[test]
fn podman_has_no_daemon() {
    let says = |line: &str| {
        run(line).iter().flat_map(|finding| &finding.notes).any(|note| note.contains("from daemon"))
    };
    for flags in ["-m 1g --memory-swap 512m", "--memory-swap 1g", "-m 1g --memory-reservation 2g"] {
        assert!(says(&format!("docker run -d {flags} redis:7")), "{flags}");
        assert!(!says(&format!("podman run -d {flags} redis:7")), "{flags}");
    }
}

#[test]
fn a_mistake_is_reported_once() {
    let found = shown("docker run -d -m 1g --memory-swappiness=150 redis:7");
    assert_eq!(found.iter().filter(|one| one.starts_with("error")).count(), 1, "{found:?}");
}

#[test]
fn several_containers_are_called_containers() {
    let found = check("run.sh", "docker run -d acme/x\ndocker run -d acme/y\n", Notation::Shell);
    let subjects: Vec<&str> =
        found.iter().filter_map(|finding| finding.group_message).map(|message| message.subject).collect();
    assert!(subjects.len() > 1 && subjects.iter().all(|subject| *subject == "containers"), "{subjects:?}");
    let swarm = run("docker service create acme/x");
    assert!(swarm.iter().filter_map(|finding| finding.group_message).any(|of| of.subject == "services"));
}

#[test]
fn podman_has_no_smallest_limit() {
    assert!(rules(&run("docker run -d -m 4m acme/x")).contains(&"memory-limit-below-minimum"));
    assert!(!rules(&run("podman run -d -m 4m acme/x")).contains(&"memory-limit-below-minimum"));
}

#[test]
fn files_next_to_it_are_read() {
    let scratch = crate::common::tree(&[
        (
            "run.sh",
            "docker run -d -m 512m --env-file app.env eclipse-temurin:21 java -jar a.jar\ndocker run -d -m 512m --env-file gone.env eclipse-temurin:21 java -jar a.jar\n",
        ),
        ("app.env", "JAVA_TOOL_OPTIONS=-Xmx1g\n"),
    ]);
    let path = scratch.path().join("run.sh");
    let sources = Sources::new();
    let mut discovered = Discovered::default();
    discovered.add(path, FileKind::Commands(Notation::Shell));
    let found = check::run(&Options::default(), &sources, &discovered).findings;
    let heaps: Vec<u32> = found
        .iter()
        .filter(|finding| finding.rule == "heap-exceeds-limit")
        .map(|finding| finding.primary.span.start)
        .collect();
    assert_eq!(heaps.len(), 1);
    assert!(heaps[0] < 80);
    assert!(!rules(&found).contains(&"unresolved-reference"));
}

#[test]
fn comments_suppress_what_is_below() {
    let script = "# oomlint: ignore[swap-below-limit] known\ndocker run -d \\\n  -m 1g \\\n  --memory-swap 512m acme/x\ndocker run -d -m 1g --memory-swap 512m acme/y\n";
    let found = check("run.sh", script, Notation::Shell);
    let swaps: Vec<u32> = found
        .iter()
        .filter(|finding| finding.rule == "swap-below-limit")
        .map(|finding| finding.primary.span.start)
        .collect();
    assert_eq!(swaps.len(), 1);
    assert!(swaps[0] > 90);
    let page = "<!-- oomlint: ignore[swap-below-limit] shown as a mistake -->\n```sh\ndocker run -d -m 1g --memory-swap 512m acme/x\n```\n";
    assert!(!rules(&check("README.md", page, Notation::Markdown)).contains(&"swap-below-limit"));
}

/// A comment covers the command on its line or below, and that one only, wherever it is in the text.
#[test]
fn a_comment_covers_one_command() {
    let command = "docker run -d -m 1g --memory-swap 512m acme/x";
    for (text, count) in [
        (format!("{command}\n"), 1),
        (format!("echo\n\n# oomlint: ignore[swap-below-limit] x\n{command}\n"), 0),
        (format!("echo\n\n# oomlint: ignore[swap-below-limit] x\n{command}\n{command}\n"), 1),
        (format!("echo\n{command} # oomlint: ignore[swap-below-limit] x\n{command}\n"), 1),
        (format!("echo\n{command} # oomlint: ignore[swap-below-limit] x"), 0),
        (format!("{command}\n# oomlint: ignore[swap-below-limit] x\n"), 1),
        (
            format!(
                "echo echo echo echo echo\n# oomlint: ignore[limits] x\n{command}\n# oomlint: ignore[limits] x\n{command}\n"
            ),
            0,
        ),
        (format!("# oomlint: ignore[swap-below-limit] x\necho\n{command}\n"), 1),
        (
            format!(
                "# oomlint: ignore[limits] x\n{command}\n# oomlint: ignore[swap-below-limit] x\n{command}\n"
            ),
            0,
        ),
        (format!("oomlint: ignore[swap-below-limit] x\n{command}\n"), 1),
        (format!("echo #\noomlint: ignore[swap-below-limit] x\n{command}\n"), 1),
    ] {
        let found = check("run.sh", &text, Notation::Shell);
        let found = found.iter().filter(|finding| finding.rule == "swap-below-limit").count();
        assert_eq!(found, count, "{text}");
    }
    for (page, count) in [
        (
            format!(
                "# A\n\n<!-- oomlint: ignore[swap-below-limit] x -->\n```sh\n{command}\n{command}\n```\n"
            ),
            0,
        ),
        (
            format!(
                "# A\n\n<!-- oomlint: ignore[swap-below-limit] x -->\n~~~sh\n{command}\n~~~\n```sh\n{command}\n```\n"
            ),
            1,
        ),
        (format!("# A\n\n```sh\n# oomlint: ignore[swap-below-limit] x\n{command}\n{command}\n```\n"), 1),
    ] {
        let found = check("README.md", &page, Notation::Markdown);
        let found = found.iter().filter(|finding| finding.rule == "swap-below-limit").count();
        assert_eq!(found, count, "{page}");
    }
}

/// Shows all advice for command lines.
#[test]
fn advice_for_command_lines() {
    let mut shown = String::new();
    for line in [
        "docker run -d -m 1g --memory-swap 512m redis:7",
        "docker run -d -m 512Mi acme/x",
        "docker run -d --memory 64 redis:7",
        "docker run -d -m 512m -e JAVA_TOOL_OPTIONS=-Xmx1g eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 512m -e 'JAVA_TOOL_OPTIONS=-Xmx1g -Dx=y' eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 512m eclipse-temurin:21 java -Xmx1g -jar a.jar",
        "docker run -d -m 1g eclipse-temurin:21 java -jar a.jar -Xmx512m",
        "docker run -d -m 1g eclipse-temurin:21 java -XX:MaxRAMPercentage=0.5 -jar a.jar",
        "docker run -d -m 1g -e JAVA_TOOL_OPTIONS=-Xmx512mb eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 1g -e JAVA_TOOL_OPTIONS=-Dx=y eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 2g -e JAVA_OPTS=-Xmx1g eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 2g -e JAVA_OPTS=-Xmx3g eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 1g -e NODE_OPTIONS=--max-old-space-size=2048 node:22 node a.js",
        "docker run -d -m 1g redis:7 redis-server --maxmemory 2gb",
        "docker run -d -m 1g --memory-reservation 2g redis:7",
        "docker run -d -m 1g --oom-kill-disable --memory-swappiness 50 redis:7",
        "docker run -d --shm-size 1,5g acme/x",
        "docker run -d --restart=sometimes -m 1g redis:7",
        "docker run -d --tmpfs /data -m 1g redis:7",
        "docker run -d --health-cmd 'java -version' -m 1g eclipse-temurin:21 java -jar a.jar",
        "docker run -d -m 1g --health-interval 1s --health-cmd x redis:7",
        "docker run -d -m 1g acme/x sh -c 'node a & node b'",
        "docker run -d -m 1g debian:13 sh -c 'node a.js'",
        "docker run -d -m 1g -e 'A=\"x\"' -e 'JAVA_TOOL_OPTIONS=\"-Xmx512m\"' eclipse-temurin:21 java -jar a.jar",
        "docker service create --limit-memory 1g --reserve-memory 2g --name db postgres:17",
        "podman run -d -m 64 redis:7",
        "docker run -d -m 1g --log-opt max-file=3 redis:7",
        "docker run -d -m 1g --mount type=tmpfs,destination=/data redis:7",
        "docker run -d -m 1g --health-cmd 'curl -f http://localhost/' alpine:3.22 x",
        "docker run -d -m 1g --health-cmd java eclipse-temurin:21 java -Xmx256m -jar a.jar",
        "docker run -d -m 1g Acme/X",
        "docker run -d -m 1g A=b",
        "docker run -d -m 1g --nope acme/x",
        "docker run -d -m 1g --network host --network none acme/x",
        "docker run -d -m 1g --network host --network bridge acme/x",
        "docker run -d -m 1g --rm --restart always acme/x",
        "docker run -d --cpus abc acme/x",
        "docker run -d --kernel-memory 1g acme/x",
        "docker run -d --mem 1g acme/x",
        "docker service create -m 1g acme/x",
        "docker run -d acme/x -m 1g",
        "docker run -d -m 1g --health-cmd x --health-interval 1s gcr.io/distroless/nodejs22 a.js",
        "docker run -d -m 1g -p 80:3000 gcr.io/distroless/nodejs22 a.js",
        "docker run -d -m 1g --health-interval 5s redis:7",
        "docker run -d -m 1g --health-cmd 'java -version' node:22 node a.js",
    ] {
        shown += &format!("$ {line}\n");
        for finding in run(line) {
            let help =
                finding.help.map(|help| format!(": {}", help.replace('\n', "\n    "))).unwrap_or_default();
            let (rule, message, label) = (finding.rule, finding.message, finding.primary.text);
            let notes: String = finding.notes.iter().map(|note| format!("\n    note: {note}")).collect();
            shown += &format!("  {:?} {rule}: {message} ({label}){help}{notes}\n", finding.severity);
        }
    }
    insta::assert_snapshot!("advice_for_command_lines", shown);
}

/// The heap is lowered if the host has no room for a higher limit: in its flag, or in the command.
#[test]
fn a_heap_is_lowered_where_it_is_written() {
    for (line, rule, expected) in [
        (
            "docker run -m 1g eclipse-temurin:21 java -Xmx2g -jar a.jar",
            "heap-exceeds-limit",
            "lower the heap to 768 MiB: `-Xmx768m`",
        ),
        (
            "docker run -m 1g redis:7 redis-server --maxmemory 2gb",
            "cache-exceeds-limit",
            "lower the cache to 768 MiB: `--maxmemory 768mb`",
        ),
        (
            "docker run -m 1g -e JAVA_TOOL_OPTIONS=-Xmx2g eclipse-temurin:21 java -jar a.jar",
            "heap-exceeds-limit",
            "lower the heap to 768 MiB: `-Xmx768m`:\n  -e JAVA_TOOL_OPTIONS=-Xmx768m",
        ),
        (
            "docker run -m 1g -e 'JAVA_TOOL_OPTIONS=-Dx=y -Xmx2g' eclipse-temurin:21 java -jar a.jar",
            "heap-exceeds-limit",
            "lower the heap to 768 MiB: `-Xmx768m`:\n  -e 'JAVA_TOOL_OPTIONS=-Dx=y -Xmx768m'",
        ),
    ] {
        let sources = Sources::new();
        sources.add(Path::new("<run>"), line);
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("<run>"), FileKind::Commands(Notation::Lines));
        let host_memory = Some(oomlint::syntax::size::ByteSize(1 << 30));
        let policy = oomlint::rules::Policy { host_memory, ..oomlint::rules::Policy::default() };
        let found = check::run(&Options { policy, ..Options::default() }, &sources, &discovered).findings;
        let help =
            found.iter().find(|finding| finding.rule == rule).and_then(|finding| finding.help.as_deref());
        assert_eq!(help, Some(expected), "{line}");
    }
}

/// Returns the severity of the missing limit, and how the container is called.
fn lacking(line: &str) -> Option<(Severity, String)> {
    let found = run(line).into_iter().find(|finding| finding.rule == "missing-memory-limit")?;
    let name = found.message.split('`').nth(1).unwrap_or_default().to_owned();
    Some((found.severity, name))
}

#[test]
fn what_stays_is_told_from_what_ends() {
    use Severity::{Note, Warning};
    for (line, expected) in [
        ("docker run -d acme/x", Some(Warning)),
        ("docker run -d -t acme/x", Some(Warning)),
        ("docker run acme/x", Some(Note)),
        ("docker run -d --rm acme/x", Some(Note)),
        ("docker run -d --rm=false acme/x", Some(Warning)),
        ("docker run --rm acme/x", None),
        ("docker run -i acme/x", None),
        ("docker run -t acme/x", None),
        ("docker run --restart always acme/x", Some(Warning)),
        ("docker run --restart $POLICY acme/x", Some(Warning)),
        ("docker run --restart no acme/x", Some(Note)),
        ("docker create acme/x", Some(Warning)),
        ("docker create --rm acme/x", Some(Note)),
        ("docker create -i acme/x", Some(Note)),
        ("docker create -t acme/x", Some(Note)),
        ("podman create acme/x", Some(Warning)),
        ("nerdctl run -d acme/x", Some(Warning)),
        ("nerdctl create acme/x", Some(Warning)),
    ] {
        assert_eq!(lacking(line).map(|(severity, _)| severity), expected, "{line}");
    }
}

/// systemd keeps what a unit starts, also in the foreground and removed at its end.
#[test]
fn a_unit_s_container_stays() {
    for flags in ["--rm", "-i", "--rm -t", "-d"] {
        let unit = format!("[Service]\nExecStart=/usr/bin/docker run {flags} acme/x\n");
        let found = check("web.service", &unit, Notation::Unit);
        let lacking = found.iter().find(|finding| finding.rule == "missing-memory-limit");
        assert_eq!(lacking.map(|finding| finding.severity), Some(Severity::Warning), "{flags}");
    }
}

#[test]
fn a_container_is_called_by_its_name_or_its_image() {
    for (line, expected) in [
        ("docker run -d --name web acme/x", "web"),
        ("docker run -d --name '' acme/x", "x"),
        ("docker run -d --name \"$NAME\" acme/x", "x"),
        ("docker run -d localhost:5000/acme/x:1", "x"),
        ("docker run -d acme/x:1@sha256:0123", "x"),
        ("docker run -d x", "x"),
        ("docker run -d $IMAGE", "$IMAGE"),
        ("docker run -d acme/$IMAGE", "acme/$IMAGE"),
    ] {
        assert_eq!(lacking(line).map(|(_, name)| name).as_deref(), Some(expected), "{line}");
    }
}

/// A condition that the engine refuses is corrected in the flags of the command.
#[test]
fn conditions_of_a_created_service_are_flags() {
    let help = |line: &str| {
        let found = run(line);
        let finding = found.iter().find(|found| found.rule == "invalid-restart-policy");
        finding.map(|found| (found.message.clone(), found.help.clone().unwrap_or_default()))
    };
    let (message, found) =
        help("docker service create --name it --restart-condition on-failure:3 x:1").expect("a finding");
    assert!(message.contains("--restart-condition on-failure:3"), "{message}");
    assert_eq!(found, "write `--restart-condition on-failure --restart-max-attempts 3`");
    let (_, found) =
        help("docker service create --name it --restart-condition always x:1").expect("a finding");
    assert!(found.starts_with("write `any`"), "{found}");
    assert_eq!(help("docker service create --name it --restart-condition any x:1"), None);
}

/// The name of an image in capital letters is written in small ones, unless that is no name either.
#[test]
fn names_of_images_are_in_lower_case() {
    let help = |line: &str| {
        let found = run(line);
        let finding =
            found.iter().find(|found| found.rule == "ineffective-flag" || found.message.contains("image"));
        finding.map(|found| found.help.clone().unwrap_or_default())
    };
    assert_eq!(help("docker run -m 1g Acme/API:1").as_deref(), Some("write `acme/api:1`"));
    assert_eq!(help("docker run -m 1g A=b").as_deref(), Some(""));
    assert_eq!(help("docker run -m 1g 'acme/a b'").as_deref(), Some(""));
}

/// A field of `--mount` without a value has no size in it.
#[test]
fn a_size_of_a_mount_needs_a_value() {
    let unsized_tmpfs = |mount: &str| {
        let found = run(&format!("docker run -m 1g --mount {mount} x:1"));
        found.iter().any(|found| found.rule == "unsized-tmpfs")
    };
    assert!(unsized_tmpfs("type=tmpfs,target=/tmp"));
    assert!(!unsized_tmpfs("type=tmpfs,target=/tmp,tmpfs-size=64m"));
    assert!(unsized_tmpfs("type=tmpfs,readonly,target=/tmp"));
}
