mod devcontainers;
mod mistakes;

use std::path::PathBuf;

use super::*;
use crate::model::compose::{Mount, Settings};
use crate::model::fact::Fact;
use crate::model::project::load_merged;

/// Returns the service of a command line.
fn run(line: &str) -> Service {
    let sources = Sources::new();
    sources.add(Path::new("e.env"), "A=1\n");
    let mut found = projects(sources.add(Path::new("run.txt"), line), Notation::Lines, &sources);
    assert_eq!(found.len(), 1, "{line}");
    found.remove(0).compose.services.remove(0)
}

/// Returns a service of these keys of a Compose file.
fn compose(keys: &str) -> Service {
    let sources = Sources::new();
    sources.add(Path::new("e.env"), "A=1\n");
    sources.add(Path::new("compose.yaml"), format!("services: {{x: {{image: x{keys}}}}}\n"));
    let loaded = load_merged(&[PathBuf::from("compose.yaml")], &Settings::default(), &sources);
    assert!(loaded.compose.errors.is_empty(), "{keys}");
    loaded.compose.services.into_iter().next().unwrap()
}

fn shown_fact<T: std::fmt::Debug>(fact: &Fact<T>) -> String {
    match fact {
        Fact::Known(known) => format!("{:?}", known.value),
        Fact::Unknown { .. } => "?".to_owned(),
        Fact::Absent { .. } => "-".to_owned(),
    }
}

/// Returns the facts of a service, without their places.
fn facts(service: &Service) -> Vec<(&'static str, String)> {
    let texts = |fact: &Fact<Vec<TracedText>>| match fact {
        Fact::Known(words) => format!("{:?}", words.value.iter().map(TracedText::as_str).collect::<Vec<_>>()),
        other => shown_fact(other),
    };
    let text = |fact: &Fact<TracedText>| match fact {
        Fact::Known(text) => text.value.as_str().to_owned(),
        other => shown_fact(other),
    };
    let deploy = &service.deploy;
    let check = service.healthcheck.as_ref();
    let mut environment: Vec<String> =
        service.environment.iter().map(|(name, fact)| format!("{name}={}", text(fact))).collect();
    environment.sort();
    let mount = |mount: &Mount| format!("{}:{}", mount.source, mount.target);
    let tmpfs = service.tmpfs.iter().map(|mount| {
        format!("{} {} {:?} {}", mount.target.as_str(), shown_fact(&mount.size), mount.options, mount.long)
    });
    let files =
        service.env_files.iter().map(|file| format!("{} {} {}", text(&file.path), file.raw, file.required));
    let ulimits = service.ulimits.iter().map(|(name, limits)| format!("{name}={:?}", limits.value));
    vec![
        ("image", text(&service.image)),
        ("limit", shown_fact(&service.mem_limit)),
        ("swap", shown_fact(&service.memswap_limit)),
        ("reservation", shown_fact(&service.mem_reservation)),
        ("shm", shown_fact(&service.shm_size)),
        ("swappiness", shown_fact(&service.swappiness)),
        ("oom", shown_fact(&service.oom_kill_disable)),
        ("pids", shown_fact(&service.pids_limit)),
        ("cpus", shown_fact(&service.cpus)),
        ("quota", shown_fact(&service.cpu_quota)),
        ("period", shown_fact(&service.cpu_period)),
        ("restart", shown_fact(&service.restart)),
        ("init", shown_fact(&service.init)),
        ("grace", shown_fact(&service.stop_grace_period)),
        ("deploy.limit", shown_fact(&deploy.limit)),
        ("deploy.cpus", shown_fact(&deploy.cpus)),
        ("deploy.pids", shown_fact(&deploy.pids)),
        ("deploy.reservation", shown_fact(&deploy.reservation)),
        ("replicas", shown_fact(&deploy.replicas)),
        ("condition", shown_fact(&deploy.condition)),
        ("attempts", shown_fact(&deploy.max_attempts)),
        ("test", check.map_or("none".to_owned(), |check| texts(&check.test))),
        ("disable", check.map_or("none".to_owned(), |check| shown_fact(&check.disable))),
        ("interval", check.map_or("none".to_owned(), |check| shown_fact(&check.interval))),
        ("timeout", check.map_or("none".to_owned(), |check| shown_fact(&check.timeout))),
        ("start", check.map_or("none".to_owned(), |check| shown_fact(&check.start_period))),
        ("start interval", check.map_or("none".to_owned(), |check| shown_fact(&check.start_interval))),
        ("retries", check.map_or("none".to_owned(), |check| shown_fact(&check.retries))),
        ("entrypoint", texts(&service.entrypoint)),
        ("command", texts(&service.command)),
        ("environment", environment.join(",")),
        ("files", files.collect::<Vec<_>>().join(",")),
        ("tmpfs", tmpfs.collect::<Vec<_>>().join(",")),
        ("mounts", service.mounts.iter().map(mount).collect::<Vec<_>>().join(",")),
        ("ports", format!("{:?}", service.ports)),
        ("ulimits", ulimits.collect::<Vec<_>>().join(",")),
        ("open ulimits", service.open_ulimits.to_string()),
        ("open mounts", service.open_mounts.to_string()),
        ("logging", shown_fact(&service.logging)),
        ("ipc", shown_fact(&service.ipc)),
        ("name", shown_fact(&service.container_name)),
        ("restarted by", format!("{:?}", service.restarted_by.as_ref().map(|label| &label.value))),
    ]
}

