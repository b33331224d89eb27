//! The configuration file, through the binary.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

/// Exit code, standard output, standard error.
fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    let output = command.args(arguments).current_dir(directory).env("NO_COLOR", "1").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn write(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const COMPOSE: &str = "services:\n  web:\n    image: nginx:stable\n  worker-a:\n    image: example/worker\n    mem_limit: 512m\n";

/// A project with a configuration: rule and severity of what is found, in order.
fn found(config: &str, arguments: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "compose.yaml", COMPOSE);
    write(dir.path(), ".oomlint.yaml", config);
    let mut all = vec!["--format", "concise", "--fail-on", "never"];
    all.extend(arguments);
    let (code, out, err) = run(dir.path(), &all);
    assert_eq!(code, Some(0), "{err}");
    let heads = out.lines().filter_map(|line| Some(line.split_once(": ")?.1.split_once("] ")?.0.to_owned()));
    heads.map(|head| head.replace('[', " ")).collect()
}

#[test]
fn rules_are_switched_and_weighed() {
    let plain = found("", &[]);
    assert!(plain.contains(&"warning missing-memory-limit".to_owned()), "{plain:?}");
    let weighed = found(
        "rules:\n  missing-memory-limit: error\n  missing-healthcheck: off\n  missing-cpu-limit: {severity: warning}\n",
        &[],
    );
    assert!(weighed.contains(&"error missing-memory-limit".to_owned()), "{weighed:?}");
    assert!(weighed.contains(&"warning missing-cpu-limit".to_owned()), "{weighed:?}");
    assert!(!weighed.iter().any(|head| head.ends_with("missing-healthcheck")), "{weighed:?}");
    assert!(found("preset: strict\n", &[]).iter().any(|head| head.ends_with("unbounded-logs")));
    assert!(found("preset: minimal\n", &[]).is_empty());
    // The command line wins.
    assert!(!found("preset: minimal\n", &["--preset", "recommended"]).is_empty());
    assert_eq!(found("preset: strict\n", &["--no-config"]), plain);
}

#[test]
fn services_and_files_are_told_apart() {
    let ignored = found("services:\n  worker-*:\n    ignore: [limits]\n    reason: sized by hand\n", &[]);
    assert!(!ignored.iter().any(|head| head.ends_with("missing-swap-limit")), "{ignored:?}");
    assert!(ignored.iter().any(|head| head.ends_with("missing-memory-limit")), "{ignored:?}");
    let over = found("services: {'*': {ignore: [limits], until: 2001-01-01}}\n", &[]);
    assert!(over.iter().any(|head| head.ends_with("missing-swap-limit")), "{over:?}");
    let later = found("services: {'*': {ignore: [limits], until: 9999-01-01}}\n", &[]);
    assert!(!later.iter().any(|head| head.ends_with("missing-swap-limit")), "{later:?}");
    let files = found("overrides:\n  - files: 'comp*.yaml'\n    rules: {missing-memory-limit: note}\n", &[]);
    assert!(files.contains(&"note missing-memory-limit".to_owned()), "{files:?}");
    let others = found("overrides:\n  - files: [deploy/**]\n    preset: minimal\n", &[]);
    assert_eq!(others, found("", &[]));
    assert!(found("exclude: ['*.yaml']\n", &[]).is_empty());
    assert!(!found("exclude: ['*.yaml']\n", &["compose.yaml"]).is_empty());
    assert!(found("exclude: ['*.yaml']\n", &["--force-exclude", "compose.yaml"]).is_empty());
}

