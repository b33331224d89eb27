use super::super::tests::one;
use super::*;

#[test]
fn numbers_are_read_as_go_reads_them() {
    for (text, number) in [
        ("0", 0),
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("0x1F", 31),
        ("-0x1f", -31),
        ("0X1F", 31),
        ("0b101", 5),
        ("0o17", 15),
        ("017", 15),
        ("-017", -15),
        ("1_000", 1000),
        ("9223372036854775807", i64::MAX),
    ] {
        assert_eq!(integer(text), Ok(number), "{text}");
    }
    for text in ["", "-", "+", "x", "1x", "0x", "0xg", "0b2", "0o8", "08", "--7", "-+7", "1.5", " 1", "0x-1"]
    {
        assert_eq!(integer(text), Err("invalid syntax"), "{text}");
    }
    assert_eq!(integer("9223372036854775808"), Err("value out of range"));
}

#[test]
fn booleans_are_read_as_go_reads_them() {
    for text in ["1", "t", "T", "true", "TRUE", "True"] {
        assert_eq!(boolean(text), Some(true));
    }
    for text in ["0", "f", "F", "false", "FALSE", "False"] {
        assert_eq!(boolean(text), Some(false));
    }
    for text in ["", "yes", "no", "tRUE", "2", "on"] {
        assert_eq!(boolean(text), None);
    }
}

/// Returns the first refusal of a command: the name that it is about, or the kind, and the message from its last colon on.
fn refused(flags: &str) -> Option<(String, String)> {
    let command = one(&format!("docker run {flags}"));
    let refusal = command.refusals.first()?;
    Some((format!("{:?}", refusal.kind), refusal.message.clone()))
}

