//! Settings of heaps that are rejected, misread or not read: only their repair is offered, in any order of a service's keys.

use crate::common::Checked;
use std::path::PathBuf;

use oomlint::capacity::{Basis, Demand};
use oomlint::check::Options;
use oomlint::diagnostic::{Applicability, Finding, Severity};
use oomlint::discover::{Discovered, FileKind};
use oomlint::fix::fix;
use oomlint::rules::Preset;
use oomlint::source::Overlay;
use oomlint::workload::{Bound, Fact};
use proptest::prelude::*;
use proptest::sample::Index;

const JAVA: &str = "image: eclipse-temurin:21-jre";
const DOTNET: &str = "image: mcr.microsoft.com/dotnet/aspnet:8.0";

/// Returns a project with a service of these keys.
fn text(keys: &[&str]) -> String {
    format!("services:\n  it:\n    {}\n", keys.join("\n    "))
}

fn check(keys: &[&str]) -> Checked {
    Checked::texts(&[("compose.yaml", &text(keys))])
}

/// Returns the service after all fixes.
fn fixed(text: &str) -> serde_json::Value {
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    let overlay = Overlay::from([(PathBuf::from("compose.yaml"), text.to_owned())]);
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    let fixed = fix(&options, &discovered, &overlay, Applicability::Unsafe);
    let text = fixed.files.first().map_or(text, |(_, _, new)| new.as_str());
    let file: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    serde_json::to_value(&file["services"]["it"]).unwrap()
}

/// Services with a setting of a heap or cache that means something else than was meant, or that keeps the program from starting.
fn misread() -> Vec<(Vec<&'static str>, &'static str)> {
    vec![
        (vec![DOTNET, "mem_limit: 512m", "environment: {DOTNET_GCHeapHardLimit: '536870912'}"], "0x18000000"),
        (vec![DOTNET, "mem_limit: 1g", "environment: {DOTNET_GCHeapHardLimit: '536870912'}"], "0x20000000"),
        (vec![DOTNET, "mem_limit: 1g", "environment: {DOTNET_GCHeapHardLimitPercent: '60'}"], "0x3C"),
        (vec![JAVA, "mem_limit: 1g", "command: java -Xmx512 -jar /a.jar"], "-Xmx512m"),
        (vec![JAVA, "mem_limit: 512m", "command: java -Xmx=512m -jar /a.jar"], "-Xmx256m"),
        (vec!["image: redis:8", "mem_limit: 512m", "command: redis-server --maxmemory 256MiB"], "256mb"),
    ]
}

#[test]
fn nothing_is_computed_from_a_setting_that_is_misread() {
    for (keys, repaired) in misread() {
        let checked = check(&keys);
        let workload = &checked.outcome.projects[0].workloads[0];
        let pool = workload.pools.heaps.iter().chain(&workload.pools.caches).next().unwrap();
        assert!(matches!(pool.bound, Fact::Unknown { .. }), "{keys:?}: {:?}", pool.bound);
        let worse = checked
            .outcome
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note && finding.rule != "missing-healthcheck");
        let worse: Vec<&str> = worse.map(|finding| finding.rule).collect();
        assert!(worse.iter().all(|rule| *rule == "malformed-heap-setting"), "{keys:?}: {worse:?}");
        let after = fixed(&text(&keys));
        assert!(after.to_string().contains(repaired), "{keys:?}: {after}");
        assert_eq!(after["mem_limit"], keys[1].strip_prefix("mem_limit: ").unwrap(), "{after}");
        // Without a limit, none follows from it.
        let without = check(&[keys[0], keys[2]]);
        let project = &without.outcome.projects[0];
        for demand in Demand::of_project(project, &[], &oomlint::hash::HashMap::default()) {
            assert!(demand.basis > Basis::Current, "{keys:?}: {demand:?}");
            assert!(demand.reason.contains("mend that first"), "{keys:?}: {}", demand.reason);
        }
        let limits = without.of_rule("missing-memory-limit");
        assert!(limits.iter().all(|finding| finding.fixes.is_empty()), "{keys:?}: {limits:?}");
    }
}

/// The keys of services in which several fixes compete.
fn competing() -> Vec<Vec<&'static str>> {
    let mut all: Vec<Vec<&str>> = misread().into_iter().map(|(keys, _)| keys).collect();
    let jar = "command: [java, -jar, /a.jar]";
    all.extend([
        vec![JAVA, jar, "mem_limit: 1g", "environment: {JAVA_OPTS: -Xmx512m}"],
        vec![JAVA, jar, "mem_limit: 512m", "environment: {JAVA_OPTS: -Xmx1g}", "restart: always"],
        vec![JAVA, "command: [java, -jar, /a.jar, -Xmx512m]", "mem_limit: 1g", "stop_grace_period: 1s"],
        vec![JAVA, "command: java -Xms2g -jar /a.jar", "mem_limit: 1g", "mem_reservation: 2g"],
        vec![JAVA, "command: java -Xmx2g -jar /a.jar", "mem_limit: 1g", "memswap_limit: 512m"],
        vec!["image: node:22", "command: [node, a.js, --max-old-space-size=256]", "mem_limit: 512m"],
    ]);
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is written does not depend on the order of a service's keys.
    #[test]
    fn fixes_do_not_depend_on_the_order_of_keys(
        (keys, order) in any::<Index>().prop_flat_map(|at| {
            let all = competing();
            let keys = all[at.index(all.len())].clone();
            (Just(keys.clone()), Just(keys).prop_shuffle())
        })
    ) {
        prop_assert_eq!(fixed(&text(&keys)), fixed(&text(&order)));
    }
}

