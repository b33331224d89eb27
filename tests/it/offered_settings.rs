//! What fixes write: the key in the form of the file, with a size that contradicts nothing that is set.

use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::rules::{Preset, Target};
use oomlint::source::Sources;

use crate::common::Checked;

/// Returns what the first fix of a rule's first finding writes: nothing without a fix, `None` without a finding.
fn written(target: Target, service: &str, rule: &str) -> Option<String> {
    let sources = Sources::new();
    sources.add(Path::new("compose.yaml"), format!("services:\n  it: {{{service}}}\n"));
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    let options = Options { target: Some(target), preset: Some(Preset::Strict), ..Options::default() };
    let found = check::run(&options, &sources, &discovered).findings;
    let finding = found.iter().find(|finding| finding.rule == rule)?;
    let edits = finding.fixes.first().map(|fix| &fix.edits).into_iter().flatten();
    let text: Vec<&str> = edits.map(|edit| edit.replacement.trim_start_matches([',', ' '])).collect();
    Some(text.join(" "))
}

fn compose(service: &str, rule: &str) -> Option<String> {
    written(Target::Compose, service, rule)
}

fn swarm(service: &str, rule: &str) -> Option<String> {
    written(Target::Swarm, service, rule)
}

/// A memory limit is as high as the limit with swap only where that holds what is reserved.
#[test]
fn a_limit_like_that_of_swap_holds_the_reservation() {
    for (reservation, expected) in [
        ("", "mem_limit: 1g"),
        ("mem_reservation: 512m, ", "mem_limit: 1g"),
        ("mem_reservation: 1g, ", "mem_limit: 1g"),
        ("mem_reservation: 1025m, ", ""),
        ("mem_reservation: '${RESERVED}', ", ""),
    ] {
        let service = format!("image: acme/x, {reservation}memswap_limit: 1g");
        assert_eq!(compose(&service, "swap-without-limit").as_deref(), Some(expected), "{reservation}");
    }
    let in_deploy = "image: acme/x, memswap_limit: 1g, deploy: {resources: {reservations: {cpus: '1'}}}";
    let expected = "limits: {memory: 1g}";
    assert_eq!(compose(in_deploy, "swap-without-limit").as_deref(), Some(expected));
}

/// Nothing follows a limit that the engine itself rejects.
#[test]
fn no_swap_limit_follows_a_limit_that_is_too_small() {
    for (limit, expected) in [("6m", "memswap_limit: 6m"), ("6291455b", ""), ("5m", "")] {
        let service = format!("image: acme/x, mem_limit: {limit}");
        assert_eq!(compose(&service, "missing-swap-limit").as_deref(), Some(expected), "{limit}");
    }
}

/// With `deploy.resources.limits` Compose wants the other limits there, too.
#[test]
fn a_new_block_of_limits_takes_in_the_others() {
    for (keys, expected) in [
        ("cpus: 1.5, pids_limit: 100", "limits: {cpus: \"1.5\", pids: 100, memory: 704m}"),
        ("cpus: 1.5", "limits: {cpus: \"1.5\", memory: 704m}"),
        ("pids_limit: 100", "limits: {pids: 100, memory: 704m}"),
        ("init: true", "limits: {memory: 704m}"),
    ] {
        let service = format!("image: 'redis:7', {keys}, command: redis-server --maxmemory 500mb");
        let found = swarm(&service, "missing-memory-limit").unwrap();
        assert!(found.ends_with(&format!("deploy: {{resources: {{{expected}}}}}")), "{keys}: {found}");
    }
}

