use std::path::{Path, PathBuf};

use globset::{Glob, GlobSetBuilder};

use super::*;

/// A project of files in memory: those whose name begins with `compose` are merged, the others only read.
pub(super) struct Loaded {
    pub(super) compose: Compose,
    sources: Sources,
}

fn load_with(files: &[(&str, &str)], settings: Settings) -> Loaded {
    let sources = Sources::new();
    for (name, text) in files {
        sources.add(Path::new(name), *text);
    }
    let merged = files.iter().filter(|(name, _)| name.starts_with("compose"));
    let request = Request {
        files: merged.map(|(name, _)| PathBuf::from(name)).collect(),
        settings,
        shared_byte_limit: 1 << 24,
        self_contained: true,
        ..Request::default()
    };
    Loaded { compose: Compose::load(&request, &sources), sources }
}

pub(super) fn load(files: &[(&str, &str)]) -> Loaded {
    load_with(files, Settings::default())
}

impl Loaded {
    pub(super) fn service(&self, name: &str) -> &Service {
        self.compose.services.iter().find(|service| service.name == name).unwrap()
    }

    pub(super) fn slice(&self, span: Span) -> String {
        self.sources.get(span.file).slice(span).to_owned()
    }

    /// Returns a variable of the service `a`: its value, or `?`, with its bytes.
    fn variable(&self, name: &str) -> (String, String) {
        match &self.service("a").environment[name] {
            Fact::Known(value) => (value.value.as_str().to_owned(), self.slice(value.span)),
            Fact::Unknown { at, .. } => ("?".to_owned(), self.slice(*at)),
            Fact::Absent { .. } => panic!("{name} is absent"),
        }
    }

    fn errors(&self) -> Vec<(&str, String)> {
        let errors = self.compose.errors.iter();
        errors.map(|error| (error.message.as_str(), self.slice(error.span))).collect()
    }

    fn refusals(&self) -> Vec<(&str, String, Option<&str>)> {
        let refusals = self.compose.refusals.iter();
        refusals
            .map(|refusal| (refusal.message.as_str(), self.slice(refusal.span), refusal.service.as_deref()))
            .collect()
    }
}

/// A finding about a variable underlines its value, not its name.
#[test]
fn values_in_a_list_have_their_own_bytes() {
    let text = "services:\n  a:\n    image: i\n    environment:\n      - NAME=value\n      - \"QUOTED=a b\"\n      - EMPTY=\n      - BARE\n      \
                - DEFAULT=${X:-def}\n      - PART=x${X:-def}y\n      - UNSET=$X\n      - KNOWN=${K}\n";
    let loaded = load(&[("compose.yaml", text), (".env", "K=known\n")]);
    for (name, value, bytes) in [
        ("NAME", "value", "value"),
        ("QUOTED", "a b", "a b"),
        ("EMPTY", "", "EMPTY="),
        ("BARE", "?", "BARE"),
        ("DEFAULT", "def", "def"),
        ("PART", "xdefy", "x${X:-def}y"),
        ("UNSET", "?", "$X"),
        ("KNOWN", "known", "${K}"),
    ] {
        assert_eq!(loaded.variable(name), (value.to_owned(), bytes.to_owned()), "{name}");
        let key = loaded.slice(loaded.service("a").environment_keys[name]);
        assert_eq!(key, if name == "BARE" { "BARE" } else { name }, "{name}");
    }
}

/// A text with a variable without a value in it is not known, in whatever form it is merged.
#[test]
fn unknown_values_stay_unknown_where_they_are_converted() {
    let base = "services: {a: {image: i, environment: [A=1, B=1], tmpfs: [/a]}}\n";
    for (over, known) in [("$X", false), ("x", true)] {
        for value in ["V", "[V]", "{k: V}", "[1, V]", "[{k: [V]}]"] {
            let value = value.replace('V', over);
            let text = format!("services: {{a: {{environment: {{A: {value}}}}}}}\n");
            let loaded = load(&[("compose.yaml", base), ("compose.override.yaml", &text)]);
            assert_eq!(loaded.service("a").environment["A"].value().is_some(), known, "{value}");
            assert_eq!(loaded.variable("B").0, "1");
        }
        let text = format!("services: {{a: {{tmpfs: {{/b: {over}}}}}}}\n");
        let loaded = load(&[("compose.yaml", base), ("compose.override.yaml", &text)]);
        let mounts = &loaded.service("a").tmpfs;
        assert_eq!(mounts.len(), 2);
        assert_eq!((mounts[1].size.is_absent(), mounts[1].size.is_unknown()), (known, !known));
    }
}

