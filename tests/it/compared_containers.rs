//! Containers that run are compared with their services: each setting, on both sides, and what is a default of the engine.

use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::source::Sources;

/// Returns the messages and notes about a service `api` with these keys and its container.
fn differences(keys: &str, host: &[(&str, &str)], config: &str) -> Vec<String> {
    let defaults = [
        ("Memory", "536870912"),
        ("MemorySwap", "1073741824"),
        ("MemoryReservation", "0"),
        ("ShmSize", "67108864"),
        ("RestartPolicy", r#"{"Name": "always", "MaximumRetryCount": 0}"#),
    ];
    let host: Vec<String> = defaults
        .iter()
        .map(|(name, default)| {
            let own = host.iter().find(|(own, _)| own == name).map_or(*default, |(_, value)| value);
            format!("\"{name}\": {own}")
        })
        .collect();
    let json = format!(
        r#"{{"Id": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "Name": "/api", "RestartCount": 0,
            "State": {{"Status": "running", "Running": true, "OOMKilled": false, "ExitCode": 0, "StartedAt": "2026-01-02T03:04:05Z"}},
            "HostConfig": {{"NetworkMode": "bridge", "OomKillDisable": null, "PidsLimit": null, {}}},
            "Config": {{"Image": "acme/api:1", "Entrypoint": null, "Cmd": ["java", "-jar", "a.jar"], {config}}}}}"#,
        host.join(", ")
    );
    let compose = format!(
        "name: shop\nservices:\n  api: {{image: 'acme/api:1', command: [java, -jar, a.jar], restart: always, {keys}}}\n"
    );
    let sources = Sources::with_current_dir(Path::new("/here"));
    let mut discovered = Discovered::default();
    for (path, text, kind) in
        [("compose.yaml", compose, FileKind::Compose), ("x.json", json, FileKind::Inspected)]
    {
        sources.add(Path::new(path), text);
        discovered.add(PathBuf::from(path), kind);
    }
    let found = check::run(&Options::default(), &sources, &discovered).findings;
    let found = found.iter().filter(|finding| finding.rule == "differs-from-compose");
    found.map(|finding| format!("{} ({})", finding.message, finding.notes.join(" "))).collect()
}

const PLAIN: &str = r#""Env": []"#;