/// Swarm makes its own policy of `restart` (docker/cli 28f7560, `cli/compose/convert/service.go:477`), of all but `no`, and restarts
/// what has a block without a condition.
#[test]
fn swarm_ignores_the_policy_no() {
    for restart in ["always", "unless-stopped", "on-failure", "'on-failure:3'", "'${POLICY}'"] {
        for block in ["", ", deploy: {restart_policy: {delay: 5s}}"] {
            let service = format!("image: acme/x, restart: {restart}{block}");
            assert_eq!(swarm(&service, "swarm-ignores-key"), None, "{service}");
        }
    }
    let no = "image: acme/x, restart: 'no'";
    let moved = swarm(no, "swarm-ignores-key");
    assert_eq!(moved.as_deref(), Some("deploy: {restart_policy: {condition: none}}"));
    for block in ["delay: 5s", "condition: none", "condition: any"] {
        let service = format!("{no}, deploy: {{restart_policy: {{{block}}}}}");
        assert_eq!(swarm(&service, "swarm-ignores-key"), None, "{block}");
    }
    let shadowed = |restart: &str| {
        let service = format!("image: acme/x, restart: {restart}, deploy: {{restart_policy: {{delay: 5s}}}}");
        [swarm(&service, "shadowed-restart-policy"), compose(&service, "shadowed-restart-policy")]
            .map(|found| found.is_some())
    };
    assert_eq!(shadowed("always"), [false, true]);
    assert_eq!(shadowed("unless-stopped"), [false, true]);
    assert_eq!(shadowed("'on-failure:3'"), [true, true]);
    assert_eq!(shadowed("'no'"), [false, false]);
}

/// Compose hands its own words on to the engine as well, Swarm does not know them.
#[test]
fn swarm_knows_three_conditions() {
    for (condition, of_compose, of_swarm) in [
        ("none", None, None),
        ("on-failure", None, None),
        ("any", None, None),
        ("''", None, None),
        ("'${CONDITION}'", None, None),
        ("'no'", None, Some("")),
        ("always", None, Some("")),
        ("unless-stopped", None, Some("")),
        ("sometimes", Some(""), Some("")),
        ("'on-failure:3'", Some("'on-failure' max_attempts: 3"), Some("'on-failure' max_attempts: 3")),
    ] {
        let service = format!("image: acme/x, deploy: {{restart_policy: {{condition: {condition}}}}}");
        let found = [compose(&service, "invalid-restart-policy"), swarm(&service, "invalid-restart-policy")];
        assert_eq!(found.each_ref().map(Option::as_deref), [of_compose, of_swarm], "{condition}");
    }
}

/// A misspelt key is renamed within its mapping. For Swarm a key of a service would be ignored.
#[test]
fn a_key_is_renamed_where_the_right_one_would_count() {
    for (keys, of_compose, of_swarm) in [
        ("memlimit: 1g", "mem_limit", ""),
        ("mem_limits: 1g", "mem_limit", ""),
        ("deploy: {resources: {limits: {mem: 1g}}}", "memory", "memory"),
        ("deploy: {resources: {limit: {memory: 1g}}}", "limits", "limits"),
        ("deploy: {limits: {memory: 1g}}", "", ""),
        ("deploy: {resources: {memory: 1g}}", "", ""),
    ] {
        let service = format!("image: acme/x, {keys}");
        assert_eq!(compose(&service, "unknown-memory-key").as_deref(), Some(of_compose), "{keys}");
        assert_eq!(swarm(&service, "unknown-memory-key").as_deref(), Some(of_swarm), "{keys}");
    }
}

/// Half of the limit is offered for a part of a product, unless that is too small for anything.
#[test]
fn a_default_that_does_not_fit_is_halved() {
    for (limit, expected) in
        [("512m", "NEO4J_server_memory_pagecache_size: 256m"), ("128m", "1024m"), ("100m", "1024m")]
    {
        let heap = "environment: {NEO4J_server_memory_heap_max__size: 64m}";
        let service = format!("image: 'neo4j:5', mem_limit: {limit}, {heap}");
        assert_eq!(compose(&service, "default-heap-exceeds-limit").as_deref(), Some(expected), "{limit}");
    }
    let fits = "image: 'neo4j:5', mem_limit: 600m, environment: {NEO4J_server_memory_heap_max__size: 64m}";
    assert_eq!(compose(fits, "default-heap-exceeds-limit"), None);
}

