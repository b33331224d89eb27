//! `oomlint budget`: snapshots, and sums that agree in every format.

use crate::common;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use oomlint::capacity::{Host, Room, Stack};
use oomlint::check::{self, Options};
use oomlint::discover::{self, Discovered, FileKind};
use oomlint::report::budget::{Format, Report, TableStyle, write};
use oomlint::rules::Policy;
use oomlint::source::Sources;
use oomlint::syntax::size::ByteSize;
use proptest::prelude::*;
use serde_json::Value;

const GIB: i64 = 1 << 30;

fn stacks(sources: &Sources, discovered: &Discovered, host: Option<i64>, profiles: &[&str]) -> Vec<Stack> {
    let profiles: Vec<String> = profiles.iter().map(|profile| (*profile).to_owned()).collect();
    let projects = check::projects(&Options::default(), sources, discovered);
    let host = host.map(|bytes| {
        let size = ByteSize(bytes);
        Host { size, from: "--host-memory".to_owned(), room: Room::of(size, None, 1.0) }
    });
    let stacks = projects.iter().filter(|project| !project.compose_files.is_empty());
    stacks.map(|project| Stack::of(project, host.clone(), &profiles, &BTreeMap::new())).collect()
}

fn print(stacks: &[Stack], sources: &Sources, format: Format, width: usize) -> String {
    let mut out = Vec::new();
    write(&mut out, &Report::new(stacks, sources), format, TableStyle { width, color: false }).unwrap();
    String::from_utf8(out).unwrap()
}

fn project(name: &str) -> (Sources, Discovered) {
    let path = PathBuf::from("fixtures/projects").join(name);
    (Sources::new(), discover::discover(&[path], discover::Options::default()).unwrap())
}

#[test]
fn every_format_of_one_project() {
    let (sources, discovered) = project("budget");
    let stacks = stacks(&sources, &discovered, Some(8 * GIB), &[]);
    for format in Format::value_variants() {
        let name = format!("{format:?}").to_lowercase();
        insta::assert_snapshot!(format!("budget_{name}"), print(&stacks, &sources, *format, 120));
    }
    let narrow = format!(
        "{}\n{}",
        print(&stacks, &sources, Format::Human, 72),
        print(&stacks, &sources, Format::Human, 40)
    );
    insta::assert_snapshot!("budget_narrow", narrow);
}

/// The expected sums are calculated by hand from fixtures/projects/budget. Comments are in MiB.
#[test]
fn sums_are_those_of_the_files() {
    const MIB: i64 = 1 << 20;
    let (sources, discovered) = project("budget");
    let base = &stacks(&sources, &discovered, None, &[])[0];
    let sum = base.sum();
    // web 2 x 1024, orders 640, mails 3 x 576, cache 384
    assert_eq!(sum.limits, ByteSize((2048 + 640 + 1728 + 384) * MIB));
    // web 2 x 256, orders 512
    assert_eq!(sum.reservations, ByteSize(1024 * MIB));
    // orders 640, mails 3 x 576; web has none, that of cache is unlimited
    assert_eq!(sum.swap, ByteSize((640 + 1728) * MIB));
    assert_eq!(sum.unlimited_swap, ["cache"]);
    assert_eq!((sum.services, sum.containers), (6, 9));
    assert_eq!((sum.unlimited, sum.unknown), (vec!["db".to_owned()], vec!["queue".to_owned()]));
    let profiles: Vec<(String, i64)> =
        base.by_profile().into_iter().map(|(name, sum)| (name, sum.limits.0 / MIB)).collect();
    assert_eq!(profiles, [("debug".to_owned(), 128 + 2048), ("load".to_owned(), 2048)]);
    let twice = common::Checked::texts(&[(
        "compose.yaml",
        "services:\n  a: {image: x, profiles: [p, p, q]}\n  b: {image: x, profiles: [q]}\n  c: {image: x}\n",
    )]);
    // `.env` names profiles, unless the command line does.
    let env = common::Checked::texts(&[
        (
            "compose.yaml",
            "services:\n  a: {image: x, mem_limit: 1g, profiles: [p]}\n  b: {image: x, mem_limit: 2g, profiles: [q]}\n",
        ),
        (".env", "COMPOSE_PROFILES=p, other\n"),
    ]);
    let limits = |named: &[&str]| {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        let stack = Stack::of(&env.outcome.projects[0], None, &named, &BTreeMap::new());
        stack.sum().limits.0 / MIB
    };
    assert_eq!((limits(&[]), limits(&["q"]), limits(&["*"])), (1024, 2048, 3072));
    let counted = Stack::of(&twice.outcome.projects[0], None, &[], &BTreeMap::new()).by_profile();
    let counted: Vec<(&str, usize)> =
        counted.iter().map(|(name, sum)| (name.as_str(), sum.services)).collect();
    assert_eq!(counted, [("p", 1), ("q", 2)]);
    let debug = stacks(&sources, &discovered, None, &["debug"])[0].sum();
    assert_eq!(debug.limits, ByteSize((4800 + 128 + 2048) * MIB));
    // What starts is not said to be added once more.
    let left = stacks(&sources, &discovered, None, &["debug"])[0].by_profile();
    assert!(left.iter().all(|(name, _)| name == "load"), "{left:?}");
    let overlay = &stacks(&sources, &discovered, Some(8 * GIB), &[])[1];
    // mails 8 x 576, and the database 2048
    assert_eq!(overlay.sum().limits, ByteSize((2048 + 640 + 8 * 576 + 384 + 2048) * MIB));
    assert!(overlay.is_override_file && overlay.excesses().len() == 1);
}