#[test]
fn each_setting_is_compared_on_both_sides() {
    for (keys, host, expected) in [
        ("mem_limit: 512m", &[][..], None),
        ("mem_limit: 1g", &[], Some("with the memory limit 512 MiB, not 1 GiB as written")),
        ("init: true", &[], Some("with the memory limit 512 MiB; none is written")),
        ("mem_limit: 512m, shm_size: 128m", &[], Some("without a `shm_size`; 128 MiB is written")),
        ("mem_limit: 512m, shm_size: 64m", &[], None),
        (
            "mem_limit: 512m",
            &[("ShmSize", "134217728")],
            Some("with the `shm_size` 128 MiB; none is written"),
        ),
        ("mem_limit: 512m, shm_size: 128m", &[("ShmSize", "134217728")], None),
        (
            "mem_limit: 512m, mem_reservation: 256m",
            &[],
            Some("without a memory reservation; 256 MiB is written"),
        ),
        (
            "mem_limit: 512m",
            &[("MemoryReservation", "268435456")],
            Some("with the memory reservation 256 MiB; none is written"),
        ),
        ("mem_limit: 512m, memswap_limit: -1", &[], Some("without a swap limit; unlimited is written")),
        ("mem_limit: 512m, memswap_limit: 1g", &[], None),
        ("mem_limit: 512m, memswap_limit: 0", &[], None),
        ("mem_limit: 512m", &[("MemorySwap", "-1")], Some("with the swap limit unlimited; none is written")),
        (
            "mem_limit: 512m",
            &[("RestartPolicy", r#"{"Name": "no"}"#)],
            Some("without a restart policy; `always` is written"),
        ),
    ] {
        let found = differences(keys, host, PLAIN);
        let expected: Vec<String> = expected
            .iter()
            .map(|expected| format!("`api` runs {expected} (Compose did not make this container)"))
            .collect();
        assert_eq!(found, expected, "{keys} {host:?}");
    }
}

#[test]
fn a_heap_is_missing_only_where_its_variable_is() {
    let found = |config: &str| {
        differences("mem_limit: 512m, environment: {JAVA_TOOL_OPTIONS: -Xmx300m}", &[], config).len()
    };
    assert_eq!(found(PLAIN), 1);
    assert_eq!(found(r#""Env": ["A=b"]"#), 1);
    assert_eq!(found(r#""Env": ["JAVA_TOOL_OPTIONS=-Xmx300m"]"#), 0);
    assert_eq!(found(r#""Env": ["JAVA_TOOL_OPTIONS=-Xmx400m"]"#), 1);
    // It may be hidden in what is not read.
    assert_eq!(found(r#""Env": ["JAVA_TOOL_OPTIONS=-Dx=y"]"#), 0);
    assert_eq!(found(r#""Labels": {}"#), 0);
}

/// An old client does not take `deploy`, and only that explains what is missing below it.
#[test]
fn an_old_client_is_the_reason_only_below_deploy() {
    let labels = r#""Env": [], "Labels": {"com.docker.compose.version": "1.29.2", "com.docker.compose.project": "shop", "com.docker.compose.service": "api"}"#;
    let without = [("Memory", "0"), ("MemorySwap", "0")];
    let reason = |keys: &str, host: &[(&str, &str)], config: &str| {
        let found = differences(keys, host, config);
        assert_eq!(found.len(), 1, "{keys}: {found:?}");
        found[0].contains("docker-compose 1.29.2 made it")
    };
    assert!(reason("deploy: {resources: {limits: {memory: 512m}}}", &without, labels));
    assert!(reason("mem_limit: 512m, deploy: {resources: {reservations: {memory: 256m}}}", &[], labels));
    assert!(!reason("mem_limit: 512m", &without, labels));
    assert!(!reason("mem_limit: 512m, mem_reservation: 256m", &[], labels));
    assert!(!reason("mem_limit: 512m, shm_size: 128m", &[], labels));
    assert!(!reason(
        "deploy: {resources: {limits: {memory: 512m}}}",
        &without,
        &labels.replace("1.29", "2.29")
    ));
    assert!(!reason("deploy: {resources: {limits: {memory: 1g}}}", &[], labels));
}

/// A setting that is unknown on one side is not compared, and a variable without a heap setting is no missing heap.
#[test]
fn what_is_not_known_is_not_compared() {
    let java = |env: &str| format!(r#""Env": [{env}]"#);
    for (keys, host, config, expected) in [
        ("mem_limit: '${X}', memswap_limit: 2g", &[][..], PLAIN.to_owned(), 0),
        ("mem_limit: 512m, memswap_limit: 2g", &[], PLAIN.to_owned(), 1),
        ("mem_limit: 512m, memswap_limit: 1g", &[], PLAIN.to_owned(), 0),
        ("mem_limit: 512m, memswap_limit: '${X}'", &[], PLAIN.to_owned(), 0),
        ("mem_limit: 512m, memswap_limit: 0", &[], PLAIN.to_owned(), 0),
        ("mem_limit: 512m", &[("MemorySwap", "536870912")], PLAIN.to_owned(), 1),
        ("mem_limit: 512m, environment: {JAVA_TOOL_OPTIONS: -Xmx256m}", &[], PLAIN.to_owned(), 1),
        (
            "mem_limit: 512m, environment: {JAVA_TOOL_OPTIONS: -Xmx256m}",
            &[],
            java("\"JAVA_TOOL_OPTIONS=-Xmx256m\""),
            0,
        ),
        (
            "mem_limit: 512m, environment: {JAVA_TOOL_OPTIONS: -Xmx256m}",
            &[],
            java("\"JAVA_TOOL_OPTIONS=-Xmx128m\""),
            1,
        ),
        (
            "mem_limit: 512m, environment: {JAVA_TOOL_OPTIONS: -Xmx256m}",
            &[],
            java("\"JAVA_TOOL_OPTIONS=-Dx=y\""),
            0,
        ),
        (
            "mem_limit: 512m, environment: {JAVA_TOOL_OPTIONS: '${X}'}",
            &[],
            java("\"JAVA_TOOL_OPTIONS=-Xmx128m\""),
            0,
        ),
    ] {
        let found = differences(keys, host, &config);
        assert_eq!(found.len(), expected, "{keys} {host:?} {config}: {found:#?}");
    }
}
