//! Facts from combining a service with its image: start command, heap, health check.

use crate::common;
use std::path::{Path, PathBuf};

use oomlint::catalog::Catalog;
use oomlint::model::build::Dockerfiles;
use oomlint::model::compose::Settings;
use oomlint::model::project;
use oomlint::source::{Sources, TracedText};
use oomlint::workload::{Assembler, Bound, Fact, Healthcheck, Workload};

/// Returns the workload `app` of a Compose file and a Dockerfile in the same directory.
fn app(compose: &str, dockerfile: &str) -> (Workload, Sources) {
    let sources = Sources::new();
    sources.add(Path::new("compose.yaml"), compose);
    sources.add(Path::new("Dockerfile"), dockerfile);
    sources.add(Path::new(".env"), "");
    let mut project = project::load_merged(&[PathBuf::from("compose.yaml")], &Settings::default(), &sources);
    let dockerfiles = Dockerfiles::default();
    let assembler =
        Assembler { sources: &sources, dockerfiles: &dockerfiles, catalog: Catalog::builtin(), lock: None };
    let workloads = assembler.project(&mut project).workloads;
    let app = workloads.into_iter().find(|workload| workload.name == "app").unwrap();
    (app, sources)
}

fn built(dockerfile: &str, keys: &str) -> (Workload, Sources) {
    app(&format!("services:\n  app:\n    build: .\n{keys}"), dockerfile)
}

/// Formats the bound of the first heap, `none`, or why it is unknown.
fn heap(workload: &Workload) -> String {
    let Some(heap) = workload.pools.heaps.first() else { return "no heap".to_owned() };
    match &heap.bound {
        Fact::Known(setting) => match setting.value.bound {
            Bound::Bytes(size) => format!("{} in {}", size, setting.value.carrier),
            Bound::Percent(percent) => format!("{percent} % in {}", setting.value.carrier),
        },
        Fact::Unknown { why, .. } => format!("unknown: {why}"),
        Fact::Absent { .. } => "none".to_owned(),
    }
}

fn words(workload: &Workload) -> String {
    match &workload.process.start {
        Fact::Known(start) => {
            let words = start.value.entrypoint.iter().chain(&start.value.command).map(TracedText::as_str);
            words.collect::<Vec<_>>().join(" ")
        }
        Fact::Unknown { why, .. } => format!("unknown: {why}"),
        Fact::Absent { .. } => "nothing".to_owned(),
    }
}

const JAVA: &str = "FROM eclipse-temurin:21-jre\nENTRYPOINT [\"java\", \"-jar\", \"a.jar\"]\n";

#[test]
fn what_wins_is_the_strongest_place_and_the_last_flag() {
    let java = |start: &str, env: &str| {
        heap(
            &built(&format!("FROM eclipse-temurin:21-jre\n{start}\n"), &format!("    environment:\n{env}\n"))
                .0,
        )
    };
    let plain = "ENTRYPOINT [\"java\", \"-jar\", \"a.jar\"]";
    assert_eq!(java(plain, "      X: y"), "none");
    assert_eq!(java(plain, "      JAVA_TOOL_OPTIONS: -Xmx1g -Xmx2g"), "2 GiB in JAVA_TOOL_OPTIONS");
    assert_eq!(
        java(plain, "      JAVA_TOOL_OPTIONS: -XX:MaxRAMPercentage=70.0"),
        "70 % in JAVA_TOOL_OPTIONS"
    );
    assert_eq!(
        java(plain, "      JAVA_TOOL_OPTIONS: -Xmx1g\n      JDK_JAVA_OPTIONS: -Xmx2g"),
        "2 GiB in JDK_JAVA_OPTIONS"
    );
    assert_eq!(
        java("CMD [\"java\", \"-Xmx3g\", \"-jar\", \"a.jar\"]", "      JDK_JAVA_OPTIONS: -Xmx2g"),
        "3 GiB in command line"
    );
    assert_eq!(
        java("CMD [\"java\", \"-Xmx3g\", \"-jar\", \"a.jar\"]", "      _JAVA_OPTIONS: -Xmx4g"),
        "4 GiB in _JAVA_OPTIONS"
    );
    // A size takes precedence over a percentage, wherever each is set.
    assert_eq!(
        java(
            "CMD [\"java\", \"-XX:MaxRAMPercentage=70.0\", \"-jar\", \"a.jar\"]",
            "      JAVA_TOOL_OPTIONS: -Xmx1g"
        ),
        "1 GiB in JAVA_TOOL_OPTIONS"
    );
}

