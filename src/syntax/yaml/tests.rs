mod go_yaml;

use std::path::Path;

use super::*;
use crate::source::{Source, Sources};

pub(super) struct Read {
    source: std::sync::Arc<Source>,
    pub(super) tree: Tree,
}

pub(super) fn read(text: &str) -> Read {
    let sources = Sources::new();
    let source = sources.get(sources.add(Path::new("compose.yaml"), text));
    let tree = Tree::parse(source.id(), source.text());
    Read { source, tree }
}

impl Read {
    /// Returns the node at a path of keys and item numbers in the first document.
    pub(super) fn at(&self, path: &str) -> &Node {
        let mut id = self.tree.documents()[0];
        for step in path.split('/').filter(|step| !step.is_empty()) {
            id = match &self.tree.node(id).kind {
                Kind::Map(entries) => {
                    let found = entries.iter().find(|(key, _)| self.key(*key) == step);
                    found.unwrap_or_else(|| panic!("no {step}")).1
                }
                Kind::Seq(items) => items[step.parse::<usize>().unwrap()],
                kind => panic!("{kind:?}"),
            };
        }
        self.tree.node(id)
    }

    fn key(&self, id: NodeId) -> &str {
        match &self.tree.node(id).kind {
            Kind::Scalar(scalar) => scalar.text.as_str(),
            _ => "",
        }
    }

    pub(super) fn slice(&self, span: Span) -> &str {
        self.source.slice(span)
    }

    pub(super) fn raw(&self, path: &str) -> &str {
        self.slice(self.at(path).span)
    }

    pub(super) fn text(&self, path: &str) -> &TracedText {
        match &self.at(path).kind {
            Kind::Scalar(scalar) => &scalar.text,
            kind => panic!("{kind:?}"),
        }
    }

    /// Returns the bytes that a part of a scalar came from.
    pub(super) fn trace(&self, path: &str, part: &str) -> &str {
        let text = self.text(path);
        let at = text.as_str().find(part).unwrap();
        self.slice(text.span_of(at..at + part.len()))
    }

    pub(super) fn errors(&self) -> Vec<(&str, &str)> {
        self.tree.errors().iter().map(|error| (error.message.as_str(), self.slice(error.span))).collect()
    }

    pub(super) fn keys(&self, path: &str) -> Vec<&str> {
        match &self.at(path).kind {
            Kind::Map(entries) => entries.iter().map(|(key, _)| self.key(*key)).collect(),
            kind => panic!("{kind:?}"),
        }
    }
}

#[test]
fn block_scalars_span_from_their_header_to_their_last_line() {
    let r = read(
        "a: |  # why\n    x\n   \n      y\n\n\nb: >-\n  x\n  y\n  # in\n# oomlint: out\nc: |+\n  z\n\nd: |\ne: !t &a |2-\n   q\n",
    );
    assert_eq!(r.raw("a"), "|  # why\n    x\n   \n      y");
    assert_eq!(r.text("a").as_str(), "x\n\n  y\n");
    assert_eq!(r.raw("b"), ">-\n  x\n  y\n  # in");
    assert_eq!(r.text("b").as_str(), "x y # in");
    assert_eq!((r.raw("c"), r.text("c").as_str()), ("|+\n  z", "z\n\n"));
    assert_eq!((r.raw("d"), r.text("d").as_str()), ("|", ""));
    assert_eq!((r.raw("e"), r.text("e").as_str()), ("|2-\n   q", " q"));
    let comments: Vec<&str> = r.tree.comments().iter().map(|span| r.slice(*span)).collect();
    assert_eq!(comments, ["# why", "# oomlint: out"]);
    assert_eq!(r.errors(), []);
}