#[test]
fn what_could_not_be_read_is_said_in_every_format_that_people_read() {
    let sources = Sources::new();
    sources.add(
        Path::new("compose.yaml"),
        "include: [none.yaml]\nservices:\n  a: {image: x, mem_limit: 1g}\n  c: {image: x, mem_limit: 512Mi}\n  b:\n    image: [x\n",
    );
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    let stacks = stacks(&sources, &discovered, None, &[]);
    assert_eq!(stacks[0].gaps.len(), 2, "{:?}", stacks[0].gaps);
    for format in [Format::Human, Format::Markdown, Format::Html] {
        let text = print(&stacks, &sources, format, 100);
        assert_eq!(text.matches("not all is in the sum").count(), 2, "{text}");
        assert!(text.contains("512Mi") && text.contains("cannot be parsed"), "{text}");
    }
    let json: Value = serde_json::from_str(&print(&stacks, &sources, Format::Json, 100)).unwrap();
    assert_eq!(json["stacks"][0]["gaps"][0]["line"], 1);
}

/// Pages have names as code, and drawings have them bare.
#[test]
fn pages_have_no_backticks() {
    let sources = Sources::new();
    let text = "services:\n  a: {image: x, mem_limit: 2g}\n  b: {image: x, mem_limit: '${LIMIT}'}\n  c: {image: x}\n  \
                d: {image: 'eclipse-temurin:21-jre', mem_limit: 512m, command: java -Xmx512m -jar a.jar}\n  \
                e: {image: x, mem_limit: 1g, profiles: [p]}\n  f: {image: 'memcached:1'}\n";
    sources.add(Path::new("compose.yaml"), text);
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    let stacks = stacks(&sources, &discovered, Some(GIB), &[]);
    let page = print(&stacks, &sources, Format::Html, 100);
    assert!(page.contains("the limit of <code>a</code> is 2 GiB"), "{page}");
    assert!(page.contains("<code>${LIMIT}</code>") && !page.contains('`'), "{page}");
    let drawing = print(&stacks, &sources, Format::Svg, 100);
    assert!(drawing.contains("the limit of a alone is 2 GiB") && !drawing.contains('`'), "{drawing}");
}

