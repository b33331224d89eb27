//! What is said about single services, in full: severity, message, label, notes, advice.

use std::fmt::Write;

use oomlint::diagnostic::{Finding, Severity};

use crate::common::Checked;

/// Shows a finding without its place.
fn told(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut out = format!("  {severity}[{}] {}\n", finding.rule, finding.message);
    let mut line = |name: &str, text: &str| {
        writeln!(out, "      {name}: {}", text.replace('\n', "\n        ")).unwrap();
    };
    line("label", &finding.primary.text);
    finding.related.iter().for_each(|label| line("there", &label.text));
    finding.notes.iter().for_each(|note| line("note", note));
    finding.help.iter().for_each(|help| line("help", help));
    for fix in &finding.fixes {
        let edits: Vec<String> = fix.edits.iter().map(|edit| format!("{:?}", edit.replacement)).collect();
        line("fix", &format!("{} ({:?}): {}", fix.title, fix.applicability, edits.join(", ")));
    }
    out
}

/// Shows what some rules tell about services.
fn about(rules: &[&str], services: &[&str]) -> String {
    let mut out = String::new();
    for keys in services {
        writeln!(out, "{keys}").unwrap();
        let compose = format!("services:\n  it: {{{keys}}}\n  db: {{image: acme/db, mem_limit: 1g}}\n");
        let checked = Checked::texts(&[("compose.yaml", &compose)]);
        let own = checked.outcome.findings.iter().filter(|finding| finding.service.as_deref() == Some("it"));
        own.filter(|finding| rules.contains(&finding.rule)).for_each(|finding| out += &told(finding));
    }
    out
}

#[test]
fn logs_and_temporary_files() {
    let rules = ["unbounded-logs", "unsized-tmpfs", "small-shm", "shm-exceeds-limit", "tmpfs-exceeds-limit"];
    insta::assert_snapshot!(about(
        &rules,
        &[
            "image: acme/x",
            "image: acme/x, logging: {driver: local}",
            "image: acme/x, logging: {driver: json-file}",
            "image: acme/x, logging: {options: {max-file: '3'}}",
            "image: acme/x, logging: {options: {max-size: 10m}}",
            "image: acme/x, logging: {driver: journald}",
            "image: acme/x, logging: {driver: '${X}'}",
            "image: acme/x, tmpfs: ['/data', '/run', '/cache:mode=700', '/log:size=10m']",
            "image: acme/x, volumes: [{type: tmpfs, target: /data}]",
            "image: acme/x, volumes: [{type: tmpfs, target: /data, tmpfs: {mode: 448}}]",
            "image: acme/x, volumes: ['/dev/shm:/dev/shm']",
            "image: acme/x, mem_limit: 64m, tmpfs: ['/data:size=100m']",
            "image: acme/x, mem_limit: 64m, shm_size: 128m",
            "image: 'selenium/standalone-chrome:4.25.0'",
            "image: 'selenium/standalone-chrome:4.25.0', mem_limit: 1g",
            "image: 'selenium/standalone-chrome:4.25.0', command: --disable-dev-shm-usage",
            "image: 'postgres:17', mem_limit: 128m",
            "image: 'postgres:9.6', mem_limit: 1g",
        ]
    ));
}

