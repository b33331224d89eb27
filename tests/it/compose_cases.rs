//! 195 small Compose files with the recorded verdict of Docker Compose: what it rejects about memory is an error here, and what
//! it accepts is not.

use crate::common;
use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::diagnostic::{Finding, Severity};
use oomlint::discover::{Discovered, FileKind};
use oomlint::source::Sources;
use serde_json::Value;

/// Rules that report what Compose rejects. What only the engine rejects has other rules: see [`ENGINE`].
const REFUSALS: [&str; 5] = [
    "invalid-memory-value",
    "conflicting-limits",
    "unknown-memory-key",
    "invalid-healthcheck",
    "syntax-error",
];

/// Rejected cases that no rule reports yet: not about memory, or known only at run time.
const SILENT: [&str; 15] = [
    "oom_score_adj -1001",
    "oom_score_adj \"5000\"",
    "volume tmpfs size float",
    "replicas + container_name",
    "replicas negative",
    "restart false",
    "ulimits memlock soft only",
    "ulimits as string 512m",
    "stop_grace_period int",
    "container_name+replicas",
    "env_file missing",
    "tmpfs dup",
    // A variable without a value is unknown here, although Compose resolves or rejects it.
    "unset var",
    "unset var deploy",
    "req var",
];

/// Accepted when the file is loaded, but still errors: `up` rejects the first, the second can never pass, the third cannot be
/// mounted.
const LATER: [&str; 3] = ["hc \"NONE\" string", "hc start_interval without start_period", "tmpfs bad size"];