/// Compares with the sums of what Docker Compose resolves, for every real stack with a limit.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn sums_agree_with_docker_compose() {
    let corpus = common::corpus();
    let mut compared = 0;
    for answer in common::answers("compose.jsonl.gz") {
        let (Some(file), Some(services)) = (answer["file"].as_str(), answer["services"].as_object()) else {
            continue;
        };
        // Values that were assumed for Compose are unknown here.
        if answer
            .get("assumed_env")
            .is_some_and(|names| names.as_array().is_none_or(|names| !names.is_empty()))
        {
            continue;
        }
        // An overlay on its own has services without containers.
        if services.values().any(|service| service.get("image").is_none() && service.get("build").is_none()) {
            continue;
        }
        let sources = Sources::new();
        let mut discovered = Discovered::default();
        discovered.add(corpus.join(file), FileKind::Compose);
        let options = Options { compose_files: vec![corpus.join(file)], ..Options::default() };
        let projects = check::projects(&options, &sources, &discovered);
        let stack = Stack::of(&projects[0], None, &["*".to_owned()], &BTreeMap::new());
        let bytes = |value: &Value| {
            value.as_str().and_then(|text| text.parse::<i64>().ok()).or(value.as_i64()).unwrap_or(0)
        };
        let limit = |service: &Value| match bytes(&service["deploy"]["resources"]["limits"]["memory"]) {
            0 => bytes(&service["mem_limit"]),
            limit => limit,
        };
        let count = |service: &Value| {
            service["deploy"]["replicas"].as_i64().or(service["scale"].as_i64()).unwrap_or(1)
        };
        let all: i64 = services.values().map(|service| limit(service) * count(service)).sum();
        if all > 0 && stack.sum().unknown.is_empty() {
            compared += 1;
            assert_eq!(stack.sum().limits.0, all, "{file}");
        }
    }
    assert!(compared > 20, "only {compared} stacks with a sum were compared");
}

/// Returns a Compose file with services of these limits (MiB), replica counts and heaps (MiB).
fn compose(services: &[(Option<u16>, u8, Option<u16>)]) -> String {
    let mut text = "services:\n".to_owned();
    for (index, (limit, count, heap)) in services.iter().enumerate() {
        text.push_str(&format!("  s{index}:\n    image: eclipse-temurin:21-jre\n    scale: {count}\n"));
        if let Some(limit) = limit {
            text.push_str(&format!("    mem_limit: {limit}m\n    mem_reservation: {}m\n", limit / 2));
        }
        if let Some(heap) = heap {
            text.push_str(&format!("    entrypoint: [java, -Xmx{heap}m, -jar, a.jar]\n"));
        }
    }
    text
}