/// A size that is written anew fits the other sizes; what is not known may contradict it.
#[test]
fn a_corrected_size_contradicts_nothing() {
    for (keys, rule, expected) in [
        ("mem_limit: 64", "memory-limit-below-minimum", "64m"),
        ("mem_limit: 64, mem_reservation: 64m", "memory-limit-below-minimum", "64m"),
        ("mem_limit: 64, mem_reservation: 65m", "memory-limit-below-minimum", ""),
        ("mem_limit: 64, mem_reservation: '${R}'", "memory-limit-below-minimum", ""),
        ("mem_limit: 64, memswap_limit: 64m", "memory-limit-below-minimum", "64m"),
        ("mem_limit: 64, memswap_limit: 63m", "memory-limit-below-minimum", ""),
        ("mem_limit: 64, memswap_limit: 0", "memory-limit-below-minimum", "64m"),
        ("mem_limit: 64, memswap_limit: -1", "memory-limit-below-minimum", "64m"),
        ("mem_limit: 64, deploy: {resources: {limits: {cpus: '1'}}}", "memory-limit-below-minimum", "64m"),
        ("mem_limit: 64, environment: {JAVA_TOOL_OPTIONS: -Xmx1g}", "memory-limit-below-minimum", ""),
        ("deploy: {resources: {limits: {memory: '64'}}}", "memory-limit-below-minimum", "'64m'"),
        (
            "deploy: {resources: {limits: {memory: '64'}}}, mem_reservation: 65m",
            "memory-limit-below-minimum",
            "",
        ),
        ("mem_reservation: 64", "memory-limit-below-minimum", "64m"),
        ("mem_reservation: 1024, mem_limit: 1g", "memory-limit-below-minimum", "1024m"),
        ("mem_reservation: 1025, mem_limit: 1g", "memory-limit-below-minimum", ""),
        ("mem_limit: 512Mi", "invalid-memory-value", "512MiB"),
        ("mem_limit: 512Mi, mem_reservation: 1g", "invalid-memory-value", ""),
        ("mem_reservation: 1Gi, mem_limit: 1g", "invalid-memory-value", "1GiB"),
        ("mem_reservation: 2Gi, mem_limit: 1g", "invalid-memory-value", ""),
        ("memswap_limit: 2Gi, mem_limit: 2g", "invalid-memory-value", "2GiB"),
        ("memswap_limit: 1Gi, mem_limit: 2g", "invalid-memory-value", ""),
        ("shm_size: 64Mi, mem_limit: 65m", "invalid-memory-value", "64MiB"),
        ("shm_size: 64Mi, mem_limit: 64m", "invalid-memory-value", ""),
        ("build: {context: ., shm_size: 64Mi}", "invalid-memory-value", "64MiB"),
        // A new size for one of two equal keys would be a conflict.
        ("mem_limit: 512Mi, deploy: {resources: {limits: {memory: 512m}}}", "invalid-memory-value", ""),
        (
            "mem_reservation: 512Mi, deploy: {resources: {reservations: {memory: 512m}}}",
            "invalid-memory-value",
            "",
        ),
        (
            "mem_limit: 512Mi, deploy: {resources: {reservations: {memory: 256m}}}",
            "invalid-memory-value",
            "512MiB",
        ),
    ] {
        assert_eq!(compose(&format!("image: acme/x, {keys}"), rule).as_deref(), Some(expected), "{keys}");
    }
}

/// A heap that takes the whole limit is named instead of the image's minimum.
#[test]
fn the_minimum_of_an_image_is_for_limits_that_heaps_fit() {
    let below = |setting: &str| {
        let image = "image: 'mcr.microsoft.com/mssql/server:2022-latest', mem_limit: 1g";
        compose(&format!("{image}, environment: {{{setting}}}"), "limit-below-image-minimum")
    };
    assert_eq!(below("A: b").as_deref(), Some("2g"));
    assert_eq!(below("MSSQL_MEMORY_LIMIT_MB: 1023").as_deref(), Some("2g"));
    assert_eq!(below("MSSQL_MEMORY_LIMIT_MB: 1024"), None);
}

/// What Compose rejects is told from what it takes and drops, for each kind of value and what the key takes.
#[test]
fn values_that_are_no_sizes_are_rejected_or_dropped() {
    let limit = |value: &str| format!("deploy: {{resources: {{limits: {{memory: {value}}}}}}}");
    let tmpfs = |value: &str| format!("volumes: [{{type: tmpfs, target: /x, tmpfs: {{size: {value}}}}}]");
    let (refused, dropped) = ("invalid-memory-value", "dropped-memory-value");
    for (keys, expected) in [
        ("mem_limit: 1000000000".to_owned(), None),
        ("mem_limit: 1.5".to_owned(), Some(dropped)),
        ("mem_limit: 1e9".to_owned(), Some(dropped)),
        ("mem_limit: 99999999999999999999".to_owned(), Some(dropped)),
        ("mem_limit: 2020-01-02".to_owned(), Some(dropped)),
        ("mem_limit: true".to_owned(), Some(refused)),
        ("mem_swappiness: 1.5".to_owned(), Some(refused)),
        ("mem_swappiness: 1e1".to_owned(), Some(dropped)),
        (limit("1000"), Some(refused)),
        (limit("1.5"), Some(refused)),
        (limit("1e9"), Some(refused)),
        (limit("99999999999999999999"), Some(refused)),
        (limit("2020-01-02"), Some(dropped)),
        (limit("true"), Some(refused)),
        (tmpfs("1000"), None),
        (tmpfs("-1"), Some(refused)),
        (tmpfs("1.5"), Some(refused)),
        (tmpfs("1e3"), Some(dropped)),
        (tmpfs("99999999999999999999"), Some(dropped)),
    ] {
        let service = format!("image: acme/x, {keys}");
        for rule in [refused, dropped] {
            assert_eq!(compose(&service, rule).is_some(), expected == Some(rule), "{keys}: {rule}");
        }
    }
}

