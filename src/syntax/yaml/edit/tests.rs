use super::*;
use crate::source::SourceId;

fn apply(text: &str, splice: &Splice) -> String {
    let mut out = text.to_owned();
    out.replace_range(splice.span.range(), &splice.text);
    out
}

fn key(text: &str, key: &str) -> Span {
    let at = text.find(key).unwrap();
    Span::new(SourceId(0), at, at + key.len())
}

fn after_set(text: &str, path: &[&str], value: &str, after: &str) -> Option<String> {
    let tree = Tree::parse(SourceId(0), text);
    set(&tree, text, key(text, "api"), path, value, after).map(|splice| apply(text, &splice))
}

#[test]
fn keys_are_added_where_their_neighbours_stand() {
    let text = "services:\n  api:\n    image: x\n    mem_limit: 1g # why\n    command: |\n      run\n\n  web: {image: y}\n";
    assert_eq!(
        after_set(text, &["memswap_limit"], "1g", "mem_limit").unwrap(),
        "services:\n  api:\n    image: x\n    mem_limit: 1g # why\n    memswap_limit: 1g\n    command: |\n      run\n\n  web: {image: y}\n"
    );
    assert!(after_set(text, &["init"], "true", "").unwrap().contains("      run\n    init: true\n\n  web"));
    let nested = after_set(text, &["deploy", "resources", "limits", "memory"], "1g", "").unwrap();
    assert!(
        nested.contains("    deploy:\n      resources:\n        limits:\n          memory: 1g\n"),
        "{nested}"
    );
}

#[test]
fn flow_mappings_and_foreign_line_ends_are_kept() {
    assert_eq!(after_set("api: {image: x}\n", &["a", "b"], "1", "").unwrap(), "api: {image: x, a: {b: 1}}\n");
    assert_eq!(after_set("api: {}\n", &["a"], "1", "").unwrap(), "api: {a: 1}\n");
    assert_eq!(
        after_set("api:\r\n    image: x\r\nb: 1\r\n", &["a", "c"], "1", "").unwrap(),
        "api:\r\n    image: x\r\n    a:\r\n        c: 1\r\nb: 1\r\n"
    );
    assert_eq!(after_set("api:\n  image: x", &["a"], "1", "").unwrap(), "api:\n  image: x\n  a: 1");
    assert_eq!(after_set("api:\n  a: 1\n", &["a"], "2", "").unwrap(), "api:\n  a: 2\n");
    assert_eq!(after_set("api:\n  a:\n  b: 1\n", &["a"], "2", "").unwrap(), "api:\n  a: 2\n  b: 1\n");
    assert_eq!(after_set("x: &b {c: 1}\napi: *b\n", &["a"], "1", ""), None);
}

#[test]
fn lists_get_a_first_word_in_their_own_style() {
    let lead = |text: &str, name: &str| {
        let tree = Tree::parse(SourceId(0), text);
        super::prepend(&tree, text, key(text, name), "CMD").map(|splice| apply(text, &splice))
    };
    assert_eq!(lead("test: [curl, -f]\n", "curl").unwrap(), "test: [CMD, curl, -f]\n");
    assert_eq!(lead("test: [\"curl\"]\n", "\"curl\"").unwrap(), "test: [\"CMD\", \"curl\"]\n");
    assert_eq!(
        lead("test:\r\n  - curl # why\r\n  - x\r\n", "curl").unwrap(),
        "test:\r\n  - CMD\r\n  - curl # why\r\n  - x\r\n"
    );
    assert_eq!(lead("test: [a, curl]\n", "curl"), None);
}

#[test]
fn removed_keys_take_their_lines_along() {
    let remove = |text: &str, name: &str| {
        let tree = Tree::parse(SourceId(0), text);
        super::remove(&tree, text, key(text, name)).map(|splice| apply(text, &splice))
    };
    assert_eq!(remove("a: 1\nmem: 2 # why\nb: 3\n", "mem").unwrap(), "a: 1\nb: 3\n");
    assert_eq!(remove("a: 1\nmem:\n  x: 1\n  y: |\n    z\n", "mem").unwrap(), "a: 1\n");
    assert_eq!(remove("q: {a: 1, mem: 2, b: 3}\n", "mem").unwrap(), "q: {a: 1, b: 3}\n");
    assert_eq!(remove("q: {a: 1, mem: 2}\n", "mem").unwrap(), "q: {a: 1}\n");
    assert_eq!(remove("q: {a: 1, mem: 2, !!str b: 3}\n", "mem").unwrap(), "q: {a: 1, !!str b: 3}\n");
    assert_eq!(remove("q: {!!str &a mem: 2, b: 3}\n", "mem").unwrap(), "q: {b: 3}\n");
    assert_eq!(remove("mem: 2\n", "mem"), None);
    assert_eq!(remove("- mem: 2\n  b: 1\n", "mem"), None);
}