#[test]
fn limits_that_contradict_each_other() {
    let rules = [
        "conflicting-limits",
        "swap-below-limit",
        "swap-without-limit",
        "reservation-exceeds-limit",
        "invalid-memory-value",
        "dropped-memory-value",
        "memory-limit-below-minimum",
        "unknown-memory-key",
        "ineffective-swappiness",
        "disabled-oom-killer",
        "unlimited-swap",
        "shadowed-restart-policy",
        "invalid-restart-policy",
    ];
    insta::assert_snapshot!(about(
        &rules,
        &[
            "image: acme/x, mem_limit: 1g, deploy: {resources: {limits: {memory: 2g}}}",
            "image: acme/x, cpus: 1, deploy: {resources: {limits: {cpus: '2'}}}",
            "image: acme/x, pids_limit: 1, deploy: {resources: {limits: {pids: 2}}}",
            "image: acme/x, mem_limit: 1g, deploy: {resources: {limits: {cpus: '2'}}}",
            "image: acme/x, mem_reservation: 1g, deploy: {resources: {reservations: {memory: 2g}}}",
            "image: acme/x, scale: 2, deploy: {replicas: 3}",
            "image: acme/x, mem_limit: 1g, memswap_limit: 512m",
            "image: acme/x, memswap_limit: 1g",
            "image: acme/x, mem_limit: 1g, memswap_limit: -1",
            "image: acme/x, mem_limit: 1g, mem_reservation: 2g",
            "image: acme/x, mem_limit: 1g, mem_reservation: 1025m",
            "image: acme/x, mem_limit: 512Mi",
            "image: acme/x, mem_limit: '1,5g'",
            "image: acme/x, mem_limit: 1.5",
            "image: acme/x, mem_limit: 64",
            "image: acme/x, mem_limit: 5m",
            "image: acme/x, deploy: {resources: {limits: {memory: 64}}}",
            "image: acme/x, deploy: {resources: {limits: {memory: 1000000000}}}",
            "image: acme/x, memory: 1g",
            "image: acme/x, deploy: {limits: {memory: 1g}}",
            "image: acme/x, deploy: {resources: {memory: 1g}}",
            "image: acme/x, mem_swappiness: 0",
            "image: acme/x, mem_limit: 1g, mem_swappiness: 101",
            "image: acme/x, oom_kill_disable: true",
            "image: acme/x, mem_limit: 1g, oom_kill_disable: true",
            "image: acme/x, restart: always, deploy: {restart_policy: {condition: none}}",
            "image: acme/x, restart: sometimes",
            "image: acme/x, restart: on-failure:x",
        ]
    ));
}

#[test]
fn heaps_and_caches_in_limits() {
    let rules = [
        "heap-exceeds-limit",
        "tight-heap",
        "cache-exceeds-limit",
        "tight-cache",
        "unbounded-heap",
        "unbounded-cache",
        "default-heap-exceeds-limit",
        "malformed-heap-setting",
        "unread-heap-variable",
        "misplaced-heap-flag",
        "ignored-heap-percentage",
        "percent-heap-without-limit",
        "quoted-env-value",
    ];
    let java = |flags: &str, more: &str| {
        format!("image: 'eclipse-temurin:21-jre', mem_limit: 1g, command: java {flags} -jar a.jar{more}")
    };
    let services = [
        java("", ""),
        java("-Xmx1g", ""),
        java("-Xmx900m", ""),
        java("-Xmx512m", ""),
        java("-Xms600m -Xmx512m", ""),
        java("-Xmx512", ""),
        java("-Xmx512mb", ""),
        java("-XX:MaxRAMPercentage=95.0", ""),
        java("-XX:MaxRAMPercentage=0.5", ""),
        java("", " -Xmx512m"),
        java("", ", environment: {JAVA_OPTS: -Xmx512m}"),
        java("", ", environment: {JAVA_OPTS: '-Xmx512m -Dpassword=x', JAVA_TOOL_OPTIONS: -Dy=z}"),
        java("", ", environment: {JAVA_OPTS: -Xmx512m, JAVA_TOOL_OPTIONS: -Dy=z}"),
        java("", ", environment: {JAVA_OPTS: -Xms2g -Xmx2g}"),
        java("", ", environment: ['JAVA_TOOL_OPTIONS=\"-Xmx512m\"']"),
        "image: 'eclipse-temurin:21-jre', command: java -XX:MaxRAMPercentage=50.0 -jar a.jar".to_owned(),
        "image: 'eclipse-temurin:21-jre', command: java -jar a.jar".to_owned(),
        "image: 'node:22', mem_limit: 512m, command: node a.js".to_owned(),
        "image: 'node:22', mem_limit: 1g, command: node --max-old-space-size=1024 a.js".to_owned(),
        "image: acme/go, mem_limit: 1g, environment: {GOMEMLIMIT: 1GiB}".to_owned(),
        "image: acme/net, mem_limit: 1g, environment: {DOTNET_GCHeapHardLimit: '1073741824'}".to_owned(),
        "image: 'neo4j:5', mem_limit: 1g, environment: {NEO4J_server_memory_heap_max__size: 512m}".to_owned(),
        "image: 'neo4j:5', mem_limit: 1g, environment: {NEO4J_server_memory_heap_max__size: 512m, NEO4J_server_memory_pagecache_size: 512m}".to_owned(),
        "image: 'neo4j:5', mem_limit: 512m".to_owned(),
        "image: 'elasticsearch:9.1.0', mem_limit: 1g".to_owned(),
        "image: 'opensearchproject/opensearch:3', mem_limit: 2g, environment: {OPENSEARCH_JAVA_OPTS: -Xmx1g}".to_owned(),
        "image: 'opensearchproject/opensearch:3', mem_limit: 2g, environment: {OPENSEARCH_JAVA_OPTS: -Xmx512m}".to_owned(),
        "image: 'redis:8', mem_limit: 512m, command: redis-server --maxmemory 512mb".to_owned(),
        "image: 'redis:8', mem_limit: 512m, command: redis-server --maxmemory 450mb".to_owned(),
        "image: 'redis:8', mem_limit: 512m".to_owned(),
        "image: 'memcached:1.6', mem_limit: 64m".to_owned(),
        "image: 'mongo:8', mem_limit: 512m".to_owned(),
        "image: 'mongo:8', mem_limit: 1g, command: --wiredTigerCacheSizeGB 1".to_owned(),
        "image: 'scylladb/scylla:6.2', mem_limit: 1g, command: --memory 2G".to_owned(),
        "image: 'mcr.microsoft.com/mssql/server:2022-latest', mem_limit: 2g, environment: {MSSQL_MEMORY_LIMIT_MB: '2048'}".to_owned(),
        "image: acme/x, mem_limit: 1g, environment: {HEAP_SIZE: 2g}".to_owned(),
        "image: acme/x, mem_limit: 1g, environment: {ANY: -Xmx2g}".to_owned(),
    ];
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    insta::assert_snapshot!(about(&rules, &services));
}