/// Help without a number says which file has another limit, or sets something that counts.
#[test]
fn another_file_is_the_reason_for_no_number() {
    let help = |overlay: &str| {
        let base =
            "services: {it: {image: 'redis:7', mem_limit: 64m, command: redis-server --maxmemory 1gb}}\n";
        let overlay = format!("services: {{it: {{{overlay}}}}}\n");
        let checked =
            crate::common::Checked::tree(&[("compose.yaml", base), ("compose.prod.yaml", &overlay)], "");
        checked.of_rule("cache-exceeds-limit").first().and_then(|finding| finding.help.clone())
    };
    for (overlay, expected) in [
        ("mem_limit: 2g", Some("`compose.prod.yaml` has its own limit for `it`")),
        (
            "mem_reservation: 32m",
            Some("`compose.prod.yaml` also sets `it`: pick a size that fits with and without it"),
        ),
        ("environment: {A: b}", None),
    ] {
        let expected = expected.map(|why| format!("raise the limit or lower the size: {why}"));
        assert_eq!(help(overlay), expected, "{overlay}");
    }
}

/// The twelve largest terms of a sum are shown, and the places of others than the largest.
#[test]
fn a_sum_shows_its_largest_terms() {
    let sum = |count: usize| {
        let services: String = (1..=count)
            .map(|number| format!("  s{number}: {{image: acme/x, mem_limit: {number}00m}}\n"))
            .collect();
        let sources = Sources::new();
        sources.add(Path::new("compose.yaml"), format!("services:\n{services}"));
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        let host_memory = Some(oomlint::syntax::size::ByteSize(512 << 20));
        let policy = oomlint::rules::Policy { host_memory, ..Default::default() };
        let found = check::run(&Options { policy, ..Options::default() }, &sources, &discovered).findings;
        let finding = found.into_iter().find(|finding| finding.rule == "budget-exceeded").unwrap();
        (finding.notes.join(" "), finding.related.into_iter().map(|label| label.text).collect::<Vec<_>>())
    };
    let (note, related) = sum(3);
    assert!(note.contains("300 MiB (s3) + 200 MiB (s2) + 100 MiB (s1) = 600 MiB"), "{note}");
    assert_eq!(related, ["100 MiB of `s1`", "200 MiB of `s2`"]);
    let (note, related) = sum(12);
    assert!(note.contains(" + 100 MiB (s1) = "), "{note}");
    assert_eq!(related.len(), 9);
    let (note, _) = sum(14);
    assert!(note.contains("300 MiB (s3) + 2 more = "), "{note}");
}

/// A fix of a size says which facts it changes: all that the key may set, and nothing else.
#[test]
fn a_corrected_size_changes_its_own_fact() {
    use oomlint::workload::FactName;
    let sizes =
        vec![FactName::MemoryLimit, FactName::MemoryReservation, FactName::SwapLimit, FactName::ShmSize];
    for (keys, expected) in [
        ("mem_limit: 512Mi", sizes.clone()),
        ("mem_reservation: 512Mi", sizes.clone()),
        ("mem_limit: 1g, memswap_limit: 1Gi", sizes.clone()),
        ("shm_size: 64Mi", sizes),
        ("mem_swappiness: '6 0'", vec![FactName::MemSwappiness]),
        ("build: {context: ., shm_size: 64Mi}", Vec::new()),
        ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: 64Mi}}]", vec![FactName::Tmpfs]),
    ] {
        let sources = Sources::new();
        sources.add(Path::new("compose.yaml"), format!("services:\n  it: {{image: acme/x, {keys}}}\n"));
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        let found = check::run(&Options::default(), &sources, &discovered).findings;
        let finding = found.iter().find(|finding| finding.rule == "invalid-memory-value");
        let finding = finding.unwrap_or_else(|| panic!("{keys}: nothing"));
        assert_eq!(finding.fixes.first().map(|fix| fix.changes.to_vec()), Some(expected), "{keys}");
    }
}

