//! Memory faults that real projects had and fixed: they must be reported at their location, and no longer once fixed.
//!
//! The stories are in `corpus/stories.jsonl`. Those with files have the state with the fault and mostly the fixed one.

use crate::common;
use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::discover::{self, discover};
use oomlint::rules::Preset;
use oomlint::source::Sources;

/// The state that is not the one with the fault.
#[derive(Clone, Copy, PartialEq)]
enum Other {
    /// The fault is fixed.
    Mended,
    /// The fault is still there: the two states differ in something else.
    Same,
    /// There is no other state.
    Missing,
}
use Other::{Mended, Missing, Same};

/// A file of the story, the line, and the service; `None` for a Dockerfile that no service builds.
type Place = (&'static str, u32, Option<&'static str>);

/// The story, the state with the fault, the rule that reports it, all locations, and the other state.
type Fault = (&'static str, &'static str, &'static str, &'static [Place], Other);

const AD: &str = "src/ad/Dockerfile";
const FRAUD: &str = "src/fraud-detection/Dockerfile";
const PLAIN: &str = "docker-compose.yml";
const PROD: &str = "docker-compose.prod.yml";
const GRID: &str = "docker-compose-v2.yml";

/// Faults that the default rules report.
const CAUGHT: &[Fault] = &[
    ("C09", "before", "unbounded-heap", &[(AD, 32, None), (FRAUD, 22, None)], Mended),
    ("C10", "after", "malformed-heap-setting", &[(FRAUD, 22, None)], Mended),
    // The second fault of the story: the state that fixes the first one exceeds its limit.
    ("C11", "after", "shm-exceeds-limit", &[("compose.yaml", 414, Some("load-generator"))], Mended),
    (
        "C18",
        "before",
        "disabled-oom-killer",
        &[(PROD, 4, Some("coolify")), (PROD, 45, Some("postgres")), (PROD, 64, Some("redis"))],
        Mended,
    ),
    ("C30", "before", "missing-memory-limit", &[(PLAIN, 471, Some("elasticsearch"))], Mended),
    (
        "C33",
        "before",
        "missing-memory-limit",
        &[
            (PLAIN, 3, Some("config-server")),
            (PLAIN, 9, Some("discovery-server")),
            (PLAIN, 20, Some("customers-service")),
            (PLAIN, 34, Some("visits-service")),
            (PLAIN, 48, Some("vets-service")),
            (PLAIN, 62, Some("api-gateway")),
            (PLAIN, 79, Some("tracing-server")),
            (PLAIN, 92, Some("admin-server")),
        ],
        Mended,
    ),
    (
        "C37",
        "before",
        "unsized-tmpfs",
        &[(GRID, 9, Some("chrome")), (GRID, 22, Some("edge")), (GRID, 35, Some("firefox"))],
        Mended,
    ),
    (
        "C40",
        "after",
        "cache-exceeds-limit",
        &[
            ("dokploy/docker-compose.prod.yml", 66, Some("redis-cache")),
            ("dokploy/docker-compose.prod.yml", 88, Some("redis-queue")),
        ],
        Same,
    ),
    (
        "C41",
        "after",
        "cache-exceeds-limit",
        &[("docker-compose.gpu-optimized.yml", 149, Some("postgres"))],
        Same,
    ),
    ("C43", "after", "ulimit-in-build", &[("Dockerfile", 29, None)], Mended),
    ("C44", "after", "memory-lock-without-ulimit", &[(PLAIN, 601, Some("elasticsearch"))], Missing),
];

/// Faults that only the preset `strict` reports.
const STRICT: &[Fault] = &[("C46", "before", "small-shm", &[("postgres/stack.yml", 6, Some("db"))], Mended)];

