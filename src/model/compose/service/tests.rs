use super::super::tests::{Loaded, load};
use super::*;

/// Loads a service `a` of these keys.
fn service(keys: &str) -> Loaded {
    let loaded = load(&[("compose.yaml", &format!("services: {{a: {{image: i, {keys}}}}}\n"))]);
    assert!(loaded.compose.errors.is_empty(), "{keys}");
    loaded
}

#[test]
fn ports_are_those_of_the_container() {
    let ports = |keys: &str| service(keys).service("a").ports.clone();
    for (keys, named, other, literal, hidden_by) in [
        ("ports: ['8080']", &[8080][..], &[][..], &[8080][..], None),
        ("ports: ['80:8080']", &[8080], &[], &[8080], None),
        ("ports: ['127.0.0.1:80:8080/tcp']", &[8080], &[], &[8080], None),
        ("ports: ['80:8080/TCP', 8080]", &[8080], &[], &[8080], None),
        ("ports: ['53:53/udp', '1-2/UDP']", &[], &["UDP 53", "UDP 1-2"], &[], None),
        ("ports: ['${P:-80}:8080']", &[8080], &[], &[8080], None),
        ("ports: ['80:${P:-8080}']", &[8080], &[], &[], None),
        ("ports: ['80:${P:-8080}/tcp']", &[8080], &[], &[], None),
        ("ports: ['$P:8080']", &[8080], &[], &[8080], None),
        ("ports: ['80:$P']", &[], &[], &[], Some("P")),
        ("ports: ['$P']", &[], &[], &[], Some("P")),
        ("ports: ['$P/udp']", &[], &[], &[], Some("P")),
        ("ports: ['80/$P']", &[], &[], &[], Some("P")),
        ("ports: ['8000-8010']", &[], &[], &[], Some("")),
        ("ports: [{target: 8080, published: '80'}]", &[8080], &[], &[8080], None),
        ("ports: [{target: 8080, protocol: tcp}]", &[8080], &[], &[8080], None),
        ("ports: [{target: 53, protocol: udp}]", &[], &["UDP 53"], &[], None),
        ("ports: [{target: $P, protocol: udp}]", &[], &[], &[], None),
        ("ports: [{target: $P}]", &[], &[], &[], Some("P")),
        ("ports: [{published: '80'}]", &[], &[], &[], Some("")),
        ("expose: ['90', 91, '90'], ports: ['80:90']", &[90, 91], &[], &[90, 91], None),
    ] {
        let found = ports(keys);
        assert_eq!((found.named.as_slice(), found.literal.as_slice()), (named, literal), "{keys}");
        assert_eq!(found.other, other, "{keys}");
        assert_eq!(found.hidden, hidden_by.is_some(), "{keys}");
        assert_eq!(
            found.hidden_by,
            hidden_by.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>(),
            "{keys}"
        );
        let is_shown = !named.is_empty() || !other.is_empty() || hidden_by.is_some();
        assert_eq!(found.is_shown(), is_shown, "{keys}");
    }
    let label = "traefik.http.services.web.loadbalancer.server.port";
    for (keys, web) in [
        (format!("labels: {{{label}: 8080}}"), &[8080][..]),
        (format!("labels: ['{label}=8080', '{label}=8080']"), &[8080]),
        (format!("labels: {{{}: ' 8080 '}}", label.replace("traefik", "Traefik")), &[8080]),
        (format!("deploy: {{labels: {{{label}: 81}}}}, labels: {{{label}: 80}}"), &[80, 81]),
        (format!("labels: {{{label}: $P}}"), &[]),
        (format!("labels: {{{label}: x}}"), &[]),
        (format!("labels: {{{}: 80}}", label.replace(".port", ".scheme")), &[]),
        (format!("labels: {{{}: 80}}", label.replace("services", "routers")), &[]),
        ("init: true".to_owned(), &[]),
    ] {
        let found = ports(&keys);
        assert_eq!(found.web, web, "{keys}");
        assert_eq!(found.is_shown(), !web.is_empty(), "{keys}");
    }
}

