//! Containers as `docker inspect` prints them: findings in the JSON, advice to paste, nothing secret in any output.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use oomlint::check::{self, Options, Outcome};
use oomlint::diagnostic::{Finding, Severity};
use oomlint::discover::{Discovered, FileKind, RepositoryRoot, discover};
use oomlint::report::{Format, Report, human, inspect};
use oomlint::rules::Preset;
use oomlint::source::Sources;
use oomlint::workload::Kind;

use crate::common;

/// A container as Docker 28 prints it, in short.
fn container(name: &str, host: &str, config: &str) -> String {
    format!(
        r#"{{
  "Id": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "State": {{"Status": "running", "Running": true, "OOMKilled": false, "ExitCode": 0, "StartedAt": "2026-01-02T03:04:05Z"}},
  "Name": "/{name}", "RestartCount": 0,
  "HostConfig": {{"NetworkMode": "bridge", "ShmSize": 67108864, "OomKillDisable": null, "PidsLimit": null, "MemoryReservation": 0,
    "RestartPolicy": {{"Name": "always", "MaximumRetryCount": 0}}, {host}}},
  "Config": {{"Hostname": "x", "Image": "acme/api:1", "Entrypoint": null, {config}}}
}}"#
    )
}

const JAVA: &str = r#""Cmd": ["java", "-jar", "a.jar"], "Env": ["JAVA_TOOL_OPTIONS=-Xmx512m -Dx.password=hunter2"],
    "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "api"}"#;
const HALF: &str = r#""Memory": 536870912, "MemorySwap": 1073741824"#;

struct Run {
    sources: Sources,
    discovered: Discovered,
    outcome: Outcome,
}

impl Run {
    fn of(files: &[(&str, &str)]) -> Self {
        Self::with(files, &Options::default())
    }

    fn with(files: &[(&str, &str)], options: &Options) -> Self {
        let sources = Sources::with_current_dir(Path::new("/here"));
        let mut discovered = Discovered::default();
        for (path, text) in files {
            sources.add(Path::new(path), *text);
            let kind = if path.ends_with("json") { FileKind::Inspected } else { FileKind::Compose };
            discovered.add(PathBuf::from(path), kind);
        }
        let outcome = check::run(options, &sources, &discovered);
        Self { sources, discovered, outcome }
    }

    fn finding(&self, rule: &str) -> Option<&Finding> {
        self.outcome.findings.iter().find(|finding| finding.rule == rule)
    }

    fn slice(&self, finding: &Finding) -> String {
        self.sources.get(finding.primary.span.file).slice(finding.primary.span).to_owned()
    }

    /// Writes every report and both forms of `inspect`.
    fn all_output(&self) -> String {
        let mut out = Vec::new();
        let root = RepositoryRoot::current();
        let report = Report::new(&self.outcome.findings, &self.outcome.summary, &self.sources, &root);
        for format in Format::value_variants() {
            for whole in [false, true] {
                let options = human::Options { whole, ..human::Options::default() };
                report.write(&mut out, *format, options).unwrap();
            }
        }
        inspect::json(&mut out, &self.outcome.projects, &self.sources).unwrap();
        inspect::human(&mut out, &self.outcome.projects, &self.sources).unwrap();
        String::from_utf8(out).unwrap()
    }
}

#[test]
fn findings_point_into_the_json() {
    let run = Run::of(&[("x.json", &format!("[{}]", container("shop-api-1", HALF, JAVA)))]);
    let finding = run.finding("heap-exceeds-limit").unwrap();
    assert_eq!((run.slice(finding).as_str(), finding.severity), ("536870912", Severity::Error));
    let related: Vec<String> = finding
        .related
        .iter()
        .map(|label| run.sources.get(label.span.file).slice(label.span).to_owned())
        .collect();
    assert_eq!(related, ["-Xmx512m"]);
    assert!(finding.fixes.is_empty());
    assert_eq!(finding.service.as_deref(), Some("shop-api-1"));
    let workload = &run.outcome.projects[0].workloads[0];
    assert_eq!((workload.kind, run.outcome.summary.containers), (Kind::Container, 1));
    let keys = finding.keys.as_ref().unwrap().keys.join("/");
    assert_eq!(keys, "shop-api-1/HostConfig/Memory");
}

