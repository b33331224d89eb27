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

/// Returns the kinds of the mistakes of a command line, each with the bytes at fault and what makes it so.
fn mistaken(line: &str) -> Vec<(String, String, String)> {
    let slice = |span: Span| line[span.range()].to_owned();
    let found = launch(line, Notation::Lines).mistakes;
    found
        .into_iter()
        .map(|mistake| (format!("{:?}", mistake.kind), slice(mistake.span), slice(mistake.because)))
        .collect()
}

#[test]
fn a_limit_behind_the_image_is_none() {
    let image = "nginx";
    for (words, place, flag, certain, is_limit) in [
        ("-m 512m", "-m 512m", "-m 512m", false, true),
        ("-m512m", "-m512m", "-m512m", false, true),
        ("-m=512m", "-m=512m", "-m=512m", false, true),
        ("--memory 512m", "--memory 512m", "--memory 512m", false, true),
        ("--memory=512m", "--memory=512m", "--memory=512m", false, true),
        ("-d -m 512m", "-m 512m", "-m 512m", false, true),
        ("--name x -m 512m", "-m 512m", "-m 512m", false, true),
        ("-t=false -m 512m", "-m 512m", "-m 512m", false, true),
        ("-p80:80 -m 512m", "-m 512m", "-m 512m", false, true),
        ("--memory-swap 1g", "--memory-swap 1g", "--memory-swap 1g", true, false),
        ("--memory-swap -1", "--memory-swap -1", "--memory-swap -1", true, false),
        ("--memory-swap=1024", "--memory-swap=1024", "--memory-swap=1024", true, false),
        ("--memory-reservation 1g", "--memory-reservation 1g", "--memory-reservation 1g", true, false),
        ("--shm-size 64m", "--shm-size 64m", "--shm-size 64m", true, false),
        ("--pids-limit -1", "--pids-limit -1", "--pids-limit -1", true, false),
        ("--oom-kill-disable", "--oom-kill-disable", "--oom-kill-disable", true, false),
        ("-e JAVA_OPTS=-Xmx1g", "-e JAVA_OPTS=-Xmx1g", "-e JAVA_OPTS=-Xmx1g", false, false),
        ("-eMAX_HEAP1=5", "-eMAX_HEAP1=5", "-eMAX_HEAP1=5", false, false),
        ("--env NODE_OPTIONS=x", "--env NODE_OPTIONS=x", "--env NODE_OPTIONS=x", false, false),
    ] {
        let line = format!("docker run {image} {words}");
        let kind = format!("BehindImage {{ flag: {flag:?}, image: \"nginx\", certain: {certain} }}");
        assert_eq!(mistaken(&line), [(kind, place.to_owned(), image.to_owned())], "{line}");
        assert_eq!(launch(&line, Notation::Lines).mistakes[0].is_limit_behind_image(), is_limit, "{line}");
    }
    for line in [
        "docker run nginx -m 512",
        "docker run nginx -m x",
        "docker run nginx -m 0m",
        "docker run nginx -m",
        "docker run nginx sh -m 512m",
        "docker run nginx - -m 512m",
        "docker run nginx --memory $X",
        "docker run nginx --foo -m 512m",
        "docker run $X -m 512m",
        "docker run memcached -m 64m",
        "docker run a/docker:dind -m 5m",
        "docker run --entrypoint x nginx -m 512m",
        "docker run nginx --shm-size x",
        "docker run nginx -e A=1",
        "docker run nginx -e java_opts=1",
        "docker run nginx -e OPTS",
        "docker run nginx --memory-swap x",
        "docker run nginx -d",
        "docker run nginx -t 512m",
        "docker run nginx --memory-swap 0",
    ] {
        assert_eq!(mistaken(line), [], "{line}");
    }
    let swarm = "docker service create nginx --limit-memory 1g";
    assert!(launch(swarm, Notation::Lines).mistakes[0].is_limit_behind_image());
    assert_eq!(mistaken("docker service create nginx -m 1g"), []);
}