/// A flag is the setting of Compose that it stands for: both are read as the same facts.
#[test]
fn flags_are_the_settings_of_compose() {
    for (flags, keys) in [
        ("", ""),
        ("-m 512m", ", mem_limit: 512m"),
        ("--memory=1.5g", ", mem_limit: 1.5g"),
        ("-m 1g -m 2g", ", mem_limit: 2g"),
        ("--memory-swap 1g", ", memswap_limit: 1g"),
        ("--memory-swap -1", ", memswap_limit: -1"),
        ("--memory-swap 0", ""),
        ("--memory-swap ' 0 '", ""),
        ("--memory-reservation 256m", ", mem_reservation: 256m"),
        ("--memory-reservation 0", ", mem_reservation: '0'"),
        ("--shm-size 64m", ", shm_size: 64m"),
        ("--shm-size 0", ""),
        ("--memory-swappiness 60", ", mem_swappiness: 60"),
        ("--memory-swappiness 0", ", mem_swappiness: 0"),
        ("--memory-swappiness -1", ""),
        ("--oom-kill-disable", ", oom_kill_disable: true"),
        ("--oom-kill-disable=false", ", oom_kill_disable: false"),
        ("--pids-limit 100", ", pids_limit: 100"),
        ("--pids-limit -1", ", pids_limit: -1"),
        ("--cpus 1.5", ", cpus: 1.5"),
        ("--cpus .5", ", cpus: 0.5"),
        ("--cpu-quota 50000 --cpu-period 100000", ", cpu_quota: 50000, cpu_period: 100000"),
        ("--restart always", ", restart: always"),
        ("--restart on-failure:3", ", restart: 'on-failure:3'"),
        ("--init", ", init: true"),
        ("--init=false", ", init: false"),
        ("--stop-timeout 30", ", stop_grace_period: 30s"),
        ("--stop-timeout 0", ", stop_grace_period: 0s"),
        (
            "--health-cmd 'curl x' --health-interval 5s --health-timeout 2s --health-retries 3 --health-start-period 1m --health-start-interval 2s",
            ", healthcheck: {test: curl x, interval: 5s, timeout: 2s, retries: 3, start_period: 1m, start_interval: 2s}",
        ),
        ("--no-healthcheck", ", healthcheck: {disable: true}"),
        ("-e A=1 -e B= -e A=2 -e C=d=e", ", environment: {B: '', A: '2', C: d=e}"),
        ("-e A", ", environment: [A]"),
        ("--env-file e.env", ", env_file: [{path: e.env, format: raw}]"),
        ("--tmpfs /run:size=64m,mode=1777 --tmpfs /tmp", ", tmpfs: ['/run:size=64m,mode=1777', /tmp]"),
        ("-v /a:/b:ro -v data:/c", ", volumes: ['/a:/b:ro', 'data:/c']"),
        (
            "--mount type=tmpfs,target=/x,tmpfs-size=64m",
            ", volumes: [{type: tmpfs, target: /x, tmpfs: {size: 64m}}]",
        ),
        ("--mount type=bind,src=/a,dst=/b,readonly", ", volumes: [{type: bind, source: /a, target: /b}]"),
        (
            "--mount 'type=volume, Source=v ,destination=/b'",
            ", volumes: [{type: volume, source: 'v ', target: /b}]",
        ),
        (
            "--ulimit nofile=1024:2048 --ulimit core=0",
            ", ulimits: {nofile: {soft: 1024, hard: 2048}, core: 0}",
        ),
        (
            "--log-driver local --log-opt max-size=10m --log-opt max-file=3",
            ", logging: {driver: local, options: {max-size: 10m, max-file: '3'}}",
        ),
        ("--log-driver none", ", logging: {driver: none}"),
        ("--label autoheal=true -l a=b", ", labels: {autoheal: 'true', a: b}"),
        ("-p 80:8080 -p 53:53/udp --expose 90", ", ports: ['80:8080', '53:53/udp'], expose: ['90']"),
        ("--entrypoint sh", ", entrypoint: [sh]"),
        ("--entrypoint ''", ", entrypoint: []"),
        ("--entrypoint 'sh -c'", ", entrypoint: ['sh -c']"),
        ("--name n", ", container_name: n"),
        ("--ipc host", ", ipc: host"),
    ] {
        let (ours, theirs) = (run(&format!("docker run {flags} x")), compose(keys));
        for ((name, ours), (_, theirs)) in facts(&ours).into_iter().zip(facts(&theirs)) {
            assert_eq!(ours, theirs, "{name} of {flags}");
        }
    }
    let words = run("docker run x sh -c 'a b'");
    assert_eq!(facts(&words), facts(&compose(", command: [sh, -c, 'a b']")));
    for (flags, keys) in [
        (
            "--limit-memory 1g --reserve-memory 512m",
            ", deploy: {resources: {limits: {memory: 1g}, reservations: {memory: 512m}}}",
        ),
        ("--limit-pids 5 --limit-cpu 1.5", ", deploy: {resources: {limits: {pids: 5, cpus: 1.5}}}"),
        ("--replicas 3", ", deploy: {replicas: 3}"),
        (
            "--restart-condition any --restart-max-attempts 3",
            ", deploy: {restart_policy: {condition: any, max_attempts: 3}}",
        ),
        ("--mode global", ", deploy: {mode: global}"),
        ("--mode replicated-job", ", deploy: {mode: replicated-job, restart_policy: {condition: none}}"),
        (
            "--mode global-job --restart-condition any",
            ", deploy: {mode: global-job, restart_policy: {condition: none}}",
        ),
        ("--stop-grace-period 30s", ", stop_grace_period: 30s"),
        (
            "--memory-swap 1g --memory-swappiness 5 --init",
            ", memswap_limit: 1g, mem_swappiness: 5, init: true",
        ),
        ("--entrypoint 'sh -c'", ", entrypoint: sh -c"),
    ] {
        let (ours, theirs) = (run(&format!("docker service create {flags} x")), compose(keys));
        for ((name, ours), (_, theirs)) in facts(&ours).into_iter().zip(facts(&theirs)) {
            assert_eq!(ours, theirs, "{name} of {flags}");
        }
    }
    for (flags, keys) in [
        ("--health-cmd none", ", healthcheck: {disable: true}"),
        ("--health-cmd '[\"CMD\", \"x\"]'", ", healthcheck: {test: [CMD, x]}"),
        ("--health-cmd x", ", healthcheck: {test: x}"),
        (
            "--healthcheck-command x --healthcheck-interval 5s --healthcheck-timeout 1s --healthcheck-retries 2 --healthcheck-start-period 3s",
            ", healthcheck: {test: x, interval: 5s, timeout: 1s, retries: 2, start_period: 3s}",
        ),
        ("-m 1m", ", mem_limit: 1m"),
    ] {
        let (ours, theirs) = (run(&format!("podman run {flags} x")), compose(keys));
        for ((name, ours), (_, theirs)) in facts(&ours).into_iter().zip(facts(&theirs)) {
            assert_eq!(ours, theirs, "{name} of {flags}");
        }
    }
    // A list in JSON is one text for Docker.
    assert_eq!(
        facts(&run("docker run --health-cmd '[\"CMD\"]' x")),
        facts(&compose(", healthcheck: {test: '[\"CMD\"]'}"))
    );
}

