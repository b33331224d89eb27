//! The configuration file, tested through the executable.

use std::path::Path;
use std::process::Command;

use oomlint::config::{Config, Configs, Date};
use oomlint::source::path_text;

use crate::common;

/// Runs oomlint and returns exit code, standard output and standard error.
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

/// Returns severity and rule of the findings in a project with this configuration, in order.
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
    // The command line takes precedence.
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
        "rules:\n  tight-heap: off\n  tight-heap: error\n",
        "presett: a\nfail-on: erorr\nrules: {x: off, missing-cpu-limit: {sverity: note}}\nservices: [a]\n",
        "services:\n  a:\n  b: {ignore: heap, unitl: 2026-12-31}\noverrides:\n  - preset: strict\n  - files: {a: b}\n",
        "preset: strict\n---\npreset: minimal\n",
        "images:\n  - repositories: ['a:1']\n    runtime: {name: jav, fixed: -3}\n  - {shell: maybe}\n",
        "- preset\n",
        "exclude: ['!a', 3, [b]]\nhost-memory: 0\nbaseline: {}\n",
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
    write(dir.path(), "a/b", "");
    let (_, above, _) = run(&dir.path().join("a"), &["config", "show", "b", "--fail-on", "note"]);
    assert!(above.starts_with("../.oomlint.yaml holds for b\n"), "{above}");
    assert!(above.contains("../.oomlint.yaml:2\n") && above.contains("note    "), "{above}");
    let (_, json, _) = run(dir.path(), &["config", "show", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["values"]["preset"]["from"], ".oomlint.yaml:2");
    assert_eq!(value["values"]["rules.tight-heap.java-heap-percent"]["value"], 80.0);
    let (_, json, _) = run(dir.path(), &["config", "show", "--format", "json", "--no-config"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&value["file"], &value["excluded"]), (&serde_json::Value::Null, &false.into()));
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
    assert!(
        kept == schema,
        "schemas/oomlint.schema.json is not current: UPDATE=1 cargo test --test it config"
    );
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    // `images` has the format of the catalog.
    let table = include_str!("../../rules/catalog/images.yaml");
    let mut rows: serde_yaml::Value = serde_yaml::from_str(table).unwrap();
    rows.as_mapping_mut().unwrap().remove("mirrors");
    for row in rows["images"].as_sequence_mut().unwrap() {
        // For the readers of the table alone.
        for key in ["sources", "upstream", "like"] {
            row.as_mapping_mut().unwrap().remove(key);
        }
    }
    let rows: serde_json::Value = serde_json::to_value(rows).unwrap();
    if let Err(error) = validator.validate(&rows) {
        panic!("{error} at {}", error.instance_path());
    }
    write(dir.path(), "rows.yaml", &serde_json::to_string(&rows).unwrap());
    let (code, _, err) = run(dir.path(), &["config", "show", "--config", "rows.yaml"]);
    assert_eq!(code, Some(0), "{err}");
    let valid = |text: &str| validator.is_valid(&serde_yaml::from_str::<serde_json::Value>(text).unwrap());
    assert!(valid(
        "preset: strict\nrules: {tight-heap: off, missing-cpu-limit: {severity: note}}\noverrides: [{files: x, preset: minimal}]\n"
    ));
    assert!(valid(
        "services: {api: {ignore: [limits], reason: x, until: 2026-12-31}}\nimages: [{repositories: [a]}]\n"
    ));
    assert!(valid("exclude: vendor\nservices: {api: {ignore: heap}}\nhost-memory: 17179869184\n"));
    assert!(!valid("rules: {no-such-rule: off}\n"));
    assert!(!valid("rules: {missing-cpu-limit: {heap-percent: 3}}\n"));
    assert!(!valid("services: {api: {ignore: [no-such-rule]}}\n"));
    assert!(!valid("presett: strict\n"));
    assert!(!valid("rules: {tight-heap: loud}\n"));
}

#[test]
fn a_word_on_the_command_line_beats_the_file() {
    let off = "rules: {missing-memory-limit: off}\n";
    let heads = |arguments: &[&str]| found(off, arguments);
    assert!(!heads(&[]).iter().any(|head| head.ends_with("missing-memory-limit")));
    // `--select` with the name of a rule turns it on again, with its group it does not.
    assert_eq!(heads(&["--select", "missing-memory-limit"]), ["warning missing-memory-limit"]);
    assert!(!heads(&["--select", "limits"]).iter().any(|head| head.ends_with("missing-memory-limit")));
    assert_eq!(found("", &["--select", "missing-memory-limit,heap", "--ignore", "limits"]), [""; 0]);
    assert!(found("target: swarm\n", &["--target", "compose"]).iter().all(|head| !head.contains("swarm")));
    assert!(found("exclude: x\n", &["--exclude", "compose.*"]).is_empty());
}

