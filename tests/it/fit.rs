//! `oomlint fit`: plans of the executable, and what it writes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use oomlint::report::fit;
use serde_json::Value;

use crate::common::tree;

pub(crate) fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    run_with(directory, arguments, "")
}

/// Runs the executable with a text at its standard input.
fn run_with(directory: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .args(arguments)
        .env_remove("COLUMNS")
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that reads nothing may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let out = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

const SHOP: &str = "fixtures/projects/shop";

pub(crate) const STACK: &str = "\
services:
  db:
    image: postgres:17
  api:
    image: eclipse-temurin:21-jre
    command: java -jar api.jar
    cpus: 1.5
    restart: unless-stopped
  search:
    image: elasticsearch:8.15.0
    environment:
      - ES_JAVA_OPTS=-Xms1g -Xmx1g
    restart: unless-stopped
  web:
    image: nginx:1.29
    mem_limit: 100m
    deploy: {replicas: 2}
  old:
    image: acme/old
    mem_limit: ${OLD:-300m}
  tool:
    image: acme/tool
    profiles: [tools]
    restart: 'no'
";

#[test]
fn a_plan_has_a_reason_for_every_number() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for format in ["human", "json", "markdown"] {
        let (code, out, err) = run(top, &["fit", "--host-memory", "8g", SHOP, "--format", format]);
        assert_eq!((code, err.as_str()), (0, ""));
        insta::assert_snapshot!(format!("fit_{format}"), out);
    }
    let (code, out, _) = run(top, &["fit", "--host-memory", "2g,8g,16g", SHOP]);
    assert_eq!(code, 1);
    insta::assert_snapshot!("fit_hosts", out);
    let (code, out, _) = run(top, &["fit", "--host-memory", "3g", SHOP]);
    assert_eq!(code, 1);
    insta::assert_snapshot!("fit_too_small", out);
}