#[test]
fn flags_count_only_where_the_program_reads_them() {
    let java = |start: &str| {
        heap(&built(&format!("FROM eclipse-temurin:21-jre\nENV JAVA_OPTS=-Xmx1g\n{start}\n"), "").0)
    };
    assert_eq!(java("CMD [\"java\", \"-jar\", \"a.jar\"]"), "none");
    assert_eq!(java("CMD [\"java\", \"$JAVA_OPTS\", \"-jar\", \"a.jar\"]"), "none");
    assert_eq!(java("CMD java $JAVA_OPTS -jar a.jar"), "1 GiB in command line");
    assert_eq!(java("CMD exec java ${JAVA_OPTS} -jar a.jar"), "1 GiB in command line");
    assert_eq!(
        java("CMD [\"sh\", \"-c\", \"cd /app && java $JAVA_OPTS -jar a.jar\"]"),
        "1 GiB in command line"
    );
    assert_eq!(java("CMD java -jar a.jar -Xmx2g"), "none");
    assert_eq!(java("CMD java $OTHER -jar a.jar"), "none");
    assert!(java("CMD java $(cat /flags) -jar a.jar").starts_with("unknown"));
    assert_eq!(java("CMD [\"./start.sh\"]"), "no heap");
}

#[test]
fn start_scripts_expand_what_the_catalogue_says() {
    let image = |image: &str, env: &str| {
        heap(&app(&format!("services:\n  app:\n    image: {image}\n    environment:\n      {env}\n"), "").0)
    };
    assert_eq!(image("tomcat:11", "CATALINA_OPTS: -Xmx1g"), "1 GiB in CATALINA_OPTS");
    assert_eq!(image("tomcat:11", "CATALINA_OPTS: -Dx=y"), "none");
    assert_eq!(image("tomcat:11", "UNRELATED: -Xmx1g"), "no heap");
    assert_eq!(image("node:22", "NODE_OPTIONS: --max-old-space-size=300"), "300 MiB in NODE_OPTIONS");
    assert_eq!(image("node:22", "NODE_OPTIONS: --max_old_space_size=300"), "300 MiB in NODE_OPTIONS");
    assert_eq!(image("elasticsearch:9.1.0", "ES_JAVA_OPTS: -Xms1g -Xmx2g"), "2 GiB in ES_JAVA_OPTS");
    // For an unknown image only a bound counts.
    assert_eq!(image("ghcr.io/example/app:1", "JAVA_TOOL_OPTIONS: -Xmx1g"), "1 GiB in JAVA_TOOL_OPTIONS");
    assert_eq!(image("ghcr.io/example/app:1", "ES_JAVA_OPTS: -Xmx1g"), "1 GiB in ES_JAVA_OPTS");
    assert_eq!(image("ghcr.io/example/app:1", "JAVA_OPTS: -Xmx1g"), "1 GiB in JAVA_OPTS");
    assert_eq!(image("ghcr.io/example/app:1", "ANY_NAME: -Dx=y -Xmx1g"), "1 GiB in ANY_NAME");
    assert_eq!(image("ghcr.io/example/app:1", "JAVA_OPTS: -Dx=y"), "no heap");
    assert_eq!(image("nginx:1.31", "JAVA_OPTS: -Xmx1g"), "no heap");
    // What a script hands on may be nothing.
    assert_eq!(image("tomcat:11", "CATALINA_OPTS: '${X}'"), "no heap");
    assert_eq!(image("tomcat:11", "CATALINA_OPTS: '-Xmx${X}'"), "no heap");
    assert_eq!(image("tomcat:11", "CATALINA_OPTS: ''"), "no heap");
    assert_eq!(image("ghcr.io/example/app:1", "JAVA_TOOL_OPTIONS: -Dx=y"), "no heap");
}

