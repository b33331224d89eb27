//! Stacks for Swarm: what a reservation means there, and what `docker stack deploy` refuses.

use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::diagnostic::{Finding, Severity};
use oomlint::discover::{Discovered, FileKind};
use oomlint::rules::Target;
use oomlint::source::Sources;

fn findings(text: &str, target: Target) -> Vec<Finding> {
    let sources = Sources::new();
    sources.add(Path::new("compose.yaml"), text);
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    let options = Options { target: Some(target), ..Options::default() };
    check::run(&options, &sources, &discovered).findings
}

/// Swarm hands no reservation to the engine, so neither refuses one above the limit.
#[test]
fn a_reservation_only_places_a_service() {
    let text = "services: {a: {image: x, deploy: {resources: {limits: {memory: 512M}, reservations: {memory: 1G}}}}}\n";
    let of = |target| {
        findings(text, target).into_iter().find(|found| found.rule == "reservation-exceeds-limit").unwrap()
    };
    let (swarm, compose) = (of(Target::Swarm), of(Target::Compose));
    assert_eq!((swarm.severity, compose.severity), (Severity::Warning, Severity::Error));
    assert!(!swarm.notes.join(" ").contains("daemon"), "{:?}", swarm.notes);
    assert!(compose.notes.join(" ").contains("Error response from daemon"));
    let text = "services: {a: {image: nginx, deploy: {resources: {limits: {memory: 512M}}}}}\n";
    let found = findings(text, Target::Swarm);
    let missing = found.iter().find(|found| found.rule == "missing-memory-reservation").unwrap();
    assert!(!missing.notes.join(" ").contains("kernel"), "{:?}", missing.notes);
}

/// The answers of `docker stack config` 28.2.2: `true` for a key that it refuses.
#[test]
fn what_docker_refuses_is_reported() {
    for (key, refused) in [
        ("annotations: {a: b}", true),
        ("attach: false", true),
        ("blkio_config: {weight: 3}", true),
        ("cgroup: host", true),
        ("cpu_period: 3", true),
        ("device_cgroup_rules: ['c 1:3 mr']", true),
        ("dns_opt: [a]", true),
        ("group_add: [a]", true),
        ("label_file: x", true),
        ("pull_policy: always", true),
        ("uts: host", true),
        ("extends: {service: b}", true),
        ("depends_on: {b: {condition: service_started}}", true),
        ("env_file: [{path: a.env, required: false}]", true),
        ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: 64m}}]", true),
        ("mem_limit: 1g", true),
        ("depends_on: [b]", false),
        ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: 64000000}}]", false),
        ("oom_score_adj: 3", false),
        ("container_name: x", false),
        ("cgroup_parent: x", false),
        ("isolation: x", false),
        ("userns_mode: host", false),
    ] {
        let text = format!("services: {{a: {{image: x, {key}}}, b: {{image: y}}}}\n");
        let of =
            |target| findings(&text, target).iter().filter(|found| found.rule == "swarm-rejects-key").count();
        assert_eq!(of(Target::Swarm), usize::from(refused), "{key}");
        assert_eq!(of(Target::Compose), 0, "{key}");
    }
}

/// Services that one Dockerfile builds share one finding about its base.
#[test]
fn an_old_base_of_several_services_is_reported_once() {
    let services = "services: {a: {build: .}, b: {build: .}, c: {image: 'node:14'}}\n";
    let checked = crate::common::Checked::tree(
        &[("compose.yaml", services), ("Dockerfile", "FROM node:14\nCMD [\"node\", \"a.js\"]\n")],
        "",
    );
    let found = checked.of_rule("unsupported-base-image");
    let notes: Vec<&[String]> = found.iter().map(|finding| finding.notes.as_slice()).collect();
    assert_eq!(notes, [["the base of `a`, `b`".to_owned()].as_slice(), &[]], "{found:?}");
}
