use super::*;

/// JSON writes a character beyond the basic plane as two escapes.
#[test]
fn escapes_may_be_surrogate_pairs() {
    let r = read("a: \"x \\ud83d\\ude00 y\"\nb: \"\\u00e9\\x41\\U0001f600\"\nc: \"\\uDBFF\\uDFFF\"\n");
    assert_eq!(r.errors(), []);
    assert_eq!(r.text("a").as_str(), "x 😀 y");
    assert_eq!(r.trace("a", "😀"), "\\ud83d\\ude00");
    assert_eq!(r.text("b").as_str(), "éA😀");
    assert_eq!(r.text("c").as_str(), "\u{10ffff}");
}

/// go-yaml reads `\'` in double quotes; the rest of the file is read as if it were a plain apostrophe.
#[test]
fn an_apostrophe_may_be_escaped_in_double_quotes() {
    let text = "a: \"it\\'s \\\"b\\\\'\\'\"\nb: 'c\\'\nd: [\"\\'\", x, \"\\a\\'\\\n  y\"]\n\"e\\'f\": g # \\'\nh: \\'\n";
    let r = read(text);
    assert_eq!(r.errors(), []);
    assert_eq!(r.text("a").as_str(), "it's \"b\\''");
    assert_eq!(r.trace("a", "'s"), "\\'s");
    assert_eq!(r.text("b").as_str(), "c\\");
    assert_eq!(r.text("e'f").as_str(), "g");
    assert_eq!(r.text("h").as_str(), "\\'");
    let broken = read("a: \"x\\'\"\nb\nc: \"\\'y\"\nd: \"\\q\"\ne: \"z\\'\"\n");
    let messages: Vec<&str> = broken.tree.errors().iter().map(|error| error.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(
        [broken.text("a").as_str(), broken.text("c").as_str(), broken.text("e").as_str()],
        ["x'", "'y", "z'"]
    );
}

#[test]
fn what_go_yaml_refuses_is_an_error() {
    let at = |text: &str| {
        let r = read(text);
        assert_eq!(r.errors(), []);
        let refused = r.tree.refused_by_go_yaml(text);
        refused.iter().map(|error| error.span.start as usize).collect::<Vec<_>>()
    };
    // Asked of Docker Compose 5.6.1.
    for (text, place) in [
        ("s:\n  a:\n    i: x\n\t\n    m: 1\n", 17),
        ("s:\n  a:\n    i: x\n    \t\n    m: 1\n", 21),
        ("s:\n  a:\n    i: x\n  \t# c\n    m: 1\n", 19),
        ("s:\n\t\n  a:\n    i: x\n", 3),
        ("s:\n  a:\n    i: x\n\t", 17),
        ("%YAML 1.2\n---\na: 1\n", 0),
        ("a: \"x\\/y\"\n", 5),
        ("a: \"x\\ud83d\\ude00\"\n", 5),
        ("{\"a\": \"\\uDBFF\\uDFFF\"}\n", 7),
        ("a: \"\\'\\ud83d\\ude00\"\n", 6),
    ] {
        assert_eq!(at(text), [place], "{text:?}");
    }
    for text in [
        "s: {a: {i: x,\n\tm: 1}}\n",
        "s:\n  a:\n    i: \"x\n\ty\"\n",
        "# c\n\t# d\ns:\n  a:\n    i: x\n",
        "%YAML 1.1\n---\na: 1\n",
        "a: \"x\\\\/y\"\n",
        "a: \"x\\\\ud83d\\\\ude00 \\ud7ff \\U0001f600\"\nb: '\\ud83d\\ude00'\n",
        "a: |\n  x:\n\nb: 'k:\n\t'\n",
    ] {
        assert!(at(text).is_empty(), "{text:?}");
    }
}

/// Blanks with a tab behind other lines, at each indentation: whether Docker Compose 5.6.1 refuses (`R`) the file, which ends there or
/// goes on with another key.
#[test]
fn tabs_are_refused_where_go_yaml_takes_them_for_a_token() {
    let blanks = [
        "\t\n",
        " \t\n",
        "  \t\n",
        "   \t\n",
        "    \t\n",
        "     \t\n",
        "      \t\n",
        "\t",
        "    \t# c\n",
        "      \t# c\n",
        "  \t# c\n",
        "\n\t\n",
        "\n    \t\n",
    ];
    for (lines, verdicts) in [
        ("    command: |\n      x\n", "RRRRRR-RR-RRRRRRRRR-RR-RRR"),
        ("    command: >-\n      x\n", "RRRRRR-RR-RRRRRRRRR-RR-RRR"),
        ("    command: x\n", "RRRRR--RR-RRRRRRRR--RR-RRR"),
        ("    labels:\n      b: x\n", "RRRRRRRRRRRRRRRRRRRRRRRRRR"),
        ("    command: \"x\"\n", "RRRRRRRRRRRRRRRRRRRRRRRRRR"),
        ("    command: [x]\n", "RRRRRRRRRRRRRRRRRRRRRRRRRR"),
        ("    labels:\n", "RRRRRRRRRRRRRRRRRRRRRRRRRR"),
        ("    # c\n", "RRRRRRRR---RRRRRRRRRR---RR"),
        ("    tty:\n", "RRRRRRRRRRRRRRRRRRRRRRRRRR"),
        ("    dns:\n    - x\n", "RRRRR--RR-RRRRRRRR--RR-RRR"),
        ("    command: |2\n       x\n", "RRRRRR-RR-RRRRRRRRR-RR-RRR"),
    ] {
        let after = ["", "    init: true\n"]
            .iter()
            .flat_map(|tail| blanks.iter().map(move |blank| format!("{blank}{tail}")));
        let refused = after.map(|after| {
            let r = read(&format!("services:\n  a:\n    image: x\n{lines}{after}"));
            let all = r.tree.refused_by_go_yaml(r.source.text());
            // Each is reported at a tab.
            assert!(all.iter().all(|error| r.slice(error.span) == "\t"), "{all:?}");
            if all.is_empty() && r.tree.errors().is_empty() { '-' } else { 'R' }
        });
        assert_eq!(refused.collect::<String>(), verdicts, "{lines}");
    }
}

#[test]
fn versions_and_escapes_that_go_yaml_refuses_are_placed() {
    let at = |text: &str| {
        let r = read(text);
        let refused = r.tree.refused_by_go_yaml(text);
        refused.iter().map(|error| r.slice(error.span).to_owned()).collect::<Vec<_>>()
    };
    for (text, places) in [
        ("%YAML 1.2\n---\na: 1\n", &["%YAML"][..]),
        ("\u{feff}%YAML 1.2\n---\na: 1\n", &["%YAML"]),
        ("# c\n\n%TAG ! !x\n%YAML 1.3\n---\na: 1\n", &["%YAML"]),
        ("%YAML 1.1 \n---\na: 1\n", &[]),
        ("a: |\n  %YAML 1.2\n", &[]),
        ("a: 1\n...\n%YAML 1.2\n---\nb: 1\n", &[]),
        ("a: \"\\/\"\nb: \"x\\\\\\/y\\/z\"\nc: '\\/'\nd: \\/\n", &["\\/", "\\/"]),
        ("a: \"\\\\/\"\n", &[]),
        ("a: \"é\\/\"\n", &["\\/"]),
        ("a: &é 1\n", &["&é"]),
        ("a: &x:y 1\n", &[]),
        ("a: &x:y {b: 1}\n", &["&x:y"]),
        ("a: &x:y [b]\n", &[]),
        ("a: &x:y\n- b\n", &["&x:y"]),
        ("a: &x:y {}\n", &[]),
    ] {
        assert_eq!(at(text), places, "{text:?}");
    }
}