#[test]
fn a_setting_of_no_effect_is_repaired_and_no_other_is_added() {
    for (keys, wanted) in [
        (
            [JAVA, "command: [java, -jar, /a.jar]", "mem_limit: 1g", "environment: {JAVA_OPTS: -Xmx512m}"],
            r#""environment":{"JAVA_TOOL_OPTIONS":"-Xmx512m"}"#,
        ),
        (
            [JAVA, "mem_limit: 1g", "command: [java, -jar, /a.jar, -Xmx512m]", "restart: always"],
            r#""command":["java","-Xmx512m","-jar","/a.jar"]"#,
        ),
    ] {
        let checked = check(&keys);
        assert!(checked.of_rule("unbounded-heap").is_empty(), "{keys:?}");
        let after = fixed(&text(&keys)).to_string();
        assert!(after.contains(wanted) && !after.contains("MaxRAMPercentage"), "{after}");
    }
}

/// Returns the finding about a heap in a variable that is not read.
fn unread(checked: &Checked) -> &Finding {
    let rules = ["unread-heap-variable", "compose-expands-variable"];
    let mut found = checked.outcome.findings.iter().filter(|finding| rules.contains(&finding.rule));
    let first = found.next().unwrap();
    assert_eq!(found.count(), 0);
    first
}

#[test]
fn a_variable_that_no_shell_expands_is_an_argument() {
    let start = |words: &str| {
        format!("FROM eclipse-temurin:21-jre\nENV A_OPTS=-Xmx512m JAVA_OPTS=-Xmx256m\n{words}\n")
    };
    for (words, says, help) in [
        (
            "ENTRYPOINT [\"java\", \"$JAVA_OPTS\", \"-jar\", \"/a.jar\"]",
            "`Dockerfile` does not start: nothing expands `$JAVA_OPTS` in its command",
            "ENTRYPOINT [\"sh\", \"-c\", \"exec java $JAVA_OPTS -jar /a.jar\"]",
        ),
        (
            "ENTRYPOINT [\"java\"]\nCMD [\"${JAVA_OPTS}\", \"-jar\", \"/a.jar\"]",
            "`Dockerfile` does not start: nothing expands `${JAVA_OPTS}` in its command",
            "ENTRYPOINT [\"sh\", \"-c\", \"exec java $JAVA_OPTS -jar /a.jar\"]\n  CMD []",
        ),
        (
            "CMD [\"java\", \"-jar\", \"/a.jar\", \"$JAVA_OPTS\"]",
            "nothing expands `$JAVA_OPTS` in the command of `Dockerfile`, so `-Xmx256m` has no effect",
            "CMD [\"sh\", \"-c\", \"exec java $JAVA_OPTS -jar /a.jar\"]",
        ),
        (
            "ENTRYPOINT [\"sh\", \"-c\", \"java\", \"$JAVA_OPTS\", \"-jar\", \"/a.jar\"]",
            "the shell of `Dockerfile` runs `java` alone, without `$JAVA_OPTS` and `-Xmx256m`",
            "ENTRYPOINT [\"sh\", \"-c\", \"exec java $JAVA_OPTS -jar /a.jar\"]",
        ),
    ] {
        let checked = Checked::texts(&[("Dockerfile", &start(words))]);
        let finding = unread(&checked);
        assert_eq!(finding.message, says);
        assert!(finding.fixes.is_empty() && finding.severity == Severity::Error);
        assert!(finding.help.as_ref().unwrap().ends_with(help), "{:?}", finding.help);
        // With the advice, the heap has its bound.
        let (_, advice) = finding.help.as_ref().unwrap().split_once('\n').unwrap();
        let after = Checked::texts(&[("Dockerfile", &start(advice.trim_start()))]);
        let heap = &after.outcome.projects[0].workloads[0].pools.heaps[0];
        assert!(
            matches!(heap.bound.known().unwrap().value.bound, Bound::Bytes(size) if size.mebibytes() == 256)
        );
        assert!(after.of_rule("unread-heap-variable").is_empty());
    }
    // The variable of any name.
    let checked = Checked::texts(&[("Dockerfile", &start("ENTRYPOINT [\"java\", \"$A_OPTS\", \"Main\"]"))]);
    let messages: Vec<&str> =
        checked.of_rule("unread-heap-variable").iter().map(|finding| finding.message.as_str()).collect();
    assert!(
        messages.contains(&"`Dockerfile` does not start: nothing expands `$A_OPTS` in its command"),
        "{messages:?}"
    );
    let environment = "environment: {JAVA_OPTS: -Xmx512m}";
    let checked = check(&[JAVA, "command: java $$JAVA_OPTS -jar /a.jar", environment]);
    assert_eq!(
        unread(&checked).primary.text,
        "Java takes the literal text `$JAVA_OPTS` for its main class, and does not start"
    );
    let checked = check(&[JAVA, "command: [sh, -c, java, $$JAVA_OPTS, -jar, /a.jar]", environment]);
    let help = unread(&checked).help.as_ref().unwrap();
    assert!(help.ends_with("command: [\"sh\", \"-c\", \"exec java $$JAVA_OPTS -jar /a.jar\"]"), "{help}");
    // A shell that expands it, and a script that uses its arguments.
    for command in [
        "[sh, -c, 'exec java $$JAVA_OPTS -jar /a.jar']",
        "[sh, -c, 'exec java \"$$@\"', --, -Xmx1g, -jar, /a.jar]",
    ] {
        let command = format!("command: {command}");
        let checked = check(&[JAVA, &command]);
        assert!(checked.of_rule("unread-heap-variable").is_empty(), "{command}");
    }
}