#[test]
fn parts_of_scalars_are_traced_to_their_bytes() {
    let r = read(concat!(
        "plain: -Xms64m\n  -Xmx512m\n\n  -Xss1m\n",
        "single: 'it''s -Xmx1g\n  here'\n",
        "double: \"é \\u00e9 -Xmx2g\\n\\\n   on \\\"x\\\"\"\n",
        "literal: |\n  # c\n  java -Xmx3g\n    -jar\n",
        "folded: >\n  java\n  -Xmx4g\n\n   more\n  end\n",
    ));
    assert_eq!(r.errors(), []);
    assert_eq!(r.text("plain").as_str(), "-Xms64m -Xmx512m\n-Xss1m");
    assert_eq!(r.trace("plain", "-Xmx512m"), "-Xmx512m");
    assert_eq!(r.trace("plain", "m -X"), "m\n  -X");
    assert_eq!(r.text("single").as_str(), "it's -Xmx1g here");
    assert_eq!(r.trace("single", "'"), "''");
    assert_eq!(r.trace("single", "-Xmx1g"), "-Xmx1g");
    assert_eq!(r.text("double").as_str(), "é é -Xmx2g\non \"x\"");
    assert_eq!(r.trace("double", " é "), " \\u00e9 ");
    assert_eq!(r.trace("double", "-Xmx2g"), "-Xmx2g");
    assert_eq!(r.trace("double", "on"), "on");
    assert_eq!(r.raw("double").chars().next_back(), Some('"'));
    assert_eq!(r.text("literal").as_str(), "# c\njava -Xmx3g\n  -jar\n");
    assert_eq!(r.trace("literal", "-Xmx3g"), "-Xmx3g");
    assert_eq!(r.trace("literal", "  -jar"), "  -jar");
    assert_eq!(r.text("folded").as_str(), "java -Xmx4g\n\n more\nend\n");
    assert_eq!(r.trace("folded", "-Xmx4g"), "-Xmx4g");
    assert_eq!(r.trace("folded", "a -"), "a\n  -");
    assert_eq!(r.trace("folded", " more"), " more");
}

#[test]
fn windows_line_ends_marks_and_letters_keep_their_bytes() {
    let r = read("\u{feff}ä: |\r\n  é\r\n  ö\r\nb: x\r\n  y # oomlint: ü\r\nc: >\r\n  x\r\n  y\r\n");
    assert_eq!((r.raw("ä"), r.text("ä").as_str()), ("|\r\n  é\r\n  ö", "é\nö\n"));
    assert_eq!(r.trace("ä", "ö"), "ö");
    assert_eq!((r.raw("b"), r.text("b").as_str()), ("x\r\n  y", "x y"));
    assert_eq!(r.text("c").as_str(), "x y\n");
    assert_eq!(r.trace("c", "y"), "y");
    assert_eq!(r.slice(r.tree.comments()[0]), "# oomlint: ü");
}

#[test]
fn collections_span_their_children_or_brackets() {
    let r = read(
        "a:\n  b: 1\n  c:\n  - x\n  - y: z # oomlint: c\n\nd: [1, {e: f}, # in\n  g: h ]\ni: {}\nj:\n- k:\n",
    );
    assert_eq!(r.raw("a"), "b: 1\n  c:\n  - x\n  - y: z");
    assert_eq!(r.raw("a/c"), "x\n  - y: z");
    assert_eq!(r.raw("d"), "[1, {e: f}, # in\n  g: h ]");
    assert_eq!(r.raw("d/1"), "{e: f}");
    assert_eq!(r.raw("d/2"), "g: h");
    assert_eq!(r.raw("i"), "{}");
    assert_eq!(r.raw("j"), "k:");
    assert_eq!(r.tree.comments().len(), 2);
}

#[test]
fn tags_and_anchors_come_before_any_value() {
    let r = read(
        "a: !reset\nb: !reset null\nc: !reset []\nd: !override\n  - x\ne: &anchor !!str\nf: !t &m {g: *anchor}\nh: &q 'x'\n",
    );
    let tag = |path: &str| r.at(path).tag.as_ref().map(|tag| (tag.name.as_str(), r.slice(tag.span)));
    for path in ["a", "b", "c"] {
        assert_eq!(tag(path), Some(("!reset", "!reset")), "{path}");
    }
    assert_eq!(r.at("a").resolve(), Some(Value::Null));
    assert_eq!((r.raw("a"), r.raw("b"), r.raw("c"), r.raw("d")), ("", "null", "[]", "x"));
    assert_eq!(tag("d"), Some(("!override", "!override")));
    assert_eq!(tag("e"), Some(("!!str", "!!str")));
    assert_eq!(r.at("e").resolve(), Some(Value::Str));
    let anchor = |path: &str| r.at(path).anchor.as_ref().map(|a| (a.name.as_str(), r.slice(a.span)));
    assert_eq!(anchor("e"), Some(("anchor", "&anchor")));
    assert_eq!((anchor("f"), r.raw("f")), (Some(("m", "&m")), "{g: *anchor}"));
    assert_eq!((anchor("h"), r.raw("h")), (Some(("q", "&q")), "'x'"));
    assert_eq!(r.at("f").resolve(), None);
    assert_eq!(r.errors(), []);
}

