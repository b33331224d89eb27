//! What `oomlint inspect` says of a workload made by hand.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use indexmap::IndexMap;
use oomlint::model::size::ByteSize;
use oomlint::report::inspect;
use oomlint::source::{Sources, Span, Spanned, Text};
use oomlint::workload::{
    Bound, Build, Fact, Healthcheck, Heap, Kind, Memory, Origin, Project, Role, Start, Variable, Why,
    Workload,
};

const COMPOSE: &str = "\
services:
  ünit:
    build: .
    mem_limit: 512m
    memswap_limit: ${SWAP}
    environment:
      JAVA_TOOL_OPTIONS: -Xmx256m
    healthcheck: {disable: true}
    command: [\"java\", \"-jar\", \"app.jar\"]
";

fn project(sources: &Sources) -> Project {
    let file = sources.add(Path::new("a/compose.yaml"), COMPOSE);
    let at = |needle: &str| {
        let start = COMPOSE.find(needle).unwrap();
        Span::new(file, start, start + needle.len())
    };
    let anchor = at("ünit");
    fn absent<T>(anchor: Span) -> Fact<T> {
        Fact::Absent { anchor }
    }
    let limit = Spanned { value: ByteSize(512 << 20), span: at("512m"), via: vec![at("services")] };
    let heap = Text::verbatim("-Xmx256m", at("-Xmx256m"));
    let workload = Workload {
        name: "ünit".to_owned(),
        kind: Kind::Service,
        anchor,
        via: Vec::new(),
        image: absent(anchor),
        build: Some(Build {
            span: at("build"),
            context: ".".to_owned(),
            dockerfile: "Dockerfile".to_owned(),
            target: None,
            file: None,
            from: None,
        }),
        base: absent(anchor),
        memory: Memory {
            limit: Fact::Known(limit),
            reservation: absent(anchor),
            swap: Fact::Unknown { at: at("${SWAP}"), why: Why::Variable("SWAP".to_owned()) },
            shm: absent(anchor),
            tmpfs: Vec::new(),
        },
        pids_limit: absent(anchor),
        cpus: absent(anchor),
        replicas: absent(anchor),
        restart: absent(anchor),
        init: absent(anchor),
        healthcheck: Fact::Known(Spanned::new(Healthcheck::Disabled, at("disable: true"))),
        start: Fact::Known(Spanned::new(
            Start { entrypoint: Vec::new(), command: vec![Text::verbatim("java", at("java"))], shell: false },
            at("[\"java\", \"-jar\", \"app.jar\"]"),
        )),
        env: IndexMap::from([(
            "JAVA_TOOL_OPTIONS".to_owned(),
            Variable {
                value: Fact::Known(Spanned::new(heap.clone(), heap.span())),
                origin: Origin::Environment,
            },
        )]),
        heaps: vec![Heap {
            runtime: "java",
            carrier: "JAVA_TOOL_OPTIONS".to_owned(),
            bound: Some(Bound::Bytes(ByteSize(256 << 20))),
            span: heap.span(),
            setting: Some(heap),
        }],
        profiles: Vec::new(),
        depends_on: Vec::new(),
        logging: absent(anchor),
        ulimits: IndexMap::new(),
        role: Role::default(),
    };
    Project { files: vec![file], workloads: vec![workload], ..Project::default() }
}

#[test]
fn people_get_a_line_a_fact() {
    let sources = Sources::new();
    let mut out = Vec::new();
    inspect::human(&mut out, &[project(&sources)], &sources).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn programs_get_every_fact() {
    let sources = Sources::new();
    let mut out = Vec::new();
    inspect::json(&mut out, &[project(&sources)], &sources).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["projects"][0]["files"][0], "a/compose.yaml");
    let workload = &json["projects"][0]["workloads"][0];
    assert_eq!(workload["kind"], "service");
    assert_eq!(workload["image"], serde_json::Value::Null);
    assert_eq!(workload["build"]["context"], ".");
    let facts = &workload["facts"];
    assert_eq!(facts["memory_limit"]["value"], 512 << 20);
    let from = serde_json::json!({ "file": "a/compose.yaml", "line": 4, "column": 16 });
    assert_eq!(facts["memory_limit"]["from"], from);
    assert_eq!(facts["memory_limit"]["via"][0]["line"], 1);
    assert_eq!(facts["swap_limit"]["state"], "unknown");
    assert_eq!(facts["swap_limit"]["why"], "`${SWAP}` has no value here");
    assert_eq!(facts["shm_size"], serde_json::json!({ "state": "absent" }));
    assert_eq!(facts["healthcheck"]["value"], "disabled");
    assert_eq!(facts["start"]["value"]["command"][0], "java");
    assert_eq!(facts["env"]["JAVA_TOOL_OPTIONS"]["value"], "-Xmx256m");
    assert_eq!(facts["heaps"][0]["bytes"], 256 << 20);
    assert_eq!(facts["heaps"][0]["from"]["line"], 7);
}
