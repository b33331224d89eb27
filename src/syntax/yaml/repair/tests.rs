use super::super::tests::read;
use super::MAX_ROUNDS;

/// Returns the lines that are left out of a text so that the rest can be read, and the errors with their places.
fn broken(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let r = read(text);
    let skipped = r.tree.skipped_lines().iter().map(|span| r.slice(*span).to_owned()).collect();
    let errors = r.errors();
    (skipped, errors.into_iter().map(|(message, place)| (message.to_owned(), place.to_owned())).collect())
}

#[test]
fn the_line_at_fault_is_left_out_alone() {
    for (text, line, place) in [
        ("a: 1\nb\nc: 2\n", "b", "b"),
        ("a: 1\r\nb\r\nc: 2\r\n", "b", "b"),
        ("a: 1\n  \t  \nb  \t\nc: 2\n", "b", "b"),
        // A quote or a bracket that is not closed, however far down the parser notices it.
        ("a: \"x\nb: 1\nc: 2\nd: 3\ne: 4\n", "a: \"x", "\"x"),
        ("a: 'x\nb: 1\nc: 2\nd: 3\ne: 4\n", "a: 'x", "'x"),
        ("é: \"ü\nb: 1\nc: ö\n", "é: \"ü", "\"ü"),
        ("a: 1\nb: \"x\nc: 2\nd: 3\ne: 4\nf: \"y\"\ng: 5\n", "b: \"x", "b: \"x"),
        ("a: 1\nb: 'x\nc: 2\nd: 3\ne: 4\nf: 'y'\ng: 5\n", "b: 'x", "b: 'x"),
        ("a: [1,\nb: 2\nc: 3\nd: 4\ne: 5\n", "a: [1,", "a: [1,"),
        ("a: {x: 1\nb: 2\nc: 3\nd: 4\ne: 5\n", "a: {x: 1", "a: {x: 1"),
        ("z: 0\na: [1, {x: 2\nb: 2\nc: 3\nd: 4\ne: 5\n", "a: [1, {x: 2", "{x: 2"),
        ("z: {y: 1}\na:\n  b: [1,\n  c: 2\nd: 3\ne: 4\nf: 5\n", "b: [1,", "b: [1,"),
        ("a: [\"x\", \"y\nb: 1\nc: 2\nd: 3\ne: 4\n", "a: [\"x\", \"y", "\"y"),
        // Signs in the wrong place.
        ("a: 1\nb: c: d\ne: 2\n", "b: c: d", ": d"),
        ("a: 1\nb: 'it's'\nc: 2\n", "b: 'it's'", "s'"),
        ("a: {b: 1}}\nc: 2\n", "a: {b: 1}}", "}"),
        ("a: [b]]\nc: 2\n", "a: [b]]", "]"),
        ("a: *\nb: 1\n", "a: *", "*"),
        ("a: @x\nb: 1\n", "a: @x", "@x"),
        ("a: \"\\q\"\nb: 1\n", "a: \"\\q\"", "\"\\q\""),
        // Indentation.
        ("a:\n  b: 1\n c: 2\n  d: 3\ne: 4\n", "c: 2", "c: 2"),
        ("a:\n  b: 1\n    c: 2\nd: 3\n", "c: 2", ": 2"),
        ("a:\n  b: 1\n\tc: 2\nd: 3\n", "c: 2", "c: 2"),
        ("a:\n  - b: 1\n   c: 2\n  - d: 3\n", "c: 2", "c: 2"),
        ("a: |\n  x\n y\nb: 1\n", "y", "y"),
        // The tab is in the line below the one where the parser stops.
        ("a:\n  b: 'x'\n\n\n\n\tc: 2\nd: 3\n", "c: 2", "c: 2"),
        ("a:\n  b: x\n\n\tc: 2\nd: 3\n", "c: 2", "c: 2"),
        ("a:\n  b: x\n\n\n \n\tc: 2\nd: 3\n", "c: 2", "c: 2"),
        ("- a\nb: 1\nc: 2\n", "- a", "- a"),
        ("a: 1\n- b\nc: 2\n", "- b", "- b"),
    ] {
        let (skipped, errors) = broken(text);
        let places: Vec<&str> = errors.iter().map(|(_, place)| place.as_str()).collect();
        assert_eq!((skipped, places), (vec![line.to_owned()], vec![place]), "{text}");
        // Without the line, the rest is read as it is with it.
        let without = text.replacen(line, &" ".repeat(line.len()), 1);
        let keys = |text: &str| {
            let r = read(text);
            (r.tree.documents().len(), r.tree.nodes.len(), r.tree.nodes.last().map(|node| node.span))
        };
        assert_eq!(keys(text), keys(&without), "{text}");
    }
}

