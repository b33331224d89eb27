//! The catalog, compared with the tags of Docker's official images and with the references in real files.

#![expect(clippy::print_stdout, reason = "a conformance run tells what it measured")]

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::common::shared;
use oomlint::catalog::{Catalog, Healthcheck, LighterKind, RuntimeName};
use oomlint::model::ImageReference;

fn parse(text: &str) -> ImageReference {
    ImageReference::parse(text).unwrap_or_else(|| panic!("{text} is a reference"))
}

fn lighter(text: &str) -> Option<(LighterKind, String)> {
    Catalog::builtin().lighter(&parse(text)).map(|lighter| (lighter.kind, lighter.reference))
}

fn official_tags() -> HashMap<String, HashSet<String>> {
    #[derive(serde::Deserialize)]
    struct List {
        images: HashMap<String, HashSet<String>>,
    }
    let text = std::fs::read_to_string(shared().join("knowledge/official_tags.json")).expect("the list");
    serde_json::from_str::<List>(&text).expect("the list of tags").images
}

#[test]
fn suggests_the_lighter_tag() {
    use LighterKind::{DropIn, Line, MultiStage};
    for (used, kind, then) in [
        ("node", DropIn, "node:slim"),
        ("node:22", DropIn, "node:22-slim"),
        ("docker.io/library/node:22", DropIn, "node:22-slim"),
        ("node:22-bookworm", DropIn, "node:22-bookworm-slim"),
        ("node:lts", DropIn, "node:lts-slim"),
        ("node:jod", DropIn, "node:jod-slim"),
        ("node:22.5.0", Line, "node:22-slim"),
        ("node:22.5.0-bookworm", Line, "node:22-bookworm-slim"),
        ("python:3.12", DropIn, "python:3.12-slim"),
        ("python:3", DropIn, "python:3-slim"),
        ("python:3.12-bookworm", DropIn, "python:3.12-slim-bookworm"),
        ("python:bookworm", DropIn, "python:slim-bookworm"),
        ("python:3.12.4", Line, "python:3.12-slim"),
        ("ruby:3.4", DropIn, "ruby:3.4-slim"),
        ("perl:5.42-threaded", DropIn, "perl:5.42-slim-threaded"),
        ("elixir:1.18-otp-27", DropIn, "elixir:1.18-otp-27-slim"),
        ("php:8.3-fpm", DropIn, "php:8.3-fpm-alpine"),
        ("php:8.3.12-cli", Line, "php:8.3-cli-alpine"),
        ("eclipse-temurin:21", DropIn, "eclipse-temurin:21-jre"),
        ("eclipse-temurin:21-jdk", DropIn, "eclipse-temurin:21-jre"),
        ("eclipse-temurin:21-jdk-alpine", DropIn, "eclipse-temurin:21-jre-alpine"),
        ("eclipse-temurin:17.0.8_7-jdk-jammy", Line, "eclipse-temurin:17-jre-jammy"),
        ("eclipse-temurin:8u372-b07-jdk", Line, "eclipse-temurin:8-jre"),
        ("openjdk:17-jdk-slim", Line, "eclipse-temurin:17-jre"),
        ("openjdk:8-jdk-alpine", Line, "eclipse-temurin:8-jre-alpine"),
        ("java:8", Line, "eclipse-temurin:8-jre"),
        ("amazoncorretto:17", DropIn, "amazoncorretto:17-headless"),
        ("amazoncorretto:8-alpine", DropIn, "amazoncorretto:8-alpine-jre"),
        ("ibm-semeru-runtimes:open-17-jdk", DropIn, "ibm-semeru-runtimes:open-17-jre"),
        ("sapmachine:21", DropIn, "sapmachine:21-jre"),
        ("maven:3.9-eclipse-temurin-21", MultiStage, "eclipse-temurin:21-jre"),
        ("gradle:8.10-jdk17-alpine", MultiStage, "eclipse-temurin:17-jre-alpine"),
        ("maven:3.9-amazoncorretto-17", MultiStage, "amazoncorretto:17-headless"),
        ("maven:3.9-ibm-semeru-17-noble", MultiStage, "ibm-semeru-runtimes:open-17-jre"),
        ("gradle:8-jdk8-corretto", MultiStage, "amazoncorretto:8-jre"),
        ("golang:1.22", MultiStage, "debian:trixie-slim"),
        ("golang:1.22-alpine", MultiStage, "alpine:3.24"),
        ("golang:1.22-alpine3.22", MultiStage, "alpine:3.22"),
        ("golang:1.22-bookworm", MultiStage, "debian:bookworm-slim"),
        ("rust:1.80-slim-bookworm", MultiStage, "debian:bookworm-slim"),
        ("gcc:13-bookworm", MultiStage, "debian:bookworm-slim"),
        ("haskell:9-slim-bookworm", MultiStage, "debian:bookworm-slim"),
        ("rust:1.80-slim", MultiStage, "debian:trixie-slim"),
        ("tomcat:10.1-jdk21", DropIn, "tomcat:10.1-jre21"),
        ("tomcat:9.0.80-jdk17", Line, "tomcat:9-jre17"),
        ("nginx", DropIn, "nginx:alpine"),
        ("nginx:1.31", DropIn, "nginx:1.31-alpine"),
        ("nginx:stable", DropIn, "nginx:stable-alpine"),
        ("httpd:2.4", DropIn, "httpd:2.4-alpine"),
        ("debian:12", DropIn, "debian:12-slim"),
        ("debian:bookworm", DropIn, "debian:bookworm-slim"),
        ("debian:12.5", Line, "debian:12-slim"),
        ("buildpack-deps:bookworm", MultiStage, "debian:bookworm-slim"),
        ("mcr.microsoft.com/dotnet/sdk:8.0", MultiStage, "mcr.microsoft.com/dotnet/aspnet:8.0"),
        (
            "mcr.microsoft.com/dotnet/sdk:8.0.404-alpine3.20",
            MultiStage,
            "mcr.microsoft.com/dotnet/aspnet:8.0-alpine",
        ),
        ("nvidia/cuda:12.4.1-devel-ubuntu22.04", DropIn, "nvidia/cuda:12.4.1-runtime-ubuntu22.04"),
        (
            "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04",
            DropIn,
            "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04",
        ),
        ("mirror.gcr.io/library/python:3.12", DropIn, "mirror.gcr.io/library/python:3.12-slim"),
        ("arm32v7/debian:bookworm", DropIn, "arm32v7/debian:bookworm-slim"),
        (
            "public.ecr.aws/docker/library/golang:1.27",
            MultiStage,
            "public.ecr.aws/docker/library/debian:trixie-slim",
        ),
    ] {
        assert_eq!(lighter(used), Some((kind, then.to_owned())), "{used}");
    }
}

