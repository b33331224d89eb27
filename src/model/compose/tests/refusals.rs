use super::*;

#[test]
fn mismatches_are_named_by_their_place() {
    let of = |base: &str, over: &str| {
        let loaded = load(&[("compose.yaml", base), ("compose.override.yaml", over)]);
        let refusals = loaded.refusals().into_iter();
        refusals
            .map(|(message, place, service)| (message.to_owned(), place, service.map(str::to_owned)))
            .collect::<Vec<_>>()
    };
    let text = "services: {a: {image: i}}\n";
    for (base, over, message, place, service) in [
        (
            "services: {a: {image: i, x-o: {a: b}}}",
            "services: {a: {x-o: [c]}}",
            "`x-o` of `a` is a list over a mapping",
            "x-o",
            Some("a"),
        ),
        (
            "services: {a: {image: i, x-o: {a: {b: c}}}}",
            "services: {a: {x-o: {a: 5}}}",
            "`x-o.a` of `a` is a single value over a mapping",
            "5",
            Some("a"),
        ),
        (
            "services: {a: {image: i, x-o: [a]}}",
            "services: {a: {x-o: {a: b}}}",
            "`x-o` of `a` is a mapping over a list",
            "x-o",
            Some("a"),
        ),
        ("x-o: {a: b}", "x-o: [c]", "`x-o` is a list over a mapping", "x-o", None),
        (
            "networks: {n: {x-o: {a: b}}}",
            "networks: {n: {x-o: c}}",
            "`networks.n.x-o` is a single value over a mapping",
            "c",
            None,
        ),
        (
            "jobs: {j: {image: i, triggers: {manual: true}, x-o: {a: b}}}",
            "jobs: {j: {x-o: c}}",
            "`jobs.j.x-o` is a single value over a mapping",
            "c",
            None,
        ),
        (
            "services: {a: {image: i, logging: {driver: x}}}",
            "services: {a: {logging: ~}}",
            "`logging` of `a` is nothing over a mapping",
            "logging",
            Some("a"),
        ),
    ] {
        let base = if base.starts_with("services") { base.to_owned() } else { format!("{text}{base}") };
        let found = of(&base, over);
        let message = format!("{message}, which Compose cannot merge");
        assert!(found.contains(&(message, place.to_owned(), service.map(str::to_owned))), "{found:?}");
    }
}

/// Someone who has so many mends some and runs again.
#[test]
fn refusals_are_bounded() {
    let refusal =
        |at: usize| Refusal::new(Span::new(SourceId(0), at, at + 1), String::new(), "", String::new());
    let mut refusals = refusal::Refusals::default();
    assert!(refusals.is_empty());
    (0..600).for_each(|at| refusals.add(refusal(at)));
    // A place is refused once.
    (0..600).for_each(|at| refusals.add(refusal(at)));
    assert!(!refusals.is_empty());
    let all = refusals.without_reported(&[], &[], std::iter::empty());
    assert_eq!((all.len(), all.last().map(|refusal| refusal.span.start)), (500, Some(499)));
    let mut refusals = refusal::Refusals::default();
    let whole = Span::new(SourceId(0), 0, 700);
    let entries = (0..600).map(|at| {
        let span = Span::new(SourceId(0), at, at + 1);
        (format!("k{at}"), value::Entry::new(span, value::Value::map(value::Map::default(), span)))
    });
    let merged = value::Value::map(entries.collect(), whole);
    // One of a value that is not left in the merged project counts as well.
    refusals.add_decoded(refusal(650));
    (0..600).rev().for_each(|at| refusals.add_decoded(refusal(at)));
    assert!(!refusals.is_empty());
    refusals.settle(&merged);
    let all = refusals.without_reported(&[], &[], std::iter::empty());
    assert_eq!((all.len(), all.last().map(|refusal| refusal.span.start)), (499, Some(101)));
}