/// A flag that a variable of the shell sets is unknown, and nothing else is.
#[test]
fn flags_with_variables_are_unknown() {
    let absent: Vec<(&str, String)> = facts(&run("docker run x"));
    for (flags, names) in [
        ("-m $X", &["limit"][..]),
        ("-m ${X}m", &["limit"]),
        ("--memory-swap $X", &["swap"]),
        ("--memory-swappiness $X", &["swappiness"]),
        ("--oom-kill-disable=$X", &["oom"]),
        ("--pids-limit $X", &["pids"]),
        ("--cpus $X", &["cpus"]),
        ("--restart $X", &["restart"]),
        ("--init=$X", &["init"]),
        ("--stop-timeout $X", &["grace"]),
        ("--stop-timeout x", &["grace"]),
        ("--stop-timeout -1", &["grace"]),
        ("--init=maybe", &["init"]),
        ("-e A=$X", &["environment"]),
        ("-e $X=1", &["files"]),
        ("-e ${X}", &["files"]),
        ("-e \"`x`=1\"", &["files"]),
        ("--env-file $X", &["files"]),
        ("--env-file missing.env", &["files"]),
        ("--ulimit nofile=$X", &["open ulimits"]),
        ("--log-driver $X", &["logging"]),
        ("--name $X", &["name"]),
        ("--entrypoint $X", &["entrypoint"]),
        ("-v $X:/b", &["mounts"]),
        ("-v $X", &["mounts", "open mounts"]),
        ("-v /a:$X", &["mounts", "open mounts"]),
        ("--mount $X=y", &["mounts", "open mounts"]),
        ("--tmpfs $X", &["tmpfs", "open mounts"]),
        ("--tmpfs /x:size=$X", &["tmpfs"]),
        ("-p $X:80", &["ports"]),
        ("-p 80:$X", &["ports"]),
    ] {
        let found = facts(&run(&format!("docker run {flags} x")));
        for ((name, found), (_, absent)) in found.iter().zip(&absent) {
            if names.contains(name) {
                let shows =
                    found.contains('?') || found.contains("Unknown") || found == "true" || found != absent;
                assert!(shows, "{name} of {flags}: {found}");
            } else {
                assert!(
                    found == absent || (flags.contains("ulimit") && name.contains("ulimit")),
                    "{name} of {flags}: {found}"
                );
            }
        }
    }
    for flags in ["-m $X", "--restart $X", "--cpus $X", "--init=$X", "--stop-timeout $X", "--stop-timeout x"]
    {
        let found = facts(&run(&format!("docker run {flags} x")));
        assert_eq!(found.iter().filter(|(_, shown)| shown == "?").count(), 1, "{flags}");
    }
    let podman = facts(&run("podman run --health-cmd $X x"));
    assert!(podman.contains(&("disable", "?".to_owned())));
    assert!(!facts(&run("docker run --health-cmd $X x")).contains(&("disable", "?".to_owned())));
    // Values that the client rejects are unknown as well, not absent.
    for flags in ["--ulimit nofile=x", "-m 512Mi"] {
        assert_ne!(facts(&run(&format!("docker run {flags} x"))), absent, "{flags}");
    }
    // In Podman a file and the host may bring any variable.
    for flags in ["--env-host", "--env-merge A=b", "--rootfs"] {
        assert!(!run(&format!("podman run {flags} x")).env_files.is_empty(), "{flags}");
    }
    assert!(run("docker run --volumes-from y x").env_files.is_empty());
}

