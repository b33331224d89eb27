//! No fix mends one finding and leads to the next: it is only offered where the rest of the services that it touches allows it.

use oomlint::check::{self, Options};
use oomlint::discover::{self, discover};
use oomlint::rules::{Preset, Target};
use oomlint::source::Sources;

use crate::common;

/// Returns the titles of the fixes that a rule offers, and its help where it offers none.
fn offered(files: &[(&str, &str)], rule: &str, target: Target) -> Vec<String> {
    let dir = common::tree(files);
    let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
    let options = Options { preset: Some(Preset::Strict), target: Some(target), ..Options::default() };
    let findings = check::run(&options, &Sources::new(), &found).findings;
    let of_rule = findings.into_iter().filter(|finding| finding.rule == rule);
    let texts = of_rule.flat_map(|finding| match finding.fixes.is_empty() {
        true => vec![format!("help: {}", finding.help.unwrap_or_default())],
        false => finding.fixes.iter().map(|fix| fix.title.clone()).collect(),
    });
    texts.collect()
}

/// Asserts which fixes each Compose file gets from a rule, under Compose.
fn offers(rule: &str, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(offered(&[("compose.yaml", text)], rule, Target::Compose), *expected, "{text}");
    }
}

#[test]
fn a_size_is_not_mended_next_to_another_one_for_the_same_setting() {
    let there = |short: &str, long: &str| {
        format!("services: {{it: {{image: x, {short}, deploy: {{resources: {{{long}}}}}}}}}\n")
    };
    let help = &["help: write it as `2GiB`, and check that the rest fits"];
    offers(
        "invalid-memory-value",
        &[
            ("services: {it: {image: x, mem_limit: 2Gi}}\n", &["write `2GiB`"]),
            ("services: {it: {image: x, deploy: {resources: {limits: {memory: 2Gi}}}}}\n", &["write `2GiB`"]),
            (&there("mem_limit: 2Gi", "limits: {memory: 1g}"), help),
            (&there("mem_limit: 1g", "limits: {memory: 2Gi}"), help),
            (&there("mem_reservation: 1g", "reservations: {memory: 2Gi}"), help),
        ],
    );
}

#[test]
fn a_key_is_not_renamed_to_one_that_is_there() {
    let help = "help: write `mem_limit`, and check that heaps, swap and reservation fit it";
    let other =
        |key: &str| format!("help: write `{key}`, and use either `deploy.resources` or the short keys");
    let base = "services: {it: {image: x, mem_limt: 512m}}\n";
    let block = "deploy: {resorces: {limits: {memory: 512m}}}";
    let misspelt = |more: &str| format!("services: {{it: {{image: x, {more}}}}}\n");
    offers(
        "unknown-memory-key",
        &[
            (base, &["write `mem_limit`"]),
            (
                &misspelt("mem_limt: 512m, mem_limit: 300m"),
                &["help: remove it, or the `mem_limit` that is there"],
            ),
            (
                &misspelt("mem_limt: 512m, deploy: {resources: {limits: {memory: 300m}}}"),
                &[&other("mem_limit")],
            ),
            (&misspelt(block), &["write `resources`"]),
            (&misspelt(&format!("mem_limit: 300m, {block}")), &[&other("resources")]),
        ],
    );
    let sized = |image: &str| format!("services: {{it: {{image: {image}, mem_limt: 512m}}}}\n");
    offers(
        "unknown-memory-key",
        &[
            (&sized("'eclipse-temurin:21-jre', command: [java, -Xmx1g, -jar, a.jar]"), &[help]),
            (
                &sized("'eclipse-temurin:21-jre', command: [java, -Xmx128m, -jar, a.jar]"),
                &["write `mem_limit`"],
            ),
            (&sized("'apache/kafka:4.1.0'"), &[help]),
            (&sized("x, memswap_limit: 64m"), &[help]),
            (&sized("x, memswap_limit: -1"), &[help]),
            (&sized("'rabbitmq:4'"), &[help]),
            (&sized("x, memswap_limit: 1g"), &["write `mem_limit`"]),
            (&sized("x, mem_reservation: 64m"), &["write `mem_limit`"]),
            (&sized("x, mem_reservation: 8g"), &[help]),
            (&sized("x, pre_start: [{command: [a]}]"), &[help]),
            (&misspelt("pid_limit: 100, mem_limit: 1g"), &["write `pids_limit`"]),
            (&misspelt("deploy: {resources: {limits: {pid: 100}}}"), &["write `pids`"]),
            (
                &misspelt("pid_limit: many"),
                &["help: write `pids_limit`, and check that heaps, swap and reservation fit it"],
            ),
            (
                &misspelt("mem_swappines: 10"),
                &["help: write `mem_swappiness`, and check that heaps, swap and reservation fit it"],
            ),
            (&misspelt("mem_limt: '${M:-512m}'"), &[help]),
            (&misspelt("mem_limt: 1Gi"), &[help]),
            (&misspelt("mem_limt: 1e9"), &[help]),
            (&misspelt("mem_limt: [1g]"), &[help]),
            (
                &misspelt("deploy: {resource: {limits: {memory: 4m}}}"),
                &["help: write `resources`, and check that heaps, swap and reservation fit it"],
            ),
            (
                &misspelt("deploy: {resource: {limits: {memory: 1g}, reservations: {memory: 2g}}}"),
                &["help: write `resources`, and check that heaps, swap and reservation fit it"],
            ),
            (
                &misspelt(
                    "deploy: {resource: {limits: {memory: 1g, cpus: '1'}, reservations: {memory: 512m}}}",
                ),
                &["write `resources`"],
            ),
            (
                &misspelt("mem_limt: 512m, mem_limits: 1g"),
                &["help: write `mem_limit`, in one place", "help: write `mem_limit`, in one place"],
            ),
            (
                "x-it: &it {mem_limt: 512m}\nservices: {a: {<<: *it, image: x}, b: {<<: *it, image: y}}\n",
                &[help, help],
            ),
            (
                "services: {it: {image: x, mem_limit: 1g, pre_start: [{command: [a], mem_limt: 512m}]}}\n",
                &["write `mem_limit`"],
            ),
            ("{\"services\": {\"it\": {\"image\": \"x\", \"mem_limt\": \"512m\"}}}", &["write `mem_limit`"]),
        ],
    );
    for (over, expected) in [
        ("services: {it: {mem_limit: 1g}}\n", "help: remove it, or the `mem_limit` that is there"),
        ("services: {it: {labels: [a]}}\n", "write `mem_limit`"),
    ] {
        let files = [("compose.yaml", base), ("compose.override.yaml", over)];
        let found = offered(&files, "unknown-memory-key", Target::Compose);
        assert!(found.contains(&expected.to_owned()), "{over}: {found:?}");
    }
}

