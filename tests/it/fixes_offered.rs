//! Which fixes are offered: none that does not hold in another stack, or under another file's limit.

use std::path::PathBuf;

use crate::common;
use crate::fixes::fixed_text;
use oomlint::check::{self, Options};
use oomlint::diagnostic::Applicability;
use oomlint::discover::{self, Discovered, FileKind, discover};
use oomlint::fix::fix;
use oomlint::rules::{Preset, Target};
use oomlint::source::{Overlay, Sources};

/// Returns the titles of all offered fixes, including those that the engine would reject.
fn offered(files: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    let findings = check::run(&options, &Sources::new(), &found).findings;
    findings.iter().flat_map(|finding| &finding.fixes).map(|fix| fix.title.clone()).collect()
}

/// No size is computed from a limit that another file overrides or a variable sets.
#[test]
fn no_size_is_computed_from_a_limit_that_another_file_changes() {
    for (service, title) in [
        ("image: example/go, environment: {GOGC: 'off'}", "GOMEMLIMIT"),
        ("image: 'zookeeper:3.8'", "ZK_SERVER_HEAP"),
        ("image: 'apache/kafka:4.1.0'", "KAFKA_HEAP_OPTS"),
        ("image: 'postgres:17'", "shm_size"),
        ("image: 'node:22-slim', command: node a.js", "max-old-space-size"),
        ("image: 'eclipse-temurin:21-jre', command: java -jar a.jar", "limit the heap"),
    ] {
        let base = format!("services:\n  it: {{{service}, mem_limit: 800m}}\n");
        let has = |files: &[(&str, &str)]| offered(files).iter().any(|offered| offered.contains(title));
        assert!(has(&[("compose.yaml", &base)]), "{service}");
        let overlay = "services:\n  it: {mem_limit: 192m}\n";
        assert!(!has(&[("compose.yaml", &base), ("compose.prod.yaml", overlay)]), "{service}");
        let varies = base.replace("800m", "'${LIMIT:-800m}'");
        if title != "shm_size" {
            assert!(!has(&[("compose.yaml", &varies)]), "{service}");
        }
    }
}

/// An override file of a file without a default name counts unless it gives the service an image of its own: then the two are
/// alternatives.
#[test]
fn an_alternative_to_a_service_does_not_change_it() {
    let base = "services:\n  it: {image: 'zookeeper:3.8', mem_limit: 800m}\n  other: {image: x}\n";
    let has = |overlay: &str| {
        let files = [("docker-compose.app.yaml", base), ("docker-compose.over.yaml", overlay)];
        offered(&files).iter().any(|offered| offered.contains("ZK_SERVER_HEAP"))
    };
    assert!(has("services:\n  more: {mem_limit: 64m}\n"));
    assert!(!has("services:\n  it: {mem_limit: 192m}\n"));
    assert!(has("services:\n  it: {image: 'zookeeper:3.9', mem_limit: 192m}\n  more: {mem_limit: 64m}\n"));
}

/// No size is computed for a service that a service in another directory extends with a limit of its own.
#[test]
fn no_size_is_written_for_others_who_extend_the_service() {
    let base = "services:\n  base:\n    image: node:22-slim\n    command: node a.js\n    environment: {NODE_OPTIONS: --unhandled-rejections=strict}\n";
    let user = |name: &str, base: &str, limit: &str| {
        format!(
            "services:\n  {name}:\n    extends: {{file: {base}, service: base}}\n    mem_limit: {limit}\n"
        )
    };
    let (web, twin) = (user("web", "base/base.yaml", "1g"), user("twin", "../base/base.yaml", "300m"));
    let files = [("base/base.yaml", base), ("compose.yaml", &web), ("other/compose.yaml", &twin)];
    let bounds = |files: &[(&str, &str)]| {
        offered(files).iter().filter(|title| title.contains("max-old-space-size")).count()
    };
    assert_eq!(bounds(&files[..2]), 1);
    assert_eq!(bounds(&files), 0);
    // Nor where it inherits the size alone, or the limit of the edited file, which it replaces.
    let bare = twin.replace("    mem_limit: 300m\n", "    command: node b.js\n");
    assert_eq!(bounds(&[files[0], files[1], ("other/compose.yaml", &bare)]), 0);
    let limited = format!("{base}    mem_limit: 1g\n");
    let web = web.replace("    mem_limit: 1g\n", "");
    let own = [("base/base.yaml", limited.as_str()), ("compose.yaml", &web)];
    assert_eq!(bounds(&own), 1);
    assert_eq!(bounds(&[own[0], own[1], ("other/compose.yaml", &twin)]), 0);
}

