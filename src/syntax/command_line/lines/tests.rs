use super::super::Notation;
use super::super::tests::{all, shown};
use super::MAX_LENGTH;

/// Returns the commands of a text, each as [`shown`] prints it.
fn found(text: &str) -> Vec<String> {
    all(text, Notation::Lines).iter().map(shown).collect()
}

#[test]
fn a_client_is_a_word_of_its_own() {
    for line in [
        "docker run a",
        "podman run a",
        "nerdctl run a",
        "docker\trun a",
        "/usr/bin/docker run a",
        "./bin/podman run a",
        "(docker run a",
        "x; docker run a",
        "docker \\\n  run a",
        "docker\\\n  run a",
    ] {
        assert_eq!(found(line), ["<a>"], "{line}");
    }
    for line in [
        "mydocker run a",
        "my-docker run a",
        "x_docker run a",
        "x.docker run a",
        "docker-run a",
        "dockerrun a",
        "docker",
        "docker run-x a",
        "édocker run a",
    ] {
        assert!(found(line).is_empty(), "{line}");
    }
    // A client in another directory has its path in the span.
    for (text, span) in [
        ("x; /opt/a-b/c_d.e/docker run a", "/opt/a-b/c_d.e/docker run a"),
        ("x;docker run a", "docker run a"),
        ("~/docker run a", "~/docker run a"),
    ] {
        let command = all(text, Notation::Lines).remove(0);
        assert_eq!(&text[command.span.range()], span);
    }
}

#[test]
fn a_command_begins_behind_a_prompt_or_a_sign_and_not_in_prose() {
    for prefix in [
        "",
        "  ",
        "\t",
        "# ",
        "## ",
        "// ",
        "* ",
        "> ",
        ">> ",
        "- ",
        "+ ",
        "@",
        "-@",
        "$ ",
        "% ",
        "❯ ",
        "➜ ",
        "root@host:/# ",
        "user@host:~$ ",
        "a% ",
        "x=",
        "run: ",
        "a; ",
        "a & ",
        "a && ",
        "a | ",
        "a || ",
        "(",
        "{ ",
        "$(",
        "x(\"",
        "x('",
        "x`",
        "! ",
        "PS C:\\> ",
        "PS C:\\a b> ",
        "a >> ",
        "sudo ",
        "exec ",
        "if x; then ",
        "do ",
        "else ",
        "if ",
        "elif ",
        "while ",
        "until ",
        "time ",
        "nohup ",
        "command ",
        "env ",
        "A=1 ",
        "A_1=x ",
        "A= ",
        "sudo -u me ",
        "sudo -E -H -u me -g b -- ",
        "sudo a b c d e f ",
        "x sudo ",
        "12 ",
        "  12* ",
        "5 12:30:01 ",
    ] {
        assert_eq!(found(&format!("{prefix}docker run a\n")), ["<a>"], "{prefix:?}");
    }
    for prefix in [
        "Use ",
        "the ",
        "a, ",
        "see. ",
        "x > ",
        "C:\\> ",
        "A-B=1 ",
        "=1 ",
        "sudo a b c d e f g h ",
        "echo ",
        "xsudo y ",
        "12 a ",
        "a 12 ",
        "5 a:b ",
        "12** x ",
        "é=1 ",
    ] {
        assert!(found(&format!("{prefix}docker run a\n")).is_empty(), "{prefix:?}");
    }
    // Only the end of a long line tells.
    for (prefix, begins) in [("; ", true), ("é ", false), ("x ", false)] {
        for length in [250, 254, 255, 256, 257, 258, 300] {
            let text = format!("{}{prefix}docker run a\n", "é".repeat(length));
            assert_eq!(!found(&text).is_empty(), begins, "{prefix:?} {length}");
        }
    }
    let blank = format!("sudo {}docker run a\n", " ".repeat(300));
    assert_eq!(found(&blank).len(), 1);
}

