//! Facts are compared by their values: order, names and lengths count, places do not.

use std::path::Path;

use oomlint::source::{Sources, Span, Spanned};
use oomlint::workload::{Fact, FactTable, FactValue, Why};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::Checked;

fn span(at: usize) -> Span {
    let file = Sources::new().add(Path::new("compose.yaml"), "0123456789");
    Span::new(file, at, at + 1)
}

fn known(value: Value, at: usize) -> FactValue {
    FactValue::Fact { fact: Fact::Known(Spanned::new(value, span(at))), details: Vec::new() }
}

fn value(text: &str) -> FactValue {
    FactValue::Value(json!(text))
}

fn map(entries: &[(&str, &str)]) -> FactValue {
    FactValue::Map(entries.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect())
}

#[test]
fn values_are_compared_and_places_are_not() {
    let details = |text: &str| FactValue::Fact {
        fact: Fact::Known(Spanned::new(json!(1), span(0))),
        details: vec![("origin", json!(text))],
    };
    let unknown = |why: &str, at: usize| FactValue::Fact {
        fact: Fact::Unknown { at: span(at), why: Why::Variable(why.to_owned()) },
        details: Vec::new(),
    };
    let absent = |at: usize| FactValue::Fact { fact: Fact::Absent { anchor: span(at) }, details: Vec::new() };
    let default = |variable: &str| {
        let mut known = Spanned::new(json!(1), span(0));
        known.default_for = Some(variable.to_owned());
        FactValue::Fact { fact: Fact::Known(known), details: Vec::new() }
    };
    let list = |texts: &[&str]| FactValue::List(texts.iter().map(|text| value(text)).collect());
    // Of two with one number all are the same, of two numbers none.
    let groups: Vec<Vec<FactValue>> = vec![
        vec![value("a"), value("a")],
        vec![value("b")],
        vec![known(json!(1), 0), known(json!(1), 7)],
        vec![known(json!(2), 0)],
        vec![details("image"), details("image")],
        vec![details("environment")],
        vec![default("A")],
        vec![default("B")],
        vec![unknown("A", 0), unknown("A", 7)],
        vec![unknown("B", 0)],
        vec![absent(0), absent(7)],
        vec![list(&[]), list(&[])],
        vec![list(&["a"]), list(&["a"])],
        vec![list(&["b"])],
        vec![list(&["a", "b"])],
        vec![list(&["b", "a"])],
        vec![list(&["a", "b", "c"])],
        vec![map(&[]), map(&[])],
        vec![map(&[("a", "x")])],
        vec![map(&[("a", "y")])],
        vec![map(&[("b", "x")])],
        vec![map(&[("a", "x"), ("b", "y")]), map(&[("b", "y"), ("a", "x")])],
        vec![map(&[("a", "x"), ("b", "z")])],
    ];
    for (one, group) in groups.iter().enumerate() {
        for (other, others) in groups.iter().enumerate() {
            for (own, its) in group.iter().flat_map(|own| others.iter().map(move |its| (own, its))) {
                assert_eq!(own.is_same(its), one == other, "{own:?} {its:?}");
            }
        }
    }
}