#[test]
fn json_is_valid_under_its_schema() {
    let validator = jsonschema::validator_for(&fit::schema()).unwrap();
    let dir = tree(&[("compose.yaml", STACK)]);
    for hosts in ["1g", "8g", "4g,16g"] {
        let (_, out, _) = run(dir.path(), &["fit", "--host-memory", hosts, "--format", "json"]);
        let value: Value = serde_json::from_str(&out).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

/// Returns the warnings and errors, as rule and service.
fn found(directory: &Path, files: &[&str]) -> Vec<(String, String)> {
    let named: Vec<&str> = files.iter().flat_map(|file| ["-f", file]).collect();
    let (_, out, _) = run(directory, &[&["check", "--format", "json"], named.as_slice()].concat());
    let report: Value = serde_json::from_str(&out).unwrap();
    let findings = report["findings"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let worse = findings.iter().filter(|finding| finding["severity"] != "note");
    worse.map(|finding| (text(&finding["rule"]), text(&finding["service"]))).collect()
}

#[test]
fn a_plan_is_written_and_stays() {
    let dir = tree(&[("compose.yaml", STACK)]);
    let (code, diff, _) = run(dir.path(), &["fit", "--host-memory", "8g", "--diff"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("fit_diff", diff);
    let (code, out, err) = run(dir.path(), &["fit", "--host-memory", "8g", "--write"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("the plan is in `compose.yaml`") && err.contains("`${OLD:-300m}` sets it"), "{err}");
    let about_memory = |found: &(String, String)| found.0.contains("limit") || found.0.contains("heap");
    let left = found(dir.path(), &["compose.yaml"]);
    let left: Vec<_> =
        left.into_iter().filter(about_memory).filter(|(_, service)| service != "tool").collect();
    assert_eq!(left, [], "{}", std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap());
    assert_eq!(run(dir.path(), &["fit", "--host-memory", "8g", "--diff"]).1, "");
    assert!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap().contains("${OLD:-300m}"));
}

#[test]
fn an_override_file_has_only_limits_and_what_goes_with_them() {
    let dir = tree(&[("compose.yaml", STACK)]);
    let overlay = ["fit", "--host-memory", "8g", "--overlay", "compose.limits.yaml"];
    let before = found(dir.path(), &["compose.yaml"]);
    let (code, _, err) = run(dir.path(), &overlay);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("docker compose -f compose.yaml -f compose.limits.yaml up -d"), "{err}");
    assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), STACK);
    let path = dir.path().join("compose.limits.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    insta::assert_snapshot!("fit_overlay", text);
    let after = found(dir.path(), &["compose.yaml", "compose.limits.yaml"]);
    assert!(after.iter().all(|finding| before.contains(finding)), "{after:?}");
    assert!(!after.contains(&("missing-memory-limit".to_owned(), "db".to_owned())));
    // Its own file it overwrites, another one it does not.
    assert_eq!(run(dir.path(), &overlay).0, 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    std::fs::write(&path, "services: {}\n").unwrap();
    let (code, _, err) = run(dir.path(), &overlay);
    assert!(code == 2 && err.contains("`oomlint fit` has not written it"), "{err}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "services: {}\n");
}

#[test]
fn what_does_not_fit_is_not_written() {
    let dir = tree(&[("compose.yaml", STACK)]);
    for how in [["--write", "--color=never"], ["--overlay", "compose.limits.yaml"]] {
        let (code, _, err) = run(dir.path(), &[&["fit", "--host-memory", "2g"], how.as_slice()].concat());
        assert!(code == 1 && err.contains("does not fit 2 GiB"), "{err}");
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), STACK);
    assert!(!dir.path().join("compose.limits.yaml").exists());
    let (_, out, _) = run(dir.path(), &["fit", "--host-memory", "2g"]);
    assert!(
        out.contains("lower the Java heap of `search` from 1 GiB to")
            && out.contains("a host with 4 GiB fits"),
        "{out}"
    );
}

#[test]
fn what_was_measured_wins() {
    let dir = tree(&[
        ("compose.yaml", STACK),
        (
            "stats.jsonl",
            "{\"Name\":\"x-search-1\",\"MemUsage\":\"300MiB / 8GiB\"}\n{\"Name\":\"x-db-1\",\"MemUsage\":\"700MiB / 8GiB\"}\n",
        ),
    ]);
    let (code, out, err) =
        run(dir.path(), &["fit", "--host-memory", "8g", "--stats", "stats.jsonl", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let value: Value = serde_json::from_str(&out).unwrap();
    let services = value["stacks"][0]["plans"][0]["services"].as_array().unwrap().clone();
    let of = |name: &str| services.iter().find(|service| service["name"] == name).unwrap().clone();
    assert_eq!((of("db")["basis"].as_str(), of("db")["limit"].as_i64()), (Some("measured"), Some(896 << 20)));
    // Its heap may still grow to what its setting says.
    assert_eq!(of("search")["basis"], "measured");
    assert!(of("search")["limit"].as_i64() >= Some(1 << 30));
}

#[test]
fn what_cannot_be_planned_is_an_error() {
    let dir = tree(&[("compose.yaml", STACK), ("other/compose.yaml", STACK)]);
    for (arguments, says) in [
        (vec!["fit"], "a plan needs the memory of the host"),
        (vec!["fit", "--host-memory", "4g,8g", "--diff"], "a plan is written for one host"),
        (vec!["fit", "--host-memory", "8g", "--overlay", "x.yaml"], "an override file is for one stack"),
    ] {
        let (code, _, err) = run(dir.path(), &arguments);
        assert!(code == 2 && err.contains(says), "{arguments:?}: {err}");
    }
}

#[test]
fn a_file_that_compose_refuses_is_not_planned() {
    let hidden = "services:\n  a:\n    image: acme/x\n    deploy: {replicas: 1}\n   mem_limit: 3g\n";
    for (text, place, hides) in [
        (hidden, "compose.yaml:5:", true),
        ("services:\n  a:\n    image: acme/x\n    image: acme/y\n", "compose.yaml:4:", true),
        ("services:\n  a:\n    image: acme/x\n    mem_limit: 3x\n", "compose.yaml:4:16", false),
        ("services:\n  a:\n    image: acme/x\n    mem_limits: 3g\n", "compose.yaml:4:5", false),
    ] {
        let dir = tree(&[("compose.yaml", text), ("Dockerfile", "FROM scratch\n")]);
        for how in [&[][..], &["--diff"], &["--write"], &["--overlay", "o.yaml"], &["--format", "json"]] {
            let (code, out, err) = run(dir.path(), &[&["fit", "--host-memory", "8g"], how].concat());
            assert!(code == 2 && out.is_empty(), "{how:?} {text}: {out}{err}");
            assert!(err.contains(place) && err.contains("nothing is planned"), "{how:?} {text}: {err}");
        }
        // Alerts say what is in the text, as long as it can be read.
        let (code, out, err) = run(dir.path(), &["alerts"]);
        match hides {
            true => assert!(code == 2 && out.is_empty() && err.contains(place), "{text}: {err}"),
            false => assert!(code == 0 && out.contains("ContainerRestarting"), "{text}: {err}"),
        }
        assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), text);
        assert!(!dir.path().join("o.yaml").exists());
    }
    // A mistake in a Dockerfile hides no key of a Compose file.
    let dir = tree(&[("compose.yaml", "services: {a: {build: .}}\n"), ("Dockerfile", "FROM\nFOO bar\n")]);
    assert_eq!(run(dir.path(), &["fit", "--host-memory", "8g"]).0, 0);
}

/// A file that does not parse stops a plan if it may hide keys of a Compose file or values for it.
#[test]
fn only_files_of_compose_have_to_parse() {
    let compose = |keys: &str| format!("services:\n  it:\n    image: acme/x\n{keys}");
    let broken = "A='x\nB\n";
    for (files, code) in [
        (&[("compose.yaml", compose("")), (".env", broken.to_owned())][..], 2),
        (&[("compose.yaml", compose("    env_file: vars.env\n")), ("vars.env", broken.to_owned())], 2),
        (&[("compose.yaml", compose("    env_file: vars\n")), ("vars", broken.to_owned())], 0),
        (&[("compose.yaml", compose("    build:\n      dockerfile_inline: |\n        FOO bar\n"))], 0),
        (&[("compose.yaml", compose("    build: .\n")), ("Dockerfile", "FOO bar\n".to_owned())], 0),
        (
            &[
                ("compose.yaml", format!("include: [part.yml]\n{}", compose(""))),
                ("part.yml", "services: [\n".to_owned()),
            ],
            2,
        ),
        (&[("compose.yaml", compose("    mem_limit: [\n"))], 2),
    ] {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let dir = tree(&files);
        let (found, out, err) = run(dir.path(), &["fit", "--host-memory", "8g"]);
        assert_eq!(found, code, "{files:?}: {out}{err}");
    }
}

/// In an override file names of services and variables are strings, whatever YAML would make of them.
#[test]
fn names_in_an_override_file_are_strings() {
    let compose = "services:\n  'on': {image: acme/x}\n  'null': {image: acme/x}\n  1db: {image: acme/x}\n  a.b-c_d: {image: acme/x}\n  _x: {image: acme/x}\n  -y: {image: acme/x}\n  deployed: {image: acme/x, cpus: 2, pids_limit: 100, deploy: {resources: {reservations: {memory: 64m}}}}\n";
    let dir = tree(&[("compose.yaml", compose)]);
    let (code, _, err) = run(dir.path(), &["fit", "--host-memory", "16g", "--overlay", "o.yaml"]);
    assert_eq!(code, 0, "{err}");
    let text = std::fs::read_to_string(dir.path().join("o.yaml")).unwrap();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|line| !line.starts_with(' '))
        .collect();
    assert_eq!(names, ["\"on\"", "\"null\"", "\"1db\"", "a.b-c_d", "_x", "\"-y\"", "deployed"], "{text}");
    let block = "        limits:\n          memory: 1g\n          cpus: \"2\"\n          pids: 100\n        reservations:\n          memory: 64m\n";
    assert!(text.contains(&format!("  deployed:\n    deploy:\n      resources:\n{block}")), "{text}");
    // Where nothing is to be set the file is still one that Compose takes.
    let dir = tree(&[("compose.yaml", "services: {it: {image: acme/x, mem_limit: '${M:-1g}'}}\n")]);
    run(dir.path(), &["fit", "--host-memory", "16g", "--overlay", "o.yaml"]);
    let text = std::fs::read_to_string(dir.path().join("o.yaml")).unwrap();
    assert!(text.ends_with("\nservices: {}\n"), "{text}");
}

#[test]
fn a_limit_that_is_too_small_counts_with_what_is_needed() {
    for limit in ["100m", "${ES:-100m}", "${ES}"] {
        let text = format!(
            "services:\n  es:\n    image: elasticsearch:8.15.0\n    environment: {{ES_JAVA_OPTS: -Xmx2g}}\n    mem_limit: {limit}\n"
        );
        let dir = tree(&[("compose.yaml", text.as_str())]);
        let (code, out, err) = run(dir.path(), &["fit", "--host-memory", "8g"]);
        assert!(code == 0 && out.contains("limits of 3392 MiB") && !out.contains("left to do"), "{out}{err}");
        let set = format!("set `{limit}` to 3392m");
        assert_eq!(limit.contains('$'), out.contains(&set), "{out}");
        assert_eq!(limit.contains('$'), out.contains(&format!("once `{limit}` is set")), "{out}");
        assert_eq!(run(dir.path(), &["fit", "--host-memory", "4g"]).0, 1);
        let (_, out, _) = run(dir.path(), &["fit", "--host-memory", "8g,16g"]);
        assert_eq!(limit.contains('$'), out.contains(&format!("to be set: `{limit}`")), "{out}");
        // Written or not, what to set stays.
        for how in [&["--overlay", "o.yaml"][..], &["--write"], &["--write"]] {
            let (_, _, err) = run(dir.path(), &[&["fit", "--host-memory", "8g"], how].concat());
            assert_eq!(limit.contains('$'), err.contains(&set), "{err}");
        }
    }
}

/// Returns the services of the only plan that `fit` prints for a stack.
fn planned(text: &str, host: &str) -> Vec<Value> {
    let dir = tree(&[("compose.yaml", text)]);
    let (_, out, err) = run(dir.path(), &["fit", "--host-memory", host, "--format", "json"]);
    let value: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{text}: {err}"));
    value["stacks"][0]["plans"][0]["services"].as_array().unwrap().clone()
}

#[test]
fn a_reservation_above_the_limit_is_the_reason_for_the_limit() {
    let java = "image: 'eclipse-temurin:21', command: java -Xmx1g -jar a.jar";
    let above = "its reservation is 3 GiB, more than its limit of 2 GiB";
    for (body, says, limit) in [
        ("image: acme/x, mem_limit: 2g, mem_reservation: 3g".to_owned(), above, 3072),
        ("image: acme/x, mem_limit: '${L:-2g}', mem_reservation: 3g".to_owned(), above, 3072),
        (
            "image: acme/x, deploy: {resources: {limits: {memory: 2g}, reservations: {memory: 3g}}}"
                .to_owned(),
            above,
            3072,
        ),
        (
            format!("{java}, mem_reservation: '${{R:-4g}}'"),
            "its reservation is 4 GiB, more than it needs",
            4096,
        ),
        (format!("{java}, mem_limit: 2g, mem_reservation: 3g"), above, 3072),
        (
            "image: acme/x, mem_reservation: 3g".to_owned(),
            "its reservation is 3 GiB, and a limit is no less",
            3072,
        ),
        ("image: 'mysql:8', mem_reservation: 700m".to_owned(), "at least its reservation of 700 MiB", 4096),
        (format!("{java}, memswap_limit: 1g"), "its `memswap_limit` is 1 GiB", 1408),
        (format!("{java}, memswap_limit: '${{S}}'"), "its `memswap_limit` is not known", 1408),
    ] {
        let services = planned(&format!("services: {{a: {{{body}}}}}\n"), "8g");
        let (reason, sure) = (services[0]["reason"].as_str().unwrap(), services[0]["sure"].as_str().unwrap());
        assert!(reason.contains(says) && sure != "kept", "{body}: {reason} ({sure})");
        assert_eq!(services[0]["limit"].as_i64().map(|bytes| bytes >> 20), Some(limit), "{body}: {reason}");
    }
}

#[test]
fn a_limit_that_files_in_memory_fill_is_not_kept() {
    for files in ["shm_size: 2g", "tmpfs: '/x:size=2g'", "shm_size: 600m, tmpfs: '/x:size=600m'"] {
        for image in ["redis:8", "acme/x", "postgres:17"] {
            let text = format!("services: {{a: {{image: '{image}', mem_limit: 1g, {files}}}}}\n");
            let services = planned(&text, "16g");
            let reason = services[0]["reason"].as_str().unwrap();
            assert!(reason.contains("instead of 1 GiB, since files in memory of `a`"), "{text}: {reason}");
            assert!(services[0]["limit"].as_i64() > Some(1200 << 20), "{text}");
        }
    }
}

#[test]
fn what_a_plan_removes_is_named() {
    for (key, value) in [("mem_swappiness", "0"), ("oom_kill_disable", "true"), ("memswap_limit", "2g")] {
        let text = format!("services:\n  a:\n    image: acme/x\n    mem_limit: 1g\n    {key}: {value}\n");
        let dir = tree(&[("compose.yaml", text.as_str())]);
        let fit = ["fit", "--host-memory", "8g"];
        let (_, report, _) = run(dir.path(), &fit);
        run(dir.path(), &[&fit[..], &["--write"]].concat());
        let removed = !std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap().contains(key);
        assert!(!removed || report.contains(&format!("remove the line of `{key}`")), "{report}");
        assert_eq!(removed, key != "memswap_limit", "{report}");
    }
}

/// Returns a report without Markdown's escapes.
pub(crate) fn unescaped(text: &str) -> String {
    let escapes = [("&#58;", ":"), ("&#40;", "("), ("&#41;", ")")];
    escapes.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

#[test]
fn changes_that_are_not_enough_together_say_so() {
    let dir = tree(&[("compose.yaml", "services: {web: {image: 'redis:7', mem_limit: 16g}}\n")]);
    for format in ["human", "markdown"] {
        let (code, out, _) = run(dir.path(), &["fit", "--host-memory", "4g", "--format", format]);
        let says = "all changes below save 8 GiB of the 13 GiB needed; a host with";
        let out = unescaped(&out);
        assert!(code == 1 && out.contains(says) && !out.contains("make it fit"), "{out}");
    }
}

#[test]
fn nothing_to_plan_is_an_error() {
    let inspected = r#"[{"Id":"7ab2c9d0e1f2","Name":"/a","Config":{"Image":"redis:7"},"HostConfig":{"Memory":536870912},"State":{"Status":"running"}}]"#;
    /// The files, the arguments, and the help.
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c [&'c str], &'c str);
    let cases: [Case<'_>; 5] = [
        (&[], &[], "name one with `-f compose.yaml`"),
        (&[("Dockerfile", "FROM redis:7\n")], &[], "a Dockerfile sets no limit"),
        (&[("i.json", inspected)], &["i.json"], "`oomlint budget i.json`"),
        (&[], &["x.txt"], "x.txt"),
        (
            &[
                ("compose.override.yaml", "services: {a: {mem_limit: 1g}}\n"),
                ("compose.yaml", "services: {}\n"),
            ],
            &[],
            "",
        ),
    ];
    for (files, paths, help) in cases {
        let dir = tree(files);
        for how in
            [&["fit", "--host-memory", "8g"][..], &["fit", "--host-memory", "8g", "--write"], &["alerts"]]
        {
            let (code, out, err) = run(dir.path(), &[how, paths].concat());
            assert!(code == 2 && out.is_empty() && err.contains(help), "{how:?} {paths:?}: {out}{err}");
            assert!(["", "x.txt"].contains(&help) || err.contains("Compose files; none here"), "{err}");
        }
    }
    let dir = tree(&[("compose.yaml", "services: {a: {image: redis, profiles: [x]}}\n")]);
    let (code, _, err) = run(dir.path(), &["fit", "--host-memory", "8g"]);
    assert!(code == 2 && err.contains("--profile '*'"), "{err}");
}

#[test]
fn standard_input_is_planned_like_a_file() {
    let dir = tree(&[("compose.yaml", STACK), ("empty/x", "")]);
    let fit = ["fit", "--host-memory", "8g", "--format"];
    let named = ["-", "--stdin-filename", "compose.yaml"];
    for format in ["human", "json", "markdown"] {
        let (_, file, _) = run(dir.path(), &[&fit[..], &[format]].concat());
        let (code, piped, err) =
            run_with(&dir.path().join("empty"), &[&fit[..], &[format], &named].concat(), STACK);
        assert_eq!((code, piped.as_str(), err.as_str()), (0, file.as_str(), ""));
    }
    let (_, file, _) = run(dir.path(), &["fit", "--host-memory", "8g", "--diff"]);
    let diff = ["fit", "--host-memory", "8g", "--diff"];
    let (code, piped, _) = run_with(&dir.path().join("empty"), &[&diff[..], &named].concat(), STACK);
    assert!(code == 0 && piped == file && piped.contains("+    mem_limit"), "{piped}");
    let (_, piped, _) = run_with(&dir.path().join("empty"), &[&diff[..], &["-"]].concat(), STACK);
    assert!(piped.contains("+    mem_limit"), "{piped}");
    // Also where `fit` has written an override file before.
    let limits = ["fit", "--host-memory", "8g", "--overlay", "limits.yaml", "compose.yaml"];
    assert_eq!(run(dir.path(), &limits).0, 0);
    let again = ["fit", "--host-memory", "8g", "--overlay", "limits.yaml", "-"];
    let (code, _, err) = run_with(dir.path(), &again, STACK);
    assert!(code == 2 && err.contains("standard input is not a file"), "{err}");
    for how in [&["--write"][..], &["--overlay", "o.yaml"]] {
        let arguments = [&["fit", "--host-memory", "8g", "-"], how].concat();
        let (code, _, err) = run_with(&dir.path().join("empty"), &arguments, STACK);
        assert!(code == 2 && err.contains("standard input"), "{err}");
        assert_eq!(std::fs::read_dir(dir.path().join("empty")).unwrap().count(), 1);
    }
}

#[test]
fn a_service_that_is_left_out_fails_the_run() {
    // One limit for two services, of which each needs its own.
    let text = "x-limit: &limit {resources: {limits: {memory: 64m}}}\nservices:\n  a: {image: eclipse-temurin:21, command: java -Xmx1g -jar a.jar, deploy: *limit}\n  b: {image: eclipse-temurin:21, command: java -Xmx2g -jar a.jar, deploy: *limit}\n";
    let dir = tree(&[("compose.yaml", text)]);
    let fit = ["fit", "--host-memory", "16g"];
    let (code, out, _) = run(dir.path(), &fit);
    assert!(code == 0 && out.contains("not written: ") && out.contains("once the limit"), "{out}");
    for how in ["--diff", "--write"] {
        let (code, _, err) = run(dir.path(), &[&fit[..], &[how]].concat());
        assert!(code == 1 && err.contains("not written: `"), "{how}: {err}");
        // What `check` reports about the limit is the reason.
        assert!(
            err.contains("heap-exceeds-limit: ") && err.contains("raise the limit to 2752m"),
            "{how}: {err}"
        );
        assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), text);
    }
}

#[test]
fn every_argument_of_a_command_does_something() {
    let inspected = r#"[{"Id":"7ab2c9d0e1f2","Name":"/a","Config":{"Image":"redis:7"},"HostConfig":{"Memory":536870912},"State":{"Status":"running"}}]"#;
    let files = [
        ("compose.yaml", STACK),
        ("i.json", inspected),
        ("run.md", "```sh\ndocker run -d redis:7\n```\n"),
        ("other/Dockerfile", "FROM redis:7\n"),
        ("o.yaml", "services: {db: {mem_limit: 1g}}\n"),
    ];
    let dir = tree(&files);
    for arguments in [
        &["fit", "--run", "docker run -d redis:7"][..],
        &["alerts", "--run", "docker run -d redis:7"],
        &["why", "--stdin-kind", "compose", "i.json"],
        &["why", "--stdin-filename", "x", "i.json"],
        &["size", "--stdin-kind", "compose", "i.json"],
        &["images", "lock", "--run", "docker run -d redis:7"],
        &["fit", "--host-memory", "8g", "--reserve", "auto"],
    ] {
        let (code, out, err) = run(dir.path(), arguments);
        assert!(
            code == 2 && out.is_empty() && err.contains(arguments[1]) || err.contains("--reserve"),
            "{err}"
        );
        assert!(err.contains("unexpected argument") || err.contains("invalid value 'auto'"), "{err}");
    }
    for how in [&["fit", "--host-memory", "8g"][..], &["alerts"]] {
        for (file, command) in [
            ("i.json", "; `oomlint budget i.json` adds up containers"),
            ("run.md", "; `oomlint budget run.md` adds up containers"),
            ("other/Dockerfile", ""),
        ] {
            let (code, _, err) = run(dir.path(), &[how, &["compose.yaml", file]].concat());
            let says = format!("left out: `{file}` is no part of a stack{command}\n");
            assert!(code == 0 && err == says, "{err}");
        }
        let (code, _, err) = run(dir.path(), &[how, &["-f", "compose.yaml", "-f", "o.yaml"]].concat());
        assert_eq!((code, err.as_str()), (0, ""));
    }
    let (_, help, _) = run(dir.path(), &["fit", "--help"]);
    let (before, files) = help.split_once("Files:").unwrap();
    let files = files.split("\n\n").take_while(|part| !part.starts_with("Host:")).collect::<String>();
    assert!(before.contains("--host-memory") && !files.contains("--host-memory"), "{help}");
}

#[test]
fn an_override_file_is_none_of_the_stack() {
    let dir = tree(&[("compose.yaml", STACK)]);
    let fit = ["fit", "--host-memory", "8g", "--overlay"];
    let (code, _, err) = run(dir.path(), &[&fit[..], &["compose.yaml"]].concat());
    assert!(code == 2 && err.contains("`oomlint fit` has not written it"), "{err}");
    for overlay in ["o.yaml", "o.yaml", "compose.override.yaml", "compose.override.yaml"] {
        let (code, _, err) = run(dir.path(), &[&fit[..], &[overlay]].concat());
        let start = format!("docker compose -f compose.yaml -f {overlay} up -d");
        assert!(code == 0 && err.contains(&start), "{err}");
        std::fs::rename(dir.path().join(overlay), dir.path().join("kept")).unwrap();
        for name in ["o.yaml", "compose.override.yaml"] {
            let _ = std::fs::remove_file(dir.path().join(name));
        }
        std::fs::rename(dir.path().join("kept"), dir.path().join(overlay)).unwrap();
    }
    run(dir.path(), &[&fit[..], &["o.yaml"]].concat());
    let (code, _, err) =
        run(dir.path(), &[&fit[..], &["o.yaml", "-f", "compose.yaml", "-f", "o.yaml"]].concat());
    assert!(code == 0 && err.contains("docker compose -f compose.yaml -f o.yaml up -d"), "{err}");
    assert_eq!(std::fs::read_to_string(dir.path().join("compose.yaml")).unwrap(), STACK);
}

/// The page of the book has what the executable prints. `UPDATE=1` writes it.
#[test]
fn the_page_is_what_is_printed() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = top.join("docs/fit.md");
    let is = std::fs::read_to_string(&page).unwrap();
    let mut parts = is.split("<!-- printed: ");
    let mut wanted = parts.next().unwrap().to_owned();
    for part in parts {
        let (command, rest) = part.split_once(" -->\n```text\n").unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        let arguments: Vec<&str> = command.split(' ').collect();
        let (_, printed, _) = run(&top.join("fixtures/cli/fit"), &arguments);
        wanted.push_str(&format!("<!-- printed: {command} -->\n```text\n{printed}```\n{after}"));
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&page, &wanted).unwrap();
    }
    assert!(is == wanted || std::env::var_os("UPDATE").is_some(), "UPDATE=1 cargo test --test it fit");
}

