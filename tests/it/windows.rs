//! Windows containers: nothing is offered or written that their engine refuses.

use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::diagnostic::{Finding, Fix};
use oomlint::discover::{Discovered, FileKind};
use oomlint::rules::Preset;
use oomlint::source::Sources;

use crate::common::tree;
use crate::fit::run;

/// Settings that the engine for Windows refuses or does not have (moby `daemon/daemon_windows.go`, `logdrivers_windows.go`).
const REFUSED: [&str; 9] = [
    "memswap_limit",
    "mem_reservation",
    "reservations",
    "mem_swappiness",
    "oom_kill_disable",
    "pids",
    "ulimits",
    "shm_size",
    "driver: local",
];

/// Ways in which a service says that it is a Windows container.
const WINDOWS: [&str; 8] = [
    "image: nats:windowsservercore",
    "image: mcr.microsoft.com/windows/servercore:ltsc2022",
    "image: mcr.microsoft.com/dotnet/framework/aspnet:4.8",
    "image: acme/mssql-windows-express",
    "image: acme/api\n    platform: windows/amd64",
    "image: acme/api\n    volumes: [{type: npipe, source: '\\\\.\\pipe\\docker_engine', target: '\\\\.\\pipe\\docker_engine'}]",
    "image: acme/api\n    volumes: ['./data:C:\\data']",
    "build: {context: ., dockerfile_inline: \"# escape=`\\nFROM acme/base\\nCMD run\"}",
];

/// Ways in which it does not.
const LINUX: [&str; 4] = [
    "image: nats:2",
    "image: acme/windows",
    "image: nats:windowsservercore\n    platform: linux/amd64",
    "build: {context: ., dockerfile_inline: \"FROM acme/base\\nCMD run\"}",
];

fn findings(service: &str) -> Vec<Finding> {
    let sources = Sources::new();
    let text = format!("services:\n  it:\n    {service}\n    restart: always\n    stop_grace_period: 1s\n");
    let limited = text.replace("restart", "mem_limit: 1g\n    restart");
    let mut discovered = Discovered::default();
    for (path, text) in [("a/compose.yaml", text), ("b/compose.yaml", limited)] {
        sources.add(Path::new(path), text);
        discovered.add(PathBuf::from(path), FileKind::Compose);
    }
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    check::run(&options, &sources, &discovered).findings
}

/// Returns everything that is offered: help, and what fixes write.
fn offered(findings: &[Finding]) -> String {
    let edits =
        |fix: &Fix| fix.edits.iter().map(|edit| edit.replacement.clone()).collect::<Vec<_>>().join(" ");
    let texts = findings.iter().map(|finding| {
        let fixes: Vec<String> = finding.fixes.iter().map(edits).collect();
        format!("{}: {:?} {}\n", finding.rule, finding.help, fixes.join(" "))
    });
    texts.collect()
}

#[test]
fn a_windows_container_is_offered_nothing_that_its_engine_refuses() {
    for service in WINDOWS {
        let offered = offered(&findings(service));
        for refused in REFUSED {
            assert!(!offered.contains(refused), "{service}: {refused} in\n{offered}");
        }
        assert!(offered.contains("missing-memory-limit") && offered.contains("max-size: 10m"), "{offered}");
    }
    for service in LINUX {
        let offered = offered(&findings(service));
        for rule in
            ["missing-pids-limit", "missing-swap-limit", "missing-memory-reservation", "driver: local"]
        {
            assert!(offered.contains(rule), "{service}: no {rule} in\n{offered}");
        }
    }
}

/// One engine runs all services of a stack, but for those of a Swarm and those with a platform of their own.
#[test]
fn the_neighbours_of_a_windows_container_are_windows_containers() {
    let with = |other: &str| {
        let service = format!("image: mcr.microsoft.com/windows/nanoserver:1809\n  other:\n    {other}");
        let found = findings(&service);
        found.iter().any(|own| own.rule == "missing-pids-limit" && own.service.as_deref() == Some("other"))
    };
    assert!(!with("image: acme/api"));
    assert!(with("image: acme/api\n    platform: linux/amd64"));
    assert!(with("image: acme/api\n    deploy: {placement: {constraints: ['node.platform.os == linux']}}"));
}

#[test]
fn a_plan_writes_only_the_limit_of_a_windows_container() {
    for service in WINDOWS {
        let compose = format!("services:\n  it:\n    {service}\n");
        let dir = tree(&[("compose.yaml", &compose)]);
        let (code, out, err) = run(dir.path(), &["fit", "--host-memory", "16g", "--write"]);
        assert_eq!(code, 0, "{service}: {out}{err}");
        let written = std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap();
        assert!(written.contains("mem_limit"), "{service}: {written}");
        for refused in REFUSED {
            assert!(!written.contains(refused), "{service}: {refused} in\n{written}");
        }
        let (_, table, _) = run(dir.path(), &["fit", "--host-memory", "16g"]);
        assert!(table.contains("none  none"), "{table}");
    }
}