#[test]
fn exclusion_is_told_as_in_gitignore_and_holds_for_what_is_reached() {
    let dir = tempfile::tempdir().unwrap();
    let service = "services:\n  api:\n    build: others/api\n    mem_limit: 512m\n";
    write(dir.path(), "compose.yaml", service);
    write(dir.path(), "others/api/Dockerfile", "FROM node:22\nCMD [\"node\", \"a.js\"]\n");
    write(dir.path(), "deep/others/Dockerfile", "FROM node:22\nCMD [\"node\", \"a.js\"]\n");
    let places = |arguments: &[&str]| {
        let path = common::real(dir.path());
        let all = [&["--format", "concise", "--fail-on", "never"], arguments].concat();
        let (code, out, err) = run(&path, &all);
        assert_eq!(code, Some(0), "{err}");
        let mut places: Vec<String> = out
            .lines()
            .map(|line| line.split(": ").next().unwrap().rsplitn(3, ':').nth(2).unwrap().to_owned())
            .collect();
        places.dedup();
        places
    };
    assert_eq!(places(&[]), ["compose.yaml", "deep/others/Dockerfile", "others/api/Dockerfile"]);
    for glob in ["others", "others/", "**/others/**"] {
        write(dir.path(), ".oomlint.yaml", &format!("exclude: ['{glob}']\n"));
        assert_eq!(places(&[]), ["compose.yaml"], "{glob}");
    }
    write(dir.path(), ".oomlint.yaml", "exclude: /others\n");
    assert_eq!(places(&[]), ["compose.yaml", "deep/others/Dockerfile"]);
    // A named file is checked although it is excluded, with its stack, except with `--force-exclude`.
    assert_eq!(places(&["others/api/Dockerfile"]), ["compose.yaml", "others/api/Dockerfile"]);
    assert!(places(&["others/api/Dockerfile", "--force-exclude"]).is_empty());
    let here = common::real(dir.path());
    let absolute = places(&["--exclude", "deep/**", here.to_str().unwrap()]);
    assert_eq!(absolute, [path_text(&here.join("compose.yaml"))]);
}

#[test]
fn each_file_is_held_against_its_own_configuration() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), ".git/HEAD", "");
    write(dir.path(), "a/compose.yaml", COMPOSE);
    write(dir.path(), "a/.oomlint.yaml", "fail-on: error\n");
    let code = |arguments: &[&str]| run(dir.path(), arguments).0;
    assert_eq!(code(&["a"]), Some(0));
    assert_eq!(code(&["a", "--fail-on", "warning"]), Some(1));
    assert_eq!(code(&["a", "--no-config"]), Some(1));
    write(dir.path(), "b/compose.yaml", COMPOSE);
    assert_eq!(code(&[]), Some(1));
    write(dir.path(), "b/oomlint.yaml", "fail-on: never\n");
    assert_eq!(code(&[]), Some(0));
}

#[test]
fn a_repository_within_is_still_part_of_the_project() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "compose.yaml", "services: {a: {build: api, mem_limit: 128m}}\n");
    write(
        dir.path(),
        "api/Dockerfile",
        "FROM node:22\nCMD [\"node\", \"--max-old-space-size=256\", \"a.js\"]\n",
    );
    write(dir.path(), "api/.git", "gitdir: ../.git/modules/api\n");
    write(dir.path(), "other/.git", "gitdir: ../.git/modules/other\n");
    write(dir.path(), "other/Dockerfile", "FROM node:22\nCMD [\"node\", \"a.js\"]\n");
    let concise = |config: &str| {
        write(dir.path(), ".oomlint.yaml", config);
        run(dir.path(), &["--format", "concise"])
    };
    let (code, out, _) = concise("{}\n");
    assert!(
        out.contains("[heap-exceeds-limit]") && out.contains("api/Dockerfile") && code == Some(1),
        "{out}"
    );
    assert!(out.contains("other/Dockerfile"), "{out}");
    let (_, out, _) = concise("rules: {heap-exceeds-limit: off, heavy-base-image: off}\nexclude: [other]\n");
    assert!(!out.contains("heap-exceeds-limit") && !out.contains("Dockerfile"), "{out}");
    // `services` of the project applies even to a file with a configuration of its own.
    write(dir.path(), "api/oomlint.yaml", "rules: {heavy-base-image: warning}\n");
    let (_, out, _) = concise("services: {a: {ignore: heap-exceeds-limit}}\n");
    assert!(!out.contains("heap-exceeds-limit"), "{out}");
    assert!(out.contains("api/Dockerfile:1:6: warning[heavy-base-image]"), "{out}");
}

