//! Every case with what Docker Compose 5.6.1 makes of it (`docker-compose config`).

use std::path::{Path, PathBuf};

use super::*;
use crate::model::compose::{Compose, Request, Service};
use crate::source::{SourceId, Sources};

/// Loads the files as one project: those whose name begins with `compose` are merged, the others only read.
fn load(files: &[(&str, &str)]) -> (Vec<Service>, Sources) {
    let sources = Sources::new();
    for (name, text) in files {
        sources.add(Path::new(name), *text);
    }
    let merged = files.iter().filter(|(name, _)| name.starts_with("compose"));
    let request = Request {
        files: merged.map(|(name, _)| PathBuf::from(name)).collect(),
        shared_byte_limit: 1 << 20,
        ..Request::default()
    };
    (Compose::load(&request, &sources).services, sources)
}

/// Returns each container with its image, its command and its limit, as `web pre_start[0]: i x 1073741824`.
fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let (services, _) = load(files);
    let line = |service: &Service| {
        let image = service.image.value().map_or("-", |image| image.as_str());
        let words = service
            .command
            .value()
            .map(|words| words.iter().map(crate::source::TracedText::as_str).collect::<Vec<_>>().join(" "));
        let limit = service.mem_limit.value().map_or("-".to_owned(), |limit| limit.0.to_string());
        format!("{}: {image} {} {limit}", service.name, words.unwrap_or("-".to_owned()))
    };
    services.iter().map(line).collect()
}

fn steps_of(service: &str) -> Vec<String> {
    let text = format!("services:\n  a: {{{service}}}\n");
    shown(&[("compose.yaml", &text)]).into_iter().skip(1).collect()
}

#[test]
fn steps_take_what_they_do_not_set() {
    for (service, expected) in [
        ("image: i, pre_start: [{command: [x]}]", "i x -"),
        ("image: i, command: [c], mem_limit: 1k, pre_start: [{image: j}]", "j c 1024"),
        ("image: i, mem_limit: 1k, pre_start: [{command: x y, mem_limit: 2k}]", "i x y 2048"),
        // A limit of `deploy` is not inherited.
        ("image: i, deploy: {resources: {limits: {memory: 1k}}}, pre_start: [{command: x}]", "i x -"),
        // `!reset` leaves what the service has.
        ("image: i, mem_limit: 1k, pre_start: [{command: x, mem_limit: !reset null}]", "i x 1024"),
        ("image: i, command: c, pre_start: [{}]", "i c -"),
        ("build: ., pre_start: [{command: x}]", "- x -"),
    ] {
        assert_eq!(steps_of(service), [format!("a pre_start[0]: {expected}")], "{service}");
    }
    // A value that Compose drops takes the place of the inherited one.
    let (services, _) = load(&[(
        "compose.yaml",
        "services: {a: {image: i, mem_limit: 1g, pre_start: [{command: x, mem_limit: 1e9}]}}\n",
    )]);
    assert!(services[1].mem_limit.value().is_none());
    assert_eq!(steps_of("image: i, pre_start: []"), [""; 0]);
}

#[test]
fn collections_are_completed() {
    let (services, sources) = load(&[(
        "compose.yaml",
        "services:\n  a:\n    image: i\n    environment: [A=1, B=1]\n    env_file: e.env\n    tmpfs: /x\n    \
         ulimits: {memlock: -1, nofile: 5}\n    healthcheck: {test: x}\n    ports: ['1:1']\n    restart: always\n    \
         profiles: [p]\n    volumes: ['./d:/d']\n    pre_start:\n      - environment: {B: 2}\n        env_file: f.env\n        \
         tmpfs: [/y]\n        ulimits: {nofile: 6}\n",
    )]);
    let step = &services[1];
    let of = |name: &str| step.environment[name].value().unwrap().as_str().to_owned();
    assert_eq!([of("A"), of("B")], ["1", "2"]);
    let files = step.env_files.iter().map(|file| file.path.value().unwrap().as_str().to_owned());
    assert_eq!(files.collect::<Vec<_>>(), ["e.env", "f.env"]);
    let mounts = step.tmpfs.iter().map(|mount| mount.target.as_str().to_owned());
    assert_eq!(mounts.collect::<Vec<_>>(), ["/x", "/y"]);
    assert_eq!(step.ulimits["nofile"].value, (6, 6));
    assert_eq!(step.ulimits["memlock"].value, (-1, -1));
    assert!(step.healthcheck.is_none() && step.restart.is_absent());
    // The step runs with the service, and sees its volumes.
    assert_eq!((step.profiles.len(), step.mounts.len()), (1, 1));
    // An inherited value keeps its place.
    let text = |span: Span| sources.get(span.file).slice(span).to_owned();
    assert_eq!(text(step.environment["A"].span()), "1");
    assert_eq!(text(step.key), "environment");
}