#[test]
fn what_the_client_takes_for_something_else_is_told() {
    for (line, kind, place, because) in [
        ("docker run --rm true x", "ValueIsImage { flag: \"--rm\", value: \"true\" }", "true", "--rm"),
        ("docker run -d false x", "ValueIsImage { flag: \"--detach\", value: \"false\" }", "false", "-d"),
        (
            "docker run --kernel-memory 1g x",
            "Ignored { flag: \"--kernel-memory\" }",
            "--kernel-memory 1g",
            "docker run",
        ),
        (
            "docker run --entrypoint 'java -jar' x",
            "EntrypointWithBlanks { value: \"java -jar\" }",
            "--entrypoint 'java -jar'",
            "docker run",
        ),
        (
            "docker run -memory 1g x",
            "OneDash { word: \"-memory\", read: Some(\"-m emory\"), meant: \"--memory\" }",
            "-memory",
            "docker run",
        ),
        (
            "docker run —memory 1g x",
            "OtherDash { word: \"—memory\", meant: \"--memory\" }",
            "—memory",
            "docker run",
        ),
        ("docker run –rm x", "OtherDash { word: \"–rm\", meant: \"--rm\" }", "–rm", "docker run"),
        ("docker run −m 1g x", "OtherDash { word: \"−m\", meant: \"-m\" }", "−m", "docker run"),
        (
            "docker run ‐‐memory=1g x",
            "OtherDash { word: \"‐‐memory=1g\", meant: \"--memory\" }",
            "‐‐memory=1g",
            "docker run",
        ),
    ] {
        assert_eq!(mistaken(line), [(kind.to_owned(), place.to_owned(), because.to_owned())], "{line}");
    }
    for line in [
        "docker run --rm=true true",
        "docker run --rm truex",
        "docker run --name true x",
        "docker run true",
        "docker run --rm $X true",
        "docker run --entrypoint java x",
        "docker run --entrypoint '[\"a\", \"b\"]' x",
        "docker service create --entrypoint 'a b' x",
        "docker run --entrypoint \"a $X\" x",
    ] {
        let found = mistaken(line);
        assert!(
            found.iter().all(|(kind, ..)| !kind.starts_with("ValueIs") && !kind.starts_with("Entrypoint")),
            "{line}: {found:?}"
        );
    }
}