#[test]
fn a_mistake_is_told_wherever_a_file_is_reached() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "compose.yaml", "services: {a: {build: api, mem_limit: 512m}}\n");
    write(dir.path(), "api/Dockerfile", "FROM node:22\nCMD [\"node\", \"a.js\"]\n");
    write(dir.path(), "api/.oomlint.yaml", "presett: strict\n");
    let (code, out, err) = run(dir.path(), &["compose.yaml"]);
    assert_eq!(code, Some(2));
    assert!(out.contains("missing-healthcheck"), "{out}");
    assert!(err.starts_with("error: unknown key `presett`\n --> api/.oomlint.yaml:1:1\n"), "{err}");
    let (code, out, _) = run(dir.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let (code, ..) = run(dir.path(), &["--config", "none.yaml"]);
    assert_eq!(code, Some(2));
}

/// Returns rule and notes of the findings on a date. Uses the library, since the executable knows only the current date.
fn found_on(day: &str, config: &str) -> Vec<(String, Vec<String>)> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "compose.yaml", COMPOSE);
    write(dir.path(), ".oomlint.yaml", config);
    let discovered =
        oomlint::discover::discover(&[dir.path().to_path_buf()], oomlint::discover::Options::default())
            .unwrap();
    let configs = Configs::default().as_of(Date::parse(day).unwrap());
    let options =
        oomlint::check::Options { configs: Some(configs.into()), ..oomlint::check::Options::default() };
    let sources = oomlint::source::Sources::new();
    let outcome = oomlint::check::run(&options, &sources, &discovered);
    let of = |finding: oomlint::diagnostic::Finding| (finding.rule.to_owned(), finding.notes);
    outcome.findings.into_iter().map(of).collect()
}

#[test]
fn an_exception_holds_through_its_last_day() {
    let config = "services:\n  web: {ignore: missing-memory-limit, until: 2026-12-31}\n";
    let notes = |day: &str, config: &str| {
        let found = found_on(day, config).into_iter().find(|(rule, _)| rule == "missing-memory-limit");
        found.map(|(_, notes)| notes.join("\n"))
    };
    assert_eq!(notes("2026-12-31", config), None);
    let over = notes("2027-01-01", config).unwrap();
    assert!(over.contains(".oomlint.yaml:2` ignored it until 2026-12-31"), "{over}");
    // An expired exception does not turn on a rule that is off, nor override one without a date.
    assert_eq!(notes("2027-01-01", &format!("{config}rules: {{missing-memory-limit: off}}\n")), None);
    assert_eq!(notes("2027-01-01", &format!("{config}  '*': {{ignore: [limits]}}\n")), None);
}

#[test]
fn the_first_configuration_has_only_defaults_and_its_examples_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "compose.yaml", "services: {}\n");
    let (before, after) = (["config", "show", "--format", "json"], ["config", "init"]);
    let defaults = run(dir.path(), &before).1;
    let (code, _, err) = run(dir.path(), &after);
    assert_eq!(code, Some(0), "{err}");
    let path = dir.path().join(".oomlint.yaml");
    let values = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["values"].clone();
    assert_eq!(values(&run(dir.path(), &before).1), values(&defaults));
    let (code, _, err) = run(dir.path(), &after);
    assert_eq!(code, Some(2), "an existing file stays: {err}");
    let text = std::fs::read_to_string(&path).unwrap();
    // An example is a comment that begins with a key or is indented below one.
    let example = |line: &str| {
        line.strip_prefix("# ")
            .filter(|rest| rest.starts_with(' ') || rest.split(' ').next().unwrap_or_default().ends_with(':'))
            .map(str::to_owned)
    };
    let examples: Vec<String> = text.lines().filter_map(example).collect();
    let schema: serde_json::Value = serde_json::from_str(&run(dir.path(), &["config", "schema"]).1).unwrap();
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(examples.iter().any(|line| line.starts_with(&format!("{key}:"))), "no example of `{key}`");
    }
    std::fs::write(&path, examples.join("\n")).unwrap();
    let (code, shown, err) = run(dir.path(), &before);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(values(&shown)["host-memory"]["value"], "16g", "{shown}");
}