#[test]
fn what_is_not_known_is_unknown() {
    let keys = |keys: &str| heap(&built(JAVA, keys).0);
    assert_eq!(
        keys("    environment:\n      JAVA_TOOL_OPTIONS: -Xmx${HEAP}\n"),
        "unknown: `${HEAP}` has no value here"
    );
    assert_eq!(
        keys("    environment: [JAVA_TOOL_OPTIONS]\n"),
        "unknown: `${JAVA_TOOL_OPTIONS}` has no value here"
    );
    assert_eq!(keys("    env_file: gone.env\n"), "unknown: `gone.env` is not here");
    assert_eq!(
        keys("    environment:\n      JAVA_TOOL_OPTIONS: -Xmx512MB\n"),
        "unknown: `-Xmx512MB` cannot be parsed"
    );
    // A size in a variable with higher precedence decides.
    assert_eq!(
        keys("    env_file: gone.env\n    environment:\n      _JAVA_OPTIONS: -Xmx1g\n"),
        "1 GiB in _JAVA_OPTIONS"
    );
}

#[test]
fn a_service_s_entrypoint_and_command_take_the_place_of_the_image_s() {
    let start =
        |keys: &str| words(&built("FROM nginx:1.29\nENTRYPOINT [\"e\"]\nCMD [\"c\", \"d\"]\n", keys).0);
    assert_eq!(start(""), "e c d");
    assert_eq!(start("    command: x y\n"), "e x y");
    assert_eq!(start("    entrypoint: [f]\n"), "f");
    assert_eq!(start("    entrypoint: [f]\n    command: g\n"), "f g");
    assert_eq!(start("    command: ${X}\n"), "unknown: `${X}` has no value here");
    let of = |dockerfile: &str| words(&built(dockerfile, "").0);
    assert_eq!(of("FROM nginx:1.29\nENTRYPOINT [\"e\"]\n"), "e");
    assert_eq!(of("FROM node:22\n"), "docker-entrypoint.sh node");
    assert_eq!(of("FROM node:22\nCMD npm start\n"), "docker-entrypoint.sh /bin/sh -c npm start");
    assert_eq!(of("FROM scratch\nCMD [\"/app\"]\n"), "/app");
    assert_eq!(of("FROM ghcr.io/x/y\nCMD [\"/app\"]\n"), "unknown: `ghcr.io/x/y` is an unknown image");
}

#[test]
fn the_probe_is_the_service_s_or_the_image_s() {
    let probe = |dockerfile: &str, keys: &str| match built(dockerfile, keys).0.health.check {
        Fact::Known(check) => match check.value {
            Healthcheck::Disabled => "disabled".to_owned(),
            Healthcheck::OfImage => "the image's".to_owned(),
            Healthcheck::Probe { test, interval, .. } => {
                let words = test.iter().flatten().map(TracedText::as_str).collect::<Vec<_>>().join(" ");
                format!("{words} {}", interval.value().copied().unwrap_or_default() / 1_000_000_000)
            }
        },
        Fact::Unknown { .. } => "unknown".to_owned(),
        Fact::Absent { .. } => "absent".to_owned(),
    };
    let with = "FROM nginx:1.29\nHEALTHCHECK --interval=5s CMD [\"probe\"]\n";
    assert_eq!(probe(with, ""), "CMD probe 5");
    assert_eq!(probe(with, "    healthcheck: {interval: 7s}\n"), "CMD probe 7");
    assert_eq!(probe(with, "    healthcheck: {disable: true}\n"), "disabled");
    assert_eq!(probe(with, "    healthcheck: {test: [NONE]}\n"), "disabled");
    assert_eq!(probe(with, "    healthcheck: {test: mine, interval: 1m}\n"), "CMD-SHELL mine 60");
    assert_eq!(probe("FROM nginx:1.29\n", ""), "absent");
    assert_eq!(probe("FROM nginx:1.29\n", "    healthcheck: {interval: 7s}\n"), "absent");
    assert_eq!(probe("FROM ghcr.io/x/y\n", ""), "unknown");
    assert_eq!(probe("FROM scratch\n", ""), "absent");
    assert_eq!(probe("FROM nginx:1.29\nHEALTHCHECK NONE\n", ""), "disabled");
}

