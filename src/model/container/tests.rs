use super::*;
use crate::model::compose::Service;
use crate::source::SourceId;
use crate::syntax::size::{ByteSize, MIB};

/// A container as Docker 28 prints it, in short, with these limits and this configuration.
fn whole(host: &str, config: &str) -> String {
    format!(
        r#"[{{
  "Id": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "Path": "/entry.sh", "Args": ["serve"],
  "State": {{"Status": "exited", "Running": false, "OOMKilled": true, "Pid": 0, "ExitCode": 137, "Error": "",
    "StartedAt": "2026-01-02T03:04:05.1Z", "FinishedAt": "2026-01-02T03:05:05.1Z"}},
  "Image": "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
  "Name": "/shop-web-1", "RestartCount": 3,
  "HostConfig": {{"NetworkMode": "bridge", "ShmSize": 67108864, "MemorySwappiness": null, "OomKillDisable": null,
    "PidsLimit": null, "Ulimits": null, "RestartPolicy": {{"Name": "no", "MaximumRetryCount": 0}}, {host}}},
  "Config": {{"Hostname": "x", "Image": "acme/web:1", "Cmd": ["serve"], "Entrypoint": ["/entry.sh"], {config}}}
}}]"#
    )
}

fn keep(name: &str, value: &str) -> Option<Option<String>> {
    let flags = || value.split(' ').filter(|word| word.starts_with("-X")).collect::<Vec<_>>().join(" ");
    (name == "JAVA_OPTS").then(|| Some(flags()))
}

fn one(text: &str) -> Container {
    let reading = read(SourceId(0), text);
    assert_eq!(reading.containers.len(), 1, "{text}");
    reading.containers[0].clone()
}

fn service(host: &str, config: &str) -> Service {
    one(&whole(host, config)).service(0, &keep)
}

const NONE: &str = r#""Memory": 0, "MemorySwap": 0, "MemoryReservation": 0"#;

