mod bounds;
mod refusals;
mod sizes;

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
fn binary_values_are_decoded() {
    for (written, read) in [
        ("bmFtZQ==", "name"),
        ("\"bmFt\\nZQ==\"", "name"),
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