/// Faults that no rule reports, not even a strict one, with the rule that they concern and the reason.
const MISSED: &[(Fault, &str)] = &[
    (
        ("C11", "before", "small-shm", &[("compose.yaml", 403, Some("load-generator"))], Mended),
        "a variable of the service says that it drives a browser, its image does not",
    ),
    (
        ("C12", "before", "tight-heap", &[(PLAIN, 618, Some("kafka"))], Mended),
        "half of the limit was too little for the load, and two thirds of a larger one was not",
    ),
    (
        ("C17", "before", "unbounded-cache", &[(PROD, 52, Some("redis"))], Mended),
        "an overlay without its base names no image; with the base it is named: see below",
    ),
    (
        ("C27", "before", "malformed-heap-setting", &[(PLAIN, 64, Some("logstash"))], Mended),
        "the initial heap is the image's, and the Dockerfile is not here; with it it is named: see below",
    ),
    (
        ("C29", "before", "unread-heap-variable", &[("compose/env/opensearch.env", 6, None)], Mended),
        "an env_file alone; with the service that reads it it is named: see below",
    ),
    (
        ("C33", "before", "unbounded-heap", &[(PLAIN, 16, Some("discovery-server"))], Mended),
        "named in both states: the flag of the fix follows the limit, which is no bound of its own",
    ),
    (
        ("C36", "before", "removed-jvm-flag", &[(PLAIN, 70, Some("tracing-server"))], Mended),
        "which Java the image runs, and that its script reads JAVA_OPTS, is not known",
    ),
];

/// Story with missing files: the story, its file, a name for it, the files to add, and the expected rule and service.
type Completed = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], Named);
type Named = (&'static str, &'static str);

const COMPLETED: &[Completed] = &[
    (
        "C17",
        PROD,
        "compose.override.yaml",
        &[("compose.yaml", "services:\n  redis:\n    image: redis:7-alpine\n")],
        ("unbounded-cache", "redis"),
    ),
    (
        "C27",
        PLAIN,
        "compose.yaml",
        &[("logstash/Dockerfile", "FROM docker.elastic.co/logstash/logstash:7.9.3\n")],
        ("malformed-heap-setting", "logstash"),
    ),
    (
        "C29",
        "compose/env/opensearch.env",
        "opensearch.env",
        &[(
            "compose.yaml",
            "services:\n  search:\n    image: opensearchproject/opensearch:2\n    env_file: opensearch.env\n",
        )],
        ("unread-heap-variable", "search"),
    ),
];

/// Returns the directory of the stories, without `..` so that it can be removed from the paths of findings.
fn stories() -> PathBuf {
    common::corpus().join("stories").canonicalize().unwrap()
}

/// Returns the findings of a state of a story: rule, file relative to the state, line, service.
fn findings(state: &Path, file: &str, preset: Preset) -> Vec<(&'static str, String, u32, Option<String>)> {
    let look = |path: &Path| discover(&[path.to_path_buf()], discover::Options::default());
    let discovered = match look(state) {
        Ok(all) if !all.files.is_empty() => all,
        // A file that discovery does not find, so it is named as on the command line.
        _ => match look(&state.join(file)) {
            Ok(named) => named,
            Err(_) => return Vec::new(),
        },
    };
    let sources = Sources::new();
    let outcome = check::run(&Options { preset: Some(preset), ..Options::default() }, &sources, &discovered);
    let place = |finding: oomlint::diagnostic::Finding| {
        let span = sources.to_outer_span(finding.primary.span);
        let source = sources.get(span.file);
        let below = source.path().strip_prefix(state).unwrap();
        let below = below.to_string_lossy().replace('\\', "/");
        (finding.rule, below, source.position(span.start).line, finding.service)
    };
    outcome.findings.into_iter().map(place).collect()
}

/// Returns the locations of the fault that its rule reports in `state`, on the exact line or anywhere in the service.
fn named(stories: &Path, fault: &Fault, state: &str, preset: Preset, by_line: bool) -> Vec<Place> {
    let (story, _, rule, places, _) = *fault;
    let dir = stories.join(story).join(state);
    let found = findings(&dir, places[0].0, preset);
    let is_named = |place: &&Place| {
        let (file, line, service) = **place;
        found.iter().any(|(name, below, at, of)| {
            *name == rule && below == file && of.as_deref() == service && (!by_line || *at == line)
        })
    };
    places.iter().filter(is_named).copied().collect()
}