#[test]
fn what_the_book_shows_is_taken() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/getting-started.md")).unwrap();
    let section = page.split_once("## Configuration\n").unwrap().1;
    let text = section.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), ".oomlint.yaml", text);
    write(dir.path(), "deploy/prod/compose.yaml", "services: {}\n");
    let (code, out, err) = run(dir.path(), &["config", "show", "deploy/prod/compose.yaml"]);
    assert_eq!(code, Some(0), "{err}");
    insta::assert_snapshot!(out);
    // Every truncated or altered text is valid or gives an error with a location, and none a panic.
    let path = dir.path().join(".oomlint.yaml");
    let ends = text.char_indices().map(|(at, _)| text[..at].to_owned());
    let lines: Vec<&str> = text.lines().collect();
    let without = (0..lines.len()).map(|out| {
        let rest = lines.iter().enumerate().filter(|(index, _)| *index != out);
        rest.map(|(_, line)| format!("{line}\n")).collect::<String>()
    });
    let letters = text.char_indices().map(|(at, c)| format!("{}{}", &text[..at], &text[at + c.len_utf8()..]));
    for part in ends.chain(without).chain(letters) {
        std::fs::write(&path, &part).unwrap();
        if let Err(error) = Config::read(&path, &oomlint::source::FileSystem::default()) {
            let oomlint::error::Error::Config { problems, .. } = &error else { panic!("{part}\n{error}") };
            assert!(!problems.is_empty(), "{part}");
            let drawn = oomlint::report::draw_failure(&error, false);
            assert!(drawn.contains(".oomlint.yaml:"), "{part}\n{drawn}");
        }
    }
}

#[test]
fn rows_reach_inspect_and_win_over_those_that_are_there() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "compose.yaml", "services: {a: {image: 'nginx:stable'}}\n");
    let row = "images: [{repositories: [docker.io/library/nginx], start: {entrypoint: [ours], cmd: []}}]\n";
    write(dir.path(), ".oomlint.yaml", row);
    let starts = |arguments: &[&str]| run(dir.path(), &[&["inspect"], arguments].concat()).1.contains("ours");
    assert!(starts(&[]));
    assert!(!starts(&["--no-config"]));
}

/// Templates of other platforms are read whatever their names, and what the platform adds is no error.
#[test]
fn templates_of_platforms_are_compose_files() {
    let template = "services:\n  app_proxy:\n    environment: {PORT: 80}\n  db:\n    image: postgres:18\n    exclude_from_hc: true\n    \
                    networks: [front]\n    mem_limit: ${DB_MEMORY:-64m}\n    restart: 5\n    volumes:\n      - {type: bind, source: ./a, target: /a, is_directory: true}\n";
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "apps/db.tmpl", template);
    let lint = |config: &str| {
        write(dir.path(), ".oomlint.yaml", config);
        let arguments =
            ["--format", "concise", "--fail-on", "never", "--select", "invalid-compose-file,syntax-error"];
        run(dir.path(), &arguments)
    };
    assert_eq!(lint("").1, "");
    let (_, found, _) = lint("compose-files: ['*.tmpl']\n");
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(
        found.contains("apps/db.tmpl:9:14: error[invalid-compose-file] `restart` of `db` is a number"),
        "{found}"
    );
    // The names that Compose knows are recognized, too.
    write(dir.path(), "compose.yaml", template);
    let (_, all, _) = lint("compose-files: ['*.tmpl']\n");
    assert!(all.contains("Compose rejects the key `exclude_from_hc` of `db`"), "{all}");
    assert!(all.contains("`app_proxy` has no `image` and no `build`"), "{all}");
    let (_, all, _) = lint("compose-files: ['*.tmpl', compose.yaml]\n");
    assert_eq!(all.lines().count(), 2, "{all}");

    // A variable of the platform is unknown, and so is what depends on it.
    let limit = |config: &str| {
        write(dir.path(), ".oomlint.yaml", config);
        let (_, out, err) = run(dir.path(), &["inspect", "--format", "json", "apps/db.tmpl"]);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        let workloads = value["projects"][0]["workloads"].as_array().unwrap();
        let database = workloads.iter().find(|workload| workload["name"] == "db").unwrap();
        database["facts"]["memory_limit"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(limit("compose-files: ['*.tmpl']\n"), "known");
    assert_eq!(limit("compose-files: ['*.tmpl']\nplatform-variables: ['DB_*']\n"), "unknown");
    write(dir.path(), "apps/.env", "DB_MEMORY=1g\n");
    assert_eq!(limit("compose-files: ['*.tmpl']\nplatform-variables: ['DB_*']\n"), "known");
}

#[test]
fn rows_name_settings_files() {
    let row = "images:\n  - repositories: [registry.example/index]\n    runtime: {name: java}\n    start: {entrypoint: [/start.sh]}\n\
               \x20   flag-files: [/etc/index/jvm.options]\n    memory:\n      - part: query cache\n        kind: cache\n        set-by:\n\
               \x20         - {variable: INDEX_CACHE_SIZE, grammar: any-size}\n\
               \x20         - {key: cache.query.size, files: [/etc/index/index.yml], grammar: any-size}\n        default: {mib: 256}\n";
    let compose = "services:\n  index:\n    image: registry.example/index:9\n    mem_limit: 1g\n    volumes: ['./etc:/etc/index']\n";
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), ".oomlint.yaml", row);
    write(dir.path(), "compose.yaml", compose);
    let files = |yaml: &str, flags: &str| {
        write(dir.path(), "etc/index.yml", yaml);
        write(dir.path(), "etc/jvm.options", flags);
        let (_, out, err) =
            run(dir.path(), &["--format", "concise", "--select", "heap", "--fail-on", "never"]);
        assert!(err.is_empty(), "{err}");
        out
    };
    let found = files("cache:\n  query:\n    size: 2g\n", "-Xmx2g\n");
    assert!(found.contains("index.yml:3:11: error[cache-exceeds-limit]"), "{found}");
    assert!(found.contains("compose.yaml:4:16: error[heap-exceeds-limit]"), "{found}");
    let found = files("cache: {query: {size: 2gib2}}\n", "-Xmx256m\n");
    assert!(!found.contains("exceeds-limit"), "{found}");
}