fn with_near(text: &str, leaf: &str, below: &[&str], path: &[&str], value: &str) -> Option<String> {
    let tree = Tree::parse(SourceId(0), text);
    set_near(&tree, text, (key(text, leaf), below), path, value).map(|splice| apply(text, &splice))
}

#[test]
fn keys_are_added_near_others_wherever_these_stand() {
    assert_eq!(
        with_near("x-l: &l\n  mem_limit: 1g\n  init: true\n", "mem_limit", &[], &["memswap_limit"], "1g")
            .unwrap(),
        "x-l: &l\n  mem_limit: 1g\n  memswap_limit: 1g\n  init: true\n"
    );
    let deploy = "services:\n  a:\n    deploy:\n      resources:\n        limits:\n          memory: 1g\n    init: true\n";
    assert_eq!(
        with_near(deploy, "memory", &["deploy", "resources", "limits"], &["memswap_limit"], "${M:-1g}")
            .unwrap(),
        deploy.replace("    init", "    memswap_limit: ${M:-1g}\n    init")
    );
    let reserved = with_near(deploy, "memory", &["limits"], &["reservations", "memory"], "512m").unwrap();
    assert!(
        reserved.contains("          memory: 1g\n        reservations:\n          memory: 512m\n"),
        "{reserved}"
    );
    let flow = "a: {deploy: {resources: {limits: {memory: 1g}}}, init: true}\n";
    assert_eq!(
        with_near(flow, "memory", &["deploy", "resources", "limits"], &["memswap_limit"], "${M}").unwrap(),
        "a: {deploy: {resources: {limits: {memory: 1g}}}, init: true, memswap_limit: \"${M}\"}\n"
    );
    // An anchor of another structure has other keys above the leaf.
    let anchor = "x-d: &d\n  resources: {limits: {memory: 1g}}\n";
    assert_eq!(
        with_near(anchor, "memory", &["deploy", "resources", "limits"], &["memswap_limit"], "1g"),
        None
    );
}

#[test]
fn variables_are_written_in_the_form_of_their_file() {
    let set = |text: &str| {
        let tree = Tree::parse(SourceId(0), text);
        set_variable(
            &tree,
            text,
            key(text, if text.contains("\"api\"") { "\"api\"" } else { "api" }),
            "OPTS",
            "-Xmx1g -a",
        )
        .map(|splice| apply(text, &splice))
    };
    for (before, after) in [
        ("api:\n  image: x\n", "api:\n  image: x\n  environment:\n    OPTS: -Xmx1g -a\n"),
        ("api:\n  environment:\n    A: b\n", "api:\n  environment:\n    A: b\n    OPTS: -Xmx1g -a\n"),
        (
            "api:\n  environment:\n  - A=b # why\n",
            "api:\n  environment:\n  - A=b # why\n  - OPTS=-Xmx1g -a\n",
        ),
        (
            "api:\r\n  environment:\r\n    - A=b\r\n",
            "api:\r\n  environment:\r\n    - A=b\r\n    - OPTS=-Xmx1g -a\r\n",
        ),
        ("api: {environment: [A=b]}\n", "api: {environment: [A=b, OPTS=-Xmx1g -a]}\n"),
        ("api: {environment: {A: b}}\n", "api: {environment: {A: b, OPTS: -Xmx1g -a}}\n"),
        (
            "{\"api\": {\"image\": \"x\"}}\n",
            "{\"api\": {\"image\": \"x\", \"environment\": {\"OPTS\": \"-Xmx1g -a\"}}}\n",
        ),
        ("api: {environment: [\"A=b\"]}\n", "api: {environment: [\"A=b\", \"OPTS=-Xmx1g -a\"]}\n"),
    ] {
        assert_eq!(set(before).as_deref(), Some(after));
    }
    for text in [
        "api:\n  environment:\n  - OPTS=1\n",
        "api: {environment: {OPTS: 1}}\n",
        "x: &x {A: b}\napi: {environment: *x}\n",
    ] {
        assert_eq!(set(text), None, "{text}");
    }
}