#[test]
fn a_shared_line_is_only_removed_if_all_that_have_it_can_do_without() {
    let shared = |first: &str, second: &str| {
        format!(
            "x-it: &it\n  restart: always\n  memswap_limit: 2g\nservices:\n  a: {{<<: *it, image: x, {first}}}\n  b: {{<<: *it, image: x, {second}}}\n"
        )
    };
    let (same, other) =
        (shared("mem_limit: 1g", "mem_limit: 1g"), shared("mem_limit: 1g", "mem_limit: 512m"));
    let disable = "disable swap: the same value as the memory limit";
    let remove = "remove the line of `memswap_limit`";
    offers("redundant-swap-limit", &[(&same, &[remove, disable, remove, disable]), (&other, &[disable])]);
    let conflict = |second: &str| {
        format!(
            "x-it: &it\n  restart: always\n  mem_limit: 1g\nservices:\n  a: {{<<: *it, image: x, deploy: {{resources: {{limits: {{cpus: '1'}}}}}}}}\n  b: {{{second}image: x}}\n"
        )
    };
    let help = "help: keep one spelling, or write the same value in both";
    offers(
        "conflicting-limits",
        &[(&conflict(""), &["move `mem_limit` into the block"]), (&conflict("<<: *it, "), &[help])],
    );
}

#[test]
fn a_limit_like_the_swap_is_one_of_the_service() {
    let text = "x-it: &it\n  memswap_limit: 2g\nservices:\n  a: {<<: *it, image: x}\n  b: {<<: *it, image: x, mem_limit: 1g}\n";
    let checked = common::Checked::texts(&[("compose.yaml", text)]);
    let finding = &checked.of_rule("swap-without-limit")[0];
    let edit = &finding.fixes[0].edits[0];
    assert_eq!(checked.sources.get(edit.span.file).position(edit.span.start).line, 4, "{edit:?}");
    let varies = "services:\n  a:\n    image: x\n    memswap_limit: 2g\n    mem_reservation: ${R:-1g}\n";
    let found = offered(&[("compose.yaml", varies)], "swap-without-limit", Target::Compose);
    assert!(found[0].starts_with("help: "), "{found:?}");
}