#[test]
fn mounts_in_memory_have_sizes() {
    let shown = |fact: &Fact<ByteSize>| match fact {
        Fact::Known(size) => size.value.0.to_string(),
        Fact::Unknown { why, .. } => format!("{why:?}"),
        Fact::Absent { .. } => "-".to_owned(),
    };
    for (keys, target, size, options, bytes) in [
        ("tmpfs: /run", "/run", "-", "", ""),
        ("tmpfs: ['/run:size=64m']", "/run", "67108864", "size=64m", "64m"),
        ("tmpfs: ['/run:mode=1777,size=64m,uid=5']", "/run", "67108864", "mode=1777 size=64m uid=5", "64m"),
        ("tmpfs: ['/run:size=1m,size=2m']", "/run", "2097152", "size=1m size=2m", "2m"),
        (
            "tmpfs: ['/run:size=50%']",
            "/run",
            "Other(\"a percentage of the host's memory\")",
            "size=50%",
            "50%",
        ),
        ("tmpfs: ['/run:size=x%']", "/run", "Malformed(\"x%\")", "size=x%", "x%"),
        ("tmpfs: ['/run:size=x']", "/run", "Malformed(\"x\")", "size=x", "x"),
        ("tmpfs: ['/run:size=0']", "/run", "-", "size=0", ""),
        ("tmpfs: ['/run:sizes=5m']", "/run", "-", "sizes=5m", ""),
        ("tmpfs: ['/run:,ro,']", "/run", "-", "ro", ""),
        ("tmpfs: ['/run:mode=$M']", "/run", "Variable(\"M\")", "mode=", "$M"),
        ("tmpfs: ['/run:size=${S:-1m}']", "/run", "1048576", "size=1m", "1m"),
        ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: 64m}}]", "/x", "67108864", "", "64m"),
        ("volumes: [{type: tmpfs, target: /x, tmpfs: {size: 0}}]", "/x", "-", "", ""),
        ("volumes: [{type: tmpfs, target: /x}]", "/x", "-", "", ""),
    ] {
        let loaded = service(keys);
        let [mount] = loaded.service("a").tmpfs.as_slice() else { panic!("{keys}") };
        assert_eq!(
            (mount.target.as_str(), shown(&mount.size).as_str(), mount.options.join(" ").as_str()),
            (target, size, options),
            "{keys}"
        );
        assert_eq!(
            (mount.long, mount.option),
            (keys.starts_with("volumes"), keys.starts_with("tmpfs")),
            "{keys}"
        );
        if !bytes.is_empty() {
            assert_eq!(loaded.slice(mount.size.span()), bytes, "{keys}");
        }
    }
    for keys in [
        "volumes: [{type: bind, source: /x, target: /x}]",
        "volumes: [{type: tmpfs, target: $X}]",
        "tmpfs: []",
    ] {
        assert!(service(keys).service("a").tmpfs.is_empty(), "{keys}");
    }
    for (keys, open) in [
        ("volumes: ['/a:$X']", true),
        ("volumes: ['$X:/b']", false),
        ("volumes: ['$X:/b:$Y']", false),
        ("volumes: ['$X']", true),
        ("volumes: ['/a:/b']", false),
        ("volumes: ['/a:/b${X}']", true),
        ("volumes: [{type: bind, source: /a, target: $X}]", true),
        ("volumes: [{type: bind, source: $X, target: /b}]", false),
        ("tmpfs: [$X]", true),
        ("tmpfs: ['/a:size=$X']", false),
        ("tmpfs: ['/a$X:ro']", true),
        ("tmpfs: [/a]", false),
        ("init: true", false),
    ] {
        assert_eq!(service(keys).service("a").open_mounts, open, "{keys}");
    }
}

#[test]
fn mounts_have_a_source_and_a_target() {
    let text = "services: {a: {image: i, KEYS}}\nconfigs: {c: {file: f}, d: {file: ./f}, e: {file: /f}, t: {content: text}, u: {file: $X}}\nsecrets: {s: {file: f}}\n";
    let mounts = |keys: &str| {
        let loaded = load(&[("compose.yaml", &text.replace("KEYS", keys))]);
        let found = loaded.service("a").mounts.iter();
        found
            .map(|mount| {
                (
                    mount.source.clone(),
                    mount.target.clone(),
                    mount.content.as_ref().map(|text| text.as_str().to_owned()),
                )
            })
            .collect::<Vec<_>>()
    };
    for (keys, source, target) in [
        ("volumes: ['./a:/b:ro']", "./a", "/b"),
        ("volumes: ['vol:/b']", "vol", "/b"),
        ("volumes: ['v:/b']", "v:/b", "v:/b"),
        ("volumes: [/d]", "/d", "/d"),
        ("volumes: ['$X:/b:ro']", "", "/b"),
        ("volumes: ['c:/x:/b']", "c:/x", "/b"),
        ("volumes: [{type: bind, source: ./a, target: /b}]", "./a", "/b"),
        ("volumes: [{type: volume, target: /b}]", "", "/b"),
        ("secrets: [s]", "s", "s"),
        ("secrets: [{source: s, target: /b}]", "s", "/b"),
        ("configs: [c]", "./f", "/c"),
        ("configs: [d]", "./f", "/d"),
        ("configs: [e]", "/f", "/e"),
        ("configs: [u]", "u", "/u"),
        ("configs: [{source: c, target: /b}]", "./f", "/b"),
        ("configs: [{source: c}]", "./f", "/c"),
    ] {
        assert_eq!(mounts(keys), [(source.to_owned(), target.to_owned(), None)], "{keys}");
    }
    assert_eq!(mounts("configs: [t]"), [("t".to_owned(), "/t".to_owned(), Some("text".to_owned()))]);
    assert_eq!(mounts("volumes: ['text:/b']"), [("text".to_owned(), "/b".to_owned(), None)]);
}