#[test]
fn probes_that_fail() {
    let rules = [
        "invalid-healthcheck",
        "healthcheck-missing-tool",
        "costly-healthcheck",
        "unhealthy-dependency",
        "slow-healthcheck",
        "missing-healthcheck",
        "disabled-healthcheck",
    ];
    let with = |image: &str, keys: &str| format!("image: '{image}', healthcheck: {{{keys}}}");
    let services = [
        with("alpine:3.22", "test: [true]"),
        with("alpine:3.22", "test: [curl, -f, 'http://localhost/']"),
        with("alpine:3.22", "test: [/usr/bin/wget, 'http://localhost/']"),
        with("alpine:3.22", "test: []"),
        with("alpine:3.22", "test: ['']"),
        with("alpine:3.22", "test: [CMD]"),
        with("alpine:3.22", "test: [CMD-SHELL, a, b]"),
        with("alpine:3.22", "test: [CMD-SHELL]"),
        with("alpine:3.22", "test: [NONE, x]"),
        with("alpine:3.22", "test: NONE"),
        with("alpine:3.22", "test: [CMD, 'a && b']"),
        with("alpine:3.22", "test: [CMD, curl, -f, 'http://localhost/']"),
        with("alpine:3.22", "test: curl -f http://localhost/ || exit 1"),
        with("alpine:3.22", "test: [CMD, bash, -c, x]"),
        with("gcr.io/distroless/static", "test: wget -q http://localhost/"),
        with("alpine:3.22", "test: x, interval: 1s"),
        with("alpine:3.22", "test: x, interval: 2s, retries: 100"),
        with("alpine:3.22", "test: x, interval: 500us"),
        with("alpine:3.22", "test: x, interval: 1s, start_interval: 1s"),
        with("alpine:3.22", "test: x, timeout: 0s, retries: 0"),
        with("alpine:3.22", "interval: 5s"),
        with("alpine:3.22", "test: x, start_period: 1d"),
        with("eclipse-temurin:21-jre", "test: java -jar probe.jar"),
        with("eclipse-temurin:21-jre", "test: [CMD, java, -version], interval: '${X}'"),
        "image: acme/x, depends_on: {db: {condition: service_healthy}}".to_owned(),
        "image: 'redis:8', depends_on: {db: {condition: service_started}}".to_owned(),
    ];
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    insta::assert_snapshot!(about(&rules, &services));
}