#[test]
fn stays_silent_where_nothing_is_known_or_won() {
    let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for used in [
        "node:22-slim",
        "node:22-alpine",
        "node:alpine3.24",
        "node:8-onbuild",
        // No lighter tag exists for this release of the distribution, and other releases are not suggested.
        "node:22-buster",
        "eclipse-temurin:17-jdk-focal",
        "openjdk:17-jdk-bullseye",
        "nginx:1.31-trixie",
        "golang:1.15-buster",
        "golang:1.22-alpine3.10",
        "node:18",
        "node:18.12-bullseye",
        "node:dubnium-stretch",
        "python:3.8.10",
        "python:3.12-slim-bookworm",
        "python:3.12-windowsservercore-ltsc2022",
        "eclipse-temurin:21-jre",
        "eclipse-temurin:21-jre-alpine",
        "eclipse-temurin",
        "openjdk:8-jre-slim",
        "openjdk:16-jdk",
        "openjdk",
        "maven:3.9",
        "gradle:8-jdk17-graal",
        "swift:6.3-amazonlinux2023",
        "php:8.3-apache",
        "nginx:alpine",
        "nginx:1.13",
        "postgres:16",
        "debian:buster",
        "debian:bookworm-slim",
        "alpine",
        "scratch",
        "gcr.io/distroless/java17-debian12",
        "nvidia/cuda:12.4.1-base-ubuntu22.04",
        "mcr.microsoft.com/dotnet/aspnet:8.0",
        "mcr.microsoft.com/dotnet/sdk",
        "example.com/library/node:22",
        "someone/node:22",
    ] {
        assert_eq!(lighter(used), None, "{used}");
    }
    assert_eq!(lighter(&format!("node@{digest}")), None);
    // A tag before the digest still identifies the image.
    assert!(lighter(&format!("node:22@{digest}")).is_some());
}