#[test]
fn values_are_extended_inside_their_quotes() {
    let extend = |text: &str| {
        let tree = Tree::parse(SourceId(0), text);
        super::extend(&tree, text, key(text, "OPTS"), "-b=1").map(|splice| apply(text, &splice))
    };
    for (before, after) in [
        ("OPTS: -a # why\n", "OPTS: -a -b=1 # why\n"),
        ("OPTS: \"-a\"\n", "OPTS: \"-a -b=1\"\n"),
        ("- OPTS=-a\n- B=c\n", "- OPTS=-a -b=1\n- B=c\n"),
        ("- 'OPTS=-a'\n", "- 'OPTS=-a -b=1'\n"),
        ("{OPTS: \"${X:-}\"}\n", "{OPTS: \"${X:-} -b=1\"}\n"),
    ] {
        assert_eq!(extend(before).as_deref(), Some(after));
    }
    assert_eq!(extend("OPTS: |\n  -a\n"), None);
    assert_eq!(extend("x: &x -a\nOPTS: *x\n"), None);
}

/// Returns the text with `path` set below the key `owner`, or in the mapping that begins there.
fn set_at(text: &str, owner: Span, path: &[&str], value: &str, after: &str) -> Option<String> {
    let tree = Tree::parse(SourceId(0), text);
    set(&tree, text, owner, path, value, after).map(|splice| apply(text, &splice))
}

#[test]
fn a_path_that_is_there_is_followed() {
    let deploy = "api:\n  deploy:\n    resources:\n      limits:\n        cpus: 1 # half\n  init: true\n";
    let limits = ["deploy", "resources", "limits"];
    let path = |last: &'static str| limits.into_iter().chain([last]).collect::<Vec<_>>();
    for (last, value, from, to) in [
        ("cpus", "2", "cpus: 1 # half", "cpus: 2 # half"),
        ("memory", "1g", "cpus: 1 # half", "cpus: 1 # half\n        memory: 1g"),
    ] {
        assert_eq!(after_set(deploy, &path(last), value, "").unwrap(), deploy.replace(from, to));
    }
    // A scalar, an alias and nothing at all are no mappings to go on in; what is not a scalar is not replaced.
    for text in [
        "api:\n  deploy: x\n",
        "x: &x {a: 1}\napi:\n  deploy: *x\n",
        "api:\n  deploy:\n",
        "api:\n",
        "api: x\n",
    ] {
        assert_eq!(after_set(text, &["deploy", "mode"], "global", ""), None, "{text}");
    }
    for text in
        ["api:\n  a: [1]\n", "api:\n  a: {b: 1}\n", "api:\n  a: &x\n    b: 1\n", "x: &x 1\napi: {a: *x}\n"]
    {
        assert_eq!(after_set(text, &["a"], "2", ""), None, "{text}");
    }
    assert_eq!(after_set("api: {a: , b: 1}\n", &["a"], "2", "").unwrap(), "api: {a: 2 , b: 1}\n");
    assert_eq!(after_set("api: {a: 'x'}\n", &["a"], "2", "").unwrap(), "api: {a: 2}\n");
    assert_eq!(after_set("api:\n  a: b\n", &[], "2", ""), None);
}

#[test]
fn keys_are_indented_as_their_file_is() {
    let path = ["deploy", "mode"];
    for (text, added) in [
        ("api:\n image: x\n", "\n deploy:\n  mode: a"),
        ("api:\n    image: x\n", "\n    deploy:\n        mode: a"),
        // No more than eight per level.
        ("api:\n            image: x\n", "\n            deploy:\n                    mode: a"),
        ("s:\n- api:\n    image: x\n", "\n    deploy:\n        mode: a"),
        ("s:\n  - api:\n      image: x\n", "\n      deploy:\n          mode: a"),
        // A key begins with its tag and anchor.
        ("api:\n  !!merge <<: *x\n  image: x\n", "\n  deploy:\n    mode: a"),
        ("api:\n  &a !!str image: x\n", "\n  deploy:\n    mode: a"),
    ] {
        let end = text.len() - 1;
        assert_eq!(after_set(text, &path, "a", "").unwrap(), format!("{}{added}\n", &text[..end]), "{text}");
    }
    // The mapping of an item of a list, and one at the top level, are found by their own place.
    for (text, owner, added) in [
        (
            "s:\n  steps:\n    - image: x\n      user: y\n",
            "image: x\n      user: y",
            "\n      deploy:\n          mode: a",
        ),
        ("image: x\nuser: y\n", "image: x\nuser: y", "\ndeploy:\n mode: a"),
        ("- - image: x\n", "image: x", "\n    deploy:\n        mode: a"),
    ] {
        let found = set_at(text, key(text, owner), &path, "a", "user").unwrap();
        assert_eq!(found, format!("{}{added}\n", text.trim_end()), "{text}");
    }
    // A place that is neither a key nor a mapping.
    for (text, owner) in
        [("a:\n  b: 1\n", "b: 1\n"), ("a:\n  b: 1\n", ":"), ("a:\n- b\n", "b"), ("a:\n- b\n", "- b")]
    {
        assert_eq!(set_at(text, key(text, owner), &["c"], "1", ""), None, "{text} {owner}");
    }
}