/// `check`, `budget` and `fit` compare the same sum with the same part of the host.
#[test]
fn the_three_commands_agree_on_what_fits() {
    for (limits, host, options, fits) in [
        (&["8g"][..], "8g", &[][..], false),
        (&["6g"], "8g", &[], true),
        (&["6400m"], "8g", &[], false),
        (&["6400m"], "8g", &["--reserve", "1g"], true),
        (&["3g", "3g"], "8g", &[], true),
        (&["3g", "4g"], "8g", &[], false),
        (&["9g"], "8g", &[], false),
        (&["3g"], "4g", &[], true),
        (&["3073m"], "4g", &[], false),
    ] {
        let services = limits.iter().enumerate();
        let services: String = services
            .map(|(index, limit)| format!("  s{index}:\n    image: acme/s\n    mem_limit: {limit}\n"))
            .collect();
        let scratch = tree(&[("compose.yaml", &format!("services:\n{services}"))]);
        let of = |command: &[&str]| {
            let host = ["--host-memory", host];
            run(scratch.path(), &[command, &host[..], options].concat())
        };
        let label = format!("{limits:?} on {host} {options:?}");
        let select = ["check", "--select", "budget-exceeded,limit-exceeds-host", "--fail-on", "note"];
        assert_eq!(of(&select).0 == 0, fits, "{label}");
        assert_eq!(of(&["budget"]).0 == 0, fits, "{label}");
        let (code, plan, _) = of(&["fit"]);
        assert_eq!(code == 0, fits, "{label}");
        // The arithmetic is the same line.
        let sum = plan.lines().find_map(|line| Some(line.split_once("limits of ")?.1)).unwrap();
        assert!(of(&["budget"]).1.contains(sum) || limits == ["9g"], "{label}: {sum}");
    }
}