/// The Docker Compose that runs the files may be older than the table of keys, or newer.
#[test]
fn keys_are_those_of_the_compose_that_runs_the_files() {
    let files = "include: [part.yaml]\nservices:\n  web:\n    image: nginx:1.29\n    init: true\n    post_start: [{command: [id]}]\n    \
                 unheard_of: 1\n    restrat: always\n";
    let said = |version: &str| {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "compose.yaml", files);
        write(dir.path(), "part.yaml", "services: {db: {image: 'postgres:18', shm_size: 128m}}\n");
        write(
            dir.path(),
            ".oomlint.yaml",
            &format!("rules:\n  invalid-compose-file: {{compose-version: {version}}}\n"),
        );
        let arguments =
            ["--format", "concise", "--fail-on", "never", "--select", "invalid-compose-file", "compose.yaml"];
        let (code, out, err) = run(dir.path(), &arguments);
        assert_eq!(code, Some(0), "{err}");
        out.lines().filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect::<Vec<_>>()
    };
    let unknown = "error[invalid-compose-file] Compose rejects the key `unheard_of` of `web`";
    let slip = "error[invalid-compose-file] Compose rejects the key `restrat` of `web`";
    let refused = |version: &str, key: &str| {
        format!("error[invalid-compose-file] Compose {version} rejects the key `{key}`")
    };
    assert_eq!(said("5.6.1"), [unknown, slip]);
    assert_eq!(said("v2.30.0"), [unknown, slip]);
    // The first release with `include` is 2.19.1, that with `post_start` 2.30.0.
    assert_eq!(said("2.20"), [&format!("{} of `web`", refused("2.20.0", "post_start")), unknown, slip]);
    let old = said("2.19.0");
    assert_eq!(old[0], refused("2.19.0", "include"));
    assert_eq!(old.len(), 4, "{old:?}");
    // What resembles no key may be one that came later; what resembles one is a slip.
    let newer = "note[invalid-compose-file] the key `unheard_of` of `web` is unknown to Compose 5.6.1, and Compose 5.7.0 may take it";
    assert_eq!(said("5.7"), [newer, slip]);
}

#[test]
fn a_version_of_compose_has_two_or_three_numbers() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "compose.yaml", COMPOSE);
    for wrong in ["latest", "'1.29.2'", "'2'", "2.x", "'2.1.0.4'", "''", "'2.20.0-rc1'"] {
        write(
            dir.path(),
            ".oomlint.yaml",
            &format!("rules: {{invalid-compose-file: {{compose-version: {wrong}}}}}\n"),
        );
        let (code, _, err) = run(dir.path(), &[]);
        assert_eq!(code, Some(2), "{wrong}");
        assert!(err.contains("is no version of Docker Compose"), "{wrong}: {err}");
    }
}