#[test]
fn aliases_name_the_last_complete_anchor() {
    let r = read("a: &x 1\nb: *x\nc: &x 2\nd: *x\ne: *no\nf: &f [*f]\n---\ng: *x\nh: *y\n");
    let target = |path: &str| match r.at(path).kind {
        Kind::Alias(target) => target.map(|id| r.slice(r.tree.node(id).span)),
        ref kind => panic!("{kind:?}"),
    };
    assert_eq!((target("b"), r.raw("b")), (Some("1"), "*x"));
    assert_eq!(target("d"), Some("2"));
    assert_eq!(target("e"), None);
    assert_eq!(target("f/0"), None);
    let unknown = "unknown anchor";
    assert_eq!(
        r.errors(),
        [
            (format!("{unknown} `no`").as_str(), "*no"),
            ("anchor `f` contains itself", "*f"),
            (format!("{unknown} `y`").as_str(), "*y"),
        ]
    );
    assert!(r.tree.errors().iter().all(|error| error.fatal));
    assert_eq!(r.tree.documents().len(), 2);
}

#[test]
fn a_key_that_is_written_twice_is_an_error_at_the_second() {
    let r = read("a: 1\n'a': 2\nb: {<<: {}, <<: {}}\n1: x\n\"1\": y\nc:\n  a: 1\n");
    assert_eq!(
        r.errors(),
        [("duplicate key `a`", "'a'"), ("duplicate key `<<`", "<<"), ("duplicate key `1`", "\"1\"")]
    );
    assert!(r.tree.errors()[0].span.start > 0 && r.tree.errors()[0].fatal);
    assert_eq!(r.keys(""), ["a", "a", "b", "1", "1", "c"]);
}

#[test]
fn documents_are_kept_apart() {
    assert_eq!(read("").tree.documents().len(), 0);
    assert_eq!(read("# only a comment\n").tree.documents().len(), 0);
    assert_eq!(read("---\n---\na: 1\n...\n").tree.documents().len(), 2);
    assert_eq!(read("%YAML 1.2\n---\na: 1\n").errors(), []);
}

/// A list item where a key is expected is itself reported, and not the line above it; so is a line that is indented too deep.
#[test]
fn items_and_lines_out_of_place_are_named() {
    let errors = |text: &str| {
        let tree = read(text).tree;
        tree.errors()
            .iter()
            .map(|error| (error.message.clone(), text[error.span.range()].to_owned()))
            .collect::<Vec<_>>()
    };
    let item = "a list item where a key is expected; is the key of the list missing above?";
    let text = "a:\n  depends_on:\n    b:\n      condition: x\n    - C=1\n    - D=2\nc: 1\n";
    assert_eq!(errors(text).first(), Some(&(item.to_owned(), "- C=1".to_owned())));
    for value in ["x y: 1", "x\ty: [", "\tx y: 1", "http: //x"] {
        let second = errors(&format!("a:\n  b: {value}\n  c: 1\n"));
        assert!(second[0].0.starts_with("a second `:` on one line"), "{value}: {second:?}");
    }
    let deep = errors("a:\n  image: x\n    limit: 1\nb: 2\n");
    assert!(deep[0].0.starts_with("this line is indented by 4 spaces, the value above by 2"), "{deep:?}");
    let twice = errors("a: b: c\nd: 1\n");
    assert_eq!(twice[0].0, "a second `:` on one line; quote the value");
}

#[test]
fn a_broken_line_costs_only_itself() {
    let r = read("services:\n  web:\n    image: x\n    mem_lim\n    restart: no\n  db:\n    image: y\n");
    assert_eq!(r.errors(), [("expected `key: value`; the `:` is missing", "mem_lim")]);
    assert_eq!(r.keys("services/web"), ["image", "restart"]);
    assert_eq!(r.keys("services"), ["web", "db"]);

    let r = read("a: 1\nb:\n\tc: 2\nd: \"x\ne: 'y'\nf: [1\ng: é: ü\n");
    assert_eq!(r.keys("").first(), Some(&"a"));
    assert!(r.keys("").contains(&"e"), "{:?}", r.keys(""));
    assert_eq!(r.errors()[0], ("a tab in the indentation; YAML takes spaces only", "c: 2"));
    assert!(r.tree.errors().iter().all(|error| error.fatal && !r.slice(error.span).contains('\n')));
}

#[test]
fn a_key_at_the_end_of_what_is_read_has_an_empty_value() {
    let r = read("a: 1\nb: @x\n");
    assert_eq!(r.keys(""), ["a"]);
    assert_eq!(r.errors(), [("a value cannot begin with `@`; quote it", "@x")]);
}