#[test]
fn a_value_is_in_quotes_where_it_would_be_read_as_something_else() {
    let added = |value: &str, text: &str| {
        let tree = Tree::parse(SourceId(0), text);
        let owner = key(text, if text.starts_with('{') { "\"api\"" } else { "api" });
        let splice = set_variable(&tree, text, owner, "A", value).unwrap();
        let after = apply(text, &splice);
        // What is read is what was asked for.
        let tree = Tree::parse(SourceId(0), &after);
        assert!(tree.errors().is_empty(), "{after}");
        let (_, read) =
            entry_at(&tree, key(&after, if text.starts_with('{') { "\"A\"" } else { "A" })).unwrap();
        assert_eq!(scalar(&tree, read), Some(value), "{after}");
        assert_eq!(tree.node(read).resolve(), Some(super::super::Value::Str), "{after}");
        after
    };
    let is_quoted = |value: &str| added(value, "api:\n  environment:\n    B: c\n").contains("A: \"");
    for plain in ["x", "-x", "a:b", "a#b", "a b", "1m", "1.5x", "x[1]", "a,b", "x{y}"] {
        assert!(!is_quoted(plain), "{plain}");
    }
    for special in [
        "", "\"x", "'x", "&x", "*x", "!x", "|x", ">x", "%x", "@x", "`x", "#x", "[x", "]x", "{x", "}x", ",x",
        "?x", "- x", "x:", "x ", "a: b", "a #b", "12", "1.5", "1.2.3", "a: \\\"",
    ] {
        assert!(is_quoted(special), "{special}");
    }
    for value in ["x[1]", "a,b", "x{y", "x}y", "a]b", "x"] {
        let flow = added(value, "api: {environment: {B: c}}\n");
        assert_eq!(flow.contains("A: \""), value != "x", "{flow}");
        let json = added(value, "{\"api\": {\"environment\": {\"B\": \"c\"}}}\n");
        assert!(json.contains(&format!(", \"A\": \"{value}\"}}")), "{json}");
    }
}

#[test]
fn json_stays_json() {
    let set = |text: &str, value: &str| {
        let tree = Tree::parse(SourceId(0), text);
        set(&tree, text, key(text, "\"api\""), &["a", "b"], value, "")
            .map(|splice| apply(text, &splice))
            .unwrap()
    };
    for (value, written) in [
        ("1g", "\"1g\""),
        ("1", "1"),
        ("1.5", "1.5"),
        ("-1", "-1"),
        ("true", "true"),
        ("false", "false"),
        ("yes", "\"yes\""),
        ("\"x\"", "\"x\""),
        ("{\"c\": 1}", "{\"c\": 1}"),
        ("[1]", "[1]"),
    ] {
        let after = set("{\"api\": {\"x\": 1}}", value);
        assert_eq!(after, format!("{{\"api\": {{\"x\": 1, \"a\": {{\"b\": {written}}}}}}}"));
        assert!(serde_json::from_str::<serde_json::Value>(&after).is_ok(), "{after}");
        let flow = set("\"api\": {x: 1}", value);
        assert_eq!(flow, format!("\"api\": {{x: 1, a: {{b: {value}}}}}"));
    }
}