/// The place of a test is where the service has it, also if it is not known, else in the Dockerfile.
#[test]
fn a_test_has_the_place_that_counts() {
    let dockerfile = "FROM nginx:1.29\nHEALTHCHECK CMD [\"probe\"]\n";
    let place = |keys: &str| {
        let (workload, sources) = built(dockerfile, keys);
        workload.health.test_span.map(|span| sources.get(span.file).slice(span).to_owned())
    };
    assert_eq!(place("").as_deref(), Some("HEALTHCHECK CMD [\"probe\"]"));
    assert_eq!(place("    healthcheck: {interval: 7s}\n").as_deref(), Some("HEALTHCHECK CMD [\"probe\"]"));
    assert_eq!(place("    healthcheck: {test: mine}\n").as_deref(), Some("mine"));
    assert_eq!(place("    healthcheck: {test: [CMD, mine]}\n").as_deref(), Some("[CMD, mine]"));
    assert!(place("    healthcheck: {test: '${X}'}\n").unwrap().contains("${X}"));
}

#[test]
fn a_variable_in_a_probe_leaves_the_rest_known() {
    let probe = |test: &str| {
        let (workload, _) = app(
            &format!("services:\n  app:\n    image: x\n    healthcheck: {{test: {test}, interval: 7s}}\n"),
            "",
        );
        match workload.health.check.value() {
            Some(Healthcheck::Probe { test: Some(test), interval, .. }) => {
                assert_eq!(interval.value(), Some(&7_000_000_000));
                test.iter().map(TracedText::as_str).collect::<Vec<_>>().join("|")
            }
            other => format!("{other:?}"),
        }
    };
    assert_eq!(probe("'pg_isready -U ${DB_USER} -d x'"), "CMD-SHELL|pg_isready -U ${DB_USER} -d x");
    assert_eq!(probe("[CMD, curl, 'http://${HOST}:${PORT:-80}/']"), "CMD|curl|http://${HOST}:80/");
    assert_eq!(probe("['${KIND}', x]"), "None");
}

#[test]
fn the_effective_limit_is_compose_s() {
    let limit = |keys: &str| match built(JAVA, keys).0.memory.limit {
        Fact::Known(limit) => limit.value.to_string(),
        Fact::Unknown { .. } => "unknown".to_owned(),
        Fact::Absent { .. } => "absent".to_owned(),
    };
    assert_eq!(limit(""), "absent");
    assert_eq!(limit("    mem_limit: 512m\n"), "512 MiB");
    assert_eq!(limit("    deploy: {resources: {limits: {memory: 1G}}}\n"), "1 GiB");
    assert_eq!(limit("    mem_limit: 512m\n    deploy: {resources: {limits: {memory: \"0\"}}}\n"), "512 MiB");
    assert_eq!(limit("    mem_limit: ${X}\n"), "unknown");
    assert_eq!(limit("    mem_limit: ${X:-1g}\n"), "1 GiB");
    assert_eq!(limit("    mem_limit: null\n"), "absent");
    assert_eq!(limit("    mem_limit: 512m\n    deploy: {resources: {limits: {memory: 1G}}}\n"), "1 GiB");
    assert_eq!(limit("    deploy: {resources: {limits: {memory: \"0\"}}}\n"), "0 bytes");
}

#[test]
fn restart_policies_follow_the_deploy_block() {
    let restart = |keys: &str| built(JAVA, keys).0.process.restart.value().cloned().unwrap_or_default();
    assert_eq!(restart("    restart: always\n"), "always");
    assert_eq!(restart("    restart: always\n    deploy: {restart_policy: {delay: 5s}}\n"), "no");
    assert_eq!(restart("    deploy: {restart_policy: {condition: any}}\n"), "always");
    assert_eq!(restart("    deploy: {restart_policy: {condition: none}}\n"), "no");
}

