use super::super::Notation;
use super::super::tests::{all, one, shown};
use super::*;

fn script(text: &str) -> Vec<String> {
    all(text, Notation::Shell).iter().map(shown).collect()
}

#[test]
fn options_before_the_subcommand_are_passed_over() {
    for (line, expected) in [
        ("docker -D run a", "<a>"),
        ("docker --debug --tls run a", "<a>"),
        ("docker -H tcp://h run a", "<a>"),
        ("docker --host=tcp://h run a", "<a>"),
        ("docker --config run run a", "<a>"),
        ("docker -c run container run a", "<a>"),
        ("docker container -D run a", "<a>"),
        ("docker container create a", "<a>"),
        ("docker create a", "<a>"),
        ("docker $OPTIONS run a", "<a>"),
        ("docker service create a", "<a>"),
        ("podman --log-level debug run a", "<a>"),
        ("podman --remote run a", "<a>"),
        ("podman container run a", "<a>"),
        ("nerdctl -n x run a", "<a>"),
        ("nerdctl --namespace=x run a", "<a>"),
    ] {
        assert_eq!(shown(&one(line)), expected, "{line}");
    }
    for line in [
        "docker ps",
        "docker exec a run b",
        "docker container ls run",
        "docker service ls create",
        "docker service run a",
        "docker image run a",
        "podman service create a",
        "nerdctl service create a",
        "docker",
        "docker -H run",
        "docker --context run",
        "docker container",
        "docker compose run a",
    ] {
        assert!(all(line, Notation::Shell).is_empty(), "{line}");
    }
    for (line, program, verb) in [
        ("docker run a", Program::Docker, Verb::Run),
        ("docker create a", Program::Docker, Verb::Create),
        ("docker container run a", Program::Docker, Verb::Run),
        ("podman container create a", Program::Podman, Verb::Create),
        ("nerdctl run a", Program::Nerdctl, Verb::Run),
        ("docker service create a", Program::Docker, Verb::ServiceCreate),
    ] {
        let command = one(line);
        assert_eq!((command.program, command.verb), (program, verb), "{line}");
    }
}

#[test]
fn words_before_the_client_may_run_it() {
    for line in [
        "sudo docker run a",
        "timeout 5 docker run a",
        "A=1 docker run a",
        "retry -n 3 /usr/bin/docker run a",
        "exec docker run a",
        "docker ps; docker run a",
        "xargs docker run a",
    ] {
        assert_eq!(script(line), ["<a>"], "{line}");
    }
    for line in [
        "echo docker run a",
        "/bin/echo docker run a",
        "printf x docker run a",
        "grep docker run a",
        "man docker run",
        "apt-get install docker run",
        "git docker run a",
        "which docker run a",
    ] {
        assert!(script(line).is_empty(), "{line}");
    }
}