/// `overcommit` of the configuration counts for all three.
#[test]
fn a_factor_counts_for_plans_too() {
    let compose = "services:\n  a:\n    image: acme/a\n    mem_limit: 7g\n";
    let scratch = tree(&[("compose.yaml", compose), (".oomlint.yaml", "overcommit: 1.5\nreserve: 2g\n")]);
    for command in [&["check", "--select", "budget-exceeded", "--fail-on", "note"][..], &["budget"], &["fit"]]
    {
        let (code, out, err) = run(scratch.path(), &[command, &["--host-memory", "8g"]].concat());
        assert_eq!(code, 0, "{out}{err}");
        if command != ["check", "--select", "budget-exceeded", "--fail-on", "note"] {
            assert!(
                out.contains("limits of 7 GiB + 2 GiB for the host = 9 GiB of 8 GiB x 1.5 = 12 GiB"),
                "{out}"
            );
        }
    }
}

/// A limit of which nothing is known keeps Docker's swap, whether it is new or in the files, and is named.
#[test]
fn a_guess_keeps_the_swap_of_docker() {
    let compose = "\
services:
  guess:
    image: acme/guess
  varies:
    image: ${IMAGE}
  kept:
    image: acme/kept
    mem_limit: 300m
  db:
    image: postgres:17
";
    let scratch = tree(&[("compose.yaml", compose)]);
    let (code, table, _) = run(scratch.path(), &["fit", "--host-memory", "8g"]);
    assert_eq!(code, 0, "{table}");
    let guesses = "the limits of `guess` and `varies` are guesses: their swap stays as Docker has it";
    assert!(table.contains(guesses), "{table}");
    let (code, _, err) = run(scratch.path(), &["fit", "--host-memory", "8g", "--write"]);
    assert!(code == 0 && err.contains(guesses), "{err}");
    let written = std::fs::read_to_string(scratch.path().join("compose.yaml")).unwrap();
    assert_eq!(written.matches("memswap_limit").count(), 1, "{written}");
    assert_eq!(written.matches("mem_limit").count(), 4, "{written}");
    // The next run changes nothing.
    run(scratch.path(), &["fit", "--host-memory", "8g", "--write"]);
    assert_eq!(std::fs::read_to_string(scratch.path().join("compose.yaml")).unwrap(), written);
}

