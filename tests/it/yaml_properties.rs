//! Property tests of the YAML parser: no panic, and spans within the text, for any text.

use crate::yaml;
use oomlint::syntax::yaml::to_json;
use proptest::prelude::*;
use yaml::{check_spans, parse};

/// Fragments of YAML files, and fragments that break them.
const FRAGMENTS: &[&str] = &[
    "a",
    "b: ",
    "c:\n",
    "- ",
    "-\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "    ",
    "\t",
    "'",
    "\"",
    "''",
    "\\",
    "\\n",
    "\\u00e9",
    "\\\n",
    "|",
    ">",
    "|-\n",
    ">+\n",
    "|2\n",
    "#",
    " # c\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    ":",
    ": ",
    "? ",
    "&a ",
    "*a",
    "*b",
    "<<: *a\n",
    "!reset",
    "!override ",
    "!!str ",
    "! ",
    "!<x> ",
    "---\n",
    "--- ",
    "...\n",
    "%YAML 1.2\n",
    "%TAG ! !x\n",
    "\u{feff}",
    "é",
    "😀",
    "\u{85}",
    "\u{2028}",
    "\0",
    "~",
    "null",
    "0x1F",
    "key: value\n",
    "  key: |\n    text\n",
    "@",
    "`",
    "%",
    "services:\n",
    "  web:\n",
    "    image: x\n",
];

fn spliced() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40).prop_map(|parts| parts.concat())
}

fn check(text: &str) {
    let sources = oomlint::source::Sources::new();
    let source = sources.get(sources.add(std::path::Path::new("test.yaml"), text));
    let tree = oomlint::syntax::yaml::Tree::parse(source.id(), text);
    check_spans(&tree, text);
    assert!(to_json(&tree, &source).is_object());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spliced_fragments(text in spliced()) {
        check(&text);
    }

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_lines(text in "([ \\-?:a-cé\"'#|>\\[\\]{},&*!%\t]{0,12}\n){0,12}") {
        check(&text);
    }
}

#[test]
fn hostile_sizes_are_bounded() {
    let many = |part: &str, n: usize| part.repeat(n);
    let mut indented = String::new();
    for depth in 0..3_000 {
        indented.push_str(&format!("{}a:\n", " ".repeat(depth)));
    }
    for text in [
        many("[", 200_000),
        many("{a: ", 100_000),
        many("- ", 200_000),
        many("? ", 100_000),
        many("- - \n", 20_000),
        many("a\n", 100_000),
        many("\"\n", 100_000),
        many("a: [\n", 50_000),
        many("a: &a [*a]\n", 20_000),
        many("# c\n", 100_000),
        many("---\n", 50_000),
        many("a: |\n", 50_000),
        format!("[{}]", many("a,", 800_000)),
        format!("[{}]", many(": ,", 400_000)),
        format!("a: |\n{}", many("  x\n\n", 100_000)),
        format!("a: \"{}\"", many("\\n", 200_000)),
        indented,
    ] {
        let start = std::time::Instant::now();
        let tree = parse(&text);
        let nodes = yaml::nodes(&tree).len();
        println!("{nodes} nodes, {} errors, {} ms", tree.errors().len(), start.elapsed().as_millis());
        assert!(nodes <= oomlint::syntax::yaml::MAX_NODES + 600);
    }
}