#[test]
fn an_initial_heap_above_the_default_is_the_largest_one() {
    for (flags, limit, rule) in [
        ("-Xms2g", "1g", Some("heap-exceeds-limit")),
        ("-XX:InitialHeapSize=2g", "1g", Some("heap-exceeds-limit")),
        ("-Xms1g -XX:MaxRAMPercentage=50.0", "1g", Some("heap-exceeds-limit")),
        ("-XX:MaxRAM=512m -Xms2g", "1g", Some("heap-exceeds-limit")),
        ("-Xms1000m", "1g", Some("tight-heap")),
        // Below the default of a quarter.
        ("-Xms200m", "1g", None),
        // The initial share is no bound of the largest heap.
        ("-XX:InitialRAMPercentage=90.0", "1g", None),
        ("-Xms512m", "4g", None),
    ] {
        let (command, limit) = (format!("command: java {flags} -jar /a.jar"), format!("mem_limit: {limit}"));
        let checked = check(&[JAVA, &command, &limit]);
        let rules = ["heap-exceeds-limit", "tight-heap"];
        let found = checked.outcome.findings.iter().find(|finding| rules.contains(&finding.rule));
        assert_eq!(found.map(|finding| finding.rule), rule, "{flags}");
        let Some(finding) = found else { continue };
        assert!(checked.of_rule("unbounded-heap").is_empty());
        let title = &finding.fixes.last().unwrap().title;
        assert!(title.contains("768m") && title.starts_with("lower the heap"), "{flags}: {title}");
        let after = fixed(&text(&[JAVA, &command, &limit]));
        let again = format!("services: {{it: {after}}}");
        let again = Checked::texts(&[("compose.yaml", &again)]);
        assert!(rules.iter().all(|rule| again.of_rule(rule).is_empty()), "{flags}: {after}");
    }
}

/// No part of a tiny limit is offered: many programs take 0 for no limit.
#[test]
fn no_advice_gives_a_part_of_a_tiny_limit() {
    for limit in ["512", "100k", "6m", "8m"] {
        for rest in [
            "image: redis:8",
            "image: valkey/valkey:8",
            "image: memcached:1.6",
            "image: rabbitmq:3.8",
            "image: cassandra:3.11",
            "image: mcr.microsoft.com/mssql/server:2022-latest",
            "image: mongo:4.0",
            "image: golang:1.25, environment: {GOGC: 'off'}",
            "image: 'elasticsearch:8.15.0'",
            "image: mysql:8, command: mysqld --innodb-buffer-pool-size=1G",
        ] {
            let text = format!("services: {{it: {{{rest}, mem_limit: {limit}}}}}\n");
            let mut discovered = Discovered::default();
            discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
            let sources = oomlint::source::Sources::new();
            sources.add(std::path::Path::new("compose.yaml"), text.as_str());
            let options = Options { preset: Some(Preset::Strict), ..Options::default() };
            for finding in oomlint::check::run(&options, &sources, &discovered).findings {
                let titles = finding.fixes.iter().map(|fix| fix.title.clone());
                let written =
                    finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.replacement.clone());
                for advice in titles.chain(written).chain(finding.help.clone()) {
                    let mut parts = advice.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
                    let zero = parts.find(|part| ["0mb", "0MiB", "0m", "0M", "0.00", "0MB"].contains(part));
                    assert_eq!(zero, None, "{}: {advice}", finding.rule);
                }
            }
        }
    }
}

/// A flag that a variable completes is marked where the flag is, not as far as the variable.
#[test]
fn a_flag_of_a_shell_is_marked_where_it_is_written() {
    let keys = [
        JAVA,
        "command: sh -c \"exec java -Xmx$${HEAP}m -jar /a.jar\"",
        "mem_limit: 1g",
        "environment: {HEAP: 2048}",
    ];
    let checked = check(&keys);
    let finding = checked.of_rule("heap-exceeds-limit")[0];
    let text = text(&keys);
    let marked = finding.related.iter().map(|label| &text[label.span.range()]);
    assert_eq!(marked.collect::<Vec<_>>(), ["-Xmx$${HEAP}m"]);
}