/// The message, the bytes and the label of the first refusal of a file.
#[test]
fn refusals_say_what_is_wrong_and_what_is_right() {
    for (text, message, place, label) in [
        (
            "services: {a: {image: i, foo: 1}}",
            "Compose rejects the key `foo` of `a`",
            "foo",
            "no key that Compose 5.6.1 knows here",
        ),
        (
            "services: {a: {image: i, imag: 1}}",
            "Compose rejects the key `imag` of `a`",
            "imag",
            "did you mean `image`?",
        ),
        (
            "services: {a: {image: i, mem-limit: 1g, hostnme: x}}",
            "Compose rejects the key `hostnme` of `a`",
            "hostnme",
            "did you mean `hostname`?",
        ),
        (
            "servces: {}\nservices: {a: {image: i}}",
            "Compose rejects the key `servces`",
            "servces",
            "did you mean `services`?",
        ),
        (
            "a: {image: i}\nservices: {b: {image: i}}",
            "Compose rejects the key `a`",
            "a",
            "services go below `services:`",
        ),
        (
            "services: {a b: {image: i}}",
            "Compose rejects the name `a b` in `services`",
            "a b",
            "a name has letters, digits, `.`, `_` and `-` only",
        ),
        (
            "services: {a: {image: i, environment: {'': 1}}}",
            "Compose rejects the name `` in `environment` of `a`",
            "''",
            "a key without a name",
        ),
        (
            "services: {a: {image: i, networks: {'n n': }}}",
            "Compose rejects the name `n n` in `networks` of `a`",
            "'n n'",
            "a name has letters, digits, `.`, `_` and `-` only",
        ),
        (
            "networks: {n: {foo: 1}}\nservices: {a: {image: i}}",
            "Compose rejects the key `foo` in `networks.n`",
            "foo",
            "no key that Compose 5.6.1 knows here",
        ),
        (
            "services: {a: {image: i, init: 5}}",
            "`init` of `a` is a number: Compose accepts `true` or `false`",
            "5",
            "this is a number",
        ),
        (
            "services: {a: {image: i, hostname: 5}}",
            "`hostname` of `a` is a number: Compose accepts text",
            "5",
            "as text: \"5\"",
        ),
        (
            "services: {a: {image: i, hostname: true}}",
            "`hostname` of `a` is `true` or `false`: Compose accepts text",
            "true",
            "as text: \"true\"",
        ),
        (
            "services: {a: {image: i, hostname: [x]}}",
            "`hostname` of `a` is a list: Compose accepts text",
            "hostname",
            "this is a list",
        ),
        (
            "services: {a: {image: i, environment: 5}}",
            "`environment` of `a` is a number: Compose accepts a mapping or a list",
            "5",
            "this is a number",
        ),
        (
            "services: {a: {image: i, environment: }}",
            "`environment` of `a` is empty: Compose accepts a mapping or a list",
            "environment",
            "nothing below it",
        ),
        (
            "services: {a: {image: i, ports: 80}}",
            "`ports` of `a` is a number: Compose accepts a list",
            "80",
            "this is a number",
        ),
        (
            "services: {a: {image: i, ports: {a: b}}}",
            "`ports` of `a` is a mapping: Compose accepts a list",
            "ports",
            "this is a mapping",
        ),
        (
            "services: {a: {image: i, healthcheck: {test: }}}",
            "`healthcheck.test` of `a` is empty: Compose accepts text or a list",
            "test",
            "nothing below it",
        ),
        (
            "services: {a: {image: i, healthcheck: {test: 5}}}",
            "`healthcheck.test` of `a` is a number: Compose accepts text or a list",
            "5",
            "as text: \"5\"",
        ),
        (
            "services: {a: {image: i, healthcheck: {retries: x}}}",
            "`healthcheck.retries` of `a` is `x`: Compose accepts a whole number",
            "x",
            "not a whole number",
        ),
        (
            "services: {a: {image: i, healthcheck: {retries: []}}}",
            "`healthcheck.retries` of `a` is a list: Compose accepts a whole number",
            "retries",
            "this is a list",
        ),
        (
            "services: {a: {image: i, healthcheck: {disable: maybe}}}",
            "`healthcheck.disable` of `a` is `maybe`: Compose accepts `true` or `false`",
            "maybe",
            "not `true` or `false`",
        ),
        (
            "services: {a: {image: i, healthcheck: {retries: -1}}}",
            "`healthcheck.retries` of `a` is -1: it cannot be negative",
            "-1",
            "below 0",
        ),
        (
            "services: {a: {image: i, cpus: x}}",
            "`cpus` of `a` is `x`: Compose accepts a number",
            "x",
            "not a number",
        ),
        (
            "services: {a: {image: i, cpus: true}}",
            "`cpus` of `a` is `true` or `false`: Compose accepts a number",
            "true",
            "this is `true` or `false`",
        ),
        (
            "services: {a: {image: i, oom_score_adj: 1001}}",
            "`oom_score_adj` of `a` is 1001: it must be less than or equal to 1000",
            "1001",
            "out of range",
        ),
        (
            "services: {a: {image: i, oom_score_adj: -1001}}",
            "`oom_score_adj` of `a` is -1001: it must be greater than or equal to -1000",
            "-1001",
            "out of range",
        ),
        (
            "services: {a: {image: i, ulimits: {nofile: 1.5}}}",
            "`ulimits.nofile` of `a` is a number: Compose accepts a whole number or a mapping",
            "1.5",
            "this is a number",
        ),
        (
            "services: {a: {image: i, ulimits: {nofile: {soft: 1}}}}",
            "`ulimits.nofile` of `a` has no `hard`, which Compose requires",
            "nofile",
            "`hard` is missing",
        ),
        (
            "services: {a: {image: i, depends_on: {b: {}}}, b: {image: i}}",
            "`depends_on.b` of `a` has no `condition`, which Compose requires",
            "b",
            "`condition` is missing",
        ),
        (
            "services: {a: {image: i, depends_on: {b: {condition: service_healty}}}, b: {image: i}}",
            "`depends_on.b.condition` of `a` is `service_healty`: Compose accepts `service_started`, `service_healthy` or `service_completed_successfully`",
            "service_healty",
            "did you mean `service_healthy`?",
        ),
        (
            "services: {a: {image: i, depends_on: {b: {condition: xxx}}}, b: {image: i}}",
            "`depends_on.b.condition` of `a` is `xxx`: Compose accepts `service_started`, `service_healthy` or `service_completed_successfully`",
            "xxx",
            "none of them",
        ),
        (
            "services: {a: {image: i, pull_policy: xxx}}",
            "Compose cannot read `pull_policy` of `a`: `xxx`",
            "xxx",
            "'xxx' does not match pattern '^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+)$'",
        ),
        (
            "services: {a: {image: i, container_name: x}}",
            "Compose cannot read `container_name` of `a`: `x`",
            "x",
            "'x' does not match pattern '[a-zA-Z0-9][a-zA-Z0-9_.-]+'",
        ),
        (
            "services: {a: {image: i, stop_grace_period: 5x}}",
            "Compose cannot read `stop_grace_period` of `a`: `5x`",
            "5x",
            "unknown unit `x` in `5x`",
        ),
        (
            "services: {a: {image: i, build: {context: ., pull: maybe}}}",
            "`build.pull` of `a` is `maybe`: Compose accepts `true` or `false`",
            "maybe",
            "not `true` or `false`",
        ),
        (
            "services: {a: {image: i, command: \"a 'b\"}}",
            "Compose cannot read `command` of `a`: `a 'b`",
            "\"a 'b\"",
            "invalid command line string",
        ),
        (
            "services: {a: {image: i, volumes: [{type: bind}]}}",
            "an item of `volumes` of `a` has no `target`",
            "type",
            "no `target` next to it",
        ),
        (
            "services: {a: {image: i, volumes: [{source: x}]}}",
            "`volumes.0` of `a` has no `type`, which Compose requires",
            "source",
            "`type` is missing",
        ),
        (
            "services: {a: {image: i, cpus: \"x\\ny\"}}",
            "`cpus` of `a` is `x…`: Compose accepts a number",
            "\"x\\ny\"",
            "not a number",
        ),
        (
            "services: {a: {image: i, cpus: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}}",
            "`cpus` of `a` is `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`: Compose accepts a number",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "not a number",
        ),
        ("services: []", "`services` is a list: Compose accepts a mapping", "services", "this is a list"),
        ("services: ", "`services` is empty: Compose accepts a mapping", "services", "nothing below it"),
        (
            "services: {a: 5}",
            "the service `a` is a number: Compose accepts a mapping",
            "5",
            "this is a number",
        ),
        (
            "jobs: {j: {image: i, foo: 1}}",
            "Compose rejects the key `foo` in `jobs.j`",
            "foo",
            "no key that Compose 5.6.1 knows here",
        ),
        (
            "services: {1: {image: i}}",
            "the key `1` is not a string; Compose accepts only strings",
            "1",
            "write it as \"1\"",
        ),
        (
            "services: {a: {image: i, expose: [true]}}",
            "`expose.0` of `a` is `true` or `false`: Compose accepts text or a number",
            "true",
            "as text: \"true\"",
        ),
        (
            "services: {a: {image: i, volumes: [5]}}",
            "`volumes.0` of `a` is a number: Compose accepts text or a mapping",
            "5",
            "as text: \"5\"",
        ),
        (
            "services: {a: {image: i, extends: {file: x}}}",
            "`extends` of `a` names no service",
            "extends",
            "no name of a service in it",
        ),
    ] {
        let loaded = load(&[("compose.yaml", text)]);
        let refusal = loaded.compose.refusals.first().unwrap_or_else(|| panic!("{text}"));
        let found = (refusal.message.as_str(), loaded.slice(refusal.span), refusal.label.as_str());
        assert_eq!(found, (message, place.to_owned(), label), "{text}");
        let service = message.contains(" of `a`") || message.contains("service `a`");
        assert_eq!(refusal.service.as_deref() == Some("a"), service, "{text}");
    }
    // A key that resembles none may be one of a later release; one that resembles a single absent key is renamed.
    for (keys, newer, rename) in [
        ("foo: 1", Some("the key `foo` of `a`"), None),
        ("hostnme: x", None, Some("hostname")),
        ("hostnme: [x]", None, None),
        ("hostnme: x, hostname: y", None, None),
        ("'hostnme': x", None, None),
        ("healthcheck: {test: x, intervall: 5s}", None, Some("interval")),
        ("healthcheck: {test: x, intervall: 5x}", None, None),
        ("deploy: {replica: 2}", None, Some("replicas")),
        ("deploy: {replica: x}", None, None),
        ("environment: {'': 1}", None, None),
    ] {
        let loaded = load(&[("compose.yaml", &format!("services: {{a: {{image: i, {keys}}}}}"))]);
        let refusal = loaded.compose.refusals.first().unwrap_or_else(|| panic!("{keys}"));
        assert_eq!((refusal.may_be_newer.as_deref(), refusal.rename_to), (newer, rename), "{keys}");
    }
    // What the key is renamed to may not be there below, either.
    let over = ("compose.override.yaml", "services: {a: {hostnme: x}}");
    for (base, rename) in
        [("services: {a: {image: i}}", Some("hostname")), ("services: {a: {image: i, hostname: y}}", None)]
    {
        let loaded = load(&[("compose.yaml", base), over]);
        assert_eq!(loaded.compose.refusals[0].rename_to, rename, "{base}");
    }
}