#[test]
fn labels_tell_who_restarts_it() {
    for (keys, label) in [
        ("labels: {autoheal: 'true'}", Some("autoheal")),
        ("labels: {autoheal: true}", Some("autoheal")),
        ("labels: [autoheal=true]", Some("autoheal")),
        (
            "labels: {x: 'true', deunhealth.restart.on.unhealthy: 'true'}",
            Some("deunhealth.restart.on.unhealthy"),
        ),
        ("labels: {autoheal: 'false'}", None),
        ("labels: {autoheal: $X}", None),
        ("labels: {x: 'true'}", None),
        ("labels: [autoheal]", None),
        ("init: true", None),
    ] {
        let found = service(keys).service("a").restarted_by.as_ref().map(|label| label.value.clone());
        assert_eq!(found.as_deref(), label, "{keys}");
    }
}

#[test]
fn keys_are_listed_down_to_the_resources() {
    let loaded = service(
        "deploy: {mode: x, resources: {limits: {memory: 1g}, reservations: {devices: [{count: 1}], generic_resources: []}}}, healthcheck: {test: x}",
    );
    let names: Vec<&str> = loaded.service("a").keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "image",
            "deploy",
            "deploy.mode",
            "deploy.resources",
            "deploy.resources.limits",
            "deploy.resources.limits.memory",
            "deploy.resources.reservations",
            "deploy.resources.reservations.devices",
            "deploy.resources.reservations.generic_resources",
            "healthcheck",
        ]
    );
    let deep = service("deploy: {a: {b: {c: {d: {e: 1}}}}}");
    let names: Vec<&str> = deep.service("a").keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["image", "deploy", "deploy.a", "deploy.a.b", "deploy.a.b.c"]);
    let files = [
        ("compose.yaml", "services: {a: {image: i, init: true, tty: true}}\n"),
        ("compose.override.yaml", "services: {a: {init: false, user: x}}\n"),
    ];
    let over: Vec<(String, bool)> =
        load(&files).service("a").keys.iter().map(|key| (key.name.clone(), key.overrides)).collect();
    assert_eq!(
        over,
        [("image", false), ("init", true), ("tty", false), ("user", false)]
            .map(|(name, over)| (name.to_owned(), over))
    );
}

#[test]
fn a_service_runs_with_an_image_a_build_or_a_provider() {
    for (keys, runs) in [
        ("image: i", true),
        ("build: .", true),
        ("provider: {type: x}", true),
        ("extends: {service: z, file: none.yaml}", true),
        ("image: $X", true),
        ("mem_limit: 1g", false),
        ("image: ", false),
    ] {
        let loaded = load(&[("compose.yaml", &format!("services: {{a: {{{keys}}}}}\n"))]);
        assert_eq!(loaded.service("a").runs_without_base(), runs, "{keys}");
    }
    for (build, files) in [
        (".", &["./Dockerfile", "./dockerfile"][..]),
        ("{context: x}", &["x/Dockerfile", "x/dockerfile"]),
        ("{dockerfile: D}", &["./D"]),
        ("{context: x, dockerfile: D}", &["x/D"]),
        ("{context: '', dockerfile: ''}", &["./Dockerfile", "./dockerfile"]),
        ("{context: $X}", &[]),
        ("{dockerfile: $X}", &[]),
        ("{dockerfile_inline: FROM x}", &[]),
        ("{dockerfile_inline: ''}", &["./Dockerfile", "./dockerfile"]),
    ] {
        let loaded = load(&[("compose.yaml", &format!("services: {{a: {{build: {build}}}}}\n"))]);
        let found = loaded.service("a").build.as_ref().unwrap().dockerfiles();
        assert_eq!(found, files.iter().map(PathBuf::from).collect::<Vec<_>>(), "{build}");
    }
}