#[test]
fn of_a_command_that_is_not_read_to_its_end_nothing_is_known() {
    for line in [
        "docker run $OPTS x",
        "docker run -memory 1g x",
        "docker run --rm true x",
        "docker run --foo 1 x",
        "docker run -m 1g Foo",
        "podman run --new x",
    ] {
        let service = run(line);
        for (name, fact) in facts(&service) {
            let is_open = [
                "limit",
                "swap",
                "reservation",
                "shm",
                "swappiness",
                "oom",
                "pids",
                "cpus",
                "quota",
                "period",
                "restart",
                "init",
                "grace",
                "entrypoint",
                "command",
                "logging",
                "ipc",
                "image",
                "name",
            ]
            .contains(&name);
            assert_eq!(
                fact == "?",
                is_open
                    || ["test", "disable", "interval", "timeout", "start", "start interval", "retries"]
                        .contains(&name)
                        && fact == "?",
                "{line}: {name} {fact}"
            );
        }
        assert!(!service.env_files.is_empty(), "{line}");
    }
    // Nothing is started without an image, or for help.
    let sources = Sources::new();
    for line in
        ["docker run", "docker run -d", "docker run --help x", "docker run --help=$X x", "docker run --name"]
    {
        let file = sources.add(Path::new(line), line);
        assert!(projects(file, Notation::Lines, &sources).is_empty(), "{line}");
    }
    assert_eq!(
        projects(sources.add(Path::new("two"), "docker run a\ndocker run b\n"), Notation::Lines, &sources)
            .len(),
        2
    );
    assert!(!run("docker run --help=false x").image.is_absent());
}