#[test]
fn a_limit_of_zero_is_not_raised_for_steps_that_need_more() {
    let text = "services:\n  it:\n    image: 'node:22-slim'\n    command: [node, --max-old-space-size=384, a.js]\n    mem_limit: 0\n    pre_start: [{command: [node, --max-old-space-size=2048, b.js]}]\n";
    for target in [Target::Compose, Target::Swarm] {
        let found = offered(&[("compose.yaml", text)], "zero-memory-limit", target);
        assert!(found.iter().all(|text| text.starts_with("help: ")), "{target:?}: {found:?}");
    }
}

/// The base file is also read without the limit that an override file sets.
#[test]
fn no_size_in_the_base_file_follows_the_limit_of_an_override_file() {
    let base = "services:\n  it: {image: 'node:22', command: [node, a.js]LIMIT}\n";
    let found = |limit: &str, over: &str| {
        let text = base.replace("LIMIT", limit);
        let files = [("compose.yaml", text.as_str()), ("compose.override.yaml", over)];
        offered(&files, "unbounded-heap", Target::Compose).concat()
    };
    let labels = "services:\n  it: {labels: [a]}\n";
    assert!(found(", mem_limit: 2g", labels).contains("--max-old-space-size=1536"));
    let limits = "services:\n  it: {mem_limit: 2g}\n";
    assert!(found("", limits).starts_with("help: "), "{}", found("", limits));
}

/// A later file of the project takes a key away, whether an earlier one has it or not.
#[test]
fn nothing_is_written_over_what_another_file_takes_away() {
    let image = "{image: 'mysql:8.4', command: --innodb-buffer-pool-size=512M";
    for (base, over, is_offered) in [
        (", mem_limit: 1g", "{mem_limit: !reset null}", false),
        (", mem_limit: 1g", "{mem_limit: !reset null, ports: !reset []}", false),
        (", mem_limit: 1g", "!override {image: 'mysql:8.4', command: --innodb-buffer-pool-size=512M}", true),
        ("", "{deploy: !override {replicas: 2}}", false),
        ("", "{mem_limit: !reset null}", false),
        ("", "{memswap_limit: !reset null}", false),
        ("", "{deploy: !reset null}", false),
        ("", "{deploy: {resources: !reset null}}", false),
        ("", "{deploy: {resources: {limits: {memory: !reset null}}}}", false),
        ("", "{deploy: {resources: {limits: {cpus: !reset null}}}}", true),
        ("", "{deploy: {replicas: !reset null}}", true),
        ("", "{restart: always, ports: !reset []}", true),
        (", ports: ['80:80']", "{restart: always, ports: !override []}", true),
        ("", "{environment: {TZ: !reset null}}", true),
        ("", "{build: !reset null}", true),
    ] {
        let base = format!("services:\n  it: {image}{base}}}\n");
        let over = format!("services: {{it: {over}}}\n");
        let files = [("compose.yaml", base.as_str()), ("compose.override.yaml", &over)];
        let found = offered(&files, "missing-memory-limit", Target::Compose);
        assert_eq!(found.len(), 1, "{over}: {found:?}");
        assert_eq!(!found[0].starts_with("help: "), is_offered, "{over}: {found:?}");
        assert_eq!(!found[0].contains("`!reset` "), is_offered, "{over}: {found:?}");
    }
}

#[test]
fn no_variable_is_written_that_another_file_takes_away() {
    let base = "services:\n  it: {image: 'node:22', command: [node, a.js], mem_limit: 2g}\n";
    for (over, is_offered) in [
        ("{environment: {TZ: !reset null}}", true),
        ("{environment: {NODE_OPTIONS: !reset null}}", false),
        ("{environment: !override {TZ: UTC}}", false),
        ("{environment: !reset {}}", false),
    ] {
        let over = format!("services: {{it: {over}}}\n");
        let files = [("compose.yaml", base), ("compose.override.yaml", over.as_str())];
        let found = offered(&files, "unbounded-heap", Target::Compose).concat();
        assert_eq!(!found.starts_with("help: "), is_offered, "{over}: {found}");
    }
    // In the file with the tag nothing is taken away.
    let alone = base.replace("mem_limit", "environment: !override {TZ: UTC}, mem_limit");
    let found = offered(&[("compose.yaml", &alone)], "unbounded-heap", Target::Compose);
    assert!(found.iter().all(|text| !text.starts_with("help: ")) && !found.is_empty(), "{found:?}");
    let over = "services: {it: !override {image: x, mem_limit: 512m, memswap_limit: 256m}}\n";
    let files = [("compose.yaml", base), ("compose.override.yaml", over)];
    let found = offered(&files, "swap-below-limit", Target::Compose);
    assert!(found.iter().all(|text| !text.starts_with("help: ")) && !found.is_empty(), "{found:?}");
    let alone = "services: {it: {image: x, memswap_limit: 256m, deploy: !override {resources: {limits: {memory: 512m}}}}}\n";
    let found = offered(&[("compose.yaml", alone)], "swap-below-limit", Target::Compose);
    assert!(found.iter().all(|text| !text.starts_with("help: ")) && !found.is_empty(), "{found:?}");
}