fn findings(compose: &str) -> Vec<Finding> {
    let sources = Sources::new();
    sources.add(Path::new("compose.yaml"), compose);
    sources.add(Path::new(".env"), "");
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    check::run(&Options::default(), &sources, &discovered).findings
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_compose_refuses_is_an_error_and_what_it_takes_is_not() {
    let shared = common::shared();
    let text = std::fs::read_to_string(shared.join("knowledge/compose_cases.json")).unwrap();
    let cases: Value = serde_json::from_str(&text).unwrap();
    let (mut right, mut silent, mut wrong) = (0, 0, Vec::new());
    for case in cases["compose"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let answer = &case["compose_go_HEAD_e70e961"];
        let accepted = answer["accepted"].as_bool().unwrap();
        let found = findings(case["compose_yaml"].as_str().unwrap());
        let refusals: Vec<&Finding> = found
            .iter()
            .filter(|finding| finding.severity == Severity::Error && REFUSALS.contains(&finding.rule))
            .collect();
        match (accepted, refusals.first()) {
            (true, None) | (false, Some(_)) => right += 1,
            (true, Some(_)) if LATER.contains(&name) => right += 1,
            (false, None) if SILENT.contains(&name) => silent += 1,
            (true, Some(finding)) => {
                wrong.push(format!("{name}: taken, but {}: {}", finding.rule, finding.message));
            }
            (false, None) => wrong.push(format!("{name}: refused, {}", answer["message"])),
        }
    }
    println!("{right} cases right, {silent} that no rule reports, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(right + silent, 195);
}

/// Checks of the Docker Engine: the case, a service with it, and the rule that reports it; `None` if the engine accepts it.
const ENGINE: [(&str, &str, Option<&str>); 40] = [
    ("-m 5m", "mem_limit: 5m", Some("memory-limit-below-minimum")),
    ("-m 6m", "mem_limit: 6m", None),
    ("-m 512Mi", "mem_limit: 512Mi", Some("invalid-memory-value")),
    ("-m 0.5g", "mem_limit: 0.5g", None),
    ("-m -1", "mem_limit: -1", Some("memory-limit-below-minimum")),
    ("--memory-swap 1g (no -m)", "memswap_limit: 1g", Some("swap-without-limit")),
    ("--memory-swap -1 (no -m)", "memswap_limit: -1", None),
    ("-m 512m --memory-swap 256m", "{mem_limit: 512m, memswap_limit: 256m}", Some("swap-below-limit")),
    ("-m 512m", "mem_limit: 512m", None),
    ("-m 512m --memory-swap 512m", "{mem_limit: 512m, memswap_limit: 512m}", None),
    ("-m 512m --memory-swap 0", "{mem_limit: 512m, memswap_limit: 0}", None),
    ("-m 512m --memory-swap -1", "{mem_limit: 512m, memswap_limit: -1}", None),
    (
        "-m 256m --memory-reservation 512m",
        "{mem_limit: 256m, mem_reservation: 512m}",
        Some("reservation-exceeds-limit"),
    ),
    ("--memory-reservation 5m", "mem_reservation: 5m", Some("memory-limit-below-minimum")),
    ("--memory-swappiness 101", "mem_swappiness: 101", Some("ineffective-swappiness")),
    ("--oom-kill-disable (no -m)", "oom_kill_disable: true", Some("disabled-oom-killer")),
    ("--shm-size 0", "shm_size: 0", None),
    ("--pids-limit 0 / -1", "pids_limit: -1", None),
    ("--tmpfs /x (no size), host 24106 MiB RAM", "tmpfs: /x", None),
    ("--tmpfs /x:size=foo", "tmpfs: /x:size=foo", Some("invalid-memory-value")),
    ("compose mem_limit: 4m", "mem_limit: 4m", Some("memory-limit-below-minimum")),
    ("compose mem_limit: -1", "mem_limit: -1", Some("memory-limit-below-minimum")),
    ("compose mem_swappiness: 0", "mem_swappiness: 0", None),
    ("compose mem_swappiness: 150", "mem_swappiness: 150", Some("ineffective-swappiness")),
    ("compose mem_limit: 1e9 (YAML float)", "mem_limit: 1e9", Some("dropped-memory-value")),
    ("compose memswap_limit: 0", "{mem_limit: 1g, memswap_limit: 0}", None),
    ("compose pids_limit: 0 / -1", "pids_limit: 0", None),
    ("compose deploy.mode: global, replicas: 2", "deploy: {mode: global, replicas: 2}", None),
    (
        "compose deploy.resources.reservations.cpus",
        "deploy: {resources: {reservations: {cpus: '0.5'}}}",
        None,
    ),
    (
        "compose restart: always + deploy.restart_policy: {}",
        "{restart: always, deploy: {restart_policy: {}}}",
        None,
    ),
    (
        "compose restart: always + deploy.restart_policy: {delay: 5s}",
        "{restart: always, deploy: {restart_policy: {delay: 5s}}}",
        None,
    ),
    (
        "compose deploy.restart_policy: {condition: any, max_attempts: 3}",
        "deploy: {restart_policy: {condition: any, max_attempts: 3}}",
        Some("invalid-restart-policy"),
    ),
    (
        "compose restart: always + deploy.restart_policy: {max_attempts: 3}",
        "{restart: always, deploy: {restart_policy: {max_attempts: 3}}}",
        Some("invalid-restart-policy"),
    ),
    (
        "compose restart: \"no\" + deploy.restart_policy.condition: any",
        "{restart: 'no', deploy: {restart_policy: {condition: any}}}",
        None,
    ),
    ("compose restart: \"always:3\"", "restart: 'always:3'", Some("invalid-restart-policy")),
    ("compose restart: foo", "restart: foo", Some("invalid-restart-policy")),
    (
        "compose healthcheck.start_interval without start_period",
        "healthcheck: {test: [CMD, a], start_interval: 1s}",
        Some("invalid-healthcheck"),
    ),
    (
        "compose healthcheck interval: 100us",
        "healthcheck: {test: [CMD, a], interval: 100us}",
        Some("invalid-healthcheck"),
    ),
    ("compose healthcheck test: [CMD]", "healthcheck: {test: [CMD]}", None),
    ("compose shm_size: -1", "shm_size: -1", Some("memory-limit-below-minimum")),
];

/// Cases that do not depend on the settings of one container alone, or depend on the host.
const OF_THE_HOST: [&str; 14] = [
    "--oom-score-adj 1001",
    "(default) df /dev/shm",
    "-m 64m --memory-swap 64m --shm-size 256m, write 200 MiB to /dev/shm",
    "-m 64m --memory-swap 64m --tmpfs /x, write 200 MiB to /x",
    "-m 64m --memory-swap 64m, write 200 MiB to the writable layer",
    "compose logging json-file max-buffer-size without mode",
    "compose logging json-file max-size: 10x",
    "compose logging json-file max-file without max-size",
    "compose ulimits nofile soft>hard",
    "compose ulimits bogus: 5",
    "compose ulimits as: 50000000",
    "compose cpus > host CPUs",
    "compose cpus + cpu_quota",
    "compose storage_opt.size on vfs",
];

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_the_engine_refuses_is_an_error_and_what_it_takes_is_not() {
    let shared = common::shared();
    let text = std::fs::read_to_string(shared.join("knowledge/compose_cases.json")).unwrap();
    let cases: Value = serde_json::from_str(&text).unwrap();
    let cases = cases["engine_28.5.2"].as_array().unwrap();
    let mut wrong = Vec::new();
    for (name, service, rule) in ENGINE {
        assert!(cases.iter().any(|case| case["case"] == name), "no case `{name}`");
        let keys = match service.strip_prefix('{') {
            Some(keys) => keys.strip_suffix('}').unwrap().to_owned(),
            None => service.to_owned(),
        };
        let compose = format!("services: {{a: {{image: nginx, {keys}}}}}\n");
        let errors: Vec<&str> = findings(&compose)
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.rule)
            .collect();
        if errors.first().copied() != rule || errors.len() > 1 {
            wrong.push(format!("{name}: {errors:?} and not {rule:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for case in cases {
        let name = case["case"].as_str().unwrap();
        let known = ENGINE.iter().any(|(known, ..)| *known == name) || OF_THE_HOST.contains(&name);
        assert!(known, "nobody looks at `{name}`");
    }
}
