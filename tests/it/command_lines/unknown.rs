//! What a variable sets is not known: only what holds for each value is reported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::rules::Preset;
use oomlint::source::Sources;
use oomlint::syntax::command_line::{Notation, Program, Takes, Verb, rows};

/// Commands with a place for a flag, about which rules have much to say.
const COMMANDS: [(Program, Verb, &str); 6] = [
    (Program::Docker, Verb::Run, "docker run -d {} redis:7"),
    (Program::Docker, Verb::Run, "docker run -d -m 1g -e bootstrap.memory_lock=true {} elasticsearch:8.1.0"),
    (Program::Docker, Verb::Create, "docker create -m 1g {} postgres:17"),
    (Program::Docker, Verb::Run, "docker run -d -m 1g {} node:22 npm start"),
    (Program::Docker, Verb::ServiceCreate, "docker service create {} postgres:17"),
    (Program::Podman, Verb::Run, "podman run -d -m 1g {} redis:7"),
];

/// Values of a flag, of which each rule takes one at least for the right one.
fn values(name: &str, takes: Takes) -> &'static [&'static str] {
    match (name, takes) {
        // What is restarted by a variable is a service, and so is what has a mode by one.
        ("restart", _) => &["always", "on-failure:3"],
        ("restart-condition", _) => &["any", "on-failure"],
        ("mode", _) => &["replicated", "global"],
        ("log-opt", _) => &["max-size=10m", "tag=x"],
        ("log-driver", _) => &["json-file", "local"],
        ("mount", _) => &["type=tmpfs,target=/run,tmpfs-size=64m", "type=bind,source=/a,target=/b"],
        ("tmpfs", _) => &["/run:size=64m", "/dev/shm"],
        ("volume", _) => &["a:/b", "/dev/shm:/dev/shm"],
        ("health-cmd" | "healthcheck-command", _) => &["true", "'redis-cli ping'"],
        ("ipc", _) => &["host", "private"],
        ("env" | "label", _) => &["A=1"],
        (_, Takes::Nothing) => &["true", "false"],
        (_, Takes::Size) => &["512m", "64g"],
        (_, Takes::Swap) => &["64g", "-1"],
        (_, Takes::Integer | Takes::Count) => &["1", "60"],
        (_, Takes::Cpus) => &["1.5"],
        (_, Takes::Duration) => &["30s", "5m"],
        (_, Takes::Ulimit) => &["memlock=-1", "nofile=1024"],
        (_, Takes::Sysctl) => &["net.core.somaxconn=1024"],
        (_, Takes::Text) => &["x"],
    }
}

/// Returns the rules that report a command.
fn rules(line: &str) -> BTreeSet<&'static str> {
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    let sources = Sources::new();
    sources.add(Path::new("<run>"), line);
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("<run>"), FileKind::Commands(Notation::Lines));
    check::run(&options, &sources, &discovered).findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn of_a_variable_holds_what_holds_for_each_value() {
    let mut wrong = Vec::new();
    for (program, verb, command) in COMMANDS {
        for row in rows(program, verb).filter(|row| row.name != "help") {
            let given = |value: &str| {
                let sign = if row.takes == Takes::Nothing { "=" } else { " " };
                command.replace("{}", &format!("--{}{sign}{value}", row.name))
            };
            for variable in ["\"$X\"", "${X:-y}"] {
                let said = rules(&given(variable));
                let mut more = BTreeSet::new();
                for value in values(row.name, row.takes).iter().filter(|_| !said.is_empty()) {
                    more.extend(said.difference(&rules(&given(value))).copied());
                }
                if !more.is_empty() {
                    wrong.push(format!("{}: {more:?}", given(variable)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn parts_of_values_are_unknown_too() {
    for (line, rule) in [
        (
            "docker run -d -m 1g -e bootstrap.memory_lock=true --ulimit memlock=$L elasticsearch:8.1.0",
            "memory-lock-without-ulimit",
        ),
        (
            "docker run -d -m 1g -e bootstrap.memory_lock=true --ulimit $L elasticsearch:8.1.0",
            "memory-lock-without-ulimit",
        ),
        ("docker run -d -m 1g --log-opt \"$L\" redis:7", "unbounded-logs"),
        ("docker run -d -m 1g --log-opt max-size=$S redis:7", "unbounded-logs"),
        ("docker run -d -m 1g --oom-kill-disable=$O redis:7", "disabled-oom-killer"),
        ("docker run -d -m 1g --mount \"$M\" redis:7", "unsized-tmpfs"),
        ("docker run -d -m 1g --mount type=tmpfs,$M redis:7", "unsized-tmpfs"),
        ("docker run -d -m 1g --mount type=$T,target=/run redis:7", "unsized-tmpfs"),
        ("docker run -d -m 1g --tmpfs /run:$O redis:7", "unsized-tmpfs"),
        ("docker run --rm=$R --restart always -m 1g redis:7", "ineffective-flag"),
    ] {
        assert!(!rules(line).contains(rule), "{line}");
    }
}