#[test]
fn a_whole_output_is_read() {
    let text = whole(NONE, r#""Env": [], "Labels": {}"#);
    let container = one(&text);
    assert_eq!(container.name.value().map(TracedText::as_str), Some("shop-web-1"));
    assert_eq!(&text[container.anchor.range()], "\"/shop-web-1\"");
    assert_eq!(container.image.value().map(TracedText::as_str), Some("acme/web:1"));
    assert_eq!(container.state.oom_killed.value(), Some(&true));
    assert_eq!(container.state.exit_code.value(), Some(&137));
    assert!(container.state.error.is_absent() && container.state.health.is_absent());
    assert_eq!(container.restart_count.value(), Some(&3));
    assert!(container.config.healthcheck.is_absent() && container.host.oom_kill_disable.is_absent());
    assert_eq!(container.engine, Engine::Docker);
}

#[test]
fn numbers_that_stand_for_nothing_are_absent() {
    let none = service(NONE, r#""Env": []"#);
    assert!(none.mem_limit.is_absent() && none.memswap_limit.is_absent() && none.mem_reservation.is_absent());
    assert!(none.pids_limit.is_absent() && none.shm_size.is_absent() && none.restart.is_absent());
    assert!(
        none.swappiness.is_absent()
            && none.oom_kill_disable.is_absent()
            && none.stop_grace_period.is_absent()
    );
    assert!(none.healthcheck.is_none() && none.env_files.is_empty());
    let swap = |swap: i64| {
        let host = format!(r#""Memory": 536870912, "MemorySwap": {swap}, "MemoryReservation": 268435456"#);
        service(&host, r#""Env": []"#)
    };
    // Twice the memory is what the engine writes if nobody says anything.
    let default = swap(1024 * MIB);
    assert_eq!(default.mem_limit.value(), Some(&ByteSize(512 * MIB)));
    assert_eq!(default.mem_reservation.value(), Some(&ByteSize(256 * MIB)));
    assert!(default.memswap_limit.is_absent());
    assert_eq!(swap(512 * MIB).memswap_limit.value(), Some(&ByteSize(512 * MIB)));
    assert_eq!(swap(-1).memswap_limit.value(), Some(&ByteSize(-1)));
    // A kernel with cgroup v1 may not account for swap.
    let text = whole(r#""Memory": 536870912, "MemorySwap": -1"#, r#""Env": []"#);
    let v1 = text.replace(r#""OomKillDisable": null"#, r#""OomKillDisable": false"#);
    assert!(one(&v1).service(0, &keep).memswap_limit.is_unknown());
    // A limit that was discarded is none.
    let discarded = service(r#""Memory": 0, "MemorySwap": -1"#, r#""Env": []"#);
    assert!(discarded.mem_limit.is_absent() && discarded.memswap_limit.is_absent());
}

#[test]
fn other_settings_are_those_of_compose() {
    let host = format!(
        r#"{NONE}, "PidsLimit": 64, "NanoCpus": 1500000000, "Tmpfs": {{"/run": "rw,size=64m"}}, "Init": true,
        "Ulimits": [{{"Name": "memlock", "Hard": -1, "Soft": -1}}], "IpcMode": "host", "ShmSize": 134217728,
        "RestartPolicy": {{"Name": "on-failure", "MaximumRetryCount": 5}},
        "LogConfig": {{"Type": "json-file", "Config": {{"max-size": "10m"}}}}"#
    );
    let config = r#""Env": ["JAVA_OPTS=-Xmx1g -Dpassword=hunter2", "EMPTY=", "BARE"], "StopTimeout": 30,
        "ExposedPorts": {"80/tcp": {}},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5000000000, "Timeout": 0, "Retries": 3}"#;
    let service = service(&host, config);
    assert_eq!(service.pids_limit.value(), Some(&64));
    assert_eq!(service.cpus.value(), Some(&1.5));
    assert_eq!(service.tmpfs[0].size.value(), Some(&ByteSize(64 * MIB)));
    assert_eq!(service.init.value(), Some(&true));
    assert_eq!(service.ulimits.get("memlock").map(|limit| limit.value), Some((-1, -1)));
    assert_eq!(service.ipc.value().map(String::as_str), Some("host"));
    assert_eq!(service.shm_size.value(), Some(&ByteSize(128 * MIB)));
    assert_eq!(service.restart.value().map(String::as_str), Some("on-failure:5"));
    assert_eq!(
        service.logging.value().and_then(|log| log.options.get("max-size")).map(String::as_str),
        Some("10m")
    );
    assert_eq!(service.stop_grace_period.value(), Some(&30_000_000_000));
    assert_eq!(service.ports.named, [80]);
    let check = service.healthcheck.unwrap();
    assert_eq!(check.interval.value(), Some(&5_000_000_000));
    assert!(check.timeout.is_absent() && check.refusals.is_empty());
    let words = |fact: &Fact<Vec<TracedText>>| fact.value().map(|words| words.len());
    assert_eq!((words(&service.entrypoint), words(&service.command)), (Some(1), Some(1)));
    assert!(service.environment.get("JAVA_OPTS").unwrap().known().is_some());
    assert!(service.environment.get("EMPTY").unwrap().is_unknown());
    assert!(service.environment.contains_key("BARE"));
}

#[test]
fn parts_say_what_they_say_and_no_more() {
    let state = one(r#""State": {"Status": "exited", "OOMKilled": false, "ExitCode": 137}"#);
    assert_eq!(state.state.exit_code.value(), Some(&137));
    assert!(state.host.memory.is_unknown() && state.name.is_unknown() && state.config.env.is_unknown());
    let service = state.service(4, &keep);
    assert_eq!(service.name, "container 5");
    assert!(service.mem_limit.is_unknown() && service.restart.is_unknown() && service.command.is_unknown());
    assert!(service.healthcheck.is_some_and(|check| check.test.is_unknown()));
    let limits =
        one("  \"Memory\": 0,\n  \"MemoryReservation\": 0,\n  \"MemorySwap\": -1,\n").service(0, &keep);
    assert!(limits.mem_limit.is_absent() && limits.pids_limit.is_unknown());
    let health =
        one(r#"{"Status": "unhealthy", "FailingStreak": 3, "Log": [{"ExitCode": -1, "Output": "x"}]}"#);
    assert_eq!(health.state.health.value().map(|health| health.log.len()), Some(1));
    let bare = one("OOMKilled=true ExitCode=137");
    assert_eq!(bare.state.oom_killed.value(), Some(&true));
    // Cut off in the middle: what is not there may follow.
    let text = whole(NONE, r#""Env": []"#);
    let cut = one(&text[..text.find("\"RestartPolicy\"").unwrap()]).service(0, &keep);
    assert!(cut.restart.is_unknown() && cut.mem_limit.is_unknown() && cut.pids_limit.is_absent());
}

#[test]
fn containers_are_found_among_other_objects() {
    let container = whole(NONE, r#""Env": []"#);
    let image = r#"{"Id": "sha256:0", "RepoTags": ["a:1"], "Config": {"Env": [], "Cmd": ["x"]}}"#;
    let text = format!(
        r#"$ docker inspect a b {container} [{image}] [{{"Name": "net", "Driver": "bridge", "EnableIPv6": false}}]
        [{{"Driver": "local", "Mountpoint": "/x"}}] {{"facts": {{"y": [{container}]}}}} ["restarting"]"#
    );
    let reading = read(SourceId(0), &text);
    assert_eq!(reading.containers.len(), 2);
    let others: Vec<&str> = reading.others.iter().map(|other| other.value).collect();
    assert_eq!(others, ["image", "network", "volume"]);
    let many = "{\"RestartCount\": 0}\n".repeat(MAX_CONTAINERS + 1);
    let reading = read(SourceId(0), &many);
    assert!(reading.containers.len() == MAX_CONTAINERS && reading.is_truncated);
}

#[test]
fn podman_prints_some_things_otherwise() {
    let text = r#"[{"Id": "ab12", "Name": "db", "ImageName": "docker.io/library/redis:7", "Image": "00112233445566",
        "State": {"OciVersion": "1.1", "Running": true, "StartedAt": "x", "CgroupPath": "/machine.slice/libpod-ab12.scope",
          "Health": {"Status": "", "FailingStreak": 0, "Log": null}},
        "HostConfig": {"Memory": 6291456, "MemorySwap": 12582912, "NetworkMode": "x", "ShmSize": 65536000,
          "Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1, "Hard": 2}], "MemorySwappiness": -1, "PidsLimit": 2048},
        "Config": {"Hostname": "x", "Image": "y", "Env": [], "Cmd": null, "Entrypoint": "redis-server", "StopTimeout": 10,
          "CreateCommand": ["podman", "run", "-m", "6m", "redis"]}}]"#;
    let container = one(text);
    assert_eq!(container.engine, Engine::Podman);
    assert!(container.state.health.is_absent());
    let service = container.service(0, &keep);
    assert_eq!(service.image.value().map(TracedText::as_str), Some("docker.io/library/redis:7"));
    assert!(service.memswap_limit.is_absent() && service.swappiness.is_absent());
    assert!(service.stop_grace_period.is_absent() && service.ulimits.contains_key("nofile"));
    assert_eq!(service.entrypoint.value().map(|words| words[0].as_str()), Some("redis-server"));
}

#[test]
fn labels_tell_the_compose_service() {
    let labels = r#""Env": [], "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web",
        "com.docker.compose.project.config_files": "/srv/shop/compose.yaml,/srv/shop/x.yaml"}"#;
    let labels = one(&whole(NONE, labels)).compose_labels().unwrap();
    assert_eq!((labels.project.as_deref(), labels.service.as_deref()), (Some("shop"), Some("web")));
    assert_eq!(labels.files, ["/srv/shop/compose.yaml", "/srv/shop/x.yaml"]);
    assert_eq!(one(&whole(NONE, r#""Env": []"#)).compose_labels(), None);
}

#[test]
fn secrets_are_masked_in_place() {
    let config = r#""Env": ["JAVA_OPTS=-Xmx1g -Dx=geheim\u00e9\\ -Xms1g", "TOKEN=geheim é", "EMPTY="],
        "Healthcheck": {"Test": ["CMD", "x", "--password=hunter2"]},
        "CreateCommand": ["podman", "run", "-e", "A=geheim", "--env=B=geheim", "-m", "6m"],
        "Labels": {"com.docker.compose.service": "web", "token": "geheim", "empty": ""}"#;
    let host = format!(
        r#"{NONE}, "LogConfig": {{"Type": "splunk", "Config": {{"splunk-token": "geheim", "max-size": "1m"}}}}"#
    );
    let text = whole(&host, config);
    let masked = masked(SourceId(0), &text, &keep).unwrap();
    assert_eq!(masked.len(), text.len());
    for secret in ["geheim", "hunter2"] {
        assert!(!masked.contains(secret), "{masked}");
    }
    for shown in
        ["JAVA_OPTS=-Xmx1g ", " -Xms1g", "\"web\"", "acme/web:1", "\"1m\"", "--password=*", "/entry.sh"]
    {
        assert!(masked.contains(shown), "{shown}: {masked}");
    }
    assert!(serde_json::from_str::<serde_json::Value>(&masked).is_ok(), "{masked}");
    assert_eq!(super::masked(SourceId(0), &masked, &keep), None);
}

#[test]
fn other_forms_of_variables_and_labels_are_masked_as_well() {
    for text in [
        r#"[{"Config": {"Env": {"A": "geheim", "JAVA_OPTS": "-Xmx1g geheim"}}}]"#,
        r#"{"Labels": "a=b,token=geheim"}"#,
        r#"x {"y": {"Annotations": {"token": "geheim"}}}"#,
        r#""Env": ["A=geheim""#,
    ] {
        let masked = masked(SourceId(0), text, &keep).unwrap();
        assert!(
            !masked.contains("geheim") && (masked.contains("-Xmx1g") || !text.contains("-Xmx1g")),
            "{masked}"
        );
    }
}

#[test]
fn what_is_cut_off_is_masked_as_well() {
    let config = r#""Labels": {"token": "geheim", "x": "geheim"}, "Env": ["A=geheim", "B=geheim geheim"]"#;
    let text = whole(NONE, config);
    let from = text.find("\"Labels\"").unwrap();
    for end in (from..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let part = &text[..end];
        let masked = masked(SourceId(0), part, &keep);
        assert!(!masked.as_deref().unwrap_or(part).contains("geheim"), "{part}");
    }
}

#[test]
fn every_prefix_of_an_output_is_read() {
    let text =
        whole(NONE, r#""Env": ["A=é\u00e9"], "Healthcheck": {"Test": ["CMD", "x"]}, "Labels": {"a": "b"}"#);
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        for container in read(SourceId(0), &text[..end]).containers {
            assert!(container.span.range().end <= end);
            let _ = container.service(0, &keep);
        }
    }
}