/// An override file is named with the base that is there.
#[test]
fn the_base_of_an_override_file_is_named() {
    let base = "services:\n  a:\n    image: acme/a\n";
    let change = "services:\n  a:\n    mem_limit: 1g\n";
    let scratch = tree(&[("docker-compose.yml", base), ("docker-compose.dev.yml", change)]);
    let (code, _, err) = run(scratch.path(), &["fit", "--host-memory", "8g", "docker-compose.dev.yml"]);
    assert_eq!(code, 2);
    assert!(err.contains("`docker-compose.dev.yml` only changes one"), "{err}");
    let files = "`-f docker-compose.yml -f docker-compose.dev.yml`";
    assert!(err.contains(files), "{err}");
    let named = ["fit", "--host-memory", "8g", "-f", "docker-compose.yml", "-f", "docker-compose.dev.yml"];
    assert_eq!(run(scratch.path(), &named).0, 0);
}

/// Parts of a program that take a share of what they see get a limit with room for all of them; shares of 100 % and more leave none.
#[test]
fn several_shares_of_the_limit_add_up() {
    for (percent, expected) in [
        (
            20,
            "page cache of 100 MiB + 33 MiB of overhead + heap of 398 MiB (60 % of the limit) + index of 133 MiB (20 % of the limit) \
             = 664 MiB",
        ),
        (40, "a guess"),
        (50, "a guess"),
    ] {
        let config = format!(
            "images:\n  - repositories: [acme/db]\n    memory:\n\
             \x20     - {{part: page cache, kind: cache, default: {{mib: 100}}, source: x}}\n\
             \x20     - {{part: heap, kind: heap, default: {{percent: 60}}, source: x}}\n\
             \x20     - {{part: index, kind: cache, default: {{percent: {percent}}}, source: x}}\n"
        );
        let compose = "services:\n  a: {image: acme/db}\n";
        let dir = tree(&[(".oomlint.yaml", &config), ("compose.yaml", compose)]);
        let (_, out, _) = run(dir.path(), &["fit", "--host-memory", "8g"]);
        assert!(out.contains(expected), "{percent} % {out}");
    }
}