#[test]
fn a_platform_fills_in_what_its_globs_match() {
    let globs = |globs: &[&str]| {
        let mut set = GlobSetBuilder::new();
        globs.iter().for_each(|glob| _ = set.add(Glob::new(glob).unwrap()));
        Settings {
            platform: Platform { variables: Arc::new(set.build().unwrap()), ..Platform::default() },
            ..Settings::default()
        }
    };
    let files = [
        (
            "compose.yaml",
            "name: n\nservices: {a: {image: i, environment: {P: '${P_A-}', Q: '${Q_A-}', R: '${P_R-}'}}}\n",
        ),
        (".env", "P_R=own\n"),
    ];
    for (patterns, p, q) in
        [(&["P_*"][..], "?", ""), (&["P_*", "Q_A"], "?", "?"), (&["X_*"], "", ""), (&[], "", "")]
    {
        let loaded = load_with(&files, globs(patterns));
        assert_eq!(
            (loaded.variable("P").0.as_str(), loaded.variable("Q").0.as_str()),
            (p, q),
            "{patterns:?}"
        );
        // What a file sets is known.
        assert_eq!(loaded.variable("R").0, "own");
        assert_eq!(
            (loaded.compose.may_be_set("P_A"), loaded.compose.may_be_set("Q_A")),
            (p == "?", q == "?")
        );
        assert!(!loaded.compose.may_be_set("P_R"));
    }
}

#[test]
fn chains_of_extends_and_include_end() {
    let limit = load::MAX_FILE_DEPTH;
    // The last service extends none.
    let chain = |count: usize| {
        let services: String = (0..count).map(|at| format!("  s{at}: {{extends: s{}}}\n", at + 1)).collect();
        format!("services:\n{services}  s{count}: {{image: i, mem_limit: 1g}}\n")
    };
    for (count, fits) in [(1, true), (limit + 1, true), (limit + 2, false)] {
        let loaded = load(&[("compose.yaml", &chain(count))]);
        assert_eq!(loaded.service("s0").mem_limit.value().is_some(), fits, "{count}");
        let message = format!("extends leads through more than {limit} services");
        let errors = loaded.errors();
        assert_eq!(errors.iter().any(|(error, _)| *error == message), !fits, "{count}: {errors:?}");
    }
    let included = |count: usize| -> Vec<(String, String)> {
        let name = |at: usize| if at == 0 { "compose.yaml".to_owned() } else { format!("i{at}.yaml") };
        let text = |at: usize| match at < count {
            true => format!("include: [i{}.yaml]\nservices: {{s{at}: {{image: i}}}}\n", at + 1),
            false => format!("services: {{s{at}: {{image: i}}}}\n"),
        };
        (0..=count).map(|at| (name(at), text(at))).collect()
    };
    for (count, fits) in [(1, true), (limit, true), (limit + 1, false)] {
        let files = included(count);
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let loaded = load(&files);
        assert_eq!(loaded.compose.services.len(), if fits { count + 1 } else { count }, "{count}");
        let message = format!("include leads through more than {limit} files");
        assert_eq!(loaded.errors().iter().any(|(error, _)| *error == message), !fits, "{count}");
    }
    let circle = load(&[
        ("compose.yaml", "include: [b.yaml]\n"),
        ("b.yaml", "include: [c.yaml]\n"),
        ("c.yaml", "include: [b.yaml]\n"),
    ]);
    assert_eq!(
        circle.errors(),
        [("include goes in a circle: `b.yaml` is on the way here", "b.yaml".to_owned())]
    );
    let circle = load(&[(
        "compose.yaml",
        "services: {a: {extends: b}, b: {extends: c}, c: {extends: b}, d: {extends: d}}\n",
    )]);
    let messages: Vec<&str> = circle.errors().into_iter().map(|(message, _)| message).collect();
    for way in ["b → c → b", "c → b → c", "d → d"] {
        assert!(
            messages.contains(&format!("extends goes in a circle: {way}").as_str()),
            "{way}: {messages:?}"
        );
    }
}

