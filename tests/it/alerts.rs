//! `oomlint alerts`: the rules as they are printed, and what Prometheus says about them.

use std::path::Path;
use std::process::Command;

use crate::common::tree;

const STACK: &str = "\
name: shop
services:
  db: {image: 'postgres:17', mem_limit: 512m}
  web: {image: 'nginx:1.29', deploy: {replicas: 2, resources: {limits: {memory: 64M}}}}
  queue: {image: 'rabbitmq:4', mem_limit: '${QUEUE}'}
  cache: {image: 'redis:8'}
";

fn alerts(directory: &Path, arguments: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .arg("alerts")
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn rules_are_those_of_the_limits() {
    let dir = tree(&[("compose.yaml", STACK)]);
    insta::assert_snapshot!("alerts", alerts(dir.path(), &[]));
    assert_eq!(alerts(dir.path(), &["-o", "rules.yaml"]), "");
    assert_eq!(std::fs::read_to_string(dir.path().join("rules.yaml")).unwrap(), alerts(dir.path(), &[]));
    // Its own file it overwrites.
    alerts(dir.path(), &["-o", "rules.yaml"]);
}

#[test]
fn no_other_file_is_overwritten() {
    let dir = tree(&[
        ("compose.yaml", STACK),
        ("notes.txt", "x\n"),
        ("empty", ""),
        ("rules.yaml", "groups: []\n# Alerts for memory limits, written by `oomlint alerts`.\n"),
        ("limits.yaml", "# Memory limits, written by `oomlint fit`, which overwrites this file.\n"),
        ("directory/x", "x\n"),
    ]);
    for name in ["compose.yaml", "notes.txt", "empty", "rules.yaml", "limits.yaml", "directory"] {
        let before = std::fs::read(dir.path().join(name)).ok();
        let out = Command::new(env!("CARGO_BIN_EXE_oomlint"))
            .args(["alerts", "-f", "compose.yaml", "-o", name])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        let says = format!("cannot write `{name}`: it is there, and `oomlint alerts` has not written it");
        assert!(out.status.code() == Some(2) && err.contains(&says), "{err}");
        assert_eq!(std::fs::read(dir.path().join(name)).ok(), before);
    }
    if cfg!(unix) {
        alerts(dir.path(), &["-f", "compose.yaml", "-o", "/dev/null"]);
    }
}

/// Runs promtool in a directory.
fn promtool(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let out = Command::new("promtool").args(arguments).current_dir(directory).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.success(), text(&out.stdout) + &text(&out.stderr))
}

/// The labels of a container of the project, as cAdvisor has them.
fn labels(service: &str, more: &str) -> String {
    format!(
        "instance=\"host:8080\", name=\"shop-{service}-1\", container_label_com_docker_compose_project=\"shop\", \
         container_label_com_docker_compose_service=\"{service}\"{more}"
    )
}

