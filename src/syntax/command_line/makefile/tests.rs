use super::super::Notation;
use super::super::tests::{all, shown};

fn found(text: &str) -> Vec<String> {
    all(text, Notation::Makefile).iter().map(shown).collect()
}

#[test]
fn recipes_are_lines_with_a_tab() {
    for (text, expected) in [
        ("run:\n\tdocker run a\n", &["<a>"][..]),
        ("run:\n\t@docker run a\n", &["<a>"]),
        ("run:\n\t-@+ docker run a\n", &["<a>"]),
        ("run:\n\t\t docker run a", &["<a>"]),
        ("run:\n\tcd x && docker run a; docker run b\n", &["<a>", "<b>"]),
        ("\tdocker run a\n\tdocker run b\n", &["<a>", "<b>"]),
        ("run:\r\n\tdocker run a\r\n", &["<a>"]),
        ("run: ; docker run a\n", &[]),
        ("X = docker run a\n", &[]),
        ("run:\n    docker run a\n", &[]),
        ("run:\n\techo\n\n\tdocker run a\n", &["<a>"]),
        // A line goes on behind a backslash, and one tab of the next line is dropped.
        ("run:\n\tdocker run \\\n\t-d \\\n  a b\n\tdocker run c\n", &["detach <a> b", "<c>"]),
        ("run:\n\tdocker run -e 'A=b\\\n\tc' a\n", &["env=A=b\\\nc <a>"]),
        ("run:\n\tdocker run \\\r\n\t-d a\r\n", &["detach <a>"]),
        ("run:\n\tdocker run a \\\n", &["<a>"]),
        ("run:\n\tdocker run a \\", &["<a> "]),
        ("X = a \\\n\tdocker run b\n\tdocker run c\n", &["<c>"]),
        // Comments have commands, too.
        ("# docker run a\nrun:\n\techo\n", &["<a>"]),
    ] {
        assert_eq!(found(text), expected, "{text:?}");
    }
}

#[test]
fn what_make_expands_is_unknown() {
    for (written, read) in [
        ("$$B", "$B"),
        ("$$$$", "$$"),
        ("$(B)", "${B}"),
        ("${B}", "${B}"),
        ("$(B_1)x", "${B_1}x"),
        ("$(shell pwd)", "${make}"),
        ("$(B:.c=.o)", "${make}"),
        ("$(f $(g x))", "${make}"),
        ("${f ${g x}}y", "${make}y"),
        ("$()", "${make}"),
        ("$@", "${make}"),
        ("$<x", "${make}x"),
        ("a$Bc", "a${make}c"),
        ("$(B)$(C)", "${B}${C}"),
        ("a$$(B)", "a$(B)"),
        ("é$(B)é", "é${B}é"),
    ] {
        let text = format!("run:\n\tdocker run -e A={written} x\n");
        let commands = all(&text, Notation::Makefile);
        let value = commands[0].flags[0].value.as_ref().unwrap();
        assert_eq!(
            (value.text.as_str(), commands[0].image.is_some()),
            (format!("A={read}").as_str(), true),
            "{written}"
        );
        // A part that is expanded is traced to what is written.
        let at = value.text.as_str().find("${").filter(|_| !written.starts_with("$$"));
        if let Some(at) = at {
            let end = at + value.text.as_str()[at..].find('}').unwrap() + 1;
            let bytes = &text[value.text.span_of(at..end).range()];
            assert!(bytes.starts_with('$') && written.contains(bytes), "{written}: {bytes}");
        }
        assert_eq!(&text[value.text.span_of(0..2).range()], "A=", "{written}");
    }
}