/// A variable is not replaced by its current value.
#[test]
fn variables_stay() {
    for limit in ["${MEM}", "${MEM:-512}"] {
        let text = format!("services:\n  it: {{image: x, mem_limit: '{limit}', mem_reservation: 7}}\n");
        let offered = offered(&[("compose.yaml", &text), (".env", "MEM=256\n")]);
        assert!(!offered.iter().any(|title| title.contains("256 MiB")), "{offered:?}");
    }
    let text = "services:\n  it: {image: x, mem_limit: '${MEM:-512}'}\n";
    assert!(fixed_text(text).0.contains("mem_limit: '${MEM:-512m}'"), "{}", fixed_text(text).0);
    let shared = "x-c: &c\n  mem_limit: ${MEM:-512m}\n  mem_reservation: 1g\nservices:\n  a: {<<: *c, image: x}\n  b: {<<: *c, image: x}\n";
    assert!(!offered(&[("compose.yaml", shared)]).iter().any(|title| title.contains("raise the limit")));
}

/// No line is removed that overrides another one, since the overridden value would then apply.
#[test]
fn no_line_is_removed_that_uncovers_another() {
    let removes = |files: &[(&str, &str)]| {
        let titles = offered(files);
        titles.iter().filter(|title| title.contains("remove the line") || title.starts_with("keep ")).count()
    };
    for (key, over, base) in
        [("mem_swappiness", "0", "10"), ("oom_kill_disable", "true", "true"), ("memswap_limit", "512m", "1g")]
    {
        let of = |value: &str| format!("{{image: x, mem_limit: 256m, {key}: {value}}}");
        let alone = format!("services:\n  a: {}\n", of(over));
        assert_eq!(removes(&[("compose.yaml", &alone)]), 1, "{key}");
        let merged = format!("x-b: &b {}\nservices:\n  a: {{<<: *b, {key}: {over}}}\n", of(base));
        assert_eq!(removes(&[("compose.yaml", &merged)]), 0, "{key}");
        let extends = format!("services:\n  a: {{extends: {{file: b.txt, service: b}}, {key}: {over}}}\n");
        let below = format!("services:\n  b: {}\n", of(base));
        assert_eq!(removes(&[("compose.yaml", &extends), ("b.txt", &below)]), 0, "{key}");
        // Without the line of an override file, that of its base applies.
        let plain = "services:\n  a: {image: x, mem_limit: 256m}\n";
        let prod = format!("services:\n  a: {{labels: {{a: b}}, {key}: {over}}}\n");
        let over_plain = [("compose.yaml", plain), ("compose.prod.yaml", prod.as_str())];
        assert_eq!(removes(&over_plain), 1, "{key}");
        let base = format!("services:\n  a: {}\n", of(base));
        let over_base = [("compose.yaml", base.as_str()), ("compose.prod.yaml", prod.as_str())];
        let alone = removes(&over_base[..1]);
        assert!(removes(&over_base) <= alone, "{key}");
    }
}

/// A size that several services share is lowered to what fits the smallest limit, or not at all.
#[test]
fn a_shared_heap_is_lowered_for_the_smallest_limit() {
    let text = "x-env: &env\n  NODE_OPTIONS: --max-old-space-size=768\nservices:\n  a: {image: 'node:22', command: node a.js, mem_limit: 600m, environment: *env}\n  b: {image: 'node:22', command: node a.js, mem_limit: 300m, environment: *env}\n";
    let lowers = |files: &[(&str, &str)]| -> Vec<String> {
        offered(files).into_iter().filter(|title| title.contains("lower the heap")).collect()
    };
    let titles = lowers(&[("compose.yaml", text)]);
    assert!(titles.len() == 2 && titles.iter().all(|title| title.contains("225 MiB")), "{titles:?}");
    let overlay = "services:\n  b: {mem_limit: 256m}\n";
    assert_eq!(lowers(&[("compose.yaml", text), ("compose.small.yaml", overlay)]), [""; 0]);
}