/// Copies of long texts are bounded, too: what is beyond the bound is unknown, and said once.
#[test]
fn copies_of_services_are_counted() {
    let services: String = (0..40).map(|at| format!("  s{at:02}: {{extends: a}}\n")).collect();
    let text =
        format!("services:\n  a: {{image: i, environment: {{LONG: {}}}}}\n{services}", "x".repeat(1 << 20));
    let loaded = load(&[("compose.yaml", &text)]);
    let message = format!("aliases, extends and includes expand to more than {} nodes", value::MAX_NODES);
    let errors = loaded.errors();
    assert_eq!(errors.iter().map(|(message, _)| *message).collect::<Vec<_>>(), [message.as_str()]);
    let extending: Vec<&Service> =
        loaded.compose.services.iter().filter(|service| service.name != "a").collect();
    let copied = extending.iter().take_while(|service| service.environment.contains_key("LONG")).count();
    // 1 MiB is 16 Ki nodes.
    assert!((15..25).contains(&copied), "{copied}");
    for (at, service) in extending.iter().enumerate() {
        assert_eq!(service.environment.contains_key("LONG"), at < copied);
        assert_eq!(service.incomplete.is_some(), at >= copied, "{}", service.name);
    }
    // What is at fault is the service at which the bound is reached.
    assert!(["a".to_owned(), format!("s{copied:02}")].contains(&errors[0].1), "{:?}", errors[0].1);
    // A few copies are none too many.
    assert_eq!(load(&[("compose.yaml", &text.replace("  s10", "x-s:\n  s10"))]).errors(), []);
}

/// Steps of `pre_start` are copies as well.
#[test]
fn copies_of_steps_are_counted() {
    let steps = vec!["{command: x}"; 40].join(", ");
    let text = format!(
        "services:\n  a: {{image: i, environment: {{LONG: {}}}, pre_start: [{steps}]}}\n",
        "x".repeat(1 << 20)
    );
    let loaded = load(&[("compose.yaml", &text)]);
    assert_eq!(loaded.errors().iter().map(|(message, _)| *message).collect::<Vec<_>>(), [value::too_many()]);
    let read = loaded.compose.services.len() - 1;
    assert!((15..25).contains(&read), "{read} steps");
}

/// As long as a file cannot be read, what it lacks and what others set is not held against the format.
#[test]
fn of_a_file_that_does_not_parse_only_that_is_said() {
    let broken = ("compose.yaml", "services:\n  a:\n    image: i\n    b c\n");
    let wrong = ("compose.override.yaml", "services: {a: {init: [x], foo: 1}}\n");
    assert_eq!(load(&[broken, wrong]).refusals(), []);
    assert_eq!(load(&[("compose.yaml", "services: {a: {image: i}}\n"), wrong]).refusals().len(), 2);
    for text in
        ["services:\n  a:\n    init: true\n    b c\n", "web:\n  image: i\n  foo: 1\ndb:\n  image: j\n"]
    {
        assert_eq!(load(&[("compose.yaml", text)]).refusals(), [], "{text}");
    }
    // One of the services has no image, and the file is not of the first format.
    assert!(!load(&[("compose.yaml", "web:\n  image: i\ndb:\n  init: true\n")]).refusals().is_empty());
}

#[test]
fn what_is_no_mapping_is_reported_on_one_line() {
    for (text, place) in [
        ("- a\n- b\n", "a"),
        ("# c\n\n- a: 1\n  b: 2\n- c\n", "a: 1"),
        ("x\n", "x"),
        ("# c\n\"x\n  y\"\n", "\"x"),
        ("[a,\n b]\n", "[a,"),
        ("--- 5\n", "5"),
    ] {
        let loaded = load(&[("compose.yaml", text)]);
        assert_eq!(loaded.errors(), [("a Compose file is a mapping", place.to_owned())], "{text}");
    }
    for (text, place) in
        [("a: 1\n---\n", "---"), ("---\n---\nx-a: 1\n", "---"), ("x-a: 1\n---\n# c\n", "---")]
    {
        let loaded = load(&[("compose.yaml", text)]);
        let (message, found) = loaded.errors()[0].clone();
        assert_eq!(
            (message, found.as_str()),
            ("an empty document, before or after `---`: Compose rejects it", place),
            "{text}"
        );
    }
    assert_eq!(load(&[("compose.yaml", "# nothing\n")]).errors(), []);
}