#[test]
fn what_the_client_rejects_is_told_with_a_sample() {
    for (line, what, sample) in [
        ("docker run --foo x", "--foo", "None"),
        ("docker run --rm=maybe x", "--rm=maybe", "Some(\"true\")"),
        ("docker run --pids-limit a1 x", "--pids-limit a1", "Some(\"10\")"),
        ("docker run --blkio-weight a1 x", "--blkio-weight a1", "Some(\"10\")"),
        ("docker run --cpus abc x", "--cpus abc", "Some(\"1.5\")"),
        ("docker run --health-interval abc x", "--health-interval abc", "Some(\"30s\")"),
        ("docker run --ulimit abc x", "--ulimit abc", "Some(\"nofile=1024:2048\")"),
        ("docker run --sysctl a=b x", "--sysctl a=b", "Some(\"net.core.somaxconn=1024\")"),
        ("docker run --restart always:x x", "--restart always:x", "Some(\"on-failure:3\")"),
        ("docker run -m abc x", "--memory abc", "Some(\"512m\")"),
        ("docker run --memory-swap abc x", "--memory-swap abc", "Some(\"512m\")"),
        ("docker run --restart always --rm x", "--restart always", "None"),
        ("docker run Nginx", "Nginx", "None"),
        ("docker run x:y:z", "x:y:z", "None"),
    ] {
        let found = mistaken(line);
        let start = format!("Refused {{ what: {what:?}, ");
        assert!(
            found.len() == 1
                && found[0].0.starts_with(&start)
                && found[0].0.ends_with(&format!("sample: {sample} }}")),
            "{line}: {found:?}"
        );
    }
    for line in [
        "podman run --foo x",
        "docker run --mem 1g x",
        "docker run -M 1g x",
        "docker run --Foo x",
        "docker run --foo_bar x",
        "docker run IMAGE",
        "docker run MY_IMAGE:1",
        "docker run MyApp",
        "docker run Image",
        "docker run <Image>",
        "docker run YourName/x",
        "docker run Example",
    ] {
        assert_eq!(mistaken(line), [], "{line}");
    }
    let swarm = run("docker service create --memory 1g x");
    assert_eq!(swarm.unknown_keys.iter().map(|key| key.meant).collect::<Vec<_>>(), ["limit-memory"]);
    for (flag, meant) in [
        ("--mem", "memory"),
        ("-M", "memory"),
        ("--memory_limit", "memory"),
        ("--memory_swap", "memory-swap"),
        ("--mem-reservation", "memory-reservation"),
    ] {
        let found: Vec<&str> =
            run(&format!("docker run {flag} 1g x")).unknown_keys.iter().map(|key| key.meant).collect();
        assert_eq!(found, [meant], "{flag}");
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

/// Returns what a `devcontainer.json` starts.
fn devcontainer(text: &str) -> Option<DevcontainerProject> {
    let sources = Sources::new();
    devcontainer_project(sources.add(Path::new("r/.devcontainer/devcontainer.json"), text), &sources)
}

#[test]
fn a_devcontainer_starts_its_services_or_a_container() {
    let files = |text: &str| match devcontainer(text) {
        Some(DevcontainerProject::Compose(files)) => {
            files.iter().map(|file| file.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
        _ => panic!("{text}"),
    };
    assert_eq!(files("{\"dockerComposeFile\": \"dev.yml\"}"), ["r/.devcontainer/dev.yml"]);
    assert_eq!(
        files(
            "{\"dockerComposeFile\": [\"../a.yml\", \"${localEnv:X}/b.yml\", \"dev.yml\"], \"image\": \"x\"}"
        ),
        ["r/a.yml", "r/.devcontainer/dev.yml"]
    );
    for text in ["{}", "[]", "{", "{\"name\": \"x\"}", "{\"features\": {}}"] {
        assert!(devcontainer(text).is_none(), "{text}");
    }
    let service = |text: &str| match devcontainer(text) {
        Some(DevcontainerProject::Container(project)) => project.compose.services.into_iter().next().unwrap(),
        _ => panic!("{text}"),
    };
    let found = service("{\"image\": \"x:1\"}");
    assert_eq!((found.name.as_str(), found.image.value().unwrap().as_str()), ("devcontainer", "x:1"));
    assert!(found.build.is_none() && found.mem_limit.is_absent() && found.command.is_unknown());
    let found = service(
        "{\"name\": \"n\", \"runArgs\": [\"--memory=1g\", \"--init\"], \"containerEnv\": {\"A\": \"1\", \"B\": \"${localEnv:B}\"}}",
    );
    assert_eq!(found.name, "n");
    assert_eq!(
        (shown_fact(&found.mem_limit).as_str(), shown_fact(&found.init).as_str()),
        ("ByteSize(1073741824)", "true")
    );
    assert_eq!(
        (found.environment["A"].value().unwrap().as_str(), found.environment["B"].is_unknown()),
        ("1", true)
    );
    // Features may add variables.
    assert_eq!(found.env_files.len(), 1);
    assert!(service("{\"image\": \"${localEnv:I}\"}").image.is_unknown());
    // The Dockerfile is relative to the file, in Compose to the context: together they lead to the same place.
    let here = std::env::current_dir().unwrap().join("r/.devcontainer");
    for (build, context, dockerfile, target) in [
        ("{\"dockerfile\": \"D\"}", ".", Some("D"), None),
        ("{\"dockerfile\": \"D\", \"context\": \"..\"}", "..", Some("D"), None),
        (
            "{\"dockerfile\": \"../D\", \"context\": \"..\", \"target\": \"dev\"}",
            "..",
            Some("../D"),
            Some("dev"),
        ),
        ("{\"dockerfile\": \"D\", \"context\": \"sub\"}", "sub", Some("D"), None),
        ("{\"context\": \"..\"}", "..", None, None),
    ] {
        let found = service(&format!("{{\"build\": {build}}}")).build.unwrap();
        let text = |fact: &Fact<TracedText>| fact.value().map(|text| text.as_str().to_owned());
        assert_eq!(text(&found.context).as_deref(), Some(context), "{build}");
        let found_at =
            text(&found.dockerfile).map(|file| crate::source::normalize(&here.join(context).join(file)));
        assert_eq!(found_at, dockerfile.map(|file| crate::source::normalize(&here.join(file))), "{build}");
        assert_eq!(text(&found.target).as_deref(), target, "{build}");
    }
    // Arguments that cannot be read leave the rest as it is.
    let found = service("{\"image\": \"x\", \"runArgs\": [\"--memory\", \"1x\", \"--foo\", \"1\"]}");
    assert!(found.mem_limit.value().is_none() && found.image.value().is_some());
    let found = service("{\"image\": \"x\", \"runArgs\": [\"--mem\", \"1g\"]}");
    assert_eq!(found.unknown_keys.len(), 1);
}
