//! `oomlint fit` and `oomlint size` for several stacks, which may have services of the same names.

use serde_json::Value;

use crate::common::tree;
use crate::fit::{STACK, run, unescaped};

#[test]
fn a_reserve_is_named_and_stacks_are_apart() {
    let text = "services: {a: {image: acme/x}}\n";
    let dir = tree(&[("a/compose.yaml", text), ("b/compose.yaml", text)]);
    for format in ["human", "markdown"] {
        let (_, out, _) =
            run(dir.path(), &["fit", "--host-memory", "8g", "--reserve", "4g", "--format", format]);
        let out = unescaped(&out);
        assert!(out.contains("4 GiB, as given") && !out.contains("25 %"), "{out}");
        assert_eq!(out.matches("each stack is planned for the whole host").count(), 2, "{out}");
        let (_, out, _) = run(dir.path(), &["fit", "--host-memory", "8g", "--format", format, "a"]);
        assert!(out.contains("25 %") && !out.contains("each stack"), "{out}");
    }
    let (code, _, err) = run(dir.path(), &["fit", "--host-memory", "8g", "--write"]);
    assert!(code == 0 && err.contains("each stack is planned for the whole host"), "{err}");
    assert!(err.contains("`a/compose.yaml`, `b/compose.yaml`") || cfg!(windows), "{err}");
    let (code, _, err) = run(dir.path(), &["fit", "--host-memory", "1g", "--reserve", "1000m", "--write"]);
    assert!(code == 1 && err.contains("nothing is written") && !err.contains("the plan is in"), "{err}");
}