#[test]
fn advice_is_a_command_that_the_engine_takes() {
    let help = |host: &str, config: &str, rule: &str| {
        let run = Run::of(&[("x.json", &container("api", host, config))]);
        run.finding(rule)
            .unwrap_or_else(|| panic!("{rule}: {:?}", run.outcome.findings))
            .help
            .clone()
            .unwrap()
    };
    let plain = r#""Cmd": ["java", "-jar", "a.jar"], "Env": ["JAVA_TOOL_OPTIONS=-Xmx512m"], "Labels": {}"#;
    assert_eq!(
        help(HALF, plain, "heap-exceeds-limit"),
        "raise the limit to 768m:\n  docker update --memory 768m --memory-swap 1536m api"
    );
    assert_eq!(
        help(HALF, JAVA, "heap-exceeds-limit"),
        "raise the limit to 768m:\n  docker update --memory 768m --memory-swap 1536m api\nand in its service `api`, or the \
         next `up` takes it back:\n  mem_limit: 768m"
    );
    // The engine refuses a limit above that of memory and swap, which is 0 where there is none.
    let none = r#""Memory": 0, "MemorySwap": 0"#;
    assert!(
        help(none, plain, "missing-memory-limit")
            .contains("docker update --memory 768m --memory-swap 1536m api"),
    );
    let swap = r#""Memory": 536870912, "MemorySwap": 2147483648"#;
    assert!(help(swap, plain, "heap-exceeds-limit").contains("--memory 768m --memory-swap 2g api"));
    let unlimited = r#""Memory": 536870912, "MemorySwap": -1"#;
    assert!(help(unlimited, plain, "heap-exceeds-limit").contains("--memory 768m --memory-swap -1 api"));
    // With cgroup v1 it may also be a kernel that does not account for swap.
    let first = r#""Memory": 536870912, "MemorySwap": -1, "OomKillDisable": false"#;
    assert!(help(first, plain, "heap-exceeds-limit").contains("--memory 768m --memory-swap -1 api"));
    // A part of an output may leave swap out.
    let cut = container("api", r#""Memory": 536870912"#, plain).replace("\"ShmSize\": 67108864,", "");
    let run = Run::of(&[("x.json", &cut)]);
    let cut = run.finding("heap-exceeds-limit").unwrap().help.as_ref().unwrap();
    assert!(cut.contains("docker update --memory 768m --memory-swap <size> api"), "{cut}");
    assert!(help(unlimited, plain, "unlimited-swap").contains("docker update --memory-swap 512m api"));
    let unknown = r#""Cmd": ["serve"], "Env": [], "Labels": {}"#;
    assert!(
        help(none, unknown, "missing-memory-limit")
            .starts_with("run `docker update --memory <size> --memory-swap <size> api`")
    );
    let unread = r#""Cmd": ["java", "-jar", "a.jar"], "Env": ["JAVA_OPTS=-Xmx256m"], "Labels": {}"#;
    assert_eq!(
        help(HALF, unread, "unread-heap-variable"),
        "put it into the variable that every JVM reads: `JAVA_TOOL_OPTIONS`"
    );
    // A name that is none of an engine is not put into a command.
    let run = Run::of(&[("x.json", &container("api; reboot", HALF, plain))]);
    let help = run.finding("heap-exceeds-limit").unwrap().help.clone().unwrap();
    assert!(help.ends_with("docker update --memory 768m --memory-swap 1536m CONTAINER"), "{help}");
}

/// A new limit keeps the swap that somebody asked for: none, as much as memory, more, or all.
#[test]
fn a_new_limit_keeps_the_swap() {
    const MIB: i64 = 1 << 20;
    let plain = r#""Cmd": ["java", "-jar", "a.jar"], "Env": ["JAVA_TOOL_OPTIONS=-Xmx512m"], "Labels": {}"#;
    for (memory, both, expected) in [
        (512, 1024 * MIB, "--memory 768m --memory-swap 1536m"),
        (512, 512 * MIB, "--memory 768m --memory-swap 768m"),
        (512, 600 * MIB, "--memory 768m --memory-swap 768m"),
        (512, 768 * MIB, "--memory 768m --memory-swap 768m"),
        (512, 900 * MIB, "--memory 768m --memory-swap 900m"),
        (512, 1023 * MIB, "--memory 768m --memory-swap 1023m"),
        (512, 2048 * MIB, "--memory 768m --memory-swap 2g"),
        (512, -1, "--memory 768m --memory-swap -1"),
        (512, 0, "--memory 768m --memory-swap 1536m"),
        (0, 0, "--memory 768m --memory-swap 1536m"),
        (0, -1, "--memory 768m --memory-swap 1536m"),
    ] {
        let host = format!(r#""Memory": {}, "MemorySwap": {both}"#, memory * MIB);
        let run = Run::of(&[("x.json", &container("api", &host, plain))]);
        let rule = if memory > 0 { "heap-exceeds-limit" } else { "missing-memory-limit" };
        let help = run.finding(rule).and_then(|finding| finding.help.clone()).unwrap_or_default();
        assert!(help.contains(&format!("docker update {expected} api")), "{memory} {both}: {help}");
    }
}

/// Containers of one service that differ in the same way are one finding.
#[test]
fn containers_that_differ_alike_are_named_together() {
    let compose = "name: shop\nservices:\n  api: {image: 'acme/api:1', command: [java, -jar, a.jar], restart: always, mem_limit: 1g, environment: [JAVA_TOOL_OPTIONS=-Xmx700m]}\n";
    let found =
        |containers: &[(&str, &str)]| {
            let all: Vec<String> =
                containers
                    .iter()
                    .enumerate()
                    .map(|(number, (limit, heap))| {
                        let both = limit.parse::<i64>().unwrap() * 2;
                        let host = format!(r#""Memory": {limit}, "MemorySwap": {both}"#);
                        container(&format!("shop-api-{number}"), &host, &JAVA.replace("-Xmx512m", heap))
                            .replacen('0', &number.to_string(), 1)
                    })
                    .collect();
            let run = Run::of(&[("compose.yaml", compose), ("x.json", &format!("[{}]", all.join(",")))]);
            let found = run.outcome.findings.iter().filter(|finding| finding.rule == "differs-from-compose");
            found.map(|finding| finding.message.clone()).collect::<Vec<_>>()
        };
    let (half, quarter, whole) = ("536870912", "268435456", "1073741824");
    assert_eq!(found(&[(whole, "-Xmx700m"), (whole, "-Xmx700m")]), [""; 0]);
    for (containers, count) in [
        (&[(half, "-Xmx700m"), (half, "-Xmx700m")][..], 1),
        (&[(half, "-Xmx700m"), (whole, "-Xmx700m")], 1),
        (&[(half, "-Xmx700m"), (quarter, "-Xmx700m")], 2),
        (&[(half, "-Xmx700m"), (quarter, "-Xmx700m"), (half, "-Xmx700m")], 2),
        (&[(half, "-Xmx600m"), (half, "-Xmx600m")], 2),
        (&[(half, "-Xmx700m"), (whole, "-Xmx600m")], 2),
        (&[(half, "-Xmx600m"), (quarter, "-Xmx500m")], 4),
    ] {
        let found = found(containers);
        assert_eq!(found.len(), count, "{containers:?}: {found:#?}");
    }
}

/// Without the label of a project, only a name that the file sets tells whose container it is.
#[test]
fn labels_without_a_project_need_a_name() {
    let differs = |compose: &str, name: &str, labels: &str| {
        let config =
            JAVA.split("\"Labels\"").next().unwrap().to_owned() + &format!("\"Labels\": {{{labels}}}");
        let run = Run::of(&[("compose.yaml", compose), ("x.json", &container(name, HALF, &config))]);
        run.finding("differs-from-compose").is_some()
    };
    let service = "services:\n  api: {image: 'acme/api:1', command: [java, -jar, a.jar], restart: always, mem_limit: 1gNAMED}\n";
    let (plain, named) = (service.replace("NAMED", ""), service.replace("NAMED", ", container_name: big"));
    let api = r#""com.docker.compose.service": "api""#;
    let of_shop = r#""com.docker.compose.project": "shop", "com.docker.compose.service": "api""#;
    for (compose, name, labels, same) in [
        (format!("name: shop\n{plain}"), "x", of_shop, true),
        (format!("name: other\n{plain}"), "x", of_shop, false),
        (format!("name: shop\n{plain}"), "shop-api-1", api, false),
        (format!("name: shop\n{named}"), "big", api, true),
        (format!("name: shop\n{named}"), "small", api, false),
        (format!("name: '${{X}}'\n{named}"), "big", of_shop, true),
        (format!("name: '${{X}}'\n{named}"), "small", of_shop, false),
        (format!("name: shop\n{named}"), "big", &api.replace("\"api", "\"web"), false),
        (format!("name: shop\n{named}"), "big", "", true),
        (format!("name: shop\n{named}"), "api", "", false),
        (format!("name: shop\n{plain}"), "api", "", true),
    ] {
        assert_eq!(differs(&compose, name, labels), same, "{compose} {name} {labels}");
    }
}

/// Podman's containers are changed by Podman.
#[test]
fn advice_is_for_the_engine_of_the_container() {
    let plain = r#""Cmd": ["java", "-jar", "a.jar"], "Env": ["JAVA_TOOL_OPTIONS=-Xmx512m"], "Labels": {}"#;
    let docker = container("api", HALF, plain);
    let podman = docker.replacen("\"Name\"", "\"ImageName\": \"acme/api:1\", \"Name\"", 1);
    for (json, tool) in [(docker, "docker"), (podman, "podman")] {
        let run = Run::of(&[("x.json", &json)]);
        let help = run.finding("heap-exceeds-limit").unwrap().help.clone().unwrap();
        assert!(help.contains(&format!("  {tool} update --memory 768m")), "{help}");
    }
    let open = r#""Memory": 0, "MemorySwap": 0"#;
    let docker = container("api", open, r#""Cmd": ["serve"], "Env": [], "Labels": {}"#);
    let podman = docker.replacen("\"Name\"", "\"ImageName\": \"acme/api:1\", \"Name\"", 1);
    for (json, tool) in [(docker, "docker"), (podman, "podman")] {
        let run = Run::of(&[("x.json", &json)]);
        let help = run.finding("missing-memory-limit").unwrap().help.clone().unwrap();
        assert!(help.contains(&format!("run `{tool} update --memory <size>")), "{help}");
    }
}

#[test]
fn what_a_container_does_not_say_is_not_reported() {
    for part in [
        r#""State": {"Status": "exited", "OOMKilled": false, "ExitCode": 137}"#,
        r#"{"Status": "unhealthy", "FailingStreak": 3, "Log": []}"#,
        r#"{"Id": "....", "HostConfig": {"Memory": 419430400, "NanoCpus": 1500000000,}}"#,
        "OOMKilled=true ExitCode=137",
    ] {
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        let run = Run::with(&[("x.json", part)], &options);
        let rules: Vec<&str> = run.outcome.findings.iter().map(|finding| finding.rule).collect();
        let allowed = ["missing-swap-limit", "missing-memory-reservation"];
        assert!(rules.iter().all(|rule| allowed.contains(rule)), "{part}: {rules:?}");
        assert_eq!(run.outcome.projects[0].workloads.len(), 1, "{part}");
    }
}

#[test]
fn a_container_that_exists_was_not_refused() {
    let small = r#""Memory": 4194304, "MemorySwap": 4194304"#;
    let run = Run::of(&[("x.json", &container("tiny", small, r#""Cmd": ["x"], "Env": []"#))]);
    assert!(run.finding("memory-limit-below-minimum").is_none());
}

const SECRETS: [&str; 4] = ["hunter2", "geheim", "s3cr3t", "t0ken"];

/// One line of everything that may be a secret, as `--format '{{json .}}'` prints it.
fn secretive(host: &str) -> String {
    let config = r#""Cmd": ["sh", "-c", "PGPASSWORD=hunter2 exec java -jar a.jar --db.password=hunter2"],
        "Env": ["JAVA_TOOL_OPTIONS=-Xmx512m -Dkey=geheim", "PATH=/geheim", "API_TOKEN=t0ken", "PORT=s3cr3t"],
        "CreateCommand": ["podman", "run", "-e", "PORT=s3cr3t", "x"],
        "Healthcheck": {"Test": ["CMD-SHELL", "curl -u admin:hunter2 http://localhost/"]},
        "Labels": {"traefik.http.middlewares.a.basicauth.users": "a:geheim", "com.docker.compose.service": "api"}"#;
    let host = format!(r#"{host}, "LogConfig": {{"Type": "splunk", "Config": {{"splunk-token": "t0ken"}}}}"#);
    container("api", &host, config).replace('\n', " ")
}

#[test]
fn nothing_secret_is_in_any_output() {
    let text = secretive(HALF);
    let compose = "services:\n  api:\n    image: acme/api:1\n    mem_limit: 1g\n";
    for files in [&[("x.json", text.as_str())][..], &[("compose.yaml", compose), ("x.json", text.as_str())]] {
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        let run = Run::with(files, &options);
        assert!(run.finding("heap-exceeds-limit").is_some() && run.discovered.files.len() == files.len());
        let out = run.all_output();
        for secret in SECRETS {
            assert!(
                !out.contains(secret),
                "{secret}: {}",
                out.lines().find(|line| line.contains(secret)).unwrap()
            );
        }
        assert!(out.contains("-Xmx512m"));
    }
}

/// **The law:** a message quotes of a variable, and of a word of a command line, the setting that it is about. The words behind may be
/// secrets.
#[test]
fn messages_repeat_nothing_behind_a_setting() {
    let apart = [", ", ",", ";", "  ", " && "];
    let services: &[(&str, &str)] = &[
        ("image: cassandra:4\n    environment: {HEAP_NEWSIZE: 100m, MAX_HEAP_SIZE: \"", "512"),
        ("image: golang:1.22\n    environment: {GOMEMLIMIT: \"", "400"),
        ("image: nextcloud:28\n    environment: {PHP_MEMORY_LIMIT: \"", "512q"),
        ("image: neo4j:5\n    environment: {NEO4J_server_memory_heap_max__size: \"", "1 G"),
        ("image: python:3.12\n    command: python a.py\n    environment: {PYTHONMALLOC: \"", "debug"),
        ("image: itzg/minecraft-server\n    environment: {EULA: \"TRUE\", MEMORY: \"", "3G"),
        ("image: rundeck/rundeck:4.0.0\n    environment: {JVM_MAX_RAM_FRACTION: \"", "2"),
        ("image: redis:7\n    command: [redis-server, --maxmemory, \"", "1gg"),
        ("image: postgres:16\n    command: [postgres, -c, \"", "shared_buffers=1GBx"),
        ("image: eclipse-temurin:8\n    command: [java, -jar, a.jar, \"", "-Xmx512q"),
        ("image: elasticsearch:8.11.0\n    environment: {JAVA_OPTS: \"", "-Xmx512m"),
        (
            "image: eclipse-temurin:17\n    command: java -jar a.jar\n    environment: {JAVA_TOOL_OPTIONS: \"",
            "-Xmx512q",
        ),
        (
            "image: eclipse-temurin:17\n    command: java -jar a.jar\n    environment: {JAVA_TOOL_OPTIONS: \"-Dy=hunter2\", JAVA_OPTS: \"",
            "-Xmx512m",
        ),
        (
            "image: eclipse-temurin:17\n    command: java -jar a.jar\n    environment: {JAVA_TOOL_OPTIONS: \"",
            "-XX:MaxPermSize=256m",
        ),
        (
            "image: eclipse-temurin:17\n    command: java -jar a.jar\n    environment: {JAVA_OPTS: \"-Xms1q,-Dx=hunter2 ",
            "-Xmx300m",
        ),
        (
            "image: node:22\n    command: node a.js\n    environment: {NODE_OPTIONS: \"",
            "--max-old-space-size=1x",
        ),
    ];
    for (service, setting) in services {
        let mut found = 0;
        for between in apart {
            let closed = if service.contains(": [") { "]" } else { "}" };
            let text = format!(
                "services:\n  a:\n    mem_limit: 1g\n    {service}{setting}{between}-Dx=hunter2\"{closed}\n"
            );
            let options = Options { preset: Some(Preset::Strict), ..Options::default() };
            let run = Run::with(&[("compose.yaml", &text)], &options);
            for finding in &run.outcome.findings {
                let fix = finding.fix().map(|fix| &fix.title);
                let said = format!(
                    "{} {:?} {:?} {:?} {:?} {:?}",
                    finding.message, finding.primary, finding.related, finding.notes, finding.help, fix
                );
                assert!(!said.contains("hunter2"), "{text}{said}");
                found += usize::from(said.contains(setting.split(' ').next().unwrap()));
            }
        }
        assert!(found > 0, "{service}{setting}");
    }
}

/// **The law:** a fix moves no secret from an `env_file` or an image into a Compose file, which more people see.
#[test]
fn fixes_copy_no_secret_of_another_file() {
    let start = "command: java -jar a.jar, mem_limit: 2g";
    let in_file = format!("services:\n  a: {{image: 'eclipse-temurin:17', {start}, env_file: a.env}}\n");
    let in_image = format!("services:\n  a: {{build: ., {start}}}\n");
    for (value, fixed) in [
        ("-Dfile.encoding=UTF-8", true),
        ("-Ddb.password=hunter2", false),
        ("-Durl=jdbc:postgres://u:hunter2@db/x", false),
    ] {
        let env = format!("JAVA_TOOL_OPTIONS={value}\n");
        let dockerfile = format!("FROM eclipse-temurin:17\nENV {env}");
        for files in [
            [("compose.yaml", in_file.as_str()), ("a.env", env.as_str())],
            [("compose.yaml", in_image.as_str()), ("Dockerfile", dockerfile.as_str())],
        ] {
            let options = Options { preset: Some(Preset::Strict), ..Options::default() };
            let run = Run::with(&files, &options);
            let finding = run.finding("unbounded-heap").unwrap();
            let said = format!("{:?} {:?}", finding.fix(), finding.help);
            assert!(!said.contains("hunter2"), "{said}");
            assert_eq!(finding.fix().is_some(), fixed, "{said}");
            assert!(said.contains("-XX:MaxRAMPercentage=70.0"), "{said}");
        }
    }
}

#[test]
fn a_container_is_compared_with_its_service() {
    let compose = "name: shop\nservices:\n  api:\n    image: acme/api:1\n    command: [java, -jar, a.jar]\n    restart: always\n    environment: [JAVA_TOOL_OPTIONS=-Xmx700m]\n    deploy: {resources: {limits: {memory: 1g}}}\n";
    let found = |compose: &str, json: &str| {
        let run = Run::of(&[("compose.yaml", compose), ("x.json", json)]);
        let found = run.outcome.findings.iter().filter(|finding| finding.rule == "differs-from-compose");
        found.map(|finding| (finding.message.clone(), finding.notes.join(" "))).collect::<Vec<_>>()
    };
    let messages = |compose: &str, json: &str| -> Vec<String> {
        found(compose, json).into_iter().map(|(message, _)| message).collect()
    };
    let own = container("shop-api-1", HALF, JAVA);
    assert_eq!(
        messages(compose, &own),
        [
            "`shop-api-1` runs with the Java heap `-Xmx512m`, not `-Xmx700m` as written",
            "`shop-api-1` runs with the memory limit 512 MiB, not 1 GiB as written"
        ]
    );
    // The same settings, another project, one container of `docker compose run`.
    let same = compose.replace("1g", "512m").replace("700m", "512m");
    assert_eq!(messages(&same, &own), [""; 0]);
    assert_eq!(messages(&compose.replace("name: shop", "name: other"), &own), [""; 0]);
    let one_off = own.replace(
        r#""com.docker.compose.project""#,
        r#""com.docker.compose.oneoff": "True", "com.docker.compose.project""#,
    );
    assert_eq!(messages(compose, &one_off), [""; 0]);
    // An old client does not take `deploy`.
    let old = container(
        "shop_api_1",
        r#""Memory": 0, "MemorySwap": 0"#,
        &JAVA.replace("{\"com", "{\"com.docker.compose.version\": \"1.29.2\", \"com"),
    );
    let all = found(compose, &old);
    let limit = all.iter().find(|(message, _)| message.contains("memory limit")).unwrap();
    assert_eq!(limit.0, "`shop_api_1` runs without a memory limit; 1 GiB is written");
    assert!(limit.1.contains("docker-compose 1.29.2"), "{}", limit.1);
    // What is not known on one side is not compared.
    assert_eq!(messages(&compose.replace("1g", "\"${LIMIT}\"").replace("-Xmx700m", "$OPTS"), &own), [""; 0]);
    let part = r#"{"Name": "/api", "State": {"Running": true, "StartedAt": "x"}, "HostConfig": {"RestartPolicy": {"Name": "no"}}}"#;
    assert_eq!(messages(compose, part), ["`api` runs without a restart policy; `always` is written"]);
    // Which files Compose was given is known by their names: an override file that was not is another project.
    let given = |files: &str| {
        own.replace("{\"com", &format!("{{\"com.docker.compose.project.config_files\": \"{files}\", \"com"))
    };
    assert_eq!(messages(compose, &given("/srv/shop/compose.yaml")).len(), 2);
    assert_eq!(messages(compose, &given("C:\\\\shop\\\\compose.yaml")).len(), 2);
    assert_eq!(messages(compose, &given("/srv/shop/compose.yaml,/srv/shop/compose.gpu.yaml")), [""; 0]);
    // `container_name` finds a container without labels.
    let named = compose.replace("    image", "    container_name: big\n    image");
    assert_eq!(messages(&named, &part.replace("/api", "/big")).len(), 1);
    assert_eq!(messages(&named, part), [""; 0]);
}

#[test]
fn swap_and_probes_are_compared() {
    let compose = "services:\n  api:\n    image: acme/api:1\n    restart: always\n    mem_limit: 512m\n    memswap_limit: 512m\n    healthcheck: {test: [CMD, probe]}\n";
    let messages = |host: &str, config: &str| -> Vec<String> {
        let json = container("api", host, &format!("\"Cmd\": [\"x\"], \"Env\": [], {config}"));
        let run = Run::of(&[("compose.yaml", compose), ("x.json", &json)]);
        let found = run.outcome.findings.iter().filter(|finding| finding.rule == "differs-from-compose");
        found.map(|finding| finding.message.clone()).collect()
    };
    let probe = r#""Healthcheck": {"Test": ["CMD", "probe"]}"#;
    let no_swap = r#""Memory": 536870912, "MemorySwap": 536870912"#;
    assert_eq!(messages(no_swap, probe), [""; 0]);
    assert_eq!(messages(HALF, probe), ["`api` runs without a swap limit; 512 MiB is written"]);
    assert_eq!(
        messages(no_swap, r#""Labels": {}"#),
        ["`api` runs without a healthcheck; `CMD probe` is written"]
    );
    assert_eq!(
        messages(no_swap, &probe.replace("probe", "other")),
        ["`api` runs with the healthcheck `CMD other`, not `CMD probe` as written"]
    );
}

#[test]
fn only_a_named_file_is_read() {
    let dir = common::tree(&[("x.json", &container("api", HALF, JAVA)), ("compose.yaml", "services: {}\n")]);
    let found = discover(&[dir.path().to_path_buf()], Default::default()).unwrap();
    assert!(found.files.iter().all(|found| found.kind == FileKind::Compose));
    let found = discover(&[dir.path().join("x.json")], Default::default()).unwrap();
    assert_eq!(found.files.iter().map(|found| found.kind).collect::<Vec<_>>(), [FileKind::Inspected]);
    assert!(found.related_compose_files.is_empty());
}

#[test]
fn broken_and_hostile_texts_are_checked() {
    let text = secretive(HALF);
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    for end in (0..text.len()).step_by(7).filter(|end| text.is_char_boundary(*end)) {
        let run = Run::with(&[("x.json", &text[..end])], &options);
        let out = run.all_output();
        assert!(SECRETS.iter().all(|secret| !out.contains(secret)), "{end}");
    }
    let evil =
        container("a\\u001b[31m\\n::error::x", HALF, JAVA).replace("acme/api:1", "x\\u0007::warning::y");
    let out = Run::with(&[("x.json", &evil)], &options).all_output();
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!out.contains(steers), "{:?}", out.chars().find(|c| steers(*c)));
    assert!(!out.lines().any(|line| line.trim_start().starts_with("::error::x")));
    for text in [
        "{\"HostConfig\":".repeat(20_000),
        "[".repeat(50_000),
        container("a", "\"Memory\": 99999999999999999999", "\"Env\": []"),
        container(
            "a",
            "\"Memory\": -9223372036854775808, \"MemorySwap\": 9223372036854775807",
            "\"Env\": []",
        ),
    ] {
        let _ = Run::with(&[("x.json", &text)], &options).all_output();
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_output_that_was_found_is_read() {
    let directory = common::shared().join("knowledge/postmortem");
    let index = std::fs::read_to_string(directory.join("inspect/index.jsonl")).unwrap();
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    let (mut containers, mut hidden) = (0, 0);
    for line in index.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let (file, kind) = (entry["file"].as_str().unwrap(), entry["kind"].as_str().unwrap());
        let text = std::fs::read_to_string(directory.join(file)).unwrap();
        let run = Run::with(&[("x.json", &text)], &options);
        let count = run.outcome.projects[0].workloads.len();
        containers += count;
        // A jq projection has no container in it.
        assert_eq!(count > 0, !file.ends_with("/35.json"), "{file}");
        let known =
            run.outcome.projects[0].workloads.iter().any(|workload| !workload.memory.limit.is_unknown());
        if matches!(kind, "real-full" | "composed") {
            assert!(known, "{file}");
        }
        let out = run.all_output();
        for value in secrets(&text) {
            hidden += 1;
            assert!(!out.contains(&value), "{file}: {value}");
        }
    }
    assert!(containers > 55, "only {containers} containers");
    assert!(hidden >= 8, "only {hidden} values of variables were looked for");
}

/// Returns the values of variables that are no sizes, versions or numbers, from the lines of a text.
fn secrets(text: &str) -> Vec<String> {
    let start = text.find("\"Env\"").unwrap_or(text.len());
    let lines = text[start..].lines().skip(1).take_while(|line| line.contains('"'));
    let pairs = lines.filter_map(|line| line.trim().trim_matches(|c| "\",".contains(c)).split_once('='));
    pairs
        .filter(|(name, value)| {
            value.len() > 6
                && !name.contains("VERSION")
                && !value.contains('/')
                && !value.contains("-X")
                && !value.contains("--max-old")
        })
        .map(|(_, value)| value.to_owned())
        .filter(|value| !text.replace(&format!("={value}"), "").contains(value.as_str()))
        .collect()
}