#[test]
fn nesting_beyond_the_cap_is_dropped_and_said() {
    let text = format!("a: {}x{}\nb: 1\n", "[".repeat(400), "]".repeat(400));
    let r = read(&text);
    assert_eq!(r.keys(""), ["a", "b"]);
    assert_eq!(r.tree.errors().len(), 1);
    assert!(!r.tree.errors()[0].fatal && r.tree.errors()[0].message.starts_with("nested deeper than 256"));
    let mut depth = 0;
    let mut node = r.at("a");
    while let Kind::Seq(items) = &node.kind {
        let Some(first) = items.first() else { break };
        (node, depth) = (r.tree.node(*first), depth + 1);
    }
    assert_eq!(depth, MAX_DEPTH - 2);
}

#[test]
fn the_dump_shows_every_node_with_its_bytes() {
    let r = read("a: !t &x [1, *x]\n# oomlint: c\nb\n");
    let json = to_json(&r.tree, &r.source);
    assert_eq!(json["comments"], serde_json::json!([[17, 29]]));
    assert_eq!(json["errors"][1]["line"], 3);
    let seq = &json["documents"][0]["map"][0][1];
    assert_eq!((&seq["span"], &seq["line"]), (&serde_json::json!([9, 16]), &serde_json::json!(1)));
    assert_eq!(seq["tag"]["name"], "!t");
    assert_eq!(seq["anchor"], serde_json::json!({ "name": "x", "span": [6, 8] }));
    assert_eq!(seq["seq"][0]["scalar"], "1");
    assert_eq!(seq["seq"][1]["alias"], serde_json::json!({ "name": "*x", "target": null }));
}

#[test]
fn keys_of_large_mappings_are_compared_too() {
    for count in [2, 7, 8, 9, 20] {
        let keys: String = (0..count).map(|at| format!("k{at}: 1\n")).collect();
        assert_eq!(read(&keys).errors(), []);
        for (twice, place) in [("k0", "k0"), ("'k1'", "'k1'")] {
            let r = read(&format!("{keys}{twice}: 2\n"));
            let key = twice.trim_matches('\'');
            assert_eq!(r.errors(), [(format!("duplicate key `{key}`").as_str(), place)], "{count}");
            let first = r.tree.errors()[0].duplicate_of.unwrap();
            assert_eq!(first.start as usize, keys.find(key).unwrap(), "{count}");
        }
    }
    let r = read("x: &x a\ny: &y b\nm: {*x : 1, *y : 2, *x : 3, ? [a] : 1, ? [a] : 2}\n");
    assert_eq!(r.errors(), [("duplicate key `*x`", "*x")]);
    let thrice = read("a: 1\na: 2\na: 3\n");
    assert_eq!(
        thrice.tree.errors().iter().map(|error| error.duplicate_of.unwrap().start).collect::<Vec<_>>(),
        [0, 0]
    );
}

#[test]
fn empty_values_are_behind_their_colons() {
    for (text, path, at) in [
        ("a:\nb: 1\n", "a", 2),
        ("a :\nb: 1\n", "a", 3),
        ("a: \t\nb: 1\n", "a", 2),
        ("a:", "a", 2),
        ("a \t:", "a", 4),
        ("x: {a: , b: 1}\n", "x/a", 6),
        ("x: {a, b: 1}\n", "x/a", 5),
        ("x: {a: }\n", "x/a", 6),
        ("- \n- a\n", "0", 1),
        ("a: !t\nb: 1\n", "a", 5),
        ("a: &x\nb: 1\n", "a", 5),
    ] {
        let r = read(text);
        let node = r.at(path);
        assert!(node.span.is_empty() && r.text(path).as_str().is_empty(), "{text:?}");
        assert_eq!(node.resolve() == Some(Value::Null), node.tag.is_none(), "{text:?}");
        let start = node.span.start as usize;
        assert!(
            (at..=at + 2).contains(&start) && text[..start].trim_end().len() <= at.max(start),
            "{text:?} {start}"
        );
    }
}