/// The block's policy replaces the short key; the same policy in both is no contradiction.
#[test]
fn a_restart_that_the_block_overrides_is_told() {
    let keys = |restart: &str, block: &str| {
        let app = built(JAVA, &format!("    restart: {restart}\n    deploy: {{{block}}}\n")).0;
        let effective = match &app.process.restart {
            Fact::Known(policy) => policy.value.clone(),
            Fact::Unknown { .. } => "unknown".to_owned(),
            Fact::Absent { .. } => "absent".to_owned(),
        };
        (effective, app.process.shadowed_restart.map(|(written, _)| written.value))
    };
    for (restart, block, effective, told) in [
        ("always", "replicas: 1", "always", false),
        ("always", "restart_policy: {condition: any}", "always", false),
        ("always", "restart_policy: {condition: none}", "no", true),
        ("always", "restart_policy: {condition: ''}", "no", true),
        ("'no'", "restart_policy: {condition: none}", "no", false),
        ("'no'", "restart_policy: {delay: 5s}", "no", false),
        ("unless-stopped", "restart_policy: {condition: any}", "always", true),
        ("on-failure", "restart_policy: {condition: on-failure}", "on-failure", false),
        ("on-failure", "restart_policy: {condition: on-failure, max_attempts: 3}", "on-failure", false),
        ("on-failure:3", "restart_policy: {condition: on-failure, max_attempts: 3}", "on-failure", false),
        ("on-failure:3", "restart_policy: {condition: on-failure, max_attempts: 4}", "on-failure", true),
        (
            "on-failure:3",
            "restart_policy: {condition: on-failure, max_attempts: '${X}'}",
            "on-failure",
            false,
        ),
        ("on-failure:3", "restart_policy: {condition: on-failure}", "on-failure", true),
        ("on-failure:0", "restart_policy: {condition: on-failure}", "on-failure", false),
        ("on-failure:3", "restart_policy: {condition: any}", "always", true),
        ("always", "restart_policy: {condition: '${X}'}", "unknown", false),
        ("${X}", "restart_policy: {condition: none}", "no", false),
    ] {
        let expected = told.then(|| restart.trim_matches('\'').to_owned());
        assert_eq!(keys(restart, block), (effective.to_owned(), expected), "{restart} {block}");
    }
    // What it extends is not here, and may have a policy.
    let far =
        "services:\n  app:\n    extends: {file: gone.yaml, service: x}\n    image: x\n    restart: always\n";
    assert!(app(far, "").0.process.restart.is_unknown());
}

/// `deploy` wins where it limits anything; a quota is a share of its period.
#[test]
fn other_resources_have_two_keys_too() {
    let shown = |fact: &Fact<f64>| match fact {
        Fact::Known(number) => number.value.to_string(),
        Fact::Unknown { .. } => "unknown".to_owned(),
        Fact::Absent { .. } => "absent".to_owned(),
    };
    let limits = |keys: &str| format!("deploy: {{resources: {{limits: {{{keys}}}}}}}");
    for (short, deploy, expected) in [
        ("cpus: 2", "", "2"),
        ("", "cpus: '0.5'", "0.5"),
        ("cpus: 2", "cpus: '0.5'", "0.5"),
        ("cpus: 2", "cpus: '0'", "2"),
        ("", "cpus: '0'", "0"),
        ("cpus: 2", "cpus: '${X}'", "unknown"),
        ("", "", "absent"),
    ] {
        let keys = format!("    {short}\n    {}\n", limits(deploy));
        assert_eq!(shown(&built(JAVA, &keys).0.resources.cpus), expected, "{short} {deploy}");
    }
    for (short, deploy, expected) in [
        ("pids_limit: 9", "", "9"),
        ("", "pids: 5", "5"),
        ("pids_limit: 9", "pids: 5", "5"),
        ("pids_limit: 9", "pids: 0", "9"),
        ("", "pids: 0", "0"),
    ] {
        let keys = format!("    {short}\n    {}\n", limits(deploy));
        let pids = built(JAVA, &keys).0.resources.pids_limit.map(|pids| pids as f64);
        assert_eq!(shown(&pids), expected, "{short} {deploy}");
    }
    for (quota, period, expected) in [
        ("50000", "", "0.5"),
        ("50000", "cpu_period: 25000", "2"),
        ("50000", "cpu_period: '${X}'", "unknown"),
        ("50000", "cpu_period: 0", "0.5"),
        ("'${X}'", "", "unknown"),
    ] {
        let keys = format!("    cpu_quota: {quota}\n    {period}\n");
        assert_eq!(shown(&built(JAVA, &keys).0.resources.cpu_quota), expected, "{quota} {period}");
    }
    for (keys, expected) in
        [("scale: 3", 3), ("deploy: {replicas: 2}", 2), ("scale: 3, deploy: {replicas: 2}", 3)]
    {
        let compose = format!("services: {{app: {{image: x, {keys}}}}}\n");
        assert_eq!(app(&compose, "").0.resources.replicas.value(), Some(&expected), "{keys}");
    }
}