#[test]
fn sizes_come_along_in_bytes() {
    let catalog = Catalog::builtin();
    let found = catalog.lighter(&parse("node:22-bookworm")).expect("a lighter tag");
    assert!(found.size_now.is_some_and(|size| size.abs_diff(405_140_451) < 100_000), "{found:?}");
    assert!(found.size_then.is_some_and(|size| size.abs_diff(79_792_241) < 100_000), "{found:?}");
    assert!(found.cost.contains("no compilers") && !found.why.is_empty());
    let unread = catalog.lighter(&parse("ruby:3.4")).expect("a lighter tag");
    assert_eq!((unread.size_now, unread.size_then), (None, None));
}

#[test]
fn versions_are_read_from_tags() {
    let catalog = Catalog::builtin();
    for (text, expected) in [
        ("node:22-alpine", Some((RuntimeName::Node, 22))),
        ("node:18.12.1-bullseye", Some((RuntimeName::Node, 18))),
        ("node:lts-hydrogen", Some((RuntimeName::Node, 18))),
        ("node:lts", None),
        ("node", None),
        ("eclipse-temurin:8u372-b07-jre", Some((RuntimeName::Java, 8))),
        ("openjdk:8-jre", Some((RuntimeName::Java, 8))),
        ("openjdk:1.8.0_292", Some((RuntimeName::Java, 8))),
        ("openjdk:11-jre-slim", Some((RuntimeName::Java, 11))),
        ("ibm-semeru-runtimes:open-17-jre", Some((RuntimeName::Java, 17))),
        ("maven:3.8.5-openjdk-17-slim", Some((RuntimeName::Java, 17))),
        ("maven:3-jdk-11", Some((RuntimeName::Java, 11))),
        ("maven:3.9", None),
        ("gradle:7.6-jdk11", Some((RuntimeName::Java, 11))),
        ("tomcat:9.0-jre8-temurin", Some((RuntimeName::Java, 8))),
        ("jenkins/jenkins:lts-jdk17", Some((RuntimeName::Java, 17))),
        ("itzg/minecraft-server:java21-alpine", Some((RuntimeName::Java, 21))),
        ("gcr.io/distroless/java17-debian12:nonroot", Some((RuntimeName::Java, 17))),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-alpine", Some((RuntimeName::Dotnet, 8))),
    ] {
        let reference = parse(text);
        let entry = catalog.image(&reference).unwrap_or_else(|| panic!("{text} has a row"));
        assert_eq!(reference.effective_tag().and_then(|tag| entry.runtime_major(tag)), expected, "{text}");
    }
}

#[test]
fn knows_what_images_start_and_hold() {
    let catalog = Catalog::builtin();
    let entry = |text| catalog.image(&parse(text)).unwrap_or_else(|| panic!("{text} has a row"));
    let node = entry("node:22");
    let start = node.start("22").expect("node's start");
    assert!(start.hands_over);
    assert_eq!(start.cmd.as_deref(), Some(&["node".to_owned()][..]));
    assert_eq!(node.has_tool("22", "curl"), Some(true));
    assert_eq!(node.has_tool("22-slim", "curl"), Some(false));
    assert_eq!(node.has_tool("8-slim", "curl"), None, "old slim images were built otherwise");
    assert_eq!(node.has_tool("22-alpine3.24", "wget"), Some(true));
    assert_eq!(node.has_tool("22-alpine3.24", "curl"), Some(false));
    assert_eq!(node.has_tool("22", "jq"), None);

    assert_eq!(entry("eclipse-temurin:21-jre").has_tool("21-jre", "curl"), None, "a plain tag's base moves");
    assert_eq!(
        entry("python:2.7").start("2.7").and_then(|s| s.cmd.clone()),
        Some(vec!["python2".to_owned()])
    );
    assert_eq!(
        entry("php:8-fpm").start("8-fpm").and_then(|s| s.cmd.clone()),
        Some(vec!["php-fpm".to_owned()])
    );
    assert_eq!(entry("python").start("3.12-windowsservercore"), None);

    let java = entry("gcr.io/distroless/java21-debian12");
    assert_eq!(java.shell("nonroot"), Some(false));
    assert_eq!(java.shell("debug-nonroot"), Some(true));
    assert_eq!(java.has_tool("latest", "curl"), Some(false));
    assert_eq!(entry("gcr.io/distroless/static-debian12").shell("latest"), Some(false));
    assert_eq!(entry("scratch").has_tool("latest", "sh"), Some(false));

    assert_eq!(entry("tomcat:9").expands, ["JAVA_OPTS", "CATALINA_OPTS"]);
    assert_eq!(entry("confluentinc/cp-kafka:7.6.0").heap_when_unset.as_ref().map(|h| h.mib), Some(1024));
    assert!(entry("openjdk:8-jre").ignores_limit("8-jre").is_some());
    assert!(entry("openjdk:11-jre").ignores_limit("11-jre").is_none());
    assert!(entry("cassandra").ignores_limit("latest").is_some());
    assert!(entry("openjdk:17").deprecated("17").is_some());
    assert!(catalog.image(&parse("someone/something")).is_none());
}