#[test]
fn each_stack_has_the_host_of_its_configuration() {
    let files = [
        ("a/compose.yaml", STACK),
        ("a/.oomlint.yaml", "host-memory: 8g\n"),
        ("b/compose.yaml", STACK),
        (
            "b/.devcontainer/devcontainer.json",
            "{\"image\": \"x\", \"hostRequirements\": {\"memory\": \"16gb\"}}",
        ),
        ("c/compose.yaml", STACK),
    ];
    let dir = tree(&files[..4]);
    let (code, out, err) = run(dir.path(), &["fit", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let value: Value = serde_json::from_str(&out).unwrap();
    let hosts: Vec<_> = [0, 1].iter().map(|at| value["stacks"][at]["plans"][0]["host"].as_i64()).collect();
    let (_, out, _) = run(dir.path(), &["budget", "--format", "json"]);
    let budget: Value = serde_json::from_str(&out).unwrap();
    let known: Vec<_> = [0, 1].iter().map(|at| budget["stacks"][at]["host"]["bytes"].as_i64()).collect();
    assert_eq!(
        (hosts, known),
        (vec![Some(8 << 30), Some(16 << 30)], vec![Some(8 << 30), Some(16 << 30)]),
        "{out}"
    );
    let (_, out, _) = run(dir.path(), &["fit"]);
    assert!(out.contains("8 GiB (a/.oomlint.yaml:1)") && out.contains("devcontainer.json:1)"), "{out}");
    let dir = tree(&files);
    let (code, _, err) = run(dir.path(), &["fit"]);
    assert!(code == 2 && err.contains("the memory of the host of `c/compose.yaml`"), "{err}");
}

/// Two stacks with services of the same names. The second does not fit, and has much that a plan would mend.
const NAMESAKES: [(&str, &str); 2] = [
    (
        "a/compose.yaml",
        "\
name: a
services:
  web:
    image: eclipse-temurin:21-jre
    command: [java, -jar, x.jar]
    pre_start:
      - command: [java, -jar, migrate.jar]
  db:
    image: postgres:17
    mem_limit: 1g
",
    ),
    (
        "b/compose.yaml",
        "\
name: b
services:
  web:
    image: eclipse-temurin:21-jre
    command: [java, -jar, x.jar]
    mem_limit: 512m
    pre_start:
      - command: [java, -Xmx900m, -jar, migrate.jar]
        mem_limit: 512m
  db:
    image: postgres:17
    command: [postgres, -c, shared_buffers=28GB]
    mem_limit: 30g
    oom_kill_disable: true
",
    ),
];

#[test]
fn what_is_written_into_one_stack_leaves_namesakes_in_another_as_they_are() {
    let dir = tree(&NAMESAKES);
    let arguments = ["fit", "--host-memory", "16g"];
    let (_, out, _) = run(dir.path(), &[&arguments[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&out).unwrap();
    let settings = |stack: usize, service: usize| {
        let own = &report["stacks"][stack]["plans"][0]["services"][service]["settings"];
        own.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let heap = settings(0, 0).concat();
    assert!(heap.contains("MaxRAMPercentage") && !heap.contains("-Xmx"), "{heap}");
    for (stack, service) in [(0, 1), (1, 0), (1, 1)] {
        assert_eq!(settings(stack, service), [""; 0], "{stack} {service}");
    }
    let (_, diff, err) = run(dir.path(), &[&arguments[..], &["--diff"]].concat());
    let fits_not = err.contains("does not fit 16 GiB") && err.contains("nothing is written");
    assert!(fits_not && diff.contains("+++ b/a/compose.yaml") && !diff.contains("b/b/"), "{diff}{err}");
    run(dir.path(), &[&arguments[..], &["--write"]].concat());
    let texts = |paths: [&str; 2]| paths.map(|path| std::fs::read_to_string(dir.path().join(path)).unwrap());
    let [first, second] = texts(["a/compose.yaml", "b/compose.yaml"]);
    assert_eq!(second, NAMESAKES[1].1);
    assert!(first.contains("memswap_limit: 1g"), "{first}");
}

#[test]
fn measurements_of_one_project_change_no_namesake() {
    let text = |name: &str| {
        format!(
            "name: {name}\nservices:\n  web:\n    image: eclipse-temurin:21-jre\n    command: [java, -Xmx512m, -jar, x.jar]\n"
        )
    };
    let stats = "container,project,service,used\na-web-1,a,web,300MiB\na-web-1,a,web,310MiB\n";
    let dir = tree(&[("a/compose.yaml", &text("a")), ("b/compose.yaml", &text("b")), ("stats.csv", stats)]);
    let (_, diff, err) = run(dir.path(), &["size", "stats.csv", ".", "--diff"]);
    assert!(diff.contains("+++ b/a/compose.yaml") && !diff.contains("b/b/"), "{diff}{err}");
}

#[test]
fn what_only_a_profile_starts_is_counted_and_not_planned() {
    let text = "services:\n  a: {image: 'postgres:17'}\n  b: {image: x, profiles: [one]}\n  c: {image: x, profiles: [one, two]}\n";
    let dir = tree(&[("compose.yaml", text)]);
    let (_, out, _) = run(dir.path(), &["fit", "--host-memory", "8g"]);
    for line in [
        "not in the plan: 2 services of the profile `one`",
        "not in the plan: 1 service of the profile `two`",
    ] {
        assert!(out.contains(line), "{out}");
    }
    let (_, out, _) = run(dir.path(), &["fit", "--host-memory", "8g", "--profile", "one"]);
    assert!(!out.contains("not in the plan"), "{out}");
}

/// A limit for what an override file makes of a service is not written where it would be too small for the base alone.
#[test]
fn no_limit_is_written_that_the_base_alone_outgrows() {
    for (heap, written) in [("2g", false), ("128m", true)] {
        let base = format!(
            "services:\n  web:\n    image: eclipse-temurin:21-jre\n    command: java -Xmx{heap} -jar a.jar\n"
        );
        let overlay = "services:\n  web:\n    command: java -Xmx256m -jar a.jar\n";
        let dir = tree(&[("compose.yaml", &base), ("compose.override.yaml", overlay)]);
        let (_, diff, err) = run(dir.path(), &["fit", "--host-memory", "8g", "--diff"]);
        assert_eq!(diff.contains("+    mem_limit: 512m"), written, "{diff}{err}");
        assert_eq!(err.contains("it would cause heap-exceeds-limit"), !written, "{err}");
    }
}