#[test]
fn variables_are_appended_where_items_can_be() {
    let set = |text: &str| {
        let tree = Tree::parse(SourceId(0), text);
        set_variable(&tree, text, key(text, "api"), "A", "1").map(|splice| apply(text, &splice))
    };
    for (before, after) in [
        // A name that only begins in the same way is another one.
        ("api:\n  environment:\n  - AB=1\n", "api:\n  environment:\n  - AB=1\n  - A=1\n"),
        ("api:\n  environment:\n  - B=A\n", "api:\n  environment:\n  - B=A\n  - A=1\n"),
        ("api:\n  environment: {AB: 1}\n", "api:\n  environment: {AB: 1, A: \"1\"}\n"),
        ("api:\n  environment: {}\n", "api:\n  environment: {A: \"1\"}\n"),
        ("api:\n  environment:\n  - \"B=1\"\n", "api:\n  environment:\n  - \"B=1\"\n  - A=1\n"),
        ("api:\n  environment:\n  - B=1", "api:\n  environment:\n  - B=1\n  - A=1"),
        ("api:\n  environment: ['B=1']\n", "api:\n  environment: ['B=1', A=1]\n"),
    ] {
        assert_eq!(set(before).as_deref(), Some(after));
    }
    for text in [
        "api:\n  environment:\n  - A\n",
        "api:\n  environment: {A: }\n",
        "api:\n  environment: []\n",
        "api:\n  environment: x\n",
        "api:\n  environment:\n",
        "api:\n  environment:\n  - &b B=1\n",
        "api:\n  environment:\n  - - B=1\n",
        "api: x\n",
    ] {
        assert_eq!(set(text), None, "{text}");
    }
}

#[test]
fn words_are_added_to_values_that_can_take_them() {
    let extend = |text: &str, words: &str| {
        let tree = Tree::parse(SourceId(0), text);
        super::extend(&tree, text, key(text, "OPTS"), words).map(|splice| apply(text, &splice))
    };
    for (before, words, after) in [
        ("OPTS:\nb: 1\n", "-b", "OPTS: -b\nb: 1\n"),
        ("OPTS: ''\n", "-b", "OPTS: ' -b'\n"),
        ("OPTS: '-a'\n", "x: y", "OPTS: '-a x: y'\n"),
        ("x:\n- A=1\n- OPTS=-a # c\n", "-b", "x:\n- A=1\n- OPTS=-a -b # c\n"),
        ("x: [A=1, \"OPTS=-a\"]\n", "-b", "x: [A=1, \"OPTS=-a -b\"]\n"),
    ] {
        assert_eq!(extend(before, words).as_deref(), Some(after));
    }
    for (text, words) in [
        ("OPTS: -a\n", "x: y"),
        ("OPTS: -a\n", "#x"),
        ("OPTS: >\n  -a\n", "-b"),
        ("OPTS: [-a]\n", "-b"),
        ("OPTS: {a: b}\n", "-b"),
        ("x:\n- |\n  OPTS=1\n", "-b"),
    ] {
        assert_eq!(extend(text, words), None, "{text}");
    }
}

#[test]
fn a_key_is_removed_unless_another_value_shows_then() {
    let remove = |text: &str, name: &str| {
        let tree = Tree::parse(SourceId(0), text);
        super::remove(&tree, text, key(text, name)).map(|splice| apply(text, &splice))
    };
    for (before, name, after) in [
        ("a: 1\r\nmem: 2\r\nb: 3\r\n", "mem", "a: 1\r\nb: 3\r\n"),
        ("a: 1\nmem: 2", "mem", "a: 1\n"),
        ("mem:\nb: 1\n", "mem", "b: 1\n"),
        ("q: {mem: 2, b: 3}\n", "mem", "q: {b: 3}\n"),
        ("q: {a: , mem: 2}\n", "mem", "q: {a:}\n"),
        ("q:\n  - a: 1\n    mem: 2\n    b: 1\n", "mem", "q:\n  - a: 1\n    b: 1\n"),
        ("x: &x {b: 1}\nq:\n  <<: *x\n  mem: 2\n", "mem", "x: &x {b: 1}\nq:\n  <<: *x\n"),
        ("q:\n  <<: {b: 1}\n  mem: 2\n", "mem", "q:\n  <<: {b: 1}\n"),
    ] {
        assert_eq!(remove(before, name).as_deref(), Some(after));
    }
    for text in [
        "x: &x {m: 1}\nq:\n  <<: *x\n  m: 2\n",
        "q:\n  <<: {m: 1}\n  m: 2\n",
        "x: &x {b: 1}\nq:\n  <<: [*x]\n  m: 2\n",
        "x: &x {<<: {m: 1}}\nq:\n  <<: *x\n  m: 2\n",
        "x: &x [1]\nq:\n  <<: *x\n  m: 2\n",
        "q:\n  <<: *none\n  m: 2\n",
    ] {
        let at = text.rfind('m').unwrap();
        let tree = Tree::parse(SourceId(0), text);
        assert_eq!(super::remove(&tree, text, Span::new(SourceId(0), at, at + 1)), None, "{text}");
    }
    // Only a whole key is one.
    assert_eq!(remove("a: 1\nmem: 2\n", "me"), None);
    assert_eq!(remove("a: 1\nb: mem\n", "mem"), None);
}