#[test]
fn quotes_hide_the_signs_in_them() {
    for (text, expected) in [
        ("docker run -e \"a #b\" x", "env=a #b <x>"),
        ("docker run -e 'a #b' x", "env=a #b <x>"),
        ("docker run -e 'a (b)' x", "env=a (b) <x>"),
        ("docker run -e \"it's #1\" x", "env=it's #1 <x>"),
        ("docker run -e 'say \"a\" #1' x", "env=say \"a\" #1 <x>"),
        ("docker run -e 'a <b> c' x", "env=a <b> c <x>"),
        ("docker run -e '{{ a }}' x", "env={{ a }} <x>"),
        ("docker run -e \"{{ a }}\" x", "env=${placeholder} <x>"),
        ("docker run -e a#b x", "env=a#b <x>"),
        ("docker run -e a x #y", "env=a <x>"),
        ("docker run -e a x (y)", "env=a <x>"),
        ("docker run -e a\\ \\#b x", "env=a #b <x>"),
        ("docker run -e 'a\nb' x", "env=a\nb <x>"),
        ("docker run -e \"a\nb\" x y", "env=a\nb <x> y"),
        ("docker run -e \"a\n'b\n\" x", "env=a\n'b\n <x>"),
        ("# docker run -e 'a\n# b' x", "env=a\n b <x>"),
    ] {
        assert_eq!(found(text), [expected], "{text}");
    }
    // A quote that nothing closes ends with its line.
    assert_eq!(found("docker run a it's\ndocker run b\n").last().unwrap(), "<b>");
    assert_eq!(found("docker run a\nit's\ndocker run b\n"), ["<a>", "<b>"]);
}

#[test]
fn a_command_ends_with_the_quote_that_it_is_in() {
    for (text, expected) in [
        ("x(\"docker run a b\") c", "<a> b"),
        ("x('docker run a b') c", "<a> b"),
        ("x: `docker run a b` c", "<a> b"),
        ("x(\"docker run -e 'a b' c\", d)", "env=a b <c>"),
        ("x('docker run -e \"a b\" c', d)", "env=a b <c>"),
        ("x(\"docker run -e \\\"a b\\\" c\", d)", "env=a b <c>"),
        ("x('docker run -e \\'a b\\' c', d)", "env=a b <c>"),
        ("x(\"docker run -e \\$A c\")", "env=$A <c>"),
        ("x=\"docker run a\n  b\"\nc", "<a>"),
    ] {
        assert_eq!(found(text), [expected], "{text}");
    }
}

#[test]
fn lines_go_on_behind_the_sign_of_their_shell() {
    for (text, expected) in [
        ("docker run \\\n -d a", "detach <a>"),
        ("docker run \\  \n -d a", "detach <a>"),
        ("docker run \\\r\n -d a", "detach <a>"),
        ("docker run -d\\\n a", "detach <a>"),
        ("docker run `\n -d a", "detach <a>"),
        ("docker run ^\n -d a", "detach <a>"),
        ("docker run ^\r\n -d a", "detach <a>"),
        ("docker run \\\\\n -d a", "detach <a>"),
        ("docker run a \\n b", "<a> n b"),
        ("docker run a ^b", "<a> ^b"),
        ("docker run a b^\n c", "<a> b^"),
        ("docker run a 'b ^\n c'", "<a> b ^\n c"),
        // Before each line is the sign of a comment or a quotation, or a prompt.
        ("# docker run \\\n# -d \\\n#a", "detach <a>"),
        ("// docker run \\\n//  -d a", "detach <a>"),
        (" * docker run \\\n *   -d a", "detach <a>"),
        ("> docker run \\\n> -d a", "detach <a>"),
        ("$ docker run \\\n> -d a", "detach <a>"),
        ("# docker run \\\n -d a", "detach <a>"),
        ("% docker run \\\n > -d a", "detach <a>"),
        ("docker run a \\\n> -d", "<a>"),
        ("docker run a \\\n", "<a>"),
        ("docker run a \\", "<a>"),
    ] {
        assert_eq!(found(text).first().map(String::as_str), Some(expected), "{text:?}");
    }
    // In a script, a command in a comment ends with the comment.
    let script = |text: &str| all(text, Notation::Shell).iter().map(shown).collect::<Vec<_>>();
    assert_eq!(script("# docker run a \\\n#   b\necho\n"), ["<a> b"]);
    assert_eq!(script("# docker run a \\\necho b\n"), ["<a>"]);
    assert_eq!(script("  # docker run a\necho docker run b\n"), ["<a>"]);
}

