use super::super::tests::read;

/// Each escape of double quotes stands for a character, which is traced to the whole escape.
#[test]
fn escapes_are_traced_to_their_signs() {
    for (escape, character) in [
        ("\\0", '\0'),
        ("\\a", '\u{7}'),
        ("\\b", '\u{8}'),
        ("\\t", '\t'),
        ("\\\t", '\t'),
        ("\\n", '\n'),
        ("\\v", '\u{b}'),
        ("\\f", '\u{c}'),
        ("\\r", '\r'),
        ("\\e", '\u{1b}'),
        ("\\ ", ' '),
        ("\\\"", '"'),
        ("\\/", '/'),
        ("\\\\", '\\'),
        ("\\N", '\u{85}'),
        ("\\_", '\u{a0}'),
        ("\\L", '\u{2028}'),
        ("\\P", '\u{2029}'),
        ("\\x41", 'A'),
        ("\\xe9", 'é'),
        ("\\u0041", 'A'),
        ("\\u20AC", '€'),
        ("\\uD7FF", '\u{d7ff}'),
        ("\\uE000", '\u{e000}'),
        ("\\uD83D\\uDE00", '😀'),
        ("\\uD800\\uDC00", '\u{10000}'),
        ("\\U0001F600", '😀'),
    ] {
        let r = read(&format!("a: \"x {escape} y\"\n"));
        assert_eq!(r.errors(), [], "{escape}");
        assert_eq!(r.text("a").as_str(), format!("x {character} y"), "{escape}");
        assert_eq!(r.trace("a", &format!(" {character} ")), format!(" {escape} "), "{escape}");
        let text = r.text("a");
        assert_eq!(r.slice(text.span_of(2..2 + character.len_utf8())), escape);
        assert_eq!((r.trace("a", "x"), r.trace("a", "y")), ("x", "y"), "{escape}");
    }
}

/// A text over several lines: each word is traced to its own bytes, and each fold to the line end with the blanks around it.
#[test]
fn folds_are_traced_to_their_line_ends() {
    for (open, close) in [("", ""), ("'", "'"), ("\"", "\"")] {
        for end in ["\n", "\r\n", "\r"] {
            for (written, read_as, folds) in [
                ("one\n  two\n", "one two", vec![(" ", "\n  ")]),
                ("one \t\n \t two\n", "one two", vec![(" ", " \t\n \t ")]),
                ("one\n\n  two\n", "one\ntwo", vec![("\n", "\n\n  ")]),
                ("one\n \n\n  two\n", "one\n\ntwo", vec![("\n\n", "\n \n\n  ")]),
                (
                    "one two\n  é three\n\n  four\n",
                    "one two é three\nfour",
                    vec![(" é", "\n  é"), ("\n", "\n\n  ")],
                ),
            ] {
                let written = written.trim_end_matches('\n').replace('\n', end);
                let r = read(&format!("a: {open}{written}{close}{end}b: 1{end}"));
                assert_eq!(r.errors(), [], "{written:?}");
                assert_eq!(r.text("a").as_str(), read_as, "{written:?}");
                for (fold, bytes) in folds {
                    assert_eq!(r.trace("a", fold), bytes.replace('\n', end), "{written:?}");
                }
                for word in read_as.split_whitespace() {
                    assert_eq!(r.trace("a", word), word, "{written:?}");
                }
                assert_eq!(r.raw("a"), format!("{open}{written}{close}"));
            }
        }
    }
}

#[test]
fn quotes_and_folds_of_double_quotes_are_traced() {
    for (written, read_as, part, bytes) in [
        ("'it''s'", "it's", "it's", "it''s"),
        ("'''a'''", "'a'", "'a'", "''a''"),
        ("''''", "'", "'", "''"),
        ("'a\n  b''c'", "a b'c", "b'c", "b''c"),
        ("\"a\\\n  b\"", "ab", "ab", "a\\\n  b"),
        ("\"a \\\n  b\"", "a b", "a b", "a \\\n  b"),
        ("\"a\\\n\n  b\"", "a\nb", "\n", "\\\n\n  "),
        ("\"a\\\r\n  b\"", "ab", "b", "b"),
        ("\"a\\\n  \\  b\"", "a  b", "  b", "\\  b"),
        ("\"\\u0041\\u0042\"", "AB", "B", "\\u0042"),
        ("\"\\u00e9\\x42\\U00000043\"", "éBC", "B", "\\x42"),
        ("\"a'b\"", "a'b", "'b", "'b"),
        ("'a\\nb'", "a\\nb", "\\n", "\\n"),
        ("a\\nb", "a\\nb", "\\n", "\\n"),
        ("a''b", "a''b", "''", "''"),
    ] {
        let r = read(&format!("k: {written}\n"));
        assert_eq!(r.errors(), [], "{written}");
        assert_eq!((r.text("k").as_str(), r.trace("k", part)), (read_as, bytes), "{written}");
    }
    // What is no escape is no part of a text.
    for text in [
        "a: \"\\uD83Dx\"\n",
        "a: \"\\uDE00\"\n",
        "a: \"\\uD83D\\u0041\"\n",
        "a: \"\\x4g\"\n",
        "a: \"\\U00110000\"\n",
    ] {
        assert!(read(text).tree.errors().iter().any(|error| error.fatal), "{text}");
    }
}