#[test]
fn lists_of_steps_are_appended_without_repetition() {
    let merged = |base: &str, over: &str| {
        let base = format!("services:\n  a: {{image: i, pre_start: {base}}}\n");
        let over = format!("services:\n  a: {{pre_start: {over}}}\n");
        let found = shown(&[("compose.yaml", &base), ("compose.x.yaml", &over)]);
        found.iter().skip(1).map(|line| line.replace("a pre_start", "")).collect::<Vec<_>>().join(", ")
    };
    for (base, over, expected) in [
        ("[{command: [x]}]", "[{command: [y]}]", "[0]: i x -, [1]: i y -"),
        ("[{command: [x], user: u}]", "[{user: u, command: [x]}]", "[0]: i x -"),
        ("[{command: [x]}]", "[{command: x}]", "[0]: i x -, [1]: i x -"),
        ("[{command: [x]}]", "[{command: [y]}, {command: [y]}]", "[0]: i x -, [1]: i y -"),
        ("[{mem_limit: 1024}]", "[{mem_limit: '1024'}]", "[0]: i - 1024, [1]: i - 1024"),
        ("[{command: [x]}]", "!override [{command: [y]}]", "[0]: i y -"),
        ("[{command: [x]}]", "!reset []", ""),
        ("[{command: [x]}]", "[!reset {command: [y]}]", "[0]: i x -"),
        ("[{command: [x]}, {command: [x]}]", "[]", "[0]: i x -, [1]: i x -"),
    ] {
        assert_eq!(merged(base, over), expected, "{base} {over}");
    }
}

#[test]
fn steps_inherit_from_the_merged_service() {
    let base = ("compose.yaml", "services: {a: {image: i, pre_start: [{command: x}]}}\n");
    let over = ("compose.x.yaml", "services: {a: {mem_limit: 1k}}\n");
    assert_eq!(shown(&[base, over])[1], "a pre_start[0]: i x 1024");
    let extended = "services:\n  b: {image: i, mem_limit: 1k, pre_start: [{command: x}]}\n  \
                    a: {extends: b, mem_limit: 2k, pre_start: [{command: y}]}\n";
    let found = shown(&[("compose.yaml", extended)]);
    assert_eq!(found[3..], ["a pre_start[0]: i x 2048", "a pre_start[1]: i y 2048"]);
    let alias = "x-s: &s {command: x, mem_limit: 1k}\nservices:\n  \
                 a: {image: i, pre_start: [*s, {<<: *s, image: j}]}\n";
    let found = shown(&[("compose.yaml", alias)]);
    assert_eq!(found[1..], ["a pre_start[0]: i x 1024", "a pre_start[1]: j x 1024"]);
    let elsewhere = [
        ("compose.yaml", "services: {a: {extends: {file: s/x.yaml, service: b}}}\n"),
        ("s/x.yaml", "services: {b: {image: i, pre_start: [{command: x, env_file: e.env}]}}\n"),
    ];
    let (services, _) = load(&elsewhere);
    assert_eq!(services[1].env_files[0].path.value().unwrap().as_str(), "s/e.env");
}

#[test]
fn jobs_are_merged_extended_and_included_like_services() {
    let job = |text: &str| format!("jobs:\n  r: {{{text}, triggers: {{manual: true}}}}\n");
    let base = job("image: i, mem_limit: 1k, command: [a]");
    assert_eq!(shown(&[("compose.yaml", &base)]), ["r: i a 1024"]);
    let over = "jobs: {r: {mem_limit: 2k, command: [b]}}\n";
    assert_eq!(shown(&[("compose.yaml", &base), ("compose.x.yaml", over)]), ["r: i b 2048"]);
    assert_eq!(shown(&[("compose.yaml", &base), ("compose.x.yaml", "jobs: {r: !reset null}\n")]), [""; 0]);
    // It extends another job of its file, or a service of another one.
    let both = format!("{base}  q: {{extends: r, command: [q], triggers: {{manual: true}}}}\n");
    assert_eq!(shown(&[("compose.yaml", &both)]), ["r: i a 1024", "q: i q 1024"]);
    let elsewhere = job("extends: {file: x.yaml, service: q}");
    let other = "services: {q: {image: i, mem_limit: 1k}}\njobs: {q: {image: j}}\n";
    assert_eq!(shown(&[("compose.yaml", &elsewhere), ("x.yaml", other)]), ["r: i - 1024"]);
    let include = "include: [x.yaml]\nservices: {a: {image: i}}\n";
    assert_eq!(shown(&[("compose.yaml", include), ("x.yaml", &base)]), ["a: i - -", "r: i a 1024"]);
    let (services, _) = load(&[("compose.yaml", &job("image: i, depends_on: [q], environment: [A=1]"))]);
    assert_eq!(services[0].element, Element::Job);
    assert_eq!(services[0].depends_on[0].service.value, "q");
}

#[test]
fn a_step_points_at_its_first_key_and_its_mapping() {
    let text = "services:\n  a:\n    image: i\n    deploy: {resources: {limits: {memory: 1g}}}\n    pre_start:\n      \
                - command: x\n        user: u\n";
    let (services, sources) = load(&[("compose.yaml", text)]);
    let Element::PreStart(step) = &services[1].element else { panic!() };
    let text = |span: Span| sources.get(span.file).slice(span).to_owned();
    assert_eq!(text(services[1].key), "command");
    assert_eq!(text(step.mapping), "command: x\n        user: u");
    assert_eq!(text(step.deploy_limit.unwrap()), "1g");
    assert_eq!((step.service.as_str(), step.index), ("a", 0));
    assert_eq!(service_of(&services[1].name), "a");
    assert_eq!(services[1].key.file, SourceId(0));
}