/// `!reset` in the one file that there is takes away what would be written there.
#[test]
fn a_value_with_a_tag_is_not_replaced() {
    for value in ["!reset null", "!reset 1g"] {
        let text = format!(
            "services:\n  it: {{image: 'mysql:8.4', command: --innodb-buffer-pool-size=512M, mem_limit: {value}}}\n"
        );
        let found = offered(&[("compose.yaml", &text)], "missing-memory-limit", Target::Compose);
        assert!(found.iter().all(|text| text.starts_with("help: ")), "{value}: {found:?}");
    }
}

#[test]
fn no_limit_is_set_next_to_a_reservation_that_a_variable_sets() {
    let text = |reserved: &str| {
        format!(
            "services:\n  it:\n    image: 'eclipse-temurin:21-jre'\n    command: [java, -Xmx512m, -jar, a.jar]\n    mem_reservation: {reserved}\n"
        )
    };
    let found = |reserved: &str| {
        offered(&[("compose.yaml", &text(reserved))], "missing-memory-limit", Target::Compose)
    };
    assert!(found("256m")[0].starts_with("set `mem_limit`"), "{:?}", found("256m"));
    assert!(found("${R:-256m}")[0].starts_with("help: "), "{:?}", found("${R:-256m}"));
}

#[test]
fn a_limit_in_a_new_block_takes_the_others_along() {
    let text = "services:\n  it:\n    image: x\n    memswap_limit: 2g\n    pids_limit: 100\n    deploy: {resources: {reservations: {memory: 512m}}}\n";
    let checked = common::Checked::texts(&[("compose.yaml", text)]);
    let fix = &checked.of_rule("swap-without-limit")[0].fixes[0];
    let edits = fix.edits.iter().map(|edit| edit.replacement.as_str()).collect::<String>();
    assert!(edits.contains("pids: 100") && edits.contains("memory: 2g"), "{edits}");
    let steps = "services:\n  it: {image: x, memswap_limit: 1g, pre_start: [{image: 'node:22', command: [node, --max-old-space-size=2048, b.js]}]}\n";
    let found = offered(&[("compose.yaml", steps)], "swap-without-limit", Target::Compose);
    assert!(found.iter().all(|text| text.starts_with("help: ")), "{found:?}");
}

#[test]
fn a_setting_of_a_service_is_not_moved_for_its_steps() {
    let text = "services:\n  it:\n    image: x\n    mem_limit: 1g\n    pre_start:\n      - {image: y, deploy: {resources: {limits: {cpus: '1'}}}}\n";
    let found = offered(&[("compose.yaml", text)], "conflicting-limits", Target::Compose);
    assert!(found.iter().all(|text| text.starts_with("help: ")), "{found:?}");
    let swarm = text.replace(", deploy: {resources: {limits: {cpus: '1'}}}", "");
    let found = offered(&[("compose.yaml", &swarm)], "swarm-rejects-key", Target::Swarm);
    assert!(found.iter().all(|text| text.starts_with("help: ")), "{found:?}");
}