/// Swarm rejects `mem_limit`, and Compose two limits that differ. So a limit goes below `deploy` if the project uses `deploy`.
#[test]
fn limits_go_where_the_files_deploy() {
    let service = |more: &str| {
        format!(
            "services:\n  a: {{image: 'apache/kafka:4.1.0'{more}}}\n  b: {{image: 'nginx:1.30', deploy: {{replicas: 2}}}}\n"
        )
    };
    let titles = |files: &[(&str, &str)]| offered(files).join("\n");
    for more in [", deploy: {replicas: 2}", ", deploy: {restart_policy: {condition: any}}", ""] {
        let titles = titles(&[("compose.yaml", &service(more))]);
        assert!(
            titles.contains("`deploy.resources.limits.memory`") && !titles.contains("`mem_limit`"),
            "{titles}"
        );
    }
    let plain = "services:\n  a: {image: example/a}\n";
    let memory = "services:\n  a: {deploy: {resources: {limits: {memory: 4000m}}}}\n";
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("ci/memory")).unwrap();
    std::fs::write(dir.path().join("compose.yaml"), plain).unwrap();
    std::fs::write(dir.path().join("ci/memory/compose.yaml"), memory).unwrap();
    let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
    let findings = check::run(&Options::default(), &Sources::new(), &found).findings;
    let limit = findings.iter().find(|finding| finding.rule == "missing-memory-limit").unwrap();
    assert!(limit.help.as_ref().unwrap().contains("`deploy.resources.limits.memory: <size>`"), "{limit:?}");
}

/// Returns the text of a file after `--fix --unsafe-fixes` for Swarm.
fn fixed_for_swarm(text: &str) -> String {
    let path = PathBuf::from("compose.yaml");
    let mut found = Discovered::default();
    found.add(path.clone(), FileKind::Compose);
    let options = Options { target: Some(Target::Swarm), ..Options::default() };
    let overlay = Overlay::from([(path, text.to_owned())]);
    let fixed = fix(&options, &found, &overlay, Applicability::Unsafe);
    fixed.files.into_iter().next().map_or(text.to_owned(), |(_, _, new)| new)
}

/// Below `deploy` Compose takes strings only, and without quotes a number is none.
#[test]
fn a_moved_size_stays_a_string() {
    for size in [
        "\"0.5g\"",
        "512m",
        "\"536870912\"",
        "\"1e9\"",
        "\"5368709120.0\"",
        "'0x20000000'",
        "\"+536870912\"",
        "0.5g",
    ] {
        let before = format!("services:\n  a:\n    image: x\n    mem_limit: {size}\n");
        let after: serde_yaml::Value = serde_yaml::from_str(&fixed_for_swarm(&before)).unwrap();
        let moved = &after["services"]["a"]["deploy"]["resources"]["limits"]["memory"];
        assert!(moved.is_null() || moved.is_string(), "{size}: {moved:?}");
        if size.ends_with('m') || size.ends_with('g') || size == "\"536870912\"" {
            assert!(moved.is_string(), "{size} is not moved");
        }
    }
}

/// A setting that counts once its quotes are gone may not fit the limit.
#[test]
fn quotes_stay_around_what_does_not_fit() {
    for (setting, limit, fits) in [
        ("GOMEMLIMIT=\"460MiB\"", "256m", false),
        ("GOMEMLIMIT=\"460MiB\"", "1g", true),
        ("GOMEMLIMIT='100MiB'", "256m", true),
        ("GOMEMLIMIT='3900MiB'", "4g", false),
        ("GOMEMLIMIT='3000MiB'", "4g", true),
    ] {
        let text = format!(
            "services:\n  a:\n    image: golang:1.25\n    mem_limit: {limit}\n    environment:\n      - {setting}\n"
        );
        let offers = offered(&[("compose.yaml", &text)]);
        let removed = offers.iter().any(|offer| offer.contains("remove the quotes"));
        assert_eq!(removed, fits, "{setting} {limit}: {offers:?}");
    }
}

/// A heap that counts once it is fixed is compared with the limits of all stacks.
#[test]
fn no_heap_begins_to_count_that_another_file_limits() {
    for service in [
        "image: golang:1.25, environment: ['GOMEMLIMIT=\"460MiB\"']",
        "image: 'eclipse-temurin:21-jre', command: java -jar a.jar -Xmx400m",
        "image: 'eclipse-temurin:21-jre', command: java -jar a.jar, environment: {JAVA_TOOL_OPTIONS: -Xmx400MB}",
    ] {
        let base = format!("services:\n  it: {{{service}}}\n");
        let heap = |offers: Vec<String>| {
            offers
                .into_iter()
                .any(|offer| ["quotes", "before", "-Xmx"].iter().any(|word| offer.contains(word)))
        };
        assert!(heap(offered(&[("compose.yaml", &base)])), "{service}");
        let overlay = "services:\n  it: {mem_limit: 256m}\n";
        assert!(!heap(offered(&[("compose.yaml", &base), ("compose.prod.yaml", overlay)])), "{service}");
        // Without a limit of its own the other file changes nothing about that.
        let overlay = "services:\n  it: {healthcheck: {test: x}}\n";
        assert!(heap(offered(&[("compose.yaml", &base), ("compose.prod.yaml", overlay)])), "{service}");
    }
}