#[test]
fn official_images_bring_no_healthcheck() {
    let catalog = Catalog::builtin();
    for text in
        ["node:22", "postgres", "adminer", "mirror.gcr.io/library/postgres:17", "amd64/alpine", "java:8"]
    {
        assert!(catalog.is_official(&parse(text)), "{text}");
        assert_eq!(catalog.healthcheck(&parse(text)), Healthcheck::None, "{text}");
    }
    for text in ["conductor", "acme/redis", "example.com/library/node", "amd64/conductor"] {
        assert!(!catalog.is_official(&parse(text)), "{text}");
        assert_eq!(catalog.healthcheck(&parse(text)), Healthcheck::Unknown, "{text}");
    }
    assert_eq!(catalog.healthcheck(&parse("kong:3.4")), Healthcheck::Present);
    assert_eq!(catalog.healthcheck(&parse("itzg/minecraft-server")), Healthcheck::Present);
}

#[test]
fn knows_which_versions_are_still_rebuilt() {
    let catalog = Catalog::builtin();
    for (text, expected) in [
        ("node:22-slim", Some(true)),
        ("node:22.5.0", Some(true)),
        ("node:18-alpine", Some(false)),
        ("node:dubnium", Some(false)),
        ("node:lts", None),
        ("node", None),
        ("python:3", None),
        ("python:3.1", Some(false)),
        ("python:3.11-slim", Some(true)),
        ("python:3.10-slim", Some(false)),
        ("debian:bullseye-slim", Some(false)),
        ("python:2.7", Some(false)),
        ("debian:buster-slim", Some(false)),
        ("debian:bookworm-slim", Some(true)),
        ("alpine:3.12", Some(false)),
        ("alpine:3.23", Some(true)),
        ("ubuntu:16.04", Some(false)),
        ("ubuntu:noble", Some(true)),
        ("postgres:9.6-alpine", Some(false)),
        ("ibm-semeru-runtimes:open-17-jre", None),
        ("someone/app:1", None),
        // Newer than the list of tags.
        ("node:99-slim", None),
        ("python:3.99-rc-slim", None),
        ("postgres:99beta1", None),
        ("cassandra:6.0-alpha2", None),
    ] {
        assert_eq!(catalog.rebuilt(&parse(text)), expected, "{text}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_tag_of_the_table_exists() {
    let official = official_tags();
    let table: serde_yaml::Value =
        serde_yaml::from_str(include_str!("../../rules/catalog/tags.yaml")).expect("the table of tags");
    let words = |value: &serde_yaml::Value| -> Vec<String> {
        value.as_str().expect("a string").split_whitespace().map(str::to_owned).collect()
    };
    let names: HashSet<String> = words(&table["official"]).into_iter().collect();
    assert_eq!(names, official.keys().cloned().collect::<HashSet<_>>());
    let mut count = 0;
    for (image, tags) in table["tags"].as_mapping().expect("tags by image") {
        let image = image.as_str().expect("an image");
        for tag in words(tags) {
            assert!(official[image].contains(&tag), "{image}:{tag}");
            count += 1;
        }
    }
    for (image, lines) in table["lines"].as_mapping().expect("lines by image") {
        let image = image.as_str().expect("an image");
        for line in words(lines) {
            let some = official[image].iter().any(|tag| tag.split('-').any(|word| word == line));
            assert!(some, "{image} has no line {line}");
        }
    }
    for (image, names) in table["ended"].as_mapping().expect("names by image") {
        let image = image.as_str().expect("an image");
        for name in words(names) {
            let some = official[image].iter().any(|tag| tag.split('-').any(|word| word == name));
            // It ended after the day of the list.
            assert!(!some || name == "bullseye", "{image}:{name} is still there");
        }
    }
    println!("{count} tags of {} images", table["tags"].as_mapping().map_or(0, serde_yaml::Mapping::len));
}

/// For every official tag, the suggested one is an official tag, too.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_suggestion_for_an_official_tag_exists() {
    let official = official_tags();
    let catalog = Catalog::builtin();
    let (mut asked, mut answered) = (0, 0);
    for (image, tags) in &official {
        for tag in tags {
            asked += 1;
            let used = format!("{image}:{tag}");
            let Some(found) = catalog.lighter(&parse(&used)) else { continue };
            answered += 1;
            let (to, then) = found.reference.rsplit_once(':').expect("a tag");
            assert!(
                official.get(to).is_some_and(|tags| tags.contains(then)),
                "{used} -> {}",
                found.reference
            );
            assert_ne!(used, found.reference);
            assert!(
                !(tag.contains("alpine") && !then.contains("alpine") && to != "alpine"),
                "{used} -> {} changes the libc",
                found.reference
            );
        }
    }
    println!("{asked} tags, {answered} with a suggestion");
    assert!(answered > 1000, "{answered}");
}

/// Share of the final stages of real Dockerfiles that the tables know. Stage names are followed, variables are not.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn knows_the_references_of_the_corpus() {
    let shared = shared();
    let catalog = Catalog::builtin();
    #[derive(Default)]
    struct Row {
        times: usize,
        known: bool,
        suggestion: Option<String>,
    }
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let (mut files, mut unreadable) = (0, 0);
    for file in walkdir::WalkDir::new(shared.join("corpus")).into_iter().filter_map(Result::ok) {
        let name = file.file_name().to_string_lossy().to_lowercase();
        if !file.file_type().is_file() || !name.contains("dockerfile") {
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(file.path()).unwrap_or_default()).into_owned();
        let Some(from) = final_from(&text) else { continue };
        files += 1;
        let Some(reference) = ImageReference::parse(&from) else {
            unreadable += 1;
            continue;
        };
        let row = rows.entry(from).or_default();
        row.times += 1;
        row.known = catalog.image(&reference).is_some();
        row.suggestion =
            catalog.lighter(&reference).map(|found| format!("{} ({:?})", found.reference, found.kind));
    }
    let with_row: usize = rows.values().filter(|row| row.known).map(|row| row.times).sum();
    let mut with_suggestion = 0;
    for (from, row) in &rows {
        if let Some(suggestion) = &row.suggestion {
            with_suggestion += row.times;
            println!("{:4}  {from} -> {suggestion}", row.times);
        }
    }
    println!(
        "{files} final stages, {unreadable} with variables, {with_row} with a row, {with_suggestion} with a suggestion"
    );
    assert!(with_row * 2 > files - unreadable, "less than half of the references have a row");
    assert!(with_suggestion > 0);
}

/// Returns the image of the last `FROM`, following stage names.
fn final_from(text: &str) -> Option<String> {
    let mut stages: HashMap<String, String> = HashMap::new();
    let mut last = None;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("from")) {
            continue;
        }
        let mut words = words.skip_while(|word| word.starts_with("--"));
        let Some(image) = words.next() else { continue };
        let image = stages.get(&image.to_lowercase()).cloned().unwrap_or_else(|| image.to_owned());
        if let (Some(_), Some(name)) = (words.next(), words.next()) {
            stages.insert(name.to_lowercase(), image.clone());
        }
        last = Some(image);
    }
    last
}