fn any_value() -> impl Strategy<Value = FactValue> {
    let leaf = prop_oneof![
        "[ab]".prop_map(|text| value(&text)),
        (0..3_i64).prop_map(|number| known(json!(number), 0)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(FactValue::List),
            proptest::collection::btree_map("[ab]", inner, 0..3)
                .prop_map(|entries| FactValue::Map(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Two values are the same if they are written the same: all places here are.
    #[test]
    fn what_is_written_the_same_is_the_same(one in any_value(), other in any_value()) {
        prop_assert!(one.is_same(&one));
        prop_assert_eq!(one.is_same(&other), format!("{one:?}") == format!("{other:?}"));
        prop_assert_eq!(one.is_same(&other), other.is_same(&one));
    }
}

/// Returns the names of the facts that differ between two services.
fn differences(one: &str, other: &str) -> Vec<String> {
    let table = |keys: &str| {
        let compose =
            format!("services: {{it: {{image: 'eclipse-temurin:21-jre', {keys}}}, db: {{image: x}}}}\n");
        let checked = Checked::texts(&[("compose.yaml", &compose)]);
        FactTable::of(&checked.outcome.projects[0].workloads[0])
    };
    table(one).differences(&table(other)).map(|name| name.name().to_owned()).collect()
}

/// Each key changes the facts that it is about, and no other.
#[test]
fn each_key_changes_its_facts() {
    for (one, other, expected) in [
        ("mem_limit: 1g", "mem_limit: 1024m", &[][..]),
        ("mem_limit: 1g", "mem_limit: 2g", &["memory_limit"]),
        ("mem_reservation: 1g", "mem_reservation: 2g", &["memory_reservation"]),
        ("memswap_limit: 1g", "memswap_limit: 2g", &["swap_limit"]),
        ("mem_swappiness: 1", "mem_swappiness: 2", &["mem_swappiness"]),
        ("oom_kill_disable: true", "oom_kill_disable: false", &["oom_kill_disable"]),
        ("shm_size: 1g", "shm_size: 2g", &["shm_size"]),
        ("tmpfs: ['/a:size=1m']", "tmpfs: ['/a:size=2m']", &["tmpfs"]),
        ("tmpfs: ['/a:size=1m']", "tmpfs: ['/b:size=1m']", &["tmpfs"]),
        ("tmpfs: ['/a:size=1m']", "tmpfs: ['/a:size=1m', '/b']", &["tmpfs"]),
        ("pids_limit: 1", "pids_limit: 2", &["pids_limit"]),
        ("cpus: 1", "cpus: 2", &["cpus"]),
        ("scale: 1", "scale: 2", &["replicas"]),
        ("restart: always", "restart: on-failure", &["restart"]),
        ("init: true", "init: false", &["init"]),
        ("stop_grace_period: 1s", "stop_grace_period: 2s", &["stop_grace_period"]),
        ("stop_grace_period: 60s", "stop_grace_period: 1m", &[]),
        ("command: a", "command: b", &["start"]),
        ("environment: {A: b}", "environment: {A: c}", &["env"]),
        ("environment: {A: b}", "environment: {B: b}", &["env"]),
        ("healthcheck: {test: a}", "healthcheck: {test: b}", &["healthcheck"]),
        ("healthcheck: {test: a, interval: 1s}", "healthcheck: {test: a, interval: 2s}", &["healthcheck"]),
        ("healthcheck: {test: a, timeout: 1s}", "healthcheck: {test: a, timeout: 2s}", &["healthcheck"]),
        ("healthcheck: {test: a, retries: 1}", "healthcheck: {test: a, retries: 2}", &["healthcheck"]),
        (
            "healthcheck: {test: a, start_period: 1s}",
            "healthcheck: {test: a, start_period: 2s}",
            &["healthcheck"],
        ),
        (
            "healthcheck: {test: a, start_interval: 1s}",
            "healthcheck: {test: a, start_interval: 2s}",
            &["healthcheck"],
        ),
        ("healthcheck: {disable: true}", "mem_limit: 1g", &["memory_limit", "healthcheck"]),
        ("depends_on: [db]", "depends_on: {db: {condition: service_healthy}}", &["depends_on"]),
        ("ulimits: {nofile: 1}", "ulimits: {nofile: 2}", &["ulimits"]),
        ("ulimits: {nofile: 1}", "ulimits: {nofile: {soft: 1, hard: 1}}", &[]),
        ("logging: {driver: local}", "logging: {driver: journald}", &["logging"]),
        ("logging: {options: {max-size: 1m}}", "logging: {options: {max-size: 2m}}", &["logging"]),
        ("command: java -Xmx1g -jar a", "command: java -Xmx2g -jar a", &["start", "heaps"]),
        ("command: java -jar a", "command: java -Xmx2g -jar a", &["start", "heaps"]),
        (
            "command: java -XX:MaxRAMPercentage=50 -jar a",
            "command: java -XX:MaxRAMPercentage=60 -jar a",
            &["start", "heaps"],
        ),
    ] {
        assert_eq!(differences(one, other), expected, "{one} {other}");
        assert_eq!(differences(other, one), expected, "{other} {one}");
    }
}