/// A file that another stack includes is the base of a stack of its own, in which override files change it.
#[test]
fn fixes_of_included_files_fit_the_overrides_next_to_them() {
    let base = "services:\n  it: {image: 'confluentinc/cp-zookeeper:7.9.0'}\n";
    let whole = "include: [../stack/compose.yaml]\n";
    let over = "services:\n  it: {environment: {KAFKA_HEAP_OPTS: -Xmx4g}}\n";
    let limit = |files: &[(&str, &str)]| offered(files).iter().any(|offer| offer.contains("mem_limit"));
    let files = [("stack/compose.yaml", base), ("whole/compose.yaml", whole)];
    assert!(limit(&files));
    assert!(!limit(&[files[0], files[1], ("stack/compose.prod.yaml", over)]));
}

/// A key that is moved below `deploy` for Swarm is no longer the one that an override file sets.
#[test]
fn no_key_is_moved_that_another_file_sets() {
    for (key, value, other) in [
        ("restart", "\"no\"", "unless-stopped"),
        ("mem_limit", "512m", "1g"),
        ("cpus", "2", "4"),
        ("pids_limit", "100", "200"),
        ("scale", "2", "3"),
    ] {
        let base = format!("services:\n  it:\n    image: redis:8\n    {key}: {value}\n");
        let over = format!("services:\n  it:\n    {key}: {other}\n");
        let moved = |files: &[(&str, &str)]| {
            let dir = common::tree(files);
            let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
            let options =
                Options { target: Some(Target::Swarm), preset: Some(Preset::Strict), ..Options::default() };
            let findings = check::run(&options, &Sources::new(), &found).findings;
            findings.iter().flat_map(|finding| &finding.fixes).any(|fix| fix.title.starts_with("move it"))
        };
        assert!(moved(&[("compose.yaml", &base)]), "{key}");
        assert!(!moved(&[("compose.yaml", &base), ("compose.prod.yaml", &over)]), "{key}");
        let label = "services:\n  it:\n    labels: {a: b}\n";
        assert!(moved(&[("compose.yaml", &base), ("compose.prod.yaml", label)]), "{key}");
    }
}

/// A limit is offered if no other key of the service contradicts it, the same size included.
#[test]
fn a_limit_that_another_key_contradicts_is_not_offered() {
    let has = |key: &str| {
        let text = format!(
            "services:\n  it: {{image: 'eclipse-temurin:21-jre', command: java -Xmx256m -jar a.jar, {key}}}\n"
        );
        offered(&[("compose.yaml", &text)])
            .iter()
            .any(|title| title.contains("512m") && title.contains("limit"))
    };
    for (key, offered) in [
        ("restart: always", true),
        ("mem_reservation: 64m", true),
        ("mem_reservation: 512m", true),
        ("mem_reservation: 513m", false),
        ("mem_reservation: 1g", false),
        ("mem_reservation: '${R}'", false),
        ("memswap_limit: 0", true),
        ("memswap_limit: 511m", false),
        ("memswap_limit: 512m", true),
        ("memswap_limit: 1g", true),
        ("memswap_limit: '${S}'", false),
    ] {
        assert_eq!(has(key), offered, "{key}");
    }
}

/// A limit is raised to a size that holds the files in memory and what a heap takes of it.
#[test]
fn a_limit_is_raised_to_what_holds_all_that_is_known() {
    for (key, raised) in [
        ("restart: always", true),
        ("tmpfs: ['/a:size=255m']", true),
        ("tmpfs: ['/a:size=256m']", false),
        ("tmpfs: ['/a:size=300m']", false),
        ("shm_size: 300m", false),
        ("command: java -XX:MaxRAMPercentage=80 -jar a.jar", true),
        ("command: java -XX:MaxRAMPercentage=90 -jar a.jar", false),
    ] {
        let text = format!(
            "services:\n  it: {{image: 'eclipse-temurin:21-jre', mem_limit: 64m, mem_reservation: 256m, {key}}}\n"
        );
        let titles = offered(&[("compose.yaml", &text)]);
        assert_eq!(
            titles.iter().any(|title| title.contains("raise the limit to 256")),
            raised,
            "{key}: {titles:?}"
        );
    }
}