#[test]
fn keys_and_comments_are_found_by_the_key_above() {
    let text = "api:\n  image: x # why\n  deploy: {mode: a} \t # how\t \n  init:\n  tty: \"#\"\r\n  user: a#b # é\r\n  env: # below\n    a: 1 # in\n";
    let tree = Tree::parse(SourceId(0), text);
    let comment = |name: &str| comment(&tree, text, key(text, name)).map(|span| &text[span.range()]);
    for (name, found) in [
        ("image", Some("# why")),
        ("deploy", Some("# how")),
        ("init", None),
        ("tty", None),
        ("user", Some("# é")),
        ("mode", None),
    ] {
        assert_eq!(comment(name), found, "{name}");
    }
    let below =
        |owner: &str, name: &str| key_below(&tree, key(text, owner), name).map(|span| &text[span.range()]);
    assert_eq!(
        (below("api", "image"), below("deploy", "mode"), below("env", "a")),
        (Some("image"), Some("mode"), Some("a"))
    );
    assert_eq!(
        (below("api", "mode"), below("image", "x"), below("init", "tty"), below("user", "a")),
        (None, None, None, None)
    );
}

#[test]
fn a_first_word_needs_a_line_or_a_list_of_its_own() {
    let lead = |text: &str, item: &str| {
        let tree = Tree::parse(SourceId(0), text);
        super::prepend(&tree, text, key(text, item), "CMD").map(|splice| apply(text, &splice))
    };
    for (before, item, after) in [
        ("test: ['curl', x]\n", "'curl'", "test: ['CMD', 'curl', x]\n"),
        ("a:\n  test:\n    -   \"curl\"\n", "\"curl\"", "a:\n  test:\n    -   \"CMD\"\n    -   \"curl\"\n"),
        ("test: [[curl], x]\n", "curl", "test: [[CMD, curl], x]\n"),
    ] {
        assert_eq!(lead(before, item).as_deref(), Some(after));
    }
    for (text, item) in [
        ("- - curl\n", "curl"),
        ("- &a curl\n", "curl"),
        ("- !t curl\n", "curl"),
        ("test: curl\n", "curl"),
        ("- a\n- curl\n", "curl"),
        ("- curl\n", "cur"),
    ] {
        assert_eq!(lead(text, item), None, "{text}");
    }
}

#[test]
fn keys_are_near_others_below_the_same_names_only() {
    let text = "s:\n  a:\n    deploy:\n      limits:\n        memory: 1g\n";
    for (leaf, below, found) in [
        ("memory", &["deploy", "limits"][..], true),
        ("memory", &["limits"], true),
        ("memory", &["a", "deploy", "limits"], true),
        ("memory", &["s", "a", "deploy", "limits"], true),
        ("memory", &["x", "s", "a", "deploy", "limits"], false),
        ("memory", &["deploy"], false),
        ("memory", &["deploy", "memory"], false),
        ("memor", &[], false),
        ("1g", &[], false),
    ] {
        assert_eq!(with_near(text, leaf, below, &["x"], "1").is_some(), found, "{leaf} {below:?}");
    }
    // After the first of the keys above, or after the leaf itself.
    assert_eq!(
        with_near("a:\n  limits:\n    memory: 1g\n    cpus: 1\n  b: 1\n", "memory", &[], &["x"], "1")
            .unwrap(),
        "a:\n  limits:\n    memory: 1g\n    x: 1\n    cpus: 1\n  b: 1\n"
    );
    assert_eq!(
        with_near("a:\n  limits:\n    memory: 1g\n    cpus: 1\n  b: 1\n", "memory", &["limits"], &["x"], "1")
            .unwrap(),
        "a:\n  limits:\n    memory: 1g\n    cpus: 1\n  x: 1\n  b: 1\n"
    );
}