/// The format of Compose v1 is read as services, and named at the first of them.
#[test]
fn the_first_format_is_read_as_services() {
    let message = "services are at the left edge, without `services:` above them: the format of Compose v1, which Compose rejects";
    for (text, first) in [("web:\n  image: i\n", "web"), ("db:\n  build: .\nweb:\n  image: i\n", "db")] {
        let loaded = load(&[("compose.yaml", text)]);
        assert_eq!(loaded.errors(), [(message, first.to_owned())], "{text}");
        assert_eq!(loaded.compose.services.len(), text.matches(":\n").count(), "{text}");
    }
    for text in [
        "services:\n  image: i\n",
        "{}\n",
        "web: {image: i}\ndb: {}\n",
        "web: {image: i}\nservices: {image: j}\n",
    ] {
        assert!(
            !load(&[("compose.yaml", text)]).errors().iter().any(|(error, _)| *error == message),
            "{text}"
        );
    }
}

/// A line that does not parse may have set any key of its service, and of no other.
#[test]
fn a_broken_line_leaves_its_own_service_open() {
    let text = "x-a:\n  a: 1\nservices:\n  a:\n    image: i\n  b:\n    image: i\n    x y\n    init: true\n  c:\n    image: i\njobs:\n  j:\n    image: i\n";
    let open = |text: &str| {
        let loaded = load(&[("compose.yaml", text)]);
        let services = loaded.compose.services.iter();
        services
            .filter(|service| service.incomplete.is_some())
            .map(|service| service.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(open(text), ["b"]);
    let moved = |to: &str| text.replace("    x y\n", "").replacen(to, &format!("{to}    x y\n"), 1);
    assert_eq!(open(&moved("  c:\n    image: i\n")), ["c"]);
    assert_eq!(open(&moved("  j:\n    image: i\n")), ["j"]);
    assert_eq!(open(&moved("x-a:\n  a: 1\n")), [""; 0]);
    assert_eq!(open(&text.replace("    x y\n", "")), [""; 0]);
    let loaded = load(&[("compose.yaml", text)]);
    assert_eq!(loaded.slice(loaded.service("b").incomplete.as_ref().unwrap().span), "x y");
    assert!(loaded.service("b").mem_limit.is_unknown() && loaded.service("a").mem_limit.is_absent());
}

/// Names that are not defined are reported only where no file is missing that may define them.
#[test]
fn a_missing_include_may_define_any_name() {
    let names = |head: &str| {
        let text = format!("{head}services: {{a: {{image: i, depends_on: [z], networks: [n]}}}}\n");
        load(&[("compose.yaml", &text)]).refusals().len()
    };
    assert_eq!((names(""), names("include: [z.yaml]\n"), names("include: ['$X']\n")), (2, 0, 0));
    // Another file that is missing defines none.
    let text =
        "services: {a: {image: i, depends_on: [z], label_file: l, extends: {service: b, file: e.yaml}}}\n";
    assert_eq!(load(&[("compose.yaml", text)]).refusals().len(), 1);
}

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

#[test]
fn profiles_and_names_come_from_the_environment() {
    let text = "services: {a: {image: i, environment: {P: '${COMPOSE_PROJECT_NAME}'}}}\n";
    let with = |head: &str, env: &str| load(&[("compose.yaml", &format!("{head}{text}")), (".env", env)]);
    for (env, profiles) in [
        ("COMPOSE_PROFILES=a\n", &["a"][..]),
        ("COMPOSE_PROFILES='a, b,,c '\n", &["a", "b", "c"]),
        ("COMPOSE_PROFILES=\n", &[]),
        ("X=1\n", &[]),
    ] {
        assert_eq!(with("", env).compose.profiles(), profiles, "{env}");
    }
    for (head, env, variable, name) in [
        ("", "", "?", None),
        ("name: own\n", "", "own", Some("own")),
        ("name: '${N:-def}'\n", "", "def", Some("def")),
        ("name: '${N}'\n", "N=set\n", "set", Some("set")),
        ("name: '${N}'\n", "", "?", None),
        ("name: Own\n", "", "?", Some("Own")),
        ("name: -own\n", "", "?", Some("-own")),
        ("name: own_1-x\n", "", "own_1-x", Some("own_1-x")),
        ("name: own\n", "COMPOSE_PROJECT_NAME=set\n", "set", Some("set")),
        ("", "COMPOSE_PROJECT_NAME=set\n", "set", Some("set")),
        ("name: own\n", "COMPOSE_PROJECT_NAME=\n", "", Some("own")),
    ] {
        let loaded = with(head, env);
        assert_eq!(loaded.variable("P").0, variable, "{head}{env}");
        assert_eq!(loaded.compose.name.value().map(TracedText::as_str), name, "{head}{env}");
    }
    let loaded = with("", "A=1\n");
    let (value, span) = loaded.compose.variable("A").unwrap();
    assert_eq!((value, loaded.slice(span.unwrap()).as_str()), ("1", "1"));
    assert!(loaded.compose.variable("B").is_none());
}

/// Returns the variables that a service `a` gets, `?` for those that are not known, and what could not be read.
fn environment_of(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>, bool) {
    let loaded = load(files);
    let found = loaded.compose.service_environment(
        loaded.service("a"),
        Path::new(""),
        &loaded.sources,
        &mut ByteBudget::of_project(1 << 20),
    );
    let variables = found.variables.iter().map(|(name, (fact, of_file))| {
        let value = match fact {
            Fact::Known(value) => value.value.as_str().to_owned(),
            Fact::Unknown { .. } => "?".to_owned(),
            Fact::Absent { .. } => "-".to_owned(),
        };
        format!("{name}={value}{}", if *of_file { "" } else { " own" })
    });
    let mut variables: Vec<String> = variables.collect();
    variables.sort();
    let unresolved =
        found.unresolved.iter().map(|reference| format!("{} {}", reference.what, reference.name));
    (variables, unresolved.collect(), found.open_ended.is_some())
}

#[test]
fn env_files_come_before_the_service_s_own_variables() {
    for (keys, variables, unresolved, is_open) in [
        ("environment: {A: 1}", &["A=1 own"][..], &[][..], false),
        ("env_file: f.env", &["A=f", "B=f", "C=fx", "D=f", "E=p", "F=?"], &[], false),
        ("env_file: [f.env, g.env]", &["A=g", "B=f", "C=fx", "D=f", "E=p", "F=?", "G=f"], &[], false),
        ("env_file: [g.env, f.env]", &["A=f", "B=f", "C=fx", "D=f", "E=p", "F=?", "G="], &[], false),
        (
            "env_file: f.env, environment: {A: own, D: }",
            &["A=own own", "B=own", "C=ownx", "D=? own", "E=p", "F=?"],
            &[],
            false,
        ),
        ("env_file: [{path: r.env, format: raw}]", &["A=\"$B\"", "B=x # y"], &[], false),
        ("env_file: [{path: r.env}]", &["A=", "B=x"], &[], false),
        ("env_file: z.env, environment: {A: 1}", &["A=1 own"], &["env_file z.env"], true),
        ("env_file: [{path: z.env, required: false}]", &[], &[], true),
        ("env_file: [{path: z.env, required: 'false'}]", &[], &[], true),
        ("env_file: [{path: z.env, required: true}]", &[], &["env_file z.env"], true),
        ("env_file: $X", &[], &[], true),
        ("environment: {P: , Q: }", &["P=p own", "Q=? own"], &[], false),
        ("env_file: p.env", &["P=p", "Q=?"], &[], false),
        // What another variable sets is not passed on by its own name.
        ("environment: {P: '$Z', Q: 'x${Z}'}", &["P=? own", "Q=? own"], &[], false),
    ] {
        let text = format!("services: {{a: {{image: i, {keys}}}}}\n");
        let files = [
            ("compose.yaml", text.as_str()),
            (".env", "P=p\n"),
            ("f.env", "A=f\nB=${A}\nC=${A}x\nD=f\nE=${P}\nF\n"),
            ("g.env", "A=g\nG=${B-}\n"),
            ("r.env", "A=\"$B\"\nB=x # y\n"),
            ("p.env", "P\nQ\n"),
        ];
        let (found, missing, open) = environment_of(&files);
        assert_eq!(
            (found, missing, open),
            (
                variables.iter().map(ToString::to_string).collect(),
                unresolved.iter().map(ToString::to_string).collect(),
                is_open
            ),
            "{keys}"
        );
    }
}

#[test]
fn files_of_labels_have_to_be_there() {
    for (keys, missing) in [
        ("label_file: l", &["l"][..]),
        ("label_file: [l, m, e.env]", &["l", "m"]),
        ("label_file: e.env", &[]),
        ("label_file: $X", &["$X"]),
        ("init: true", &[]),
    ] {
        let loaded =
            load(&[("compose.yaml", &format!("services: {{a: {{image: i, {keys}}}}}\n")), ("e.env", "")]);
        let found: Vec<(&str, &str, Option<&str>)> = loaded
            .compose
            .unresolved
            .iter()
            .map(|reference| (reference.what, reference.name.as_str(), reference.service.as_deref()))
            .collect();
        assert_eq!(
            found,
            missing.iter().map(|name| ("label_file", *name, Some("a"))).collect::<Vec<_>>(),
            "{keys}"
        );
    }
}

#[test]
fn nesting_has_a_bound() {
    let nested = |open: &str, close: &str, depth: usize| {
        let text =
            format!("x-a: {}1{}\nservices: {{a: {{image: i}}}}\n", open.repeat(depth), close.repeat(depth));
        load(&[("compose.yaml", &text)])
            .errors()
            .iter()
            .map(|(message, _)| (*message).to_owned())
            .collect::<Vec<_>>()
    };
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("[{a: ", "}]")] {
        let levels = open.matches(['[', '{']).count();
        assert_eq!(nested(open, close, 120 / levels), [""; 0], "{open}");
        assert_eq!(nested(open, close, 140 / levels), ["nested deeper than 128 levels"], "{open}");
    }
    // Aliases and merge keys go on where they lead.
    for step in ["[*a{}]", "{b: *a{}}", "{<<: *a{}}"] {
        let chain: String = (0..140)
            .map(|at| format!("x-{0}: &a{0} {1}\n", at + 1, step.replace("{}", &at.to_string())))
            .collect();
        let text = format!("x-0: &a0 {{b: 1}}\n{chain}services: {{a: {{image: i}}}}\n");
        let errors = load(&[("compose.yaml", &text)]);
        assert_eq!(
            errors.errors().iter().filter(|(message, _)| message.starts_with("nested deeper")).count(),
            1,
            "{step}"
        );
    }
}

#[test]
fn binary_values_are_decoded() {
    for (written, read) in [
        ("bmFtZQ==", "name"),
        ("8J+YgA==", "😀"),
        ("Pz8/", "???"),
        ("MDEyMzQ1Njc4OQ==", "0123456789"),
        ("QUJD", "ABC"),
        ("YQ==", "a"),
        ("''", ""),
        ("a-b", "a-b"),
        ("/w==", "/w=="),
    ] {
        let loaded = load(&[(
            "compose.yaml",
            &format!("services: {{a: {{image: i, container_name: !!binary {written}}}}}\n"),
        )]);
        assert_eq!(loaded.service("a").container_name.value().map(String::as_str), Some(read), "{written}");
    }
}

#[test]
fn what_is_merged_has_to_be_a_mapping() {
    let message = "`<<` merges mappings; this is not one";
    for (merge, place) in [
        ("x", Some("x")),
        ("[x]", Some("[x]")),
        ("[*a, x]", Some("[*a, x]")),
        ("*s", Some("*s")),
        ("*a", None),
        ("[*a]", None),
        ("[]", None),
        ("!reset x", None),
        ("[*a, !reset x]", None),
    ] {
        let loaded = load(&[(
            "compose.yaml",
            &format!("x-a: &a {{init: true}}\nx-s: &s x\nservices: {{a: {{image: i, <<: {merge}}}}}\n"),
        )]);
        let expected: Vec<(&str, String)> =
            place.into_iter().map(|place| (message, place.to_owned())).collect();
        assert_eq!(loaded.errors(), expected, "{merge}");
        assert_eq!(loaded.service("a").init.value().is_some(), merge.contains("*a"), "{merge}");
    }
    // What is an error already, or beyond a bound, is not called another one.
    let unknown = load(&[("compose.yaml", "services: {a: {image: i, <<: *none}}\n")]);
    assert_eq!(unknown.errors(), [("unknown anchor `none`", "*none".to_owned())]);
    let quoted = load(&[("compose.yaml", "services: {a: {image: i, environment: {'<<': x}}}\n")]);
    assert_eq!((quoted.errors(), quoted.variable("<<").0.as_str()), (vec![], "x"));
}

/// A size that Compose refuses is an error, one that it drops is not; a variable without a value is neither.
#[test]
fn sizes_are_refused_or_dropped() {
    let all =
        ["mem_limit", "memswap_limit", "shm_size", "mem_reservation", "mem_swappiness", "build.shm_size"];
    for (value, refused, dropped) in [
        ("512m", &[][..], &[][..]),
        ("512", &[], &[]),
        ("'x'", &all[..], &[]),
        ("1e9", &[], &all[..]),
        (
            "1.5",
            &["mem_reservation", "mem_swappiness", "build.shm_size"],
            &["mem_limit", "memswap_limit", "shm_size"],
        ),
        ("9223372036854775808", &[], &all[..]),
        ("2001-01-01", &[], &all[..]),
        ("true", &all[..], &[]),
        ("[1]", &all[..], &[]),
        ("$X", &[], &[]),
    ] {
        let keys = all.map(|key| match key.strip_prefix("build.") {
            Some(key) => format!("build: {{context: ., {key}: {value}}}"),
            None => format!("{key}: {value}"),
        });
        let loaded =
            load(&[("compose.yaml", &format!("services: {{a: {{image: i, {}}}}}\n", keys.join(", ")))]);
        let of = |is: fn(&SizeProblem) -> bool| -> Vec<&str> {
            let keys = loaded.service("a").size_keys.iter();
            let mut names: Vec<&str> =
                keys.filter(|key| key.problem.as_ref().is_some_and(is)).map(|key| key.name).collect();
            names.sort_unstable();
            names
        };
        let sorted = |names: &[&'static str]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names
        };
        assert_eq!(of(|problem| matches!(problem, SizeProblem::Refused(_))), sorted(refused), "{value}");
        assert_eq!(of(|problem| matches!(problem, SizeProblem::Dropped)), sorted(dropped), "{value}");
    }
    for (value, below, mounted) in [
        ("512m", None, None),
        ("5", Some("must be a string"), None),
        ("-5", Some("must be a string"), Some("must be greater than or equal to 0")),
        ("1.5", Some("must be a string"), Some("must be a integer")),
        ("9223372036854775808", Some("must be a string"), None),
        ("[1]", Some("must be a string"), Some("must be a integer")),
    ] {
        let text = format!(
            "deploy: {{resources: {{limits: {{memory: {value}}}}}}}, volumes: [{{type: tmpfs, target: /x, tmpfs: {{size: {value}}}}}]"
        );
        let loaded = load(&[("compose.yaml", &format!("services: {{a: {{image: i, {text}}}}}\n"))]);
        let problem = |name: &str| {
            let key = loaded.service("a").size_keys.iter().find(|key| key.name == name).unwrap();
            match &key.problem {
                Some(SizeProblem::Refused(message)) => Some(message.clone()),
                _ => None,
            }
        };
        assert_eq!(problem("deploy.resources.limits.memory").as_deref(), below, "{value}");
        assert_eq!(problem("volumes.tmpfs.size").as_deref(), mounted, "{value}");
    }
}

/// Whatever a variable without a value is, it may be right wherever a single value can be.
#[test]
fn variables_without_a_value_are_not_refused() {
    for keys in [
        "cpus: $X",
        "init: $X",
        "oom_score_adj: $X",
        "hostname: $X",
        "pull_policy: $X",
        "container_name: $X",
        "stop_grace_period: $X",
        "command: $X",
        "ulimits: {nofile: $X}",
        "volumes: [{type: tmpfs, target: /x, tmpfs: {size: $X}}]",
        "ports: [{target: $X}]",
        "depends_on: {b: {condition: $X}}",
        "healthcheck: {test: x, retries: $X}",
        "deploy: {replicas: $X, resources: {limits: {pids: $X}}}",
        "blkio_config: {weight: $X}",
        "build: {context: ., pull: $X}",
    ] {
        let loaded =
            load(&[("compose.yaml", &format!("services: {{a: {{image: i, {keys}}}, b: {{image: i}}}}\n"))]);
        assert_eq!(loaded.refusals(), [], "{keys}");
    }
    for keys in ["ports: $X", "healthcheck: $X", "ulimits: $X"] {
        let loaded = load(&[("compose.yaml", &format!("services: {{a: {{image: i, {keys}}}}}\n"))]);
        assert_eq!(loaded.refusals().len(), 1, "{keys}");
    }
}
