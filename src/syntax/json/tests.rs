use proptest::prelude::*;

use super::*;
use crate::source::SourceId;

fn parsed(text: &str) -> Vec<Node> {
    read(SourceId(0), text, &|key| ["State", "Memory", "ExitCode", "OOMKilled"].contains(&key)).nodes
}

/// Prints values without spaces; `…` marks what is cut.
fn shown(node: &Node) -> String {
    let cut = if node.is_cut { "…" } else { "" };
    match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Boolean(value) => value.to_string(),
        Kind::Integer(value) => value.to_string(),
        Kind::Text(text) => format!("{:?}{cut}", text.as_str()),
        Kind::Other => format!("?{cut}"),
        Kind::List(items) => format!("[{}{cut}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Kind::Map(members) => {
            let member = |member: &Member| format!("{}:{}", member.key.as_str(), shown(&member.value));
            format!("{{{}{cut}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}

fn all(text: &str) -> String {
    parsed(text).iter().map(shown).collect::<Vec<_>>().join(" ")
}

#[test]
fn whole_documents_are_read() {
    assert_eq!(
        all(r#"[{"a": 1, "b": [true, null, "x\n\u00e9\ud83d\ude00"]}]"#),
        "[{a:1,b:[true,null,\"x\\né😀\"]}]"
    );
    assert_eq!(all("\u{feff}{\"a\": {}}\r\n{\"a\": -7}\n"), "{a:{}} {a:-7}");
    assert_eq!(all(r#"{"a": 1.5, "b": 99999999999999999999, "c": 0}"#), "{a:?,b:?,c:0}");
    assert_eq!(all(r#"{"a": [1, 2,], }"#), "{a:[1,2]}");
}

#[test]
fn what_people_paste_is_read() {
    assert_eq!(all("$ docker inspect x\n[{\"a\": 1}]\n$ docker inspect y\n[{\"a\": 2}]"), "[{a:1}] [{a:2}]");
    assert_eq!(all("\"State\": {\"a\": 1},"), "{State:{a:1}…}");
    assert_eq!(all("   \"Memory\": 0,\n \"ExitCode\": 1\n"), "{Memory:0,ExitCode:1…}");
    assert_eq!(all("State:{\nDead:false,\nError:\"\"\n}"), "{State:{Dead:false,Error:\"\"}…}");
    assert_eq!(all("OOMKilled=True ExitCode=137"), "{OOMKilled:true,ExitCode:137…}");
    assert_eq!(all("\"ExitCode\": 1\n\"ExitCode\": 2"), "{ExitCode:1…} {ExitCode:2…}");
    assert_eq!(all("> {\n>   \"a\": true,> \n>  \"b\": 2,  <-----\n> }"), "{a:true,b:2}");
    assert_eq!(all("{'a': 'it''s', 'b': None}"), "{a:\"it\",b:null…}");
    assert_eq!(all("it's at 10:20, key: value"), "");
}

#[test]
fn what_is_cut_is_marked() {
    assert_eq!(all("{\"a\": 1,\n ...\n \"b\": 2}"), "{a:1,b:2…}");
    assert_eq!(all("{\"a\": {\"b\": \"c"), "{a:{b:\"c\"……}…}");
    assert_eq!(all("[{\"a\": [1, 2}, {\"b\": 1}]"), "[{a:[1,2…]},{b:1}]");
    assert_eq!(all("[{\"a\": 1]"), "[{a:1…}]");
    assert_eq!(all("{\"a\":"), "{a:?……}");
}

#[test]
fn spans_are_those_of_the_text() {
    let text = "[{\"name\": \"a\\tb\", \"n\": 12}]";
    let nodes = parsed(text);
    let map = &nodes[0].items()[0];
    assert_eq!(&text[map.span.range()], "{\"name\": \"a\\tb\", \"n\": 12}");
    let name = map.get("name").unwrap();
    assert_eq!(&text[name.value.span.range()], "\"a\\tb\"");
    assert_eq!(&text[name.value.text().unwrap().span_of(2..3).range()], "b");
    assert_eq!(&text[map.get("n").unwrap().value.span.range()], "12");
}

#[test]
fn nesting_and_numbers_of_values_are_bounded() {
    let deep = "[".repeat(100_000);
    assert!(parsed(&deep).len() == 1);
    let deep = "{\"a\":".repeat(50_000);
    assert!(parsed(&deep).len() == 1);
    let many = "[1,".repeat(3 * MAX_NODES / 2);
    assert!(read(SourceId(0), &many, &|_| false).is_truncated);
    assert!(!read(SourceId(0), "[1]", &|_| false).is_truncated);
    fn count(node: &Node) -> usize {
        1 + node.items().iter().map(count).sum::<usize>()
    }
    assert!(parsed(&many).iter().map(count).sum::<usize>() <= MAX_NODES + 1);
}

#[test]
fn every_prefix_is_read() {
    let text =
        r#"> [{"Id": "a\u00e9", "State": {"OOMKilled": true, 'x': [1, {}]}, "Memory": -1.5e3}] ... }{"#;
    for end in 0..=text.len() {
        for start in [0, end / 2] {
            for node in parsed(&text[start..end]) {
                assert!(node.span.range().end <= end - start);
            }
        }
    }
}

proptest! {
    #[test]
    fn what_serde_reads_is_read_alike(value in json()) {
        fn same(node: &Node, value: &serde_json::Value) -> bool {
            match (&node.kind, value) {
                (Kind::Null, serde_json::Value::Null) => true,
                (Kind::Boolean(own), serde_json::Value::Bool(value)) => own == value,
                (Kind::Integer(own), serde_json::Value::Number(value)) => value.as_i64() == Some(*own),
                (Kind::Text(own), serde_json::Value::String(value)) => own.as_str() == value,
                (Kind::List(own), serde_json::Value::Array(values)) => {
                    own.len() == values.len() && own.iter().zip(values).all(|(own, value)| same(own, value))
                }
                (Kind::Map(own), serde_json::Value::Object(values)) => {
                    own.len() == values.len()
                        && values.iter().all(|(key, value)| node.get(key).is_some_and(|own| same(&own.value, value)))
                }
                _ => false,
            }
        }
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            let nodes = parsed(&text);
            prop_assert_eq!(nodes.len(), 1);
            prop_assert!(!nodes[0].is_cut && same(&nodes[0], &value), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read(text in "[\\[\\]{}:,=\"'a1 \\\\u\n.>é-]{0,60}") {
        for node in parsed(&text) {
            prop_assert!(text.get(node.span.range()).is_some());
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,8}|[\"\\\\\n\t\u{1}]{0,4}".prop_map(Into::into),
    ];
    let inner = leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::btree_map("\\PC{0,5}", inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::vec(inner, 0..4).prop_map(Into::into)
}