#[test]
fn an_inline_dockerfile_is_traced_to_its_yaml() {
    let compose = "services:\n  app:\n    build:\n      dockerfile_inline: |\n        FROM node:22\n        CMD [\"node\", \"x\"]\n";
    let (workload, sources) = app(compose, "");
    let base = workload.image.base.known().unwrap();
    let place = sources.to_outer_span(base.span);
    assert_eq!(&compose[place.range()], "node:22");
    assert_eq!(words(&workload), "docker-entrypoint.sh node x");
}

#[test]
fn what_sizes_itself_is_told_unless_something_says_otherwise() {
    let sizes = |image: &str, keys: &str| {
        app(&format!("services:\n  app:\n    image: {image}\n{keys}"), "").0.memory.self_sizing.is_some()
    };
    assert!(sizes("mongo:8", ""));
    assert!(!sizes("mongo:8", "    command: [mongod, --wiredTigerCacheSizeGB, \"1\"]\n"));
    // Within a script, too; `exec` with a redirection alone starts nothing.
    assert!(!sizes("mongo:8", "    command: sh -c 'exec 2>&1; exec mongod --wiredTigerCacheSizeGB 0.25'\n"));
    assert!(!sizes("mongo:8", "    command: mongod --wiredTigerCacheSizeGB=$SIZE\n"));
    assert!(!sizes("redpandadata/redpanda:v25.1.9", "    command: [redpanda, start, --memory 1G]\n"));
    assert!(sizes("redpandadata/redpanda:v25.1.9", "    command: [redpanda, start, --reserve-memory 0M]\n"));
    let follows = |keys: &str| {
        let compose = format!("services:\n  app:\n    image: mongo:4.0\n    mem_limit: 2g\n{keys}");
        app(&compose, "").0.memory.ignores_cgroup_limit.is_some()
    };
    assert!(follows("") && follows("    command: sh -c 'mongod --bind_ip_all'\n"));
    assert!(!follows("    command: sh -c 'mongod --wiredTigerCacheSizeGB 0.25'\n"));
    assert!(sizes("elasticsearch:9.1.0", ""));
    assert!(!sizes("elasticsearch:9.1.0", "    environment:\n      ES_JAVA_OPTS: -Xmx1g\n"));
    assert!(!sizes("cassandra:5", "    environment: [MAX_HEAP_SIZE]\n"));
    assert!(!sizes("nginx:1.29", ""));
}

#[test]
fn another_frontend_s_file_is_no_broken_dockerfile() {
    let errors = |syntax: &str| {
        let sources = Sources::new();
        let text = format!("# syntax={syntax}\nname: not a Dockerfile\n");
        let file = sources.add(Path::new("Dockerfile"), text);
        Dockerfiles::default().get(file, &sources).errors.len()
    };
    assert_eq!(errors("ghcr.io/project-dalec/dalec/frontend:latest"), 0);
    assert!(errors("docker/dockerfile:1.7-labs") > 0);
    assert!(errors("docker.io/docker/dockerfile-upstream:master") > 0);
}