fn launch(line: &str, notation: Notation) -> Launch {
    let sources = Sources::new();
    let mut found = projects(sources.add(Path::new("run.txt"), line), notation, &sources);
    match found.remove(0).compose.services.remove(0).element {
        crate::model::compose::Element::Described(described) => *described.launch.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_tells_how_long_its_container_stays() {
    use Stay::{Brief, Lasting, Passing};
    for (line, stay) in [
        ("docker run x", Passing),
        ("docker run --rm x", Brief),
        ("docker run --rm=false x", Passing),
        ("docker run --rm=$X x", Brief),
        ("docker run -it x", Brief),
        ("docker run -t x", Brief),
        ("docker run -i x", Brief),
        ("docker run -d x", Lasting),
        ("docker run -d=false x", Passing),
        ("docker run -d --rm x", Passing),
        ("docker run -dit x", Lasting),
        ("docker run --restart always x", Lasting),
        ("docker run --restart no x", Passing),
        ("docker run --restart $X --rm x", Lasting),
        ("docker run -it --restart always x", Lasting),
        ("docker create x", Lasting),
        ("docker create --rm x", Passing),
        ("docker create -t x", Passing),
        ("docker create -i x", Passing),
        ("docker create --restart always --rm x", Lasting),
        ("docker service create x", Lasting),
        ("docker service create -t x", Lasting),
    ] {
        assert_eq!(launch(line, Notation::Lines).stay, stay, "{line}");
        let unit = launch(&format!("[Service]\nExecStart={line}\n"), Notation::Unit).stay;
        assert_eq!(unit, Lasting, "{line}");
    }
}

#[test]
fn a_launch_has_the_client_and_its_flags() {
    for (line, command, podman, swarm) in [
        ("docker run x", "docker run", false, false),
        ("docker container create x", "docker create", false, false),
        ("docker service create x", "docker service create", false, true),
        ("podman run x", "podman run", true, false),
        ("podman create x", "podman create", true, false),
        ("nerdctl run x", "nerdctl run", false, false),
        ("nerdctl create x", "nerdctl create", false, false),
    ] {
        let found = launch(line, Notation::Lines);
        assert_eq!((found.command.as_str(), found.podman, found.swarm), (command, podman, swarm), "{line}");
    }
    let found = launch("docker run -itm 1g --env=A='b c' -e 'B=\nc' --rm x\n", Notation::Lines);
    let flags: Vec<&str> = found.flags.iter().map(|flag| flag.value.as_str()).collect();
    assert_eq!(flags, ["-i", "--env=A='b c'", "--rm"]);
    for (line, name) in [
        ("docker run --name n x", "n"),
        ("docker run --name '' x", "x"),
        ("docker run --name $X x", "x"),
        ("docker run x", "x"),
        ("docker run a/b/x:1", "x"),
        ("docker run host:5000/x", "x"),
        ("docker run x@sha256:0", "x"),
        ("docker run a/x:1@sha256:0", "x"),
        ("docker run a/$X:1", "a/$X:1"),
        ("docker run Foo", "container"),
        ("docker run --rm true", "container"),
        ("docker run -memory 1g x", "container"),
        ("docker run $OPTS x", "container"),
    ] {
        assert_eq!(run(line).name, name, "{line}");
    }
}

/// A size that the client rejects has its message, and is not known.
#[test]
fn sizes_have_the_client_s_grammar() {
    use crate::model::compose::SizeProblem;
    let problem = |line: &str, key: &str| {
        let service = run(line);
        let found = service
            .size_keys
            .iter()
            .find(|size| size.name == key)
            .unwrap_or_else(|| panic!("{line}: no {key}"));
        (
            found.size.is_unknown(),
            matches!(&found.problem, Some(SizeProblem::Refused(message)) if message.starts_with("invalid argument")),
        )
    };
    for (line, key) in [
        ("docker run -m 1Mi x", "mem_limit"),
        ("docker run -m -1 x", "mem_limit"),
        ("docker run --memory-swap -2 x", "memswap_limit"),
        ("docker run --memory-reservation -1 x", "mem_reservation"),
        ("docker run --shm-size -1 x", "shm_size"),
        ("docker service create --limit-memory -1 x", "deploy.resources.limits.memory"),
        ("docker service create --reserve-memory -1 x", "deploy.resources.reservations.memory"),
        ("podman run -m 1Mi x", "mem_limit"),
    ] {
        assert_eq!(problem(line, key), (true, true), "{line}");
        let service = run(line);
        let facts = [
            &service.mem_limit,
            &service.memswap_limit,
            &service.mem_reservation,
            &service.shm_size,
            &service.deploy.limit,
            &service.deploy.reservation,
        ];
        assert_eq!(facts.iter().filter(|fact| fact.is_unknown()).count(), 1, "{line}");
        assert!(facts.iter().all(|fact| fact.value().is_none()), "{line}");
    }
    for (line, key) in [
        ("docker run -m 1m x", "mem_limit"),
        ("docker run --memory-swap -1 x", "memswap_limit"),
        ("docker run -m 0 x", "mem_limit"),
    ] {
        assert_eq!(problem(line, key), (false, false), "{line}");
    }
    // The last one counts.
    assert_eq!(problem("docker run -m 1Mi -m 1m x", "mem_limit"), (false, false));
    // Settings that contradict each other in Compose are none of a command.
    assert!(
        run("docker run --health-cmd x --health-start-interval 1s x")
            .healthcheck
            .unwrap()
            .refusals
            .is_empty()
    );
}