#[test]
fn each_kind_of_value_has_its_grammar() {
    for (flag, taken, rejected) in [
        ("--memory", &["1g", "512m", "1.5g", "0", "1024", "1 GB"][..], &["-1", "512Mi", "x", "-5m"][..]),
        ("--memory-swap", &["-1", "1g", "0"], &["-2", "x", "-1m"]),
        ("--shm-size", &["1g", "0"], &["-1", "x"]),
        ("--cpu-quota", &["-1", "0", "50000", "0x10"], &["x", "1.5", ""]),
        ("--blkio-weight", &["0", "10", "0x10"], &["-1", "x", "1.5"]),
        (
            "--cpus",
            &["1", "1.5", ".5", "1/2", "1e1", "-1", "1_0"],
            &["x", "1/", "/2", ".", "1.5x", "1/x", "", "e"],
        ),
        ("--health-interval", &["1s", "1m30s", "0", "1.5h"], &["1", "x", "1d"]),
        (
            "--ulimit",
            &["nofile=1024", "nofile=1:2", "core=-1", "core=-1:-1", "nofile=5:-1", "a=0:0"],
            &[
                "nofile",
                "=1",
                "nofile=x",
                "nofile=1:x",
                "nofile=2:1",
                "nofile=-1:5",
                "nofile=1:2:3",
                "nofile=",
            ],
        ),
        (
            "--sysctl",
            &["net.core.somaxconn=1", "fs.mqueue.x=1", "kernel.sem=1", "kernel.shm_rmid_forced=1"],
            &[
                "vm.swappiness=1",
                "net.core.somaxconn",
                "kernel.x=1",
                "kernel.sem.x=1",
                "fs.x=1",
                "network.x=1",
            ],
        ),
        ("--memory-swappiness", &["-1", "0", "60", "100"], &["-2", "101", "x"]),
        (
            "--restart",
            &["no", "always", "on-failure", "on-failure:3", "on-failure:0"],
            &["on-failure:x", "on-failure:1:2", "always:"],
        ),
    ] {
        for value in taken {
            assert_eq!(refused(&format!("{flag} '{value}' i")), None, "{flag} {value}");
        }
        for value in rejected {
            let (kind, message) =
                refused(&format!("{flag} '{value}' i")).unwrap_or_else(|| panic!("{flag} {value} is taken"));
            assert_eq!(kind, format!("Value({:?})", flag.trim_start_matches('-')), "{flag} {value}");
            assert!(
                flag == "--restart"
                    || flag == "--memory-swappiness"
                    || message.contains(&format!("\"{value}\" for ")),
                "{message}"
            );
        }
    }
    for (flags, message) in [
        (
            "--ulimit nofile i",
            "invalid argument \"nofile\" for \"--ulimit\" flag: invalid ulimit argument: nofile",
        ),
        (
            "--ulimit nofile=2:1 i",
            "invalid argument \"nofile=2:1\" for \"--ulimit\" flag: ulimit soft limit must be less than or equal to hard limit: 2 > 1",
        ),
        ("--cpus x i", "invalid argument \"x\" for \"--cpus\" flag: failed to parse x as a rational number"),
        ("--sysctl a=1 i", "invalid argument \"a=1\" for \"--sysctl\" flag: sysctl 'a=1' is not allowed"),
        ("--memory-swappiness 101 i", "invalid value: 101. Valid memory swappiness range is 0-100"),
        ("--memory-swappiness -2 i", "invalid value: -2. Valid memory swappiness range is 0-100"),
        (
            "--blkio-weight -1 i",
            "invalid argument \"-1\" for \"--blkio-weight\" flag: strconv.ParseUint: parsing \"-1\": invalid syntax",
        ),
        (
            "--blkio-weight x i",
            "invalid argument \"x\" for \"--blkio-weight\" flag: strconv.ParseUint: parsing \"x\": invalid syntax",
        ),
        (
            "--cpu-quota 9223372036854775808 i",
            "invalid argument \"9223372036854775808\" for \"--cpu-quota\" flag: strconv.ParseInt: parsing \"9223372036854775808\": value out of range",
        ),
        (
            "-c x i",
            "invalid argument \"x\" for \"-c, --cpu-shares\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
    ] {
        assert_eq!(refused(flags).unwrap().1, message);
    }
    // What is not known is not refused, and Podman has other grammars.
    assert_eq!(refused("--memory $X --cpus $X --restart $X:x i"), None);
    for line in ["podman run --ulimit host i", "podman run --health-interval disable i"] {
        assert!(one(line).refusals.is_empty(), "{line}");
    }
}

#[test]
fn flags_exclude_each_other() {
    let aliases = "Conflict(\"network\")";
    for (flags, kind) in [
        ("--restart always --rm i", Some("Conflict(\"rm\")")),
        ("--restart on-failure:3 --rm i", Some("Conflict(\"rm\")")),
        ("--restart no --rm i", None),
        ("--restart '' --rm i", None),
        ("--restart always i", None),
        ("--restart always --rm=false i", None),
        ("--rm i", None),
        ("--no-healthcheck --health-cmd x i", Some("Conflict(\"no-healthcheck\")")),
        ("--health-retries 3 --no-healthcheck i", Some("Conflict(\"no-healthcheck\")")),
        ("--no-healthcheck=false --health-cmd x i", None),
        ("--no-healthcheck i", None),
        ("--health-cmd x i", None),
        ("--network-alias a i", Some(aliases)),
        ("--net-alias a i", Some(aliases)),
        ("--network-alias a --network host i", Some(aliases)),
        ("--network-alias a --network none i", Some(aliases)),
        ("--network-alias a --network bridge i", Some(aliases)),
        ("--network-alias a --net default i", Some(aliases)),
        ("--network-alias a --network container:x i", Some(aliases)),
        ("--network-alias a --network own i", None),
        ("--network-alias a --net own i", None),
        ("--network-alias a --network $X i", None),
        ("--network host i", None),
    ] {
        let found = refused(flags).map(|(kind, _)| kind);
        assert_eq!(found.as_deref(), kind, "{flags}");
        assert!(
            one(&format!("podman run {flags}")).refusals.is_empty() || flags.contains("net-alias"),
            "{flags}"
        );
    }
    for line in [
        "docker service create --memory-swappiness 101 i",
        "docker service create --restart-condition any --health-cmd x --no-healthcheck i",
    ] {
        assert!(one(line).refusals.is_empty(), "{line}");
    }
}

#[test]
fn images_are_references() {
    for image in [
        "a",
        "a1",
        "a.b",
        "a_b",
        "a-b",
        "a/b",
        "a/b/c:1",
        "a:1",
        "a:A.b-c_d",
        "a:_x",
        "localhost/a",
        "localhost:5000/a",
        "host.x/a",
        "Host.X/a",
        "host:5000/a:1",
        "a@sha256:0123",
        "a:1@sha256:0123",
        "x.y:5000/a/b:c",
        "1a",
    ] {
        assert_eq!(refused(image), None, "{image}");
    }
    for image in [
        "A",
        "aB",
        "a/B",
        "a:",
        "a/",
        "/a",
        "a:b:c",
        "a:.x",
        "a:-x",
        "a:x+y",
        ".a",
        "_a",
        "a.",
        "a_",
        "a:b:5000/b",
        "host.x:/a",
        "host.x:port/a",
        "host_x.y/a",
        "host.x/",
        "a?",
        "host.x/A",
    ] {
        assert_eq!(
            refused(image),
            Some(("Image".to_owned(), "invalid reference format".to_owned())),
            "{image}"
        );
    }
    // What is filled in before it runs is no mistake.
    assert_eq!(refused("A$B"), None);
}