/// A higher limit takes the limit of memory and swap along where the engine would refuse it, or where it allows no swap.
#[test]
fn a_higher_limit_takes_swap_along() {
    let java = "image: 'eclipse-temurin:21-jre', command: java -Xmx1g -jar a.jar, mem_limit: 1g";
    for (swap, expected) in [
        ("", "1408m"),
        (", memswap_limit: 0", "1408m"),
        (", memswap_limit: -1", "1408m"),
        (", memswap_limit: 1g", "1408m 1408m"),
        (", memswap_limit: 1100m", "1408m 1408m"),
        (", memswap_limit: 2g", "1408m"),
    ] {
        let written = compose(&format!("{java}{swap}"), "heap-exceeds-limit");
        assert_eq!(written.as_deref(), Some(expected), "{swap}");
    }
}

/// A service that takes another one's keys by `<<` is not said to extend it.
#[test]
fn what_takes_the_keys_of_another_is_named_by_how() {
    let text = |take: &str| {
        format!(
            "services:\n  a: &a\n    image: postgres:17\n    environment: {{A: b}}\n  b:\n    {take}\n    mem_limit: 1g\n"
        )
    };
    for (take, words) in [
        ("<<: *a", "`b` in `compose.yaml` takes the keys of `a` by `<<` and has its own limit"),
        ("extends: {service: a}", "`b` in `compose.yaml` extends `a` and has its own limit"),
    ] {
        let found = Checked::texts(&[("compose.yaml", &text(take))]);
        let limits = found.of_rule("missing-memory-limit");
        let help = limits.first().and_then(|own| own.help.clone()).unwrap_or_default();
        assert!(help.contains(words), "{take}: {help}");
    }
}

/// A service that the same probe is right for is no reason to withhold it.
#[test]
fn a_probe_is_offered_to_all_that_it_is_right_for() {
    let text = |image: &str| {
        let other = format!("  b:\n    <<: *a\n{image}    command: nginx -g 'daemon off;'\n");
        format!("services:\n  a: &a\n    image: nginx:1.29\n    ports: ['80:80']\n{other}")
    };
    let helps = |image: &str| {
        let found = Checked::texts(&[("compose.yaml", &text(image))]);
        let found = found.of_rule("missing-healthcheck").into_iter();
        found.filter_map(|own| own.help.clone()).collect::<Vec<String>>().join("\n")
    };
    assert!(!helps("").contains("give each its own"), "{}", helps(""));
    let other = "    image: postgres:17\n";
    assert!(helps(other).contains("takes the keys of `a` by `<<`"), "{}", helps(other));
}

/// A service that ends is probed for a moment only.
#[test]
fn a_frequent_probe_of_a_job_is_not_costly() {
    let costly = |keys: &str| {
        let probe = "healthcheck: {test: ['CMD-SHELL', 'test -f /a'], interval: 1s}";
        let text = format!("services:\n  a:\n    image: debian:13\n    {keys}\n    {probe}\n");
        !Checked::texts(&[("compose.yaml", &text)]).of_rule("costly-healthcheck").is_empty()
    };
    assert!(costly("command: /serve"));
    assert!(!costly("command: /setup\n    restart: 'no'"));
    assert!(!costly("command: sh -c 'mkdir a; chown -R b a; echo done'"));
}

/// The env file of an include is called that, and not an include.
#[test]
fn a_missing_file_of_an_include_is_called_what_it_is() {
    let files = [
        ("compose.yaml", "include:\n  - path: other.yaml\n    env_file: gone.env\n"),
        ("other.yaml", "services:\n  a:\n    image: acme/a\n"),
    ];
    let found = Checked::tree(&files, "");
    let found = found.of_rule("unresolved-reference");
    let messages: Vec<&str> = found.iter().map(|own| own.message.as_str()).collect();
    assert_eq!(messages, ["env_file `gone.env` does not exist"]);
}