/// What a limit does to a heap is said only of a heap that is known to follow it.
#[test]
fn the_help_on_a_limit_says_what_the_heap_does_with_it() {
    for (image, command, wanted) in [
        ("eclipse-temurin:21-jre", "java -jar a.jar", "the Java heap is then a quarter of it"),
        ("eclipse-temurin:21-jre", "java '-Xmx${X}' -jar a.jar", "peak memory use"),
        // What the environment of an unknown image has may set the heap.
        ("acme/x:1", "java -jar a.jar", "peak memory use"),
        ("openjdk:8u111-jre", "java -jar a.jar", "`mem_limit` alone is not enough"),
    ] {
        let text = format!("services:\n  it:\n    image: '{image}'\n    command: {command}\n");
        let checked = common::Checked::texts(&[("compose.yaml", &text)]);
        let help = checked.of_rule("missing-memory-limit")[0].help.clone().unwrap();
        assert!(help.contains(wanted), "{image} {command}: {help}");
    }
}

/// A key goes next to the one that it belongs to. Where that is in an anchor of another structure, it goes into the service, if that
/// takes one key in the same file.
#[test]
fn a_key_goes_where_its_neighbour_is() {
    let anchor = "x-limits: &l {memory: 1g}\nservices:\n  it:\n    image: acme/x\n    deploy: {resources: {limits: *l}}\n";
    let plain = "services:\n  it:\n    image: acme/x\n    mem_limit: 1g\n";
    let deployed = "services:\n  it:\n    image: acme/x\n    deploy:\n      resources:\n        limits:\n          memory: 1g\n";
    let merged = "x-it: &it\n  mem_limit: 1g\nservices:\n  it:\n    <<: *it\n    image: acme/x\n";
    let extended = "services:\n  it: {extends: {file: parts.yaml, service: base}, image: acme/x}\n";
    for (text, part, rule, expected) in [
        (plain, "", "missing-swap-limit", Some("compose.yaml:4 memswap_limit: 1g")),
        (deployed, "", "missing-swap-limit", Some("compose.yaml:7 memswap_limit: 1g")),
        (merged, "", "missing-swap-limit", Some("compose.yaml:2 memswap_limit: 1g")),
        (anchor, "", "missing-swap-limit", Some("compose.yaml:4 memswap_limit: 1g")),
        (
            extended,
            "services: {base: {image: x, mem_limit: 1g}}\n",
            "missing-swap-limit",
            Some("compose.yaml:2 memswap_limit: 1g"),
        ),
        (extended, ANCHOR_OF_BASE, "missing-swap-limit", Some("compose.yaml:2 memswap_limit: 1g")),
    ] {
        let files = [("compose.yaml", text), ("parts.yaml", part)];
        let checked = common::Checked::texts(&files);
        let found = checked.of_rule(rule);
        let finding = found.first().unwrap_or_else(|| panic!("{text}: nothing"));
        // The line at whose end the key is inserted.
        let fix = finding.fixes.first().map(|fix| {
            let edit = &fix.edits[0];
            let source = checked.sources.get(edit.span.file);
            let name = source.path().file_name().unwrap().to_string_lossy().into_owned();
            let line = source.position(edit.span.start).line;
            format!("{name}:{line} {}", edit.replacement.trim_matches([',', ' ', '\n']))
        });
        assert_eq!(fix.as_deref(), expected, "{text}");
    }
}

const ANCHOR_OF_BASE: &str =
    "x-limits: &l {memory: 1g}\nservices: {base: {image: x, deploy: {resources: {limits: *l}}}}\n";

/// A flag is added to a variable that one service alone reads.
#[test]
fn a_shared_variable_gets_no_flag_of_one_service() {
    let service =
        "{image: 'eclipse-temurin:21-jre', command: java -jar a.jar, mem_limit: 1g, environment: *env}";
    let head = "x-env: &env {JAVA_TOOL_OPTIONS: -Dx=y}\nservices:\n";
    for (services, offers) in [
        (format!("{head}  a: {service}\n"), true),
        (format!("{head}  a: {service}\n  b: {service}\n"), false),
        (format!("{head}  a: {service}\n  b: {{image: x}}\n"), true),
    ] {
        let offered = offered(&[("compose.yaml", &services)]);
        let found = offered.iter().any(|title| title.starts_with("limit the heap"));
        assert_eq!(found, offers, "{services}{offered:?}");
    }
}