/// Each heap that does not fit is reported, that of a step next to that of its service.
#[test]
fn a_step_has_a_heap_of_its_own() {
    let text = "services:\n  it:\n    image: 'node:22'\n    command: [node, --max-old-space-size=3072, a.js]\n    mem_limit: 1g\n    pre_start: [{command: [node, --max-old-space-size=2048, b.js]}]\n";
    let checked = common::Checked::texts(&[("compose.yaml", text)]);
    let messages: Vec<_> =
        checked.of_rule("heap-exceeds-limit").iter().map(|found| found.message.clone()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
}

#[test]
fn attempts_are_not_mended_next_to_another_policy() {
    let block = "deploy: {restart_policy: {condition: any, max_attempts: 3}}";
    let service = |more: &str| format!("services: {{it: {{image: x, {more}{block}}}}}\n");
    offers(
        "invalid-restart-policy",
        &[
            (&service(""), &["restart on failure only"]),
            (&service("restart: always, "), &["help: write `condition: on-failure` in the block"]),
        ],
    );
    let policy = "restart_policy: {condition: any, max_attempts: 3}";
    let anchored = format!(
        "x-d: &d {{{policy}}}\nservices: {{a: {{image: x, deploy: *d}}, b: {{image: x, restart: always, deploy: *d}}}}\n"
    );
    let found = offered(&[("compose.yaml", &anchored)], "invalid-restart-policy", Target::Compose);
    assert!(found.iter().all(|text| text.starts_with("help: ")), "{found:?}");
    let shadowed = |restart: &str| {
        format!(
            "services: {{it: {{image: x, restart: {restart}, deploy: {{restart_policy: {{condition: on-failure}}}}}}}}\n"
        )
    };
    let found = |restart: &str| {
        offered(&[("compose.yaml", &shadowed(restart))], "shadowed-restart-policy", Target::Compose)
    };
    assert_eq!(found("on-failure:3"), ["set it in the block"]);
    assert!(
        found("on-failure:-1").iter().all(|text| text.starts_with("help: ")),
        "{:?}",
        found("on-failure:-1")
    );
}

#[test]
fn a_heap_is_not_mended_to_one_that_does_not_fit() {
    let node = |more: &str| {
        format!(
            "services: {{it: {{image: 'node:22-slim', environment: {{NODE_OPTIONS: --max-old-space-size=384m}}{more}}}}}\n"
        )
    };
    let java = |percent: &str| {
        format!(
            "services: {{it: {{image: 'eclipse-temurin:21-jre', command: [java, {percent}-jar, a.jar], environment: {{JAVA_TOOL_OPTIONS: -Xmx64MB}}, mem_limit: 1g}}}}\n"
        )
    };
    let overrides = "help: write `-Xmx64m`; it overrides `-XX:MaxRAMPercentage=70.0`, so remove one of them";
    offers(
        "malformed-heap-setting",
        &[
            (&node(""), &["write `--max-old-space-size=384`"]),
            (&node(", mem_limit: 1g"), &["write `--max-old-space-size=384`"]),
            (
                &node(", mem_limit: 256m"),
                &["write `--max-old-space-size=192`: 384 MiB leaves too little room in the limit of 256 MiB"],
            ),
            (
                &node(", mem_limit: 64m"),
                &[
                    "help: write `--max-old-space-size=384`; its limit of 64 MiB has too little room for that: raise it",
                ],
            ),
            (&java(""), &["write `-Xmx64m`"]),
            (&java("-XX:MaxRAMPercentage=70.0, "), &[overrides]),
        ],
    );
    let share = |more: &str| {
        format!(
            "services: {{it: {{image: 'eclipse-temurin:21-jre', command: [java, '-XX:MaxRamPercentage=75.0', -jar, a.jar]{more}}}}}\n"
        )
    };
    let without = "help: write `-XX:MaxRAMPercentage=75.0`; add a limit, too: without one it is a share of the host's memory";
    let tight = "help: write `-XX:MaxRAMPercentage=75.0`; 75 % of the limit of 256 MiB leaves too little room for the rest";
    offers(
        "malformed-heap-setting",
        &[
            (&share(", mem_limit: 1g"), &["write `-XX:MaxRAMPercentage=75.0`"]),
            (&share(", mem_limit: 256m"), &[tight]),
            (&share(""), &[without]),
        ],
    );
    // The heap that an image begins with is that of its own start script.
    let own =
        "services: {it: {image: 'opensearchproject/opensearch:3', command: [java, -Xmx512m, -jar, a.jar]}}\n";
    offers("malformed-heap-setting", &[(own, &[])]);
    let script = "services: {it: {image: 'opensearchproject/opensearch:3', environment: {OPENSEARCH_JAVA_OPTS: -Xmx512m}}}\n";
    offers("malformed-heap-setting", &[(script, &["write `-Xms512m -Xmx512m`"])]);
    let within = script.replace("-Xmx512m}", "-Xmx512m}, mem_limit: 512m");
    let lower =
        "help: write `-Xms512m -Xmx512m`; its limit of 512 MiB has too little room for that: raise it";
    offers(
        "malformed-heap-setting",
        &[
            (&within, &[lower]),
            (&script.replace("-Xmx512m}", "\"'-Xmx512m'\"}"), &["help: add `-Xms` with the size of `-Xmx`"]),
        ],
    );
    let flag = |command: &str, limit: &str| {
        format!(
            "services: {{it: {{image: 'eclipse-temurin:21-jre', command: [java, {command}, -jar, a.jar], mem_limit: {limit}}}}}\n"
        )
    };
    let overridden =
        "help: write `-XX:MaxRAMPercentage=75.0`; `-Xmx256m` overrides it, so remove one of them";
    offers(
        "malformed-heap-setting",
        &[
            (&flag("'-XX:MaxHeapsize=512m'", "1g"), &["write `-XX:MaxHeapSize=512m`"]),
            (
                &flag("'-XX:MaxHeapsize=512m'", "512m"),
                &["write `-XX:MaxHeapSize=256m`: 512 MiB leaves too little room in the limit of 512 MiB"],
            ),
            (&flag("-Xmx256m, '-XX:MaxRamPercentage=75.0'", "1g"), &[overridden]),
            (
                &flag("'-XX:MaxRamPercentage=150.0'", "1g"),
                &["help: write `-XX:MaxRAMPercentage=` and a value that Java accepts"],
            ),
        ],
    );
    let twin = "services: {twin: {extends: {file: ../compose.yaml, service: it}, mem_limit: 64m}}\n";
    let files = [("compose.yaml", node("")), ("twin/compose.yaml", twin.to_owned())];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let found = offered(&files, "malformed-heap-setting", Target::Compose);
    assert!(found.iter().all(|text| text.starts_with("help: ")), "{found:?}");
}

#[test]
fn a_name_is_not_mended_to_one_that_suppresses_nothing() {
    let comment = "  # oomlint: ignore[mising-memory-limit] runs alone\n";
    offers(
        "unknown-rule",
        &[
            (&format!("services:\n{comment}  it: {{image: x}}\n"), &["write `missing-memory-limit`"]),
            (
                &format!("services:\n{comment}  it: {{image: x, mem_limit: 1g}}\n"),
                &["help: remove it: nothing here is reported by `missing-memory-limit`"],
            ),
            (
                "services: {it: {image: x, x-oomlint: {ignore: [mising-memory-limit]}}}\n",
                &["write `missing-memory-limit`"],
            ),
            (
                "services: {it: {image: x, mem_limit: 1g, x-oomlint: {ignore: [mising-memory-limit]}}, other: {image: x}}\n",
                &["help: remove it: nothing here is reported by `missing-memory-limit`"],
            ),
        ],
    );
}

#[test]
fn a_key_is_not_moved_for_swarm_to_where_one_is() {
    let moved = |service: &str, expected: &[&str]| {
        let text = format!("services: {{it: {{image: x, {service}}}}}\n");
        let found = offered(&[("compose.yaml", &text)], "swarm-rejects-key", Target::Swarm);
        assert_eq!(found, expected, "{service}");
    };
    moved("mem_limit: 1g", &["move it to `deploy.resources.limits.memory`"]);
    let block = |key: &str| format!("{key}, deploy: {{resources: {{limits: {{memory: 512m}}}}}}");
    moved(&block("mem_limit: 1g"), &["help: remove it: Swarm reads `deploy.resources.limits.memory`"]);
    moved(&block("pids_limit: 100"), &["move it to `deploy.resources.limits.pids`"]);
    // 0.5 bytes are 0, which is no limit.
    moved("mem_limit: '0.5'", &["help: write it as `deploy.resources.limits.memory`"]);
}

/// What `.env` or the environment sets is not in the file: a number in its place would no longer follow it.
#[test]
fn a_variable_of_env_is_kept() {
    let block =
        "services: {it: {image: x, mem_limit: \"${M}\", deploy: {resources: {limits: {cpus: '1'}}}}}\n";
    for (text, env, rule, expected) in [
        (block, "M=1g\n", "conflicting-limits", "memory: \"${M}\""),
        ("services: {it: {image: x, mem_limit: \"${M:-1Gi}\"}}\n", "", "invalid-memory-value", "1GiB"),
        ("services: {it: {image: x, mem_limit: \"${M}\"}}\n", "M=1Gi\n", "invalid-memory-value", ""),
    ] {
        let checked = common::Checked::texts(&[("compose.yaml", text), (".env", env)]);
        let edits = checked.of_rule(rule)[0].fixes.iter().flat_map(|fix| &fix.edits);
        let edits = edits.map(|edit| edit.replacement.as_str()).collect::<String>();
        assert!(edits.contains(expected) && edits.is_empty() == expected.is_empty(), "{text}: {edits}");
    }
}

/// The base file is also read alone: there the line is no default.
#[test]
fn swap_of_a_base_file_is_not_that_of_its_override() {
    let base = "services:\n  it:\n    image: x\n    mem_limit: 512m\n    memswap_limit: 2g\n";
    let found = |over: &str| {
        let files = [("compose.yaml", base), ("compose.override.yaml", over)];
        offered(&files, "redundant-swap-limit", Target::Compose).concat()
    };
    assert!(!found("services: {it: {mem_limit: 1g}}\n").contains("remove"));
    let same = base.replace("512m", "1g");
    assert!(
        offered(&[("compose.yaml", &same)], "redundant-swap-limit", Target::Compose)
            .concat()
            .contains("remove")
    );
}

/// An alias needs the anchor of a value that would be moved or removed.
#[test]
fn a_key_with_an_anchor_stays() {
    let text = "services:\n  a: {image: x, mem_limit: ANCHOR1g, deploy: {resources: {limits: {cpus: '1'}}}}\n  b: {image: x, mem_limit: ALIAS}\n";
    for (anchor, alias, is_offered) in [("", "1g", true), ("&m ", "1g", true), ("&m ", "*m", false)] {
        let text = text.replace("ANCHOR", anchor).replace("ALIAS", alias);
        let checked = common::Checked::texts(&[("compose.yaml", &text)]);
        assert_eq!(checked.of_rule("conflicting-limits")[0].fixes.is_empty(), !is_offered, "{text}");
    }
}

#[test]
fn an_edit_that_two_keys_share_is_made_once() {
    let text = "services:\n  it:\n    image: 'mysql:8.4'\n    command: --innodb-buffer-pool-size=1G\n    mem_limit: &m 512m\n    memswap_limit: *m\n";
    let checked = common::Checked::texts(&[("compose.yaml", text)]);
    let fixes = checked.outcome.findings.iter().flat_map(|finding| &finding.fixes).collect::<Vec<_>>();
    assert!(!fixes.is_empty());
    for fix in fixes {
        for (at, edit) in fix.edits.iter().enumerate() {
            assert!(!fix.edits[..at].contains(edit), "{fix:?}");
        }
    }
}

#[test]
fn nothing_else_is_set_that_another_file_takes_away() {
    let base = "services:\n  it:\n    image: 'postgres:17'\n    mem_limit: 2g\n";
    for (over, is_offered) in [("labels: [a]", true), ("stop_grace_period: !reset null", false)] {
        let over = format!("services: {{it: {{{over}}}}}\n");
        let files = [("compose.yaml", base), ("compose.override.yaml", over.as_str())];
        let found = offered(&files, "short-stop-grace-period", Target::Compose).concat();
        assert_eq!(!found.starts_with("help: ") && !found.is_empty(), is_offered, "{found}");
    }
}

#[test]
fn a_percentage_is_not_moved_to_where_it_has_no_effect() {
    let java = |command: &str, more: &str| {
        format!("services: {{it: {{image: 'eclipse-temurin:21-jre', command: [java, {command}]{more}}}}}\n")
    };
    let (percent, size) = ("-jar, a.jar, '-XX:MaxRAMPercentage=50.0'", "-jar, a.jar, -Xmx256m");
    let help = "help: remove it, or write it before the program's name, with a value that fits the limit and the other flags";
    let moved = "move it before `-jar`, the main class or the script";
    offers(
        "misplaced-heap-flag",
        &[
            (&java(percent, ", mem_limit: 1g"), &[moved]),
            (&java(percent, ""), &[help]),
            (&java(&format!("-Xmx256m, {percent}"), ", mem_limit: 1g"), &[help]),
            (&java(&format!("'-XX:MaxRAMPercentage=50.0', {size}"), ", mem_limit: 1g"), &[help]),
            (&java(&format!("-Xmx128m, {size}"), ", mem_limit: 1g"), &[moved]),
        ],
    );
    let variable = |value: &str, more: &str| {
        format!(
            "services: {{it: {{image: 'eclipse-temurin:21-jre', command: [java, -jar, a.jar], environment: {{JAVA_OPTS: {value}}}{more}}}}}\n"
        )
    };
    for (text, is_offered) in [
        (variable("'-XX:MaxRAMPercentage=50.0'", ""), false),
        (variable("'-XX:MaxRAMPercentage=50.0'", ", mem_limit: 1g"), true),
        (variable("-Xmx256m", ""), true),
    ] {
        let found = offered(&[("compose.yaml", &text)], "unread-heap-variable", Target::Compose);
        assert!(!found.is_empty());
        assert_eq!(found.iter().all(|text| !text.starts_with("help: ")), is_offered, "{text}: {found:?}");
    }
}

/// A word of a command that becomes a number is still text, and JSON keeps its quotes.
#[test]
fn a_replaced_key_or_word_keeps_its_form() {
    let words = "services:\n  it:\n    image: 'mongo:8.0'\n    command: [mongod, --wiredTigerCacheSizeGB, 1.5g]\n    environment: {A: b}\n";
    for (text, rule, expected) in [
        (words.to_owned(), "malformed-heap-setting", "\"1.5\""),
        (words.replace("1.5g", "'1.5g'"), "malformed-heap-setting", "'1.5'"),
        (words.replace(", 1.5g", ",\n      1.5g\n   "), "malformed-heap-setting", "\"1.5\""),
        (
            words.replace(
                "[mongod, --wiredTigerCacheSizeGB, 1.5g]",
                "\n      - mongod\n      - --wiredTigerCacheSizeGB\n      -   1.5g",
            ),
            "malformed-heap-setting",
            "-   \"1.5\"",
        ),
        (
            "{\"services\":\n{\"it\":\t{\t\"image\": \"x\",\n\t\"memory_limit\":\t\"512m\"}}}".to_owned(),
            "unknown-memory-key",
            "\n\t\"mem_limit\":",
        ),
        (
            "{\"services\": {\"it\": {\"image\": \"x\", \"mem_limit\": \"512Mi\"}}}".to_owned(),
            "invalid-memory-value",
            "\"512MiB\"",
        ),
    ] {
        let checked = common::Checked::texts(&[("compose.yaml", &text)]);
        let fix = &checked.of_rule(rule)[0].fixes[0];
        let written = oomlint::fix::apply_one(fix, &checked.sources).unwrap();
        assert!(written[0].2.contains(expected), "{expected}: {written:?}");
    }
}

#[test]
fn no_size_is_mended_next_to_a_limit_or_heap_of_a_variable() {
    let reserved =
        |limit: &str| format!("services: {{it: {{image: x, mem_limit: {limit}, mem_reservation: 64Gi}}}}\n");
    let help = "help: write it as `64GiB`, and check that the rest fits";
    offers(
        "invalid-memory-value",
        &[
            (&reserved("128g"), &["write `64GiB`"]),
            (&reserved("8g"), &[help]),
            (&reserved("'${LIMIT}'"), &[help]),
            (&reserved("'${LIMIT:-128g}'"), &[help]),
        ],
    );
    for (heap, is_offered) in [("-Xmx64m", true), ("'${HEAP}'", false)] {
        let text = format!(
            "services: {{it: {{image: 'eclipse-temurin:21-jre', command: [java, {heap}, -jar, a.jar], memswap_limit: 1g}}}}\n"
        );
        let found = offered(&[("compose.yaml", &text)], "swap-without-limit", Target::Compose);
        assert!(!found.is_empty());
        assert_eq!(found.iter().all(|text| !text.starts_with("help: ")), is_offered, "{found:?}");
    }
}

/// An `include` of several files merges the later ones over the first, which is a project of its own, too.
#[test]
fn a_limit_of_an_included_override_is_no_limit_of_the_base() {
    let base = "services:\n  it: {image: 'node:22', command: [node, a.js]LIMIT}\n";
    let main = "include: [{path: [base.yaml, over.yaml]}]\n";
    for (limit, over, expected) in [
        ("", "mem_limit: 2g", ["", "over.yaml"]),
        (", mem_limit: 2g", "labels: [a]", ["base.yaml", "base.yaml"]),
    ] {
        let (base, over) = (base.replace("LIMIT", limit), format!("services:\n  it: {{{over}}}\n"));
        let files = [("compose.yaml", main), ("base.yaml", &base), ("over.yaml", &over)];
        let dir = common::tree(&files);
        let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
        let (options, sources) =
            (Options { preset: Some(Preset::Strict), ..Options::default() }, Sources::new());
        let findings = check::run(&options, &sources, &found).findings;
        for (rule, expected) in ["unbounded-heap", "missing-swap-limit"].into_iter().zip(expected) {
            let of_rule = findings.iter().filter(|finding| finding.rule == rule).collect::<Vec<_>>();
            assert!(!of_rule.is_empty(), "{rule}: {limit}");
            let edits = of_rule.iter().flat_map(|finding| &finding.fixes).flat_map(|fix| &fix.edits);
            let files: Vec<_> = edits.map(|edit| sources.get(edit.span.file).path().to_path_buf()).collect();
            assert!(files.iter().all(|file| file.ends_with(expected)), "{rule}: {files:?}");
            assert_eq!(files.is_empty(), expected.is_empty(), "{rule}: {limit}");
        }
    }
}
