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