/// A finding about a part of a healthcheck points at that part, and names the variable that it is the default of.
#[test]
fn a_healthcheck_s_interval_has_its_own_place() {
    let text = "services:\n  a:\n    image: x\n    healthcheck:\n      test: [CMD, x]\n      interval: ${EVERY:-1s}\n";
    let checked = crate::common::Checked::texts(&[("compose.yaml", text)]);
    let found = checked.of_rule("costly-healthcheck");
    let label = &found.first().unwrap().primary;
    assert_eq!(checked.sources.get(label.span.file).slice(label.span), "1s");
    assert!(label.text.ends_with("where `EVERY` is not set"), "{}", label.text);
}

#[test]
fn the_files_of_a_project_are_in_the_order_in_which_they_are_merged() {
    let sources = Sources::new();
    for (path, text) in [
        ("base.yaml", "include: [part.yaml]\nservices: {a: {image: x}}\n"),
        ("over.yaml", "name: shop\nservices: {a: {mem_limit: 1g}}\n"),
        ("part.yaml", "services: {b: {image: '${COMPOSE_PROJECT_NAME}'}}\n"),
    ] {
        sources.add(Path::new(path), text);
    }
    let files = ["base.yaml", "over.yaml"].map(PathBuf::from);
    let project = project::load_merged(&files, &Settings::default(), &sources);
    let names = project.compose.files.iter().map(|file| sources.get(*file).path().display().to_string());
    assert_eq!(names.collect::<Vec<_>>(), ["base.yaml", "part.yaml", "over.yaml"]);
    let image = project.compose.services.iter().find(|service| service.name == "b");
    assert_eq!(image.and_then(|service| service.image.value()).map(TracedText::as_str), Some("shop"));
}

/// A container whose image has an unknown entrypoint is idle if its command only waits, and not if that is an option or a program.
#[test]
fn a_command_that_only_waits_is_idle_below_any_entrypoint() {
    let asked = |service: &str| {
        let text = format!("services:\n  a: {{image: 'alpine:3.22', mem_limit: 64m, {service}}}\n");
        let unknown = text.replace("alpine:3.22", "mcr.microsoft.com/devcontainers/base:1");
        common::Checked::texts(&[("compose.yaml", &unknown)]).of_rule("missing-healthcheck").len()
    };
    for command in ["sleep infinity", "[tail, -f, /dev/null]", "sh -c 'while true; do sleep 60; done'"] {
        assert_eq!(asked(&format!("ports: ['80:80'], command: {command}")), 0, "{command}");
    }
    assert_eq!(asked("ports: ['80:80'], command: [node, server.js]"), 1);
}

/// An override file that gives a service a healthcheck silences the rule for the base, whatever its name; one that gives another
/// service one does not.
#[test]
fn a_healthcheck_of_an_override_file_counts() {
    let base =
        "services:\n  a: {image: 'redis:8', mem_limit: 64m}\n  b: {image: 'redis:8', mem_limit: 64m}\n";
    let found = |name: &str, text: &str| {
        let checked = common::Checked::tree(&[("compose.yaml", base), (name, text)], "");
        let of_rule = checked.of_rule("missing-healthcheck").into_iter();
        of_rule.filter_map(|finding| finding.service.clone()).collect::<Vec<_>>()
    };
    let probe = "healthcheck: {test: [CMD, redis-cli, ping]}";
    assert_eq!(found("notes.yaml", "x: 1\n"), ["a", "b"]);
    for name in [
        "compose.healthcheck.yaml",
        "compose.prod.yaml",
        "compose.override.yaml",
        "health.yaml",
        "deploy/health.yaml",
        "deploy/compose.health.yaml",
        "deploy/compose.override.yaml",
    ] {
        assert_eq!(found(name, &format!("services:\n  a: {{{probe}}}\n")), ["b"], "{name}");
    }
    // One that is next to a base of its own is for that one.
    let over = format!("services:\n  a: {{{probe}}}\n");
    let files =
        [("compose.yaml", base), ("deploy/compose.yaml", base), ("deploy/compose.prod.yaml", over.as_str())];
    let checked = common::Checked::tree(&files, "");
    let of_rule = checked.of_rule("missing-healthcheck").into_iter();
    let found: Vec<_> = of_rule.filter_map(|finding| finding.service.clone()).collect();
    assert_eq!(found, ["a", "b", "b"]);
}
