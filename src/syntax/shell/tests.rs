use super::*;
use crate::source::SourceId;

fn text(script: &str) -> TracedText {
    TracedText::verbatim(script, Span::new(SourceId(0), 0, script.len()))
}

fn said(script: &str) -> Vec<String> {
    let commands = read(&text(script)).commands;
    commands
        .iter()
        .map(|command| {
            let set = command.assignments.iter().map(|set| format!("{}={}", set.name, set.value.as_ref()));
            let words = command.words.iter().map(|word| word.as_ref().to_owned());
            set.chain(words).collect::<Vec<_>>().join("|")
        })
        .collect()
}

#[test]
fn commands_are_split_where_a_shell_splits_them() {
    for (script, commands) in [
        ("a b && c; d | e || f & g", &["a|b", "c", "d", "e", "f", "g"][..]),
        ("a \\\n  b # c\nd", &["a|b", "d"]),
        ("a 'b c' \"d e\" f\\ g", &["a|b c|d e|f g"]),
        ("A=1 B='2 3' c d=e", &["A=1|B=2 3|c|d=e"]),
        ("a >x 2>&1 </dev/null b &>y", &["a|b"]),
        ("if a; then b; elif c; then d; else e; fi && f", &["a", "b", "c", "d", "e", "f"]),
        ("for x in $(a) b; do c $x; done; d", &["a", "c|$x", "d"]),
        ("while a; do b; done < c", &["a", "b"]),
        ("case $x in a|b) c;; (*) d ;; esac; e", &["c", "d", "e"]),
        ("f() { a; }; f", &["a", "f"]),
        ("function f { a; }\nf", &["a", "f"]),
        ("(a; b) && { c; }", &["a", "b", "c"]),
        ("! a", &["a"]),
        ("[[ -f x && $y < z ]] && a", &["[[|-f|x|$y|z|]]", "a"]),
        ("((x++)); a", &["a"]),
        ("a $(b `c` \"$(d)\") e", &["c", "d", "b|`c`|$(d)", "a|$(b `c` \"$(d)\")|e"]),
        ("a ${x:-$(b)} ${y:-c d}", &["b", "a|${x:-$(b)}|${y:-c d}"]),
        ("cat <<EOF\na && b\nEOF\nc", &["cat", "c"]),
        ("bash <<'EOF'\na && b\nEOF\nc", &["bash", "a", "b", "c"]),
        ("sh -c 'a && b' && c", &["sh|-c|a && b", "a", "b", "c"]),
        ("sudo bash -lc \"a 'b c'\"", &["sudo|bash|-lc|a 'b c'", "a|b c"]),
        ("echo $((1 + (2))) x", &["echo|$((1 + (2)))|x"]),
        ("A=(b 'c )' d) e", &["A=(b 'c )' d)|e"]),
        ("a \"b\\c\" 'd\\e' \"f\\\"g\"", &["a|b\\c|d\\e|f\"g"]),
        ("diff <(a) <(b)", &["a", "b", "diff|<(a)|<(b)"]),
        ("echo a#b", &["echo|a#b"]),
        ("", &[]),
    ] {
        assert_eq!(said(script), commands, "{script}");
        assert!(read(&text(script)).complete, "{script}");
    }
}

#[test]
fn what_is_left_open_is_said() {
    for script in ["a 'b", "a \"b", "a $(b", "a `b", "if a; then b", "a ${b", "cat <<EOF\nx", "a )", "fi"] {
        assert!(!read(&text(script)).complete, "{script}");
    }
}

#[test]
fn what_a_run_has_elsewhere_is_its_script() {
    let body = text("apk add x\n");
    let words = |line: &str| read_run(&text(line), std::slice::from_ref(&body)).commands.len();
    assert_eq!(words("<<EOF"), 2);
    assert_eq!(words("sh <<EOF"), 2);
    assert_eq!(words("cat <<EOF > /x"), 1);
}

#[test]
fn the_program_follows_its_wrappers() {
    let program = |script: &str| {
        let script = read(&text(script));
        script.commands.last().and_then(|command| command.program().map(str::to_owned))
    };
    for (script, name) in [
        ("sudo -u x A=b /usr/bin/apt-get install y", Some("apt-get")),
        ("exec env A=b nice -n 5 java", Some("java")),
        ("find . -name x -exec rm {} +", Some("rm")),
        ("a | xargs -n 1 rm -f", Some("rm")),
        ("timeout -s 9 5 curl x", Some("curl")),
        ("command -v curl", Some("command")),
        ("$PIP install x", None),
        ("'quoted name'", Some("quoted name")),
    ] {
        assert_eq!(program(script).as_deref(), name, "{script}");
    }
}

#[test]
fn what_always_follows_is_told_from_what_may() {
    let follows = |script: &str| {
        let script = read(&text(script));
        let find =
            |name: &str| script.commands.iter().find(|command| command.program() == Some(name)).unwrap();
        script.always_follows(find("a"), find("z"))
    };
    for script in [
        "a && z",
        "a; z || true",
        "a && { z; }",
        "a && (z)",
        "a || b && z",
        "a\nsh -c 'z'",
        "if x; then a && z; fi",
        "if a; then b; fi; z",
    ] {
        assert!(follows(script), "{script}");
    }
    for script in [
        "a || z",
        "if a; then z; fi",
        "a; if x; then z; fi",
        "a; f() { z; }",
        "a || { z; }",
        "a; for x in y; do z; done",
        "if x; then a; else z; fi",
    ] {
        assert!(!follows(script), "{script}");
    }
}

#[test]
fn words_keep_their_places() {
    let script = read(&text("a 'b c' && sh -c \"d e\""));
    let word = |command: usize, at: usize| script.commands[command].words[at].text.span().range();
    assert_eq!(word(0, 1), 2..7);
    assert_eq!(word(2, 1), 20..21);
}
