use std::path::{Path, PathBuf};

use globset::{Glob, GlobSetBuilder};

use super::*;

/// A project of files in memory: those whose name begins with `compose` are merged, the others only read.
struct Loaded {
    compose: Compose,
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

fn load(files: &[(&str, &str)]) -> Loaded {
    load_with(files, Settings::default())
}

impl Loaded {
    fn service(&self, name: &str) -> &Service {
        self.compose.services.iter().find(|service| service.name == name).unwrap()
    }

    fn slice(&self, span: Span) -> String {
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

/// What a variable without a value is a part of is not known, in whatever form it is merged.
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
    let message = value::too_many();
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
    (0..600).rev().for_each(|at| refusals.add_decoded(refusal(at)));
    assert!(!refusals.is_empty());
    refusals.settle(&merged);
    let all = refusals.without_reported(&[], &[], std::iter::empty());
    assert_eq!((all.len(), all.last().map(|refusal| refusal.span.start)), (500, Some(100)));
}