/// Which line is left out does not depend on how the values of other lines are written.
#[test]
fn values_in_quotes_are_no_suspects_on_one_line() {
    for text in [
        "web: x\n# 1\n# 2\n# 3\n  image: [1, 2, 3]\n",
        "web: x\n# 1\n# 2\n# 3\n  image: [1, 2, 3]\nb: x\n",
        "a: x\nb: x\nc: x\nd: x\ne\nf: x\n",
        "a: {b: x}\nb: x\nc: x\nd: x\n  e: x\nf: x\n",
    ] {
        for quoted in ["\"x\"", "'x'"] {
            assert_eq!(
                broken(text).0,
                broken(&text.replace('x', quoted))
                    .0
                    .iter()
                    .map(|line| line.replace(quoted, "x"))
                    .collect::<Vec<_>>(),
                "{text}"
            );
        }
    }
}

#[test]
fn the_rest_is_not_read_behind_too_many_broken_lines() {
    let text =
        |lines: usize| format!("a: 1\n{}z: 2\n", "b\nc: 3\n".repeat(lines).replace("c: 3\nb", "d: 3\nb"));
    for lines in [1, MAX_ROUNDS, MAX_ROUNDS + 1] {
        let r = read(&text(lines));
        assert_eq!(r.tree.skipped_lines().len(), lines.min(MAX_ROUNDS));
        let failed: Vec<_> = r.tree.errors().iter().filter(|error| error.duplicate_of.is_none()).collect();
        assert_eq!(failed.len(), lines);
        let last = failed.last().unwrap();
        let (ends, message) = (last.message.ends_with("; the rest is not read"), &last.message);
        assert_eq!((ends, last.truncates_file), (lines > MAX_ROUNDS, lines > MAX_ROUNDS), "{message}");
        assert_eq!(r.slice(last.span), "b");
        assert_eq!(r.keys("").contains(&"z"), lines <= MAX_ROUNDS);
    }
}

/// The blanks in the place of a line are no text of the file.
#[test]
fn a_scalar_around_a_line_that_is_left_out_is_traced_as_a_whole() {
    let r = read("a: >\n  x\n  y\nb: 'x\n\n\n  y'\nc: 1\nd\n");
    assert_eq!(r.trace("a", "y"), "y");
    assert_eq!(r.tree.skipped_lines().len(), 1);
    let text = "a: x\n  y\n\n  c: 2\nb: 1\n";
    let r = read(text);
    assert_eq!(r.tree.skipped_lines().iter().map(|span| r.slice(*span)).collect::<Vec<_>>(), ["c: 2"]);
    assert_eq!((r.text("a").as_str(), r.trace("a", "y"), r.trace("b", "1")), ("x y", "y", "1"));
    let text = "a:\n- |\n  x\n\n  y\n z: 1\n- 2\nb: 1\n";
    let r = read(text);
    assert_eq!(r.tree.skipped_lines().iter().map(|span| r.slice(*span)).collect::<Vec<_>>(), ["z: 1"]);
    assert!(r.text("a/0").as_str().starts_with("x\n\ny\n"));
    assert_eq!((r.trace("a/0", "y"), r.raw("a/0")), ("|\n  x\n\n  y", "|\n  x\n\n  y"));
    assert_eq!((r.trace("a/1", "2"), r.trace("b", "1")), ("2", "1"));
}