/// An alias is a key, too, whether or not a blank is before its colon.
#[test]
fn aliases_may_be_keys() {
    for (text, keys) in [
        ("x: &k name\nm: {*k : 1}\n", 1),
        ("x: &k name\nm: {*k: 1}\n", 1),
        ("x: &k name\nm:\n  *k: 1\n  b: 2\n", 2),
        ("x: &k name\nm:\n  *k:\n    a: 1\n", 1),
        ("x: &k name\nm: {a: 1,*k: 2}\n", 2),
        ("x: &k.1-2 name\nm: {*k.1-2: 1}\n", 1),
        ("*k: 1\n", 0),
    ] {
        let r = read(text);
        let Some(map) = r.tree.documents().first().filter(|_| keys > 0) else { continue };
        assert!(matches!(r.tree.node(*map).kind, Kind::Map(_)));
        assert_eq!(r.errors(), [], "{text}");
        let Kind::Map(entries) = &r.at("m").kind else { panic!("{text}") };
        assert_eq!(entries.len(), keys, "{text}");
        let aliases: Vec<&str> = entries
            .iter()
            .filter_map(|(key, _)| match r.tree.node(*key).kind {
                Kind::Alias(Some(target)) => Some(r.slice(r.tree.node(target).span)),
                _ => None,
            })
            .collect();
        assert_eq!(aliases, ["name"], "{text}");
    }
    // In quotes, in comments and in values a star is a star.
    for text in
        ["a: '*k: 1'\n", "a: \"x *k: 1\"\n", "# *k: 1\na: 1\n", "a: |\n  *k: 1\n", "a: x *k\n", "a: 2*k\n"]
    {
        assert_eq!(read(text).errors(), [], "{text}");
    }
    let places = |text: &str| super::alias_keys::places(text);
    assert_eq!(places("*a: 1\n *b:\n{*c: 1,*d: 2}[*e: 1]"), [0, 7, 12, 18, 25]);
    assert_eq!(places("*a:"), [0]);
    assert_eq!(places("{*a:}"), [1]);
    for other in ["*a", "* a: 1", "*: 1", "x*a: 1", "*a:b", "*a :1", "*é: 1", "*a]: 1", "-*a: 1"] {
        assert!(places(other).is_empty(), "{other}");
    }
}

#[test]
fn every_style_is_in_the_dump() {
    let r = read("a: [x, 'x', \"x\"]\nb: |\n  x\nc: >\n  x\nd: &d\ne: *d\n");
    let json = to_json(&r.tree, &r.source);
    let map = json["documents"][0]["map"].as_array().unwrap();
    let styles: Vec<&str> =
        map[0][1]["seq"].as_array().unwrap().iter().map(|item| item["style"].as_str().unwrap()).collect();
    assert_eq!(styles, ["plain", "single-quoted", "double-quoted"]);
    assert_eq!((map[1][1]["style"].as_str(), map[2][1]["style"].as_str()), (Some("literal"), Some("folded")));
    assert_eq!((map[2][1]["line"].as_u64(), map[4][1]["alias"]["name"].as_str()), (Some(4), Some("*d")));
    assert_eq!(map[4][1]["alias"]["target"], map[3][1]["span"]);
}

/// Errors have the words for what is to be done.
#[test]
fn errors_say_how_to_mend_them() {
    for (text, message) in [
        ("a: 1\nb\n", "expected `key: value`; the `:` is missing"),
        ("a: b: c\n", "a second `:` on one line; quote the value"),
        (
            "a: b\n  c: d\n",
            "this line is indented by 2 spaces, the value above by 0; align them, or quote the value",
        ),
        (
            "a:\n  b: c\n\n   d: e\n",
            "this line is indented by 3 spaces, the value above by 2; align them, or quote the value",
        ),
        (
            "a: b\n c: d\n",
            "this line is indented by 1 space, the value above by 0; align them, or quote the value",
        ),
        ("a:\n  b: c\n\td: e\n", "a tab in the indentation; YAML takes spaces only"),
        ("a: |\n\tb\n", "a tab in the indentation; YAML takes spaces only"),
        ("a: \"b\n", "a quote is not closed"),
        ("a:\n  b: 1\n c: 2\n", "expected a key at this indentation; align it with the keys above"),
        ("a: 1\n- b\n", "a list item where a key is expected; is the key of the list missing above?"),
        ("- a\nb: 1\n", "expected `-` at this indentation; align it with the items above"),
        ("a: [b\n", "`[` is not closed; add `]`"),
        ("a: {b: 1\n", "`{` is not closed; add `}`"),
        ("a: @b\n", "a value cannot begin with `@`; quote it"),
        ("a: !x!y z\n", "the tag's handle is not declared"),
    ] {
        let r = read(text);
        assert_eq!(r.errors().first().map(|(message, _)| *message), Some(message), "{text:?}");
    }
}
