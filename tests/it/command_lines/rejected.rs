//! What the client rejects, and what it takes for something else.

use oomlint::diagnostic::Severity;
use oomlint::syntax::command_line::{Program, Takes, Verb, rows};

use super::findings::run;

/// Returns the rules of errors, and of everything about flags.
fn told(line: &str) -> Vec<&'static str> {
    let found = run(line);
    let told = found.iter().filter(|finding| {
        finding.severity == Severity::Error
            || matches!(finding.rule, "ineffective-flag" | "unknown-memory-key" | "missing-memory-limit")
    });
    told.map(|finding| finding.rule).collect()
}

#[test]
fn each_value_that_a_flag_does_not_take_is_reported_once() {
    let mut wrong = Vec::new();
    for (verb, command) in
        [(Verb::Run, "docker run -d -m 1g"), (Verb::ServiceCreate, "docker service create")]
    {
        for row in rows(Program::Docker, verb) {
            let sign = match row.takes {
                Takes::Text => continue,
                Takes::Nothing => "=",
                _ => " ",
            };
            let line = format!("{command} --{}{sign}abc redis:7", row.name);
            let errors = run(&line).into_iter().filter(|finding| finding.severity == Severity::Error);
            let errors: Vec<&str> = errors.map(|finding| finding.rule).collect();
            // `docker run --help=abc` shows the error of the value, too, but starts nothing.
            if errors.len() != 1 && row.name != "help" {
                wrong.push(format!("{line}: {errors:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Numbers are those of Go's `strconv` with base 0, processors are fractions.
#[test]
fn numbers_have_the_bases_of_the_client() {
    for value in ["10", "0", "-5", "+5", "0x1F", "0b11", "0B11", "0o17", "017", "1_000", "-0x10"] {
        assert_eq!(told(&format!("docker run -d -m 1g --cpu-shares={value} redis:7")), [""; 0], "{value}");
    }
    for value in ["0x", "0xg", "0b2", "0o8", "018", "1.5", "--5", "99999999999999999999", "5m"] {
        let line = format!("docker run -d -m 1g --cpu-shares={value} redis:7");
        assert_eq!(told(&line), ["ineffective-flag"], "{line}");
    }
    for value in ["1", "1.5", ".5", "1/2", "1e-1", "-1"] {
        assert_eq!(told(&format!("docker run -d -m 1g --cpus={value} redis:7")), [""; 0], "{value}");
    }
    for value in ["1/", "/2", "1/x", "x/2", "all", "."] {
        let line = format!("docker run -d -m 1g --cpus={value} redis:7");
        assert_eq!(told(&line), ["ineffective-flag"], "{line}");
    }
}

#[test]
fn what_excludes_each_other_is_reported() {
    for line in [
        "docker run -d --rm --restart always -m 1g redis:7",
        "docker run -d --rm=true --restart=on-failure:3 -m 1g redis:7",
        "docker run -d --no-healthcheck --health-cmd x -m 1g redis:7",
        "docker run -d --network container:x --network-alias y -m 1g redis:7",
        "docker run -d --restart on-failure:x -m 1g redis:7",
        "docker run -d -m 1g Redis:7",
        "docker run -d -m 1g --publsh 80:80 nginx:1.27",
    ] {
        assert_eq!(told(line), ["ineffective-flag"], "{line}");
    }
    for line in [
        "docker run -d --rm --restart no -m 1g redis:7",
        "docker run -d --rm=false --restart always -m 1g redis:7",
        "podman run -d --rm --restart always -m 1g redis:7",
        "podman run -d --publsh 80:80 -m 1g nginx:1.27",
        "docker run -d -m 1g IMAGE",
        "docker run -d -m 1g YOUR_IMAGE:TAG",
        "docker run -d -m 1g --[no-]init nginx:1.27",
    ] {
        assert_eq!(told(line), Vec::<&str>::new(), "{line}");
    }
}

#[test]
fn what_is_to_be_filled_in_is_no_value() {
    for value in
        ["MEM", "...", "…", "XXXm", "xxm", "[size]", "{size}", "<size>", "{{ size }}", "MEMORY_LIMIT", "NNNg"]
    {
        for flag in ["--memory=", "-m ", "--memory-swap=", "--cpus ", "--pids-limit=", "--health-interval "] {
            let line = format!("docker run -d -m 1g {flag}\"{value}\" redis:7");
            assert_eq!(told(&line), Vec::<&str>::new(), "{line}");
        }
    }
    for line in
        ["--restart POLICY", "--restart=[policy]", "--restart ...", "--mount ...", "--ulimit NAME=..."]
    {
        let line = format!("docker run -d -m 1g {line} redis:7");
        assert_eq!(told(&line), Vec::<&str>::new(), "{line}");
    }
    for line in ["docker run -m MEM redis", "docker run --memory=... redis", "docker run -m XXXm redis"] {
        assert_eq!(told(line), Vec::<&str>::new(), "{line}");
    }
    for value in ["512Mi", "1,5g", "-5", "mem", "0x10"] {
        let line = format!("docker run -d --memory={value} redis:7");
        assert_eq!(told(&line), ["invalid-memory-value"], "{line}");
    }
}

#[test]
fn names_for_memory_are_known_in_each_spelling() {
    for (line, meant) in [
        ("docker run -d --mem 1g redis:7", "--memory"),
        ("docker run -d --mem-limit 1g redis:7", "--memory"),
        ("docker run -d --memory-max 1g redis:7", "--memory"),
        ("docker run -d --limit-memory 1g redis:7", "--memory"),
        ("docker run -d --mem_reservation 1g redis:7", "--memory-reservation"),
        ("docker run -d --mem-reservation 1g redis:7", "--memory-reservation"),
        ("docker run -d --reserve-memory 1g redis:7", "--memory-reservation"),
        ("docker run -d --memory_swap 1g redis:7", "--memory-swap"),
        ("docker run -d --memswap-limit 1g redis:7", "--memory-swap"),
        ("docker run -d --shm_size=1g redis:7", "--shm-size"),
        ("docker run -d --pids_limit=100 redis:7", "--pids-limit"),
        ("docker service create --memory 1g redis:7", "--limit-memory"),
        ("docker service create -m 1g redis:7", "--limit-memory"),
        ("docker service create --memory-reservation 1g redis:7", "--reserve-memory"),
        ("docker service create --pids-limit 100 redis:7", "--limit-pids"),
        ("podman run -d --mem-limit 1g redis:7", "--memory"),
    ] {
        let found = run(line);
        let help: Vec<_> = found.iter().map(|finding| (finding.rule, finding.help.as_deref())).collect();
        let expected = format!("write `{meant}`");
        assert_eq!(help, [("unknown-memory-key", Some(expected.as_str()))], "{line}");
    }
}

#[test]
fn a_word_in_the_place_of_the_image_is_named_and_nothing_else() {
    for (line, help) in [
        ("docker run -d —memory 512m redis:7", "write `--memory`, with two hyphens"),
        ("docker run -d –memory=512m redis:7", "write `--memory`, with two hyphens"),
        ("docker run -d –m 512m redis:7", "write `-m`, with a hyphen"),
        ("docker run -d --rm true redis:7", "write `--rm` alone, or `--rm=true`"),
        ("docker run -d -memory 512m redis:7", "write `--memory`"),
        ("docker run -d -memory=512m redis:7", "write `--memory`"),
        ("docker run -d -name x redis:7", "write `--name`"),
        ("docker run -rm redis:7", "write `--rm`"),
        ("docker run -d -env A=1 redis:7", "write `--env`"),
        ("docker run -d -user 1000 redis:7", "write `--user`"),
    ] {
        let found = run(line);
        let told: Vec<_> = found.iter().map(|finding| (finding.rule, finding.help.as_deref())).collect();
        assert_eq!(told, [("ineffective-flag", Some(help))], "{line}");
    }
    assert_eq!(told("docker run -d - redis:7"), ["ineffective-flag"]);
    for line in
        ["docker run -dit -m 1g redis:7", "docker run -d -ip 80:80 -m 1g redis:7", "docker run -dm1g redis:7"]
    {
        assert_eq!(told(line), Vec::<&str>::new(), "{line}");
    }
}

/// **The law:** a message about a flag masks the secrets in its value, as all output does.
#[test]
fn messages_mask_the_secrets_of_flags() {
    for (line, part) in [
        (
            "docker run node:22 -e JAVA_OPTS='-Xmx512m -Ddb.password=hunter2'",
            "-e JAVA_OPTS=-Xmx512m -Ddb.password=***",
        ),
        (
            "docker run node:22 --env=JAVA_OPTS='-Xmx512m -Ddb.password=hunter2'",
            "--env=JAVA_OPTS=-Xmx512m -Ddb.password=***",
        ),
        ("docker run --entrypoint 'java -Ddb.password=hunter2 -jar a.jar' node:22", "java -Ddb.password=***"),
        ("docker run --init DB_PASSWORD=hunter2 node:22", "rejects `DB_PASSWORD=***`"),
        ("docker run --init=DB_PASSWORD=hunter2 node:22", "rejects `--init=DB_PASSWORD=***`"),
        ("docker run —env=DB_PASSWORD=hunter2 node:22", "takes `—env=DB_PASSWORD=***`"),
    ] {
        let found = run(line);
        let finding = found.iter().find(|finding| finding.rule == "ineffective-flag").expect(line);
        let said = format!("{} {:?} {:?}", finding.message, finding.notes, finding.help);
        assert!(said.contains(part) && !said.contains("hunter2"), "{said}");
    }
}
