use super::*;
use crate::source::SourceId;

pub(super) fn traced(text: &str) -> TracedText {
    TracedText::verbatim(text, Span::new(SourceId(0), 0, text.len()))
}

pub(super) fn all(text: &str, notation: Notation) -> Vec<Command> {
    find(&traced(text), notation)
}

/// Reads a text with one command.
pub(super) fn one(text: &str) -> Command {
    let mut found = all(text, Notation::Lines);
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

/// Shows a command: its flags, the image, the words behind it.
pub(super) fn shown(command: &Command) -> String {
    let flags = command.flags.iter().map(|flag| match &flag.value {
        Some(value) => format!("{}={}", flag.row.name, value.text.as_str()),
        None => flag.row.name.to_owned(),
    });
    let image = command.image.as_ref().map_or("-".to_owned(), |image| format!("<{}>", image.text.as_str()));
    let words = command.arguments.iter().map(|word| word.text.as_str().to_owned());
    let end = command.uncertain.map(|_| "?".to_owned());
    flags.chain([image]).chain(words).chain(end).collect::<Vec<_>>().join(" ")
}

#[test]
fn flags_are_read_as_pflag_reads_them() {
    for (line, expected) in [
        ("docker run -m 512m redis", "memory=512m <redis>"),
        ("docker run -m=512m --memory-swap -1 redis:7", "memory=512m memory-swap=-1 <redis:7>"),
        ("docker run -itm512m redis sh", "interactive tty memory=512m <redis> sh"),
        ("docker run -dp 80:80 nginx", "detach publish=80:80 <nginx>"),
        ("docker run -tie A=1 x", "tty interactive env=A=1 <x>"),
        ("docker run --rm=false -d=true x", "rm=false detach=true <x>"),
        ("docker run --rm true x", "rm <true> x"),
        ("docker run x -m 512m", "<x> -m 512m"),
        ("docker run -- x --rm", "<x> --rm"),
        ("docker run x -- y", "<x> -- y"),
        ("docker run --entrypoint= --name \"a b\" x", "entrypoint= name=a b <x>"),
        ("docker run -m 1g -m 2g x", "memory=1g memory=2g <x>"),
        ("docker  container   run -d x", "detach <x>"),
        ("docker container create --name a x", "name=a <x>"),
        ("docker --context prod run -d x", "detach <x>"),
        ("sudo -u me docker -H tcp://h run x", "<x>"),
        ("podman --cgroup-manager=cgroupfs run -d -m 5m x", "detach memory=5m <x>"),
        ("/usr/bin/podman run --replace --pod p x", "replace pod=p <x>"),
        ("docker service create --limit-memory 64m --name a x y", "limit-memory=64m name=a <x> y"),
        ("docker run x 'a b' \"c\" d\\ e", "<x> a b c d e"),
        ("docker run -e A=1 x > log 2>&1", "env=A=1 <x>"),
        ("docker run x | tee log", "<x>"),
        ("docker run x # -m 512m", "<x>"),
        ("docker run \\\n  -d \\\n  x \\\n  y\n  z", "detach <x> y"),
    ] {
        let command = one(line);
        assert_eq!(shown(&command), expected, "{line}");
        assert!(command.refusals.is_empty(), "{line}: {:?}", command.refusals);
    }
}

#[test]
fn what_the_client_rejects_is_kept_with_its_place() {
    for (line, at, message) in [
        (
            "docker run -m 512Mi x",
            "512Mi",
            "invalid argument \"512Mi\" for \"-m, --memory\" flag: invalid suffix: 'mi'",
        ),
        (
            "docker run --memory -1 x",
            "-1",
            "invalid argument \"-1\" for \"-m, --memory\" flag: invalid size: '-1'",
        ),
        (
            "docker run --memory-swap=-2 x",
            "-2",
            "invalid argument \"-2\" for \"--memory-swap\" flag: invalid size: '-2'",
        ),
        ("docker run --mem 1g x", "--mem", "unknown flag: --mem"),
        ("docker run -dM 1g x", "-dM", "unknown shorthand flag: 'M' in -dM"),
        ("docker run x --rm=maybe", "", ""),
        (
            "docker run --rm=maybe x",
            "maybe",
            "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
        ),
        ("docker run --name", "--name", "flag needs an argument: --name"),
        ("docker run -d", "docker run -d", "requires at least 1 argument"),
        (
            "docker run --pids-limit x1 x",
            "x1",
            "invalid argument \"x1\" for \"--pids-limit\" flag: strconv.ParseInt: parsing \"x1\": invalid syntax",
        ),
        (
            "docker run --restart always --rm x",
            "--restart always",
            "conflicting options: cannot specify both --restart and --rm",
        ),
        (
            "docker run --ulimit memlock=unlimited x",
            "memlock=unlimited",
            "invalid argument \"memlock=unlimited\" for \"--ulimit\" flag: strconv.ParseInt: parsing \"unlimited\": invalid syntax",
        ),
        ("docker run -d Nginx", "Nginx", "invalid reference format"),
        ("docker run -m 1g a:b/c:", "a:b/c:", "invalid reference format"),
    ] {
        let command = one(line);
        let found = command.refusals.first();
        let place = found.map_or("", |refusal| &line[refusal.span.range()]);
        assert_eq!((place, found.map_or("", |refusal| refusal.message.as_str())), (at, message), "{line}");
    }
}

#[test]
fn spans_are_the_bytes_of_the_line() {
    let line = "x=$(docker run -itm512m --env 'A=b c' \"redis:7\" -m \"1\"g)";
    let command = one(line);
    let text = |span: Span| &line[span.range()];
    assert_eq!(text(command.head), "docker run");
    let [_, _, memory, env] = command.flags.as_slice() else { panic!("{:?}", command.flags) };
    assert_eq!((text(memory.name.span()), text(memory.value.as_ref().unwrap().text.span())), ("m", "512m"));
    assert_eq!((text(env.name.span()), text(env.value.as_ref().unwrap().text.span())), ("--env", "'A=b c'"));
    assert_eq!(text(command.image.as_ref().unwrap().text.span()), "\"redis:7\"");
    assert_eq!(text(command.arguments[1].text.span()), "\"1\"g");
}

#[test]
fn what_a_variable_may_hold_is_not_guessed() {
    for (line, expected) in [
        // Named after an image, or with text of one: the image.
        ("docker run -d $IMAGE", "detach <$IMAGE>"),
        ("docker run -d repo/app:$TAG", "detach <repo/app:$TAG>"),
        ("docker run \"$image\" -c a=b", "<$image> -c a=b"),
        ("docker run $X", "<$X>"),
        // Flags, or nothing, or several words.
        ("docker run $OPTS x", "- ?"),
        ("docker run -m 1g ${EXTRA_ARGS} x", "memory=1g - ?"),
        ("docker run \"${ARGS[@]}\" x", "- ?"),
        ("docker run $tty -m 1g x", "- ?"),
        ("docker run $(network_flag) x", "- ?"),
        ("docker run --$MODE x", "- ?"),
        ("docker run \"$@\"", "- ?"),
        // Descriptions of the grammar.
        ("docker run [OPTIONS] IMAGE", "- ?"),
        ("docker run ... x", "- ?"),
        // The value alone is unknown.
        ("docker run -m $MEM -v $PWD:/x x", "memory=$MEM volume=$PWD:/x <x>"),
        ("docker run -e A=<your key> x", "env=A=${placeholder} <x>"),
        ("docker run --name {{ name }} x", "name=${placeholder} <x>"),
        ("docker run -e A=1 `#optional` x", "env=A=1 <x>"),
    ] {
        assert_eq!(shown(&one(line)), expected, "{line}");
    }
    let command = one("docker run -m $MEM -e A=b x");
    let values: Vec<bool> = command.flags.iter().map(|flag| flag.literal().is_some()).collect();
    assert_eq!(values, [false, true]);
}

#[test]
fn commands_are_found_where_people_write_them() {
    let found = |text: &str, notation: Notation| all(text, notation).iter().map(shown).collect::<Vec<_>>();
    for (text, expected) in [
        ("$ docker run a\n# docker run b\nuser@host:~$ sudo docker run c\n", vec!["<a>", "<b>", "<c>"]),
        ("#   docker run -d \\\n#     a \\\n#     b\n", vec!["detach <a> b"]),
        ("// docker run a\n * docker run b\n> docker run c\n", vec!["<a>", "<b>", "<c>"]),
        ("run: docker run a && docker run b\n", vec!["<a>", "<b>"]),
        ("LABEL cmd=\"docker run -d a\" x=1\n", vec!["detach <a>"]),
        ("log(\"docker run --shm-size=\\\"2g\\\" a\");\n", vec!["shm-size=2g <a>"]),
        ("We use docker run to start it. See docker-run a\n", vec![]),
        ("docker runner a\ndocker exec a b\ndocker compose run a\n", vec![]),
        ("docker run `\n  -d `\n  a\n", vec!["detach <a>"]),
        ("$ docker run -d \\\n> -m 1g \\\n  > a\n", vec!["detach memory=1g <a>"]),
        ("docker run -v <a|b>:/x -d a (on Windows)\n", vec!["volume=${placeholder}:/x detach <a>"]),
        ("docker run \\\\\n  -d \\\\\n  a\n", vec!["detach <a>"]),
    ] {
        assert_eq!(found(text, Notation::Lines), expected, "{text}");
    }
    for (text, expected) in [
        ("if docker run -d a 2>/dev/null; then :; fi\n", vec!["detach <a>"]),
        ("x=\"$(docker run a 'b\nc' d)\"\ndocker run e\n", vec!["<a> b\nc d", "<e>"]),
        ("docker run -d `#in the background` -m 1g a\n", vec!["detach memory=1g <a>"]),
        ("f() { retry -n 3 docker run a; }\nf\n", vec!["<a>"]),
        ("cat > u <<EOF\nExecStart=docker run -e A=\\$B a\nEOF\n", vec!["env=A=$B <a>"]),
        ("echo docker run a\n: 'docker run b'\n", vec![]),
        ("bash -c 'docker run a'\n# docker run b\n", vec!["<a>", "<b>"]),
        ("case x in\n  docker run a\n", vec!["<a>"]),
    ] {
        assert_eq!(found(text, Notation::Shell), expected, "{text}");
    }
    let makefile = "X ?= 1\nrun:\n\t@docker run --rm -u $(UID) -e A=$$B \\\n\t\t-v $(shell pwd):/x a; echo $@\nb:\n\techo hi\n";
    assert_eq!(found(makefile, Notation::Makefile), ["rm user=${UID} env=A=$B volume=${make}:/x <a>"]);
    let makefile = "run:\n\tdocker run -e A=$@ -e B=$<x -e C=$$D a\n";
    assert_eq!(found(makefile, Notation::Makefile), ["env=A=${make} env=B=${make}x env=C=$D <a>"]);
    let unit = "[Service]\nExecStartPre=-/usr/bin/docker rm a\nExecStart=/usr/bin/docker run --rm \\\n# note\n  --name %n -e \"A=b c\" ${OPTS} a | b\nExecStop=docker stop a\n";
    assert_eq!(found(unit, Notation::Unit), ["rm name=${%n} env=A=b c - ?"]);
    let unit = "[Service]\nExecStart=docker run -m 100%% a | b ; docker run c\n";
    assert_eq!(found(unit, Notation::Unit), ["memory=100% <a> | b", "<c>"]);
}

/// `history` numbers its lines, and some shells add a date.
#[test]
fn commands_are_found_in_a_history() {
    for prefix in
        ["  501  ", " 501* ", "  501  2026-11-30 12:00:01 ", "  1  30/11/26 12:00:01 ", ": 1764504000:0;"]
    {
        let text = format!("{prefix}docker run -d -m 512m redis:7\n");
        assert_eq!(all(&text, Notation::Lines).len(), 1, "{prefix}");
    }
    assert!(all("in step 12 docker run starts it\n", Notation::Lines).is_empty());
}

#[test]
fn markdown_has_them_in_code_alone() {
    let text = "Use docker run a.\n\n```sh\n$ docker run b \\\n    -m 1\nout 'put\n```\n\n- `docker run -d c`, `docker run`, and\n  ``docker run d``\n\n    $ docker run e\n\n> ~~~\n> docker run -d \\\n>   f\n> ~~~\n\n```python\ndocker run g\n```\n````\n```\ndocker run h\n````\ndocker run i\n";
    let found: Vec<String> = all(text, Notation::Markdown).iter().map(shown).collect();
    assert_eq!(found, ["<b> -m 1", "detach <c>", "<d>", "<e>", "detach <f>", "<h>"]);
}

#[test]
fn files_are_told_by_name_and_content() {
    for (name, notation) in [
        ("README.md", Some(Notation::Markdown)),
        ("a/run.sh", Some(Notation::Shell)),
        ("Makefile", Some(Notation::Makefile)),
        ("docs/run.rst", Some(Notation::Lines)),
        ("docs/run.adoc", Some(Notation::Lines)),
        ("docs/RUN.MD", Some(Notation::Markdown)),
        ("x.make", Some(Notation::Makefile)),
        ("Makefile.ci", Some(Notation::Makefile)),
        ("x.mk", Some(Notation::Makefile)),
        ("redis.service", Some(Notation::Unit)),
        ("run", None),
        ("a.txt", None),
    ] {
        assert_eq!(Notation::of(std::path::Path::new(name)), notation, "{name}");
    }
    assert_eq!(Notation::of_text("#!/usr/bin/env bash\n"), Some(Notation::Shell));
    assert_eq!(Notation::of_text("#!/usr/bin/python3\ndocker run a"), None);
    assert_eq!(Notation::of_text("[Unit]\n[Service]\nExecStart=x\n"), Some(Notation::Unit));
}

#[test]
fn limits_hold() {
    let flags = |count: usize| one(&format!("docker run {}x", "-e A=1 ".repeat(count)));
    assert!(flags(2_000).uncertain.is_none() && flags(2_001).uncertain.is_some());
    let count = |lines: usize| all(&"docker run x\n".repeat(lines), Notation::Lines).len();
    assert_eq!((count(500), count(501)), (500, 500));
    let words = |count: usize| all(&format!("{}docker run x\n", "a ".repeat(count)), Notation::Shell).len();
    assert_eq!((words(39), words(40)), (1, 0));
    let options =
        |count: usize| all(&format!("docker {}run x\n", "-D ".repeat(count)), Notation::Lines).len();
    assert_eq!((options(39), options(40)), (1, 0));
    let long = |length: usize| {
        let command = one(&format!("docker run -e A={} -d x\n", "a".repeat(length)));
        command.flags.len()
    };
    assert_eq!((long(60 << 10), long(70 << 10)), (2, 1));
}

#[test]
fn hostile_lines_end() {
    let long = [
        format!("docker run {}x", "-e A=1 ".repeat(100_000)),
        format!("docker run -e '{}", "a".repeat(1 << 20)),
        format!("docker run {}", "$(".repeat(50_000)),
        format!("docker run {}", "${a:-".repeat(50_000)),
        "docker run ".repeat(20_000),
        "echo docker run \"\n".repeat(20_000),
        "docker run \\\n".repeat(10_000),
        format!("```\n{}", "$ docker run x\n".repeat(5_000)),
        "`docker run x` ".repeat(10_000),
        "docker run \u{0}\u{0} x \u{0}".to_owned(),
        "docker run \u{feff}é --ü=1 -é x".to_owned(),
        "docker run <<<<<<a>>>>> {{{{ }} x".to_owned(),
        "\tdocker run $(".repeat(20_000),
        "ExecStart=docker run \"".repeat(20_000),
        "docker ps \\\n".repeat(10_000),
        "docker -H run ps \\\n".repeat(10_000),
        "a docker b ".repeat(40_000),
        "; docker b ".repeat(40_000),
        "; docker -H run ps ".repeat(40_000),
        format!("docker ps '\n{}", "docker ps x\n".repeat(10_000)),
        "# /docker #\n".repeat(20_000),
        format!("docker run {}x", " ".repeat(60_000)),
        format!("docker run {}", "{{".repeat(30_000)),
        format!("docker run {}", "<a".repeat(30_000)),
        "docker run x\n".repeat(40_000),
        "\tdocker ps \\\n".repeat(10_000),
        format!("\ta; {}", "docker b; ".repeat(40_000)),
        format!("```\n{}", "docker -H run ps ' \\\n".repeat(10_000)),
    ];
    for text in &long {
        for notation in
            [Notation::Lines, Notation::Markdown, Notation::Shell, Notation::Makefile, Notation::Unit]
        {
            let begin = std::time::Instant::now();
            for command in all(text, notation) {
                assert!(command.span.end as usize <= text.len());
            }
            // Generous, for a busy machine: what is read in one pass takes milliseconds.
            let head: String = text.chars().take(20).collect();
            assert!(begin.elapsed().as_secs() < 10, "{notation:?} {head:?}: {:?}", begin.elapsed());
        }
    }
}

proptest::proptest! {
    #[test]
    fn nothing_panics_and_spans_lie_in_the_text(
        text in "([a-z$`'\"\\\\ (){}<>#%|;&=\n\té-]|docker run |-m 1g |```\n|ExecStart=|\\$\\(){0,40}"
    ) {
        for notation in
            [Notation::Lines, Notation::Markdown, Notation::Shell, Notation::Makefile, Notation::Unit]
        {
            for command in all(&text, notation) {
                for flag in &command.flags {
                    proptest::prop_assert!(text.get(flag.span().range()).is_some());
                }
                proptest::prop_assert!(text.get(command.span.range()).is_some());
            }
        }
    }
}