fn data_bytes(text: &str) -> i64 {
    let values = text.split("data-bytes=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    values.map(|value| value.parse::<i64>().unwrap()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In every format the total is the sum of the parts.
    #[test]
    fn totals_are_the_sum_of_parts_in_every_format(
        services in proptest::collection::vec(
            (proptest::option::of(6_u16..9000), 0_u8..5, proptest::option::of(2_u16..4000)), 1..8),
        host in proptest::option::of(1_i64..64),
    ) {
        let sources = Sources::new();
        sources.add(Path::new("compose.yaml"), compose(&services));
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        let stacks = stacks(&sources, &discovered, host.map(|gib| gib * GIB), &[]);
        let expected: i64 = services.iter().map(|(limit, count, _)| (i64::from(limit.unwrap_or(0)) * i64::from(*count)) << 20).sum();
        prop_assert_eq!(stacks[0].sum().limits.0, expected);
        let json: Value = serde_json::from_str(&print(&stacks, &sources, Format::Json, 100)).unwrap();
        prop_assert_eq!(json["stacks"][0]["sum"]["limits"].as_i64(), Some(expected));
        let entries = json["stacks"][0]["services"].as_array().unwrap();
        let totals: i64 = entries.iter().filter_map(|entry| entry["total"]["limit"].as_i64()).sum();
        let parts: i64 = entries.iter().filter_map(|entry| entry["total"]["parts"].as_object())
            .flat_map(|parts| parts.values()).filter_map(Value::as_i64).sum();
        prop_assert_eq!((totals, parts), (expected, expected));
        let text = print(&stacks, &sources, Format::Csv, 100);
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let column = csv.headers().unwrap().iter().position(|name| name == "limit_total").unwrap();
        let of_csv: i64 = csv.records().filter_map(|row| row.unwrap()[column].parse::<i64>().ok()).sum();
        prop_assert_eq!(of_csv, expected);
        for format in [Format::Svg, Format::Html] {
            prop_assert_eq!(data_bytes(&print(&stacks, &sources, format, 100)), expected);
        }
        let sum = stacks[0].sum().limits.to_string();
        for format in [Format::Human, Format::Markdown, Format::Svg, Format::Html] {
            let text = print(&stacks, &sources, format, 100);
            prop_assert!(expected == 0 || text.contains(&format!("limits of {sum}")), "{:?}: {}", format, text);
        }
        let svg = print(&stacks, &sources, Format::Svg, 100);
        prop_assert!(roxmltree::Document::parse(&svg).is_ok());
    }

    /// A table is at most as wide as the terminal, unless the required columns are wider.
    #[test]
    fn tables_fit_their_terminal(width in 40_usize..200) {
        let (sources, discovered) = project("budget");
        let stacks = stacks(&sources, &discovered, Some(8 * GIB), &[]);
        let text = print(&stacks, &sources, Format::Human, width);
        let rows = text.lines().filter(|line| ["web ", "orders ", "mails ", "service "].iter().any(|name| line.starts_with(name)));
        for row in rows {
            prop_assert!(row.chars().count() <= width.max(44), "{row}");
        }
    }
}

/// The verdict, in words and for programs, for each reason that there is.
#[test]
fn a_stack_fits_its_host_or_not_or_only_if_the_rest_stays_small() {
    let verdict = |services: &str, host: Option<i64>| {
        let sources = Sources::new();
        let mut discovered = Discovered::default();
        sources.add(Path::new("compose.yaml"), format!("services:\n{services}"));
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        let stacks = stacks(&sources, &discovered, host, &[]);
        let json: Value = serde_json::from_str(&print(&stacks, &sources, Format::Json, 100)).unwrap();
        let stack = &json["stacks"][0];
        let text = stack["verdict"].as_str().unwrap_or_default().to_owned();
        for format in [Format::Human, Format::Markdown, Format::Html, Format::Svg] {
            let page = print(&stacks, &sources, format, 100);
            let first = text.split(['`', ':', '<']).next().unwrap();
            assert!(page.contains(first), "{format:?} {first}: {page}");
        }
        (stack["fits"].clone(), text)
    };
    let small = "  a: {image: x, mem_limit: 512m}\n";
    let fits = "fits 1 GiB: limits of 512 MiB + 256 MiB for the host = 768 MiB of 1 GiB";
    assert_eq!(verdict(small, Some(GIB)), (Value::Bool(true), fits.to_owned()));
    assert_eq!(verdict(small, None), (Value::Null, String::new()));
    let (fits, text) = verdict("  a: {image: x, mem_limit: 2g}\n", Some(GIB));
    assert!(
        fits == false && text.starts_with("does not fit 1 GiB: the limit of `a` alone is 2 GiB"),
        "{text}"
    );
    let (fits, text) = verdict(&format!("{small}  b: {{image: x}}\n"), Some(GIB));
    assert!(fits.is_null() && text.contains("stay below 256 MiB together, without a limit: `b`"), "{text}");
    let java = "  a: {image: 'eclipse-temurin:21-jre', mem_limit: 512m, command: java -Xmx512m -jar a.jar}\n";
    let (fits, text) = verdict(java, None);
    assert!(fits == false && text.contains("`a` has a limit of 512 MiB for 512 MiB of Java heap"), "{text}");
    // A heap that is sized from the host counts, although nothing limits it.
    let open = "  a: {image: 'eclipse-temurin:21-jre', command: java -jar a.jar}\n  b: {image: x, mem_limit: 700m}\n";
    let (fits, text) = verdict(open, Some(GIB));
    assert!(fits == false && text.contains("limits and default heaps add up to"), "{text}");
}

/// Returns the report in JSON of texts that are Compose files.
fn json(files: &[(&str, &str)], host: Option<i64>) -> Value {
    let (sources, mut discovered) = (Sources::new(), Discovered::default());
    for (path, text) in files {
        sources.add(Path::new(path), *text);
        discovered.add(PathBuf::from(path), FileKind::Compose);
    }
    let stacks = stacks(&sources, &discovered, host, &[]);
    serde_json::from_str(&print(&stacks, &sources, Format::Json, 100)).unwrap()
}

#[test]
fn a_limit_of_0_is_none() {
    for (limit, unlimited) in [("0", vec!["a"]), ("0m", vec!["a"]), ("6m", vec![])] {
        let text = format!("services:\n  a: {{image: x, mem_limit: {limit}}}\n");
        let json = json(&[("compose.yaml", &text)], None);
        assert_eq!(json["stacks"][0]["sum"]["without_limit"], serde_json::json!(unlimited), "{limit}");
    }
}

/// A step runs before its service's containers: without a limit it is named if they have one.
#[test]
fn a_step_without_a_limit_is_named_where_its_service_has_one() {
    let named = |limit: &str, own: &str| {
        let text =
            format!("services:\n  a:\n    image: x\n{limit}    pre_start:\n      - command: [z]\n{own}");
        let checked = common::Checked::texts(&[("compose.yaml", &text)]);
        let stack = Stack::of(&checked.outcome.projects[0], None, &[], &BTreeMap::new());
        let page = print(&[stack], &checked.sources, Format::Markdown, 100);
        page.lines().filter(|line| line.starts_with("- a pre") && line.ends_with("has no limit")).count()
    };
    // A step inherits `mem_limit`, and nothing of `deploy`.
    let limit = "    deploy: {resources: {limits: {memory: 512m}}}\n";
    let own = "        mem_limit: 64m\n";
    assert_eq!((named(limit, ""), named(limit, own), named("", ""), named("", own)), (1, 0, 0, 0));
    assert_eq!(named("    mem_limit: 512m\n", ""), 0);
}

/// A heap is said to follow the host where neither a limit nor the host's memory tells its size.
#[test]
fn a_heap_follows_the_host_while_nothing_else_tells_its_size() {
    for (limit, host, follows) in [
        ("", None, vec!["Java"]),
        ("", Some(8 * GIB), vec![]),
        ("mem_limit: 1g", None, vec![]),
        ("mem_limit: 1g", Some(8 * GIB), vec![]),
        ("mem_limit: '${LIMIT}'", None, vec![]),
    ] {
        let text = format!(
            "services:\n  a: {{image: 'eclipse-temurin:21-jre', command: java -jar a.jar, {limit}}}\n"
        );
        let json = json(&[("compose.yaml", &text)], host);
        let entry = &json["stacks"][0]["services"][0];
        assert_eq!(entry["follows_host"], serde_json::json!(follows), "{limit} {host:?}: {entry:#}");
    }
}

#[test]
fn stacks_that_may_run_at_once_are_added_up() {
    let one = "services:\n  a: {image: x, mem_limit: 1g, memswap_limit: -1}\n  b: {image: x}\n";
    let two = "services:\n  c: {image: x, mem_limit: 512m, mem_reservation: 256m, scale: 2}\n  d: {image: x, mem_limit: '${L}'}\n";
    let json = json(&[("one/compose.yaml", one), ("two/compose.yaml", two)], None);
    let sum = &json["together"];
    assert_eq!((&sum["services"], &sum["containers"]), (&Value::from(4), &Value::from(5)), "{sum:#}");
    assert_eq!((&sum["limits"], &sum["reservations"]), (&Value::from(2 * GIB), &Value::from(GIB / 2)));
    for (key, names) in [("unlimited_swap", ["a"]), ("without_limit", ["b"]), ("unknown_limit", ["d"])] {
        assert_eq!(sum[key], serde_json::json!(names), "{key}: {sum:#}");
    }
    assert_eq!(json["stacks"].as_array().unwrap().len(), 2);
}

/// A limit of 0 is none, so that a single container with another one is left to the rule about containers.
#[test]
fn a_limit_of_0_is_no_part_of_an_exceeded_budget() {
    let rules = |services: &str| {
        let (sources, mut discovered) = (Sources::new(), Discovered::default());
        sources.add(Path::new("compose.yaml"), format!("services:\n{services}"));
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        let policy = Policy { host_memory: Some(ByteSize(4 * GIB)), ..Policy::default() };
        let options = Options { policy, ..Options::default() };
        let findings = check::run(&options, &sources, &discovered).findings.into_iter();
        let rules = findings.map(|finding| finding.rule);
        rules.filter(|rule| matches!(*rule, "budget-exceeded" | "limit-exceeds-host")).collect::<Vec<_>>()
    };
    let large = "  a: {image: x, mem_limit: 5g}\n";
    assert_eq!(rules(large), ["limit-exceeds-host"]);
    assert_eq!(rules(&format!("{large}  b: {{image: x, mem_limit: 0}}\n")), ["limit-exceeds-host"]);
    let two = rules(&format!("{large}  b: {{image: x, mem_limit: 6m}}\n"));
    assert!(two.contains(&"budget-exceeded"), "{two:?}");
}