/// Headers, indentations and ends of block scalars: the text, and the bytes of a part of it.
#[test]
fn block_scalars_are_traced_line_by_line() {
    for end in ["\n", "\r\n"] {
        for (written, read_as, raw) in [
            ("|\n  x\n  y\n", "x\ny\n", "|\n  x\n  y"),
            ("|-\n  x\n  y\n", "x\ny", "|-\n  x\n  y"),
            ("|+\n  x\n  y\n\n\n", "x\ny\n\n\n", "|+\n  x\n  y"),
            ("|\n  x\n  y\n\n\n", "x\ny\n", "|\n  x\n  y"),
            ("|2\n   x\n  y\n", " x\ny\n", "|2\n   x\n  y"),
            ("|1-\n   x\n y\n", "  x\ny", "|1-\n   x\n y"),
            ("|-1\n   x\n y\n", "  x\ny", "|-1\n   x\n y"),
            ("|+2\n   x\n  y\n\n", " x\ny\n\n", "|+2\n   x\n  y"),
            ("|\n\n\n  x\n  y\n", "\n\nx\ny\n", "|\n\n\n  x\n  y"),
            ("|\n  x\n\n    y\n", "x\n\n  y\n", "|\n  x\n\n    y"),
            ("|\n  x\n   \n  y\n", "x\n \ny\n", "|\n  x\n   \n  y"),
            ("|\n  x\n \n  y\n", "x\n\ny\n", "|\n  x\n \n  y"),
            ("|\n  x\t\n  \ty\n", "x\t\n\ty\n", "|\n  x\t\n  \ty"),
            ("| # c |\n  x\n  y\n", "x\ny\n", "| # c |\n  x\n  y"),
            (">\n  x\n  y\n", "x y\n", ">\n  x\n  y"),
            (">-\n  x\n  y\n", "x y", ">-\n  x\n  y"),
            (">+\n  x\n  y\n\n", "x y\n\n", ">+\n  x\n  y"),
            (">\n  x\n\n  y\n", "x\ny\n", ">\n  x\n\n  y"),
            (">\n  x\n\n\n  y\n", "x\n\ny\n", ">\n  x\n\n\n  y"),
            (">\n  x\n    y\n  z\n", "x\n  y\nz\n", ">\n  x\n    y\n  z"),
            (">\n  x\n\n    y\n\n  z\n", "x\n\n  y\n\nz\n", ">\n  x\n\n    y\n\n  z"),
            (">\n  x\n  \ty\n  z\n", "x\n\ty\nz\n", ">\n  x\n  \ty\n  z"),
            (">\n\n  x\n  y\n", "\nx y\n", ">\n\n  x\n  y"),
            ("|\n\n", "", "|"),
            ("|+\n\n\n", "\n\n", "|+"),
            ("|-\n", "", "|-"),
        ] {
            // Tags, anchors and comments between may have the signs of a header.
            for before in ["", "&a>b ", "!t ", "!<x> &a ", "# | >\n  "] {
                let before = before.replace('\n', end);
                let (written, raw) = (written.replace('\n', end), raw.replace('\n', end));
                let text = format!("# | >{end}k: {before}{written}z: 1{end}");
                let r = read(&text);
                assert_eq!(r.errors(), [], "{text:?}");
                assert_eq!((r.text("k").as_str(), r.raw("k")), (read_as, raw.as_str()), "{text:?}");
                for word in read_as.split_whitespace() {
                    assert_eq!(r.trace("k", word), word, "{text:?}");
                }
                // Each line end of the text is one of the file, but for what is folded.
                for (at, _) in read_as.match_indices('\n') {
                    let bytes = r.slice(r.text("k").span_of(at..at + 1));
                    assert!(
                        bytes.ends_with(end) && bytes.trim_matches([' ', '\t']) == end,
                        "{text:?}: {bytes:?}"
                    );
                }
                for (at, _) in read_as.match_indices("x y") {
                    let bytes = r.slice(r.text("k").span_of(at + 1..at + 2));
                    assert_eq!(bytes, format!("{end}  "), "{text:?}");
                }
            }
        }
    }
}

#[test]
fn a_block_scalar_may_end_with_the_file() {
    for (text, read_as, raw) in [
        ("a: |\n  x", "x", "|\n  x"),
        ("a: |\n  x\n  y", "x\ny", "|\n  x\n  y"),
        ("a: >\n  x\n  y", "x y", ">\n  x\n  y"),
        ("a: |+\n  x\n\n", "x\n\n", "|+\n  x"),
        ("a: |", "", "|"),
        ("a: |-", "", "|-"),
        ("- |\n x\n- >\n y", "x\n", "|\n x"),
    ] {
        let r = read(text);
        assert_eq!(r.errors(), [], "{text:?}");
        let path = if text.starts_with('-') { "0" } else { "a" };
        assert_eq!(
            (r.text(path).as_str().trim_end_matches('\n'), r.raw(path)),
            (read_as.trim_end_matches('\n'), raw),
            "{text:?}"
        );
        if read_as.contains('y') {
            assert_eq!(r.trace("a", "y"), "y", "{text:?}");
        }
    }
}