#[test]
fn ulimits_may_be_open() {
    for (keys, limits, open) in [
        ("ulimits: {nofile: 5, core: {soft: 1, hard: 2}}", &[("nofile", 5, 5), ("core", 1, 2)][..], false),
        ("ulimits: {nofile: -1, nproc: '7'}", &[("nofile", -1, -1), ("nproc", 7, 7)], false),
        ("ulimits: {nofile: $X}", &[], true),
        ("ulimits: {nofile: {soft: $X, hard: 2}}", &[], true),
        ("ulimits: {nofile: {soft: 1}, core: 3}", &[("core", 3, 3)], false),
        ("init: true", &[], false),
    ] {
        let loaded = service(keys);
        let found: Vec<(&str, i64, i64)> = loaded
            .service("a")
            .ulimits
            .iter()
            .map(|(name, limit)| (name.as_str(), limit.value.0, limit.value.1))
            .collect();
        assert_eq!((found.as_slice(), loaded.service("a").open_ulimits), (limits, open), "{keys}");
    }
}

#[test]
fn healthchecks_have_what_compose_or_the_engine_rejects() {
    for (keys, messages) in [
        ("{test: x, interval: 5s}", &[][..]),
        ("{test: [x]}", &["healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\""]),
        ("{test: [$X, y]}", &[]),
        ("{test: [CMD]}", &[]),
        ("{test: x, interval: 5}", &["healthcheck.interval must be a string"]),
        ("{test: x, timeout: '5'}", &["healthcheck.timeout: `5` has no unit: did you mean `5s`?"]),
        ("{test: x, interval: 999us}", &["interval in Healthcheck cannot be less than 1ms"]),
        ("{test: x, interval: 1ns}", &["interval in Healthcheck cannot be less than 1ms"]),
        ("{test: x, interval: 1ms, timeout: 0s}", &[]),
        ("{test: x, interval: $X}", &[]),
        (
            "{test: x, start_interval: 1s}",
            &["healthcheck.start_interval requires healthcheck.start_period to be set"],
        ),
        ("{test: x, start_interval: 1s, start_period: 1s}", &[]),
        ("{test: x, start_period: 1s}", &[]),
    ] {
        let loaded = service(&format!("healthcheck: {keys}"));
        let section = loaded.service("a").healthcheck.as_ref().unwrap();
        let found: Vec<&str> = section.refusals.iter().map(|refusal| refusal.message.as_str()).collect();
        assert_eq!(found, messages, "{keys}");
        assert!(
            section
                .refusals
                .iter()
                .all(|refusal| refusal.is_of_first_word() == refusal.message.contains("must start either"))
        );
        assert!(
            section.refusals.iter().all(|refusal| refusal.of_compose == refusal.message.contains("requires"))
        );
        // Digits alone lack their unit.
        let fix = section.refusals.iter().find_map(|refusal| match &refusal.remedy {
            Some(Suggestion::Replace(span, text)) => Some((loaded.slice(*span), text.clone())),
            _ => None,
        });
        let digits = keys.contains(": 5}") || keys.contains("'5'");
        assert_eq!(fix, digits.then(|| ("5".to_owned(), "5s".to_owned())), "{keys}");
    }
    for (text, shell, block, words) in [
        ("healthcheck: {test: x y}", true, false, &["CMD-SHELL", "x y"][..]),
        ("healthcheck: {test: [CMD-SHELL, x y]}", true, false, &["CMD-SHELL", "x y"]),
        ("healthcheck: {test: [CMD, x, y]}", false, false, &["CMD", "x", "y"]),
        ("healthcheck:\n      test:\n        - CMD\n        - x", false, true, &["CMD", "x"]),
        ("healthcheck:\n      test:\n      - CMD-SHELL\n      - x", true, true, &["CMD-SHELL", "x"]),
        ("healthcheck: {interval: 5s}", false, false, &[]),
    ] {
        let loaded = load(&[("compose.yaml", &format!("services:\n  a:\n    image: i\n    {text}\n"))]);
        let section = loaded.service("a").healthcheck.as_ref().unwrap();
        assert_eq!(
            (section.shell, section.block, loaded.service("a").has_block_test()),
            (shell, block, block),
            "{text}"
        );
        let found =
            section.test.value().map(|words| words.iter().map(|word| word.as_str()).collect::<Vec<_>>());
        assert_eq!(found.unwrap_or_default(), words, "{text}");
    }
}