#[test]
fn places_to_fill_in_are_variables() {
    for (text, expected) in [
        ("docker run -e A=<b> x", "env=A=${placeholder} <x>"),
        ("docker run -e A=<your-key> x", "env=A=${placeholder} <x>"),
        (
            "docker run -e A=<_x> -e B=</a/b> -e C=<$D> -e E=<[f]> x",
            "env=A=${placeholder} env=B=${placeholder} env=C=${placeholder} env=E=${placeholder} <x>",
        ),
        ("docker run -e A=<é> x", "env=A=${placeholder} <x>"),
        ("docker run a <b", "<a>"),
        ("docker run a < b > c", "<a>"),
        ("docker run a <b >c", "<a>"),
        ("docker run a <1> c", "<a>"),
        ("docker run --name {{name}} x", "name=${placeholder} <x>"),
        ("docker run --name a{{ b }}c x", "name=a${placeholder}c <x>"),
        ("docker run --name ${{ b }} x", "name=${{ b }} <x>"),
        ("docker run --name {{b x", "name={{b <x>"),
        ("docker run -e A=`#c` x", "env=A= <x>"),
        ("docker run `#c` -d x", "detach <x>"),
    ] {
        assert_eq!(found(text), [expected], "{text}");
    }
    // A description has some words, not a page.
    let long = |open: &str, length: usize, close: &str| {
        found(&format!("docker run -e A={open}{}{close} x", "b".repeat(length))).remove(0)
    };
    assert_eq!(long("<", 80, ">"), "env=A=${placeholder} <x>");
    assert_ne!(long("<", 90, ">"), "env=A=${placeholder} <x>");
    assert_eq!(long("{{", 990, "}}"), "env=A=${placeholder} <x>");
    assert_ne!(long("{{", 1010, "}}"), "env=A=${placeholder} <x>");
}

/// Returns each placeholder and each escape with its bytes.
#[test]
fn parts_are_traced_to_their_bytes() {
    for (text, part, bytes) in [
        ("docker run -e A=<key>b x", "${placeholder}", "<key>"),
        ("docker run -e A={{ k }}b x", "${placeholder}", "{{ k }}"),
        ("docker run \\\n  -e A=b x", "A=b", "A=b"),
        ("# docker run \\\n#  -e A=b x", "A=b", "A=b"),
        ("x(\"docker run -e \\\"A=b c\\\" x\")", "A=b c", "A=b c"),
        ("x(\"docker run -e A=\\$b x\")", "$b", "$b"),
        ("docker run -e 'A=é\nb' x", "é\nb", "é\nb"),
    ] {
        let command = all(text, Notation::Lines).remove(0);
        let value = &command.flags[0].value.as_ref().unwrap().text;
        let at = value.as_str().find(part).unwrap_or_else(|| panic!("{value:?}"));
        assert_eq!(&text[value.span_of(at..at + part.len()).range()], bytes, "{text}");
    }
}

/// Lines that are longer than what is read are cut between characters.
#[test]
fn long_lines_are_cut_between_characters() {
    for lead in ["", "b", "bc", "bcd"] {
        for letter in ["é", "€", "😀"] {
            let text = format!("docker run -e A={lead}{} -d x\n", letter.repeat(40_000));
            let command = all(&text, Notation::Lines).remove(0);
            let value = command.flags[0].value.as_ref().unwrap().text.as_str();
            assert!(value.len() > 60_000 && value.ends_with(letter), "{}", value.len());
            assert_eq!(command.flags.len(), 1);
        }
    }
    // A command over many lines is bounded as well.
    let lines = |count: usize| {
        found(&format!("docker run \\\n{}-d x\n", "  -e A=bcdefghijklmnopqrstuvwxyz \\\n".repeat(count)))
            .remove(0)
    };
    assert!(lines(1_500).ends_with("detach <x>"));
    assert!(!lines(2_500).ends_with("detach <x>"));
}

#[test]
fn a_command_of_several_lines_has_a_bound() {
    for (length, fits) in [(MAX_LENGTH - 1, true), (MAX_LENGTH, true), (MAX_LENGTH + 1, false)] {
        let (first, last) = ("docker run -d \\\n", "-e A= x");
        let text = format!(
            "{first}{}\ny\n",
            last.replace("A=", &format!("A={}", "b".repeat(length - first.len() - last.len())))
        );
        assert_eq!(found(&text)[0].ends_with("<x>"), fits, "{length}");
    }
}

/// Text that was read in vain is not read again and again: the search goes on in the next line.
#[test]
fn a_long_line_is_searched_a_few_times() {
    let text =
        |count: usize| format!("{}; docker run x\ndocker run y\n", "; docker -H run ps ".repeat(count));
    assert_eq!(found(&text(10)), ["<x>", "<y>"]);
    assert_eq!(found(&text(8_000)), ["<y>"]);
}