#[test]
fn letters_take_what_follows_them() {
    for (line, expected) in [
        ("docker run -e=A=b x", "env=A=b <x>"),
        ("docker run -e= x", "env== <x>"),
        ("docker run -m=1g x", "memory=1g <x>"),
        ("docker run -t=false x", "tty=false <x>"),
        ("docker run -it=false x", "interactive tty=false <x>"),
        ("docker run -itd x", "interactive tty detach <x>"),
        ("docker run -eA=b x", "env=A=b <x>"),
        ("docker run -ite A=b x", "interactive tty env=A=b <x>"),
        ("docker run -p80:80 x", "publish=80:80 <x>"),
        ("docker run - x", "<-> x"),
        ("docker run -- -x y", "<-x> y"),
        ("docker run --env A=b -- x", "env=A=b <x>"),
        ("docker run --env= x", "env= <x>"),
        ("docker run --env==x y", "env==x <y>"),
        ("docker run --tty x", "tty <x>"),
        ("docker run --tty=false x", "tty=false <x>"),
        ("docker run --name --rm x", "name=--rm <x>"),
        ("docker run -e '' x", "env= <x>"),
    ] {
        let command = one(line);
        assert_eq!(shown(&command), expected, "{line}");
        if !line.contains("<->") && !line.contains("run - ") && !line.contains("-x") {
            assert!(command.refusals.is_empty(), "{line}: {:?}", command.refusals);
        }
    }
    for (line, message, place) in [
        ("docker run --=x y", "bad flag syntax: --=x", "--=x"),
        ("docker run ---x y", "bad flag syntax: ---x", "---x"),
        ("docker run --x=1 y", "unknown flag: --x", "--x=1"),
        ("docker run -X y", "unknown shorthand flag: 'X' in -X", "-X"),
        ("docker run -tX y", "unknown shorthand flag: 'X' in -tX", "-tX"),
        ("docker run --name", "flag needs an argument: --name", "--name"),
        ("docker run -e", "flag needs an argument: 'e' in -e", "-e"),
        ("docker run -ite", "flag needs an argument: 'e' in -ite", "-ite"),
        ("docker run", "requires at least 1 argument", "docker run"),
        ("docker create --rm", "requires at least 1 argument", "docker create --rm"),
    ] {
        let command = one(line);
        let refusal = command.refusals.first().unwrap_or_else(|| panic!("{line}"));
        assert_eq!((refusal.message.as_str(), &line[refusal.span.range()]), (message, place), "{line}");
        assert!(command.image.is_none(), "{line}");
        assert!(command.uncertain.is_none(), "{line}");
    }
    // Other clients may have a flag in another version.
    for line in ["podman run --new x", "nerdctl run --new x", "podman run -X x"] {
        let command = one(line);
        assert!(command.uncertain.is_some() && command.image.is_none(), "{line}");
    }
}

/// A long name behind one dash is taken for letters: what it does then is told.
#[test]
fn one_dash_is_noted() {
    for (line, meant, read) in [
        ("docker run -memory 512m x", "memory", Some("-m emory")),
        ("docker run -memory=512m x", "memory", Some("-m emory=512m")),
        ("docker run -name a x", "name", None),
        ("docker run -rm x", "rm", None),
        ("docker run -tty x", "tty", None),
        ("docker run -env A=b x", "env", Some("-e nv")),
        ("docker run -volume /a:/b x", "volume", Some("-v olume")),
    ] {
        let command = one(line);
        match (&command.one_dash, meant) {
            (Some(found), meant) => assert_eq!((found.meant, found.read.as_deref()), (meant, read), "{line}"),
            // Letters that are flags, each for itself.
            (None, meant) => assert_eq!(meant, "tty", "{line}"),
        }
    }
    for line in ["docker run -ip 80:80 x", "docker run -it x", "docker run -e A x", "docker run -vx:/y x"] {
        assert!(one(line).one_dash.is_none(), "{line}");
    }
}

#[test]
fn the_name_of_a_variable_tells_what_it_may_hold() {
    for word in [
        "$IMAGE",
        "${IMG}",
        "\"$image\"",
        "$MY_TAG",
        "${TAG}",
        "$REPO",
        "$X/y",
        "$X:1",
        "${X}/y:z",
        "$(docker build -q .)",
        "$(image)",
        "`img`",
        "a$X",
        "\"$X\"",
        "$X",
    ] {
        let command = one(&format!("docker run {word}"));
        assert!(command.image.is_some() && command.uncertain.is_none(), "{word}");
    }
    for word in [
        "$OPTS",
        "${ARGS}",
        "$FLAGS",
        "$PARAMS",
        "$EXTRA",
        "$DOCKER_OPTIONS",
        "\"$@\"",
        "\"${X[@]}\"",
        "$*",
        "\"$*\"",
        "$(x)",
        "`x`",
        "$(opts)/y",
        "$IMAGE_ARGS",
        "$X@y",
        "repo/$OPTS",
        "x-$ARGS",
    ] {
        let command = one(&format!("docker run {word} x"));
        assert!(command.image.is_none() && command.uncertain.is_some(), "{word}");
    }
    // It may be flags if flags follow.
    for (line, is_image) in [
        ("docker run $X -m 1g x", false),
        ("docker run $X y -e z", false),
        ("docker run $X y z", true),
        ("docker run $X --unknown", true),
        ("docker run $IMAGE -m 1g", true),
    ] {
        assert_eq!(one(line).image.is_some(), is_image, "{line}");
    }
}