#[test]
#[cfg_attr(not(promtool), ignore = "needs promtool (Debian's package prometheus has it)")]
fn prometheus_takes_the_rules_and_fires_when_it_is_time() {
    let dir = tree(&[("compose.yaml", STACK)]);
    std::fs::write(dir.path().join("rules.yaml"), alerts(dir.path(), &[])).unwrap();
    let (takes, said) = promtool(dir.path(), &["check", "rules", "rules.yaml"]);
    assert!(takes, "{said}");
    let series = |metric: &str, service: &str, more: &str, values: &str| {
        format!("      - series: '{metric}{{{}}}'\n        values: '{values}'\n", labels(service, more))
    };
    let restarted = ", container_label_restartcount=\"1\"";
    let inputs = [
        // From 256 MiB up by 8 MiB a minute: above 85 % of 512 MiB after 23 minutes, above 95 % after 29.
        series("container_memory_working_set_bytes", "db", "", "268435456+8388608x60"),
        series("container_spec_memory_limit_bytes", "db", "", "536870912x60"),
        // Far below its limit, and with less than the files say.
        series("container_memory_working_set_bytes", "web", "", "8388608x60"),
        series("container_spec_memory_limit_bytes", "web", "", "0x60"),
        // Killed in minute 31, and started again: from then on it has a further label.
        series("container_oom_events_total", "db", "", "0x30 _x30"),
        series("container_oom_events_total", "db", restarted, "_x30 1x30"),
        // Three starts within 15 minutes.
        series("container_start_time_seconds", "web", "", "0x10 _x50"),
        series("container_start_time_seconds", "web", restarted, "_x10 660x2 _x48"),
        series(
            "container_start_time_seconds",
            "web",
            ", container_label_restartcount=\"2\"",
            "_x13 840x2 _x45",
        ),
        series(
            "container_start_time_seconds",
            "web",
            ", container_label_restartcount=\"3\"",
            "_x16 1020x44",
        ),
        // A limit that no file tells: 900 of 1000 MiB.
        series("container_memory_working_set_bytes", "queue", "", "943718400x60"),
        series("container_spec_memory_limit_bytes", "queue", "", "1048576000x60"),
        "      - series: 'machine_memory_bytes{instance=\"host:8080\", machine_id=\"x\"}'\n        values: '1073741824x60'\n"
            .to_owned(),
    ];
    let expected = |minute: u32, alert: &str, names: &[&str]| {
        (minute, alert.to_owned(), names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    };
    let cases = [
        expected(20, "ContainerNearMemoryLimit", &["queue"]),
        expected(37, "ContainerNearMemoryLimit", &["queue"]),
        expected(45, "ContainerNearMemoryLimit", &["db", "queue"]),
        expected(28, "ContainerAboutToBeKilled", &[]),
        expected(33, "ContainerAboutToBeKilled", &["db"]),
        expected(29, "ContainerKilledAtLimit", &[]),
        expected(33, "ContainerKilledAtLimit", &["db"]),
        expected(50, "ContainerKilledAtLimit", &[]),
        expected(9, "ContainerRestarting", &[]),
        expected(19, "ContainerRestarting", &["web"]),
        expected(50, "ContainerRestarting", &[]),
        expected(10, "ContainerLimitNotApplied", &["web"]),
        expected(20, "HostOvercommittedByLimits", &["host"]),
    ];
    // promtool compares annotations word by word, and those have numbers: it is asked for the expression `ALERTS`.
    let mut tests = String::new();
    for (minute, alert, names) in &cases {
        tests.push_str(&format!(
            "      - expr: 'count by (container_label_com_docker_compose_service) (ALERTS{{alertname=\"{alert}\", \
             alertstate=\"firing\"}})'\n        eval_time: {minute}m\n        exp_samples:{}\n",
            if names.is_empty() { " []" } else { "" }
        ));
        for name in names {
            let labels = match name.as_str() {
                "host" => "{}".to_owned(),
                name => format!("{{container_label_com_docker_compose_service=\"{name}\"}}"),
            };
            tests.push_str(&format!("          - labels: '{labels}'\n            value: 1\n"));
        }
    }
    let file = format!(
        "rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n{}    promql_expr_test:\n{tests}",
        inputs.concat()
    );
    std::fs::write(dir.path().join("test.yaml"), file).unwrap();
    let (passes, said) = promtool(dir.path(), &["test", "rules", "test.yaml"]);
    assert!(passes, "{said}");
}

/// Returns stacks whose services have names that could be read as more than names.
fn hostile() -> [tempfile::TempDir; 2] {
    let names = ["a.b", "'a\"} or vector(1) #'", "'{{ $value }}'", "'x\\y'"];
    let services: String =
        names.iter().map(|name| format!("  {name}: {{image: x, mem_limit: 64m}}\n")).collect();
    ["", "name: '${NONE}-x'\n"]
        .map(|project| tree(&[("compose.yaml", &format!("{project}services:\n{services}"))]))
}

#[test]
#[cfg_attr(not(promtool), ignore = "needs promtool (Debian's package prometheus has it)")]
fn prometheus_takes_hostile_names() {
    for dir in hostile() {
        std::fs::write(dir.path().join("rules.yaml"), alerts(dir.path(), &[])).unwrap();
        let (takes, said) = promtool(dir.path(), &["check", "rules", "rules.yaml"]);
        assert!(takes, "{said}");
    }
}

#[test]
fn no_name_leaves_its_quotes() {
    for dir in hostile() {
        let text = alerts(dir.path(), &[]);
        let rules: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        let all = rules["groups"][0]["rules"].as_sequence().unwrap().clone();
        assert!(all.len() >= 3, "{text}");
        for rule in &all {
            let expression = rule["expr"].as_str().unwrap();
            assert!(!expression.replace("\\\"", "").contains("\"} or vector"), "{expression}");
            let service = rule["labels"]["service"].as_str().unwrap_or_default();
            assert!(!service.contains("{{ $value"), "{service}");
        }
    }
}
