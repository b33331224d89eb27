use super::super::Notation;
use super::super::tests::{all, shown};

fn found(text: &str) -> Vec<String> {
    all(text, Notation::Unit).iter().map(shown).collect()
}

#[test]
fn words_are_those_of_systemd() {
    for (value, expected) in [
        ("docker run a b", "<a> b"),
        ("/usr/bin/docker  run\ta  b ", "<a> b"),
        ("docker run -e \"A=b c\" x", "env=A=b c <x>"),
        ("docker run -e 'A=b c' x", "env=A=b c <x>"),
        ("docker run -e 'A=\"b\"' x", "env=A=\"b\" <x>"),
        ("docker run --env=\"A=b c\" x", "env=A=b c <x>"),
        ("docker run -e \"A=b\"c x", "env=A=bc <x>"),
        ("docker run -e '' x", "env= <x>"),
        ("docker run -e A=b\\ c x", "env=A=b c <x>"),
        ("docker run -e A=\\\"b\\\" x", "env=A=\"b\" <x>"),
        // No shell: nothing else has a meaning.
        ("docker run a | b > c && d # e", "<a> | b > c && d # e"),
        ("docker run a $(b) `c`", "<a> $(b) `c`"),
        // Variables and specifiers.
        ("docker run -e A=$$B x", "env=A=$B <x>"),
        ("docker run -e A=100%% x", "env=A=100% <x>"),
        ("docker run --name %n-%i x", "name=${%n}-${%i} <x>"),
        ("docker run --name x% y", "name=x${% }y -"),
        ("docker run -e A=${B} ${IMAGE}", "env=A=${B} <${IMAGE}>"),
        ("docker run $OPTIONS x", "- ?"),
        ("docker run ${OPTIONS} x", "- ?"),
        // A variable in a word, or in quotes, is one word.
        ("docker run app-$OPTS y", "<app-$OPTS> y"),
        ("docker run app-${OPTS} y", "<app-${OPTS}> y"),
        ("docker run \"app $OPTS\" y", "<app $OPTS> y"),
    ] {
        for key in ["ExecStart", "ExecStartPre", "  ExecStart "] {
            assert_eq!(
                found(&format!("[Service]\n{key}={value}\n")).first().map_or("", String::as_str),
                expected,
                "{value}"
            );
        }
    }
}

#[test]
fn prefixes_and_several_commands_are_read() {
    for prefix in ["-", "@", ":", "+", "!", "!!", "|", "-+", "-/usr/bin/"] {
        assert_eq!(found(&format!("ExecStart={prefix}docker run a\n")), ["<a>"], "{prefix}");
    }
    assert_eq!(found("ExecStart=docker run a ; docker run b ; echo\n"), ["<a>", "<b>"]);
    assert_eq!(found("ExecStart=docker run a ';' docker\n"), ["<a> ; docker"]);
    assert_eq!(found("ExecStart=docker run a; b\n"), ["<a;> b"]);
    assert_eq!(
        found("ExecStart=\nExecStart=docker run a\nExecReload=podman run b\nExecStop=docker stop a\n"),
        ["<a>", "<b>"]
    );
    assert!(found("Description=docker run a\nEnvironment=ExecStart=docker run a\n# ExecStart=docker run a\n;ExecStart=docker run a\n").is_empty());
    assert!(found("ExecStart docker run a\nExecStart=/bin/run a\n").is_empty());
}

#[test]
fn settings_go_on_in_the_next_line() {
    for (text, expected) in [
        ("ExecStart=docker run \\\n  -d a\nExecStop=docker run b\n", &["detach <a>", "<b>"][..]),
        ("ExecStart=docker run -d\\\na\n", &["detach <a>"]),
        ("ExecStart=docker run \\\r\n  -d a\r\n", &["detach <a>"]),
        ("ExecStart=docker run \\\n# note\n  ; note\n  -d a\n", &["detach <a>"]),
        ("ExecStart=docker run a \\\n# note\n", &["<a>"]),
        ("ExecStart=docker run a \\\n# note", &["<a>"]),
        ("ExecStart=docker run a \\\n", &["<a>"]),
        ("ExecStart=docker run a b", &["<a> b"]),
        ("# a \\\nExecStart=docker run a\n", &[]),
        ("ExecStart=docker run a \\\n\nExecStart=docker run b\n", &["<a>", "<b>"]),
    ] {
        assert_eq!(found(text), expected, "{text:?}");
    }
}

#[test]
fn words_are_traced_to_their_bytes() {
    let text = "[Service]\nExecStart=-/usr/bin/docker run -e \"A=b \\\n c\" --name %n-x --label=l=\"m n\" 'i' j\\ k\n";
    let command = all(text, Notation::Unit).remove(0);
    let slice = |span: crate::source::Span| &text[span.range()];
    assert_eq!(
        slice(command.span),
        text.trim_end()
            .rsplit_once("=-")
            .map_or("", |_| &text["[Service]\nExecStart=".len()..text.len() - 1])
            .trim_start_matches('-')
    );
    let value = |at: usize| &command.flags[at].value.as_ref().unwrap().text;
    let (env, name, label) = (value(0), value(1), value(2));
    assert_eq!((env.as_str(), slice(env.span())), ("A=b   c", "\"A=b \\\n c\""));
    let part = |at: std::ops::Range<usize>| slice(env.span_of(at));
    assert_eq!((part(2..3), part(4..5), part(5..6), part(6..7)), ("b", "\\", " ", "c"));
    assert_eq!((name.as_str(), slice(name.span())), ("${%n}-x", "%n-x"));
    assert_eq!((slice(name.span_of(0..5)), slice(name.span_of(5..7))), ("%n", "-x"));
    assert_eq!((label.as_str(), slice(label.span())), ("l=m n", "l=\"m n\""));
    assert_eq!(slice(command.image.as_ref().unwrap().text.span()), "'i'");
    assert_eq!(slice(command.arguments[0].text.span()), "j\\ k");
}