#[test]
fn descriptions_are_no_values() {
    for (flag, values) in [
        (
            "--memory",
            &[
                "MEM",
                "[size]",
                "<size>",
                "XXXm",
                "xxm",
                "nng",
                "...",
                "…",
                "{mem}",
                "*",
                "MEM_LIMIT",
                "MB512",
                "1...2",
                "yyg",
            ][..],
        ),
        ("--cpus", &["N", "CPUS", "NN", "[n]"]),
        ("--restart", &["POLICY", "[policy]", "<policy>", "..."]),
        ("--pull", &["POLICY"]),
        ("--name", &["...", "…", "...x", "a=..."]),
        ("--env", &["A=...", "A=…"]),
    ] {
        for value in values {
            let command = one(&format!("docker run {flag} '{value}' x"));
            assert!(command.flags[0].literal().is_none(), "{flag} {value}");
            assert!(command.refusals.is_empty(), "{flag} {value}");
        }
    }
    for (flag, values) in [
        ("--memory", &["512m", "1G", "x", "Mx", "m"][..]),
        ("--restart", &["always", "x", ""]),
        ("--name", &["NAME", "xx", "[a]", "a...", "A"]),
        ("--env", &["A", "XX=1", "A=...b"]),
    ] {
        for value in values {
            assert!(
                one(&format!("docker run {flag} '{value}' x")).flags[0].literal().is_some(),
                "{flag} {value}"
            );
        }
    }
    for word in [
        "...",
        "...x",
        "…",
        "[OPTIONS]",
        "'<image>'",
        "'{image}'",
        "'*'",
        "'a$b'",
        "'a{b}'",
        "'a(b)'",
        "'a,b'",
        "' '",
    ] {
        let command = one(&format!("docker run {word} x"));
        assert!(command.uncertain.is_some() && command.image.is_none(), "{word}");
    }
    for word in ["a", "''", "a.b", "a...", "x[1]"] {
        assert!(one(&format!("docker run {word} x")).image.is_some(), "{word}");
    }
    // A template's place makes a value unknown.
    for (value, is_known) in [
        ("'{{a}}'", false),
        ("'%%A%%'", false),
        ("'a<b>'", false),
        ("'a<b'", true),
        ("'a>b'", true),
        ("a%b", true),
        ("'$A'", true),
        ("\"$A\"", false),
        ("'{a}'", true),
    ] {
        let command = one(&format!("docker run --name {value} x"));
        assert_eq!(command.flags[0].literal().is_some(), is_known, "{value}");
    }
}

#[test]
fn arguments_of_a_devcontainer_are_flags_alone() {
    let traced = |words: &[&str]| -> Vec<TracedText> {
        words
            .iter()
            .map(|word| TracedText::derived(*word, Span::new(crate::source::SourceId(0), 0, 0)))
            .collect()
    };
    let read =
        |words: &[&str]| shown(&flags_of_run(&traced(words), Span::new(crate::source::SourceId(0), 0, 0)));
    for (words, expected) in [
        (&["--memory=1g", "--init"][..], "memory=1g init -"),
        (&["--memory", "1g"], "memory=1g -"),
        (&["-m", "${localEnv:MEM}"], "memory=${localEnv:MEM} -"),
        (&["--name", "${X}"], "name=${X} -"),
        (&["x", "--init"], "-"),
        (&[], "-"),
    ] {
        assert_eq!(read(words), expected, "{words:?}");
    }
    let command = flags_of_run(
        &traced(&["--memory", "1x", "--name", "${X}", "-e", "A"]),
        Span::new(crate::source::SourceId(0), 0, 0),
    );
    assert_eq!(command.refusals.len(), 1);
    assert_eq!(
        command.flags.iter().map(|flag| flag.literal().is_some()).collect::<Vec<_>>(),
        [true, false, true]
    );
}