fn other(bad: &str) -> &'static str {
    if bad == "before" { "after" } else { "before" }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_fault_is_named_where_it_is_and_the_fix_is_quiet() {
    let stories = stories();
    let by_default = CAUGHT.iter().map(|fault| (fault, Preset::Recommended));
    for (fault, preset) in by_default.chain(STRICT.iter().map(|fault| (fault, Preset::Strict))) {
        let (story, bad, rule, places, sound) = *fault;
        let here = named(&stories, fault, bad, preset, true);
        assert_eq!(here, places, "{story}: what {rule} names in the state with the fault");
        let there = stories.join(story).join(other(bad));
        assert_eq!(there.is_dir(), sound != Missing, "{story}: {}", there.display());
        let left = match sound {
            Mended => 0,
            Same => places.len(),
            Missing => continue,
        };
        let there = named(&stories, fault, other(bad), Preset::Strict, false);
        assert_eq!(there.len(), left, "{story}: {rule} in the other state: {there:?}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_is_not_named_is_said_and_why() {
    let stories = stories();
    for (fault, reason) in MISSED {
        let (story, bad, rule, places, _) = *fault;
        // Something else is reported in the file, so it was checked. An env_file without a service is not.
        let file = places[0].0;
        let all = findings(&stories.join(story).join(bad), file, Preset::Strict);
        let seen = all.iter().any(|(_, below, ..)| below == file);
        assert!(seen || file.ends_with(".env"), "{story}: nothing at all is reported about {file}");
        let here = named(&stories, fault, bad, Preset::Strict, false);
        let there = named(&stories, fault, other(bad), Preset::Strict, false);
        let told_apart = !here.is_empty() && there.is_empty();
        assert!(!told_apart, "{story} is named by {rule} now: it belongs to the other list");
        println!("{story} is not named by {rule}: {reason}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_story_that_can_be_proved_is_accounted_for() {
    let corpus = common::corpus();
    let text = std::fs::read_to_string(corpus.join("stories.jsonl")).unwrap();
    let mut provable = 0;
    for line in text.lines() {
        let story: serde_json::Value = serde_json::from_str(line).unwrap();
        let (id, mark) = (story["id"].as_str().unwrap(), story["static"].as_str().unwrap());
        if !corpus.join("stories").join(id).is_dir() {
            continue;
        }
        let caught: Vec<&Fault> = CAUGHT.iter().filter(|fault| fault.0 == id).collect();
        let missed: Vec<&Fault> =
            MISSED.iter().map(|(fault, _)| fault).filter(|fault| fault.0 == id).collect();
        // C11 has a second fault, in the state that fixes the first.
        let known = story["bad_state"].as_str().unwrap();
        for fault in caught.iter().chain(&missed) {
            assert!(fault.1 == known || id == "C11", "{id}: the bad state is {known}");
        }
        if matches!(mark, "Y" | "X") {
            provable += 1;
            assert!(caught.is_empty() != missed.is_empty(), "{id} is in one of the two lists");
        }
    }
    println!("{provable} stories with files can be proved");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_fault_is_named_once_the_files_that_are_not_here_are() {
    let stories = stories();
    for &(story, file, name, others, (rule, service)) in COMPLETED {
        for (state, expected) in [("before", 1), ("after", 0)] {
            let scratch = tempfile::tempdir().unwrap();
            let dir = scratch.path().canonicalize().unwrap();
            let original = stories.join(story).join(state).join(file);
            std::fs::copy(original, dir.join(name)).unwrap();
            for (path, text) in others {
                let path = dir.join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            let found = findings(&dir, name, Preset::Strict);
            let of_it =
                found.iter().filter(|(found, _, _, of)| *found == rule && of.as_deref() == Some(service));
            assert_eq!(of_it.count(), expected, "{story}: {rule} {state} the fix");
        }
    }
}