#[test]
fn numbers_and_rows_reach_the_rules() {
    let host = found("host-memory: 256m\n", &[]);
    assert!(host.contains(&"error limit-exceeds-host".to_owned()), "{host:?}");
    assert!(
        !found("host-memory: 256m\n", &["--host-memory", "16g"])
            .contains(&"error limit-exceeds-host".to_owned())
    );
    let swarm = found("target: swarm\n", &[]);
    assert!(swarm.contains(&"error swarm-rejects-key".to_owned()), "{swarm:?}");
    let rows = "images:\n  - repositories: [example/worker]\n    healthcheck: none\n    start: {entrypoint: [java, -Xmx400m, -jar, /a.jar], cmd: []}\n";
    let tight = found(rows, &[]);
    assert!(tight.contains(&"warning tight-heap".to_owned()), "{tight:?}");
    let relaxed =
        found(&format!("{rows}rules:\n  tight-heap: {{java-heap-percent: 90, java-rest: 64m}}\n"), &[]);
    assert!(!relaxed.contains(&"warning tight-heap".to_owned()), "{relaxed:?}");
}

#[test]
fn the_nearest_file_counts_and_a_repository_ends_the_search() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), ".oomlint.yaml", "rules: {missing-memory-limit: error}\n");
    write(dir.path(), "a/compose.yaml", COMPOSE);
    write(dir.path(), "b/oomlint.yaml", "rules: {missing-memory-limit: note}\n");
    write(dir.path(), "b/compose.yaml", COMPOSE);
    write(dir.path(), "c/.git/HEAD", "");
    write(dir.path(), "c/compose.yaml", COMPOSE);
    let (_, out, _) = run(dir.path(), &["--format", "concise"]);
    let of = |place: &str| {
        let line = out.lines().find(|line| line.starts_with(place) && line.contains("missing-memory-limit"));
        line.unwrap_or_else(|| panic!("{out}")).to_owned()
    };
    assert!(of("a/").contains("error["));
    assert!(of("b/").contains("note["));
    assert!(of("c/").contains("warning["));
    let (code, _, err) = run(dir.path(), &["--config", "b/oomlint.yaml", "--fail-on", "error"]);
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn mistakes_are_shown_with_their_place_and_a_way_out() {
    let mut shown = String::new();
    for config in [
        "presett: strict\n",
        "preset: stirct\n",
        "rules:\n  mising-memory-limit: off\n  tight-heap: {cache-percent: 50, java-rest: 12Q}\n",
        "rules:\n  tight-heap: loud\n",
        "rules:\n  tight-heap: {java-heap-percnt: 3}\n",
        "host-memory: 16Gi\n",
        "services:\n  api: {ignore: [limts], until: next week}\n",
        "exclude: ['[a']\n",
        "overrides:\n  - files: x\n    rules: {a-rule: off}\n",
        "images:\n  - {repositories: [x], shel: true}\n",
        "preset: [strict\n",
        "overcommit: 0\n",
    ] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "compose.yaml", COMPOSE);
        write(dir.path(), ".oomlint.yaml", config);
        let (code, out, err) = run(dir.path(), &[]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{config}{err}");
        shown.push_str(&format!("--- {config}{err}\n"));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn what_holds_is_shown_with_where_it_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        ".oomlint.yaml",
        "# ours\npreset: strict\nhost-memory: 16g\nrules:\n  tight-heap: off\n",
    );
    let (code, out, _) = run(dir.path(), &["config", "show", "--target", "swarm"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(out);
    let (_, json, _) = run(dir.path(), &["config", "show", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["values"]["preset"]["from"], ".oomlint.yaml:2");
}

#[test]
fn the_schema_is_current_and_takes_what_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (_, schema, _) = run(dir.path(), &["config", "schema"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/oomlint.schema.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(kept == schema, "schemas/oomlint.schema.json is not current: UPDATE=1 cargo test --test config");
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let valid = |text: &str| validator.is_valid(&serde_yaml::from_str::<serde_json::Value>(text).unwrap());
    assert!(valid(
        "preset: strict\nrules: {tight-heap: off, missing-cpu-limit: {severity: note}}\noverrides: [{files: x, preset: minimal}]\n"
    ));
    assert!(valid(
        "services: {api: {ignore: [limits], reason: x, until: 2026-12-31}}\nimages: [{repositories: [a]}]\n"
    ));
    assert!(!valid("presett: strict\n"));
    assert!(!valid("rules: {tight-heap: loud}\n"));
}