/// Keys of later releases are told with the release, where they are part of the project, each once.
#[test]
fn keys_of_later_releases_are_noted() {
    let newer = |files: &[(&str, &str)]| {
        let loaded = load(files);
        let keys = loaded.compose.newer_keys.iter();
        keys.map(|key| (key.name.clone(), loaded.slice(key.span), key.service.clone())).collect::<Vec<_>>()
    };
    let gpus = ("the key `gpus` of `a`".to_owned(), "gpus".to_owned(), Some("a".to_owned()));
    assert_eq!(
        newer(&[("compose.yaml", "services: {a: {image: i, gpus: all}}")]),
        std::slice::from_ref(&gpus)
    );
    assert_eq!(newer(&[("compose.yaml", "services: {a: {image: i, gpus: !reset all}}")]), []);
    // Services may share a mapping, and files may be merged.
    let shared = "x-a: &a {image: i, gpus: all}\nservices: {a: *a, b: *a, c: {<<: *a}}\n";
    assert_eq!(newer(&[("compose.yaml", shared)]), std::slice::from_ref(&gpus));
    let two = [
        ("compose.yaml", "services: {a: {image: i, gpus: all}}"),
        ("compose.override.yaml", "services: {a: {gpus: all}}"),
    ];
    assert_eq!(newer(&two), [gpus.clone(), gpus.clone()]);
    // Another service of a file that is extended is none of the project.
    let extended = [
        ("compose.yaml", "services: {a: {extends: {service: b, file: e.yaml}}}"),
        ("e.yaml", "services: {b: {image: i}, c: {image: i, gpus: all}}"),
    ];
    assert_eq!(newer(&extended), []);
    let many: String = (0..600).map(|at| format!("  s{at}: {{image: i, gpus: all}}\n")).collect();
    assert_eq!(newer(&[("compose.yaml", &format!("services:\n{many}"))]).len(), 500);
}
